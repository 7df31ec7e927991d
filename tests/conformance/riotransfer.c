/* SPDX-License-Identifier: MIT */
#include "riotest.h"

/* Sends and receives. */

static void transfer__round(int family, int type) {
    struct riotest test;

    riotest_open(&test, family, type);
    memcpy(test.memory, "question", 8);
    riotest_receive(&test, 1, RIOTEST__OTHER, 100, 0, 11);
    riotest_send(&test, 0, RIOTEST__DATA, 8, 0, 22);
    riotest_results(&test, 0, 22, 11, 8);
    CHECK(memcmp(test.memory + RIOTEST__OTHER, "question", 8) == 0);
    riotest_quiet(test.completions);
    riotest_close(&test);
}

CONF_TEST(riotransfer_stream) {
    transfer__round(AF_INET, SOCK_STREAM);
}

CONF_TEST(riotransfer_stream_ipv6) {
    transfer__round(AF_INET6, SOCK_STREAM);
}

CONF_TEST(riotransfer_datagram) {
    transfer__round(AF_INET, SOCK_DGRAM);
}

CONF_TEST(riotransfer_datagram_ipv6) {
    transfer__round(AF_INET6, SOCK_DGRAM);
}

/* Receives get the data in the order in which they were made. */
static void transfer__order(int type) {
    struct riotest test;
    ULONG_PTR i;
    char byte;

    riotest_open(&test, AF_INET, type);
    for (i = 1; i <= RIOTEST__LIMIT; i++)
        riotest_receive(&test, 0, RIOTEST__DATA + (ULONG) i, 1, 0, i);
    for (i = 1; i <= RIOTEST__LIMIT; i++) {
        byte = (char) i;
        CHECK_EQ(send(test.sockets[1], &byte, 1, 0), 1);
    }
    for (i = 1; i <= RIOTEST__LIMIT; i++) {
        riotest_result(&test, 0, i, 0, 1);
        CHECK_EQ(test.memory[RIOTEST__DATA + i], i);
    }
}

CONF_TEST(riotransfer_order_stream) {
    transfer__order(SOCK_STREAM);
}

CONF_TEST(riotransfer_order_datagram) {
    transfer__order(SOCK_DGRAM);
}

/* Much more than the system takes at once. */
CONF_TEST(riotransfer_large) {
    const ULONG length = 8 << 20;
    struct riotest test;
    char *source, *target;
    RIO_BUF part;
    int i;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    source = conf_pages(length);
    target = conf_pages(length);
    conf_pattern_fill(source, length);
    part.Offset = 0;
    part.Length = length / 2;
    part.BufferId = rio.RIORegisterBuffer(target, length);
    CHECK(rio.RIOReceive(test.queues[1], &part, 1, RIO_MSG_WAITALL, (void*) 1));
    part.Offset = length / 2;
    CHECK(rio.RIOReceive(test.queues[1], &part, 1, RIO_MSG_WAITALL, (void*) 2));
    part.BufferId = rio.RIORegisterBuffer(source, length);
    part.Offset = 0;
    part.Length = length;
    CHECK(rio.RIOSend(test.queues[0], &part, 1, RIO_MSG_DONT_NOTIFY, (void*) 3));
    for (i = 0; i < 3; i++) {
        RIORESULT result;

        riotest_take(test.completions, &result, 1);
        CHECK_EQ(result.Status, 0);
        CHECK_EQ(result.BytesTransferred, result.RequestContext == 3 ? length : length / 2);
    }
    CHECK(memcmp(source, target, length) == 0);
}

