/* SPDX-License-Identifier: MIT */
#include "riotest.h"

/* Many requests in each style of notification, and use that nobody should make of it. */

#define LOAD__DEPTH 64
#define LOAD__SIZE 256
#define LOAD__REQUESTS 2000
#define LOAD__SOCKETS 100

enum load__style { LOAD__POLL, LOAD__EVENT, LOAD__PORT };

/* An echo server and its client in one thread: end 0 asks, end 1 answers. Each slot of a window is
 * one request at a time, and its place in the memory is its context. */
struct load {
    SOCKET sockets[2];
    RIO_RQ queues[2];
    RIO_CQ completions;
    RIO_BUFFERID buffer;
    char* memory;
    HANDLE handle;
    OVERLAPPED overlapped;
    enum load__style style;
    unsigned asked, answered;
};

/* The context tells what a completion belongs to. */
#define LOAD__CONTEXT(end, is_send, slot) \
    ((void*) (ULONG_PTR) (((end) *2 + (is_send)) * LOAD__DEPTH + (slot)))

static void load__open(struct load* load, int family, int type, enum load__style style) {
    RIO_NOTIFICATION_COMPLETION notification = {0};
    const ULONG size = 4 * LOAD__DEPTH * LOAD__SIZE;
    int i;

    memset(load, 0, sizeof *load);
    riotest_load();
    riotest_connect(family, type, load->sockets);
    load->style = style;
    if (style == LOAD__EVENT) {
        load->handle = conf_event();
        notification.Type = RIO_EVENT_COMPLETION;
        notification.Event.EventHandle = load->handle;
        notification.Event.NotifyReset = TRUE;
    } else {
        load->handle = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
        notification.Type = RIO_IOCP_COMPLETION;
        notification.Iocp.IocpHandle = load->handle;
        notification.Iocp.Overlapped = &load->overlapped;
    }
    load->completions =
        rio.RIOCreateCompletionQueue(4 * LOAD__DEPTH, style == LOAD__POLL ? NULL : &notification);
    CHECK(load->completions != RIO_INVALID_CQ);
    for (i = 0; i < 2; i++) {
        load->queues[i] = rio.RIOCreateRequestQueue(load->sockets[i], LOAD__DEPTH, 1, LOAD__DEPTH,
                                                    1, load->completions, load->completions, NULL);
        CHECK(load->queues[i] != RIO_INVALID_RQ);
    }
    load->memory = conf_pages(size);
    load->buffer = rio.RIORegisterBuffer(load->memory, size);
}

static char* load__place(const struct load* load, int end, int is_send, int slot) {
    return load->memory + ((end * 2 + is_send) * LOAD__DEPTH + slot) * LOAD__SIZE;
}

static RIO_BUF load__part(const struct load* load, int end, int is_send, int slot) {
    RIO_BUF part;

    part.BufferId = load->buffer;
    part.Offset = (ULONG) (load__place(load, end, is_send, slot) - load->memory);
    part.Length = LOAD__SIZE;
    return part;
}

static void load__receive(struct load* load, int end, int slot) {
    RIO_BUF part = load__part(load, end, 0, slot);

    CHECK(rio.RIOReceive(load->queues[end], &part, 1, RIO_MSG_DEFER, LOAD__CONTEXT(end, 0, slot)));
    CHECK(rio.RIOReceive(load->queues[end], NULL, 0, RIO_MSG_COMMIT_ONLY, NULL));
}

static void load__send(struct load* load, int end, int slot) {
    RIO_BUF part = load__part(load, end, 1, slot);

    CHECK(rio.RIOSend(load->queues[end], &part, 1, 0, LOAD__CONTEXT(end, 1, slot)));
}

static void load__ask(struct load* load, int slot) {
    char* place = load__place(load, 0, 1, slot);

    memset(place, 'a' + (int) (load->asked % 26), LOAD__SIZE);
    memcpy(place, &load->asked, sizeof load->asked);
    load->asked++;
    load__send(load, 0, slot);
}

static ULONG load__wait(struct load* load, RIORESULT* results) {
    ULONG count = rio.RIODequeueCompletion(load->completions, results, LOAD__DEPTH);
    OVERLAPPED* overlapped;
    ULONG_PTR key;
    DWORD bytes;

    if (count != 0 || load->style == LOAD__POLL) {
        if (count == 0)
            Sleep(0);
        return count;
    }
    CHECK_EQ(rio.RIONotify(load->completions), 0);
    if (load->style == LOAD__EVENT) {
        CHECK_EQ(WaitForSingleObject(load->handle, CONF__LIMIT), WAIT_OBJECT_0);
    } else {
        CHECK(GetQueuedCompletionStatus(load->handle, &bytes, &key, &overlapped, CONF__LIMIT));
        CHECK(overlapped == &load->overlapped);
    }
    count = rio.RIODequeueCompletion(load->completions, results, LOAD__DEPTH);
    CHECK(count != 0 && count <= LOAD__DEPTH);
    return count;
}

