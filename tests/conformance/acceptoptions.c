/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* SO_UPDATE_ACCEPT_CONTEXT, the state of an accepted socket before it, and SO_CONNECT_TIME. */

#define ACCEPTOPTIONS__NEVER 0xFFFFFFFFu

static void acceptoptions__accept(struct conf_acceptance* a) {
    conf_acceptance_open(a, AF_INET);
    conf_acceptance_start(a);
    conf_acceptance_connect(a);
    CHECK_EQ(conf_acceptance_wait(a, NULL), 0);
}

static int acceptoptions__update(SOCKET s, const void* value, int length) {
    WSASetLastError(0);
    return conf_last(setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, value, length));
}

static int acceptoptions__update_by(SOCKET s, SOCKET listener) {
    return acceptoptions__update(s, &listener, sizeof listener);
}

static int acceptoptions__peer_name(SOCKET s) {
    struct sockaddr_storage name;
    int length = sizeof name;

    return conf_last(getpeername(s, (struct sockaddr*) &name, &length));
}

CONF_TEST(acceptoptions_update) {
    struct conf_acceptance a;
    struct sockaddr_in name, client;
    int length = sizeof name;

    acceptoptions__accept(&a);
    WSASetLastError(4711);
    CHECK_EQ(setsockopt(a.acceptor, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char*) &a.listener,
                        sizeof a.listener),
             0);
    CHECK_EQ(getsockname(a.acceptor, (struct sockaddr*) &name, &length), 0);
    CHECK_EQ(name.sin_port, ((struct sockaddr_in*) &a.target.name)->sin_port);
    length = sizeof name;
    CHECK_EQ(getpeername(a.acceptor, (struct sockaddr*) &name, &length), 0);
    length = sizeof client;
    CHECK_EQ(getsockname(a.client, (struct sockaddr*) &client, &length), 0);
    CHECK_EQ(name.sin_port, client.sin_port);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), 0);
    conf_exchange(a.client, a.acceptor);
    CHECK_EQ(conf_last(shutdown(a.acceptor, SD_SEND)), 0);
    CHECK_EQ(recv(a.client, a.room, 1, 0), 0);
}

CONF_TEST(acceptoptions_update_null) {
    struct conf_acceptance a;

    acceptoptions__accept(&a);
    CHECK_EQ(acceptoptions__update(a.acceptor, NULL, 0), WSAEFAULT);
    CHECK_EQ(acceptoptions__update(a.acceptor, NULL, sizeof(SOCKET)), WSAEFAULT);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), 0);
}

CONF_TEST(acceptoptions_update_short) {
    struct conf_acceptance a;

    acceptoptions__accept(&a);
    CHECK_EQ(acceptoptions__update(a.acceptor, &a.listener, sizeof(SOCKET) - 1), WSAEFAULT);
    CHECK_EQ(acceptoptions__update(a.acceptor, &a.listener, -1), WSAEFAULT);
    CHECK_EQ(acceptoptions__update(
                 a.acceptor, conf_before_noaccess(&a.listener, sizeof(SOCKET) - 1), sizeof(SOCKET)),
             WSAEFAULT);
    CHECK_EQ(acceptoptions__update(a.acceptor, conf_before_noaccess(&a.listener, sizeof(SOCKET)),
                                   sizeof(SOCKET)),
             0);
}

CONF_TEST(acceptoptions_update_unreadable) {
    struct conf_acceptance a;

    acceptoptions__accept(&a);
    CHECK_EQ(acceptoptions__update(a.acceptor, conf_noaccess(), sizeof(SOCKET)), WSAEFAULT);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), 0);
}

/* Some programs give the address of more than the handle. */
CONF_TEST(acceptoptions_update_long) {
    struct conf_acceptance a;
    SOCKET values[2];

    acceptoptions__accept(&a);
    values[0] = a.listener;
    values[1] = INVALID_SOCKET;
    CHECK_EQ(acceptoptions__update(a.acceptor, values, sizeof values), 0);
}

