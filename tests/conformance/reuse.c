/* SPDX-License-Identifier: MIT */

/* DisconnectEx with TF_REUSE_SOCKET, and the next connection. */

#include "conformance.h"

#define REUSE__ROUNDS 1000
#define REUSE__PEER_LAST 20 /* In one of so many rounds. */
#define REUSE__LARGE (16u << 20)

/* Connects once more with a payload, sends both ways, and leaves the connection up. */
static SOCKET reuse__connect(SOCKET client, SOCKET listener, const struct conf_target* target) {
    OVERLAPPED overlapped = {0};
    char buffer[8] = {0};
    SOCKET server;
    DWORD bytes;

    overlapped.hEvent = conf_event();
    conf_start(client, target, "hello", 5, &overlapped);
    server = conf_accept(listener);
    CHECK_EQ(recv(server, buffer, sizeof buffer, 0), 5);
    CHECK(memcmp(buffer, "hello", 5) == 0);
    CHECK_EQ(conf_wait(client, &overlapped, &bytes), 0);
    CHECK_EQ(bytes, 5);
    CloseHandle(overlapped.hEvent);
    conf_update(client);
    conf_exchange(client, server);
    return server;
}

static void reuse__one_round(int family) {
    struct conf_target target;
    SOCKET listener = conf_listen(family, 5, &target);
    SOCKET client = conf_client(family);
    SOCKET server = reuse__connect(client, listener, &target);

    CHECK_EQ(conf_reuse(client), 0);
    conf_ended(server);
    server = reuse__connect(client, listener, &target);
    CHECK_EQ(conf_reuse(client), 0);
    conf_ended(server);
}

CONF_TEST(reuse_once) {
    reuse__one_round(AF_INET);
}

CONF_TEST(reuse_ipv6) {
    conf_need_ipv6();
    reuse__one_round(AF_INET6);
}

/* Everything by the completion port that the socket was given once. */
CONF_TEST(reuse_1000_rounds) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    LPFN_DISCONNECTEX disconnect_ex = conf_disconnect_pointer(client);
    int round;

    for (round = 0; round < REUSE__ROUNDS; round++) {
        OVERLAPPED connecting = {0};
        OVERLAPPED ending = {0};
        char buffer[8] = {0};
        SOCKET server;

        conf_start(client, &target, "hello", 5, &connecting);
        conf_packet(port, &connecting, 0, 5);
        conf_update(client);
        server = conf_accept(listener);
        CHECK_EQ(recv(server, buffer, 5, MSG_WAITALL), 5);
        CHECK(memcmp(buffer, "hello", 5) == 0);
        conf_exchange(client, server);
        /* Where the peer has not ended its side, operations that may be pending are given time. */
        if (round % REUSE__PEER_LAST != 0) {
            closesocket(server);
            CHECK_EQ(recv(client, buffer, sizeof buffer, 0), 0);
        }
        CHECK_EQ(disconnect_ex(client, &ending, TF_REUSE_SOCKET, 0), FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        conf_packet(port, &ending, 0, 0);
        if (round % REUSE__PEER_LAST == 0)
            conf_ended(server);
    }
    conf_quiet(port);
}

CONF_TEST(reuse_without_payload) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    int round;

    for (round = 0; round < 5; round++) {
        SOCKET server;
        conf_connect(client, &target);
        conf_update(client);
        server = conf_accept(listener);
        conf_exchange(client, server);
        CHECK_EQ(conf_reuse(client), 0);
        conf_ended(server);
    }
}

CONF_TEST(reuse_without_update) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    int round;

    for (round = 0; round < 3; round++) {
        conf_connect(client, &target);
        CHECK_EQ(conf_reuse(client), 0);
        conf_ended(conf_accept(listener));
    }
}

/* A socket whose I/O makes its caller wait. */
CONF_TEST(reuse_synchronous_socket) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
    int round;

    conf_bind(client, AF_INET);
    for (round = 0; round < 3; round++) {
        OVERLAPPED overlapped = {0};
        SOCKET server;

        overlapped.hEvent = conf_event();
        if (!conf_call(client, &target, "x", 1, &overlapped))
            CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
        CHECK_EQ(overlapped.Internal, 0);
        server = conf_accept(listener);
        CHECK_EQ(conf_reuse(client), 0);
        CHECK_EQ(conf_last(recv(server, (char[8]){0}, 8, 0)), 1);
        conf_ended(server);
    }
}

