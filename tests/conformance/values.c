/* SPDX-License-Identifier: MIT */
#include "msgtest.h"

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

static DWORD WINAPI values__send_much(void* parameter) {
    static const DWORD length = 64u << 20;
    char* much = VirtualAlloc(NULL, length, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    return much != NULL && send((SOCKET) parameter, much, (int) length, 0) >= 0;
}

/* Sends of a datagram socket that was given control data go one after the other. Those of the
 * stream socket that comes after it do not wait for each other. */
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
    CHECK_EQ(connect(stream, (struct sockaddr*) &peer.name, peer.length), 0);
    server = conf_accept(listener);

    thread = CreateThread(NULL, 0, values__send_much, (void*) stream, 0, NULL);
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

/* A socket is closed by a way that does not lead through ws2_32 or kernel32, as when it is handed
 * to another process. What AcceptEx gave and nobody updated refuses shutdown(); what accept() gives
 * does not. */
CONF_TEST(values_accepted) {
    struct conf_acceptance a;
    HANDLE lower = conf_event(); /* Wine's accept() takes a value for an event of its own first. */
    LONG(WINAPI * close)(HANDLE);
    SOCKET accepted;
    DWORD bytes;
    int i;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, &bytes), 0);
    for (i = 0; i < VALUES__TRIES; i++)
        conf_acceptance_connect(&a);
    close =
        (LONG(WINAPI*)(HANDLE))(void*) GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtClose");
    CHECK_EQ(close((HANDLE) a.acceptor), 0);
    CloseHandle(lower);
    for (i = 0; i < VALUES__TRIES; i++) {
        accepted = conf_accept(a.listener);
        if (accepted == a.acceptor) {
            CHECK_EQ(conf_last(shutdown(accepted, SD_SEND)), 0);
            return;
        }
    }
    conf_skip("the handle's value did not come back");
}
