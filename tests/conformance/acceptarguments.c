/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* What AcceptEx refuses. */

CONF_TEST(acceptarguments_null_overlapped) {
    struct conf_acceptance a;
    DWORD received;

    conf_acceptance_open(&a, AF_INET);
    CHECK_EQ(conf_accept_pointer()(a.listener, a.acceptor, a.buffer, 0, 32, 32, &received, NULL),
             FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_INVALID_PARAMETER);
    CHECK_EQ(conf_accept_pointer()(a.listener, a.acceptor, a.buffer, 0, 0, 0, &received, NULL),
             FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_INVALID_PARAMETER);
}

static void acceptarguments__overlapped(OVERLAPPED* overlapped) {
    struct conf_acceptance a;
    DWORD received;

    conf_acceptance_open(&a, AF_INET);
    CHECK_EQ(
        conf_accept_pointer()(a.listener, a.acceptor, a.buffer, 0, 32, 32, &received, overlapped),
        FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
}

CONF_TEST(acceptarguments_unreadable_overlapped) {
    acceptarguments__overlapped(conf_noaccess());
}

CONF_TEST(acceptarguments_readonly_overlapped) {
    acceptarguments__overlapped(conf_readonly());
}

static void acceptarguments__buffer(char* buffer, DWORD receive_length) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    a.buffer = buffer;
    a.receive_length = receive_length;
    conf_acceptance_refused(&a, WSAEFAULT);
    /* Neither socket has come to harm. */
    a.buffer = a.room;
    a.receive_length = 0;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
}

CONF_TEST(acceptarguments_null_buffer) {
    acceptarguments__buffer(NULL, 0);
}

CONF_TEST(acceptarguments_null_buffer_with_data) {
    acceptarguments__buffer(NULL, 100);
}

CONF_TEST(acceptarguments_unwritable_buffer) {
    acceptarguments__buffer(conf_noaccess(), 0);
}

CONF_TEST(acceptarguments_readonly_buffer) {
    acceptarguments__buffer(conf_readonly(), 0);
}

/* One byte of the last address lies where nothing may be written. */
CONF_TEST(acceptarguments_short_buffer) {
    acceptarguments__buffer(conf_before_noaccess("", 63), 0);
}

CONF_TEST(acceptarguments_exact_buffer) {
    struct conf_acceptance a;
    char room[32 + 32 + 3] = {0};

    conf_acceptance_open(&a, AF_INET);
    a.buffer = conf_before_noaccess(room, sizeof room);
    a.receive_length = 3;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(send(a.client, "four", 4, 0), 4);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    CHECK_EQ(a.overlapped.InternalHigh, 3);
    conf_acceptance_addresses(&a);
}

CONF_TEST(acceptarguments_unwritable_received) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    CHECK_EQ(conf_accept_pointer()(a.listener, a.acceptor, a.buffer, 0, 32, 32, conf_noaccess(),
                                   &a.overlapped),
             FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    conf_acceptance_start(&a);
}

/* The sum of the lengths does not fit into what can be described. */
CONF_TEST(acceptarguments_overflow) {
    static const DWORD lengths[][3] = {
        {0xFFFFFFFF, 32, 32}, {0xFFFFFFC0, 32, 32},         {0, 0xFFFFFFFF, 32},
        {0, 32, 0xFFFFFFFF},  {0x80000000, 0x80000000, 32}, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}};
    struct conf_acceptance a;
    size_t i;

    conf_acceptance_open(&a, AF_INET);
    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        a.receive_length = lengths[i][0];
        a.local_length = lengths[i][1];
        a.remote_length = lengths[i][2];
        conf_acceptance_refused(&a, WSAEFAULT);
    }
}

/* The page says how much room the addresses need; that a call with less is accepted and fails when
 * a connection comes is what Wine's tests have recorded of Windows. */
