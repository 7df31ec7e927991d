/* SPDX-License-Identifier: MIT */
#include "riotest.h"

/* The addresses and the control data that come with what is received. */

static void rioaddresses__bind_any(SOCKET socket, int family, struct conf_target* reached_by) {
    struct conf_target bound;

    conf_bind(socket, family);
    bound.length = sizeof bound.name;
    CHECK_EQ(getsockname(socket, (struct sockaddr*) &bound.name, &bound.length), 0);
    conf_loopback(family, reached_by);
    conf_set_port(reached_by, conf_get_port(&bound));
}

/* Two sockets that are not connected: both addresses of each datagram are in registered memory. */
static void rioaddresses__addresses(int family) {
    struct conf_target targets[2];
    struct riotest test;
    SOCKET sockets[2];
    RIO_RQ queues[2];
    RIO_BUF data, local, remote;
    int i;

    riotest_open(&test, family, SOCK_DGRAM);
    for (i = 0; i < 2; i++) {
        sockets[i] = riotest_socket(family, SOCK_DGRAM);
        rioaddresses__bind_any(sockets[i], family, &targets[i]);
    }
    CHECK(rio.RIOResizeCompletionQueue(test.completions, 200));
    for (i = 0; i < 2; i++) {
        queues[i] = rio.RIOCreateRequestQueue(sockets[i], 4, 1, 4, 1, test.completions,
                                              test.completions, (void*) (ULONG_PTR) (i + 1));
        CHECK(queues[i] != RIO_INVALID_RQ);
    }
    local = riotest_part(&test, RIOTEST__LOCAL, sizeof(SOCKADDR_INET));
    remote = riotest_part(&test, RIOTEST__REMOTE, 64);
    data = riotest_part(&test, RIOTEST__OTHER, 100);
    CHECK(rio.RIOReceiveEx(queues[1], &data, 1, &local, &remote, NULL, NULL, 0, (void*) 1));
    CHECK(rio.RIOReceiveEx(queues[1], &data, 1, NULL, &remote, NULL, NULL, 0, (void*) 2));

    for (i = 1; i <= 2; i++) {
        RIO_BUF to = riotest_part(&test, 0, 64);

        memset(test.memory, 0, 64);
        memcpy(test.memory, &targets[1].name, targets[1].length);
        data = riotest_part(&test, 512, 5);
        CHECK(rio.RIOSendEx(queues[0], &data, 1, NULL, &to, NULL, NULL, 0, (void*) 3));
        riotest_results(&test, 0, 3, (ULONG_PTR) i, 5);
        CHECK(memcmp(test.memory + RIOTEST__REMOTE, &targets[0].name, targets[0].length) == 0);
        memset(test.memory + RIOTEST__REMOTE, 0, 64);
    }
    CHECK(memcmp(test.memory + RIOTEST__LOCAL, &targets[1].name, targets[1].length) == 0);
}

CONF_TEST(rioaddresses_ipv4) {
    rioaddresses__addresses(AF_INET);
}

CONF_TEST(rioaddresses_ipv6) {
    rioaddresses__addresses(AF_INET6);
}

/* A stream has its addresses, too. */
CONF_TEST(rioaddresses_stream) {
    struct conf_target names[2];
    struct riotest test;
    RIO_BUF data, local, remote;
    int i;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    for (i = 0; i < 2; i++) {
        names[i].length = sizeof names[i].name;
        CHECK_EQ(getsockname(test.sockets[i], (struct sockaddr*) &names[i].name, &names[i].length),
                 0);
    }
    data = riotest_part(&test, RIOTEST__OTHER, 100);
    local = riotest_part(&test, RIOTEST__LOCAL, sizeof(SOCKADDR_INET));
    remote = riotest_part(&test, RIOTEST__REMOTE, sizeof(SOCKADDR_INET));
    CHECK(rio.RIOReceiveEx(test.queues[0], &data, 1, &local, &remote, NULL, NULL, 0, (void*) 1));
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 1, 0, 4);
    CHECK(memcmp(test.memory + RIOTEST__LOCAL, &names[0].name, names[0].length) == 0);
    CHECK(memcmp(test.memory + RIOTEST__REMOTE, &names[1].name, names[1].length) == 0);
}

CONF_TEST(rioaddresses_control) {
    struct riotest test;
    RIO_BUF data, control, flags;
    WSACMSGHDR header;
    ULONG total, got;
    DWORD on = 1;

    riotest_open(&test, AF_INET, SOCK_DGRAM);
    CHECK_EQ(setsockopt(test.sockets[0], IPPROTO_IP, IP_PKTINFO, (char*) &on, sizeof on), 0);
    data = riotest_part(&test, RIOTEST__OTHER, 100);
    control = riotest_part(&test, RIOTEST__CONTROL, 512);
    flags = riotest_part(&test, RIOTEST__FLAGS, 4);
    CHECK(rio.RIOReceiveEx(test.queues[0], &data, 1, NULL, NULL, &control, &flags, 0, (void*) 1));
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 1, 0, 4);
    memcpy(&total, test.memory + RIOTEST__CONTROL, sizeof total);
    CHECK(total >= sizeof(SIZE_T) + sizeof header && total <= 512);
    memcpy(&header, test.memory + RIOTEST__CONTROL + sizeof(SIZE_T), sizeof header);
    CHECK_EQ(header.cmsg_level, IPPROTO_IP);
    CHECK_EQ(header.cmsg_type, IP_PKTINFO);

    control.Length = sizeof(SIZE_T) + 4;
    CHECK(rio.RIOReceiveEx(test.queues[0], &data, 1, NULL, NULL, &control, &flags, 0, (void*) 2));
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 2, 0, 4);
    memcpy(&total, test.memory + RIOTEST__CONTROL, sizeof total);
    CHECK_EQ(total, sizeof(SIZE_T));
    memcpy(&got, test.memory + RIOTEST__FLAGS, sizeof got);
    CHECK_EQ(got, MSG_CTRUNC);
}
