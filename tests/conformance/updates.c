/* SPDX-License-Identifier: MIT */

/* SO_UPDATE_CONNECT_CONTEXT is a success once the connect was one, however the program has learnt
 * of it and whatever has become of the connection since, and WSAENOTCONN where it was none, however
 * much what the program sees looks like one. */

#include "conformance.h"

struct updates__case {
    SOCKET client;
    SOCKET server;
    SOCKET listener;
    HANDLE port;
    OVERLAPPED overlapped;
};

static int updates__update(SOCKET client) {
    WSASetLastError(0);
    return conf_last(setsockopt(client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0));
}

static void updates__open(struct updates__case* c, BOOL with_port) {
    struct conf_target target;

    memset(c, 0, sizeof *c);
    c->listener = conf_listen(AF_INET, 5, &target);
    c->client = conf_client(AF_INET);
    if (with_port)
        c->port = conf_port(c->client);
    else
        c->overlapped.hEvent = conf_event();
    conf_start(c->client, &target, NULL, 0, &c->overlapped);
    c->server = conf_accept(c->listener);
}

/* The reset is there when a receive ends: Wine may say of it that the stream has ended. */
static void updates__reset(struct updates__case* c) {
    char byte;
    int received;

    conf_reset(c->server);
    received = recv(c->client, &byte, 1, 0);
    if (received != 0)
        CHECK_EQ(conf_last(received), WSAECONNRESET);
}

static void updates__after_reset(struct updates__case* c) {
    updates__reset(c);
    CHECK_EQ(updates__update(c->client), 0);
    CHECK_EQ(updates__update(c->client), 0);
}

CONF_TEST(updates_packet_then_reset) {
    struct updates__case c;

    updates__open(&c, TRUE);
    conf_packet(c.port, &c.overlapped, 0, 0);
    updates__after_reset(&c);
}

CONF_TEST(updates_packets_then_reset) {
    struct updates__case c;
    OVERLAPPED_ENTRY entries[4];
    ULONG count = 0;

    updates__open(&c, TRUE);
    CHECK(conf_dequeue_many(c.port, entries, 4, &count, CONF__LIMIT));
    CHECK_EQ(count, 1);
    CHECK(entries[0].lpOverlapped == &c.overlapped);
    updates__after_reset(&c);
}

CONF_TEST(updates_result_then_reset) {
    struct updates__case c;

    updates__open(&c, FALSE);
    CHECK_EQ(conf_wait(c.client, &c.overlapped, NULL), 0);
    updates__after_reset(&c);
}

CONF_TEST(updates_file_result_then_reset) {
    struct updates__case c;
    DWORD bytes;

    updates__open(&c, FALSE);
    CHECK(GetOverlappedResult((HANDLE) c.client, &c.overlapped, &bytes, TRUE));
    updates__after_reset(&c);
}

/* Nobody is asked for the result. */
CONF_TEST(updates_event_alone) {
    struct updates__case c;

    updates__open(&c, FALSE);
    CHECK_EQ(WaitForSingleObject(c.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(updates__update(c.client), 0);
    conf_exchange(c.client, c.server);
}

/* It is asked for too early, at first. */
CONF_TEST(updates_result_asked_twice) {
    struct conf_silent silent;
    struct updates__case c = {0};
    DWORD bytes, flags;

    conf_silent_fill(&silent, AF_INET);
    c.client = conf_client(AF_INET);
    c.overlapped.hEvent = conf_event();
    conf_start(c.client, &silent.target, NULL, 0, &c.overlapped);
    CHECK(!WSAGetOverlappedResult(c.client, &c.overlapped, &bytes, FALSE, &flags));
    CHECK_EQ(WSAGetLastError(), WSA_IO_INCOMPLETE);
    CHECK(!GetOverlappedResult((HANDLE) c.client, &c.overlapped, &bytes, FALSE));
    CHECK_EQ(GetLastError(), ERROR_IO_INCOMPLETE);
    CHECK_EQ(updates__update(c.client), WSAENOTCONN);
    conf_silent_drain(&silent);
    CHECK_EQ(conf_wait(c.client, &c.overlapped, NULL), 0);
    CHECK_EQ(updates__update(c.client), 0);
}

static DWORD WINAPI updates__dequeue(void* context) {
    struct updates__case* c = context;
    OVERLAPPED* got;
    DWORD error, bytes;

    return conf_dequeue(c->port, CONF__LIMIT, &got, &error, &bytes) && error == 0 &&
           got == &c->overlapped;
}

CONF_TEST(updates_seen_by_another_thread) {
    struct updates__case c;
    HANDLE thread;
    DWORD result;

    updates__open(&c, TRUE);
    thread = CreateThread(NULL, 0, updates__dequeue, &c, 0, NULL);
    CHECK(thread != NULL);
    CHECK_EQ(WaitForSingleObject(thread, 2 * CONF__LIMIT), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &result));
    CHECK_EQ(result, TRUE);
    CloseHandle(thread);
    CHECK_EQ(updates__update(c.client), 0);
    conf_exchange(c.client, c.server);
}

CONF_TEST(updates_by_a_duplicate) {
    struct updates__case c;
    WSAPROTOCOL_INFOW info;
    SOCKET duplicate;

    updates__open(&c, TRUE);
    CHECK_EQ(conf_last(WSADuplicateSocketW(c.client, GetCurrentProcessId(), &info)), 0);
    duplicate = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                           WSA_FLAG_OVERLAPPED);
    CHECK(duplicate != INVALID_SOCKET);
    conf_packet(c.port, &c.overlapped, 0, 0);
    CHECK_EQ(updates__update(duplicate), 0);
    CHECK_EQ(updates__update(c.client), 0);
    conf_exchange(c.client, c.server);
}

