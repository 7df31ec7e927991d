/* SPDX-License-Identifier: MIT */
#include "msgtest.h"

SOCKET msg_udp(int family) {
    SOCKET s = WSASocketW(family, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);

    CHECK(s != INVALID_SOCKET);
    return s;
}

SOCKET msg_bound(int family, struct conf_target* target) {
    SOCKET s = msg_udp(family);

    conf_loopback(family, target);
    CHECK_EQ(bind(s, (struct sockaddr*) &target->name, target->length), 0);
    target->length = sizeof target->name;
    CHECK_EQ(getsockname(s, (struct sockaddr*) &target->name, &target->length), 0);
    return s;
}

static void msgtest__ask(SOCKET s, int level, int option) {
    int on = 1;

    CHECK_EQ(conf_last(setsockopt(s, level, option, (const char*) &on, sizeof on)), 0);
}

SOCKET msg_receiver(int family, struct conf_target* target) {
    SOCKET s = msg_bound(family, target);
    int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;

    msgtest__ask(s, level, MSG__PKTINFO);
    msgtest__ask(s, level, MSG__HOPLIMIT);
    msgtest__ask(s, level, MSG__RECVTOS);
    return s;
}

LPFN_WSASENDMSG msg_send_pointer(SOCKET s) {
    const GUID guid = WSAID_WSASENDMSG;

    return (LPFN_WSASENDMSG) conf_function(s, guid);
}

LPFN_WSARECVMSG msg_recv_pointer(SOCKET s) {
    const GUID guid = WSAID_WSARECVMSG;

    return (LPFN_WSARECVMSG) conf_function(s, guid);
}

void msg_add(struct msg_control* control, int level, int type, const void* data, size_t length) {
    WSACMSGHDR header;
    size_t size = sizeof header + length;

    header.cmsg_len = size;
    header.cmsg_level = level;
    header.cmsg_type = type;
    CHECK(control->length + size + sizeof(void*) <= MSG__ROOM);
    memcpy(control->data + control->length, &header, sizeof header);
    memcpy(control->data + control->length + sizeof header, data, length);
    control->length += (DWORD) ((size + sizeof(void*) - 1) & ~(sizeof(void*) - 1));
}

void msg_add_number(struct msg_control* control, int level, int type, int value) {
    msg_add(control, level, type, &value, sizeof value);
}

void msg_add_source(struct msg_control* control, const char* address, ULONG index) {
    struct {
        struct in_addr address;
        ULONG index;
    } info;

    info.address.s_addr = inet_addr(address);
    info.index = index;
    msg_add(control, IPPROTO_IP, MSG__PKTINFO, &info, sizeof info);
}

int msg_send(SOCKET s, const struct conf_target* target, struct msg_control* control) {
    LPFN_WSASENDMSG send_msg = msg_send_pointer(s);
    WSABUF buffer = {7, "message"};
    WSAMSG message = {0};
    DWORD sent = 0;
    int result;

    if (target != NULL) {
        message.name = (struct sockaddr*) &target->name;
        message.namelen = target->length;
    }
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    if (control != NULL) {
        message.Control.buf = control->data;
        message.Control.len = control->length;
    }
    WSASetLastError(0);
    result = conf_last(send_msg(s, &message, 0, &sent, NULL, NULL));
    if (result == 0)
        CHECK_EQ(sent, 7);
    return result;
}

BOOL msg_is_readable(SOCKET s, DWORD limit) {
    struct timeval time;
    fd_set set;

    time.tv_sec = (long) limit / 1000;
    time.tv_usec = (long) (limit % 1000) * 1000;
    FD_ZERO(&set);
    FD_SET(s, &set);
    return select(0, &set, NULL, NULL, &time) == 1;
}

static void msgtest__read(const WSAMSG* message, struct msg_seen* seen) {
    WSAMSG copy = *message;
    WSACMSGHDR* header;

    for (header = WSA_CMSG_FIRSTHDR(&copy); header != NULL;
         header = WSA_CMSG_NXTHDR(&copy, header)) {
        const char* data = (const char*) WSA_CMSG_DATA(header);
        int is_v4 = header->cmsg_level == IPPROTO_IP;

        switch (header->cmsg_type) {
            case MSG__TOS:
            case MSG__TCLASS:
                memcpy(&seen->traffic_class, data, sizeof(int));
                break;
            case MSG__TTL:
            case MSG__HOPLIMIT:
                memcpy(&seen->hops, data, sizeof(int));
                break;
            case MSG__PKTINFO:
                memcpy(&seen->destination, data, is_v4 ? 4 : 16);
                memcpy(&seen->interface_index, data + (is_v4 ? 4 : 16), sizeof(int));
                break;
        }
    }
}

int msg_receive(SOCKET s, struct msg_seen* seen) {
    _Alignas(8) char control[MSG__ROOM];
    WSABUF buffer = {sizeof seen->text - 1, seen->text};
    WSAMSG message = {0};
    DWORD received = 0;
    int result;

    memset(seen, 0, sizeof *seen);
    seen->traffic_class = seen->hops = -1;
    message.name = (struct sockaddr*) &seen->from;
    message.namelen = sizeof seen->from;
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    message.Control.buf = control;
    message.Control.len = sizeof control;
    if (!msg_is_readable(s, CONF__LIMIT))
        conf_fail(__FILE__, __LINE__, "no datagram after %d ms", CONF__LIMIT);
    result = conf_last(msg_recv_pointer(s)(s, &message, &received, NULL, NULL));
    seen->length = (int) received;
    seen->flags = message.dwFlags;
    if (result == 0 || result == WSAEMSGSIZE)
        msgtest__read(&message, seen);
    return result;
}

void msg_nothing(SOCKET s) {
    CHECK(!msg_is_readable(s, CONF__QUIET));
}

struct msg_seen msg_pass(SOCKET client, const struct conf_target* target, SOCKET server,
                         struct msg_control* control) {
    struct msg_seen seen;

    CHECK_EQ(msg_send(client, target, control), 0);
    CHECK_EQ(msg_receive(server, &seen), 0);
    CHECK_EQ(seen.length, 7);
    CHECK(memcmp(seen.text, "message", 7) == 0);
    return seen;
}

void msg_plain(SOCKET client, const struct conf_target* target, SOCKET server) {
    struct msg_seen seen = msg_pass(client, target, server, NULL);

    CHECK_EQ(seen.traffic_class, 0);
    CHECK_EQ(seen.hops, 64);
}
