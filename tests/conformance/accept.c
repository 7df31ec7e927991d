/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* AcceptEx by its contract: Microsoft's page, and where that is silent, what Wine's own tests have
 * recorded of Windows. */

#define ACCEPT__LARGE (1u << 20)

static void accept__data(int family) {
    struct conf_acceptance a;
    HANDLE port;

    conf_acceptance_open(&a, family);
    port = conf_port(a.listener);
    a.receive_length = 100;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(send(a.client, "hello", 5, 0), 5);
    conf_packet(port, &a.overlapped, 0, 5);
    CHECK_EQ(a.overlapped.Internal, 0);
    CHECK_EQ(a.overlapped.InternalHigh, 5);
    CHECK(memcmp(a.buffer, "hello", 5) == 0);
    conf_acceptance_addresses(&a);
    conf_acceptance_update(&a);
    conf_exchange(a.client, a.acceptor);
    conf_quiet(port);
}

CONF_TEST(accept_data) {
    accept__data(AF_INET);
}

CONF_TEST(accept_data_ipv6) {
    conf_need_ipv6();
    accept__data(AF_INET6);
}

static void accept__no_data(int family) {
    struct conf_acceptance a;
    HANDLE port;

    conf_acceptance_open(&a, family);
    port = conf_port(a.listener);
    conf_acceptance_start(&a);
    conf_quiet(port);
    conf_acceptance_connect(&a);
    conf_packet(port, &a.overlapped, 0, 0);
    conf_acceptance_addresses(&a);
    conf_acceptance_update(&a);
    conf_exchange(a.client, a.acceptor);
}

CONF_TEST(accept_no_data) {
    accept__no_data(AF_INET);
}

CONF_TEST(accept_no_data_ipv6) {
    conf_need_ipv6();
    accept__no_data(AF_INET6);
}

/* With room for data, a connection alone is not enough. */
CONF_TEST(accept_waits_for_data) {
    struct conf_acceptance a;
    HANDLE port;

    conf_acceptance_open(&a, AF_INET);
    port = conf_port(a.listener);
    a.receive_length = 1;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    conf_quiet(port);
    CHECK_EQ(a.overlapped.Internal, CONF__STATUS_PENDING);
    CHECK_EQ(send(a.client, "xyz", 3, 0), 3);
    conf_packet(port, &a.overlapped, 0, 1);
    CHECK_EQ(a.buffer[0], 'x');
    conf_acceptance_addresses(&a);
    CHECK_EQ(recv(a.acceptor, a.buffer, 10, 0), 2);
    CHECK(memcmp(a.buffer, "yz", 2) == 0);
}

CONF_TEST(accept_connected_before) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    a.overlapped.hEvent = conf_event();
    a.receive_length = 8;
    conf_acceptance_connect(&a);
    CHECK_EQ(send(a.client, "early", 5, 0), 5);
    Sleep(20);
    if (!conf_acceptance_call(&a))
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    CHECK_EQ(a.overlapped.InternalHigh, 5);
    CHECK(memcmp(a.buffer, "early", 5) == 0);
    conf_acceptance_addresses(&a);
}

/* The buffer takes what has come, and the rest of the stream follows. */
CONF_TEST(accept_large) {
    struct conf_acceptance a;
    char* sent = conf_pages(3 * ACCEPT__LARGE);
    char* got = conf_pages(3 * ACCEPT__LARGE);
    DWORD bytes = 0, total;
    OVERLAPPED sending = {0};
    WSABUF vector = {3 * ACCEPT__LARGE, sent};

    conf_pattern_fill(sent, 3 * ACCEPT__LARGE);
    conf_acceptance_open(&a, AF_INET);
    a.buffer = conf_pages(ACCEPT__LARGE + a.local_length + a.remote_length);
    a.receive_length = ACCEPT__LARGE;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    sending.hEvent = conf_event();
    if (WSASend(a.client, &vector, 1, NULL, 0, &sending, NULL) != 0)
        CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
    CHECK_EQ(conf_acceptance_wait(&a, &bytes), 0);
    CHECK(bytes >= 1 && bytes <= ACCEPT__LARGE);
    conf_acceptance_addresses(&a);
    memcpy(got, a.buffer, bytes);
    for (total = bytes; total < 3 * ACCEPT__LARGE; total += bytes) {
        int count = recv(a.acceptor, got + total, (int) (3 * ACCEPT__LARGE - total), 0);
        CHECK(count > 0);
        bytes = (DWORD) count;
    }
    CHECK(memcmp(got, sent, 3 * ACCEPT__LARGE) == 0);
}

