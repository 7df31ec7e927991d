/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <string.h>

#define MESSAGES__LENGTH 700
#define MESSAGES__TTL 33
#define MESSAGES__TOS 0x28

/* mswsock.h of older headers lacks it. */
static const GUID messages__send_guid = {
    0xa441e712, 0x754f, 0x43ca, {0x84, 0xa7, 0x0d, 0xee, 0x44, 0xcf, 0x60, 0x6d}};

typedef int(WSAAPI* messages__send_fn)(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                                       WSAOVERLAPPED* overlapped,
                                       LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

static void messages__load(SOCKET s, GUID guid, void* place) {
    DWORD bytes;
    CHECK(WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, place, sizeof(void*),
                   &bytes, NULL, NULL) == 0);
}

static size_t messages__add(char* place, int type, int value) {
    WSACMSGHDR header;
    header.cmsg_len = sizeof header + sizeof value;
    header.cmsg_level = IPPROTO_IP;
    header.cmsg_type = type;
    memcpy(place, &header, sizeof header);
    memcpy(place + sizeof header, &value, sizeof value);
    return (sizeof header + sizeof value + sizeof(void*) - 1) & ~(sizeof(void*) - 1);
}

static int messages__option(SOCKET s, int option) {
    int value = -1, length = sizeof value;
    CHECK(getsockopt(s, IPPROTO_IP, option, (char*) &value, &length) == 0);
    return value;
}

static int messages__is_there(SOCKET s) {
    struct timeval time = {0, 0};
    fd_set set;
    set.fd_count = 1;
    set.fd_array[0] = s;
    return select(0, &set, NULL, NULL, &time) == 1;
}

/* A message that goes out has what it asks for, and afterwards the socket is as it was. */
static int messages__send(int is_overlapped) {
    struct sockaddr_in name, target;
    SOCKET receiver = run_bound(SOCK_DGRAM, &target);
    SOCKET s = run_bound(SOCK_DGRAM, &name);
    OVERLAPPED* overlapped = is_overlapped ? run_overlapped() : NULL;
    int ttl = messages__option(s, IP_TTL), tos = messages__option(s, IP_TOS);
    messages__send_fn send_message;
    WSABUF buffer = {MESSAGES__LENGTH, run_pattern};
    WSAMSG message;
    char control[64], got[MESSAGES__LENGTH];
    DWORD bytes = 0;
    size_t length;
    int result, error = 0;

    run_associate(s);
    messages__load(s, messages__send_guid, &send_message);
    length = messages__add(control, IP_TTL, MESSAGES__TTL);
    length += messages__add(control + length, IP_TOS, MESSAGES__TOS);
    memset(&message, 0, sizeof message);
    message.name = (struct sockaddr*) &target;
    message.namelen = sizeof target;
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    message.Control.buf = control;
    message.Control.len = (ULONG) length;

    run_arm();
    result = send_message(s, &message, 0, &bytes, overlapped, NULL);
    if (is_overlapped) {
        if (run_is_begun(overlapped, result == 0, &error))
            error = run_end(s, overlapped, &bytes);
    } else if (result != 0) {
        error = WSAGetLastError();
    }
    run_disarm();
    if (messages__is_there(receiver) != (error == 0))
        run_die("the message %s, and the call tells %d", error == 0 ? "is missing" : "is there",
                error);
    if (error == 0)
        CHECK(recv(receiver, got, sizeof got, 0) == MESSAGES__LENGTH &&
              memcmp(got, run_pattern, MESSAGES__LENGTH) == 0);
    if (messages__option(s, IP_TTL) != ttl || messages__option(s, IP_TOS) != tos)
        run_die("the socket's options stay as the message wanted them: TTL %d, TOS %d",
                messages__option(s, IP_TTL), messages__option(s, IP_TOS));
    CHECK(closesocket(s) == 0);
    closesocket(receiver);
    return error;
}

int message_sent(void) {
    return messages__send(0);
}

int message_sent_overlapped(void) {
    return messages__send(1);
}

static int messages__receive(int is_overlapped, int is_early) {
    struct sockaddr_in name, from;
    SOCKET s = run_bound(SOCK_DGRAM, &name);
    SOCKET sender = run_socket(SOCK_DGRAM);
    OVERLAPPED* overlapped = is_overlapped ? run_overlapped() : NULL;
    /* Of the whole series, as the host may write to what belongs to an operation that goes on. */
    static char got[MESSAGES__LENGTH], control[256];
    static WSABUF buffer;
    static WSAMSG message;
    LPFN_WSARECVMSG receive_message;
    DWORD bytes = 0;
    int result, error = 0, on = 1;

    run_associate(s);
    messages__load(s, (GUID) WSAID_WSARECVMSG, &receive_message);
    CHECK(setsockopt(s, IPPROTO_IP, IP_PKTINFO, (const char*) &on, sizeof on) == 0);
    buffer.len = sizeof got;
    buffer.buf = got;
    memset(&message, 0, sizeof message);
    message.name = (struct sockaddr*) &from;
    message.namelen = sizeof from;
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    message.Control.buf = control;
    message.Control.len = sizeof control;
    if (is_early)
        CHECK(sendto(sender, run_pattern, MESSAGES__LENGTH, 0, (struct sockaddr*) &name,
                     sizeof name) == MESSAGES__LENGTH);

    run_arm();
    result = receive_message(s, &message, &bytes, overlapped, NULL);
    if (!is_overlapped) {
        error = result == 0 ? 0 : WSAGetLastError();
    } else if (run_is_begun(overlapped, result == 0, &error)) {
        run_disarm();
        if (!is_early)
            CHECK(sendto(sender, run_pattern, MESSAGES__LENGTH, 0, (struct sockaddr*) &name,
                         sizeof name) == MESSAGES__LENGTH);
        error = run_end(s, overlapped, &bytes);
    }
    run_disarm();
    if (error == 0)
        CHECK(bytes == MESSAGES__LENGTH && memcmp(got, run_pattern, MESSAGES__LENGTH) == 0);
    CHECK(closesocket(s) == 0);
    closesocket(sender);
    return error;
}

int message_received(void) {
    return messages__receive(0, 1);
}

int message_received_overlapped(void) {
    return messages__receive(1, 0);
}
