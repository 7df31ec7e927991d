/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#define NOTIFY__PAYLOAD (64 * 1024)

enum notify__outcome { NOTIFY__EMPTY, NOTIFY__PAYLOADED, NOTIFY__REFUSED, NOTIFY__CANCELLED };

struct notify__case {
    SOCKET client;
    SOCKET peer;
    struct conf_silent silent;
    struct conf_target target;
    OVERLAPPED overlapped;
    enum notify__outcome outcome;
    void* buffer;
    DWORD length;
    DWORD packet_error;
    DWORD socket_error;
    DWORD status;
};

static void notify__open(struct notify__case* c, enum notify__outcome outcome) {
    memset(c, 0, sizeof *c);
    c->outcome = outcome;
    c->client = conf_client(AF_INET);
    switch (outcome) {
        case NOTIFY__PAYLOADED:
            c->length = NOTIFY__PAYLOAD;
            c->buffer = conf_pages(NOTIFY__PAYLOAD);
            c->peer = conf_listen(AF_INET, 5, &c->target);
            break;
        case NOTIFY__EMPTY:
            c->peer = conf_listen(AF_INET, 5, &c->target);
            break;
        case NOTIFY__REFUSED:
            c->peer = conf_refuse(AF_INET, &c->target);
            c->packet_error = ERROR_CONNECTION_REFUSED;
            c->socket_error = WSAECONNREFUSED;
            c->status = CONF__STATUS_REFUSED;
            break;
        case NOTIFY__CANCELLED:
            conf_silent_fill(&c->silent, AF_INET);
            c->target = c->silent.target;
            c->packet_error = ERROR_OPERATION_ABORTED;
            c->socket_error = WSA_OPERATION_ABORTED;
            c->status = CONF__STATUS_CANCELLED;
            break;
    }
}

static void notify__cancel(struct notify__case* c) {
    if (c->outcome == NOTIFY__CANCELLED)
        CHECK(conf_cancel((HANDLE) c->client, &c->overlapped));
}

static void notify__start(struct notify__case* c) {
    conf_start(c->client, &c->target, c->buffer, c->length, &c->overlapped);
    notify__cancel(c);
}

static void notify__check_block(struct notify__case* c) {
    DWORD bytes = 1;

    CHECK_EQ((DWORD) c->overlapped.Internal, c->status);
    CHECK_EQ(c->overlapped.InternalHigh, c->length);
    CHECK_EQ(conf_wait(c->client, &c->overlapped, &bytes), c->socket_error);
    CHECK_EQ(bytes, c->length);
}

