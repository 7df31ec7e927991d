/* SPDX-License-Identifier: MIT */
#include "riotest.h"

/* Sockets, queues and buffers that go while requests are under way. */

#define RIOCLOSE__ROUNDS 200

static void close__aborted(struct riotest* test, ULONG_PTR first, ULONG_PTR last) {
    for (; first <= last; first++)
        riotest_result(test, 0, first, WSA_OPERATION_ABORTED, 0);
}

static void close__socket(int type, BOOL by_closehandle) {
    struct riotest test;
    ULONG_PTR i;

    riotest_open(&test, AF_INET, type);
    for (i = 1; i <= RIOTEST__LIMIT; i++)
        riotest_receive(&test, 0, (ULONG) i, 1, i == RIOTEST__LIMIT ? RIO_MSG_DEFER : 0, i);
    Sleep(CONF__QUIET);
    if (by_closehandle)
        CHECK(CloseHandle((HANDLE) test.sockets[0]));
    else
        CHECK_EQ(closesocket(test.sockets[0]), 0);
    CHECK(!rio.RIOReceive(test.queues[0], NULL, 0, RIO_MSG_COMMIT_ONLY, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    close__aborted(&test, 1, RIOTEST__LIMIT);
    riotest_quiet(test.completions);
}

CONF_TEST(rioclose_socket_stream) {
    close__socket(SOCK_STREAM, FALSE);
}

CONF_TEST(rioclose_socket_datagram) {
    close__socket(SOCK_DGRAM, FALSE);
}

CONF_TEST(rioclose_socket_closehandle) {
    close__socket(SOCK_STREAM, TRUE);
}

/* A send that the system cannot take ends, too. */
CONF_TEST(rioclose_socket_sending) {
    const ULONG length = 16 << 20;
    struct riotest test;
    RIORESULT result;
    RIO_BUF part = {0};

    riotest_open(&test, AF_INET, SOCK_STREAM);
    part.BufferId = rio.RIORegisterBuffer(conf_pages(length), length);
    part.Length = length;
    CHECK(rio.RIOSend(test.queues[0], &part, 1, 0, (void*) 1));
    CHECK(rio.RIOSend(test.queues[0], &part, 1, 0, (void*) 2));
    riotest_quiet(test.completions);
    CHECK_EQ(closesocket(test.sockets[0]), 0);
    riotest_take(test.completions, &result, 1);
    CHECK_EQ(result.Status, WSA_OPERATION_ABORTED);
    CHECK_EQ(result.RequestContext, 1);
    riotest_result(&test, 0, 2, WSA_OPERATION_ABORTED, 0);
}

static DWORD WINAPI close__reset(void* parameter) {
    SOCKET* peer = parameter;
    char byte;

    CHECK_EQ(recv(*peer, &byte, 1, 0), 1);
    conf_reset(*peer);
    return 0;
}

/* Wine 8 may lose the end of a send that is under way when the peer resets. */
CONF_TEST(rioclose_peer_resets) {
    const ULONG length = 64 << 20;
    char* memory = conf_pages(length);
    int tries;

    for (tries = 0; tries < 200; tries++) {
        struct riotest test;
        RIORESULT result;
        RIO_BUF part = {0};
        HANDLE thread;

        riotest_open(&test, AF_INET, SOCK_STREAM);
        thread = CreateThread(NULL, 0, close__reset, &test.sockets[1], 0, NULL);
        part.BufferId = rio.RIORegisterBuffer(memory, length);
        part.Length = length;
        CHECK(rio.RIOSend(test.queues[0], &part, 1, 0, (void*) 1));
        WaitForSingleObject(thread, INFINITE);
        CloseHandle(thread);
        riotest_take(test.completions, &result, 1);
        CHECK_EQ(result.RequestContext, 1);
        CHECK_EQ(result.Status, WSAECONNRESET);
        closesocket(test.sockets[0]);
        rio.RIODeregisterBuffer(part.BufferId);
    }
}

/* What was done before the socket was closed is still there to be taken. */
CONF_TEST(rioclose_socket_after_end) {
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    riotest_send(&test, 0, 0, 5, 0, 1);
    Sleep(CONF__QUIET);
    closesocket(test.sockets[0]);
    riotest_result(&test, 0, 1, 0, 5);
    riotest_quiet(test.completions);
}

/* A request takes room in the completion queue until its completion was taken, the rest of the
 * room is free once the socket is closed. */
CONF_TEST(rioclose_room) {
    SOCKET sockets[2], other;
    static char bytes[16];
    RIO_BUF part = {0};
    RIORESULT results[4];
    RIO_CQ completions;
    RIO_RQ queue;

    riotest_load();
    riotest_connect(AF_INET, SOCK_STREAM, sockets);
    other = riotest_socket(AF_INET, SOCK_STREAM);
    completions = rio.RIOCreateCompletionQueue(8, NULL);
    queue = rio.RIOCreateRequestQueue(sockets[0], 4, 1, 4, 1, completions, completions, NULL);
    part.BufferId = rio.RIORegisterBuffer(bytes, sizeof bytes);
    part.Length = 4;
    CHECK(rio.RIOReceive(queue, &part, 1, 0, NULL));
    CHECK(rio.RIOReceive(queue, &part, 1, 0, NULL));
    CHECK(rio.RIOSend(queue, &part, 1, 0, NULL));
    closesocket(sockets[0]);
    CHECK(rio.RIOCreateRequestQueue(other, 6, 1, 0, 1, completions, completions, NULL) ==
          RIO_INVALID_RQ);
    CHECK_EQ(WSAGetLastError(), WSAENOBUFS);
    queue = rio.RIOCreateRequestQueue(other, 5, 1, 0, 1, completions, completions, NULL);
    CHECK(queue != RIO_INVALID_RQ);
    riotest_take(completions, results, 3);
    CHECK(rio.RIOResizeRequestQueue(queue, 8, 0));
}

/* A socket that is closed by a way that no hook stands for, and whose ConnectEx tells of it: one
 * with more data than the host's own would carry. */
CONF_TEST(rioclose_behind_our_back) {
    static char payload[4096];
    LONG(WINAPI * close)
    (HANDLE) =
        (LONG(WINAPI*)(HANDLE))(void*) GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtClose");
    struct conf_silent silent;
    OVERLAPPED overlapped = {0};
    SOCKET client, other;
    RIO_CQ completions;
    RIO_RQ queue;
    int i;

    riotest_load();
    client = riotest_socket(AF_INET, SOCK_STREAM);
    other = riotest_socket(AF_INET, SOCK_STREAM);
    conf_bind(client, AF_INET);
    completions = rio.RIOCreateCompletionQueue(8, NULL);
    queue = rio.RIOCreateRequestQueue(client, 4, 1, 4, 1, completions, completions, NULL);
    CHECK(queue != RIO_INVALID_RQ);
    conf_silent_fill(&silent, AF_INET);
    overlapped.hEvent = conf_event();
    conf_start(client, &silent.target, payload, sizeof payload, &overlapped);
    Sleep(CONF__QUIET);
    CHECK_EQ(close((HANDLE) client), 0);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    for (i = 0; i < CONF__LIMIT / 10 && rio.RIOResizeRequestQueue(queue, 4, 4); i++)
        Sleep(10);
    CHECK(!rio.RIOResizeRequestQueue(queue, 4, 4));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(rio.RIOCreateRequestQueue(other, 4, 1, 4, 1, completions, completions, NULL) !=
          RIO_INVALID_RQ);
}

/* Completions of a queue that is closed are dropped, the requests themselves are carried out. */
CONF_TEST(rioclose_completions_first) {
    struct riotest test;
    RIO_BUF part;
    char bytes[8];

    riotest_open(&test, AF_INET, SOCK_STREAM);
    riotest_receive(&test, 0, 0, 4, 0, 1);
    riotest_send(&test, 0, 100, 4, 0, 2);
    rio.RIOCloseCompletionQueue(test.completions);
    CHECK_EQ(recv(test.sockets[1], bytes, sizeof bytes, 0), 4);
    part = riotest_part(&test, 0, 4);
    CHECK(!rio.RIOSend(test.queues[0], &part, 1, 0, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!rio.RIOReceive(test.queues[0], &part, 1, 0, NULL));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    Sleep(CONF__QUIET);
    CHECK(memcmp(test.memory, "data", 4) == 0);
    CHECK_EQ(closesocket(test.sockets[0]), 0);
    CHECK_EQ(closesocket(test.sockets[1]), 0);
    Sleep(CONF__QUIET);
}

/* One of two completion queues may go, and the other direction works on. */
CONF_TEST(rioclose_one_of_two) {
    struct riotest_split test;
    RIORESULT result;

    riotest_open_split(&test, NULL);
    CHECK(rio.RIOReceive(test.queue, &test.part, 1, 0, NULL));
    rio.RIOCloseCompletionQueue(test.completions[0]);
    CHECK(!rio.RIOReceive(test.queue, &test.part, 1, 0, NULL));
    CHECK(rio.RIOSend(test.queue, &test.part, 1, 0, NULL));
    riotest_take(test.completions[1], &result, 1);
    closesocket(test.sockets[0]);
    riotest_quiet(test.completions[1]);
    rio.RIOCloseCompletionQueue(test.completions[1]);
}

/* The results are undefined by the document. Ours: what is received ends, as the memory may go;
 * what is sent is sent. */
CONF_TEST(rioclose_buffer_in_use) {
    struct riotest test;
    RIO_BUFFERID other;
    RIO_BUF part;
    char bytes[8];
    ULONG_PTR i;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    other = rio.RIORegisterBuffer(test.memory, 64);
    for (i = 1; i <= 4; i++)
        riotest_receive(&test, 0, 0, 4, 0, i);
    part = riotest_part(&test, 100, 4);
    part.BufferId = other;
    part.Offset = 0;
    CHECK(rio.RIOReceive(test.queues[0], &part, 1, 0, (void*) 5));
    rio.RIODeregisterBuffer(test.buffer);
    close__aborted(&test, 1, 4);
    riotest_quiet(test.completions);
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 5, 0, 4);
    CHECK(rio.RIOSend(test.queues[0], &part, 1, 0, (void*) 6));
    rio.RIODeregisterBuffer(other);
    riotest_result(&test, 0, 6, 0, 4);
    CHECK_EQ(recv(test.sockets[1], bytes, sizeof bytes, 0), 4);
}

CONF_TEST(rioclose_buffer_deferred) {
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    riotest_receive(&test, 0, 0, 4, RIO_MSG_DEFER, 1);
    rio.RIODeregisterBuffer(test.buffer);
    CHECK(rio.RIOReceive(test.queues[0], NULL, 0, RIO_MSG_COMMIT_ONLY, NULL));
    riotest_result(&test, 0, 1, WSA_OPERATION_ABORTED, 0);
}

/* As wireguard-go ends: completion queue, port, buffer and memory go before the socket, while
 * receives wait; what comes in then must not be written anywhere. */
CONF_TEST(rioclose_wireguard) {
    const ULONG count = 256, size = 1024;
    int round;

    riotest_load();
    for (round = 0; round < 5; round++) {
        HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
        OVERLAPPED overlapped = {0};
        RIO_NOTIFICATION_COMPLETION notification = {0};
        RIO_BUF part = {0};
        SOCKET sockets[2];
        RIO_CQ completions;
        RIO_RQ queue;
        char *memory = conf_pages(count * size), *again;
        ULONG i;

        riotest_connect(AF_INET, SOCK_DGRAM, sockets);
        notification.Type = RIO_IOCP_COMPLETION;
        notification.Iocp.IocpHandle = port;
        notification.Iocp.Overlapped = &overlapped;
        completions = rio.RIOCreateCompletionQueue(count, &notification);
        queue =
            rio.RIOCreateRequestQueue(sockets[0], count, 1, 0, 1, completions, completions, NULL);
        CHECK(queue != RIO_INVALID_RQ);
        part.BufferId = rio.RIORegisterBuffer(memory, count * size);
        part.Length = size;
        for (i = 0; i < count; i++) {
            part.Offset = i * size;
            CHECK(rio.RIOReceive(queue, &part, 1, 0, NULL));
        }
        CHECK_EQ(rio.RIONotify(completions), 0);
        rio.RIOCloseCompletionQueue(completions);
        CHECK(CloseHandle(port));
        rio.RIODeregisterBuffer(part.BufferId);
        CHECK(VirtualFree(memory, 0, MEM_RELEASE));
        again = VirtualAlloc(memory, count * size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        for (i = 0; i < 20; i++)
            CHECK_EQ(send(sockets[1], "stray", 5, 0), 5);
        Sleep(CONF__QUIET);
        for (i = 0; again != NULL && i < count * size; i++)
            CHECK_EQ(again[i], 0);
        CHECK(CloseHandle((HANDLE) sockets[0]));
        closesocket(sockets[1]);
    }
}

struct close__racer {
    struct riotest test;
    HANDLE go;
};

static DWORD WINAPI close__request(void* parameter) {
    struct close__racer* racer = parameter;
    RIO_BUF part = riotest_part(&racer->test, 0, 1);
    DWORD accepted = 0;

    WaitForSingleObject(racer->go, INFINITE);
    while (accepted < RIOTEST__LIMIT && rio.RIOReceive(racer->test.queues[0], &part, 1, 0, NULL))
        accepted++;
    return accepted;
}

/* Whatever was accepted while the socket was being closed ends once. */
CONF_TEST(rioclose_race) {
    int round;

    for (round = 0; round < RIOCLOSE__ROUNDS; round++) {
        struct close__racer racer;
        RIORESULT results[RIOTEST__LIMIT];
        HANDLE thread;
        DWORD accepted = 0, i;

        riotest_open(&racer.test, AF_INET, SOCK_DGRAM);
        racer.go = conf_event();
        thread = CreateThread(NULL, 0, close__request, &racer, 0, NULL);
        SetEvent(racer.go);
        if (round % 2 != 0)
            Sleep(0);
        closesocket(racer.test.sockets[0]);
        CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
        CHECK(GetExitCodeThread(thread, &accepted));
        if (accepted != 0)
            riotest_take(racer.test.completions, results, accepted);
        for (i = 0; i < accepted; i++)
            CHECK_EQ(results[i].Status, WSA_OPERATION_ABORTED);
        CHECK_EQ(rio.RIODequeueCompletion(racer.test.completions, results, 1), 0);
        CHECK(rio.RIOResizeCompletionQueue(racer.test.completions, 2 * RIOTEST__LIMIT));
        CloseHandle(thread);
        CloseHandle(racer.go);
        riotest_close(&racer.test);
    }
}
