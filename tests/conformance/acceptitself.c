/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* SO_UPDATE_ACCEPT_CONTEXT with the accepted socket itself for its listener. */

static int acceptitself__update(SOCKET s, SOCKET listener) {
    WSASetLastError(0);
    return conf_last(setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char*) &listener,
                                sizeof listener));
}

static int acceptitself__peer_name(SOCKET s) {
    struct sockaddr_storage name;
    int length = sizeof name;

    return conf_last(getpeername(s, (struct sockaddr*) &name, &length));
}

/* ZeroC Ice's servers name the accepted socket where its listener belongs (zeroc-ice/ice,
 * TcpAcceptor::accept), and close the connection where that fails; on Windows it does not. The
 * listener, whose options would be handed on, is not named then. */
static void acceptitself__use(struct conf_acceptance* a) {
    DWORD limit = 0;
    int length = sizeof limit;

    CHECK_EQ(acceptitself__update(a->acceptor, a->acceptor), 0);
    CHECK_EQ(acceptitself__peer_name(a->acceptor), 0);
    CHECK_EQ(getsockopt(a->acceptor, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, &length), 0);
    CHECK_EQ(limit, 0);
    CHECK_EQ(acceptitself__update(a->acceptor, a->acceptor), 0);
    conf_exchange(a->client, a->acceptor);
    CHECK_EQ(conf_last(shutdown(a->acceptor, SD_SEND)), 0);
    CHECK_EQ(recv(a->client, a->room, 1, 0), 0);
}

CONF_TEST(acceptitself_update) {
    struct conf_acceptance a;
    DWORD limit = 23456;

    conf_acceptance_open(&a, AF_INET);
    CHECK_EQ(setsockopt(a.listener, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, sizeof limit), 0);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    acceptitself__use(&a);
}

CONF_TEST(acceptitself_after_accept) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_connect(&a);
    a.acceptor = conf_accept(a.listener);
    acceptitself__use(&a);
}

/* The listener may be named afterwards, and hands its options on then. */
CONF_TEST(acceptitself_first) {
    struct conf_acceptance a;
    DWORD limit = 23456, got = 0;
    int length = sizeof got;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    CHECK_EQ(acceptitself__update(a.acceptor, a.acceptor), 0);
    CHECK_EQ(setsockopt(a.listener, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, sizeof limit), 0);
    CHECK_EQ(acceptitself__update(a.acceptor, a.listener), 0);
    CHECK_EQ(getsockopt(a.acceptor, SOL_SOCKET, SO_RCVTIMEO, (char*) &got, &length), 0);
    CHECK_EQ(got, limit);
}

/* What is not connected has no context to update, whatever is named. */
CONF_TEST(acceptitself_not_accepted) {
    struct conf_acceptance a;
    SOCKET client = conf_client(AF_INET);
    SOCKET datagram = socket(AF_INET, SOCK_DGRAM, 0);

    conf_acceptance_open(&a, AF_INET);
    CHECK_EQ(acceptitself__update(a.acceptor, a.acceptor), WSAENOTCONN);
    CHECK_EQ(acceptitself__update(client, client), WSAENOTCONN);
    CHECK_EQ(acceptitself__update(datagram, datagram), WSAEINVAL);
    CHECK_EQ(acceptitself__update(INVALID_SOCKET, INVALID_SOCKET), WSAENOTSOCK);
    conf_acceptance_start(&a);
    CHECK_EQ(acceptitself__update(a.acceptor, a.acceptor), WSAENOTCONN);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    CHECK_EQ(acceptitself__update(a.acceptor, a.acceptor), 0);
}