/* Streams keep the order of everything, and datagrams on the loopback do, too. */
static void load__result(struct load* load, const RIORESULT* result) {
    int slot = (int) (result->RequestContext % LOAD__DEPTH);
    int kind = (int) (result->RequestContext / LOAD__DEPTH);
    int end = kind / 2;
    char* place = load__place(load, end, 0, slot);

    CHECK_EQ(result->Status, 0);
    CHECK_EQ(result->BytesTransferred, LOAD__SIZE);
    if (kind % 2 != 0)
        return;
    if (end == 1) {
        memcpy(load__place(load, 1, 1, slot), place, LOAD__SIZE);
        load__send(load, 1, slot);
        load__receive(load, 1, slot);
        return;
    }
    CHECK(memcmp(place, &load->answered, sizeof load->answered) == 0);
    CHECK_EQ(place[LOAD__SIZE - 1], 'a' + (int) (load->answered % 26));
    load->answered++;
    load__receive(load, 0, slot);
}

static void load__echo(int family, int type, enum load__style style) {
    static struct load load;
    RIORESULT results[LOAD__DEPTH];
    const unsigned window = LOAD__DEPTH / 4;
    ULONG count, i;
    int slot;

    load__open(&load, family, type, style);
    for (slot = 0; slot < LOAD__DEPTH; slot++) {
        load__receive(&load, 0, slot);
        load__receive(&load, 1, slot);
    }
    while (load.answered < LOAD__REQUESTS) {
        while (load.asked < LOAD__REQUESTS && load.asked - load.answered < window)
            load__ask(&load, (int) (load.asked % LOAD__DEPTH));
        count = load__wait(&load, results);
        for (i = 0; i < count; i++)
            load__result(&load, &results[i]);
    }
    CHECK_EQ(load.answered, LOAD__REQUESTS);
}

CONF_TEST(rioload_stream_poll) {
    load__echo(AF_INET, SOCK_STREAM, LOAD__POLL);
}

CONF_TEST(rioload_stream_event) {
    load__echo(AF_INET, SOCK_STREAM, LOAD__EVENT);
}

CONF_TEST(rioload_stream_port) {
    load__echo(AF_INET, SOCK_STREAM, LOAD__PORT);
}

CONF_TEST(rioload_datagram_poll) {
    load__echo(AF_INET, SOCK_DGRAM, LOAD__POLL);
}

CONF_TEST(rioload_datagram_event) {
    load__echo(AF_INET, SOCK_DGRAM, LOAD__EVENT);
}

CONF_TEST(rioload_datagram_port) {
    load__echo(AF_INET6, SOCK_DGRAM, LOAD__PORT);
}

/* One completion queue for many sockets. */
CONF_TEST(rioload_many_sockets) {
    static SOCKET sockets[LOAD__SOCKETS][2];
    static RIO_RQ queues[LOAD__SOCKETS];
    static RIORESULT results[LOAD__SOCKETS];
    static char bytes[LOAD__SOCKETS * 4];
    static BYTE seen[LOAD__SOCKETS];
    RIO_CQ completions;
    RIO_BUF part = {0};
    int i;

    riotest_load();
    completions = rio.RIOCreateCompletionQueue(LOAD__SOCKETS, NULL);
    part.BufferId = rio.RIORegisterBuffer(bytes, sizeof bytes);
    part.Length = 4;
    for (i = 0; i < LOAD__SOCKETS; i++) {
        riotest_connect(AF_INET, SOCK_STREAM, sockets[i]);
        queues[i] = rio.RIOCreateRequestQueue(sockets[i][0], 1, 1, 0, 1, completions, completions,
                                              (void*) (ULONG_PTR) i);
        CHECK(queues[i] != RIO_INVALID_RQ);
        part.Offset = (ULONG) i * 4;
        CHECK(rio.RIOReceive(queues[i], &part, 1, 0, (void*) (ULONG_PTR) (i + 1000)));
    }
    for (i = 0; i < LOAD__SOCKETS; i++)
        CHECK_EQ(send(sockets[i][1], (char*) &i, 4, 0), 4);
    riotest_take(completions, results, LOAD__SOCKETS);
    for (i = 0; i < LOAD__SOCKETS; i++) {
        ULONG_PTR context = (ULONG_PTR) results[i].SocketContext;

        CHECK(context < LOAD__SOCKETS);
        CHECK_EQ(seen[context]++, 0);
        CHECK_EQ(results[i].RequestContext, context + 1000);
        CHECK_EQ(results[i].BytesTransferred, 4);
        CHECK(memcmp(bytes + context * 4, &context, 4) == 0);
    }
}

