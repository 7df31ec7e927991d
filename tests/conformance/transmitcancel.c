/* SPDX-License-Identifier: MIT */

/* The ends of TransmitFile and TransmitPackets that come from outside: each is told once, and
 * afterwards nothing of the program's is touched. */

#include "conformance.h"

#define TRANSMITCANCEL__PROMPT 2000
#define TRANSMITCANCEL__LARGE (64u << 20)
#define TRANSMITCANCEL__PARTS 4096

/* What is ended: a file, many parts, of which only some have been given to the host, or a second
 * such operation, which waits for the first. */
enum transmitcancel__what {
    TRANSMITCANCEL__FILE,
    TRANSMITCANCEL__PACKETS,
    TRANSMITCANCEL__BEHIND,
    TRANSMITCANCEL__ENDING /* The connection is to be ended afterwards. */
};

struct transmitcancel__case {
    enum transmitcancel__what what;
    SOCKET listener;
    SOCKET client;
    SOCKET server;
    HANDLE port;
    HANDLE file;
    TRANSMIT_PACKETS_ELEMENT* elements;
    unsigned char* bytes;
    OVERLAPPED first;
    OVERLAPPED overlapped;
};

static void transmitcancel__open(struct transmitcancel__case* c, enum transmitcancel__what what,
                                 BOOL with_port) {
    struct conf_target target;
    DWORD length = TRANSMITCANCEL__LARGE / TRANSMITCANCEL__PARTS;
    DWORD i;

    memset(c, 0, sizeof *c);
    c->what = what;
    c->listener = conf_listen(AF_INET, 5, &target);
    c->client = conf_tcp(AF_INET);
    CHECK_EQ(connect(c->client, (struct sockaddr*) &target.name, target.length), 0);
    c->server = conf_accept(c->listener);
    c->port = with_port ? conf_port(c->client) : NULL;
    c->overlapped.hEvent = with_port ? NULL : conf_event();
    if (what == TRANSMITCANCEL__FILE || what == TRANSMITCANCEL__ENDING) {
        c->file = conf_sparse_file(TRANSMITCANCEL__LARGE);
        return;
    }
    c->bytes = conf_pages(TRANSMITCANCEL__LARGE);
    c->elements = conf_pages(TRANSMITCANCEL__PARTS * sizeof *c->elements);
    for (i = 0; i < TRANSMITCANCEL__PARTS; i++)
        c->elements[i] = conf_memory_element(c->bytes + i * length, length);
}

static BOOL transmitcancel__issue(struct transmitcancel__case* c, OVERLAPPED* overlapped) {
    LPFN_TRANSMITFILE file = conf_file_pointer(c->client);

    if (c->what == TRANSMITCANCEL__FILE || c->what == TRANSMITCANCEL__ENDING)
        return file(c->client, c->file, 0, 0, overlapped, NULL,
                    c->what == TRANSMITCANCEL__ENDING ? TF_DISCONNECT : 0);
    return conf_packets_pointer(c->client)(c->client, c->elements, TRANSMITCANCEL__PARTS, 0,
                                           overlapped, 0);
}

static void transmitcancel__settle(struct transmitcancel__case* c) {
    Sleep(50);
    CHECK_EQ(c->overlapped.Internal, CONF__STATUS_PENDING);
}

