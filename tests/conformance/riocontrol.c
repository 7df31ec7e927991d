/* SPDX-License-Identifier: MIT */

/* Control data of what is sent by registered I/O. */

#include "msgtest.h"
#include "riotest.h"

#define RIOCONTROL__MESSAGE 7
#define RIOCONTROL__LENGTH 1000
#define RIOCONTROL__ROUNDS 8

static void riocontrol__ask(SOCKET s, int level, int option) {
    int on = 1;

    CHECK_EQ(conf_last(setsockopt(s, level, option, (char*) &on, sizeof on)), 0);
}

/* The second socket tells of what it receives. */
static void riocontrol__open(struct riotest* test, int family) {
    int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;

    riotest_open(test, family, SOCK_DGRAM);
    riocontrol__ask(test->sockets[1], level, MSG__HOPLIMIT);
    riocontrol__ask(test->sockets[1], level, MSG__RECVTOS);
    memcpy(test->memory + RIOTEST__DATA, "message", RIOCONTROL__MESSAGE);
}

/* Returns 0 or the error. */
static int riocontrol__send_long(struct riotest* test, const struct msg_control* control,
                                 ULONG length, ULONG_PTR context) {
    RIO_BUF data = riotest_part(test, RIOTEST__DATA, length);
    RIO_BUF part = riotest_part(test, RIOTEST__CONTROL, MSG__ROOM + sizeof(SIZE_T));
    ULONG total = (ULONG) sizeof(SIZE_T) + control->length;

    memcpy(test->memory + RIOTEST__CONTROL, &total, sizeof total);
    memcpy(test->memory + RIOTEST__CONTROL + sizeof(SIZE_T), control->data, control->length);
    WSASetLastError(0);
    return rio.RIOSendEx(test->queues[0], &data, 1, NULL, NULL, &part, NULL, 0, (void*) context)
               ? 0
               : WSAGetLastError();
}

static int riocontrol__send(struct riotest* test, const struct msg_control* control) {
    return riocontrol__send_long(test, control, RIOCONTROL__MESSAGE, 1);
}

static struct msg_seen riocontrol__receive(struct riotest* test) {
    struct msg_seen seen;
    int result = msg_receive(test->sockets[1], &seen);

    CHECK(result == 0 || result == WSAEMSGSIZE);
    return seen;
}

static struct msg_seen riocontrol__pass(struct riotest* test, const struct msg_control* control) {
    CHECK_EQ(riocontrol__send(test, control), 0);
    riotest_result(test, 0, 1, 0, RIOCONTROL__MESSAGE);
    return riocontrol__receive(test);
}

/* Without control data it must look as if there had never been any. */
static void riocontrol__plain(struct riotest* test) {
    struct msg_seen seen;

    riotest_send(test, 0, RIOTEST__DATA, RIOCONTROL__MESSAGE, 0, 2);
    riotest_result(test, 0, 2, 0, RIOCONTROL__MESSAGE);
    seen = riocontrol__receive(test);
    CHECK_EQ(seen.traffic_class, 0);
    CHECK_EQ(seen.hops, 64);
}

CONF_TEST(riocontrol_several) {
    struct msg_control control = {0};
    struct riotest test;
    struct msg_seen seen;

    riocontrol__open(&test, AF_INET);
    riocontrol__plain(&test);
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 1);
    msg_add_number(&control, IPPROTO_IP, MSG__TTL, 7);
    msg_add_source(&control, "127.0.0.1", 0);
    seen = riocontrol__pass(&test, &control);
    CHECK_EQ(seen.traffic_class, 1);
    CHECK_EQ(seen.hops, 7);
    CHECK_EQ(seen.length, RIOCONTROL__MESSAGE);
    CHECK(memcmp(seen.text, "message", RIOCONTROL__MESSAGE) == 0);
    riocontrol__plain(&test);
    riotest_close(&test);
}

