/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* A peer that resets its connection before it is accepted, and an AcceptEx without room for data:
 * by each way to ask that acceptnotify.c does not go through, what the page names is told. */

#define ACCEPTBROKEN__RESET 0xC000020D /* STATUS_CONNECTION_RESET */

struct acceptbroken__case {
    struct conf_acceptance a;
    /* What a thread of a pool was told. */
    HANDLE told;
    OVERLAPPED* overlapped;
    DWORD error;
    ULONG_PTR bytes;
};

typedef BOOL(WINAPI acceptbroken__result_fn)(HANDLE, OVERLAPPED*, DWORD*, DWORD, BOOL);
typedef void(CALLBACK acceptbroken__pool_fn)(void*, void*, void*, ULONG, ULONG_PTR, void*);

/* Nothing of this file may be missing on a system that has none of it. */
static void* acceptbroken__kernel_function(const char* name) {
    FARPROC function = GetProcAddress(GetModuleHandleA("kernel32.dll"), name);

    if (function == NULL)
        conf_skip("this system has no such function");
    return (void*) function;
}

static void acceptbroken__open(struct acceptbroken__case* c) {
    memset(c, 0, sizeof *c);
    conf_acceptance_open(&c->a, AF_INET);
    c->told = conf_event();
    conf_acceptance_connect(&c->a);
    conf_reset(c->a.client);
    Sleep(20);
}

static void acceptbroken__check(struct acceptbroken__case* c) {
    CHECK_EQ((DWORD) c->a.overlapped.Internal, ACCEPTBROKEN__RESET);
    CHECK_EQ(c->a.overlapped.InternalHigh, 0);
}

