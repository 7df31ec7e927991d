/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CONFORMANCE_MSGTEST_H
#define WSEXT_CONFORMANCE_MSGTEST_H

#include "conformance.h"

/* Of Microsoft's ws2ipdef.h, which older headers lack: the kinds of control data, and the options
 * that ask for them. */
#define MSG__TOS 3
#define MSG__TTL 4
#define MSG__DONTFRAGMENT 14
#define MSG__PKTINFO 19
#define MSG__HOPLIMIT 21
#define MSG__TCLASS 39
#define MSG__RECVTOS 40
#define MSG__ECN 50
#define MSG__UDP_SEND_MSG_SIZE 2

#define MSG__ROOM 256

/* Control data being put together. */
struct msg_control {
    DWORD length;
    _Alignas(8) char data[MSG__ROOM];
};

/* What came with a datagram. */
struct msg_seen {
    int length;
    char text[64];
    int traffic_class, hops; /* -1 where it was not told. */
    int interface_index;
    struct in6_addr destination;
    struct sockaddr_storage from;
    DWORD flags;
};

/* msgtest.c */
SOCKET msg_udp(int family);
SOCKET msg_bound(int family, struct conf_target* target);
SOCKET msg_receiver(int family, struct conf_target* target);
LPFN_WSASENDMSG msg_send_pointer(SOCKET s);
LPFN_WSARECVMSG msg_recv_pointer(SOCKET s);
void msg_add(struct msg_control* control, int level, int type, const void* data, size_t length);
void msg_add_number(struct msg_control* control, int level, int type, int value);
void msg_add_source(struct msg_control* control, const char* address, ULONG index);
int msg_send(SOCKET s, const struct conf_target* target, struct msg_control* control);
int msg_receive(SOCKET s, struct msg_seen* seen);
void msg_nothing(SOCKET s);
BOOL msg_is_readable(SOCKET s, DWORD limit);

/* Sends with the control data and finds how the datagram arrives. */
struct msg_seen msg_pass(SOCKET client, const struct conf_target* target, SOCKET server,
                         struct msg_control* control);

/* A datagram without control data, which must look as if there had never been any. */
void msg_plain(SOCKET client, const struct conf_target* target, SOCKET server);

#endif
