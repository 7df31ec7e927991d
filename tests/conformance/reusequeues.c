/* SPDX-License-Identifier: MIT */

/* DisconnectEx with TF_REUSE_SOCKET while other threads have operations on the socket. The host's
 * server dies of one that is still queued when the socket is made reusable, and takes every program
 * of its session with it. */

#include "conformance.h"

#define REUSEQUEUES__THREADS 8
#define REUSEQUEUES__RECEIVES 4
#define REUSEQUEUES__ROUNDS 25
#define REUSEQUEUES__LIMIT 20000

/* Threads that never wait while the socket is made reusable, so that what was cancelled is answered
 * for only when the system interrupts them. */
struct reusequeues__thread {
    struct reusequeues__pool* pool;
    HANDLE handle;
    HANDLE begin;
    HANDLE begun;
    OVERLAPPED overlapped[REUSEQUEUES__RECEIVES];
    char bytes[REUSEQUEUES__RECEIVES];
    int failed;
};

struct reusequeues__pool {
    SOCKET s;
    volatile LONG busy;
    volatile LONG stop;
    int count;
    struct reusequeues__thread threads[REUSEQUEUES__THREADS];
};

static void reusequeues__receive(struct reusequeues__thread* self) {
    int i;
    for (i = 0; i < REUSEQUEUES__RECEIVES; i++) {
        WSABUF buffer = {1, &self->bytes[i]};
        DWORD received, flags = 0;
        self->overlapped[i].hEvent = (HANDLE) ((ULONG_PTR) self->overlapped[i].hEvent | 1);
        if (WSARecv(self->pool->s, &buffer, 1, &received, &flags, &self->overlapped[i], NULL) ==
                0 ||
            WSAGetLastError() != WSA_IO_PENDING)
            self->failed = 1;
    }
}

static DWORD WINAPI reusequeues__run(void* parameter) {
    struct reusequeues__thread* self = parameter;
    int i;
    for (i = 0; i < REUSEQUEUES__RECEIVES; i++)
        self->overlapped[i].hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (;;) {
        WaitForSingleObject(self->begin, INFINITE);
        if (self->pool->stop)
            return 0;
        reusequeues__receive(self);
        SetEvent(self->begun);
        while (self->pool->busy) {
        }
        for (i = 0; i < REUSEQUEUES__RECEIVES; i++) {
            DWORD received, flags;
            if (WSAGetOverlappedResult(self->pool->s, &self->overlapped[i], &received, TRUE,
                                       &flags) ||
                WSAGetLastError() != WSA_OPERATION_ABORTED)
                self->failed = 1;
        }
        SetEvent(self->begun);
    }
}

static void reusequeues__wait(struct reusequeues__pool* pool) {
    int i;
    for (i = 0; i < pool->count; i++) {
        CHECK_EQ(WaitForSingleObject(pool->threads[i].begun, REUSEQUEUES__LIMIT), WAIT_OBJECT_0);
        CHECK_EQ(pool->threads[i].failed, 0);
    }
}

static void reusequeues__start(struct reusequeues__pool* pool, int count) {
    int i;
    pool->count = count;
    for (i = 0; i < count; i++) {
        struct reusequeues__thread* thread = &pool->threads[i];
        thread->pool = pool;
        thread->begin = CreateEventW(NULL, FALSE, FALSE, NULL);
        thread->begun = CreateEventW(NULL, FALSE, FALSE, NULL);
        thread->handle = CreateThread(NULL, 0, reusequeues__run, thread, 0, NULL);
    }
}

static void reusequeues__begin(struct reusequeues__pool* pool) {
    int i;
    InterlockedExchange(&pool->busy, 1);
    for (i = 0; i < pool->count; i++)
        SetEvent(pool->threads[i].begin);
    reusequeues__wait(pool);
}

static void reusequeues__stop(struct reusequeues__pool* pool) {
    int i;
    InterlockedExchange(&pool->stop, 1);
    for (i = 0; i < pool->count; i++) {
        SetEvent(pool->threads[i].begin);
        CHECK_EQ(WaitForSingleObject(pool->threads[i].handle, REUSEQUEUES__LIMIT), WAIT_OBJECT_0);
    }
}

CONF_TEST(reusequeues_busy_threads) {
    static struct reusequeues__pool pool;
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    int round;

    pool.s = client;
    reusequeues__start(&pool, REUSEQUEUES__THREADS);
    for (round = 0; round < REUSEQUEUES__ROUNDS; round++) {
        SOCKET server;
        conf_connect(client, &target);
        conf_update(client);
        server = conf_accept(listener);
        reusequeues__begin(&pool);
        CHECK_EQ(conf_reuse(client), 0);
        InterlockedExchange(&pool.busy, 0);
        reusequeues__wait(&pool);
        conf_ended(server);
        closesocket(server);
    }
    reusequeues__stop(&pool);
    /* The server lives: it makes a connection. */
    conf_connect(client, &target);
    conf_update(client);
    conf_exchange(client, conf_accept(listener));
}

/* A call that waits is cancelled, and over, before the socket is made reusable. One that the system
 * lets begin later finds a socket without a connection. */

static HANDLE reusequeues__about_to;

static DWORD WINAPI reusequeues__recv(void* parameter) {
    char byte;
    SetEvent(reusequeues__about_to);
    return (DWORD) conf_last(recv((SOCKET) parameter, &byte, 1, 0));
}

static DWORD WINAPI reusequeues__read(void* parameter) {
    OVERLAPPED overlapped = {0};
    DWORD bytes;
    char byte;
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    SetEvent(reusequeues__about_to);
    if (ReadFile((HANDLE) parameter, &byte, 1, NULL, &overlapped))
        return 0;
    if (GetLastError() != ERROR_IO_PENDING)
        return GetLastError();
    return GetOverlappedResult((HANDLE) parameter, &overlapped, &bytes, TRUE) ? 0 : GetLastError();
}

