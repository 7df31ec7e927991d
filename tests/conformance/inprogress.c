/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* WSAEALREADY is for a socket on which a connect was begun and goes on. Where none was, WSAEINVAL,
 * for whatever reason, stays what it is. */

/* A link-local address belongs to no link without a scope. */
static void inprogress__scopeless(struct conf_target* target) {
    struct sockaddr_in6* name = (struct sockaddr_in6*) &target->name;

    conf_need_ipv6();
    memset(target, 0, sizeof *target);
    name->sin6_family = AF_INET6;
    name->sin6_port = htons(9);
    name->sin6_addr.s6_addr[0] = 0xFE;
    name->sin6_addr.s6_addr[1] = 0x80;
    name->sin6_addr.s6_addr[15] = 1;
    target->length = sizeof *name;
}

/* By the call, or at the end of the operation where the call cannot know. */
static void inprogress__refused(SOCKET s, const struct conf_target* target, const void* data,
                                DWORD length) {
    OVERLAPPED overlapped = {0};
    int error;

    overlapped.hEvent = conf_event();
    CHECK_EQ(conf_call(s, target, data, length, &overlapped), FALSE);
    error = WSAGetLastError();
    if (error == ERROR_IO_PENDING)
        error = (int) conf_wait(s, &overlapped, NULL);
    CHECK_EQ(error, WSAEINVAL);
}

CONF_TEST(inprogress_connectex_scopeless) {
    struct conf_target target, good;
    SOCKET client;

    inprogress__scopeless(&target);
    client = conf_client(AF_INET6);
    inprogress__refused(client, &target, NULL, 0);
    inprogress__refused(client, &target, "data", 4);
    inprogress__refused(client, &target, NULL, 0);
    conf_listen(AF_INET6, 5, &good);
    conf_connect(client, &good);
}

static void inprogress__connect(BOOL bound) {
    struct conf_target target, good;
    SOCKET client;

    inprogress__scopeless(&target);
    client = bound ? conf_client(AF_INET6) : conf_tcp(AF_INET6);
    conf_port(client);
    CHECK_EQ(conf_last(connect(client, (struct sockaddr*) &target.name, target.length)), WSAEINVAL);
    CHECK_EQ(conf_last(WSAConnect(client, (struct sockaddr*) &target.name, target.length, NULL,
                                  NULL, NULL, NULL)),
             WSAEINVAL);
    conf_listen(AF_INET6, 5, &good);
    CHECK_EQ(conf_last(connect(client, (struct sockaddr*) &good.name, good.length)), 0);
}

CONF_TEST(inprogress_connect_scopeless) {
    inprogress__connect(FALSE);
}

CONF_TEST(inprogress_connect_scopeless_bound) {
    inprogress__connect(TRUE);
}

/* After one that was refused, and after one that was cancelled, none goes on. */
CONF_TEST(inprogress_after_refusal) {
    struct conf_target target, refusing;
    OVERLAPPED overlapped = {0};
    SOCKET client;

    inprogress__scopeless(&target);
    client = conf_client(AF_INET6);
    conf_refuse(AF_INET6, &refusing);
    overlapped.hEvent = conf_event();
    conf_start(client, &refusing, NULL, 0, &overlapped);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), WSAECONNREFUSED);
    inprogress__refused(client, &target, NULL, 0);
}

/* What AcceptEx has connected is connected by AcceptEx again. */
CONF_TEST(inprogress_reused_acceptor) {
    struct conf_acceptance a;
    int result;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    conf_acceptance_update(&a);
    CHECK_EQ(conf_reuse(a.acceptor), 0);
    inprogress__refused(a.acceptor, &a.target, NULL, 0);
    inprogress__refused(a.acceptor, &a.target, "data", 4);
    result = connect(a.acceptor, (struct sockaddr*) &a.target.name, a.target.length);
    CHECK_EQ(conf_last(result), WSAEINVAL);
}

/* Begun by whatever call, it goes on. */
CONF_TEST(inprogress_begun) {
    struct conf_silent silent;
    OVERLAPPED overlapped = {0}, other = {0};
    SOCKET client = conf_client(AF_INET);
    SOCKET plain = conf_client(AF_INET);
    u_long on = 1;
    int result;

    conf_silent_fill(&silent, AF_INET);
    conf_start(client, &silent.target, NULL, 0, &overlapped);
    CHECK_EQ(conf_call(client, &silent.target, NULL, 0, &other), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEALREADY);
    result = connect(client, (struct sockaddr*) &silent.target.name, silent.target.length);
    CHECK_EQ(conf_last(result), WSAEALREADY);

    CHECK_EQ(ioctlsocket(plain, FIONBIO, &on), 0);
    result = connect(plain, (struct sockaddr*) &silent.target.name, silent.target.length);
    CHECK_EQ(conf_last(result), WSAEWOULDBLOCK);
    CHECK_EQ(conf_call(plain, &silent.target, NULL, 0, &other), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEALREADY);
}