CONF_TEST(riocontrol_ipv6) {
    struct msg_control control = {0};
    struct riotest test;

    riocontrol__open(&test, AF_INET6);
    msg_add_number(&control, IPPROTO_IPV6, MSG__HOPLIMIT, 7);
    CHECK_EQ(riocontrol__pass(&test, &control).hops, 7);
    riotest_close(&test);
}

/* The destination is the request's own. */
CONF_TEST(riocontrol_segment) {
    struct msg_control control = {0};
    struct riotest test;

    riocontrol__open(&test, AF_INET);
    msg_add_number(&control, IPPROTO_UDP, MSG__UDP_SEND_MSG_SIZE, RIOCONTROL__MESSAGE);
    msg_add_number(&control, IPPROTO_IP, MSG__TTL, 7);
    CHECK_EQ(riocontrol__pass(&test, &control).hops, 7);
    riocontrol__plain(&test);
    riotest_close(&test);
}

CONF_TEST(riocontrol_address) {
    struct msg_control control = {0};
    struct riotest test;
    struct conf_target target;
    RIO_BUF data, part, address;
    ULONG total;
    SOCKET sockets[1];
    struct msg_seen seen;
    SOCKET server;

    riotest_open(&test, AF_INET, SOCK_DGRAM);
    CHECK(rio.RIOResizeCompletionQueue(test.completions, 200));
    server = msg_receiver(AF_INET, &target);
    sockets[0] = riotest_socket(AF_INET, SOCK_DGRAM);
    conf_bind(sockets[0], AF_INET);
    test.queues[0] = rio.RIOCreateRequestQueue(sockets[0], 4, 1, 4, 1, test.completions,
                                               test.completions, (void*) (ULONG_PTR) 1);
    CHECK(test.queues[0] != RIO_INVALID_RQ);
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
    total = (ULONG) sizeof(SIZE_T) + control.length;
    memcpy(test.memory + RIOTEST__CONTROL, &total, sizeof total);
    memcpy(test.memory + RIOTEST__CONTROL + sizeof(SIZE_T), control.data, control.length);
    memcpy(test.memory + RIOTEST__REMOTE, &target.name, sizeof(SOCKADDR_INET));
    data = riotest_part(&test, RIOTEST__DATA, RIOCONTROL__MESSAGE);
    part = riotest_part(&test, RIOTEST__CONTROL, total);
    address = riotest_part(&test, RIOTEST__REMOTE, sizeof(SOCKADDR_INET));
    CHECK(rio.RIOSendEx(test.queues[0], &data, 1, NULL, &address, &part, NULL, 0, (void*) 1));
    riotest_result(&test, 0, 1, 0, RIOCONTROL__MESSAGE);
    CHECK_EQ(msg_receive(server, &seen), 0);
    CHECK_EQ(seen.traffic_class, 2);
    /* And there is none without. */
    CHECK(!rio.RIOSendEx(test.queues[0], &data, 1, NULL, NULL, &part, NULL, 0, (void*) 1));
    CHECK_EQ(WSAGetLastError(), WSAENOTCONN);
    riotest_quiet(test.completions);
}

/* Requests keep their order, whichever have control data. */
CONF_TEST(riocontrol_order) {
    struct riotest test;
    struct msg_seen seen;
    ULONG_PTR i;

    riocontrol__open(&test, AF_INET);
    for (i = 0; i < RIOTEST__LIMIT; i++) {
        struct msg_control control = {0};

        msg_add_number(&control, IPPROTO_IP, MSG__ECN, (int) (i % 3));
        if (i % 3 == 0)
            riotest_send(&test, 0, RIOTEST__DATA, (ULONG) i + 1, 0, i);
        else
            CHECK_EQ(riocontrol__send_long(&test, &control, (ULONG) i + 1, i), 0);
    }
    for (i = 0; i < RIOTEST__LIMIT; i++) {
        riotest_result(&test, 0, i, 0, (ULONG) i + 1);
        seen = riocontrol__receive(&test);
        CHECK_EQ(seen.length, i + 1);
        CHECK_EQ(seen.traffic_class, i % 3);
    }
    riocontrol__plain(&test);
    riotest_close(&test);
}