static void acceptarguments__too_small(int family, DWORD local_length, DWORD remote_length) {
    struct conf_acceptance a;
    DWORD bytes = 9;
    int i;

    conf_acceptance_open(&a, family);
    a.local_length = local_length;
    a.remote_length = remote_length;
    memset(a.room, 0x33, sizeof a.room);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    for (i = 0; i < CONF__LIMIT / 5 && !HasOverlappedIoCompleted(&a.overlapped); i++)
        Sleep(5);
    CHECK(!GetOverlappedResult((HANDLE) a.listener, &a.overlapped, &bytes, FALSE));
    CHECK_EQ(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    CHECK_EQ(bytes, 0);
    CHECK_EQ(a.room[0], 0x33);
    CHECK_EQ(a.room[local_length], 0x33);
}

CONF_TEST(acceptarguments_local_length_3) {
    acceptarguments__too_small(AF_INET, 3, 32);
}

CONF_TEST(acceptarguments_local_length_20) {
    acceptarguments__too_small(AF_INET, 20, 32);
}

CONF_TEST(acceptarguments_local_length_31) {
    acceptarguments__too_small(AF_INET, 31, 32);
}

CONF_TEST(acceptarguments_remote_length_1) {
    acceptarguments__too_small(AF_INET, 32, 1);
}

CONF_TEST(acceptarguments_remote_length_31) {
    acceptarguments__too_small(AF_INET, 32, 31);
}

CONF_TEST(acceptarguments_lengths_ipv6) {
    conf_need_ipv6();
    acceptarguments__too_small(AF_INET6, 43, 44);
    acceptarguments__too_small(AF_INET6, 44, 43);
}

CONF_TEST(acceptarguments_remote_length_0) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    a.remote_length = 0;
    conf_acceptance_refused(&a, WSAEFAULT);
}

/* Recorded of Windows, too: who wants no local address says so by giving it no room. */
CONF_TEST(acceptarguments_local_length_0) {
    struct conf_acceptance a;
    struct conf_target client;
    struct sockaddr *local = (struct sockaddr*) &a, *remote = NULL;
    int local_length = 77, remote_length = 0;

    conf_acceptance_open(&a, AF_INET);
    a.local_length = 0;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    client.length = sizeof client.name;
    CHECK_EQ(getsockname(a.client, (struct sockaddr*) &client.name, &client.length), 0);
    conf_sockaddrs_pointer()(a.buffer, 0, 0, 32, &local, &local_length, &remote, &remote_length);
    CHECK_EQ(remote_length, client.length);
    CHECK(memcmp(remote, &client.name, 8) == 0);
    CHECK(local == (struct sockaddr*) &a);
    CHECK_EQ(local_length, 77);
}

static void acceptarguments__listener(SOCKET listener, int error) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    closesocket(a.listener);
    a.listener = listener;
    conf_acceptance_refused(&a, error);
}

CONF_TEST(acceptarguments_listener_invalid) {
    acceptarguments__listener(INVALID_SOCKET, WSAENOTSOCK);
    acceptarguments__listener(0, WSAENOTSOCK);
    acceptarguments__listener((SOCKET) 0x7FFFFFFC, WSAENOTSOCK);
}

CONF_TEST(acceptarguments_listener_closed) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    CHECK_EQ(closesocket(a.listener), 0);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), WSAENOTSOCK);
    conf_acceptance_refused(&a, WSAENOTSOCK);
}

CONF_TEST(acceptarguments_listener_event) {
    acceptarguments__listener((SOCKET) conf_event(), WSAENOTSOCK);
}

CONF_TEST(acceptarguments_listener_unbound) {
    acceptarguments__listener(conf_tcp(AF_INET), WSAEINVAL);
}

CONF_TEST(acceptarguments_listener_bound) {
    acceptarguments__listener(conf_client(AF_INET), WSAEINVAL);
}

CONF_TEST(acceptarguments_listener_connected) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_tcp(AF_INET);

    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    acceptarguments__listener(client, WSAEINVAL);
    closesocket(listener);
}

