/* SPDX-License-Identifier: MIT */

/* The event of an operation that is pending is the one that its handle meant when the operation was
 * issued. A program may close that handle, and where the value comes back for another event, that
 * one has nothing to do with the operation. */

#include "optest.h"
#include "riotest.h"

#define EVENTS__AT_ONCE 4
#define EVENTS__TURNS 3
#define EVENTS__LATE 30 /* In milliseconds, that an event may be late. */

/* Longer than what is still pending at the end of a test. */
static struct optest events__places[EVENTS__TURNS][EVENTS__AT_ONCE];

/* Handles that go missing do so with each operation. A worker that is still busy with what was
 * cancelled is replaced by another one, which has some, too. */
static void events__check_handles(int before) {
    int allowed = EVENTS__AT_ONCE * (EVENTS__TURNS - 1);
    int i;

    for (i = 0; i < 100 && conf_handles() >= before + allowed; i++)
        Sleep(20);
    if (conf_handles() >= before + allowed)
        conf_fail(__FILE__, __LINE__, "%d handles more after %d operations",
                  conf_handles() - before, allowed);
}

/* Returns how many of the operations had an event whose handle's value came back. */
static int events__turn(struct optest* os, enum optest_what what, enum optest_ending ending) {
    HANDLE others[EVENTS__AT_ONCE];
    int i, tried = 0, hit = 0;

    optest_prepare(what);
    for (i = 0; i < EVENTS__AT_ONCE; i++)
        optest_open(&os[i], what);
    for (i = 0; i < EVENTS__AT_ONCE; i++)
        os[i].overlapped.hEvent = conf_event();
    if (ending == OPTEST_EXIT)
        optest_issue_in_thread(os, EVENTS__AT_ONCE);
    for (i = 0; i < EVENTS__AT_ONCE && ending != OPTEST_EXIT; i++)
        optest_start(&os[i]);
    for (i = 0; i < EVENTS__AT_ONCE; i++) {
        CHECK(CloseHandle(os[i].overlapped.hEvent));
        others[i] = conf_event_at(os[i].overlapped.hEvent);
    }
    optest_end(os, EVENTS__AT_ONCE, ending);
    for (i = 0; i < EVENTS__AT_ONCE; i++)
        optest_wait(&os[i]);
    Sleep(EVENTS__LATE);
    for (i = 0; i < EVENTS__AT_ONCE; i++) {
        tried += others[i] != NULL;
        hit += others[i] != NULL && WaitForSingleObject(others[i], 0) == WAIT_OBJECT_0;
        if (others[i] != NULL)
            CloseHandle(others[i]);
        optest_close(&os[i]);
    }
    optest_finish();
    if (hit > 0)
        conf_fail(__FILE__, __LINE__, "%d of %d other events are signalled", hit, tried);
    return tried;
}

static void events__each(enum optest_what what, enum optest_ending ending) {
    int turn, before = 0, tried = 0;

    for (turn = 0; turn < EVENTS__TURNS; turn++) {
        if (turn == 1)
            before = conf_handles();
        tried += events__turn(events__places[turn], what, ending);
    }
    events__check_handles(before);
    if (tried == 0)
        conf_skip("the system did not give the handle values again");
}

#define EVENTS__TEST(topic, name, what, ending) \
    CONF_TEST(topic##_##name) { \
        events__each(what, ending); \
    }

EVENTS__TEST(events, file_cancel, OPTEST_FILE, OPTEST_CANCEL)
EVENTS__TEST(events, file_close, OPTEST_FILE, OPTEST_CLOSE)
EVENTS__TEST(events, file_exit, OPTEST_FILE, OPTEST_EXIT)
EVENTS__TEST(events, file_read, OPTEST_FILE, OPTEST_READ)
EVENTS__TEST(events, file_reset, OPTEST_FILE, OPTEST_RESET)
EVENTS__TEST(events, packets_cancel, OPTEST_PACKETS, OPTEST_CANCEL)
EVENTS__TEST(events, packets_close, OPTEST_PACKETS, OPTEST_CLOSE)
EVENTS__TEST(events, packets_exit, OPTEST_PACKETS, OPTEST_EXIT)
EVENTS__TEST(events, packets_read, OPTEST_PACKETS, OPTEST_READ)
EVENTS__TEST(events, packets_reset, OPTEST_PACKETS, OPTEST_RESET)
EVENTS__TEST(events, disconnect_cancel, OPTEST_DISCONNECT, OPTEST_CANCEL)
EVENTS__TEST(events, disconnect_close, OPTEST_DISCONNECT, OPTEST_CLOSE)
EVENTS__TEST(events, disconnect_exit, OPTEST_DISCONNECT, OPTEST_EXIT)
EVENTS__TEST(events, disconnect_read, OPTEST_DISCONNECT, OPTEST_READ)
EVENTS__TEST(events, accept_cancel, OPTEST_ACCEPT, OPTEST_CANCEL)
EVENTS__TEST(events, accept_close, OPTEST_ACCEPT, OPTEST_CLOSE)
EVENTS__TEST(events, accept_answer, OPTEST_ACCEPT, OPTEST_ANSWER)

