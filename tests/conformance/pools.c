/* SPDX-License-Identifier: MIT */

/* An I/O object of a thread pool counts the operations that the program begins and those that are
 * told of, and what a program does to the object goes by that count: it waits for callbacks, gives
 * them up, and closes the object. */

#include "optest.h"

#define POOLS__SLOW 200 /* In milliseconds. */
#define POOLS__MOST 8
#define POOLS__ROUNDS 10

static struct {
    void*(WINAPI* create)(HANDLE file, void* callback, void* context, void* environment);
    VOID(WINAPI* start)(void* io);
    VOID(WINAPI* cancel)(void* io);
    VOID(WINAPI* wait)(void* io, BOOL cancel);
    VOID(WINAPI* close)(void* io);
    void*(WINAPI* create_group)(void);
    VOID(WINAPI* close_members)(void* group, BOOL cancel, void* context);
    VOID(WINAPI* close_group)(void* group);
    VOID(WINAPI* disassociate)(void* instance);
    VOID(WINAPI* set_event)(void* instance, HANDLE event);
} pools;

/* TP_CALLBACK_ENVIRON of version 1. */
struct pools__environment {
    DWORD version;
    void* pool;
    void* group;
    void* cancel;
    HMODULE library;
    void* rest[2];
    DWORD flags;
};

/* One object, and what was told to its callback. */
struct pools__object {
    struct optest op;
    void* io;
    HANDLE begun;
    HANDLE go_on; /* What the callback waits for, if there is one. */
    HANDLE set;   /* What is to be set when it has returned. */
    BOOL waits;   /* The callback waits for the callbacks of its object, */
    BOOL closes;  /* or closes it. */
    volatile LONG calls;
    volatile LONG ended; /* Calls that have returned. */
    void* told;
    void* told_io;
    ULONG result;
    ULONG_PTR bytes;
};

static void pools__take(const char* name, void* place) {
    FARPROC function = GetProcAddress(GetModuleHandleA("kernel32.dll"), name);

    if (function == NULL)
        conf_skip("the system has no thread pools with I/O objects");
    memcpy(place, &function, sizeof function);
}

static void pools__find(void) {
    pools__take("CreateThreadpoolIo", &pools.create);
    pools__take("StartThreadpoolIo", &pools.start);
    pools__take("CancelThreadpoolIo", &pools.cancel);
    pools__take("WaitForThreadpoolIoCallbacks", &pools.wait);
    pools__take("CloseThreadpoolIo", &pools.close);
    pools__take("CreateThreadpoolCleanupGroup", &pools.create_group);
    pools__take("CloseThreadpoolCleanupGroupMembers", &pools.close_members);
    pools__take("CloseThreadpoolCleanupGroup", &pools.close_group);
    pools__take("DisassociateCurrentThreadFromCallback", &pools.disassociate);
    pools__take("SetEventWhenCallbackReturns", &pools.set_event);
}

static VOID CALLBACK pools__called(void* instance, void* context, void* overlapped, ULONG result,
                                   ULONG_PTR bytes, void* io) {
    struct pools__object* o = context;

    o->told = overlapped;
    o->told_io = io;
    o->result = result;
    o->bytes = bytes;
    InterlockedIncrement(&o->calls);
    SetEvent(o->begun);
    if (o->set != NULL)
        pools.set_event(instance, o->set);
    if (o->go_on != NULL)
        WaitForSingleObject(o->go_on, CONF__LIMIT);
    if (o->waits) {
        pools.disassociate(instance);
        pools.wait(io, FALSE);
    }
    if (o->closes)
        pools.close(io);
    InterlockedIncrement(&o->ended);
}

/* The operation of each is pending then, as its peer does not read. */
static void pools__open_with(struct pools__object* o, int count, enum optest_what what,
                             struct pools__environment* environment) {
    int i;

    pools__find();
    optest_prepare(what);
    for (i = 0; i < count; i++) {
        optest_open(&o[i].op, what);
        o[i].begun = conf_event();
        o[i].io = pools.create((HANDLE) o[i].op.socket, (void*) pools__called, &o[i], environment);
        CHECK(o[i].io != NULL);
        pools.start(o[i].io);
        optest_start(&o[i].op);
    }
}