/* Beyond what was received, a buffer keeps what the program had put there. */
CONF_TEST(accept_rest_left_alone) {
    struct conf_acceptance a;
    DWORD i;

    conf_acceptance_open(&a, AF_INET);
    a.receive_length = 256;
    memset(a.room, 0x33, sizeof a.room);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(send(a.client, "abc", 3, 0), 3);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    CHECK(memcmp(a.buffer, "abc", 3) == 0);
    for (i = 3; i < 256; i++)
        CHECK_EQ(a.buffer[i], 0x33);
    for (i = 256 + a.local_length + a.remote_length; i < sizeof a.room; i++)
        CHECK_EQ(a.room[i], 0x33);
}

CONF_TEST(accept_peer_closes) {
    struct conf_acceptance a;
    DWORD bytes = 9;

    conf_acceptance_open(&a, AF_INET);
    a.receive_length = 100;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(closesocket(a.client), 0);
    CHECK_EQ(conf_acceptance_wait(&a, &bytes), 0);
    CHECK_EQ(bytes, 0);
}

CONF_TEST(accept_peer_resets) {
    struct conf_acceptance a;
    HANDLE port;
    DWORD bytes = 9;

    conf_acceptance_open(&a, AF_INET);
    port = conf_port(a.listener);
    a.receive_length = 100;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    conf_quiet(port);
    conf_reset(a.client);
    conf_packet(port, &a.overlapped, ERROR_NETNAME_DELETED, 0);
    CHECK_EQ(conf_acceptance_wait(&a, &bytes), WSAECONNRESET);
    CHECK_EQ(bytes, 0);
    conf_quiet(port);
}

/* "An incoming connection was indicated, but was subsequently terminated by the remote peer prior
 * to accepting the call": WSAECONNRESET, from the call or from the completion. A system may as well
 * forget such a connection and wait for the next. */
static void accept__reset_before(DWORD receive_length) {
    struct conf_acceptance a;
    DWORD error, bytes;

    conf_acceptance_open(&a, AF_INET);
    a.receive_length = receive_length;
    conf_acceptance_connect(&a);
    conf_reset(a.client);
    Sleep(20);
    if (conf_acceptance_call(&a))
        conf_fail(__FILE__, __LINE__, "accepted a connection that was reset");
    error = (DWORD) WSAGetLastError();
    if (error == ERROR_IO_PENDING) {
        Sleep(100);
        if (!HasOverlappedIoCompleted(&a.overlapped)) {
            conf_acceptance_connect(&a);
            CHECK_EQ(send(a.client, "next", 4, 0), 4);
            CHECK_EQ(conf_acceptance_wait(&a, &bytes), 0);
            conf_exchange(a.client, a.acceptor);
            return;
        }
        error = conf_acceptance_wait(&a, &bytes);
    }
    CHECK_EQ(error, WSAECONNRESET);
}

CONF_TEST(accept_reset_before) {
    accept__reset_before(100);
}

CONF_TEST(accept_reset_before_no_data) {
    accept__reset_before(0);
}