EVENTS__TEST(connectevents, empty_cancel, OPTEST_CONNECT, OPTEST_CANCEL)
EVENTS__TEST(connectevents, empty_close, OPTEST_CONNECT, OPTEST_CLOSE)
EVENTS__TEST(connectevents, empty_exit, OPTEST_CONNECT, OPTEST_EXIT)
EVENTS__TEST(connectevents, empty_refuse, OPTEST_CONNECT, OPTEST_REFUSE)
EVENTS__TEST(connectevents, empty_answer, OPTEST_CONNECT, OPTEST_ANSWER)
EVENTS__TEST(connectevents, payload_cancel, OPTEST_PAYLOAD, OPTEST_CANCEL)
EVENTS__TEST(connectevents, payload_close, OPTEST_PAYLOAD, OPTEST_CLOSE)
EVENTS__TEST(connectevents, payload_exit, OPTEST_PAYLOAD, OPTEST_EXIT)
EVENTS__TEST(connectevents, payload_refuse, OPTEST_PAYLOAD, OPTEST_REFUSE)
EVENTS__TEST(connectevents, payload_answer, OPTEST_PAYLOAD, OPTEST_ANSWER)
EVENTS__TEST(connectevents, sending_cancel, OPTEST_SENDING, OPTEST_CANCEL)
EVENTS__TEST(connectevents, sending_close, OPTEST_SENDING, OPTEST_CLOSE)
EVENTS__TEST(connectevents, sending_exit, OPTEST_SENDING, OPTEST_EXIT)
EVENTS__TEST(connectevents, sending_read, OPTEST_SENDING, OPTEST_READ)
EVENTS__TEST(connectevents, sending_reset, OPTEST_SENDING, OPTEST_RESET)

/* A peer that refuses at once leaves no time, so most of many tries must do. */
CONF_TEST(connectevents_refused_at_once) {
    enum { ROUNDS = 40 };
    static OVERLAPPED overlappeds[ROUNDS];
    struct conf_target target;
    SOCKET refusing = conf_refuse(AF_INET, &target);
    int i, tried = 0, hit = 0;

    for (i = 0; i < ROUNDS; i++) {
        SOCKET client = conf_client(AF_INET);
        LPFN_CONNECTEX connect_ex = conf_pointer(client);
        HANDLE event = conf_event(), other = NULL;
        BOOL in_time;

        overlappeds[i].hEvent = event;
        CHECK_EQ(connect_ex(client, (struct sockaddr*) &target.name, target.length, "data", 4, NULL,
                            &overlappeds[i]),
                 FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        CloseHandle(event);
        other = conf_event_at(event);
        in_time = other != NULL;
        while (overlappeds[i].Internal == CONF__STATUS_PENDING)
            Sleep(1);
        Sleep(2);
        CHECK_EQ((DWORD) overlappeds[i].Internal, CONF__STATUS_REFUSED);
        tried += in_time;
        hit += in_time && WaitForSingleObject(other, 0) == WAIT_OBJECT_0;
        if (other != NULL)
            CloseHandle(other);
        closesocket(client);
    }
    closesocket(refusing);
    if (hit > 0)
        conf_fail(__FILE__, __LINE__, "%d of %d other events are signalled", hit, tried);
}

/* What tells of registered I/O is an event of its own, for as long as the queue is there. */
static void events__rio(BOOL is_receive) {
    HANDLE event = conf_event(), other;
    RIO_NOTIFICATION_COMPLETION notification;
    struct riotest test;

    memset(&notification, 0, sizeof notification);
    notification.Type = RIO_EVENT_COMPLETION;
    notification.Event.EventHandle = event;
    riotest_open_notifying(&test, AF_INET, SOCK_STREAM, &notification);
    CHECK(CloseHandle(event));
    other = conf_event_at(event);
    if (other == NULL)
        conf_skip("the system did not give the handle value again");
    CHECK_EQ(rio.RIONotify(test.completions), 0);
    if (is_receive) {
        riotest_receive(&test, 0, 0, 1, 0, 1);
        CHECK_EQ(send(test.sockets[1], "x", 1, 0), 1);
    } else {
        riotest_send(&test, 0, 0, 1, 0, 1);
    }
    riotest_result(&test, 0, 1, 0, 1);
    Sleep(EVENTS__LATE);
    CHECK_EQ(WaitForSingleObject(other, 0), WAIT_TIMEOUT);
    riotest_close(&test);
}

CONF_TEST(events_rio_send) {
    events__rio(FALSE);
}

CONF_TEST(events_rio_receive) {
    events__rio(TRUE);
}