static void pools__open(struct pools__object* o, int count, enum optest_what what) {
    pools__open_with(o, count, what, NULL);
}

static DWORD WINAPI pools__let_go_on(void* event) {
    Sleep(POOLS__SLOW);
    SetEvent(event);
    return 0;
}

static void pools__close_socket(struct pools__object* o) {
    CHECK_EQ(closesocket(o->op.socket), 0);
    o->op.socket = INVALID_SOCKET;
}

static const enum optest_what pools__kinds[] = {OPTEST_FILE, OPTEST_PACKETS, OPTEST_DISCONNECT};
#define POOLS__KINDS (sizeof pools__kinds / sizeof *pools__kinds)

/* Waiting for the callbacks covers operations that are pending, and the whole of a callback. */
CONF_TEST(pools_wait) {
    static struct pools__object objects[POOLS__KINDS];
    size_t i;

    for (i = 0; i < POOLS__KINDS; i++) {
        struct pools__object* o = &objects[i];

        o->go_on = conf_event();
        pools__open(o, 1, pools__kinds[i]);
        CloseHandle(CreateThread(NULL, 0, pools__let_go_on, o->go_on, 0, NULL));
        pools__close_socket(o);
        pools.wait(o->io, FALSE);
        CHECK_EQ(o->ended, 1);
        CHECK_EQ(o->result, ERROR_OPERATION_ABORTED);
        CHECK(o->told == &o->op.overlapped);
        CHECK(o->told_io == o->io);
        pools.close(o->io);
        optest_close(&o->op);
        optest_finish();
        CHECK_EQ(o->calls, 1);
    }
}

static DWORD WINAPI pools__read(void* peer) {
    static char sink[65536];

    while (recv((SOCKET) peer, sink, sizeof sink, 0) > 0) {
    }
    return 0;
}

/* The same for one that ends with success, and with its bytes. */
CONF_TEST(pools_wait_for_success) {
    static struct pools__object o;
    HANDLE thread;

    pools__open(&o, 1, OPTEST_PACKETS);
    thread = CreateThread(NULL, 0, pools__read, (void*) o.op.peer, 0, NULL);
    pools.wait(o.io, FALSE);
    CHECK_EQ(o.ended, 1);
    CHECK_EQ(o.result, 0);
    CHECK_EQ(o.bytes, OPTEST__LARGE);
    pools__close_socket(&o);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    pools.wait(o.io, FALSE);
    pools.close(o.io);
    optest_close(&o.op);
    CHECK_EQ(o.calls, 1);
}

/* Callbacks that are given up while one runs: that one is waited for, and the object goes on. */
CONF_TEST(pools_wait_for_running) {
    static struct pools__object o;

    o.go_on = conf_event();
    pools__open(&o, 1, OPTEST_PACKETS);
    optest_end(&o.op, 1, OPTEST_READ);
    CHECK_EQ(WaitForSingleObject(o.begun, CONF__LIMIT), WAIT_OBJECT_0);
    CloseHandle(CreateThread(NULL, 0, pools__let_go_on, o.go_on, 0, NULL));
    pools.wait(o.io, TRUE);
    CHECK_EQ(o.ended, 1);

    memset(&o.op.overlapped, 0, sizeof o.op.overlapped);
    pools.start(o.io);
    optest_start(&o.op);
    optest_end(&o.op, 1, OPTEST_READ);
    pools.wait(o.io, FALSE);
    CHECK_EQ(o.ended, 2);
    CHECK_EQ(o.bytes, OPTEST__LARGE);
    pools__close_socket(&o);
    pools.close(o.io);
    optest_close(&o.op);
}