/* RIO_MSG_WAITALL is done when the buffer is full; what follows is the next one's. */
CONF_TEST(riotransfer_waitall) {
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    riotest_receive(&test, 0, RIOTEST__DATA, 6, RIO_MSG_WAITALL, 1);
    riotest_receive(&test, 0, RIOTEST__OTHER, 6, 0, 2);
    CHECK_EQ(send(test.sockets[1], "abcd", 4, 0), 4);
    riotest_quiet(test.completions);
    CHECK_EQ(send(test.sockets[1], "efgh", 4, 0), 4);
    riotest_result(&test, 0, 1, 0, 6);
    riotest_result(&test, 0, 2, 0, 2);
    CHECK(memcmp(test.memory + RIOTEST__DATA, "abcdef", 6) == 0);
    CHECK(memcmp(test.memory + RIOTEST__OTHER, "gh", 2) == 0);
}

CONF_TEST(riotransfer_waitall_end) {
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    riotest_receive(&test, 0, RIOTEST__DATA, 6, RIO_MSG_WAITALL, 1);
    riotest_receive(&test, 0, RIOTEST__DATA, 6, RIO_MSG_WAITALL, 2);
    CHECK_EQ(send(test.sockets[1], "abcd", 4, 0), 4);
    Sleep(CONF__QUIET);
    closesocket(test.sockets[1]);
    riotest_result(&test, 0, 1, 0, 4);
    riotest_result(&test, 0, 2, 0, 0);
}

CONF_TEST(riotransfer_end_of_stream) {
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    riotest_receive(&test, 0, RIOTEST__DATA, 6, 0, 1);
    riotest_receive(&test, 0, RIOTEST__DATA, 6, 0, 2);
    CHECK_EQ(shutdown(test.sockets[1], SD_SEND), 0);
    riotest_result(&test, 0, 1, 0, 0);
    riotest_result(&test, 0, 2, 0, 0);
}

/* The receive is under way: Wine can tell one that comes after the reset that the stream ended. */
CONF_TEST(riotransfer_reset) {
    struct linger hard = {1, 0};
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    riotest_receive(&test, 0, RIOTEST__DATA, 6, 0, 1);
    Sleep(CONF__QUIET);
    CHECK_EQ(setsockopt(test.sockets[1], SOL_SOCKET, SO_LINGER, (char*) &hard, sizeof hard), 0);
    closesocket(test.sockets[1]);
    riotest_result(&test, 0, 1, WSAECONNRESET, 0);
}

/* It may fail at once or with its completion. Wine tells a reset for a send without a connection,
 * to WSASend as well. */
CONF_TEST(riotransfer_unconnected) {
    RIORESULT result;
    RIO_CQ completions;
    RIO_BUF part = {0};
    RIO_RQ queue;
    static char bytes[16];

    riotest_load();
    completions = rio.RIOCreateCompletionQueue(4, NULL);
    queue = rio.RIOCreateRequestQueue(riotest_socket(AF_INET, SOCK_STREAM), 1, 1, 1, 1, completions,
                                      completions, NULL);
    CHECK(queue != RIO_INVALID_RQ);
    part.BufferId = rio.RIORegisterBuffer(bytes, sizeof bytes);
    part.Length = sizeof bytes;
    if (rio.RIOSend(queue, &part, 1, 0, NULL)) {
        riotest_take(completions, &result, 1);
        if (result.Status != WSAECONNRESET)
            CHECK_EQ(result.Status, WSAENOTCONN);
    }
    if (rio.RIOReceive(queue, &part, 1, 0, NULL)) {
        riotest_take(completions, &result, 1);
        CHECK_EQ(result.Status, WSAENOTCONN);
    }
}

