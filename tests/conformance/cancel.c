/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#define CANCEL__PROMPT 1000
#define CANCEL__LARGE (64u << 20)

/* Where an operation is when it is ended. */
enum cancel__phase { CANCEL__CONNECTING, CANCEL__CONNECTING_PAYLOAD, CANCEL__SENDING };

struct cancel__case {
    SOCKET client;
    SOCKET server;
    HANDLE port;
    enum cancel__phase phase;
    struct conf_silent silent;
    struct conf_target target;
    void* buffer;
    DWORD length;
    OVERLAPPED overlapped;
};

static void cancel__open(struct cancel__case* c, enum cancel__phase phase, BOOL with_port) {
    memset(c, 0, sizeof *c);
    c->phase = phase;
    c->client = conf_client(AF_INET);
    c->port = with_port ? conf_port(c->client) : NULL;
    c->overlapped.hEvent = with_port ? NULL : conf_event();
    if (phase == CANCEL__SENDING) {
        c->silent.listener = conf_listen(AF_INET, 5, &c->target);
        c->length = CANCEL__LARGE;
        c->buffer = conf_pages(CANCEL__LARGE);
        return;
    }
    conf_silent_fill(&c->silent, AF_INET);
    c->target = c->silent.target;
    if (phase == CANCEL__CONNECTING_PAYLOAD) {
        c->buffer = "data";
        c->length = 4;
    }
}

/* The peer accepts and reads nothing, so that what it and the system buffer is soon full. */
static void cancel__settle(struct cancel__case* c) {
    if (c->phase == CANCEL__SENDING)
        c->server = conf_accept(c->silent.listener);
    Sleep(100);
    CHECK_EQ(c->overlapped.Internal, CONF__STATUS_PENDING);
}

static void cancel__start(struct cancel__case* c) {
    conf_start(c->client, &c->target, c->buffer, c->length, &c->overlapped);
    cancel__settle(c);
}

/* How much of a payload had left is the system's affair. */
static void cancel__aborted(struct cancel__case* c) {
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;

    if (c->port == NULL) {
        CHECK_EQ(WaitForSingleObject(c->overlapped.hEvent, CANCEL__PROMPT), WAIT_OBJECT_0);
    } else {
        if (!conf_dequeue(c->port, CANCEL__PROMPT, &got, &error, &bytes))
            conf_fail(__FILE__, __LINE__, "no packet after %d ms", CANCEL__PROMPT);
        CHECK(got == &c->overlapped);
        CHECK_EQ(error, ERROR_OPERATION_ABORTED);
        if (c->phase != CANCEL__SENDING)
            CHECK_EQ(bytes, 0);
        conf_quiet(c->port);
    }
    CHECK_EQ((DWORD) c->overlapped.Internal, CONF__STATUS_CANCELLED);
}

static void cancel__exact(enum cancel__phase phase) {
    struct cancel__case c;

    cancel__open(&c, phase, TRUE);
    cancel__start(&c);
    CHECK(conf_cancel_io_ex((HANDLE) c.client, &c.overlapped));
    cancel__aborted(&c);
    closesocket(c.client);
    conf_quiet(c.port);
}

static void cancel__all(enum cancel__phase phase) {
    struct cancel__case c;

    cancel__open(&c, phase, TRUE);
    cancel__start(&c);
    CHECK(conf_cancel_io_ex((HANDLE) c.client, NULL));
    cancel__aborted(&c);
    closesocket(c.client);
    conf_quiet(c.port);
}

static void cancel__own_thread(enum cancel__phase phase) {
    struct cancel__case c;

    cancel__open(&c, phase, TRUE);
    cancel__start(&c);
    CHECK(CancelIo((HANDLE) c.client));
    cancel__aborted(&c);
}

static DWORD WINAPI cancel__cancel_io(void* parameter) {
    return (DWORD) CancelIo((HANDLE) (SOCKET) parameter);
}