CONF_TEST(acceptarguments_listener_datagram) {
    acceptarguments__listener(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP), WSAEINVAL);
}

/* What was refused before listen() is accepted after it. */
CONF_TEST(acceptarguments_listener_late) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    closesocket(a.listener);
    a.listener = conf_refuse(AF_INET, &a.target);
    conf_acceptance_refused(&a, WSAEINVAL);
    CHECK_EQ(listen(a.listener, 5), 0);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
}

static void acceptarguments__acceptor(SOCKET acceptor, int error) {
    struct conf_acceptance a;
    SOCKET good;

    conf_acceptance_open(&a, AF_INET);
    good = a.acceptor;
    a.acceptor = acceptor;
    conf_acceptance_refused(&a, error);
    /* No connection gets lost in it. */
    a.acceptor = good;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
}

CONF_TEST(acceptarguments_acceptor_invalid) {
    acceptarguments__acceptor(INVALID_SOCKET, WSAENOTSOCK);
    acceptarguments__acceptor(0, WSAENOTSOCK);
}

CONF_TEST(acceptarguments_acceptor_closed) {
    SOCKET closed = conf_tcp(AF_INET);
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    closesocket(closed);
    a.acceptor = closed;
    conf_acceptance_refused(&a, WSAENOTSOCK);
}

CONF_TEST(acceptarguments_acceptor_event) {
    acceptarguments__acceptor((SOCKET) conf_event(), WSAENOTSOCK);
}

CONF_TEST(acceptarguments_acceptor_bound) {
    acceptarguments__acceptor(conf_client(AF_INET), WSAEINVAL);
}

CONF_TEST(acceptarguments_acceptor_connected) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_tcp(AF_INET);
    SOCKET server;

    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    server = conf_accept(listener);
    acceptarguments__acceptor(client, WSAEINVAL);
    acceptarguments__acceptor(server, WSAEINVAL);
    conf_exchange(client, server);
}

CONF_TEST(acceptarguments_acceptor_listening) {
    struct conf_target target;

    acceptarguments__acceptor(conf_listen(AF_INET, 5, &target), WSAEINVAL);
}

CONF_TEST(acceptarguments_acceptor_datagram) {
    acceptarguments__acceptor(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP), WSAEINVAL);
}

CONF_TEST(acceptarguments_acceptor_is_listener) {
    struct conf_acceptance a;
    SOCKET good;

    conf_acceptance_open(&a, AF_INET);
    good = a.acceptor;
    a.acceptor = a.listener;
    conf_acceptance_refused(&a, WSAEINVAL);
    a.acceptor = good;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
}

/* One connection is all that a socket can take, also from two listeners. */
CONF_TEST(acceptarguments_acceptor_pending) {
    struct conf_acceptance a;
    struct conf_acceptance other;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    conf_acceptance_open(&other, AF_INET);
    other.acceptor = a.acceptor;
    conf_acceptance_refused(&other, WSAEINVAL);
    other.listener = a.listener;
    conf_acceptance_refused(&other, WSAEINVAL);
    CHECK_EQ(a.overlapped.Internal, CONF__STATUS_PENDING);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    conf_acceptance_refused(&other, WSAEINVAL);
    conf_exchange(a.client, a.acceptor);
}

CONF_TEST(acceptarguments_connect_pending) {
    struct conf_acceptance a;
    OVERLAPPED overlapped = {0};
    int result;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    result = connect(a.acceptor, (struct sockaddr*) &a.target.name, a.target.length);
    CHECK_EQ(conf_last(result), WSAEINVAL);
    CHECK_EQ(conf_call(a.acceptor, &a.target, NULL, 0, &overlapped), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK_EQ(conf_call(a.acceptor, &a.target, "data", 4, &overlapped), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK_EQ(a.overlapped.Internal, CONF__STATUS_PENDING);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    conf_exchange(a.client, a.acceptor);
}
