/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* How the end of an AcceptEx is told: each style with each outcome. The port is the listener's. */

enum acceptnotify__outcome {
    ACCEPTNOTIFY__EMPTY,
    ACCEPTNOTIFY__DATA,
    ACCEPTNOTIFY__RESET,
    ACCEPTNOTIFY__CANCELLED
};

struct acceptnotify__case {
    struct conf_acceptance a;
    enum acceptnotify__outcome outcome;
    DWORD bytes;
    DWORD packet_error;
    DWORD socket_error;
    DWORD status;
};

static void acceptnotify__open(struct acceptnotify__case* c, enum acceptnotify__outcome outcome) {
    memset(c, 0, sizeof *c);
    conf_acceptance_open(&c->a, AF_INET);
    c->outcome = outcome;
    c->a.receive_length = outcome == ACCEPTNOTIFY__EMPTY ? 0 : 100;
    switch (outcome) {
        case ACCEPTNOTIFY__EMPTY:
            break;
        case ACCEPTNOTIFY__DATA:
            c->bytes = 4;
            break;
        case ACCEPTNOTIFY__RESET:
            c->packet_error = ERROR_NETNAME_DELETED;
            c->socket_error = WSAECONNRESET;
            c->status = 0xC000020D; /* STATUS_CONNECTION_RESET */
            break;
        case ACCEPTNOTIFY__CANCELLED:
            c->packet_error = ERROR_OPERATION_ABORTED;
            c->socket_error = WSA_OPERATION_ABORTED;
            c->status = CONF__STATUS_CANCELLED;
            break;
    }
}

static void acceptnotify__start(struct acceptnotify__case* c) {
    conf_acceptance_start(&c->a);
    CHECK_EQ(c->a.overlapped.Internal, CONF__STATUS_PENDING);
    if (c->outcome == ACCEPTNOTIFY__CANCELLED) {
        CHECK(conf_cancel((HANDLE) c->a.listener, &c->a.overlapped));
        return;
    }
    conf_acceptance_connect(&c->a);
    if (c->outcome == ACCEPTNOTIFY__DATA)
        CHECK_EQ(send(c->a.client, "data", 4, 0), 4);
    if (c->outcome == ACCEPTNOTIFY__RESET)
        conf_reset(c->a.client);
}

static void acceptnotify__check_block(struct acceptnotify__case* c) {
    DWORD bytes = 77;

    CHECK_EQ((DWORD) c->a.overlapped.Internal, c->status);
    CHECK_EQ(c->a.overlapped.InternalHigh, c->bytes);
    CHECK_EQ(conf_wait(c->a.listener, &c->a.overlapped, &bytes), c->socket_error);
    CHECK_EQ(bytes, c->bytes);
    if (c->status == 0)
        conf_acceptance_addresses(&c->a);
}