/* The peer reads nothing, so that what it and the system buffer is soon full. */
static void transmitcancel__start(struct transmitcancel__case* c) {
    if (c->what == TRANSMITCANCEL__BEHIND) {
        /* It tells nobody but by its status. */
        c->first.hEvent = (HANDLE) ((ULONG_PTR) conf_event() | 1);
        CHECK_EQ(transmitcancel__issue(c, &c->first), FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    }
    CHECK_EQ(transmitcancel__issue(c, &c->overlapped), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    transmitcancel__settle(c);
}

static void transmitcancel__aborted(struct transmitcancel__case* c) {
    OVERLAPPED* got;
    DWORD error, bytes;

    if (c->port == NULL) {
        CHECK_EQ(WaitForSingleObject(c->overlapped.hEvent, TRANSMITCANCEL__PROMPT), WAIT_OBJECT_0);
    } else {
        if (!conf_dequeue(c->port, TRANSMITCANCEL__PROMPT, &got, &error, &bytes))
            conf_fail(__FILE__, __LINE__, "no packet after %d ms", TRANSMITCANCEL__PROMPT);
        CHECK(got == &c->overlapped);
        CHECK_EQ(error, ERROR_OPERATION_ABORTED);
        conf_quiet(c->port);
    }
    CHECK_EQ((DWORD) c->overlapped.Internal, CONF__STATUS_CANCELLED);
}

static void transmitcancel__exact(enum transmitcancel__what what) {
    static struct transmitcancel__case c; /* Longer than what is still pending at the end. */

    transmitcancel__open(&c, what, TRUE);
    transmitcancel__start(&c);
    CHECK(conf_cancel_io_ex((HANDLE) c.client, &c.overlapped));
    transmitcancel__aborted(&c);
    if (what == TRANSMITCANCEL__BEHIND)
        CHECK_EQ(c.first.Internal, CONF__STATUS_PENDING);
    SetLastError(0);
    CHECK_EQ(conf_cancel_io_ex((HANDLE) c.client, &c.overlapped), FALSE);
    CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
    closesocket(c.client);
    conf_quiet(c.port);
}

static void transmitcancel__all(enum transmitcancel__what what) {
    static struct transmitcancel__case c;

    transmitcancel__open(&c, what, TRUE);
    transmitcancel__start(&c);
    CHECK(conf_cancel_io_ex((HANDLE) c.client, NULL));
    transmitcancel__aborted(&c);
    closesocket(c.client);
    conf_quiet(c.port);
}

static void transmitcancel__own_thread(enum transmitcancel__what what) {
    static struct transmitcancel__case c;

    transmitcancel__open(&c, what, FALSE);
    transmitcancel__start(&c);
    CHECK(CancelIo((HANDLE) c.client));
    transmitcancel__aborted(&c);
}

static DWORD WINAPI transmitcancel__cancel_io(void* parameter) {
    return (DWORD) CancelIo((HANDLE) (SOCKET) parameter);
}

static void transmitcancel__other_thread(enum transmitcancel__what what) {
    static struct transmitcancel__case c;
    HANDLE thread;

    transmitcancel__open(&c, what, TRUE);
    transmitcancel__start(&c);
    thread = CreateThread(NULL, 0, transmitcancel__cancel_io, (void*) c.client, 0, NULL);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    transmitcancel__settle(&c);
    CHECK(conf_cancel((HANDLE) c.client, &c.overlapped));
    transmitcancel__aborted(&c);
}

static void transmitcancel__closesocket(enum transmitcancel__what what) {
    static struct transmitcancel__case c;

    transmitcancel__open(&c, what, TRUE);
    transmitcancel__start(&c);
    CHECK_EQ(closesocket(c.client), 0);
    transmitcancel__aborted(&c);
}

static void transmitcancel__closesocket_event(enum transmitcancel__what what) {
    static struct transmitcancel__case c;

    transmitcancel__open(&c, what, FALSE);
    transmitcancel__start(&c);
    CHECK_EQ(closesocket(c.client), 0);
    transmitcancel__aborted(&c);
}

static void transmitcancel__closehandle(enum transmitcancel__what what) {
    static struct transmitcancel__case c;

    transmitcancel__open(&c, what, TRUE);
    transmitcancel__start(&c);
    CHECK(CloseHandle((HANDLE) c.client));
    transmitcancel__aborted(&c);
}

static DWORD WINAPI transmitcancel__issue_there(void* parameter) {
    struct transmitcancel__case* c = parameter;

    return !transmitcancel__issue(c, &c->overlapped) && WSAGetLastError() == ERROR_IO_PENDING;
}

static void transmitcancel__issue_and_exit(struct transmitcancel__case* c) {
    HANDLE thread = CreateThread(NULL, 0, transmitcancel__issue_there, c, 0, NULL);
    DWORD result = 0;

    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &result));
    CHECK_EQ(result, TRUE);
}