CONF_TEST(reuse_connect_plainly) {
    struct conf_pair pair = conf_pair(AF_INET);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);

    CHECK_EQ(conf_reuse(pair.client), 0);
    conf_ended(pair.server);
    CHECK_EQ(conf_last(connect(pair.client, (struct sockaddr*) &target.name, target.length)), 0);
    conf_exchange(pair.client, conf_accept(listener));
}

/* What the peer has sent and the program has not read must not make a reset of the end. */
CONF_TEST(reuse_unread_data) {
    struct conf_pair pair = conf_pair(AF_INET);
    char* payload = conf_pages(100000);

    CHECK_EQ(send(pair.server, payload, 100000, 0), 100000);
    CHECK_EQ(send(pair.client, payload, 100000, 0), 100000);
    Sleep(20);
    CHECK_EQ(conf_reuse(pair.client), 0);
    conf_ended_after(pair.server, 100000);
}

/* A send that is under way, to a peer that is slow, goes out before the end. */
CONF_TEST(reuse_behind_a_send) {
    struct conf_sink sink = {0};
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED connecting = {0};
    OVERLAPPED ending = {0};
    char* payload = conf_pages(REUSE__LARGE);

    sink.accept_delay = 100;
    conf_pattern_fill(payload, REUSE__LARGE);
    conf_sink_start(&sink);
    conf_start(client, &sink.target, payload, REUSE__LARGE, &connecting);
    Sleep(50);
    CHECK_EQ(conf_disconnect_pointer(client)(client, &ending, TF_REUSE_SOCKET, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    conf_packet(port, &connecting, 0, REUSE__LARGE);
    conf_packet(port, &ending, 0, 0);
    conf_sink_finish(&sink);
    CHECK(sink.intact && sink.ended);
    CHECK_EQ(sink.received, REUSE__LARGE);
    memset(&connecting, 0, sizeof connecting);
    conf_start(client, &target, "x", 1, &connecting);
    conf_packet(port, &connecting, 0, 1);
    conf_update(client);
    conf_accept(listener);
    conf_quiet(port);
}

CONF_TEST(reuse_large_payload_again) {
    struct conf_sink sink = {0};
    struct conf_pair pair = conf_pair(AF_INET);
    OVERLAPPED overlapped = {0};
    char* payload = conf_pages(REUSE__LARGE);
    DWORD bytes;

    CHECK_EQ(conf_reuse(pair.client), 0);
    conf_ended(pair.server);
    conf_pattern_fill(payload, REUSE__LARGE);
    conf_sink_start(&sink);
    overlapped.hEvent = conf_event();
    conf_start(pair.client, &sink.target, payload, REUSE__LARGE, &overlapped);
    CHECK_EQ(conf_wait(pair.client, &overlapped, &bytes), 0);
    CHECK_EQ(bytes, REUSE__LARGE);
    CHECK_EQ(conf_reuse(pair.client), 0);
    conf_sink_finish(&sink);
    CHECK(sink.intact && sink.ended);
    CHECK_EQ(sink.received, REUSE__LARGE);
}

CONF_TEST(reuse_refused_then_connected) {
    struct conf_pair pair = conf_pair(AF_INET);
    struct conf_target refusing;
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    OVERLAPPED overlapped = {0};

    conf_refuse(AF_INET, &refusing);
    CHECK_EQ(conf_reuse(pair.client), 0);
    overlapped.hEvent = conf_event();
    conf_start(pair.client, &refusing, "x", 1, &overlapped);
    CHECK_EQ(conf_wait(pair.client, &overlapped, NULL), WSAECONNREFUSED);
    closesocket(reuse__connect(pair.client, listener, &target));
}

CONF_TEST(reuse_selected_by_set) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    int round;

    for (round = 0; round < 3; round++) {
        struct timeval limit = {1, 0};
        SOCKET server = reuse__connect(client, listener, &target);
        char buffer[8];
        fd_set set;

        CHECK_EQ(send(server, "x", 1, 0), 1);
        FD_ZERO(&set);
        FD_SET(client, &set);
        CHECK_EQ(select(0, &set, NULL, NULL, &limit), 1);
        CHECK_EQ(recv(client, buffer, sizeof buffer, 0), 1);
        closesocket(server);
        CHECK_EQ(select(0, &set, NULL, NULL, &limit), 1);
        CHECK_EQ(recv(client, buffer, sizeof buffer, 0), 0);
        CHECK_EQ(conf_reuse(client), 0);
    }
}

CONF_TEST(reuse_reset_connection) {
    struct conf_pair pair = conf_pair(AF_INET);
    struct linger hard = {1, 0};

    CHECK_EQ(setsockopt(pair.server, SOL_SOCKET, SO_LINGER, (char*) &hard, sizeof hard), 0);
    closesocket(pair.server);
    Sleep(20);
    CHECK(conf_reuse(pair.client) != 0);
}

CONF_TEST(reuse_peer_closed_first) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    int round;

    for (round = 0; round < 5; round++) {
        char buffer[8];
        closesocket(reuse__connect(client, listener, &target));
        CHECK_EQ(recv(client, buffer, sizeof buffer, 0), 0);
        CHECK_EQ(conf_reuse(client), 0);
    }
}

