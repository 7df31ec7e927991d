/* SPDX-License-Identifier: MIT */

/* SO_UPDATE_ACCEPT_CONTEXT is a success once the AcceptEx was one, however the program has learnt
 * of it and whatever has become of the connection since, and WSAENOTCONN where it was none, however
 * much what the program sees looks like one. */

#include "conformance.h"

#define ACCEPTUPDATES__TRIES 64

static int acceptupdates__update(const struct conf_acceptance* a) {
    WSASetLastError(0);
    return conf_last(setsockopt(a->acceptor, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                                (const char*) &a->listener, sizeof a->listener));
}

static HANDLE acceptupdates__open(struct conf_acceptance* a, DWORD receive_length) {
    HANDLE port;

    conf_acceptance_open(a, AF_INET);
    port = conf_port(a->listener);
    a->receive_length = receive_length;
    conf_acceptance_start(a);
    return port;
}

static void acceptupdates__after_reset(struct conf_acceptance* a) {
    char bytes[8];

    conf_reset(a->client);
    CHECK(recv(a->acceptor, bytes, sizeof bytes, 0) <= 0);
    CHECK_EQ(acceptupdates__update(a), 0);
    CHECK_EQ(acceptupdates__update(a), 0);
}

CONF_TEST(acceptupdates_packet_then_reset) {
    struct conf_acceptance a;
    HANDLE port = acceptupdates__open(&a, 0);

    conf_acceptance_connect(&a);
    conf_packet(port, &a.overlapped, 0, 0);
    acceptupdates__after_reset(&a);
}

CONF_TEST(acceptupdates_packets_then_reset) {
    struct conf_acceptance a;
    HANDLE port = acceptupdates__open(&a, 100);
    OVERLAPPED_ENTRY entries[4];
    ULONG count = 0;

    conf_acceptance_connect(&a);
    CHECK_EQ(send(a.client, "data", 4, 0), 4);
    CHECK(conf_dequeue_many(port, entries, 4, &count, CONF__LIMIT));
    CHECK_EQ(count, 1);
    CHECK(entries[0].lpOverlapped == &a.overlapped);
    acceptupdates__after_reset(&a);
}