static void riocontrol__refused(struct riotest* test, int level, int type, int value, int error) {
    struct msg_control control = {0};

    msg_add_number(&control, level, type, value);
    CHECK_EQ(riocontrol__send(test, &control), error);
    riotest_quiet(test->completions);
}

CONF_TEST(riocontrol_refused) {
    struct msg_control control = {0};
    struct riotest test;

    riocontrol__open(&test, AF_INET);
    riocontrol__refused(&test, IPPROTO_IP, MSG__DONTFRAGMENT, 1, WSAEOPNOTSUPP);
    riocontrol__refused(&test, IPPROTO_UDP, MSG__UDP_SEND_MSG_SIZE, RIOCONTROL__MESSAGE - 1,
                        WSAEOPNOTSUPP);
    riocontrol__refused(&test, IPPROTO_IP, MSG__ECN, 4, WSAEINVAL);
    riocontrol__refused(&test, IPPROTO_IPV6, MSG__ECN, 1, WSAEINVAL);
    msg_add_source(&control, "192.0.2.1", 0);
    CHECK_EQ(riocontrol__send(&test, &control), WSAEINVAL);
    msg_nothing(test.sockets[1]);
    riocontrol__plain(&test);
    riotest_close(&test);
    riotest_open(&test, AF_INET, SOCK_STREAM);
    riocontrol__refused(&test, IPPROTO_IP, MSG__ECN, 1, WSAEOPNOTSUPP);
    riotest_close(&test);
}

/* Where there is no room, each still goes out as it was asked for: behind the program's own sends,
 * and behind each other. */

static void riocontrol__open_narrow(struct riotest* test) {
    int room = 4096;

    conf_need_space();
    riocontrol__open(test, AF_INET);
    CHECK_EQ(setsockopt(test->sockets[0], SOL_SOCKET, SO_SNDBUF, (char*) &room, sizeof room), 0);
}

CONF_TEST(riocontrol_queued) {
    static OVERLAPPED overlapped[RIOCONTROL__ROUNDS];
    static char data[RIOCONTROL__LENGTH];
    WSABUF buffer = {sizeof data, data};
    struct msg_control control = {0};
    RIORESULT results[2 * RIOCONTROL__ROUNDS];
    struct riotest test;
    int i, marked = 0, pending = 0;

    riocontrol__open_narrow(&test);
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
    data[0] = '0';
    test.memory[RIOTEST__OTHER] = '0';
    test.memory[RIOTEST__DATA] = '2';
    for (i = 0; i < RIOCONTROL__ROUNDS; i++) {
        overlapped[i].hEvent = conf_event();
        pending += WSASend(test.sockets[0], &buffer, 1, NULL, 0, &overlapped[i], NULL) != 0;
        riotest_send(&test, 0, RIOTEST__OTHER, RIOCONTROL__LENGTH, 0, 1);
        CHECK_EQ(riocontrol__send_long(&test, &control, RIOCONTROL__LENGTH, 2), 0);
    }
    CHECK(pending > 0);
    for (i = 0; i < 3 * RIOCONTROL__ROUNDS; i++) {
        struct msg_seen seen = riocontrol__receive(&test);

        CHECK_EQ(seen.traffic_class, seen.text[0] - '0');
        marked += seen.traffic_class != 0;
    }
    CHECK_EQ(marked, RIOCONTROL__ROUNDS);
    riotest_take(test.completions, results, 2 * RIOCONTROL__ROUNDS);
    for (i = 0; i < 2 * RIOCONTROL__ROUNDS; i++) {
        CHECK_EQ(results[i].RequestContext, 1 + i % 2);
        CHECK_EQ(results[i].Status, 0);
        CHECK_EQ(results[i].BytesTransferred, RIOCONTROL__LENGTH);
    }
    riotest_close(&test);
}

