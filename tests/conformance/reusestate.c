/* SPDX-License-Identifier: MIT */

/* What a socket keeps when DisconnectEx makes it reusable, and which sockets cannot be. */

#include "conformance.h"

CONF_TEST(reusestate_skip_mode) {
    struct conf_pair pair = conf_pair(AF_INET);
    HANDLE port = conf_port(pair.client);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    WSABUF buffer = {1, "x"};
    OVERLAPPED sending = {0};

    CHECK(conf_set_modes((HANDLE) pair.client, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    CHECK_EQ(conf_reuse(pair.client), 0);
    CHECK_EQ(conf_last(connect(pair.client, (struct sockaddr*) &target.name, target.length)), 0);
    conf_accept(listener);
    CHECK_EQ(WSASend(pair.client, &buffer, 1, NULL, 0, &sending, NULL), 0);
    conf_quiet(port);
}

CONF_TEST(reusestate_options) {
    struct conf_pair pair = conf_pair(AF_INET);
    struct linger linger = {1, 5};
    struct linger kept = {0, 0};
    DWORD on = 1;
    int size = 60000;
    int got = 0;
    int length = sizeof kept;

    CHECK_EQ(setsockopt(pair.client, IPPROTO_TCP, TCP_NODELAY, (char*) &on, sizeof on), 0);
    CHECK_EQ(setsockopt(pair.client, SOL_SOCKET, SO_KEEPALIVE, (char*) &on, sizeof on), 0);
    CHECK_EQ(setsockopt(pair.client, SOL_SOCKET, SO_RCVBUF, (char*) &size, sizeof size), 0);
    CHECK_EQ(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, (char*) &linger, sizeof linger), 0);
    CHECK_EQ(conf_reuse(pair.client), 0);
    CHECK_EQ(getsockopt(pair.client, SOL_SOCKET, SO_LINGER, (char*) &kept, &length), 0);
    CHECK_EQ(kept.l_onoff, 1);
    CHECK_EQ(kept.l_linger, 5);
    length = sizeof got;
    CHECK_EQ(getsockopt(pair.client, IPPROTO_TCP, TCP_NODELAY, (char*) &got, &length), 0);
    CHECK_EQ(got, 1);
    length = sizeof got;
    CHECK_EQ(getsockopt(pair.client, SOL_SOCKET, SO_KEEPALIVE, (char*) &got, &length), 0);
    CHECK_EQ(got, 1);
    length = sizeof got;
    CHECK_EQ(getsockopt(pair.client, SOL_SOCKET, SO_RCVBUF, (char*) &got, &length), 0);
    CHECK_EQ(got, size);
    conf_ended(pair.server);
}

CONF_TEST(reusestate_nonblocking) {
    struct conf_pair pair = conf_pair(AF_INET);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    u_long on = 1;
    char byte;

    CHECK_EQ(ioctlsocket(pair.client, FIONBIO, &on), 0);
    CHECK_EQ(conf_reuse(pair.client), 0);
    conf_connect(pair.client, &target);
    conf_update(pair.client);
    conf_accept(listener);
    CHECK_EQ(conf_last(recv(pair.client, &byte, 1, 0)), WSAEWOULDBLOCK);
}

CONF_TEST(reusestate_is_not_connected) {
    struct conf_pair pair = conf_pair(AF_INET);
    struct sockaddr_storage name;
    int length = sizeof name;
    DWORD seconds = 0;

    CHECK_EQ(conf_reuse(pair.client), 0);
    CHECK_EQ(conf_last(getpeername(pair.client, (struct sockaddr*) &name, &length)), WSAENOTCONN);
    CHECK(send(pair.client, "x", 1, 0) < 0);
    CHECK_EQ(conf_last(shutdown(pair.client, SD_SEND)), WSAENOTCONN);
    CHECK_EQ(conf_last(setsockopt(pair.client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0)),
             WSAENOTCONN);
    length = sizeof seconds;
    CHECK_EQ(getsockopt(pair.client, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length), 0);
    CHECK_EQ(seconds, 0xFFFFFFFFu);
    CHECK_EQ(conf_reuse(pair.client), WSAENOTCONN);
    /* Still bound. */
    length = sizeof name;
    CHECK_EQ(getsockname(pair.client, (struct sockaddr*) &name, &length), 0);
}

/* The host keeps a shutdown with the handle: success would be one without effect. */
CONF_TEST(reusestate_after_shutdown) {
    struct conf_pair pair = conf_pair(AF_INET);
    char buffer[8];

    CHECK_EQ(shutdown(pair.client, SD_SEND), 0);
    CHECK_EQ(conf_reuse(pair.client), WSAEOPNOTSUPP);
    CHECK_EQ(send(pair.server, "still", 5, 0), 5);
    CHECK_EQ(recv(pair.client, buffer, sizeof buffer, 0), 5);
}

CONF_TEST(reusestate_chosen_port) {
    struct conf_target target;
    struct conf_target own;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_tcp(AF_INET);
    SOCKET free_port = conf_refuse(AF_INET, &own);

    closesocket(free_port);
    CHECK_EQ(bind(client, (struct sockaddr*) &own.name, own.length), 0);
    conf_connect(client, &target);
    conf_update(client);
    CHECK_EQ(conf_reuse(client), WSAEOPNOTSUPP);
    conf_exchange(client, conf_accept(listener));
}

/* Events would be missing from the next connection. */
CONF_TEST(reusestate_events_selected) {
    struct conf_pair pair = conf_pair(AF_INET);
    HANDLE event = conf_event();

    CHECK_EQ(WSAEventSelect(pair.client, event, FD_READ | FD_CLOSE), 0);
    CHECK_EQ(conf_reuse(pair.client), WSAEOPNOTSUPP);
    CHECK_EQ(WSAEventSelect(pair.client, NULL, 0), 0);
    CHECK_EQ(conf_reuse(pair.client), 0);
}

/* What was told of one connection is told of the next, and the socket waits as before. */
CONF_TEST(reusestate_events_forgotten) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE event = conf_event();
    int round;

    for (round = 0; round < 3; round++) {
        WSANETWORKEVENTS events;
        char byte;
        SOCKET server;

        conf_connect(client, &target);
        conf_update(client);
        server = conf_accept(listener);
        CHECK_EQ(WSAEventSelect(client, event, FD_READ | FD_CLOSE), 0);
        CHECK_EQ(send(server, "x", 1, 0), 1);
        CHECK_EQ(WaitForSingleObject(event, 2000), WAIT_OBJECT_0);
        CHECK_EQ(WSAEnumNetworkEvents(client, event, &events), 0);
        CHECK_EQ(events.lNetworkEvents, FD_READ);
        CHECK_EQ(recv(client, &byte, 1, 0), 1);
        closesocket(server);
        CHECK_EQ(WaitForSingleObject(event, 2000), WAIT_OBJECT_0);
        CHECK_EQ(WSAEnumNetworkEvents(client, event, &events), 0);
        CHECK_EQ(events.lNetworkEvents, FD_CLOSE);
        CHECK_EQ(WSAEventSelect(client, NULL, 0), 0);
        /* Where WSAEventSelect has left the socket non-blocking it stays so. */
        CHECK_EQ(conf_reuse(client), 0);
    }
}

/* A port that has got the handle value of the socket's own is not given to it. */
CONF_TEST(reusestate_port_closed) {
    struct conf_pair pair = conf_pair(AF_INET);
    HANDLE port = conf_port(pair.client);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    HANDLE again;

    CloseHandle(port);
    again = conf_port_at(port);
    CHECK_EQ(conf_reuse(pair.client), 0);
    conf_connect(pair.client, &target);
    conf_update(pair.client);
    conf_accept(listener);
    conf_quiet(again);
}