static void transmitcancel__thread_exit_event(enum transmitcancel__what what) {
    static struct transmitcancel__case c;

    transmitcancel__open(&c, what, FALSE);
    transmitcancel__issue_and_exit(&c);
    transmitcancel__aborted(&c);
}

/* An operation that reports to a port belongs to no thread, and comes to its end. */
static void transmitcancel__thread_exit_port(enum transmitcancel__what what) {
    static struct transmitcancel__case c;
    static char buffer[65536];
    DWORD received = 0, i;
    int got = 0;

    transmitcancel__open(&c, what, TRUE);
    for (i = 0; c.bytes != NULL && i < TRANSMITCANCEL__LARGE / sizeof i; i++)
        ((DWORD*) c.bytes)[i] = i;
    transmitcancel__issue_and_exit(&c);
    transmitcancel__settle(&c);
    conf_quiet(c.port);
    while (received < TRANSMITCANCEL__LARGE &&
           (got = recv(c.server, buffer, sizeof buffer, 0)) > 0) {
        if (c.bytes != NULL)
            CHECK(memcmp(buffer, c.bytes + received, (size_t) got) == 0);
        received += (DWORD) got;
    }
    CHECK_EQ(received, TRANSMITCANCEL__LARGE);
    conf_packet(c.port, &c.overlapped, 0, TRANSMITCANCEL__LARGE);
    conf_quiet(c.port);
}

#define TRANSMITCANCEL__EACH(way) \
    CONF_TEST(transmitcancel_##way##_file) { \
        transmitcancel__##way(TRANSMITCANCEL__FILE); \
    } \
    CONF_TEST(transmitcancel_##way##_packets) { \
        transmitcancel__##way(TRANSMITCANCEL__PACKETS); \
    } \
    CONF_TEST(transmitcancel_##way##_ending) { \
        transmitcancel__##way(TRANSMITCANCEL__ENDING); \
    }

#define TRANSMITCANCEL__BEHIND_ANOTHER(way) \
    CONF_TEST(transmitcancel_##way##_behind) { \
        transmitcancel__##way(TRANSMITCANCEL__BEHIND); \
    }

TRANSMITCANCEL__EACH(exact)
TRANSMITCANCEL__EACH(all)
TRANSMITCANCEL__EACH(own_thread)
TRANSMITCANCEL__EACH(other_thread)
TRANSMITCANCEL__EACH(closesocket)
TRANSMITCANCEL__EACH(closesocket_event)
TRANSMITCANCEL__EACH(closehandle)
TRANSMITCANCEL__EACH(thread_exit_event)
TRANSMITCANCEL__EACH(thread_exit_port)
TRANSMITCANCEL__BEHIND_ANOTHER(exact)
TRANSMITCANCEL__BEHIND_ANOTHER(all)
TRANSMITCANCEL__BEHIND_ANOTHER(own_thread)
TRANSMITCANCEL__BEHIND_ANOTHER(closesocket)

/* Cancelled before its end, the operation does not end the connection. */
CONF_TEST(transmitcancel_connection_stays) {
    static struct transmitcancel__case c;
    static char buffer[65536];
    u_long on = 1;

    transmitcancel__open(&c, TRANSMITCANCEL__ENDING, TRUE);
    transmitcancel__start(&c);
    CHECK(conf_cancel((HANDLE) c.client, &c.overlapped));
    transmitcancel__aborted(&c);
    CHECK_EQ(ioctlsocket(c.server, FIONBIO, &on), 0);
    while (recv(c.server, buffer, sizeof buffer, 0) > 0)
        continue;
    CHECK_EQ(WSAGetLastError(), WSAEWOULDBLOCK);
    CHECK_EQ(ioctlsocket(c.client, FIONBIO, &on), 0);
    CHECK_EQ(send(c.client, "more", 4, 0), 4);
}