/* Connects of all three kinds wait; each AcceptEx gets its own. */
CONF_TEST(accept_mixed_peers) {
    struct conf_acceptance a[3];
    OVERLAPPED* got;
    HANDLE port;
    DWORD error, bytes;
    int i;

    conf_acceptance_open(&a[0], AF_INET);
    port = conf_port(a[0].listener);
    for (i = 0; i < 3; i++) {
        a[i] = a[0];
        a[i].buffer = a[i].room;
        a[i].acceptor = conf_tcp(AF_INET);
        a[i].receive_length = 16;
        conf_acceptance_start(&a[i]);
    }
    conf_acceptance_connect(&a[0]); /* silent */
    conf_acceptance_connect(&a[1]); /* closes */
    conf_acceptance_connect(&a[2]); /* sends */
    CHECK_EQ(closesocket(a[1].client), 0);
    CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
    CHECK(got == &a[1].overlapped);
    CHECK_EQ(error, 0);
    CHECK_EQ(bytes, 0);
    CHECK_EQ(send(a[2].client, "data", 4, 0), 4);
    conf_packet(port, &a[2].overlapped, 0, 4);
    conf_acceptance_addresses(&a[2]);
    conf_quiet(port);
    CHECK_EQ(closesocket(a[0].acceptor), 0);
    conf_packet(port, &a[0].overlapped, ERROR_OPERATION_ABORTED, 0);
    CHECK_EQ(recv(a[0].client, a[0].room, 1, 0), 0);
}

static DWORD accept__index(const struct conf_acceptance* many, DWORD count,
                           const OVERLAPPED* overlapped) {
    DWORD i;

    for (i = 0; i < count && &many[i].overlapped != overlapped; i++)
        continue;
    CHECK(i < count);
    return i;
}

/* Each of a hundred is completed once, with the connection and the data that are its own. */
CONF_TEST(accept_many) {
    enum { COUNT = 100 };
    struct conf_acceptance* a = calloc(COUNT, sizeof *a);
    SOCKET clients[COUNT];
    unsigned char seen[COUNT] = {0};
    struct conf_acceptance opened;
    HANDLE port;
    DWORD i, error, bytes, which;

    conf_acceptance_open(&opened, AF_INET);
    port = conf_port(opened.listener);
    for (i = 0; i < COUNT; i++) {
        a[i] = opened;
        a[i].buffer = a[i].room;
        a[i].acceptor = conf_tcp(AF_INET);
        a[i].receive_length = 4;
        conf_acceptance_start(&a[i]);
    }
    for (i = 0; i < COUNT; i++) {
        conf_acceptance_connect(&opened);
        clients[i] = opened.client;
        CHECK_EQ(send(clients[i], (char*) &i, 4, 0), 4);
    }
    for (i = 0; i < COUNT; i++) {
        OVERLAPPED* got;
        CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
        CHECK_EQ(error, 0);
        CHECK_EQ(bytes, 4);
        which = accept__index(a, COUNT, got);
        CHECK(!seen[which]++);
        memcpy(&error, a[which].buffer, 4);
        CHECK(error < COUNT);
        a[which].client = clients[error];
        conf_acceptance_addresses(&a[which]);
        conf_acceptance_update(&a[which]);
        conf_exchange(a[which].client, a[which].acceptor);
    }
    conf_quiet(port);
}

CONF_TEST(accept_not_initialised) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    conf_accept_pointer();
    CHECK_EQ(WSACleanup(), 0);
    CHECK_EQ(conf_acceptance_call(&a), FALSE);
    CHECK_EQ(WSAGetLastError(), WSANOTINITIALISED);
}

