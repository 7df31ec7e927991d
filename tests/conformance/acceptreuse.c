/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* AcceptEx onto a socket that DisconnectEx with TF_REUSE_SOCKET has made as good as new. */

#define ACCEPTREUSE__ROUNDS 1000
#define ACCEPTREUSE__PEER_LAST 20 /* In one of so many rounds. */

static void acceptreuse__accept(struct conf_acceptance* a) {
    memset(&a->overlapped, 0, sizeof a->overlapped);
    conf_acceptance_start(a);
    conf_acceptance_connect(a);
    if (a->receive_length != 0)
        CHECK_EQ(send(a->client, "hello", 5, 0), 5);
    CHECK_EQ(conf_acceptance_wait(a, NULL), 0);
    CHECK_EQ(a->overlapped.InternalHigh, a->receive_length != 0 ? 5 : 0);
    conf_acceptance_addresses(a);
    conf_acceptance_update(a);
    conf_exchange(a->client, a->acceptor);
}

static void acceptreuse__disconnect(struct conf_acceptance* a) {
    CHECK(conf_disconnect_pointer(a->acceptor)(a->acceptor, NULL, TF_REUSE_SOCKET, 0));
    CHECK_EQ(conf_last(recv(a->client, a->room, 1, 0)), 0);
    closesocket(a->client);
}

static void acceptreuse__rounds(int family, DWORD receive_length) {
    struct conf_acceptance a;
    int round;

    conf_acceptance_open(&a, family);
    a.receive_length = receive_length;
    for (round = 0; round < 5; round++) {
        acceptreuse__accept(&a);
        acceptreuse__disconnect(&a);
    }
}

CONF_TEST(acceptreuse_data) {
    acceptreuse__rounds(AF_INET, 100);
}

CONF_TEST(acceptreuse_no_data) {
    acceptreuse__rounds(AF_INET, 0);
}

CONF_TEST(acceptreuse_ipv6) {
    conf_need_ipv6();
    acceptreuse__rounds(AF_INET6, 100);
}

/* An overlapped operation of the socket, whose end its own port tells. */
static void acceptreuse__echo(struct conf_acceptance* a, HANDLE port) {
    char buffer[8] = {0};
    WSABUF vector = {sizeof buffer, buffer};
    OVERLAPPED overlapped = {0};
    DWORD flags = 0;

    if (WSARecv(a->acceptor, &vector, 1, NULL, &flags, &overlapped, NULL) != 0)
        CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
    CHECK_EQ(send(a->client, "ping", 4, 0), 4);
    conf_packet(port, &overlapped, 0, 4);
    CHECK(memcmp(buffer, "ping", 4) == 0);
    vector.len = 4;
    memset(&overlapped, 0, sizeof overlapped);
    if (WSASend(a->acceptor, &vector, 1, NULL, 0, &overlapped, NULL) != 0)
        CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
    conf_packet(port, &overlapped, 0, 4);
    CHECK_EQ(recv(a->client, buffer, sizeof buffer, 0), 4);
    CHECK(memcmp(buffer, "ping", 4) == 0);
}