/* The buffers may go as soon as the end was told. */
CONF_TEST(transmitcancel_buffers_gone) {
    int round;

    for (round = 0; round < 20; round++) {
        struct transmitcancel__case c;

        transmitcancel__open(&c, TRANSMITCANCEL__PACKETS, TRUE);
        CHECK_EQ(transmitcancel__issue(&c, &c.overlapped), FALSE);
        CHECK(conf_cancel((HANDLE) c.client, &c.overlapped));
        transmitcancel__aborted(&c);
        VirtualFree(c.bytes, 0, MEM_RELEASE);
        VirtualFree(c.elements, 0, MEM_RELEASE);
        memset(&c.overlapped, 0x5A, sizeof c.overlapped);
        closesocket(c.client);
        closesocket(c.server);
        closesocket(c.listener);
        CHECK_EQ(c.overlapped.Internal, (ULONG_PTR) 0x5A5A5A5A5A5A5A5Aull);
        CloseHandle(c.port);
    }
}

/* The end and the cancel run against each other; one of them wins, and tells once. */
CONF_TEST(transmitcancel_race) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(300000);
    int round;

    conf_transmission_open(&t, TRUE);
    for (round = 0; round < 200; round++) {
        OVERLAPPED* got;
        DWORD error, bytes;

        conf_file_start(&t, file, 0, 0, NULL, 0);
        if (!conf_cancel((HANDLE) t.client, &t.overlapped))
            CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
        CHECK(conf_dequeue(t.port, CONF__LIMIT, &got, &error, &bytes));
        CHECK(got == &t.overlapped);
        if (error != 0)
            CHECK_EQ(error, ERROR_OPERATION_ABORTED);
        else
            CHECK_EQ(bytes, 300000);
        CHECK(!conf_dequeue(t.port, 0, &got, &error, &bytes));
    }
    closesocket(t.client);
    conf_sink_finish(&t.sink);
}

/* One that waits in the call is ended by whoever closes the socket. */
static DWORD WINAPI transmitcancel__wait_there(void* parameter) {
    struct transmitcancel__case* c = parameter;

    return transmitcancel__issue(c, NULL) ? 0 : (DWORD) WSAGetLastError();
}

CONF_TEST(transmitcancel_synchronous) {
    static struct transmitcancel__case c;
    HANDLE thread;
    DWORD result = 0;

    transmitcancel__open(&c, TRANSMITCANCEL__FILE, TRUE);
    thread = CreateThread(NULL, 0, transmitcancel__wait_there, &c, 0, NULL);
    CHECK_EQ(WaitForSingleObject(thread, 100), WAIT_TIMEOUT);
    CHECK_EQ(closesocket(c.client), 0);
    CHECK_EQ(WaitForSingleObject(thread, TRANSMITCANCEL__PROMPT), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &result));
    CHECK_EQ(result, WSA_OPERATION_ABORTED);
    conf_quiet(c.port);
}

static void transmitcancel__leave_pending(void) {
    static struct transmitcancel__case cases[4];
    int what;

    for (what = 0; what < 4; what++) {
        transmitcancel__open(&cases[what], (enum transmitcancel__what) what, TRUE);
        transmitcancel__start(&cases[what]);
    }
}

/* The process ends with all of them pending. */
CONF_TEST(transmitcancel_process_return) {
    transmitcancel__leave_pending();
}

CONF_TEST(transmitcancel_process_exit) {
    transmitcancel__leave_pending();
    ExitProcess(0);
}

CONF_TEST(transmitcancel_process_cleanup) {
    transmitcancel__leave_pending();
    CHECK_EQ(WSACleanup(), 0);
}
