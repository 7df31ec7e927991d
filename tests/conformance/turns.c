/* SPDX-License-Identifier: MIT */

/* Sends of the extension functions take turns with messages that have control data: each datagram
 * goes out as it was asked for. Its first byte says which traffic class that is. */

#include "msgtest.h"
#include "riotest.h"

/* Together no more than the receiver has room for. */
#define TURNS__MARKED 100
#define TURNS__ROUNDS 8
#define TURNS__ELEMENTS RIOTEST__LIMIT

#define TURNS__LENGTH 1000
#define TURNS__QUEUED 6
#define TURNS__LONG 15 /* To be sent in some hundred milliseconds. */
#define TURNS__MARK 2

/* A connected pair, of which the second tells the class of what it receives. */
static void turns__connect(SOCKET pair[2]) {
    struct conf_target target;

    pair[1] = msg_receiver(AF_INET, &target);
    pair[0] = msg_udp(AF_INET);
    CHECK_EQ(connect(pair[0], (struct sockaddr*) &target.name, target.length), 0);
}

static void turns__open_rio(struct riotest* test) {
    int on = 1;

    riotest_open(test, AF_INET, SOCK_DGRAM);
    CHECK_EQ(
        conf_last(setsockopt(test->sockets[1], IPPROTO_IP, MSG__RECVTOS, (char*) &on, sizeof on)),
        0);
}

static int turns__send_marked(SOCKET client, char* data, ULONG length, OVERLAPPED* overlapped) {
    struct msg_control control = {0};
    WSABUF buffer = {length, data};
    WSAMSG message = {0};
    DWORD sent;

    data[0] = '0' + TURNS__MARK;
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, TURNS__MARK);
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    message.Control.buf = control.data;
    message.Control.len = control.length;
    return conf_last(msg_send_pointer(client)(client, &message, 0, &sent, overlapped, NULL));
}

static DWORD WINAPI turns__mark(void* parameter) {
    DWORD failures = 0;
    char data[1];
    int i;

    for (i = 0; i < TURNS__MARKED; i++)
        failures += turns__send_marked(*(SOCKET*) parameter, data, 1, NULL) != 0;
    return failures;
}

static void turns__receive(SOCKET server, int count) {
    int i, marked = 0;

    for (i = 0; i < count; i++) {
        struct msg_seen seen;
        int result = msg_receive(server, &seen);

        CHECK(result == 0 || result == WSAEMSGSIZE);
        CHECK_EQ(seen.traffic_class, seen.text[0] - '0');
        marked += seen.text[0] != '0';
    }
    CHECK(marked > 0);
    msg_nothing(server);
}

static void turns__finish(HANDLE thread, SOCKET server) {
    DWORD failures = 1;

    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &failures));
    CHECK_EQ(failures, 0);
    turns__receive(server, TURNS__MARKED + TURNS__ROUNDS * TURNS__ELEMENTS);
}

static void turns__elements(TRANSMIT_PACKETS_ELEMENT* elements, int count, char* data,
                            DWORD length) {
    int i;

    data[0] = '0';
    for (i = 0; i < count; i++) {
        elements[i] = conf_memory_element(data, length);
        elements[i].dwElFlags |= TP_ELEMENT_EOP;
    }
}

/* Overlapped, and waiting for the end. */
CONF_TEST(turns_transmissions) {
    TRANSMIT_PACKETS_ELEMENT elements[TURNS__ELEMENTS];
    LPFN_TRANSMITPACKETS packets;
    OVERLAPPED overlapped = {0};
    SOCKET pair[2];
    HANDLE thread;
    char data[1];
    int i;

    turns__connect(pair);
    turns__elements(elements, TURNS__ELEMENTS, data, 1);
    packets = conf_packets_pointer(pair[0]);
    overlapped.hEvent = conf_event();
    thread = CreateThread(NULL, 0, turns__mark, &pair[0], 0, NULL);
    for (i = 0; i < TURNS__ROUNDS; i++) {
        BOOL waits = i % 2;

        if (packets(pair[0], elements, TURNS__ELEMENTS, 0, waits ? NULL : &overlapped, 0))
            continue;
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        CHECK(!waits);
        CHECK_EQ(conf_wait(pair[0], &overlapped, NULL), 0);
    }
    turns__finish(thread, pair[1]);
}