static void acceptbroken__result(DWORD limit) {
    acceptbroken__result_fn* result =
        (acceptbroken__result_fn*) acceptbroken__kernel_function("GetOverlappedResultEx");
    struct acceptbroken__case c;
    DWORD bytes = 77;

    acceptbroken__open(&c);
    c.a.overlapped.hEvent = conf_event();
    conf_acceptance_start(&c.a);
    if (limit == 0)
        CHECK_EQ(WaitForSingleObject(c.a.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK(!result((HANDLE) c.a.listener, &c.a.overlapped, &bytes, limit, FALSE));
    CHECK_EQ(GetLastError(), ERROR_NETNAME_DELETED);
    CHECK_EQ(bytes, 0);
    acceptbroken__check(&c);
}

CONF_TEST(acceptbroken_result_ex) {
    acceptbroken__result(0);
    acceptbroken__result(CONF__LIMIT);
}

/* One that has not ended, and one that ends well. */
CONF_TEST(acceptbroken_result_ex_otherwise) {
    acceptbroken__result_fn* result =
        (acceptbroken__result_fn*) acceptbroken__kernel_function("GetOverlappedResultEx");
    struct conf_acceptance a;
    DWORD bytes = 77;

    conf_acceptance_open(&a, AF_INET);
    a.overlapped.hEvent = conf_event();
    conf_acceptance_start(&a);
    CHECK(!result((HANDLE) a.listener, &a.overlapped, &bytes, 0, FALSE));
    CHECK_EQ(GetLastError(), ERROR_IO_INCOMPLETE);
    CHECK(!result((HANDLE) a.listener, &a.overlapped, &bytes, 1, FALSE));
    CHECK_EQ(GetLastError(), WAIT_TIMEOUT);
    conf_acceptance_connect(&a);
    CHECK(result((HANDLE) a.listener, &a.overlapped, &bytes, CONF__LIMIT, FALSE));
    CHECK_EQ(bytes, 0);
}

static void acceptbroken__tell(struct acceptbroken__case* c, DWORD error, ULONG_PTR bytes,
                               OVERLAPPED* overlapped) {
    c->error = error;
    c->bytes = bytes;
    c->overlapped = overlapped;
    SetEvent(c->told);
}

static void acceptbroken__told(struct acceptbroken__case* c) {
    CHECK_EQ(WaitForSingleObject(c->told, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK(c->overlapped == &c->a.overlapped);
    CHECK_EQ(c->error, ERROR_NETNAME_DELETED);
    CHECK_EQ(c->bytes, 0);
    acceptbroken__check(c);
}

static void CALLBACK acceptbroken__on_io(void* instance, void* context, void* overlapped,
                                         ULONG error, ULONG_PTR bytes, void* io) {
    (void) instance;
    (void) io;
    acceptbroken__tell(context, error, bytes, overlapped);
}

CONF_TEST(acceptbroken_pool) {
    void*(WINAPI * create)(HANDLE, acceptbroken__pool_fn*, void*, void*) =
        (void*(WINAPI*) (HANDLE, acceptbroken__pool_fn*, void*,
                         void*) ) acceptbroken__kernel_function("CreateThreadpoolIo");
    void(WINAPI * start)(void*) =
        (void(WINAPI*)(void*)) acceptbroken__kernel_function("StartThreadpoolIo");
    struct acceptbroken__case c;
    void* io;

    acceptbroken__open(&c);
    io = create((HANDLE) c.a.listener, acceptbroken__on_io, &c, NULL);
    CHECK(io != NULL);
    start(io);
    conf_acceptance_start(&c.a);
    acceptbroken__told(&c);
}

static struct acceptbroken__case* acceptbroken__bound;

static void CALLBACK acceptbroken__on_end(DWORD error, DWORD bytes, OVERLAPPED* overlapped) {
    acceptbroken__tell(acceptbroken__bound, error, bytes, overlapped);
}

CONF_TEST(acceptbroken_bound) {
    struct acceptbroken__case c;

    acceptbroken__open(&c);
    acceptbroken__bound = &c;
    CHECK(BindIoCompletionCallback((HANDLE) c.a.listener, acceptbroken__on_end, 0));
    conf_acceptance_start(&c.a);
    acceptbroken__told(&c);
}

/* More functions than we have places for, each of which is called for its own socket. */
#define ACCEPTBROKEN__FUNCTIONS(X) \
    X(0) \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) \
        X(18) X(19)
#define ACCEPTBROKEN__NAME(n) acceptbroken__on_end_##n,
#define ACCEPTBROKEN__FUNCTION(n) \
    static void CALLBACK acceptbroken__on_end_##n(DWORD error, DWORD bytes, \
                                                  OVERLAPPED* overlapped) { \
        acceptbroken__count(n, error, bytes, overlapped); \
    }

static struct acceptbroken__told_one {
    OVERLAPPED overlapped;
    HANDLE told;
    DWORD error;
    BOOL is_own;
    LONG calls;
} acceptbroken__all[20];

static void acceptbroken__count(int n, DWORD error, DWORD bytes, OVERLAPPED* overlapped) {
    struct acceptbroken__told_one* one = &acceptbroken__all[n];

    one->error = error;
    one->is_own = overlapped == &one->overlapped && bytes == 0;
    InterlockedIncrement(&one->calls);
    SetEvent(one->told);
}

ACCEPTBROKEN__FUNCTIONS(ACCEPTBROKEN__FUNCTION)

CONF_TEST(acceptbroken_many_functions) {
    static const LPOVERLAPPED_COMPLETION_ROUTINE functions[] = {
        ACCEPTBROKEN__FUNCTIONS(ACCEPTBROKEN__NAME)};
    SOCKET clients[20];
    struct conf_target target;
    SOCKET peer = conf_refuse(AF_INET, &target);
    int i;

    for (i = 0; i < 20; i++) {
        acceptbroken__all[i].told = conf_event();
        clients[i] = conf_client(AF_INET);
        CHECK(BindIoCompletionCallback((HANDLE) clients[i], functions[i], 0));
        conf_start(clients[i], &target, NULL, 0, &acceptbroken__all[i].overlapped);
    }
    for (i = 0; i < 20; i++) {
        CHECK_EQ(WaitForSingleObject(acceptbroken__all[i].told, CONF__LIMIT), WAIT_OBJECT_0);
        CHECK_EQ(acceptbroken__all[i].error, ERROR_CONNECTION_REFUSED);
        CHECK(acceptbroken__all[i].is_own);
        closesocket(clients[i]);
    }
    Sleep(CONF__QUIET);
    for (i = 0; i < 20; i++)
        CHECK_EQ(acceptbroken__all[i].calls, 1);
    closesocket(peer);
}

/* Who reads the status block asks nobody. */
CONF_TEST(acceptbroken_status) {
    struct acceptbroken__case c;

    acceptbroken__open(&c);
    c.a.overlapped.hEvent = conf_event();
    conf_acceptance_start(&c.a);
    CHECK_EQ(WaitForSingleObject(c.a.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    acceptbroken__check(&c);
}
