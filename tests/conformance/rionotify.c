/* SPDX-License-Identifier: MIT */
#include "riotest.h"

#define RIONOTIFY__KEY ((void*) 0x1234)

static RIO_NOTIFICATION_COMPLETION notify__event(HANDLE event, BOOL reset) {
    RIO_NOTIFICATION_COMPLETION notification = {0};

    notification.Type = RIO_EVENT_COMPLETION;
    notification.Event.EventHandle = event;
    notification.Event.NotifyReset = reset;
    return notification;
}

static RIO_NOTIFICATION_COMPLETION notify__port(HANDLE port, OVERLAPPED* overlapped) {
    RIO_NOTIFICATION_COMPLETION notification = {0};

    notification.Type = RIO_IOCP_COMPLETION;
    notification.Iocp.IocpHandle = port;
    notification.Iocp.CompletionKey = RIONOTIFY__KEY;
    notification.Iocp.Overlapped = overlapped;
    return notification;
}

static void notify__open_event(struct riotest* test, HANDLE event, BOOL reset) {
    RIO_NOTIFICATION_COMPLETION notification = notify__event(event, reset);

    riotest_open_notifying(test, AF_INET, SOCK_STREAM, &notification);
}

static BOOL notify__is_set(HANDLE event, DWORD limit) {
    return WaitForSingleObject(event, limit) == WAIT_OBJECT_0;
}

CONF_TEST(rionotify_polled_only) {
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    CHECK_EQ(rio.RIONotify(test.completions), WSAEINVAL);
}

/* Nobody is told who has not asked. */
CONF_TEST(rionotify_not_asked) {
    HANDLE event = conf_event();
    struct riotest test;

    notify__open_event(&test, event, FALSE);
    riotest_send(&test, 0, 0, 1, 0, 1);
    riotest_result(&test, 0, 1, 0, 1);
    CHECK(!notify__is_set(event, CONF__QUIET));
}

CONF_TEST(rionotify_event) {
    HANDLE event = conf_event();
    struct riotest test;

    notify__open_event(&test, event, FALSE);
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    CHECK_EQ(rio.RIONotify(test.completions), WSAEALREADY);
    CHECK(!notify__is_set(event, CONF__QUIET));
    riotest_send(&test, 0, 0, 1, 0, 1);
    CHECK(notify__is_set(event, CONF__LIMIT));
    riotest_result(&test, 0, 1, 0, 1);

    /* Without NotifyReset the program resets it, and is told only once. */
    CHECK(ResetEvent(event));
    riotest_send(&test, 0, 0, 1, 0, 2);
    riotest_result(&test, 0, 2, 0, 1);
    CHECK(!notify__is_set(event, CONF__QUIET));
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    CHECK(!notify__is_set(event, CONF__QUIET));
    riotest_send(&test, 0, 0, 1, 0, 3);
    CHECK(notify__is_set(event, CONF__LIMIT));
}

CONF_TEST(rionotify_event_reset) {
    HANDLE event = conf_event();
    struct riotest test;
    ULONG_PTR i;

    notify__open_event(&test, event, TRUE);
    for (i = 1; i <= 3; i++) {
        CHECK_EQ(rio.RIONotify(test.completions), 0);
        CHECK(!notify__is_set(event, 0));
        CHECK_EQ(rio.RIONotify(test.completions), WSAEALREADY);
        riotest_send(&test, 0, 0, 1, 0, i);
        CHECK(notify__is_set(event, CONF__LIMIT));
        riotest_result(&test, 0, i, 0, 1);
    }
}

CONF_TEST(rionotify_event_not_reset) {
    HANDLE event = conf_event();
    struct riotest test;

    notify__open_event(&test, event, FALSE);
    CHECK(SetEvent(event));
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    CHECK(notify__is_set(event, 0));
}

