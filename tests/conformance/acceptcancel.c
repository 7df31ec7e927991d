/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* The ends of an AcceptEx that come from outside: while it waits for a connection, and while it has
 * one and waits for the first data. Each gives one completion. */

enum acceptcancel__phase { ACCEPTCANCEL__WAITING, ACCEPTCANCEL__RECEIVING };

struct acceptcancel__case {
    struct conf_acceptance a;
    enum acceptcancel__phase phase;
    HANDLE port;
};

static void acceptcancel__open(struct acceptcancel__case* c, enum acceptcancel__phase phase,
                               BOOL with_port) {
    memset(c, 0, sizeof *c);
    conf_acceptance_open(&c->a, AF_INET);
    c->phase = phase;
    c->a.receive_length = 100;
    if (with_port)
        c->port = conf_port(c->a.listener);
    else
        c->a.overlapped.hEvent = conf_event();
}

static void acceptcancel__settle(struct acceptcancel__case* c) {
    if (c->phase == ACCEPTCANCEL__RECEIVING)
        conf_acceptance_connect(&c->a);
    Sleep(20);
    CHECK_EQ(c->a.overlapped.Internal, CONF__STATUS_PENDING);
}

static void acceptcancel__start(struct acceptcancel__case* c) {
    conf_acceptance_start(&c->a);
    acceptcancel__settle(c);
}

static void acceptcancel__aborted(struct acceptcancel__case* c) {
    if (c->port == NULL) {
        CHECK_EQ(WaitForSingleObject(c->a.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    } else {
        conf_packet(c->port, &c->a.overlapped, ERROR_OPERATION_ABORTED, 0);
        conf_quiet(c->port);
    }
    CHECK_EQ((DWORD) c->a.overlapped.Internal, CONF__STATUS_CANCELLED);
    CHECK_EQ(c->a.overlapped.InternalHigh, 0);
}

static void acceptcancel__exact(struct acceptcancel__case* c) {
    acceptcancel__start(c);
    CHECK(conf_cancel_io_ex((HANDLE) c->a.listener, &c->a.overlapped));
}

static void acceptcancel__all(struct acceptcancel__case* c) {
    acceptcancel__start(c);
    CHECK(conf_cancel_io_ex((HANDLE) c->a.listener, NULL));
}

static void acceptcancel__own_thread(struct acceptcancel__case* c) {
    acceptcancel__start(c);
    CHECK(CancelIo((HANDLE) c->a.listener));
}

static void acceptcancel__close_listener(struct acceptcancel__case* c) {
    acceptcancel__start(c);
    CHECK_EQ(closesocket(c->a.listener), 0);
}

static void acceptcancel__closehandle_listener(struct acceptcancel__case* c) {
    acceptcancel__start(c);
    CHECK(CloseHandle((HANDLE) c->a.listener));
}

static void acceptcancel__close_acceptor(struct acceptcancel__case* c) {
    char byte;

    acceptcancel__start(c);
    CHECK_EQ(closesocket(c->a.acceptor), 0);
    /* The connection that it had goes with it. */
    if (c->phase == ACCEPTCANCEL__RECEIVING)
        CHECK(recv(c->a.client, &byte, 1, 0) <= 0);
}

static void acceptcancel__closehandle_acceptor(struct acceptcancel__case* c) {
    acceptcancel__start(c);
    CHECK(CloseHandle((HANDLE) c->a.acceptor));
}

/* Both sockets at once, and in either order, still give one completion. */
static void acceptcancel__close_both(struct acceptcancel__case* c) {
    acceptcancel__start(c);
    CHECK_EQ(closesocket(c->a.acceptor), 0);
    CHECK_EQ(closesocket(c->a.listener), 0);
}

static void acceptcancel__cancel_and_close(struct acceptcancel__case* c) {
    acceptcancel__start(c);
    CHECK(conf_cancel((HANDLE) c->a.listener, &c->a.overlapped));
    CHECK_EQ(closesocket(c->a.listener), 0);
    CHECK_EQ(closesocket(c->a.acceptor), 0);
}

#define ACCEPTCANCEL__ONE(way, suffix, phase, with_port) \
    CONF_TEST(acceptcancel_##way##_##suffix) { \
        struct acceptcancel__case c; \
\
        acceptcancel__open(&c, phase, with_port); \
        acceptcancel__##way(&c); \
        acceptcancel__aborted(&c); \
    }

#define ACCEPTCANCEL__EACH(way) \
    ACCEPTCANCEL__ONE(way, waiting_event, ACCEPTCANCEL__WAITING, FALSE) \
    ACCEPTCANCEL__ONE(way, waiting_port, ACCEPTCANCEL__WAITING, TRUE) \
    ACCEPTCANCEL__ONE(way, receiving_event, ACCEPTCANCEL__RECEIVING, FALSE) \
    ACCEPTCANCEL__ONE(way, receiving_port, ACCEPTCANCEL__RECEIVING, TRUE)

ACCEPTCANCEL__EACH(exact)
ACCEPTCANCEL__EACH(all)
ACCEPTCANCEL__EACH(own_thread)
ACCEPTCANCEL__EACH(close_listener)
ACCEPTCANCEL__EACH(closehandle_listener)
ACCEPTCANCEL__EACH(close_acceptor)
ACCEPTCANCEL__EACH(closehandle_acceptor)
ACCEPTCANCEL__EACH(close_both)
ACCEPTCANCEL__EACH(cancel_and_close)

static DWORD WINAPI acceptcancel__issue(void* parameter) {
    struct conf_acceptance* a = parameter;

    return !conf_acceptance_call(a) && WSAGetLastError() == ERROR_IO_PENDING;
}

static void acceptcancel__issue_and_exit(struct acceptcancel__case* c) {
    HANDLE thread = CreateThread(NULL, 0, acceptcancel__issue, &c->a, 0, NULL);
    DWORD pending = 0;

    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &pending));
    CHECK(pending);
}