/* The count and the OVERLAPPED are the program's again once the call, or the operation, is over. */
CONF_TEST(accept_received_left_alone) {
    struct conf_acceptance a;
    DWORD old;
    DWORD* received = conf_pages(4096);

    conf_acceptance_open(&a, AF_INET);
    a.receive_length = 4;
    *received = 77;
    CHECK_EQ(conf_accept_pointer()(a.listener, a.acceptor, a.buffer, 4, a.local_length,
                                   a.remote_length, received, &a.overlapped),
             FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    CHECK(*received == 77 || *received == 0);
    CHECK(VirtualProtect(received, 4096, PAGE_NOACCESS, &old));
    conf_acceptance_connect(&a);
    CHECK_EQ(send(a.client, "data", 4, 0), 4);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
}

CONF_TEST(accept_null_received) {
    struct conf_acceptance a;
    DWORD bytes = 0;

    conf_acceptance_open(&a, AF_INET);
    a.receive_length = 4;
    CHECK_EQ(conf_accept_pointer()(a.listener, a.acceptor, a.buffer, 4, a.local_length,
                                   a.remote_length, NULL, &a.overlapped),
             FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    conf_acceptance_connect(&a);
    CHECK_EQ(send(a.client, "data", 4, 0), 4);
    CHECK_EQ(conf_acceptance_wait(&a, &bytes), 0);
    CHECK_EQ(bytes, 4);
}

/* A socket whose AcceptEx was cancelled is as new. */
CONF_TEST(accept_again_after_cancel) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    CHECK(conf_cancel((HANDLE) a.listener, &a.overlapped));
    CHECK_EQ(conf_acceptance_wait(&a, NULL), WSA_OPERATION_ABORTED);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    conf_acceptance_update(&a);
    conf_exchange(a.client, a.acceptor);
}

CONF_TEST(accept_connect_after_cancel) {
    struct conf_acceptance a;
    SOCKET peer;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    CHECK(conf_cancel((HANDLE) a.listener, &a.overlapped));
    CHECK_EQ(conf_acceptance_wait(&a, NULL), WSA_OPERATION_ABORTED);
    conf_bind(a.acceptor, AF_INET);
    conf_connect(a.acceptor, &a.target);
    peer = conf_accept(a.listener);
    conf_update(a.acceptor);
    conf_exchange(a.acceptor, peer);
}

CONF_TEST(accept_plain_connect_after_cancel) {
    struct conf_acceptance a;
    SOCKET peer;
    struct sockaddr_storage name;
    int length = sizeof name;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    CHECK(conf_cancel((HANDLE) a.listener, &a.overlapped));
    CHECK_EQ(conf_acceptance_wait(&a, NULL), WSA_OPERATION_ABORTED);
    CHECK_EQ(connect(a.acceptor, (struct sockaddr*) &a.target.name, a.target.length), 0);
    peer = conf_accept(a.listener);
    CHECK_EQ(getpeername(a.acceptor, (struct sockaddr*) &name, &length), 0);
    conf_exchange(a.acceptor, peer);
    CHECK_EQ(shutdown(a.acceptor, SD_SEND), 0);
}

/* Without the flag for overlapped I/O a listener has the caller wait. */
static DWORD WINAPI accept__connect_later(void* parameter) {
    struct conf_acceptance* a = parameter;

    Sleep(50);
    a->client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    connect(a->client, (struct sockaddr*) &a->target.name, a->target.length);
    send(a->client, "later", 5, 0);
    return 0;
}

CONF_TEST(accept_synchronous_listener) {
    struct conf_acceptance a;
    HANDLE thread;
    DWORD received = 0;
    BOOL done;

    conf_acceptance_open(&a, AF_INET);
    closesocket(a.listener);
    a.listener = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
    CHECK_EQ(bind(a.listener, (struct sockaddr*) &a.target.name, a.target.length), 0);
    CHECK_EQ(listen(a.listener, 5), 0);
    thread = CreateThread(NULL, 0, accept__connect_later, &a, 0, NULL);
    done = conf_accept_pointer()(a.listener, a.acceptor, a.buffer, 16, a.local_length,
                                 a.remote_length, &received, &a.overlapped);
    if (!done) {
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        CHECK_EQ(conf_acceptance_wait(&a, &received), 0);
    }
    CHECK_EQ(received, 5);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    conf_acceptance_update(&a);
    conf_exchange(a.client, a.acceptor);
}