CONF_TEST(updates_refused_packet) {
    struct updates__case c = {0};
    struct conf_target target;
    SOCKET peer = conf_refuse(AF_INET, &target);

    c.client = conf_client(AF_INET);
    c.port = conf_port(c.client);
    conf_start(c.client, &target, NULL, 0, &c.overlapped);
    conf_packet(c.port, &c.overlapped, ERROR_CONNECTION_REFUSED, 0);
    CHECK_EQ(updates__update(c.client), WSAENOTCONN);
    closesocket(peer);
}

/* The program sees in the status block that the connect has failed, and uses the OVERLAPPED for
 * another socket of the same port and key, with success. */
CONF_TEST(updates_refused_overlapped_reused) {
    struct updates__case c = {0};
    struct updates__case other;
    struct conf_target target;
    SOCKET peer = conf_refuse(AF_INET, &target);
    char bytes[4];
    WSABUF buffer = {sizeof bytes, bytes};
    DWORD flags = 0, since = GetTickCount();
    OVERLAPPED* got;
    DWORD error, count;
    int i, refused = 0, received = 0;

    updates__open(&other, TRUE);
    conf_packet(other.port, &other.overlapped, 0, 0);
    c.client = conf_client(AF_INET);
    CHECK(CreateIoCompletionPort((HANDLE) c.client, other.port, CONF__KEY, 0) == other.port);
    c.overlapped.hEvent = conf_event();
    conf_start(c.client, &target, NULL, 0, &c.overlapped);
    CHECK_EQ(WaitForSingleObject(c.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    while (*(volatile ULONG_PTR*) &c.overlapped.Internal == CONF__STATUS_PENDING)
        CHECK(GetTickCount() - since < (DWORD) CONF__LIMIT);
    CHECK_EQ(c.overlapped.Internal, CONF__STATUS_REFUSED);
    c.overlapped.hEvent = NULL;
    CHECK_EQ(send(other.server, "four", 4, 0), 4);
    conf_last(WSARecv(other.client, &buffer, 1, NULL, &flags, &c.overlapped, NULL));
    /* A packet comes after its event, and so the receive may overtake the connect. */
    for (i = 0; i < 2; i++) {
        CHECK(conf_dequeue(other.port, CONF__LIMIT, &got, &error, &count));
        CHECK(got == &c.overlapped);
        if (error == 0)
            received += count == 4;
        else
            refused += error == ERROR_CONNECTION_REFUSED && count == 0;
    }
    CHECK(refused == 1 && received == 1);
    CHECK_EQ(updates__update(c.client), WSAENOTCONN);
    closesocket(peer);
}

/* The peer answers a connect that is pending, and then its socket may be updated. */
static void updates__answer(struct updates__case* c, struct conf_silent* silent) {
    conf_silent_drain(silent);
    conf_packet(c->port, &c->overlapped, 0, 0);
    CHECK_EQ(updates__update(c->client), 0);
}

/* A packet that the program posts itself. */
CONF_TEST(updates_posted_while_pending) {
    struct conf_silent silent;
    struct updates__case c = {0};

    conf_silent_fill(&silent, AF_INET);
    c.client = conf_client(AF_INET);
    c.port = conf_port(c.client);
    conf_start(c.client, &silent.target, NULL, 0, &c.overlapped);
    CHECK(PostQueuedCompletionStatus(c.port, 0, CONF__KEY, &c.overlapped));
    conf_packet(c.port, &c.overlapped, 0, 0);
    CHECK_EQ(updates__update(c.client), WSAENOTCONN);
    updates__answer(&c, &silent);
}

/* The first connect's end says nothing of the second. */
CONF_TEST(updates_connected_again) {
    struct conf_silent silent;
    struct updates__case c;

    updates__open(&c, TRUE);
    conf_packet(c.port, &c.overlapped, 0, 0);
    CHECK_EQ(updates__update(c.client), 0);
    CHECK_EQ(conf_reuse(c.client), 0);
    conf_silent_fill(&silent, AF_INET);
    conf_start(c.client, &silent.target, NULL, 0, &c.overlapped);
    CHECK_EQ(updates__update(c.client), WSAENOTCONN);
    updates__answer(&c, &silent);
}

/* The end is dequeued when its socket is closed, and the handle may be another's, whose connect has
 * the same OVERLAPPED. */
CONF_TEST(updates_handle_reused) {
    struct conf_silent silent;
    struct updates__case c;
    HANDLE port;
    SOCKET again;

    conf_silent_fill(&silent, AF_INET);
    updates__open(&c, TRUE);
    port = c.port;
    CHECK_EQ(WaitForSingleObject(port, CONF__LIMIT), WAIT_OBJECT_0);
    closesocket(c.client);
    again = conf_client(AF_INET);
    CHECK(CreateIoCompletionPort((HANDLE) again, port, CONF__KEY, 0) == port);
    conf_start(again, &silent.target, NULL, 0, &c.overlapped);
    conf_packet(port, &c.overlapped, 0, 0);
    CHECK_EQ(updates__update(again), WSAENOTCONN);
}