static unsigned load__random(unsigned* state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

struct load__abuser {
    struct riotest* test;
    unsigned seed;
};

/* One of the things that a program may hold, one that it held, or none. */
static void* load__name(const struct load__abuser* abuser, unsigned* state) {
    void* const names[] = {abuser->test->queues[0],
                           abuser->test->queues[1],
                           abuser->test->completions,
                           abuser->test->buffer,
                           NULL,
                           (void*) (ULONG_PTR) load__random(state),
                           (void*) abuser->test,
                           (void*) (ULONG_PTR) -1};

    return names[load__random(state) % 8];
}

static DWORD WINAPI load__abuse(void* parameter) {
    const struct load__abuser* abuser = parameter;
    unsigned state = abuser->seed;
    RIORESULT results[4];
    int i;

    for (i = 0; i < 3000; i++) {
        RIO_BUF part = {0};
        RIO_BUF* parts[5];
        int j;

        part.BufferId =
            load__random(&state) % 4 != 0 ? abuser->test->buffer : load__name(abuser, &state);
        part.Offset = load__random(&state) % (RIOTEST__MEMORY + 100);
        part.Length = load__random(&state) % 300;
        for (j = 0; j < 5; j++)
            parts[j] = load__random(&state) % (j == 0 ? 8 : 2) != 0 ? &part : NULL;
        switch (load__random(&state) % 10) {
            case 0:
            case 1:
                rio.RIOReceiveEx(load__name(abuser, &state), parts[0], parts[0] != NULL, parts[1],
                                 parts[2], parts[3], parts[4], load__random(&state) % 16, NULL);
                break;
            case 2:
            case 3:
                rio.RIOSendEx(load__name(abuser, &state), parts[0], parts[0] != NULL, NULL,
                              parts[2], parts[3], parts[4], load__random(&state) % 16, NULL);
                break;
            case 4:
            case 5:
                rio.RIODequeueCompletion(load__name(abuser, &state), results, 4);
                break;
            case 6:
                rio.RIONotify(load__name(abuser, &state));
                break;
            case 7:
                rio.RIOResizeCompletionQueue(load__name(abuser, &state), load__random(&state) % 99);
                rio.RIOResizeRequestQueue(load__name(abuser, &state), load__random(&state) % 20,
                                          load__random(&state) % 20);
                break;
            case 8:
                rio.RIODeregisterBuffer(
                    rio.RIORegisterBuffer(abuser->test->memory, 1 + load__random(&state) % 99));
                break;
            default:
                send(abuser->test->sockets[load__random(&state) % 2], "stray", 5, 0);
        }
    }
    return 0;
}

/* Threads that do everything to the same queues at once, while it all goes. */
static void load__hostile(int type, unsigned seed) {
    HANDLE threads[4];
    struct load__abuser abusers[4];
    RIO_NOTIFICATION_COMPLETION notification = {0};
    struct riotest test;
    u_long on = 1;
    int i;

    notification.Type = RIO_EVENT_COMPLETION;
    notification.Event.EventHandle = conf_event();
    riotest_open_notifying(&test, AF_INET, type, &notification);
    for (i = 0; i < 2; i++)
        CHECK_EQ(ioctlsocket(test.sockets[i], FIONBIO, &on), 0);
    for (i = 0; i < 4; i++) {
        abusers[i].test = &test;
        abusers[i].seed = seed + (unsigned) i;
        threads[i] = CreateThread(NULL, 0, load__abuse, &abusers[i], 0, NULL);
    }
    Sleep(100);
    closesocket(test.sockets[0]);
    Sleep(20);
    rio.RIOCloseCompletionQueue(test.completions);
    rio.RIODeregisterBuffer(test.buffer);
    CHECK_EQ(WaitForMultipleObjects(4, threads, TRUE, 2 * CONF__LIMIT), WAIT_OBJECT_0);
    closesocket(test.sockets[1]);
}

CONF_TEST(rioload_hostile_stream) {
    load__hostile(SOCK_STREAM, 1);
    load__hostile(SOCK_STREAM, 11);
}

CONF_TEST(rioload_hostile_datagram) {
    load__hostile(SOCK_DGRAM, 2);
    load__hostile(SOCK_DGRAM, 22);
}