CONF_TEST(acceptcancel_thread_exit_event) {
    struct acceptcancel__case c;

    acceptcancel__open(&c, ACCEPTCANCEL__WAITING, FALSE);
    acceptcancel__issue_and_exit(&c);
    acceptcancel__aborted(&c);
}

/* An operation that reports to a port belongs to no thread. */
CONF_TEST(acceptcancel_thread_exit_port) {
    struct acceptcancel__case c;

    acceptcancel__open(&c, ACCEPTCANCEL__WAITING, TRUE);
    acceptcancel__issue_and_exit(&c);
    conf_quiet(c.port);
    conf_acceptance_connect(&c.a);
    CHECK_EQ(send(c.a.client, "data", 4, 0), 4);
    conf_packet(c.port, &c.a.overlapped, 0, 4);
    conf_quiet(c.port);
}

/* The operation is the listener's: what is done to the acceptor's own operations leaves it alone.
 */
CONF_TEST(acceptcancel_acceptor_operations) {
    struct acceptcancel__case c;

    acceptcancel__open(&c, ACCEPTCANCEL__WAITING, TRUE);
    acceptcancel__start(&c);
    CHECK(CancelIo((HANDLE) c.a.acceptor));
    conf_cancel_io_ex((HANDLE) c.a.acceptor, &c.a.overlapped);
    conf_cancel_io_ex((HANDLE) c.a.acceptor, NULL);
    conf_quiet(c.port);
    CHECK_EQ(c.a.overlapped.Internal, CONF__STATUS_PENDING);
    conf_acceptance_connect(&c.a);
    CHECK_EQ(send(c.a.client, "data", 4, 0), 4);
    conf_packet(c.port, &c.a.overlapped, 0, 4);
}

static DWORD WINAPI acceptcancel__cancel_io(void* parameter) {
    return (DWORD) CancelIo((HANDLE) (SOCKET) parameter);
}