CONF_TEST(acceptoptions_update_wrong_listener) {
    struct conf_acceptance a;
    SOCKET closed = conf_tcp(AF_INET);

    acceptoptions__accept(&a);
    closesocket(closed);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, INVALID_SOCKET), WSAENOTSOCK);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, 0), WSAENOTSOCK);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, closed), WSAENOTSOCK);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, (SOCKET) conf_event()), WSAENOTSOCK);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, conf_tcp(AF_INET)), WSAEINVAL);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, conf_client(AF_INET)), WSAEINVAL);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, socket(AF_INET, SOCK_DGRAM, 0)), WSAEINVAL);
    CHECK_EQ(acceptoptions__peer_name(a.acceptor), WSAENOTCONN);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), 0);
    CHECK_EQ(acceptoptions__peer_name(a.acceptor), 0);
}

CONF_TEST(acceptoptions_update_closed_listener) {
    struct conf_acceptance a;

    acceptoptions__accept(&a);
    closesocket(a.listener);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), WSAENOTSOCK);
    conf_exchange(a.client, a.acceptor);
}

CONF_TEST(acceptoptions_update_not_accepted) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), WSAENOTCONN);
    CHECK_EQ(acceptoptions__update_by(a.listener, a.listener), WSAENOTCONN);
    conf_acceptance_start(&a);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), WSAENOTCONN);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), 0);
}

CONF_TEST(acceptoptions_update_not_a_socket) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    CHECK_EQ(acceptoptions__update_by(INVALID_SOCKET, a.listener), WSAENOTSOCK);
    CHECK_EQ(acceptoptions__update_by((SOCKET) conf_event(), a.listener), WSAENOTSOCK);
    closesocket(a.acceptor);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), WSAENOTSOCK);
}

/* A server may do so for all of its sockets. */
CONF_TEST(acceptoptions_update_after_accept) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_connect(&a);
    a.acceptor = conf_accept(a.listener);
    CHECK_EQ(acceptoptions__peer_name(a.acceptor), 0);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), 0);
    CHECK_EQ(acceptoptions__peer_name(a.acceptor), 0);
    conf_exchange(a.client, a.acceptor);
}

/* The peer is gone before the server gets to it: that is found when the socket is used. */
CONF_TEST(acceptoptions_update_after_reset) {
    struct conf_acceptance a;

    acceptoptions__accept(&a);
    conf_reset(a.client);
    Sleep(50);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), 0);
    CHECK(recv(a.acceptor, a.room, 1, 0) <= 0);
}

CONF_TEST(acceptoptions_before_update) {
    struct conf_acceptance a;

    acceptoptions__accept(&a);
    CHECK_EQ(acceptoptions__peer_name(a.acceptor), WSAENOTCONN);
    CHECK_EQ(conf_last(shutdown(a.acceptor, SD_SEND)), WSAENOTCONN);
    CHECK_EQ(conf_last(shutdown(a.acceptor, SD_RECEIVE)), WSAENOTCONN);
    CHECK_EQ(conf_last(shutdown(a.acceptor, SD_BOTH)), WSAENOTCONN);
    /* What the page allows without it. */
    conf_exchange(a.client, a.acceptor);
    conf_acceptance_update(&a);
    CHECK_EQ(acceptoptions__peer_name(a.acceptor), 0);
    CHECK_EQ(conf_last(shutdown(a.acceptor, SD_SEND)), 0);
    CHECK_EQ(recv(a.client, a.room, 1, 0), 0);
}

CONF_TEST(acceptoptions_while_pending) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    a.receive_length = 100;
    conf_acceptance_start(&a);
    CHECK_EQ(acceptoptions__peer_name(a.acceptor), WSAENOTCONN);
    CHECK_EQ(conf_last(shutdown(a.acceptor, SD_SEND)), WSAENOTCONN);
    conf_acceptance_connect(&a);
    Sleep(50);
    CHECK_EQ(acceptoptions__peer_name(a.acceptor), WSAENOTCONN);
    CHECK_EQ(conf_last(shutdown(a.acceptor, SD_BOTH)), WSAENOTCONN);
    CHECK_EQ(a.overlapped.Internal, CONF__STATUS_PENDING);
    CHECK_EQ(send(a.client, "data", 4, 0), 4);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    CHECK_EQ(a.overlapped.InternalHigh, 4);
}