/* The host queues one whose options were changed, as no other send was queued before it. */
CONF_TEST(riocontrol_queued_alone) {
    struct riotest test;
    int i;

    riocontrol__open_narrow(&test);
    for (i = 0; i < RIOTEST__LIMIT; i++) {
        struct msg_control control = {0};

        msg_add_number(&control, IPPROTO_IP, MSG__ECN, 1 + i % 2);
        CHECK_EQ(riocontrol__send_long(&test, &control, RIOCONTROL__LENGTH, (ULONG_PTR) i), 0);
    }
    for (i = 0; i < RIOTEST__LIMIT; i++) {
        CHECK_EQ(riocontrol__receive(&test).traffic_class, 1 + i % 2);
        riotest_result(&test, 0, (ULONG_PTR) i, 0, RIOCONTROL__LENGTH);
    }
    riocontrol__plain(&test);
    riotest_close(&test);
}

static DWORD WINAPI riocontrol__send_plainly(void* parameter) {
    return send(*(SOCKET*) parameter, "0", 1, 0) == 1;
}

/* A socket is closed while the host has queued a message whose options are changed: requests end,
 * and so does a send that waits for its turn. */
CONF_TEST(riocontrol_closed) {
    struct msg_control control = {0};
    RIORESULT results[RIOTEST__LIMIT];
    struct riotest test;
    HANDLE thread;
    int i, aborted = 0;

    riocontrol__open_narrow(&test);
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
    for (i = 0; i < RIOTEST__LIMIT; i++)
        CHECK_EQ(riocontrol__send_long(&test, &control, RIOCONTROL__LENGTH, 1), 0);
    Sleep(20);
    thread = CreateThread(NULL, 0, riocontrol__send_plainly, &test.sockets[0], 0, NULL);
    CHECK(thread != NULL);
    Sleep(20);
    closesocket(test.sockets[0]);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    riotest_take(test.completions, results, RIOTEST__LIMIT);
    for (i = 0; i < RIOTEST__LIMIT; i++) {
        if (results[i].Status != 0)
            CHECK_EQ(results[i].Status, WSA_OPERATION_ABORTED);
        aborted += results[i].Status != 0;
    }
    CHECK(aborted > 0);
}

struct riocontrol__marker {
    SOCKET client;
    DWORD failures;
};

static DWORD WINAPI riocontrol__mark(void* parameter) {
    struct riocontrol__marker* it = parameter;
    int i;

    for (i = 0; i < 100; i++) {
        struct msg_control control = {0};

        msg_add_number(&control, IPPROTO_IP, MSG__ECN, 1);
        it->failures += msg_send(it->client, NULL, &control) != 0;
    }
    return 0;
}

/* Besides WSASendMsg on another thread. */
CONF_TEST(riocontrol_threads) {
    struct msg_control control = {0};
    struct riocontrol__marker marker;
    struct riotest test;
    HANDLE thread;
    int i, j;

    riocontrol__open(&test, AF_INET);
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
    test.memory[RIOTEST__DATA] = '2';
    marker.client = test.sockets[0];
    marker.failures = 0;
    thread = CreateThread(NULL, 0, riocontrol__mark, &marker, 0, NULL);
    for (i = 0; i < RIOCONTROL__ROUNDS; i++) {
        for (j = 0; j < RIOTEST__LIMIT; j++)
            CHECK_EQ(riocontrol__send_long(&test, &control, 1, (ULONG_PTR) j), 0);
        for (j = 0; j < RIOTEST__LIMIT; j++)
            riotest_result(&test, 0, (ULONG_PTR) j, 0, 1);
    }
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(marker.failures, 0);
    for (i = 0; i < 100 + RIOCONTROL__ROUNDS * RIOTEST__LIMIT; i++) {
        struct msg_seen seen = riocontrol__receive(&test);

        CHECK_EQ(seen.traffic_class, seen.text[0] == '2' ? 2 : 1);
    }
    riocontrol__plain(&test);
    riotest_close(&test);
}