CONF_TEST(acceptcancel_other_thread) {
    struct acceptcancel__case c;
    HANDLE thread;

    acceptcancel__open(&c, ACCEPTCANCEL__WAITING, TRUE);
    acceptcancel__start(&c);
    thread = CreateThread(NULL, 0, acceptcancel__cancel_io, (void*) c.a.listener, 0, NULL);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    conf_quiet(c.port);
    CHECK(conf_cancel((HANDLE) c.a.listener, &c.a.overlapped));
    acceptcancel__aborted(&c);
}

CONF_TEST(acceptcancel_over) {
    struct acceptcancel__case c;

    acceptcancel__open(&c, ACCEPTCANCEL__WAITING, TRUE);
    acceptcancel__start(&c);
    conf_acceptance_connect(&c.a);
    CHECK_EQ(send(c.a.client, "data", 4, 0), 4);
    conf_packet(c.port, &c.a.overlapped, 0, 4);
    CHECK_EQ(conf_cancel_io_ex((HANDLE) c.a.listener, &c.a.overlapped), FALSE);
    CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
    CHECK_EQ(closesocket(c.a.listener), 0);
    CHECK_EQ(closesocket(c.a.acceptor), 0);
    conf_quiet(c.port);
}

/* Of a hundred that wait, one is cancelled; closing the listener ends the others. */
CONF_TEST(acceptcancel_many) {
    enum { COUNT = 100 };
    struct acceptcancel__case c;
    struct conf_acceptance* a = calloc(COUNT, sizeof *a);
    unsigned char seen[COUNT] = {0};
    DWORD error, bytes, i, k;
    OVERLAPPED* got;

    acceptcancel__open(&c, ACCEPTCANCEL__WAITING, TRUE);
    for (i = 0; i < COUNT; i++) {
        a[i] = c.a;
        a[i].buffer = a[i].room;
        a[i].acceptor = conf_tcp(AF_INET);
        conf_acceptance_start(&a[i]);
    }
    CHECK(conf_cancel_io_ex((HANDLE) c.a.listener, &a[40].overlapped));
    conf_packet(c.port, &a[40].overlapped, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(c.port);
    seen[40] = 1;
    CHECK_EQ(closesocket(c.a.listener), 0);
    for (k = 1; k < COUNT; k++) {
        CHECK(conf_dequeue(c.port, CONF__LIMIT, &got, &error, &bytes));
        CHECK_EQ(error, ERROR_OPERATION_ABORTED);
        for (i = 0; i < COUNT && &a[i].overlapped != got; i++)
            continue;
        CHECK(i < COUNT && !seen[i]++);
    }
    conf_quiet(c.port);
}

/* The connection and the cancel run against each other; one of them wins, and tells once. */
CONF_TEST(acceptcancel_race) {
    struct acceptcancel__case c;
    OVERLAPPED* got;
    DWORD error, bytes;
    int round;

    acceptcancel__open(&c, ACCEPTCANCEL__WAITING, TRUE);
    c.a.receive_length = 0;
    for (round = 0; round < 100; round++) {
        conf_acceptance_start(&c.a);
        conf_acceptance_connect(&c.a);
        if (!conf_cancel((HANDLE) c.a.listener, &c.a.overlapped))
            CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
        CHECK(conf_dequeue(c.port, CONF__LIMIT, &got, &error, &bytes));
        CHECK(got == &c.a.overlapped);
        if (error != 0) {
            CHECK_EQ(error, ERROR_OPERATION_ABORTED);
            closesocket(conf_accept(c.a.listener));
        }
        closesocket(c.a.client);
        closesocket(c.a.acceptor);
        CHECK(!conf_dequeue(c.port, 0, &got, &error, &bytes));
        memset(&c.a.overlapped, 0, sizeof c.a.overlapped);
        c.a.acceptor = conf_tcp(AF_INET);
    }
}

CONF_TEST(acceptcancel_process_exit) {
    static struct acceptcancel__case cases[2];

    acceptcancel__open(&cases[0], ACCEPTCANCEL__WAITING, TRUE);
    acceptcancel__start(&cases[0]);
    acceptcancel__open(&cases[1], ACCEPTCANCEL__RECEIVING, FALSE);
    acceptcancel__start(&cases[1]);
    ExitProcess(0);
}