static void acceptnotify__event(enum acceptnotify__outcome outcome) {
    struct acceptnotify__case c;

    acceptnotify__open(&c, outcome);
    c.a.overlapped.hEvent = conf_event();
    SetEvent(c.a.overlapped.hEvent); /* A call resets it. */
    acceptnotify__start(&c);
    CHECK_EQ(WaitForSingleObject(c.a.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    acceptnotify__check_block(&c);
}

static void acceptnotify__port(enum acceptnotify__outcome outcome) {
    struct acceptnotify__case c;
    HANDLE port;

    acceptnotify__open(&c, outcome);
    port = conf_port(c.a.listener);
    acceptnotify__start(&c);
    conf_packet(port, &c.a.overlapped, c.packet_error, c.bytes);
    acceptnotify__check_block(&c);
    conf_quiet(port);
}

static void acceptnotify__port_ex(enum acceptnotify__outcome outcome) {
    struct acceptnotify__case c;
    OVERLAPPED_ENTRY entries[2];
    ULONG count = 0;
    HANDLE port;

    acceptnotify__open(&c, outcome);
    port = conf_port(c.a.listener);
    acceptnotify__start(&c);
    CHECK(conf_dequeue_many(port, entries, 2, &count, CONF__LIMIT));
    CHECK_EQ(count, 1);
    CHECK(entries[0].lpOverlapped == &c.a.overlapped);
    CHECK_EQ(entries[0].lpCompletionKey, CONF__KEY);
    CHECK_EQ((DWORD) entries[0].Internal, c.status);
    CHECK_EQ(entries[0].dwNumberOfBytesTransferred, c.bytes);
    acceptnotify__check_block(&c);
    conf_quiet(port);
}

static void acceptnotify__both(enum acceptnotify__outcome outcome) {
    struct acceptnotify__case c;
    HANDLE port;

    acceptnotify__open(&c, outcome);
    port = conf_port(c.a.listener);
    c.a.overlapped.hEvent = conf_event();
    acceptnotify__start(&c);
    CHECK_EQ(WaitForSingleObject(c.a.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    conf_packet(port, &c.a.overlapped, c.packet_error, c.bytes);
    acceptnotify__check_block(&c);
    conf_quiet(port);
}

static void acceptnotify__low_bit(enum acceptnotify__outcome outcome) {
    struct acceptnotify__case c;
    HANDLE port, event = conf_event();

    acceptnotify__open(&c, outcome);
    port = conf_port(c.a.listener);
    c.a.overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    acceptnotify__start(&c);
    CHECK_EQ(WaitForSingleObject(event, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ((DWORD) c.a.overlapped.Internal, c.status);
    CHECK_EQ(c.a.overlapped.InternalHigh, c.bytes);
    conf_quiet(port);
}

static void acceptnotify__skip(enum acceptnotify__outcome outcome) {
    struct acceptnotify__case c;
    HANDLE port;

    acceptnotify__open(&c, outcome);
    port = conf_port(c.a.listener);
    CHECK(conf_set_modes((HANDLE) c.a.listener, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    acceptnotify__start(&c);
    conf_packet(port, &c.a.overlapped, c.packet_error, c.bytes);
    acceptnotify__check_block(&c);
    conf_quiet(port);
}

static void acceptnotify__file_wait(enum acceptnotify__outcome outcome) {
    struct acceptnotify__case c;
    DWORD bytes = 77;

    acceptnotify__open(&c, outcome);
    c.a.overlapped.hEvent = conf_event();
    acceptnotify__start(&c);
    SetLastError(0);
    CHECK_EQ(GetOverlappedResult((HANDLE) c.a.listener, &c.a.overlapped, &bytes, TRUE),
             c.status == 0);
    CHECK_EQ(c.status == 0 ? 0 : GetLastError(), c.packet_error);
    CHECK_EQ(bytes, c.bytes);
}

/* A connection that waits already ends the operation as one that comes later does. */
static void acceptnotify__waiting(enum acceptnotify__outcome outcome) {
    struct acceptnotify__case c;
    HANDLE port;

    acceptnotify__open(&c, outcome);
    port = conf_port(c.a.listener);
    CHECK(conf_set_modes((HANDLE) c.a.listener, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    if (outcome != ACCEPTNOTIFY__CANCELLED)
        conf_acceptance_connect(&c.a);
    if (outcome == ACCEPTNOTIFY__DATA)
        CHECK_EQ(send(c.a.client, "data", 4, 0), 4);
    if (outcome == ACCEPTNOTIFY__RESET)
        conf_reset(c.a.client);
    Sleep(20);
    if (!conf_acceptance_call(&c.a)) {
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        if (outcome == ACCEPTNOTIFY__CANCELLED)
            CHECK(conf_cancel((HANDLE) c.a.listener, &c.a.overlapped));
        conf_packet(port, &c.a.overlapped, c.packet_error, c.bytes);
    }
    acceptnotify__check_block(&c);
    conf_quiet(port);
}

#define ACCEPTNOTIFY__EACH(kind) \
    CONF_TEST(acceptnotify_##kind##_empty) { \
        acceptnotify__##kind(ACCEPTNOTIFY__EMPTY); \
    } \
    CONF_TEST(acceptnotify_##kind##_data) { \
        acceptnotify__##kind(ACCEPTNOTIFY__DATA); \
    } \
    CONF_TEST(acceptnotify_##kind##_reset) { \
        acceptnotify__##kind(ACCEPTNOTIFY__RESET); \
    } \
    CONF_TEST(acceptnotify_##kind##_cancelled) { \
        acceptnotify__##kind(ACCEPTNOTIFY__CANCELLED); \
    }

ACCEPTNOTIFY__EACH(event)
ACCEPTNOTIFY__EACH(port)
ACCEPTNOTIFY__EACH(port_ex)
ACCEPTNOTIFY__EACH(both)
ACCEPTNOTIFY__EACH(low_bit)
ACCEPTNOTIFY__EACH(skip)
ACCEPTNOTIFY__EACH(file_wait)
ACCEPTNOTIFY__EACH(waiting)

/* A peer that resets its connection before it is accepted. The page names WSAECONNRESET, which
 * servers take for what it is; of any other error some of them end. */
static void acceptnotify__break(struct acceptnotify__case* c) {
    conf_acceptance_connect(&c->a);
    conf_reset(c->a.client);
    Sleep(20);
    conf_acceptance_start(&c->a);
}

static void acceptnotify__check_broken(struct acceptnotify__case* c) {
    DWORD bytes = 77;

    CHECK_EQ(conf_wait(c->a.listener, &c->a.overlapped, &bytes), WSAECONNRESET);
    CHECK_EQ(bytes, 0);
    CHECK_EQ((DWORD) c->a.overlapped.Internal, 0xC000020D);
}

CONF_TEST(acceptnotify_broken_port) {
    struct acceptnotify__case c;
    HANDLE port;

    acceptnotify__open(&c, ACCEPTNOTIFY__EMPTY);
    port = conf_port(c.a.listener);
    acceptnotify__break(&c);
    conf_packet(port, &c.a.overlapped, ERROR_NETNAME_DELETED, 0);
    acceptnotify__check_broken(&c);
    conf_quiet(port);
}

CONF_TEST(acceptnotify_broken_port_ex) {
    struct acceptnotify__case c;
    OVERLAPPED_ENTRY entries[4];
    ULONG count = 0;
    HANDLE port;

    acceptnotify__open(&c, ACCEPTNOTIFY__EMPTY);
    port = conf_port(c.a.listener);
    acceptnotify__break(&c);
    CHECK(conf_dequeue_many(port, entries, 4, &count, CONF__LIMIT));
    CHECK_EQ(count, 1);
    CHECK(entries[0].lpOverlapped == &c.a.overlapped);
    CHECK_EQ((DWORD) entries[0].Internal, 0xC000020D);
    acceptnotify__check_broken(&c);
    conf_quiet(port);
}

CONF_TEST(acceptnotify_broken_event) {
    struct acceptnotify__case c;

    acceptnotify__open(&c, ACCEPTNOTIFY__EMPTY);
    c.a.overlapped.hEvent = conf_event();
    acceptnotify__break(&c);
    CHECK_EQ(WaitForSingleObject(c.a.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    acceptnotify__check_broken(&c);
}

CONF_TEST(acceptnotify_broken_file) {
    struct acceptnotify__case c;
    DWORD bytes = 77;

    acceptnotify__open(&c, ACCEPTNOTIFY__EMPTY);
    c.a.overlapped.hEvent = conf_event();
    acceptnotify__break(&c);
    CHECK(!GetOverlappedResult((HANDLE) c.a.listener, &c.a.overlapped, &bytes, TRUE));
    CHECK_EQ(GetLastError(), ERROR_NETNAME_DELETED);
    acceptnotify__check_broken(&c);
}

/* They come one after the other, and then comes one that is well. */
CONF_TEST(acceptnotify_broken_next) {
    struct acceptnotify__case c;
    OVERLAPPED* got;
    DWORD error, bytes;
    HANDLE port;
    int i;

    acceptnotify__open(&c, ACCEPTNOTIFY__EMPTY);
    port = conf_port(c.a.listener);
    for (i = 0; i < 50; i++) {
        conf_acceptance_start(&c.a);
        conf_acceptance_connect(&c.a);
        conf_reset(c.a.client);
        CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
        CHECK(error == 0 || error == ERROR_NETNAME_DELETED);
        closesocket(c.a.acceptor);
        c.a.acceptor = conf_tcp(AF_INET);
        memset(&c.a.overlapped, 0, sizeof c.a.overlapped);
    }
    conf_acceptance_start(&c.a);
    conf_acceptance_connect(&c.a);
    conf_packet(port, &c.a.overlapped, 0, 0);
    conf_acceptance_update(&c.a);
    conf_exchange(c.a.client, c.a.acceptor);
}

static void acceptnotify__check_foreign(struct acceptnotify__case* c, HANDLE port, SOCKET other,
                                        ULONG_PTR key) {
    const DWORD broken = 0xC0000140; /* STATUS_INVALID_CONNECTION */
    LONG(WINAPI * post)
    (HANDLE, ULONG_PTR, void*, LONG, ULONG_PTR) =
        (LONG(WINAPI*)(HANDLE, ULONG_PTR, void*, LONG, ULONG_PTR))(void*) GetProcAddress(
            GetModuleHandleW(L"ntdll.dll"), "NtSetIoCompletion");
    OVERLAPPED* got;
    ULONG_PTR got_key;
    DWORD bytes;

    c->a.overlapped.Internal = broken;
    CHECK_EQ(conf_wait(other, &c->a.overlapped, &bytes), WSAENOTCONN);
    CHECK(!GetOverlappedResult((HANDLE) other, &c->a.overlapped, &bytes, FALSE));
    CHECK_EQ(GetLastError(), ERROR_UNEXP_NET_ERR);
    CHECK_EQ(post(port, key, &c->a.overlapped, (LONG) broken, 0), 0);
    CHECK(!GetQueuedCompletionStatus(port, &bytes, &got_key, &got, CONF__LIMIT));
    CHECK_EQ(GetLastError(), ERROR_UNEXP_NET_ERR);
    CHECK_EQ((DWORD) c->a.overlapped.Internal, broken);
}

/* The OVERLAPPED of an AcceptEx that has ended may be used for something else, whose end is its
 * own: with another socket, or when the listener is closed and its handle's value another's. */
CONF_TEST(acceptnotify_broken_otherwise) {
    struct acceptnotify__case c;
    SOCKET other;
    HANDLE port;

    acceptnotify__open(&c, ACCEPTNOTIFY__CANCELLED);
    port = conf_port(c.a.listener);
    acceptnotify__start(&c);
    conf_packet(port, &c.a.overlapped, ERROR_OPERATION_ABORTED, 0);
    other = conf_tcp(AF_INET);
    acceptnotify__check_foreign(&c, port, other, CONF__KEY + 1);
    closesocket(other);
    closesocket(c.a.listener);
    other = conf_tcp(AF_INET);
    CHECK(CreateIoCompletionPort((HANDLE) other, port, CONF__KEY, 0) == port);
    acceptnotify__check_foreign(&c, port, other, CONF__KEY);
}