/* What is there already counts. */
CONF_TEST(rionotify_event_filled) {
    HANDLE event = conf_event();
    struct riotest test;

    notify__open_event(&test, event, TRUE);
    riotest_send(&test, 0, 0, 1, 0, 1);
    riotest_send(&test, 0, 0, 1, 0, 2);
    Sleep(CONF__QUIET);
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    CHECK(notify__is_set(event, CONF__LIMIT));
    riotest_result(&test, 0, 1, 0, 1);
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    CHECK(notify__is_set(event, CONF__LIMIT));
    riotest_result(&test, 0, 2, 0, 1);
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    CHECK(!notify__is_set(event, CONF__QUIET));
}

CONF_TEST(rionotify_event_auto) {
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    struct riotest test;
    ULONG_PTR i;

    notify__open_event(&test, event, FALSE);
    for (i = 1; i <= 20; i++) {
        CHECK_EQ(rio.RIONotify(test.completions), 0);
        riotest_send(&test, 0, 0, 1, 0, i);
        CHECK(notify__is_set(event, CONF__LIMIT));
        riotest_result(&test, 0, i, 0, 1);
    }
}

/* The program's handle may go before the queue. */
CONF_TEST(rionotify_event_handle_closed) {
    HANDLE event = conf_event(), other = NULL;
    struct riotest test;

    CHECK(DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &other, 0, FALSE,
                          DUPLICATE_SAME_ACCESS));
    notify__open_event(&test, event, FALSE);
    CHECK(CloseHandle(event));
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    riotest_send(&test, 0, 0, 1, 0, 1);
    CHECK(notify__is_set(other, CONF__LIMIT));
}

CONF_TEST(rionotify_dont_notify) {
    HANDLE event = conf_event();
    struct riotest test;

    notify__open_event(&test, event, TRUE);
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    riotest_send(&test, 0, 0, 1, RIO_MSG_DONT_NOTIFY, 1);
    CHECK(!notify__is_set(event, CONF__QUIET));
    riotest_send(&test, 0, 0, 1, 0, 2);
    CHECK(notify__is_set(event, CONF__LIMIT));
    riotest_result(&test, 0, 1, 0, 1);
    riotest_result(&test, 0, 2, 0, 1);

    /* A queue with nothing else in it counts as empty. */
    riotest_send(&test, 0, 0, 1, RIO_MSG_DONT_NOTIFY, 3);
    Sleep(CONF__QUIET);
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    CHECK(!notify__is_set(event, CONF__QUIET));
    riotest_result(&test, 0, 3, 0, 1);
    riotest_receive(&test, 0, 8, 1, 0, 4);
    CHECK_EQ(send(test.sockets[1], "x", 1, 0), 1);
    CHECK(notify__is_set(event, CONF__LIMIT));
    riotest_result(&test, 0, 4, 0, 1);
}

static BOOL notify__packet(HANDLE port, OVERLAPPED* overlapped, DWORD limit) {
    OVERLAPPED* got = NULL;
    ULONG_PTR key = 0;
    DWORD bytes = 1;

    if (!GetQueuedCompletionStatus(port, &bytes, &key, &got, limit)) {
        CHECK(got == NULL);
        return FALSE;
    }
    CHECK_EQ(bytes, 0);
    CHECK_EQ(key, (ULONG_PTR) RIONOTIFY__KEY);
    CHECK(got == overlapped);
    return TRUE;
}