CONF_TEST(acceptoptions_lenient) {
    struct conf_acceptance a;

    acceptoptions__accept(&a);
    CHECK_EQ(acceptoptions__peer_name(a.acceptor), 0);
    CHECK_EQ(conf_last(shutdown(a.acceptor, SD_SEND)), 0);
    CHECK_EQ(recv(a.client, a.room, 1, 0), 0);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, a.listener), 0);
    CHECK_EQ(acceptoptions__update_by(a.acceptor, INVALID_SOCKET), WSAENOTSOCK);
}

struct acceptoptions__option {
    int level;
    int name;
    int value;
    const char* text;
};

/* What accept() hands on, by Wine's tests of Windows. */
static const struct acceptoptions__option acceptoptions__options[] = {
    {SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"},
    {SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE"},
    {SOL_SOCKET, SO_OOBINLINE, 1, "SO_OOBINLINE"},
    {SOL_SOCKET, SO_SNDBUF, 54321, "SO_SNDBUF"},
    {SOL_SOCKET, SO_RCVBUF, 54321, "SO_RCVBUF"},
    {SOL_SOCKET, SO_SNDTIMEO, 12345, "SO_SNDTIMEO"},
    {SOL_SOCKET, SO_RCVTIMEO, 23456, "SO_RCVTIMEO"},
    {IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY"},
};

#define ACCEPTOPTIONS__COUNT (sizeof acceptoptions__options / sizeof *acceptoptions__options)

static int acceptoptions__get(SOCKET s, const struct acceptoptions__option* option) {
    int value = 0, length = sizeof value;

    CHECK_EQ(conf_last(getsockopt(s, option->level, option->name, (char*) &value, &length)), 0);
    return value;
}

static void acceptoptions__set(SOCKET s, const struct acceptoptions__option* option) {
    CHECK_EQ(conf_last(setsockopt(s, option->level, option->name, (const char*) &option->value,
                                  sizeof option->value)),
             0);
}

static void acceptoptions__inherited(BOOL late) {
    static const struct linger linger = {1, 555};
    struct linger got = {0, 0};
    struct conf_acceptance a;
    int length = sizeof got;
    size_t i;

    conf_acceptance_open(&a, AF_INET);
    if (late)
        conf_acceptance_start(&a);
    for (i = 0; i < ACCEPTOPTIONS__COUNT; i++)
        acceptoptions__set(a.listener, &acceptoptions__options[i]);
    CHECK_EQ(setsockopt(a.listener, SOL_SOCKET, SO_LINGER, (const char*) &linger, sizeof linger),
             0);
    if (!late)
        conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    conf_acceptance_update(&a);
    for (i = 0; i < ACCEPTOPTIONS__COUNT; i++) {
        int value = acceptoptions__get(a.acceptor, &acceptoptions__options[i]);
        if (value != acceptoptions__options[i].value)
            conf_fail(__FILE__, __LINE__, "%s is %d", acceptoptions__options[i].text, value);
    }
    CHECK_EQ(getsockopt(a.acceptor, SOL_SOCKET, SO_LINGER, (char*) &got, &length), 0);
    CHECK_EQ(got.l_onoff, 1);
    CHECK_EQ(got.l_linger, 555);
}

CONF_TEST(acceptoptions_inherited) {
    acceptoptions__inherited(FALSE);
}

/* What the listener has when the context is updated counts. */
CONF_TEST(acceptoptions_inherited_late) {
    acceptoptions__inherited(TRUE);
}

/* A time limit that was inherited works. */
CONF_TEST(acceptoptions_inherited_timeout) {
    struct conf_acceptance a;
    DWORD limit = 100, start;

    conf_acceptance_open(&a, AF_INET);
    CHECK_EQ(setsockopt(a.listener, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, sizeof limit), 0);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    conf_acceptance_update(&a);
    start = GetTickCount();
    CHECK_EQ(conf_last(recv(a.acceptor, a.room, 1, 0)), WSAETIMEDOUT);
    CHECK(GetTickCount() - start < 3000);
}

/* Without options on the listener an accepted socket is as any other, its blocking mode its own. */
CONF_TEST(acceptoptions_mode_kept) {
    struct conf_acceptance a;
    u_long on = 1;

    conf_acceptance_open(&a, AF_INET);
    CHECK_EQ(ioctlsocket(a.acceptor, FIONBIO, &on), 0);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    conf_acceptance_update(&a);
    CHECK_EQ(conf_last(recv(a.acceptor, a.room, 1, 0)), WSAEWOULDBLOCK);
    conf_exchange(a.acceptor, a.client);
}

static DWORD acceptoptions__time(SOCKET s) {
    DWORD seconds = 12345;
    int length = sizeof seconds;
    int result = getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length);

    CHECK_EQ(conf_last(result), 0);
    CHECK_EQ(length, sizeof seconds);
    return seconds;
}

/* The documented use: to find those who connected and send nothing, and to be rid of them. */
CONF_TEST(acceptoptions_time) {
    struct conf_acceptance a;
    HANDLE port;

    conf_acceptance_open(&a, AF_INET);
    port = conf_port(a.listener);
    a.receive_length = 100;
    CHECK_EQ(acceptoptions__time(a.acceptor), ACCEPTOPTIONS__NEVER);
    conf_acceptance_start(&a);
    Sleep(1100);
    CHECK_EQ(acceptoptions__time(a.acceptor), ACCEPTOPTIONS__NEVER);
    conf_acceptance_connect(&a);
    Sleep(50);
    CHECK(acceptoptions__time(a.acceptor) <= 1);
    Sleep(1100);
    CHECK(acceptoptions__time(a.acceptor) >= 1);
    CHECK(acceptoptions__time(a.acceptor) <= 3);
    CHECK_EQ(a.overlapped.Internal, CONF__STATUS_PENDING);
    CHECK_EQ(closesocket(a.acceptor), 0);
    conf_packet(port, &a.overlapped, ERROR_OPERATION_ABORTED, 0);
    CHECK_EQ(recv(a.client, a.room, 1, 0), 0);
}

CONF_TEST(acceptoptions_time_accepted) {
    struct conf_acceptance a;

    acceptoptions__accept(&a);
    CHECK(acceptoptions__time(a.acceptor) <= 1);
    conf_acceptance_update(&a);
    CHECK(acceptoptions__time(a.acceptor) <= 1);
    CHECK_EQ(acceptoptions__time(a.listener), ACCEPTOPTIONS__NEVER);
}

CONF_TEST(acceptoptions_time_cancelled) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    CHECK(conf_cancel((HANDLE) a.listener, &a.overlapped));
    CHECK_EQ(conf_acceptance_wait(&a, NULL), WSA_OPERATION_ABORTED);
    CHECK_EQ(acceptoptions__time(a.acceptor), ACCEPTOPTIONS__NEVER);
}

/* A socket that takes the place of an accepted one, whose handle was closed in a way that no one
 * saw, is not mistaken for it. */
CONF_TEST(acceptoptions_handle_reused) {
    struct conf_acceptance a;
    SOCKET other;
    int i;

    acceptoptions__accept(&a);
    CHECK_EQ(acceptoptions__peer_name(a.acceptor), WSAENOTCONN);
    for (i = 0; i < 2; i++) {
        if (i == 0)
            closesocket(a.acceptor);
        else
            CloseHandle((HANDLE) a.acceptor);
        other = conf_tcp(AF_INET);
        CHECK_EQ(connect(other, (struct sockaddr*) &a.target.name, a.target.length), 0);
        CHECK_EQ(acceptoptions__peer_name(other), 0);
        a.acceptor = other;
    }
}
