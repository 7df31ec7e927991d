/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#define RETRY__PAYLOAD (256 * 1024)

struct retry__case {
    SOCKET client;
    SOCKET peer;
    HANDLE port;
    struct conf_target target;
};

static void retry__open(struct retry__case* c, int family) {
    c->peer = conf_refuse(family, &c->target);
    c->client = conf_client(family);
    c->port = conf_port(c->client);
}

static void retry__fail(struct retry__case* c, const struct conf_target* target, DWORD error,
                        int call_error) {
    OVERLAPPED overlapped = {0};
    BOOL done = conf_call(c->client, target, "data", 4, &overlapped);
    int last = WSAGetLastError();

    CHECK_EQ(done, FALSE);
    if (last != call_error) {
        CHECK_EQ(last, ERROR_IO_PENDING);
        conf_packet(c->port, &overlapped, error, 0);
    }
    conf_quiet(c->port);
}

static void retry__refused(struct retry__case* c) {
    retry__fail(c, &c->target, ERROR_CONNECTION_REFUSED, 0);
}

static void retry__connected(struct retry__case* c) {
    SOCKET server = conf_accept(c->peer);

    conf_exchange(c->client, server);
    closesocket(server);
}

static void retry__by_connect_ex(struct retry__case* c) {
    OVERLAPPED overlapped = {0};
    unsigned char* payload = conf_pages(RETRY__PAYLOAD);
    unsigned char* got = conf_pages(RETRY__PAYLOAD);
    SOCKET server;
    int length = 0;
    int now;

    CHECK_EQ(listen(c->peer, 5), 0);
    conf_pattern_fill(payload, RETRY__PAYLOAD);
    conf_start(c->client, &c->target, payload, RETRY__PAYLOAD, &overlapped);
    server = conf_accept(c->peer);
    while (length < RETRY__PAYLOAD) {
        now = recv(server, (char*) got + length, RETRY__PAYLOAD - length, 0);
        CHECK(now > 0);
        length += now;
    }
    CHECK(memcmp(got, payload, RETRY__PAYLOAD) == 0);
    conf_packet(c->port, &overlapped, 0, RETRY__PAYLOAD);
    conf_quiet(c->port);
    conf_update(c->client);
    conf_exchange(c->client, server);
}

CONF_TEST(retry_connect_ex) {
    struct retry__case c;

    retry__open(&c, AF_INET);
    retry__refused(&c);
    retry__by_connect_ex(&c);
}

CONF_TEST(retry_connect_ex_10) {
    struct retry__case c;
    int i;

    retry__open(&c, AF_INET);
    for (i = 0; i < 10; i++)
        retry__refused(&c);
    retry__by_connect_ex(&c);
}

CONF_TEST(retry_connect_ex_ipv6) {
    struct retry__case c;

    conf_need_ipv6();
    retry__open(&c, AF_INET6);
    retry__refused(&c);
    retry__refused(&c);
    retry__by_connect_ex(&c);
}

CONF_TEST(retry_connect_ex_without_payload) {
    struct retry__case c;
    int i;

    retry__open(&c, AF_INET);
    for (i = 0; i < 3; i++) {
        OVERLAPPED overlapped = {0};

        conf_start(c.client, &c.target, NULL, 0, &overlapped);
        conf_packet(c.port, &overlapped, ERROR_CONNECTION_REFUSED, 0);
    }
    CHECK_EQ(listen(c.peer, 5), 0);
    {
        OVERLAPPED overlapped = {0};

        conf_start(c.client, &c.target, NULL, 0, &overlapped);
        conf_packet(c.port, &overlapped, 0, 0);
    }
    retry__connected(&c);
}

CONF_TEST(retry_connect) {
    struct retry__case c;
    int result;

    retry__open(&c, AF_INET);
    retry__refused(&c);
    retry__refused(&c);
    CHECK_EQ(listen(c.peer, 5), 0);
    result = connect(c.client, (struct sockaddr*) &c.target.name, c.target.length);
    CHECK_EQ(conf_last(result), 0);
    retry__connected(&c);
}

CONF_TEST(retry_wsaconnect) {
    struct retry__case c;
    int result;

    retry__open(&c, AF_INET);
    retry__refused(&c);
    retry__refused(&c);
    CHECK_EQ(listen(c.peer, 5), 0);
    result = WSAConnect(c.client, (struct sockaddr*) &c.target.name, c.target.length, NULL, NULL,
                        NULL, NULL);
    CHECK_EQ(conf_last(result), 0);
    retry__connected(&c);
}

CONF_TEST(retry_connect_refused_too) {
    struct retry__case c;
    int result;

    retry__open(&c, AF_INET);
    retry__refused(&c);
    result = connect(c.client, (struct sockaddr*) &c.target.name, c.target.length);
    CHECK_EQ(conf_last(result), WSAECONNREFUSED);
    result = WSAConnect(c.client, (struct sockaddr*) &c.target.name, c.target.length, NULL, NULL,
                        NULL, NULL);
    CHECK_EQ(conf_last(result), WSAECONNREFUSED);
    retry__refused(&c);
    retry__by_connect_ex(&c);
}

CONF_TEST(retry_after_connect) {
    struct retry__case c;
    int result;

    retry__open(&c, AF_INET);
    result = connect(c.client, (struct sockaddr*) &c.target.name, c.target.length);
    CHECK_EQ(conf_last(result), WSAECONNREFUSED);
    retry__by_connect_ex(&c);
}

CONF_TEST(retry_nonblocking_connect) {
    struct retry__case c;
    struct timeval limit = {CONF__LIMIT / 1000, 0};
    u_long on = 1;
    fd_set writable;
    int result;

    retry__open(&c, AF_INET);
    CHECK_EQ(ioctlsocket(c.client, FIONBIO, &on), 0);
    retry__refused(&c);
    CHECK_EQ(listen(c.peer, 5), 0);
    result = connect(c.client, (struct sockaddr*) &c.target.name, c.target.length);
    CHECK_EQ(conf_last(result), WSAEWOULDBLOCK);
    FD_ZERO(&writable);
    FD_SET(c.client, &writable);
    CHECK_EQ(select(0, NULL, &writable, NULL, &limit), 1);
    on = 0;
    CHECK_EQ(ioctlsocket(c.client, FIONBIO, &on), 0);
    retry__connected(&c);
}

CONF_TEST(retry_after_unreachable) {
    struct retry__case c;
    struct conf_target nowhere;

    conf_need_space();
    retry__open(&c, AF_INET);
    conf_loopback(AF_INET, &nowhere);
    conf_set_port(&nowhere, 9);
    ((struct sockaddr_in*) &nowhere.name)->sin_addr.s_addr = inet_addr("203.0.113.1");
    retry__fail(&c, &nowhere, ERROR_NETWORK_UNREACHABLE, WSAENETUNREACH);
    retry__fail(&c, &nowhere, ERROR_NETWORK_UNREACHABLE, WSAENETUNREACH);
    retry__by_connect_ex(&c);
}

CONF_TEST(retry_after_timeout) {
    struct retry__case c;
    struct conf_silent silent;
    OVERLAPPED overlapped = {0};
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;

    conf_need_space();
    retry__open(&c, AF_INET);
    conf_silent_fill(&silent, AF_INET);
    conf_start(c.client, &silent.target, "data", 4, &overlapped);
    CHECK(conf_dequeue(c.port, 4 * CONF__LIMIT, &got, &error, &bytes));
    CHECK_EQ(error, ERROR_SEM_TIMEOUT);
    retry__by_connect_ex(&c);
}