static DWORD WINAPI reusequeues__select(void* parameter) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET((SOCKET) parameter, &set);
    SetEvent(reusequeues__about_to);
    return (DWORD) conf_last(select(0, &set, NULL, NULL, NULL));
}

/* Newer than the oldest system that the tests start on. */
typedef int(WSAAPI* reusequeues__poll_fn)(WSAPOLLFD* sockets, ULONG count, INT timeout);
static reusequeues__poll_fn reusequeues__wsa_poll;

static DWORD WINAPI reusequeues__poll(void* parameter) {
    WSAPOLLFD polled = {(SOCKET) parameter, POLLRDNORM, 0};
    SetEvent(reusequeues__about_to);
    return (DWORD) conf_last(reusequeues__wsa_poll(&polled, 1, -1));
}

static void reusequeues__waiting(LPTHREAD_START_ROUTINE call) {
    int round;
    reusequeues__about_to = CreateEventW(NULL, FALSE, FALSE, NULL);
    for (round = 0; round < 5; round++) {
        struct conf_pair pair = conf_pair(AF_INET);
        struct conf_target target;
        SOCKET listener = conf_listen(AF_INET, 5, &target);
        HANDLE thread = CreateThread(NULL, 0, call, (void*) pair.client, 0, NULL);

        CHECK_EQ(WaitForSingleObject(reusequeues__about_to, REUSEQUEUES__LIMIT), WAIT_OBJECT_0);
        Sleep(20);
        CHECK_EQ(conf_reuse(pair.client), 0);
        conf_ended(pair.server);
        CHECK_EQ(WaitForSingleObject(thread, REUSEQUEUES__LIMIT), WAIT_OBJECT_0);
        conf_connect(pair.client, &target);
        conf_update(pair.client);
        conf_exchange(pair.client, conf_accept(listener));
        closesocket(pair.client);
        closesocket(listener);
    }
}

CONF_TEST(reusequeues_waiting_recv) {
    reusequeues__waiting(reusequeues__recv);
}

CONF_TEST(reusequeues_waiting_read) {
    reusequeues__waiting(reusequeues__read);
}

CONF_TEST(reusequeues_waiting_select) {
    reusequeues__waiting(reusequeues__select);
}

CONF_TEST(reusequeues_waiting_poll) {
    FARPROC function = GetProcAddress(GetModuleHandleA("ws2_32.dll"), "WSAPoll");
    if (function == NULL)
        conf_skip("the host has no WSAPoll");
    memcpy(&reusequeues__wsa_poll, &function, sizeof function);
    reusequeues__waiting(reusequeues__poll);
}

/* A change of the addresses that is waited for is queued on the socket, too. */
CONF_TEST(reusequeues_pending_ioctl) {
    struct conf_pair pair = conf_pair(AF_INET);
    OVERLAPPED overlapped = {0};
    DWORD bytes, flags;

    overlapped.hEvent = conf_event();
    CHECK_EQ(conf_last(WSAIoctl(pair.client, SIO_ADDRESS_LIST_CHANGE, NULL, 0, NULL, 0, &bytes,
                                &overlapped, NULL)),
             WSA_IO_PENDING);
    CHECK_EQ(conf_reuse(pair.client), 0);
    CHECK(!WSAGetOverlappedResult(pair.client, &overlapped, &bytes, TRUE, &flags));
    conf_ended(pair.server);
}

/* Data that the other handle would send go nowhere, so the socket stays what it is. */
CONF_TEST(reusequeues_second_handle) {
    struct conf_pair pair = conf_pair(AF_INET);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    WSAPROTOCOL_INFOW info;
    SOCKET other;

    CHECK_EQ(WSADuplicateSocketW(pair.client, GetCurrentProcessId(), &info), 0);
    other = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                       WSA_FLAG_OVERLAPPED);
    CHECK(other != INVALID_SOCKET);
    CHECK_EQ(conf_reuse(pair.client), WSAEOPNOTSUPP);
    conf_exchange(pair.client, pair.server);
    conf_exchange(other, pair.server);
    CHECK_EQ(closesocket(other), 0);
    CHECK_EQ(conf_reuse(pair.client), 0);
    conf_ended(pair.server);
    conf_connect(pair.client, &target);
    conf_update(pair.client);
    conf_exchange(pair.client, conf_accept(listener));
}

/* A listener's mode is its accepted sockets', which we have not seen being made. */
static void reusequeues__accepted(u_long nonblocking) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_tcp(AF_INET);
    SOCKET server;
    char byte;

    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    server = conf_accept(listener);
    CHECK_EQ(ioctlsocket(server, FIONBIO, &nonblocking), 0);
    CHECK_EQ(conf_reuse(server), 0);
    conf_ended(client);
    CHECK_EQ(connect(server, (struct sockaddr*) &target.name, target.length),
             nonblocking ? SOCKET_ERROR : 0);
    client = conf_accept(listener);
    if (nonblocking) {
        CHECK_EQ(conf_last(recv(server, &byte, 1, 0)), WSAEWOULDBLOCK);
    } else {
        DWORD limit = 50;
        CHECK_EQ(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, sizeof limit), 0);
        CHECK_EQ(conf_last(recv(server, &byte, 1, 0)), WSAETIMEDOUT);
    }
    conf_exchange(client, server);
}

CONF_TEST(reusequeues_accepted_blocking) {
    reusequeues__accepted(0);
}

CONF_TEST(reusequeues_accepted_nonblocking) {
    reusequeues__accepted(1);
}
