/* SPDX-License-Identifier: MIT */
#include "messages.h"

/* A handle's value comes back with another socket, which must not meet what was known of the first.
 */

#define VALUES__TRIES 64

/* The lowest value that is free comes back first; what comes before it is kept. */
static SOCKET values__made(SOCKET value) {
    int i;

    for (i = 0; i < VALUES__TRIES; i++) {
        SOCKET s = conf_tcp(AF_INET);

        if (s == value)
            return s;
    }
    conf_skip("the handle's value did not come back");
    return INVALID_SOCKET;
}

static DWORD WINAPI values__send_much(void *parameter) {
    static const DWORD length = 64u << 20;
    char *much = VirtualAlloc(NULL, length, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    return much != NULL && send((SOCKET) parameter, much, (int) length, 0) >= 0;
}

/* Sends of a datagram socket that was given control data go one after the other. Those of the stream
 * socket that comes after it do not wait for each other. */
CONF_TEST(values_sent_control) {
    struct conf_target target, peer;
    struct msg_control control = {0};
    SOCKET receiver = msg_receiver(AF_INET, &target);
    SOCKET datagram = msg_udp(AF_INET);
    SOCKET listener = conf_listen(AF_INET, 5, &peer);
    OVERLAPPED overlapped = {0};
    WSABUF buffer = {4, "more"};
    SOCKET stream, server;
    HANDLE thread;
    DWORD sent, before;

    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
    CHECK_EQ(msg_send(datagram, &target, &control), 0);
    CHECK(msg_is_readable(receiver, CONF__LIMIT));
    CHECK_EQ(closesocket(datagram), 0);
    stream = values__made(datagram);
    CHECK_EQ(connect(stream, (struct sockaddr *) &peer.name, peer.length), 0);
    server = conf_accept(listener);

    thread = CreateThread(NULL, 0, values__send_much, (void *) stream, 0, NULL);
    CHECK_EQ(WaitForSingleObject(thread, 300), WAIT_TIMEOUT);
    overlapped.hEvent = conf_event();
    before = GetTickCount();
    /* Who closes the connection gets a send that waits out of its wait, so that the test ends. */
    CHECK_EQ(conf_last(WSASend(stream, &buffer, 1, &sent, 0, &overlapped, NULL)), WSA_IO_PENDING);
    CHECK(GetTickCount() - before < 1000);
    conf_reset(server);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
}
