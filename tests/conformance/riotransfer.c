/* SPDX-License-Identifier: MIT */
#include "riotest.h"

/* Sends and receives, and the arguments that describe them. */

#define TRANSFER__DATA 0
#define TRANSFER__OTHER 4096
#define TRANSFER__LOCAL 8192
#define TRANSFER__REMOTE 8256
#define TRANSFER__CONTROL 8320
#define TRANSFER__FLAGS 8960

static void transfer__round(int family, int type) {
    struct riotest test;

    riotest_open(&test, family, type);
    memcpy(test.memory, "question", 8);
    riotest_receive(&test, 1, TRANSFER__OTHER, 100, 0, 11);
    riotest_send(&test, 0, TRANSFER__DATA, 8, 0, 22);
    riotest_results(&test, 0, 22, 11, 8);
    CHECK(memcmp(test.memory + TRANSFER__OTHER, "question", 8) == 0);
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
        riotest_receive(&test, 0, TRANSFER__DATA + (ULONG) i, 1, 0, i);
    for (i = 1; i <= RIOTEST__LIMIT; i++) {
        byte = (char) i;
        CHECK_EQ(send(test.sockets[1], &byte, 1, 0), 1);
    }
    for (i = 1; i <= RIOTEST__LIMIT; i++) {
        riotest_result(&test, 0, i, 0, 1);
        CHECK_EQ(test.memory[TRANSFER__DATA + i], i);
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
    CHECK(rio.RIOReceive(test.queues[1], &part, 1, RIO_MSG_WAITALL, (void *) 1));
    part.Offset = length / 2;
    CHECK(rio.RIOReceive(test.queues[1], &part, 1, RIO_MSG_WAITALL, (void *) 2));
    part.BufferId = rio.RIORegisterBuffer(source, length);
    part.Offset = 0;
    part.Length = length;
    CHECK(rio.RIOSend(test.queues[0], &part, 1, RIO_MSG_DONT_NOTIFY, (void *) 3));
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
    riotest_receive(&test, 0, TRANSFER__DATA, 6, RIO_MSG_WAITALL, 1);
    riotest_receive(&test, 0, TRANSFER__OTHER, 6, 0, 2);
    CHECK_EQ(send(test.sockets[1], "abcd", 4, 0), 4);
    riotest_quiet(test.completions);
    CHECK_EQ(send(test.sockets[1], "efgh", 4, 0), 4);
    riotest_result(&test, 0, 1, 0, 6);
    riotest_result(&test, 0, 2, 0, 2);
    CHECK(memcmp(test.memory + TRANSFER__DATA, "abcdef", 6) == 0);
    CHECK(memcmp(test.memory + TRANSFER__OTHER, "gh", 2) == 0);
}

CONF_TEST(riotransfer_waitall_end) {
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    riotest_receive(&test, 0, TRANSFER__DATA, 6, RIO_MSG_WAITALL, 1);
    riotest_receive(&test, 0, TRANSFER__DATA, 6, RIO_MSG_WAITALL, 2);
    CHECK_EQ(send(test.sockets[1], "abcd", 4, 0), 4);
    Sleep(CONF__QUIET);
    closesocket(test.sockets[1]);
    riotest_result(&test, 0, 1, 0, 4);
    riotest_result(&test, 0, 2, 0, 0);
}

CONF_TEST(riotransfer_end_of_stream) {
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    riotest_receive(&test, 0, TRANSFER__DATA, 6, 0, 1);
    riotest_receive(&test, 0, TRANSFER__DATA, 6, 0, 2);
    CHECK_EQ(shutdown(test.sockets[1], SD_SEND), 0);
    riotest_result(&test, 0, 1, 0, 0);
    riotest_result(&test, 0, 2, 0, 0);
}

/* The receive is under way: Wine can tell one that comes after the reset that the stream ended. */
CONF_TEST(riotransfer_reset) {
    struct linger hard = {1, 0};
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    riotest_receive(&test, 0, TRANSFER__DATA, 6, 0, 1);
    Sleep(CONF__QUIET);
    CHECK_EQ(setsockopt(test.sockets[1], SOL_SOCKET, SO_LINGER, (char *) &hard, sizeof hard), 0);
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
    part = riotest_part(&test, TRANSFER__DATA, 1);
    for (i = 1; i <= RIOTEST__LIMIT; i++)
        riotest_send(&test, 0, TRANSFER__DATA, 1, 0, i);
    Sleep(CONF__QUIET);
    CHECK(!rio.RIOSend(test.queues[0], &part, 1, 0, NULL));
    CHECK_EQ(WSAGetLastError(), WSAENOBUFS);
    CHECK(!rio.RIOSend(test.queues[0], &part, 1, RIO_MSG_DEFER, NULL));
    CHECK_EQ(WSAGetLastError(), WSAENOBUFS);
    riotest_receive(&test, 0, TRANSFER__DATA, 1, 0, 99);
    riotest_result(&test, 0, 1, 0, 1);
    riotest_send(&test, 0, TRANSFER__DATA, 1, 0, 17);
    CHECK(!rio.RIOSend(test.queues[0], &part, 1, 0, NULL));
    CHECK(rio.RIOResizeRequestQueue(test.queues[0], 1, RIOTEST__LIMIT + 1));
    riotest_send(&test, 0, TRANSFER__DATA, 1, 0, 18);
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

static void transfer__refused(RIO_RQ queue, const RIO_BUF *part, ULONG count, DWORD flags,
                              int error) {
    WSASetLastError(0);
    CHECK(!rio.RIOSend(queue, (RIO_BUF *) part, count, flags, NULL));
    CHECK_EQ(WSAGetLastError(), error);
    WSASetLastError(0);
    CHECK(!rio.RIOReceive(queue, (RIO_BUF *) part, count, flags, NULL));
    CHECK_EQ(WSAGetLastError(), error);
}

CONF_TEST(riotransfer_arguments) {
    struct riotest test;
    RIO_BUF part, wrong;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    part = riotest_part(&test, TRANSFER__DATA, 4);
    transfer__refused(RIO_INVALID_RQ, &part, 1, 0, WSAEINVAL);
    transfer__refused((RIO_RQ) &part, &part, 1, 0, WSAEINVAL);
    transfer__refused((RIO_RQ) test.completions, &part, 1, 0, WSAEINVAL);
    transfer__refused((RIO_RQ) test.buffer, &part, 1, 0, WSAEINVAL);
    transfer__refused(test.queues[0], NULL, 1, 0, WSAEINVAL);
    transfer__refused(test.queues[0], &part, 0, 0, WSAEINVAL);
    transfer__refused(test.queues[0], &part, 2, 0, WSAEINVAL);
    transfer__refused(test.queues[0], conf_noaccess(), 1, 0, WSAEFAULT);
    transfer__refused(test.queues[0], &part, 1, 16, WSAEINVAL);
    transfer__refused(test.queues[0], &part, 1, 0x80000000, WSAEINVAL);
    transfer__refused(test.queues[0], NULL, 0, 0, WSAEINVAL);
    CHECK(!rio.RIOSend(test.queues[0], &part, 1, RIO_MSG_WAITALL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    wrong = part;
    wrong.BufferId = RIO_INVALID_BUFFERID;
    transfer__refused(test.queues[0], &wrong, 1, 0, WSAEFAULT);
    wrong.BufferId = (RIO_BUFFERID) test.completions;
    transfer__refused(test.queues[0], &wrong, 1, 0, WSAEFAULT);
    riotest_quiet(test.completions);
}

/* A part has to be all in its buffer. */
CONF_TEST(riotransfer_part_outside) {
    static const ULONG parts[][2] = {{RIOTEST__MEMORY, 1},
                                     {RIOTEST__MEMORY + 1, 0},
                                     {0, RIOTEST__MEMORY + 1},
                                     {1, RIOTEST__MEMORY},
                                     {0xFFFFFFFF, 2},
                                     {2, 0xFFFFFFFF}};
    struct riotest test;
    size_t i;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    for (i = 0; i < sizeof parts / sizeof *parts; i++) {
        RIO_BUF part = riotest_part(&test, parts[i][0], parts[i][1]);

        transfer__refused(test.queues[0], &part, 1, 0, WSAEINVAL);
    }
    riotest_send(&test, 0, RIOTEST__MEMORY, 0, 0, 1);
    riotest_result(&test, 0, 1, 0, 0);
    riotest_send(&test, 0, 0, RIOTEST__MEMORY, 0, 2);
    riotest_result(&test, 0, 2, 0, RIOTEST__MEMORY);
}

CONF_TEST(riotransfer_buffer_gone) {
    struct riotest test;
    RIO_BUF part;
    DWORD old;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    part = riotest_part(&test, 0, 16);
    CHECK(VirtualProtect(test.memory, 4096, PAGE_READONLY, &old));
    CHECK(!rio.RIOReceive(test.queues[0], &part, 1, 0, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    riotest_send(&test, 0, 0, 16, 0, 1);
    riotest_result(&test, 0, 1, 0, 16);
    CHECK(VirtualFree(test.memory, 0, MEM_RELEASE));
    transfer__refused(test.queues[0], &part, 1, 0, WSAEFAULT);
    rio.RIODeregisterBuffer(test.buffer);
    transfer__refused(test.queues[0], &part, 1, 0, WSAEFAULT);
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

    part = riotest_part(&test, TRANSFER__OTHER, 8);
    CHECK(rio.RIOReceiveEx(test.queues[0], &part, 1, NULL, NULL, NULL, NULL, RIO_MSG_DEFER,
                           (void *) 5));
    CHECK_EQ(send(test.sockets[1], "xyz", 3, 0), 3);
    CHECK(rio.RIOReceiveEx(test.queues[0], NULL, 0, NULL, NULL, NULL, NULL, RIO_MSG_COMMIT_ONLY,
                           NULL));
    riotest_result(&test, 0, 5, 0, 3);
}

CONF_TEST(riotransfer_commit_arguments) {
    const DWORD commit = RIO_MSG_COMMIT_ONLY;
    struct riotest test;
    RIO_BUF part;

    riotest_open(&test, AF_INET, SOCK_DGRAM);
    part = riotest_part(&test, 0, 64);
    transfer__refused(RIO_INVALID_RQ, NULL, 0, commit, WSAEINVAL);
    transfer__refused(test.queues[0], &part, 1, commit, WSAEINVAL);
    transfer__refused(test.queues[0], NULL, 1, commit, WSAEINVAL);
    transfer__refused(test.queues[0], NULL, 0, commit | RIO_MSG_DEFER, WSAEINVAL);
    transfer__refused(test.queues[0], NULL, 0, commit | RIO_MSG_DONT_NOTIFY, WSAEINVAL);
    CHECK(!rio.RIOSend(test.queues[0], NULL, 0, commit, &part));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!rio.RIOSendEx(test.queues[0], NULL, 0, NULL, &part, NULL, NULL, commit, NULL));
    CHECK(!rio.RIOReceiveEx(test.queues[0], NULL, 0, &part, NULL, NULL, NULL, commit, NULL));
    CHECK(!rio.RIOReceiveEx(test.queues[0], NULL, 0, NULL, NULL, &part, NULL, commit, NULL));
    CHECK(!rio.RIOReceiveEx(test.queues[0], NULL, 0, NULL, NULL, NULL, &part, commit, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!rio.RIOReceive(test.queues[0], &part, 1, RIO_MSG_WAITALL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
}

/* A datagram may be without data, and one that is too long is cut. */
CONF_TEST(riotransfer_datagram_lengths) {
    struct riotest test;
    ULONG flags;
    RIO_BUF part, flags_part;

    riotest_open(&test, AF_INET, SOCK_DGRAM);
    riotest_receive(&test, 1, TRANSFER__OTHER, 100, 0, 1);
    CHECK(rio.RIOSend(test.queues[0], NULL, 0, 0, (void *) 2));
    riotest_results(&test, 0, 2, 1, 0);

    CHECK_EQ(send(test.sockets[0], "abcdefgh", 8, 0), 8);
    riotest_receive(&test, 1, TRANSFER__OTHER, 4, 0, 3);
    riotest_result(&test, 1, 3, WSAEMSGSIZE, 4);
    CHECK(memcmp(test.memory + TRANSFER__OTHER, "abcd", 4) == 0);

    part = riotest_part(&test, TRANSFER__OTHER, 4);
    flags_part = riotest_part(&test, TRANSFER__FLAGS, sizeof flags);
    CHECK(rio.RIOReceiveEx(test.queues[1], &part, 1, NULL, NULL, NULL, &flags_part, 0,
                           (void *) 4));
    CHECK_EQ(send(test.sockets[0], "abcdefgh", 8, 0), 8);
    riotest_result(&test, 1, 4, WSAEMSGSIZE, 4);
    memcpy(&flags, test.memory + TRANSFER__FLAGS, sizeof flags);
    CHECK_EQ(flags, MSG_TRUNC);
    CHECK(rio.RIOReceiveEx(test.queues[1], &part, 1, NULL, NULL, NULL, &flags_part, 0,
                           (void *) 5));
    CHECK_EQ(send(test.sockets[0], "ab", 2, 0), 2);
    riotest_result(&test, 1, 5, 0, 2);
    memcpy(&flags, test.memory + TRANSFER__FLAGS, sizeof flags);
    CHECK_EQ(flags, 0);
}

static void transfer__bind_any(SOCKET socket, int family, struct conf_target *reached_by) {
    struct conf_target bound;

    conf_bind(socket, family);
    bound.length = sizeof bound.name;
    CHECK_EQ(getsockname(socket, (struct sockaddr *) &bound.name, &bound.length), 0);
    conf_loopback(family, reached_by);
    conf_set_port(reached_by, conf_get_port(&bound));
}

/* Two sockets that are not connected: both addresses of each datagram are in registered memory. */
static void transfer__addresses(int family) {
    struct conf_target targets[2];
    struct riotest test;
    SOCKET sockets[2];
    RIO_RQ queues[2];
    RIO_BUF data, local, remote;
    int i;

    riotest_open(&test, family, SOCK_DGRAM);
    for (i = 0; i < 2; i++) {
        sockets[i] = riotest_socket(family, SOCK_DGRAM);
        transfer__bind_any(sockets[i], family, &targets[i]);
    }
    CHECK(rio.RIOResizeCompletionQueue(test.completions, 200));
    for (i = 0; i < 2; i++) {
        queues[i] = rio.RIOCreateRequestQueue(sockets[i], 4, 1, 4, 1, test.completions,
                                              test.completions, (void *) (ULONG_PTR) (i + 1));
        CHECK(queues[i] != RIO_INVALID_RQ);
    }
    local = riotest_part(&test, TRANSFER__LOCAL, sizeof(SOCKADDR_INET));
    remote = riotest_part(&test, TRANSFER__REMOTE, 64);
    data = riotest_part(&test, TRANSFER__OTHER, 100);
    CHECK(rio.RIOReceiveEx(queues[1], &data, 1, &local, &remote, NULL, NULL, 0, (void *) 1));
    CHECK(rio.RIOReceiveEx(queues[1], &data, 1, NULL, &remote, NULL, NULL, 0, (void *) 2));

    for (i = 1; i <= 2; i++) {
        RIO_BUF to = riotest_part(&test, 0, 64);

        memset(test.memory, 0, 64);
        memcpy(test.memory, &targets[1].name, targets[1].length);
        data = riotest_part(&test, 512, 5);
        CHECK(rio.RIOSendEx(queues[0], &data, 1, NULL, &to, NULL, NULL, 0, (void *) 3));
        riotest_results(&test, 0, 3, (ULONG_PTR) i, 5);
        CHECK(memcmp(test.memory + TRANSFER__REMOTE, &targets[0].name, targets[0].length) == 0);
        memset(test.memory + TRANSFER__REMOTE, 0, 64);
    }
    CHECK(memcmp(test.memory + TRANSFER__LOCAL, &targets[1].name, targets[1].length) == 0);
}

CONF_TEST(riotransfer_addresses) {
    transfer__addresses(AF_INET);
}

CONF_TEST(riotransfer_addresses_ipv6) {
    transfer__addresses(AF_INET6);
}

/* A stream has its addresses, too. */
CONF_TEST(riotransfer_addresses_stream) {
    struct conf_target names[2];
    struct riotest test;
    RIO_BUF data, local, remote;
    int i;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    for (i = 0; i < 2; i++) {
        names[i].length = sizeof names[i].name;
        CHECK_EQ(getsockname(test.sockets[i], (struct sockaddr *) &names[i].name,
                             &names[i].length), 0);
    }
    data = riotest_part(&test, TRANSFER__OTHER, 100);
    local = riotest_part(&test, TRANSFER__LOCAL, sizeof(SOCKADDR_INET));
    remote = riotest_part(&test, TRANSFER__REMOTE, sizeof(SOCKADDR_INET));
    CHECK(rio.RIOReceiveEx(test.queues[0], &data, 1, &local, &remote, NULL, NULL, 0, (void *) 1));
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 1, 0, 4);
    CHECK(memcmp(test.memory + TRANSFER__LOCAL, &names[0].name, names[0].length) == 0);
    CHECK(memcmp(test.memory + TRANSFER__REMOTE, &names[1].name, names[1].length) == 0);
}

CONF_TEST(riotransfer_control) {
    struct riotest test;
    RIO_BUF data, control, flags;
    WSACMSGHDR header;
    ULONG total, got;
    DWORD on = 1;

    riotest_open(&test, AF_INET, SOCK_DGRAM);
    CHECK_EQ(setsockopt(test.sockets[0], IPPROTO_IP, IP_PKTINFO, (char *) &on, sizeof on), 0);
    data = riotest_part(&test, TRANSFER__OTHER, 100);
    control = riotest_part(&test, TRANSFER__CONTROL, 512);
    flags = riotest_part(&test, TRANSFER__FLAGS, 4);
    CHECK(rio.RIOReceiveEx(test.queues[0], &data, 1, NULL, NULL, &control, &flags, 0, (void *) 1));
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 1, 0, 4);
    memcpy(&total, test.memory + TRANSFER__CONTROL, sizeof total);
    CHECK(total >= sizeof(SIZE_T) + sizeof header && total <= 512);
    memcpy(&header, test.memory + TRANSFER__CONTROL + sizeof(SIZE_T), sizeof header);
    CHECK_EQ(header.cmsg_level, IPPROTO_IP);
    CHECK_EQ(header.cmsg_type, IP_PKTINFO);

    control.Length = sizeof(SIZE_T) + 4;
    CHECK(rio.RIOReceiveEx(test.queues[0], &data, 1, NULL, NULL, &control, &flags, 0, (void *) 2));
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 2, 0, 4);
    memcpy(&total, test.memory + TRANSFER__CONTROL, sizeof total);
    CHECK_EQ(total, sizeof(SIZE_T));
    memcpy(&got, test.memory + TRANSFER__FLAGS, sizeof got);
    CHECK_EQ(got, MSG_CTRUNC);
}

CONF_TEST(riotransfer_ex_arguments) {
    struct riotest test;
    RIO_BUF data, address, wrong, control;
    ULONG total = 64;
    int i;

    riotest_open(&test, AF_INET, SOCK_DGRAM);
    data = riotest_part(&test, TRANSFER__OTHER, 100);
    address = riotest_part(&test, 0, sizeof(SOCKADDR_INET));
#define SENDEX(local, remote, control, flags) \
    rio.RIOSendEx(test.queues[0], &data, 1, local, remote, control, flags, 0, NULL)
#define RECEIVEEX(local, remote, control, flags) \
    rio.RIOReceiveEx(test.queues[0], &data, 1, local, remote, control, flags, 0, NULL)
    CHECK(!SENDEX(&address, NULL, NULL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!SENDEX(NULL, &address, NULL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    wrong = riotest_part(&test, 0, sizeof(struct sockaddr_in) - 1);
    CHECK(!SENDEX(NULL, &wrong, NULL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!SENDEX(NULL, conf_noaccess(), NULL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    ((struct sockaddr *) test.memory)->sa_family = AF_INET6;
    wrong.Length = sizeof(struct sockaddr_in6) - 1;
    CHECK(!SENDEX(NULL, &wrong, NULL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    wrong = address;
    wrong.BufferId = RIO_INVALID_BUFFERID;
    for (i = 0; i < 4; i++) {
        RIO_BUF *stale[4] = {NULL, NULL, NULL, NULL};

        stale[i] = &wrong;
        CHECK(!RECEIVEEX(stale[0], stale[1], stale[2], stale[3]));
        CHECK_EQ(WSAGetLastError(), WSAEFAULT);
        CHECK(i == 0 || !SENDEX(NULL, stale[1], stale[2], stale[3]));
        CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    }
    wrong = address;
    wrong.Length = sizeof(SOCKADDR_INET) - 1;
    CHECK(!RECEIVEEX(&wrong, NULL, NULL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!RECEIVEEX(NULL, &wrong, NULL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    wrong.Length = 3;
    CHECK(!RECEIVEEX(NULL, NULL, &wrong, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!RECEIVEEX(NULL, NULL, NULL, &wrong));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    /* Control data that is sent would be dropped by the system, so it is refused. */
    control = riotest_part(&test, TRANSFER__CONTROL, 64);
    memcpy(test.memory + TRANSFER__CONTROL, &total, sizeof total);
    CHECK(!SENDEX(NULL, NULL, &control, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEOPNOTSUPP);
    memset(test.memory + TRANSFER__CONTROL, 0, sizeof total);
    control = riotest_part(&test, TRANSFER__CONTROL, 64);
    CHECK(SENDEX(NULL, NULL, &control, NULL));
#undef SENDEX
#undef RECEIVEEX
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
    riotest_receive(&test, 0, TRANSFER__DATA, 4, 0, 1);
    riotest_send(&test, 0, TRANSFER__OTHER, 4, 0, 2);
    riotest_result(&test, 0, 2, 0, 4);
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 1, 0, 4);
    conf_quiet(port);
    CHECK_EQ(WSARecv(test.sockets[0], &buffer, 1, NULL, &flags, &overlapped, NULL), SOCKET_ERROR);
    CHECK_EQ(send(test.sockets[1], "more", 4, 0), 4);
    conf_packet(port, &overlapped, 0, 4);
    riotest_quiet(test.completions);
}

static DWORD WINAPI transfer__request_and_end(void *parameter) {
    struct riotest *test = parameter;
    RIO_BUF part = riotest_part(test, TRANSFER__DATA, 4);

    return (DWORD) rio.RIOReceive(test->queues[0], &part, 1, 0, (void *) 7);
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
    riotest_send(&test, 0, TRANSFER__DATA, 4, 0, 1);
    riotest_take(test.completions, &result, 1);
    CHECK_EQ(rio.RIODequeueCompletion(test.completions, &result, 1), 0);
    CHECK(rio.RIOSend(test.queues[0], NULL, 0, RIO_MSG_COMMIT_ONLY, NULL));
    CHECK_EQ(WSAGetLastError(), 4711);
}