static void acceptupdates__result(BOOL by_acceptor) {
    struct conf_acceptance a;
    DWORD bytes, flags;

    conf_acceptance_open(&a, AF_INET);
    a.overlapped.hEvent = conf_event();
    a.receive_length = 100;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(send(a.client, "data", 4, 0), 4);
    CHECK_EQ(WaitForSingleObject(a.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK(WSAGetOverlappedResult(by_acceptor ? a.acceptor : a.listener, &a.overlapped, &bytes,
                                 FALSE, &flags));
    CHECK_EQ(bytes, 4);
    acceptupdates__after_reset(&a);
}

CONF_TEST(acceptupdates_result_of_listener) {
    acceptupdates__result(FALSE);
}

CONF_TEST(acceptupdates_result_of_acceptor) {
    acceptupdates__result(TRUE);
}

/* Nobody is asked for the result. */
CONF_TEST(acceptupdates_event_alone) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    a.overlapped.hEvent = conf_event();
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(WaitForSingleObject(a.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(acceptupdates__update(&a), 0);
    conf_exchange(a.client, a.acceptor);
}

CONF_TEST(acceptupdates_cancelled_packet) {
    struct conf_acceptance a;
    HANDLE port = acceptupdates__open(&a, 0);

    CHECK(conf_cancel((HANDLE) a.listener, &a.overlapped));
    conf_packet(port, &a.overlapped, ERROR_OPERATION_ABORTED, 0);
    CHECK_EQ(acceptupdates__update(&a), WSAENOTCONN);
}

static void acceptupdates__answer(struct conf_acceptance* a, HANDLE port) {
    conf_acceptance_connect(a);
    conf_packet(port, &a->overlapped, 0, 0);
    CHECK_EQ(acceptupdates__update(a), 0);
    conf_exchange(a->client, a->acceptor);
}

/* A packet that the program posts itself. */
CONF_TEST(acceptupdates_posted_while_pending) {
    struct conf_acceptance a;
    HANDLE port = acceptupdates__open(&a, 0);

    CHECK(PostQueuedCompletionStatus(port, 0, CONF__KEY, &a.overlapped));
    conf_packet(port, &a.overlapped, 0, 0);
    CHECK_EQ(acceptupdates__update(&a), WSAENOTCONN);
    acceptupdates__answer(&a, port);
}

struct acceptupdates__receive {
    struct conf_acceptance other;
    char bytes[4];
};

/* The program sees in the status block that the AcceptEx has ended without success, and uses the
 * OVERLAPPED for a receive of another socket. */
static void acceptupdates__receive(struct acceptupdates__receive* r, struct conf_acceptance* a,
                                   HANDLE port) {
    WSABUF buffer = {sizeof r->bytes, r->bytes};
    DWORD flags = 0;
    int i;

    conf_acceptance_open(&r->other, AF_INET);
    conf_acceptance_connect(&r->other);
    r->other.acceptor = conf_accept(r->other.listener);
    if (port != NULL)
        CHECK(CreateIoCompletionPort((HANDLE) r->other.acceptor, port, CONF__KEY, 0) == port);
    CHECK(conf_cancel((HANDLE) a->listener, &a->overlapped));
    for (i = 0; i < CONF__LIMIT / 5 && !HasOverlappedIoCompleted(&a->overlapped); i++)
        Sleep(5);
    CHECK_EQ(a->overlapped.Internal, CONF__STATUS_CANCELLED);
    if (a->overlapped.hEvent != NULL)
        ResetEvent(a->overlapped.hEvent);
    CHECK_EQ(send(r->other.client, "four", 4, 0), 4);
    conf_last(WSARecv(r->other.acceptor, &buffer, 1, NULL, &flags, &a->overlapped, NULL));
}

CONF_TEST(acceptupdates_overlapped_reused) {
    static struct acceptupdates__receive r;
    struct conf_acceptance a;
    HANDLE port = acceptupdates__open(&a, 0);

    acceptupdates__receive(&r, &a, port);
    /* Of the first packet the success of the receive may be told, as it is no other's place. */
    conf_packet(port, &a.overlapped, ERROR_OPERATION_ABORTED, 0);
    conf_packet(port, &a.overlapped, 0, 4);
    CHECK_EQ(acceptupdates__update(&a), WSAENOTCONN);
}

/* The listener's handle is named for it, of which nobody takes notice, and there are more bytes
 * than the AcceptEx had room for. */
CONF_TEST(acceptupdates_result_reused) {
    static struct acceptupdates__receive r;
    struct conf_acceptance a;
    DWORD bytes;

    conf_acceptance_open(&a, AF_INET);
    a.overlapped.hEvent = conf_event();
    conf_acceptance_start(&a);
    acceptupdates__receive(&r, &a, NULL);
    CHECK_EQ(WaitForSingleObject(a.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK(GetOverlappedResult((HANDLE) a.listener, &a.overlapped, &bytes, FALSE));
    CHECK_EQ(bytes, 4);
    CHECK_EQ(acceptupdates__update(&a), WSAENOTCONN);
}

/* The first one's end says nothing of the second. */
CONF_TEST(acceptupdates_accepted_again) {
    struct conf_acceptance a;
    HANDLE port = acceptupdates__open(&a, 0);

    conf_acceptance_connect(&a);
    conf_packet(port, &a.overlapped, 0, 0);
    CHECK_EQ(acceptupdates__update(&a), 0);
    CHECK_EQ(conf_reuse(a.acceptor), 0);
    memset(&a.overlapped, 0, sizeof a.overlapped);
    conf_acceptance_start(&a);
    CHECK_EQ(acceptupdates__update(&a), WSAENOTCONN);
    acceptupdates__answer(&a, port);
}

/* The end is dequeued when its socket is closed, and the handle is another's, which has an AcceptEx
 * with the same OVERLAPPED. */
CONF_TEST(acceptupdates_handle_reused) {
    struct conf_acceptance a;
    HANDLE port = acceptupdates__open(&a, 0);
    SOCKET s = INVALID_SOCKET;
    int i;

    conf_acceptance_connect(&a);
    CHECK_EQ(WaitForSingleObject(port, CONF__LIMIT), WAIT_OBJECT_0);
    closesocket(a.acceptor);
    for (i = 0; i < ACCEPTUPDATES__TRIES && s != a.acceptor; i++)
        s = conf_tcp(AF_INET);
    if (s != a.acceptor)
        conf_skip("the handle's value did not come back");
    memset(&a.overlapped, 0, sizeof a.overlapped);
    conf_acceptance_start(&a);
    conf_packet(port, &a.overlapped, 0, 0);
    CHECK_EQ(acceptupdates__update(&a), WSAENOTCONN);
    acceptupdates__answer(&a, port);
}

/* What was accepted onto is in use, though its context is not updated. */
CONF_TEST(acceptupdates_in_use) {
    struct conf_acceptance a;
    HANDLE port = acceptupdates__open(&a, 0);

    conf_acceptance_connect(&a);
    conf_packet(port, &a.overlapped, 0, 0);
    conf_acceptance_refused(&a, WSAEINVAL);
    CHECK_EQ(acceptupdates__update(&a), 0);
    conf_acceptance_refused(&a, WSAEINVAL);
    conf_exchange(a.client, a.acceptor);
}