CONF_TEST(reuse_pending_receive) {
    struct conf_pair pair = conf_pair(AF_INET);
    HANDLE port = conf_port(pair.client);
    WSABUF buffer = {8, conf_pages(8)};
    OVERLAPPED receiving = {0};
    DWORD flags = 0;

    CHECK_EQ(conf_last(WSARecv(pair.client, &buffer, 1, NULL, &flags, &receiving, NULL)),
             WSA_IO_PENDING);
    CHECK_EQ(conf_reuse(pair.client), 0);
    conf_packet(port, &receiving, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
    conf_ended(pair.server);
}

CONF_TEST(reuse_then_close) {
    struct conf_pair pair = conf_pair(AF_INET);

    CHECK_EQ(conf_reuse(pair.client), 0);
    CHECK_EQ(closesocket(pair.client), 0);
    conf_ended(pair.server);
}

static DWORD WINAPI reuse__race(void* parameter) {
    return (DWORD) conf_reuse((SOCKET) parameter);
}

CONF_TEST(reuse_two_at_once) {
    int round;

    for (round = 0; round < 20; round++) {
        struct conf_pair pair = conf_pair(AF_INET);
        HANDLE threads[2];
        DWORD results[2];
        int i;

        for (i = 0; i < 2; i++)
            threads[i] = CreateThread(NULL, 0, reuse__race, (void*) pair.client, 0, NULL);
        for (i = 0; i < 2; i++) {
            CHECK_EQ(WaitForSingleObject(threads[i], CONF__LIMIT), WAIT_OBJECT_0);
            GetExitCodeThread(threads[i], &results[i]);
        }
        CHECK((results[0] == 0) != (results[1] == 0));
        CHECK_EQ(results[0] + results[1], WSAENOTCONN);
        conf_ended(pair.server);
        closesocket(pair.client);
    }
}

/* A socket that has the handle's value: others are made until the system gives it. */
static SOCKET reuse__client_at(SOCKET value) {
    SOCKET others[64];
    SOCKET client = conf_tcp(AF_INET);
    int count = 0;

    while (client != value && count < 64) {
        others[count++] = client;
        client = conf_tcp(AF_INET);
    }
    while (count > 0)
        closesocket(others[--count]);
    if (client != value)
        conf_skip("the system did not give the handle value again");
    conf_bind(client, AF_INET);
    return client;
}

/* A disconnect that is still under way when its socket is closed has nothing to do with the socket
 * that gets the handle's value and is disconnected, too. */
CONF_TEST(reuse_handle_again) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    int round;

    for (round = 0; round < 10; round++) {
        struct conf_pair pair = conf_pair(AF_INET);
        HANDLE thread = CreateThread(NULL, 0, reuse__race, (void*) pair.client, 0, NULL);
        DWORD since = GetTickCount();
        SOCKET client, server;

        /* One that is being disconnected is not to be updated. */
        while (setsockopt(pair.client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) == 0) {
            CHECK(GetTickCount() - since < (DWORD) CONF__LIMIT);
            Sleep(1);
        }
        Sleep(5);
        closesocket(pair.client);
        client = reuse__client_at(pair.client);
        conf_connect(client, &target);
        conf_update(client);
        server = conf_accept(listener);
        CHECK_EQ(conf_reuse(client), 0);
        conf_ended(server);
        CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
        closesocket(client);
        closesocket(pair.server);
    }
}