CONF_TEST(turns_rio) {
    struct riotest test;
    HANDLE thread;
    int i, j;

    turns__open_rio(&test);
    test.memory[0] = '0';
    thread = CreateThread(NULL, 0, turns__mark, &test.sockets[0], 0, NULL);
    for (i = 0; i < TURNS__ROUNDS; i++) {
        for (j = 0; j < TURNS__ELEMENTS; j++)
            riotest_send(&test, 0, 0, 1, 0, (ULONG_PTR) j);
        for (j = 0; j < TURNS__ELEMENTS; j++)
            riotest_result(&test, 0, (ULONG_PTR) j, 0, 1);
    }
    turns__finish(thread, test.sockets[1]);
}

/* What the host has queued for want of room goes out before the options change, also when the
 * first message with control data comes behind it. */

static void turns__make_narrow(SOCKET client) {
    int room = 4096;

    conf_need_space();
    CHECK_EQ(setsockopt(client, SOL_SOCKET, SO_SNDBUF, (char*) &room, sizeof room), 0);
}

CONF_TEST(turns_queued_sends) {
    static char data[2 * TURNS__QUEUED][TURNS__LENGTH];
    static OVERLAPPED overlapped[2 * TURNS__QUEUED];
    SOCKET pair[2];
    int i, pending = 0;

    turns__connect(pair);
    turns__make_narrow(pair[0]);
    for (i = 0; i < 2 * TURNS__QUEUED; i++) {
        WSABUF buffer = {TURNS__LENGTH, data[i]};
        DWORD sent;
        int error;

        overlapped[i].hEvent = conf_event();
        data[i][0] = '0';
        if (i % TURNS__QUEUED == TURNS__QUEUED - 1)
            error = turns__send_marked(pair[0], data[i], TURNS__LENGTH, &overlapped[i]);
        else
            error = conf_last(WSASend(pair[0], &buffer, 1, &sent, 0, &overlapped[i], NULL));
        CHECK(error == 0 || error == WSA_IO_PENDING);
        pending += error == WSA_IO_PENDING;
    }
    CHECK(pending > 0);
    turns__receive(pair[1], 2 * TURNS__QUEUED);
    for (i = 0; i < 2 * TURNS__QUEUED; i++)
        CHECK_EQ(conf_wait(pair[0], &overlapped[i], NULL), 0);
}