/* CancelIo ends only what its own thread has issued. */
static void cancel__other_thread(enum cancel__phase phase) {
    struct cancel__case c;
    HANDLE thread;
    DWORD result = 0;

    cancel__open(&c, phase, TRUE);
    cancel__start(&c);
    thread = CreateThread(NULL, 0, cancel__cancel_io, (void*) c.client, 0, NULL);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &result));
    CHECK_EQ(result, TRUE);
    conf_quiet(c.port);
    CHECK_EQ(c.overlapped.Internal, CONF__STATUS_PENDING);
    CHECK(conf_cancel((HANDLE) c.client, &c.overlapped));
    cancel__aborted(&c);
}

static void cancel__closesocket(enum cancel__phase phase) {
    struct cancel__case c;

    cancel__open(&c, phase, TRUE);
    cancel__start(&c);
    CHECK_EQ(closesocket(c.client), 0);
    cancel__aborted(&c);
}

static void cancel__closesocket_event(enum cancel__phase phase) {
    struct cancel__case c;

    cancel__open(&c, phase, FALSE);
    cancel__start(&c);
    CHECK_EQ(closesocket(c.client), 0);
    cancel__aborted(&c);
}

static void cancel__closehandle(enum cancel__phase phase) {
    struct cancel__case c;

    cancel__open(&c, phase, TRUE);
    cancel__start(&c);
    CHECK(CloseHandle((HANDLE) c.client));
    cancel__aborted(&c);
}

struct cancel__issue {
    struct cancel__case* c;
    BOOL done;
    int error;
};

static DWORD WINAPI cancel__issue(void* parameter) {
    struct cancel__issue* issue = parameter;
    struct cancel__case* c = issue->c;

    issue->done = conf_call(c->client, &c->target, c->buffer, c->length, &c->overlapped);
    issue->error = WSAGetLastError();
    return 0;
}

static void cancel__issue_and_exit(struct cancel__case* c) {
    struct cancel__issue issue = {c, FALSE, 0};
    HANDLE thread = CreateThread(NULL, 0, cancel__issue, &issue, 0, NULL);

    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(issue.done, FALSE);
    CHECK_EQ(issue.error, ERROR_IO_PENDING);
}

static void cancel__thread_exit_event(enum cancel__phase phase) {
    struct cancel__case c;

    cancel__open(&c, phase, FALSE);
    cancel__issue_and_exit(&c);
    cancel__aborted(&c);
}

/* An operation that reports to a port belongs to no thread. */
static void cancel__thread_exit_port(enum cancel__phase phase) {
    struct cancel__case c;

    cancel__open(&c, phase, TRUE);
    cancel__issue_and_exit(&c);
    cancel__settle(&c);
    conf_quiet(c.port);
    closesocket(c.client);
    cancel__aborted(&c);
}

#define CANCEL__EACH(way) \
    CONF_TEST(cancel_##way##_connecting) { \
        cancel__##way(CANCEL__CONNECTING); \
    } \
    CONF_TEST(cancel_##way##_payload) { \
        cancel__##way(CANCEL__CONNECTING_PAYLOAD); \
    } \
    CONF_TEST(cancel_##way##_sending) { \
        cancel__##way(CANCEL__SENDING); \
    }

CANCEL__EACH(exact)
CANCEL__EACH(all)
CANCEL__EACH(own_thread)
CANCEL__EACH(other_thread)
CANCEL__EACH(closesocket)
CANCEL__EACH(closesocket_event)
CANCEL__EACH(closehandle)
CANCEL__EACH(thread_exit_event)
CANCEL__EACH(thread_exit_port)

/* Only for one OVERLAPPED: whether a socket has nothing at all to cancel is the host's answer. */
static void cancel__not_found(SOCKET client, OVERLAPPED* overlapped) {
    SetLastError(0);
    CHECK_EQ(conf_cancel_io_ex((HANDLE) client, overlapped), FALSE);
    CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
}