/* One handle, one port, data both ways, with and without room for the first data. */
CONF_TEST(acceptreuse_1000_rounds) {
    struct conf_acceptance a;
    HANDLE accepts, port;
    LPFN_DISCONNECTEX disconnect_ex;
    int round;

    conf_acceptance_open(&a, AF_INET);
    accepts = conf_port(a.listener);
    port = conf_port(a.acceptor);
    disconnect_ex = conf_disconnect_pointer(a.acceptor);
    for (round = 0; round < ACCEPTREUSE__ROUNDS; round++) {
        OVERLAPPED ending = {0};
        char byte;

        a.receive_length = round % 2 == 0 ? 100 : 0;
        memset(&a.overlapped, 0, sizeof a.overlapped);
        conf_acceptance_start(&a);
        conf_acceptance_connect(&a);
        if (a.receive_length != 0)
            CHECK_EQ(send(a.client, "hello", 5, 0), 5);
        conf_packet(accepts, &a.overlapped, 0, a.receive_length != 0 ? 5 : 0);
        conf_acceptance_addresses(&a);
        conf_acceptance_update(&a);
        acceptreuse__echo(&a, port);
        /* Where the peer has not ended its side, operations that may be pending are given time. */
        if (round % ACCEPTREUSE__PEER_LAST != 0) {
            closesocket(a.client);
            CHECK_EQ(recv(a.acceptor, &byte, 1, 0), 0);
        }
        CHECK_EQ(disconnect_ex(a.acceptor, &ending, TF_REUSE_SOCKET, 0), FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        conf_packet(port, &ending, 0, 0);
        if (round % ACCEPTREUSE__PEER_LAST == 0) {
            CHECK_EQ(recv(a.client, &byte, 1, 0), 0);
            closesocket(a.client);
        }
    }
    conf_quiet(accepts);
    conf_quiet(port);
}

/* A server that recycles its sockets keeps several of them waiting. */
CONF_TEST(acceptreuse_pool) {
    enum { COUNT = 8, ROUNDS = 40 };
    static struct conf_acceptance a[COUNT];
    HANDLE port;
    OVERLAPPED* got;
    DWORD error, bytes;
    int i, round;

    conf_acceptance_open(&a[0], AF_INET);
    port = conf_port(a[0].listener);
    for (i = 0; i < COUNT; i++) {
        if (i > 0) {
            a[i] = a[0];
            a[i].acceptor = conf_tcp(AF_INET);
        }
        a[i].buffer = a[i].room;
        memset(&a[i].overlapped, 0, sizeof a[i].overlapped);
    }
    for (i = 0; i < COUNT; i++)
        conf_acceptance_start(&a[i]);
    for (round = 0; round < ROUNDS; round++) {
        struct conf_acceptance client = {0};

        client.target = a[0].target;
        conf_acceptance_connect(&client);
        CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
        CHECK_EQ(error, 0);
        for (i = 0; i < COUNT && &a[i].overlapped != got; i++)
            continue;
        CHECK(i < COUNT);
        a[i].client = client.client;
        conf_acceptance_addresses(&a[i]);
        conf_acceptance_update(&a[i]);
        conf_exchange(a[i].client, a[i].acceptor);
        acceptreuse__disconnect(&a[i]);
        memset(&a[i].overlapped, 0, sizeof a[i].overlapped);
        conf_acceptance_start(&a[i]);
    }
    conf_quiet(port);
}

CONF_TEST(acceptreuse_cancelled) {
    struct conf_acceptance a;
    int round;

    conf_acceptance_open(&a, AF_INET);
    acceptreuse__accept(&a);
    acceptreuse__disconnect(&a);
    for (round = 0; round < 3; round++) {
        memset(&a.overlapped, 0, sizeof a.overlapped);
        conf_acceptance_start(&a);
        CHECK(conf_cancel((HANDLE) a.listener, &a.overlapped));
        CHECK_EQ(conf_acceptance_wait(&a, NULL), WSA_OPERATION_ABORTED);
    }
    acceptreuse__accept(&a);
    acceptreuse__disconnect(&a);
}

CONF_TEST(acceptreuse_while_connected) {
    struct conf_acceptance a;
    OVERLAPPED kept;

    conf_acceptance_open(&a, AF_INET);
    acceptreuse__accept(&a);
    acceptreuse__disconnect(&a);
    acceptreuse__accept(&a);
    kept = a.overlapped;
    conf_acceptance_refused(&a, WSAEINVAL);
    a.overlapped = kept;
    conf_exchange(a.client, a.acceptor);
}

/* Before SO_UPDATE_ACCEPT_CONTEXT each connection is in the default state, also the second one. */
CONF_TEST(acceptreuse_default_state) {
    struct conf_acceptance a;
    struct sockaddr_storage name;
    int length = sizeof name;

    conf_acceptance_open(&a, AF_INET);
    acceptreuse__accept(&a);
    acceptreuse__disconnect(&a);
    memset(&a.overlapped, 0, sizeof a.overlapped);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    CHECK_EQ(conf_last(getpeername(a.acceptor, (struct sockaddr*) &name, &length)), WSAENOTCONN);
    conf_acceptance_update(&a);
    CHECK_EQ(getpeername(a.acceptor, (struct sockaddr*) &name, &length), 0);
}

/* The page on LPFN_CONNECTEX: a socket is used again by the way by which it was connected. */
CONF_TEST(acceptreuse_connected_socket) {
    struct conf_acceptance a;
    SOCKET server;

    conf_acceptance_open(&a, AF_INET);
    closesocket(a.acceptor);
    a.acceptor = conf_client(AF_INET);
    conf_connect(a.acceptor, &a.target);
    conf_update(a.acceptor);
    server = conf_accept(a.listener);
    CHECK(conf_disconnect_pointer(a.acceptor)(a.acceptor, NULL, TF_REUSE_SOCKET, 0));
    CHECK_EQ(recv(server, a.room, 1, 0), 0);
    conf_acceptance_refused(&a, WSAEINVAL);
    conf_connect(a.acceptor, &a.target);
}

/* From another listener than the first time. */
CONF_TEST(acceptreuse_other_listener) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    acceptreuse__accept(&a);
    acceptreuse__disconnect(&a);
    closesocket(a.listener);
    a.listener = conf_listen(AF_INET, 5, &a.target);
    acceptreuse__accept(&a);
    acceptreuse__disconnect(&a);
}

CONF_TEST(acceptreuse_close_waiting) {
    struct conf_acceptance a;
    HANDLE port;

    conf_acceptance_open(&a, AF_INET);
    port = conf_port(a.listener);
    acceptreuse__accept(&a);
    conf_packet(port, &a.overlapped, 0, 0);
    acceptreuse__disconnect(&a);
    memset(&a.overlapped, 0, sizeof a.overlapped);
    conf_acceptance_start(&a);
    CHECK_EQ(closesocket(a.acceptor), 0);
    conf_packet(port, &a.overlapped, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
}