/* A limit counts until the completion was taken. */
CONF_TEST(riotransfer_limit) {
    struct riotest test;
    RIO_BUF part;
    ULONG_PTR i;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    part = riotest_part(&test, RIOTEST__DATA, 1);
    for (i = 1; i <= RIOTEST__LIMIT; i++)
        riotest_send(&test, 0, RIOTEST__DATA, 1, 0, i);
    Sleep(CONF__QUIET);
    CHECK(!rio.RIOSend(test.queues[0], &part, 1, 0, NULL));
    CHECK_EQ(WSAGetLastError(), WSAENOBUFS);
    CHECK(!rio.RIOSend(test.queues[0], &part, 1, RIO_MSG_DEFER, NULL));
    CHECK_EQ(WSAGetLastError(), WSAENOBUFS);
    riotest_receive(&test, 0, RIOTEST__DATA, 1, 0, 99);
    riotest_result(&test, 0, 1, 0, 1);
    riotest_send(&test, 0, RIOTEST__DATA, 1, 0, 17);
    CHECK(!rio.RIOSend(test.queues[0], &part, 1, 0, NULL));
    CHECK(rio.RIOResizeRequestQueue(test.queues[0], 1, RIOTEST__LIMIT + 1));
    riotest_send(&test, 0, RIOTEST__DATA, 1, 0, 18);
    for (i = 2; i <= 18; i++)
        riotest_result(&test, 0, i, 0, 1);
}

CONF_TEST(riotransfer_limit_zero) {
    SOCKET sockets[2];
    static char bytes[16];
    RIO_BUF part = {0};
    RIO_CQ completions;
    RIO_RQ queue;

    riotest_load();
    riotest_connect(AF_INET, SOCK_STREAM, sockets);
    completions = rio.RIOCreateCompletionQueue(4, NULL);
    queue = rio.RIOCreateRequestQueue(sockets[0], 0, 1, 1, 1, completions, completions, NULL);
    CHECK(queue != RIO_INVALID_RQ);
    part.BufferId = rio.RIORegisterBuffer(bytes, sizeof bytes);
    part.Length = sizeof bytes;
    CHECK(!rio.RIOReceive(queue, &part, 1, 0, NULL));
    CHECK_EQ(WSAGetLastError(), WSAENOBUFS);
    CHECK(rio.RIOSend(queue, &part, 1, 0, NULL));
}

CONF_TEST(riotransfer_defer) {
    struct riotest test;
    RIO_BUF part;
    char bytes[8];

    riotest_open(&test, AF_INET, SOCK_STREAM);
    memcpy(test.memory, "abcdef", 6);
    riotest_send(&test, 0, 0, 1, RIO_MSG_DEFER, 1);
    riotest_send(&test, 0, 1, 1, RIO_MSG_DEFER, 2);
    riotest_send(&test, 0, 2, 1, 0, 3);
    riotest_result(&test, 0, 1, 0, 1);
    riotest_result(&test, 0, 2, 0, 1);
    riotest_result(&test, 0, 3, 0, 1);
    riotest_send(&test, 0, 3, 1, RIO_MSG_DEFER | RIO_MSG_DONT_NOTIFY, 4);
    CHECK(rio.RIOReceive(test.queues[0], NULL, 0, RIO_MSG_COMMIT_ONLY, NULL));
    CHECK(rio.RIOSend(test.queues[0], NULL, 0, RIO_MSG_COMMIT_ONLY, NULL));
    CHECK(rio.RIOSend(test.queues[0], NULL, 0, RIO_MSG_COMMIT_ONLY, NULL));
    riotest_result(&test, 0, 4, 0, 1);
    CHECK_EQ(recv(test.sockets[1], bytes, 4, MSG_WAITALL), 4);
    CHECK(memcmp(bytes, "abcd", 4) == 0);

    part = riotest_part(&test, RIOTEST__OTHER, 8);
    CHECK(rio.RIOReceiveEx(test.queues[0], &part, 1, NULL, NULL, NULL, NULL, RIO_MSG_DEFER,
                           (void*) 5));
    CHECK_EQ(send(test.sockets[1], "xyz", 3, 0), 3);
    CHECK(rio.RIOReceiveEx(test.queues[0], NULL, 0, NULL, NULL, NULL, NULL, RIO_MSG_COMMIT_ONLY,
                           NULL));
    riotest_result(&test, 0, 5, 0, 3);
}