static void cancel__unknown(enum cancel__phase phase) {
    struct cancel__case c;
    OVERLAPPED other = {0};

    cancel__open(&c, phase, TRUE);
    cancel__start(&c);
    cancel__not_found(c.client, &other);
    conf_quiet(c.port);
    CHECK_EQ(c.overlapped.Internal, CONF__STATUS_PENDING);
    closesocket(c.client);
    cancel__aborted(&c);
}

CANCEL__EACH(unknown)

/* Once an operation is over its OVERLAPPED is like any other memory. */
static void cancel__over(enum cancel__phase phase) {
    struct cancel__case c;

    cancel__open(&c, phase, TRUE);
    cancel__start(&c);
    CHECK(conf_cancel((HANDLE) c.client, &c.overlapped));
    cancel__aborted(&c);
    cancel__not_found(c.client, &c.overlapped);
    CHECK(CancelIo((HANDLE) c.client));
    conf_quiet(c.port);
}

CANCEL__EACH(over)

static void cancel__after_success(const void* payload, DWORD length) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};

    conf_start(client, &target, payload, length, &overlapped);
    conf_packet(port, &overlapped, 0, length);
    cancel__not_found(client, &overlapped);
    conf_quiet(port);
    conf_update(client);
    closesocket(listener);
}

CONF_TEST(cancel_after_success) {
    cancel__after_success(NULL, 0);
}

CONF_TEST(cancel_after_success_payload) {
    cancel__after_success("data", 4);
}

CONF_TEST(cancel_idle_socket) {
    OVERLAPPED overlapped = {0};
    SOCKET client = conf_client(AF_INET);

    cancel__not_found(client, &overlapped);
    CHECK(CancelIo((HANDLE) client));
}

/* The connection and the cancel run against each other; one of them wins, and tells once. */
static void cancel__race(const void* payload, DWORD length) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 200, &target);
    int round;

    for (round = 0; round < 100; round++) {
        SOCKET client = conf_client(AF_INET);
        HANDLE port = conf_port(client);
        OVERLAPPED overlapped = {0};
        OVERLAPPED* got;
        DWORD error;
        DWORD bytes;

        conf_start(client, &target, payload, length, &overlapped);
        if (!conf_cancel((HANDLE) client, &overlapped))
            CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
        CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
        CHECK(got == &overlapped);
        if (error != 0)
            CHECK_EQ(error, ERROR_OPERATION_ABORTED);
        else
            CHECK_EQ(bytes, length);
        closesocket(client);
        CHECK(!conf_dequeue(port, 1, &got, &error, &bytes));
        CloseHandle(port);
    }
    closesocket(listener);
}

CONF_TEST(cancel_race) {
    cancel__race(NULL, 0);
}

CONF_TEST(cancel_race_payload) {
    cancel__race("data", 4);
}

static void cancel__leave_pending(void) {
    static struct cancel__case cases[3];

    cancel__open(&cases[0], CANCEL__CONNECTING, TRUE);
    cancel__open(&cases[1], CANCEL__CONNECTING_PAYLOAD, TRUE);
    cancel__open(&cases[2], CANCEL__SENDING, TRUE);
    cancel__start(&cases[0]);
    cancel__start(&cases[1]);
    cancel__start(&cases[2]);
}

/* The process ends with all of them pending; that it does is watched by whoever runs the test,
 * as the watchdog dies first. */
CONF_TEST(cancel_process_return) {
    cancel__leave_pending();
}

CONF_TEST(cancel_process_exit) {
    cancel__leave_pending();
    ExitProcess(0);
}

CONF_TEST(cancel_process_terminate) {
    cancel__leave_pending();
    TerminateProcess(GetCurrentProcess(), 0);
}

CONF_TEST(cancel_process_cleanup) {
    cancel__leave_pending();
    CHECK_EQ(WSACleanup(), 0);
}
