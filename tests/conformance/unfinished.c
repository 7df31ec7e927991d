/* SPDX-License-Identifier: MIT */

/* A payload of ConnectEx that is still being sent, and what else goes on meanwhile: a DisconnectEx
 * that comes to nothing leaves all as it was, and many others' sends do not keep a reset from being
 * noticed. */

#include "optest.h"

#define UNFINISHED__LARGE (64u << 20)
#define UNFINISHED__CROWD 600
#define UNFINISHED__BUFFER 8192 /* Bytes that each of them may have in the system. */

static struct optest unfinished__place; /* Longer than what may be pending at the end. */
static struct optest unfinished__crowd[UNFINISHED__CROWD];

static volatile LONG unfinished__begun; /* Of the crowd. */
static volatile LONG unfinished__stop;

/* What is known of the payload shows in three ways: the socket is in the state that ConnectEx
 * leaves it in, its end is one, and it is cancelled when the socket is closed. */
static void unfinished__check_kept(struct optest* o, HANDLE port) {
    struct sockaddr_storage name;
    int length = sizeof name;
    OVERLAPPED* got;
    DWORD error, bytes;

    CHECK_EQ(conf_last(getpeername(o->socket, (struct sockaddr*) &name, &length)), WSAENOTCONN);
    CHECK_EQ(conf_last(shutdown(o->socket, SD_SEND)), WSAENOTCONN);
    CHECK_EQ(o->overlapped.Internal, CONF__STATUS_PENDING);
    closesocket(o->socket);
    /* A host may count what was sent before. */
    CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
    CHECK(got == &o->overlapped);
    CHECK_EQ(error, ERROR_OPERATION_ABORTED);
    conf_quiet(port);
}

CONF_TEST(unfinished_disconnect_refused) {
    struct optest* o = &unfinished__place;
    OVERLAPPED ending = {0};
    HANDLE port;

    optest_prepare(OPTEST_SENDING);
    optest_open(o, OPTEST_SENDING);
    port = conf_port(o->socket);
    optest_start(o);
    CHECK(!conf_disconnect_pointer(o->socket)(o->socket, &ending, 0, 1));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    unfinished__check_kept(o, port);
}

CONF_TEST(unfinished_disconnect_cancelled) {
    static OVERLAPPED ending;
    struct optest* o = &unfinished__place;
    HANDLE port;

    optest_prepare(OPTEST_SENDING);
    optest_open(o, OPTEST_SENDING);
    port = conf_port(o->socket);
    optest_start(o);
    /* Whether it waits for the payload or is refused meanwhile is not ours to ask here. */
    if (!conf_disconnect_pointer(o->socket)(o->socket, &ending, 0, 0) &&
        WSAGetLastError() == ERROR_IO_PENDING) {
        CHECK(conf_cancel_io_ex((HANDLE) o->socket, &ending));
        conf_packet(port, &ending, ERROR_OPERATION_ABORTED, 0);
    }
    unfinished__check_kept(o, port);
}

/* Payloads that stay in progress, a new one every few milliseconds. */
static DWORD WINAPI unfinished__keep_sending(void* unused) {
    (void) unused;
    while (!unfinished__stop && unfinished__begun < UNFINISHED__CROWD) {
        struct optest* o = &unfinished__crowd[unfinished__begun];
        int size = UNFINISHED__BUFFER;
        optest_open(o, OPTEST_SENDING);
        CHECK_EQ(setsockopt(o->socket, SOL_SOCKET, SO_SNDBUF, (char*) &size, sizeof size), 0);
        optest_start(o);
        InterlockedIncrement(&unfinished__begun);
    }
    return 0;
}

/* A peer that resets after the first byte is lost by Wine most of the time, and looked for; others'
 * payloads must not put that off until there are no more of them. */
CONF_TEST(unfinished_reset_in_a_crowd) {
    struct conf_sink sink = {0};
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client), thread;
    unsigned char* payload = conf_pattern_pages(UNFINISHED__LARGE);
    OVERLAPPED* got;
    DWORD error, bytes;
    LONG begun;
    int i;

    optest_prepare(OPTEST_SENDING);
    sink.reset_after = UNFINISHED__LARGE / 4;
    conf_sink_start(&sink);
    thread = CreateThread(NULL, 0, unfinished__keep_sending, NULL, 0, NULL);
    while (unfinished__begun == 0)
        Sleep(1);
    conf_start(client, &sink.target, payload, UNFINISHED__LARGE, &unfinished__place.overlapped);
    if (!conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes))
        conf_fail(__FILE__, __LINE__, "the lost connection is not reported");
    begun = unfinished__begun;
    unfinished__stop = 1;
    CHECK(got == &unfinished__place.overlapped);
    CHECK(error != 0);
    CHECK(begun < UNFINISHED__CROWD);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    for (i = 0; i < unfinished__begun; i++)
        optest_close(&unfinished__crowd[i]);
    closesocket(client);
    conf_sink_finish(&sink);
}
