/* SPDX-License-Identifier: MIT */
#include "riotest.h"

/* The arguments that describe what to send and receive. */

static void rioarguments__refused(RIO_RQ queue, const RIO_BUF* part, ULONG count, DWORD flags,
                                  int error) {
    WSASetLastError(0);
    CHECK(!rio.RIOSend(queue, (RIO_BUF*) part, count, flags, NULL));
    CHECK_EQ(WSAGetLastError(), error);
    WSASetLastError(0);
    CHECK(!rio.RIOReceive(queue, (RIO_BUF*) part, count, flags, NULL));
    CHECK_EQ(WSAGetLastError(), error);
}

CONF_TEST(rioarguments_both) {
    struct riotest test;
    RIO_BUF part, wrong;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    part = riotest_part(&test, RIOTEST__DATA, 4);
    rioarguments__refused(RIO_INVALID_RQ, &part, 1, 0, WSAEINVAL);
    rioarguments__refused((RIO_RQ) &part, &part, 1, 0, WSAEINVAL);
    rioarguments__refused((RIO_RQ) test.completions, &part, 1, 0, WSAEINVAL);
    rioarguments__refused((RIO_RQ) test.buffer, &part, 1, 0, WSAEINVAL);
    rioarguments__refused(test.queues[0], NULL, 1, 0, WSAEINVAL);
    rioarguments__refused(test.queues[0], &part, 0, 0, WSAEINVAL);
    rioarguments__refused(test.queues[0], &part, 2, 0, WSAEINVAL);
    rioarguments__refused(test.queues[0], conf_noaccess(), 1, 0, WSAEFAULT);
    rioarguments__refused(test.queues[0], &part, 1, 16, WSAEINVAL);
    rioarguments__refused(test.queues[0], &part, 1, 0x80000000, WSAEINVAL);
    rioarguments__refused(test.queues[0], NULL, 0, 0, WSAEINVAL);
    CHECK(!rio.RIOSend(test.queues[0], &part, 1, RIO_MSG_WAITALL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    wrong = part;
    wrong.BufferId = RIO_INVALID_BUFFERID;
    rioarguments__refused(test.queues[0], &wrong, 1, 0, WSAEFAULT);
    wrong.BufferId = (RIO_BUFFERID) test.completions;
    rioarguments__refused(test.queues[0], &wrong, 1, 0, WSAEFAULT);
    riotest_quiet(test.completions);
}

/* A part has to be all in its buffer. */
CONF_TEST(rioarguments_part_outside) {
    static const ULONG parts[][2] = {{RIOTEST__MEMORY, 1},     {RIOTEST__MEMORY + 1, 0},
                                     {0, RIOTEST__MEMORY + 1}, {1, RIOTEST__MEMORY},
                                     {0xFFFFFFFF, 2},          {2, 0xFFFFFFFF}};
    struct riotest test;
    size_t i;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    for (i = 0; i < sizeof parts / sizeof *parts; i++) {
        RIO_BUF part = riotest_part(&test, parts[i][0], parts[i][1]);

        rioarguments__refused(test.queues[0], &part, 1, 0, WSAEINVAL);
    }
    riotest_send(&test, 0, RIOTEST__MEMORY, 0, 0, 1);
    riotest_result(&test, 0, 1, 0, 0);
    riotest_send(&test, 0, 0, RIOTEST__MEMORY, 0, 2);
    riotest_result(&test, 0, 2, 0, RIOTEST__MEMORY);
}

CONF_TEST(rioarguments_buffer_gone) {
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
    rioarguments__refused(test.queues[0], &part, 1, 0, WSAEFAULT);
    rio.RIODeregisterBuffer(test.buffer);
    rioarguments__refused(test.queues[0], &part, 1, 0, WSAEFAULT);
}

CONF_TEST(rioarguments_commit) {
    const DWORD commit = RIO_MSG_COMMIT_ONLY;
    struct riotest test;
    RIO_BUF part;

    riotest_open(&test, AF_INET, SOCK_DGRAM);
    part = riotest_part(&test, 0, 64);
    rioarguments__refused(RIO_INVALID_RQ, NULL, 0, commit, WSAEINVAL);
    rioarguments__refused(test.queues[0], &part, 1, commit, WSAEINVAL);
    rioarguments__refused(test.queues[0], NULL, 1, commit, WSAEINVAL);
    rioarguments__refused(test.queues[0], NULL, 0, commit | RIO_MSG_DEFER, WSAEINVAL);
    rioarguments__refused(test.queues[0], NULL, 0, commit | RIO_MSG_DONT_NOTIFY, WSAEINVAL);
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

CONF_TEST(rioarguments_ex) {
    struct riotest test;
    RIO_BUF data, address, wrong, control;
    ULONG total = 64;
    int i;

    riotest_open(&test, AF_INET, SOCK_DGRAM);
    data = riotest_part(&test, RIOTEST__OTHER, 100);
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
    ((struct sockaddr*) test.memory)->sa_family = AF_INET6;
    wrong.Length = sizeof(struct sockaddr_in6) - 1;
    CHECK(!SENDEX(NULL, &wrong, NULL, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    wrong = address;
    wrong.BufferId = RIO_INVALID_BUFFERID;
    for (i = 0; i < 4; i++) {
        RIO_BUF* stale[4] = {NULL, NULL, NULL, NULL};

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
    /* A message of no length. */
    control = riotest_part(&test, RIOTEST__CONTROL, 64);
    memcpy(test.memory + RIOTEST__CONTROL, &total, sizeof total);
    CHECK(!SENDEX(NULL, NULL, &control, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    total = 65;
    memcpy(test.memory + RIOTEST__CONTROL, &total, sizeof total);
    CHECK(!SENDEX(NULL, NULL, &control, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    memset(test.memory + RIOTEST__CONTROL, 0, sizeof total);
    control = riotest_part(&test, RIOTEST__CONTROL, 64);
    CHECK(SENDEX(NULL, NULL, &control, NULL));
#undef SENDEX
#undef RECEIVEEX
}
