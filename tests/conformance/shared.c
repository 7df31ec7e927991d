/* SPDX-License-Identifier: MIT */

/* What one operation must not do to others: to other sockets, to other threads' operations, and to
 * the program's last error. */

#include "conformance.h"

#define SHARED__LARGE (64u * 1024 * 1024)
#define SHARED__MIDDLE (4u * 1024 * 1024)

struct shared__call {
    SOCKET client;
    struct conf_target target;
    char* payload;
    DWORD length;
    OVERLAPPED overlapped;
    HANDLE issued;
    HANDLE end;
};

static DWORD WINAPI shared__issue(void* parameter) {
    struct shared__call* call = parameter;

    conf_pointer(call->client)(call->client, (struct sockaddr*) &call->target.name,
                               call->target.length, call->payload, call->length, NULL,
                               &call->overlapped);
    SetEvent(call->issued);
    WaitForSingleObject(call->end, INFINITE);
    return 0;
}

static HANDLE shared__start(struct shared__call* call) {
    call->issued = conf_event();
    call->end = conf_event();
    return CreateThread(NULL, 0, shared__issue, call, 0, NULL);
}

static DWORD WINAPI shared__ask_peer(void* parameter) {
    struct sockaddr_storage peer;
    int length = sizeof peer;

    getpeername((SOCKET) parameter, (struct sockaddr*) &peer, &length);
    return 0;
}

/* A socket without WSA_FLAG_OVERLAPPED may make its own caller wait, and nobody else: neither who
 * asks about it nor who connects another socket. */
CONF_TEST(shared_waiting_caller) {
    static struct shared__call call;
    struct conf_target target;
    SOCKET deaf = conf_listen(AF_INET, 5, &call.target);
    SOCKET listener = conf_listen(AF_INET, 200, &target);
    int round;

    call.client = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
    conf_bind(call.client, AF_INET);
    call.payload = conf_pages(SHARED__LARGE);
    call.length = SHARED__LARGE;
    call.overlapped.hEvent = conf_event();
    shared__start(&call);
    conf_accept(deaf);
    Sleep(100);

    CHECK_EQ(
        WaitForSingleObject(CreateThread(NULL, 0, shared__ask_peer, (void*) call.client, 0, NULL),
                            CONF__LIMIT),
        WAIT_OBJECT_0);
    /* More sockets than any table has parts that are locked apart. */
    for (round = 0; round < 100; round++) {
        SOCKET client = conf_client(AF_INET);
        HANDLE port = conf_port(client);
        OVERLAPPED overlapped = {0};

        conf_start(client, &target, "x", 1, &overlapped);
        conf_packet(port, &overlapped, 0, 1);
        CloseHandle(port);
    }
    closesocket(listener);
}

/* The program may use its OVERLAPPED again once the operation has ended; the end of the thread that
 * issued the ended one is no reason to cancel what it is used for now. */
CONF_TEST(shared_overlapped_used_again) {
    static struct shared__call call;
    static char buffer[16];
    struct conf_sink sink = {0};
    WSABUF vector = {sizeof buffer, buffer};
    DWORD flags = 0;
    DWORD bytes;
    HANDLE thread;

    conf_sink_start(&sink);
    call.client = conf_client(AF_INET);
    call.target = sink.target;
    call.payload = conf_pages(SHARED__MIDDLE);
    conf_pattern_fill(call.payload, SHARED__MIDDLE);
    call.length = SHARED__MIDDLE;
    call.overlapped.hEvent = conf_event();
    thread = shared__start(&call);
    CHECK_EQ(WaitForSingleObject(call.issued, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(call.client, &call.overlapped, &bytes), 0);
    CHECK_EQ(bytes, SHARED__MIDDLE);

    ResetEvent(call.overlapped.hEvent);
    CHECK_EQ(WSARecv(call.client, &vector, 1, NULL, &flags, &call.overlapped, NULL), -1);
    CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
    SetEvent(call.end);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    Sleep(50);
    CHECK_EQ(call.overlapped.Internal, CONF__STATUS_PENDING);
    CHECK(conf_cancel((HANDLE) call.client, &call.overlapped));
    closesocket(call.client);
    conf_sink_finish(&sink);
}

/* The connection is up and may be declared so while its payload is being sent; the send is then
 * ended by closing the socket as before. */
CONF_TEST(shared_updated_while_sending) {
    struct conf_target target;
    SOCKET deaf = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;

    conf_start(client, &target, conf_pages(SHARED__LARGE), SHARED__LARGE, &overlapped);
    conf_accept(deaf);
    Sleep(50);
    conf_update(client);
    CHECK_EQ(shutdown(client, SD_SEND), 0);
    conf_quiet(port);
    CHECK_EQ(closesocket(client), 0);
    CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
    CHECK(got == &overlapped);
    CHECK_EQ(error, ERROR_OPERATION_ABORTED);
    conf_quiet(port);
    closesocket(deaf);
}

static void shared__last_error(int (*close)(SOCKET socket)) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};

    conf_start(client, &target, "words", 5, &overlapped);
    conf_packet(port, &overlapped, 0, 5);
    SetLastError(12345);
    CHECK(close(client));
    CHECK_EQ(GetLastError(), 12345);
    closesocket(listener);
}