CONF_TEST(turns_queued_transmissions) {
    static char data[TURNS__LENGTH], marked[2][TURNS__LENGTH];
    TRANSMIT_PACKETS_ELEMENT elements[TURNS__QUEUED];
    OVERLAPPED overlapped[4] = {{0}};
    LPFN_TRANSMITPACKETS packets;
    SOCKET pair[2];
    int i, error;

    turns__connect(pair);
    turns__make_narrow(pair[0]);
    turns__elements(elements, TURNS__QUEUED, data, TURNS__LENGTH);
    packets = conf_packets_pointer(pair[0]);
    for (i = 0; i < 4; i += 2) {
        overlapped[i].hEvent = conf_event();
        overlapped[i + 1].hEvent = conf_event();
        CHECK_EQ(packets(pair[0], elements, TURNS__QUEUED, 0, &overlapped[i], 0), FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        Sleep(20);
        error = turns__send_marked(pair[0], marked[i / 2], TURNS__LENGTH, &overlapped[i + 1]);
        CHECK(error == 0 || error == WSA_IO_PENDING);
    }
    turns__receive(pair[1], 2 * TURNS__QUEUED + 2);
    for (i = 0; i < 4; i++)
        CHECK_EQ(conf_wait(pair[0], &overlapped[i], NULL), 0);
}

CONF_TEST(turns_queued_rio) {
    static char marked[2][TURNS__LENGTH];
    RIORESULT results[2 * TURNS__QUEUED];
    OVERLAPPED overlapped[2] = {{0}};
    struct riotest test;
    int i, j, error;

    turns__open_rio(&test);
    turns__make_narrow(test.sockets[0]);
    test.memory[0] = '0';
    for (i = 0; i < 2; i++) {
        overlapped[i].hEvent = conf_event();
        for (j = 0; j < TURNS__QUEUED; j++)
            riotest_send(&test, 0, 0, TURNS__LENGTH, 0, 0);
        Sleep(20);
        error = turns__send_marked(test.sockets[0], marked[i], TURNS__LENGTH, &overlapped[i]);
        CHECK(error == 0 || error == WSA_IO_PENDING);
    }
    turns__receive(test.sockets[1], 2 * TURNS__QUEUED + 2);
    riotest_take(test.completions, results, 2 * TURNS__QUEUED);
    for (i = 0; i < 2 * TURNS__QUEUED; i++)
        CHECK_EQ(results[i].Status, 0);
    for (i = 0; i < 2; i++)
        CHECK_EQ(conf_wait(test.sockets[0], &overlapped[i], NULL), 0);
}

/* What waits for its turn can be cancelled, and ends with its socket. */

static OVERLAPPED turns__queued[TURNS__LONG];

static DWORD WINAPI turns__wait_for_room(void* parameter) {
    static char data[TURNS__LENGTH];
    OVERLAPPED overlapped = {0};

    return (DWORD) turns__send_marked(*(SOCKET*) parameter, data, sizeof data, &overlapped);
}

/* Returns the thread of a message that has the turn until there is room. */
static HANDLE turns__take_for_long(SOCKET* client) {
    static char data[TURNS__LENGTH];
    WSABUF buffer = {sizeof data, data};
    HANDLE thread;
    int i;

    turns__make_narrow(*client);
    for (i = 0; i < TURNS__LONG; i++) {
        turns__queued[i].hEvent = conf_event();
        WSASend(*client, &buffer, 1, NULL, 0, &turns__queued[i], NULL);
    }
    thread = CreateThread(NULL, 0, turns__wait_for_room, client, 0, NULL);
    CHECK_EQ(WaitForSingleObject(thread, 50), WAIT_TIMEOUT);
    return thread;
}

CONF_TEST(turns_cancelled) {
    TRANSMIT_PACKETS_ELEMENT elements[2];
    OVERLAPPED overlapped[3] = {{0}};
    LPFN_TRANSMITPACKETS packets;
    SOCKET pair[2];
    HANDLE thread;
    char data[1];
    int i;

    turns__connect(pair);
    turns__elements(elements, 2, data, 1);
    packets = conf_packets_pointer(pair[0]);
    thread = turns__take_for_long(&pair[0]);
    for (i = 0; i < 3; i++) {
        overlapped[i].hEvent = conf_event();
        CHECK_EQ(packets(pair[0], elements, 2, 0, &overlapped[i], 0), FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    }
    CHECK(conf_cancel_io_ex((HANDLE) pair[0], &overlapped[1]));
    CHECK_EQ(conf_wait(pair[0], &overlapped[1], NULL), WSA_OPERATION_ABORTED);
    CHECK_EQ(WaitForSingleObject(thread, 0), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(overlapped[0].hEvent, 0), WAIT_TIMEOUT);
    CHECK_EQ(conf_wait(pair[0], &overlapped[0], NULL), 0);
    CHECK_EQ(conf_wait(pair[0], &overlapped[2], NULL), 0);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
}

CONF_TEST(turns_closed) {
    TRANSMIT_PACKETS_ELEMENT elements[2];
    OVERLAPPED overlapped = {0};
    LPFN_TRANSMITPACKETS packets;
    struct riotest test;
    HANDLE thread;
    char data[1];

    turns__open_rio(&test);
    turns__elements(elements, 2, data, 1);
    packets = conf_packets_pointer(test.sockets[0]);
    thread = turns__take_for_long(&test.sockets[0]);
    overlapped.hEvent = conf_event();
    CHECK_EQ(packets(test.sockets[0], elements, 2, 0, &overlapped, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    riotest_send(&test, 0, 0, 1, 0, 1);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 20), WAIT_TIMEOUT);
    riotest_quiet(test.completions);
    CHECK_EQ(WaitForSingleObject(thread, 0), WAIT_TIMEOUT);
    closesocket(test.sockets[0]);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ((DWORD) overlapped.Internal, CONF__STATUS_CANCELLED);
    riotest_result(&test, 0, 1, WSA_OPERATION_ABORTED, 0);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
}