static void notify__event(enum notify__outcome outcome) {
    struct notify__case c;

    notify__open(&c, outcome);
    c.overlapped.hEvent = conf_event();
    notify__start(&c);
    CHECK_EQ(WaitForSingleObject(c.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    notify__check_block(&c);
}

/* Signalled twice it would let a second waiter through. */
static void notify__event_auto(enum notify__outcome outcome) {
    struct notify__case c;

    notify__open(&c, outcome);
    c.overlapped.hEvent = CreateEventW(NULL, FALSE, FALSE, NULL);
    notify__start(&c);
    CHECK_EQ(WaitForSingleObject(c.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ((DWORD) c.overlapped.Internal, c.status);
    CHECK_EQ(WaitForSingleObject(c.overlapped.hEvent, CONF__QUIET), WAIT_TIMEOUT);
}

static void notify__port(enum notify__outcome outcome) {
    struct notify__case c;
    HANDLE port;

    notify__open(&c, outcome);
    port = conf_port(c.client);
    notify__start(&c);
    conf_packet(port, &c.overlapped, c.packet_error, c.length);
    notify__check_block(&c);
    conf_quiet(port);
    closesocket(c.client);
    conf_quiet(port);
}

static void notify__port_ex(enum notify__outcome outcome) {
    struct notify__case c;
    OVERLAPPED_ENTRY entries[4];
    ULONG count = 0;
    HANDLE port;

    notify__open(&c, outcome);
    port = conf_port(c.client);
    notify__start(&c);
    memset(entries, 0, sizeof entries);
    CHECK(conf_dequeue_many(port, entries, 4, &count, CONF__LIMIT));
    CHECK_EQ(count, 1);
    CHECK_EQ(entries[0].lpCompletionKey, CONF__KEY);
    CHECK(entries[0].lpOverlapped == &c.overlapped);
    CHECK_EQ(entries[0].dwNumberOfBytesTransferred, c.length);
    notify__check_block(&c);
    CHECK(!conf_dequeue_many(port, entries, 4, &count, CONF__QUIET));
}

static void notify__both(enum notify__outcome outcome) {
    struct notify__case c;
    HANDLE port;

    notify__open(&c, outcome);
    port = conf_port(c.client);
    c.overlapped.hEvent = conf_event();
    notify__start(&c);
    CHECK_EQ(WaitForSingleObject(c.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    conf_packet(port, &c.overlapped, c.packet_error, c.length);
    notify__check_block(&c);
    conf_quiet(port);
}

static void notify__low_bit(enum notify__outcome outcome) {
    struct notify__case c;
    HANDLE event = conf_event();
    HANDLE port;

    notify__open(&c, outcome);
    port = conf_port(c.client);
    c.overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    notify__start(&c);
    CHECK_EQ(WaitForSingleObject(event, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ((DWORD) c.overlapped.Internal, c.status);
    CHECK_EQ(c.overlapped.InternalHigh, c.length);
    conf_quiet(port);
    closesocket(c.client);
    conf_quiet(port);
}

static void notify__socket_wait(enum notify__outcome outcome) {
    struct notify__case c;

    notify__open(&c, outcome);
    c.overlapped.hEvent = conf_event();
    notify__start(&c);
    conf_wait(c.client, &c.overlapped, NULL);
    notify__check_block(&c);
}

static void notify__socket_poll(enum notify__outcome outcome) {
    struct notify__case c;
    DWORD bytes = 0;
    DWORD flags;
    BOOL done;

    notify__open(&c, outcome);
    notify__start(&c);
    while (!(done = WSAGetOverlappedResult(c.client, &c.overlapped, &bytes, FALSE, &flags)) &&
           WSAGetLastError() == WSA_IO_INCOMPLETE)
        Sleep(1);
    if (!done)
        CHECK_EQ(WSAGetLastError(), c.socket_error);
    else
        CHECK_EQ(c.socket_error, 0);
    CHECK_EQ((DWORD) c.overlapped.Internal, c.status);
    CHECK_EQ(c.overlapped.InternalHigh, c.length);
}

static void notify__file_result(enum notify__outcome outcome, BOOL wait, HANDLE event) {
    struct notify__case c;
    DWORD bytes = 0;
    BOOL done;

    notify__open(&c, outcome);
    c.overlapped.hEvent = event;
    notify__start(&c);
    while (!(done = GetOverlappedResult((HANDLE) c.client, &c.overlapped, &bytes, wait)) && !wait &&
           GetLastError() == ERROR_IO_INCOMPLETE)
        Sleep(1);
    if (!done)
        CHECK_EQ(GetLastError(), c.packet_error);
    else
        CHECK_EQ(c.packet_error, 0);
    CHECK_EQ((DWORD) c.overlapped.Internal, c.status);
    CHECK_EQ(c.overlapped.InternalHigh, c.length);
}

static void notify__file_wait(enum notify__outcome outcome) {
    notify__file_result(outcome, TRUE, conf_event());
}

static void notify__file_poll(enum notify__outcome outcome) {
    notify__file_result(outcome, FALSE, NULL);
}

/* In this mode a call that is done at once brings no packet, and one that is pending does. */
static void notify__skip(enum notify__outcome outcome) {
    struct notify__case c;
    HANDLE port;

    notify__open(&c, outcome);
    port = conf_port(c.client);
    CHECK(conf_set_modes((HANDLE) c.client, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    if (conf_call(c.client, &c.target, c.buffer, c.length, &c.overlapped)) {
        CHECK_EQ(c.packet_error, 0);
    } else {
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        notify__cancel(&c);
        conf_packet(port, &c.overlapped, c.packet_error, c.length);
    }
    notify__check_block(&c);
    conf_quiet(port);
}

#define NOTIFY__EACH(kind) \
    CONF_TEST(notify_##kind##_empty) { \
        notify__##kind(NOTIFY__EMPTY); \
    } \
    CONF_TEST(notify_##kind##_payload) { \
        notify__##kind(NOTIFY__PAYLOADED); \
    } \
    CONF_TEST(notify_##kind##_refused) { \
        notify__##kind(NOTIFY__REFUSED); \
    } \
    CONF_TEST(notify_##kind##_cancelled) { \
        notify__##kind(NOTIFY__CANCELLED); \
    }

NOTIFY__EACH(event)
NOTIFY__EACH(event_auto)
NOTIFY__EACH(port)
NOTIFY__EACH(port_ex)
NOTIFY__EACH(both)
NOTIFY__EACH(low_bit)
NOTIFY__EACH(socket_wait)
NOTIFY__EACH(socket_poll)
NOTIFY__EACH(file_wait)
NOTIFY__EACH(file_poll)
NOTIFY__EACH(skip)

static void notify__check_result(SOCKET s, OVERLAPPED* overlapped, int error) {
    DWORD bytes, flags;

    WSASetLastError(0);
    CHECK(!WSAGetOverlappedResult(s, overlapped, &bytes, FALSE, &flags));
    CHECK_EQ(WSAGetLastError(), error);
}

/* What becomes of an operation that only the host has to do with is told with an error, too. */
CONF_TEST(notify_result_errors) {
    struct conf_pair pair = conf_pair(AF_INET);
    OVERLAPPED overlapped = {0};
    char byte;
    WSABUF buffer = {1, &byte};
    DWORD bytes, flags = 0;

    overlapped.hEvent = conf_event();
    CHECK_EQ(WSARecv(pair.client, &buffer, 1, &bytes, &flags, &overlapped, NULL), SOCKET_ERROR);
    CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
    notify__check_result(pair.client, &overlapped, WSA_IO_INCOMPLETE);
    CHECK(CancelIo((HANDLE) pair.client));
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    notify__check_result(pair.client, &overlapped, WSA_OPERATION_ABORTED);
}

static void notify__pending(const void* payload, DWORD length) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    OVERLAPPED overlapped = {0};
    DWORD bytes;
    DWORD flags;

    conf_silent_fill(&silent, AF_INET);
    overlapped.hEvent = conf_event();
    SetEvent(overlapped.hEvent);
    conf_start(client, &silent.target, payload, length, &overlapped);
    CHECK_EQ(overlapped.Internal, CONF__STATUS_PENDING);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__QUIET), WAIT_TIMEOUT);
    CHECK(!HasOverlappedIoCompleted(&overlapped));
    CHECK(!WSAGetOverlappedResult(client, &overlapped, &bytes, FALSE, &flags));
    CHECK_EQ(WSAGetLastError(), WSA_IO_INCOMPLETE);
    CHECK(!GetOverlappedResult((HANDLE) client, &overlapped, &bytes, FALSE));
    CHECK_EQ(GetLastError(), ERROR_IO_INCOMPLETE);
}

CONF_TEST(notify_pending) {
    notify__pending(NULL, 0);
}

CONF_TEST(notify_pending_payload) {
    notify__pending("data", 4);
}