static int shared__closesocket(SOCKET socket) {
    return closesocket(socket) == 0;
}

static int shared__close_handle(SOCKET socket) {
    return CloseHandle((HANDLE) socket);
}

static int shared__cancel(SOCKET socket) {
    return CancelIo((HANDLE) socket);
}

CONF_TEST(shared_last_error_closesocket) {
    shared__last_error(shared__closesocket);
}

CONF_TEST(shared_last_error_closehandle) {
    shared__last_error(shared__close_handle);
}

CONF_TEST(shared_last_error_cancel) {
    shared__last_error(shared__cancel);
}

/* An option that we keep ourselves is kept for stream sockets only. */
CONF_TEST(shared_fast_open_elsewhere) {
    DWORD on = 1;
    SOCKET datagram = socket(AF_INET, SOCK_DGRAM, 0);
    HANDLE event = conf_event();

    CHECK_EQ(setsockopt(datagram, IPPROTO_TCP, 15, (char*) &on, sizeof on), SOCKET_ERROR);
    CHECK_EQ(setsockopt((SOCKET) event, IPPROTO_TCP, 15, (char*) &on, sizeof on), SOCKET_ERROR);
}

#define SHARED__ROUNDS 300
#define SHARED__MARK 0xA5A5A5A5

struct shared__place {
    HANDLE port, ended;
    OVERLAPPED overlapped;
    DWORD sent;
};

/* Who takes a completion may use again, or free, all that belongs to it. */
static DWORD WINAPI shared__use_again(void* parameter) {
    struct shared__place* place = parameter;
    OVERLAPPED* overlapped;
    ULONG_PTR key;
    DWORD bytes;

    while (GetQueuedCompletionStatus(place->port, &bytes, &key, &overlapped, CONF__LIMIT) &&
           overlapped != NULL) {
        *(volatile DWORD*) &place->sent = SHARED__MARK;
        SetEvent(place->ended);
    }
    return 0;
}

CONF_TEST(shared_place_used_again) {
    static struct shared__place place;
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 200, &target);
    HANDLE thread;
    int i;

    place.port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    place.ended = CreateEventW(NULL, FALSE, FALSE, NULL);
    thread = CreateThread(NULL, 0, shared__use_again, &place, 0, NULL);
    for (i = 0; i < SHARED__ROUNDS; i++) {
        SOCKET client = conf_client(AF_INET);

        CHECK(CreateIoCompletionPort((HANDLE) client, place.port, 0, 0) == place.port);
        memset(&place.overlapped, 0, sizeof place.overlapped);
        CHECK_EQ(conf_pointer(client)(client, (struct sockaddr*) &target.name, target.length,
                                      "data", 4, &place.sent, &place.overlapped),
                 FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        CHECK_EQ(WaitForSingleObject(place.ended, CONF__LIMIT), WAIT_OBJECT_0);
        CHECK_EQ(place.sent, SHARED__MARK);
        closesocket(conf_accept(listener));
        closesocket(client);
    }
    PostQueuedCompletionStatus(place.port, 0, 0, NULL);
    WaitForSingleObject(thread, CONF__LIMIT);
}