/* What the pool offers to a callback. */
CONF_TEST(pools_instance) {
    static struct pools__object o;

    o.set = conf_event();
    o.waits = TRUE;
    pools__open(&o, 1, OPTEST_PACKETS);
    optest_end(&o.op, 1, OPTEST_READ);
    CHECK_EQ(WaitForSingleObject(o.set, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(o.ended, 1);
    pools.wait(o.io, FALSE);
    pools__close_socket(&o);
    pools.close(o.io);
    optest_close(&o.op);
}

static void pools__wait_for_end(const struct pools__object* o) {
    DWORD start = GetTickCount();

    while (o->ended == 0 && GetTickCount() - start < (DWORD) CONF__LIMIT)
        Sleep(1);
    CHECK_EQ(o->ended, 1);
}

/* A callback may close its own object, which goes when the callback has returned: the library that
 * the object keeps loaded goes with the last one. */
CONF_TEST(pools_close_in_callback) {
    static const char name[] = "version.dll";
    static struct pools__object o[POOLS__MOST];
    struct pools__environment environment = {0};
    DWORD start;
    int round, i;

    environment.version = 1;
    CHECK(GetModuleHandleA(name) == NULL);
    environment.library = LoadLibraryA(name);
    CHECK(environment.library != NULL);
    for (round = 0; round < POOLS__ROUNDS; round++) {
        memset(o, 0, sizeof o);
        for (i = 0; i < POOLS__MOST; i++)
            o[i].closes = TRUE;
        pools__open_with(o, POOLS__MOST, OPTEST_PACKETS, &environment);
        for (i = 0; i < POOLS__MOST; i++) {
            if (i % 2 == 0)
                pools__close_socket(&o[i]);
            else
                optest_end(&o[i].op, 1, OPTEST_READ);
        }
        for (i = 0; i < POOLS__MOST; i++) {
            pools__wait_for_end(&o[i]);
            CloseHandle(o[i].begun);
            optest_close(&o[i].op);
        }
        optest_finish();
    }
    FreeLibrary(environment.library);
    for (start = GetTickCount(); GetTickCount() - start < (DWORD) CONF__LIMIT; Sleep(1)) {
        if (GetModuleHandleA(name) == NULL)
            return;
    }
    conf_fail(__FILE__, __LINE__, "objects are left");
}

static void pools__close_group(BOOL cancel) {
    static struct pools__object o[POOLS__MOST];
    struct pools__environment environment = {0};
    void* group;
    int i;

    pools__find();
    group = pools.create_group();
    environment.version = 1;
    environment.group = group;
    for (i = 0; i < POOLS__MOST; i++)
        o[i].go_on = conf_event();
    pools__open_with(o, POOLS__MOST, OPTEST_PACKETS, &environment);
    /* The first one's callback runs, and others may be about to. */
    optest_end(&o[0].op, 1, OPTEST_READ);
    CHECK_EQ(WaitForSingleObject(o[0].begun, CONF__LIMIT), WAIT_OBJECT_0);
    for (i = 0; i < POOLS__MOST; i++) {
        CloseHandle(CreateThread(NULL, 0, pools__let_go_on, o[i].go_on, 0, NULL));
        pools__close_socket(&o[i]);
    }
    pools.close_members(group, cancel, NULL);
    CHECK_EQ(o[0].ended, 1);
    for (i = 1; i < POOLS__MOST; i++) {
        CHECK_EQ(o[i].ended, o[i].calls);
        if (!cancel)
            CHECK_EQ(o[i].calls, 1);
        o[i].ended = 0;
    }
    pools.close_group(group);
    Sleep(POOLS__SLOW);
    for (i = 1; i < POOLS__MOST; i++) {
        CHECK_EQ(o[i].ended, 0);
        optest_close(&o[i].op);
    }
}

/* With all of its group an object is closed, and nothing is told to it after that. */
CONF_TEST(pools_close_group) {
    pools__close_group(FALSE);
}

CONF_TEST(pools_cancel_group) {
    pools__close_group(TRUE);
}