CONF_TEST(rionotify_port) {
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    OVERLAPPED overlapped;
    RIO_NOTIFICATION_COMPLETION notification = notify__port(port, &overlapped);
    struct riotest test;

    memset(&overlapped, 0x5A, sizeof overlapped);
    riotest_open_notifying(&test, AF_INET, SOCK_STREAM, &notification);
    riotest_send(&test, 0, 0, 1, 0, 1);
    CHECK(!notify__packet(port, &overlapped, CONF__QUIET));
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    CHECK(notify__packet(port, &overlapped, CONF__LIMIT));
    riotest_result(&test, 0, 1, 0, 1);
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    CHECK_EQ(rio.RIONotify(test.completions), WSAEALREADY);
    CHECK(!notify__packet(port, &overlapped, CONF__QUIET));
    riotest_send(&test, 0, 0, 1, 0, 2);
    riotest_send(&test, 0, 0, 1, 0, 3);
    CHECK(notify__packet(port, &overlapped, CONF__LIMIT));
    CHECK(!notify__packet(port, &overlapped, CONF__QUIET));
    riotest_result(&test, 0, 2, 0, 1);
    riotest_result(&test, 0, 3, 0, 1);
}

/* The port may be the socket's own, and one port may serve many queues. */
CONF_TEST(rionotify_port_shared) {
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    OVERLAPPED overlapped[2] = {{0}};
    RIO_NOTIFICATION_COMPLETION notification[2] = {notify__port(port, &overlapped[0]),
                                                   notify__port(port, &overlapped[1])};
    struct riotest test[2];
    int i;

    for (i = 0; i < 2; i++) {
        riotest_open_notifying(&test[i], AF_INET, SOCK_STREAM, &notification[i]);
        CHECK(CreateIoCompletionPort((HANDLE) test[i].sockets[0], port, CONF__KEY, 0) == port);
        CHECK_EQ(rio.RIONotify(test[i].completions), 0);
    }
    for (i = 0; i < 2; i++) {
        riotest_send(&test[i], 0, 0, 1, 0, 1);
        CHECK(notify__packet(port, &overlapped[i], CONF__LIMIT));
        riotest_result(&test[i], 0, 1, 0, 1);
    }
    CHECK(!notify__packet(port, NULL, CONF__QUIET));
}

/* Two completion queues of one socket notify each for itself. */
CONF_TEST(rionotify_two_queues) {
    HANDLE events[2] = {conf_event(), conf_event()};
    RIO_NOTIFICATION_COMPLETION notification[2] = {notify__event(events[0], TRUE),
                                                   notify__event(events[1], TRUE)};
    struct riotest_split test;
    RIORESULT result;

    riotest_open_split(&test, notification);
    CHECK_EQ(rio.RIONotify(test.completions[0]), 0);
    CHECK_EQ(rio.RIONotify(test.completions[1]), 0);
    CHECK(rio.RIOReceive(test.queue, &test.part, 1, 0, NULL));
    CHECK(rio.RIOSend(test.queue, &test.part, 1, 0, NULL));
    CHECK(notify__is_set(events[1], CONF__LIMIT));
    CHECK(!notify__is_set(events[0], CONF__QUIET));
    riotest_take(test.completions[1], &result, 1);
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    CHECK(notify__is_set(events[0], CONF__LIMIT));
    riotest_take(test.completions[0], &result, 1);
}

/* A notification that was asked for goes with its queue. */
CONF_TEST(rionotify_closed_armed) {
    HANDLE event = conf_event();
    struct riotest test;

    notify__open_event(&test, event, FALSE);
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    riotest_receive(&test, 0, 0, 1, 0, 1);
    rio.RIOCloseCompletionQueue(test.completions);
    CHECK_EQ(send(test.sockets[1], "x", 1, 0), 1);
    CHECK(!notify__is_set(event, CONF__QUIET));
    CHECK_EQ(rio.RIONotify(test.completions), WSAEINVAL);
}

/* The end of a socket is reported like any other end. */
CONF_TEST(rionotify_socket_closed) {
    HANDLE event = conf_event();
    struct riotest test;

    notify__open_event(&test, event, TRUE);
    riotest_receive(&test, 0, 0, 1, 0, 1);
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    CHECK(!notify__is_set(event, CONF__QUIET));
    closesocket(test.sockets[0]);
    CHECK(notify__is_set(event, CONF__LIMIT));
    riotest_result(&test, 0, 1, WSA_OPERATION_ABORTED, 0);
}