/* A datagram may be without data, and one that is too long is cut. */
CONF_TEST(riotransfer_datagram_lengths) {
    struct riotest test;
    ULONG flags;
    RIO_BUF part, flags_part;

    riotest_open(&test, AF_INET, SOCK_DGRAM);
    riotest_receive(&test, 1, RIOTEST__OTHER, 100, 0, 1);
    CHECK(rio.RIOSend(test.queues[0], NULL, 0, 0, (void*) 2));
    riotest_results(&test, 0, 2, 1, 0);

    CHECK_EQ(send(test.sockets[0], "abcdefgh", 8, 0), 8);
    riotest_receive(&test, 1, RIOTEST__OTHER, 4, 0, 3);
    riotest_result(&test, 1, 3, WSAEMSGSIZE, 4);
    CHECK(memcmp(test.memory + RIOTEST__OTHER, "abcd", 4) == 0);

    part = riotest_part(&test, RIOTEST__OTHER, 4);
    flags_part = riotest_part(&test, RIOTEST__FLAGS, sizeof flags);
    CHECK(rio.RIOReceiveEx(test.queues[1], &part, 1, NULL, NULL, NULL, &flags_part, 0, (void*) 4));
    CHECK_EQ(send(test.sockets[0], "abcdefgh", 8, 0), 8);
    riotest_result(&test, 1, 4, WSAEMSGSIZE, 4);
    memcpy(&flags, test.memory + RIOTEST__FLAGS, sizeof flags);
    CHECK_EQ(flags, MSG_TRUNC);
    CHECK(rio.RIOReceiveEx(test.queues[1], &part, 1, NULL, NULL, NULL, &flags_part, 0, (void*) 5));
    CHECK_EQ(send(test.sockets[0], "ab", 2, 0), 2);
    riotest_result(&test, 1, 5, 0, 2);
    memcpy(&flags, test.memory + RIOTEST__FLAGS, sizeof flags);
    CHECK_EQ(flags, 0);
}

/* The engine's calls are not the program's: nothing of them comes to the socket's own port. */
CONF_TEST(riotransfer_own_port) {
    struct riotest test;
    HANDLE port;
    OVERLAPPED overlapped = {0};
    char bytes[8];
    WSABUF buffer = {sizeof bytes, bytes};
    DWORD flags = 0;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    port = conf_port(test.sockets[0]);
    riotest_receive(&test, 0, RIOTEST__DATA, 4, 0, 1);
    riotest_send(&test, 0, RIOTEST__OTHER, 4, 0, 2);
    riotest_result(&test, 0, 2, 0, 4);
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 1, 0, 4);
    conf_quiet(port);
    CHECK_EQ(WSARecv(test.sockets[0], &buffer, 1, NULL, &flags, &overlapped, NULL), SOCKET_ERROR);
    CHECK_EQ(send(test.sockets[1], "more", 4, 0), 4);
    conf_packet(port, &overlapped, 0, 4);
    riotest_quiet(test.completions);
}

static DWORD WINAPI transfer__request_and_end(void* parameter) {
    struct riotest* test = parameter;
    RIO_BUF part = riotest_part(test, RIOTEST__DATA, 4);

    return (DWORD) rio.RIOReceive(test->queues[0], &part, 1, 0, (void*) 7);
}

/* A request does not end with the thread that made it. */
CONF_TEST(riotransfer_thread_ends) {
    struct riotest test;
    HANDLE thread;
    DWORD done = 0;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    thread = CreateThread(NULL, 0, transfer__request_and_end, &test, 0, NULL);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &done) && done);
    riotest_quiet(test.completions);
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 7, 0, 4);
}

CONF_TEST(riotransfer_last_error) {
    struct riotest test;
    RIORESULT result;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    WSASetLastError(4711);
    riotest_send(&test, 0, RIOTEST__DATA, 4, 0, 1);
    riotest_take(test.completions, &result, 1);
    CHECK_EQ(rio.RIODequeueCompletion(test.completions, &result, 1), 0);
    CHECK(rio.RIOSend(test.queues[0], NULL, 0, RIO_MSG_COMMIT_ONLY, NULL));
    CHECK_EQ(WSAGetLastError(), 4711);
}
