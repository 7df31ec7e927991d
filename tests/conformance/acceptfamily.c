/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* AcceptEx from a listener of one version of IP onto a socket that was made for the other. Nim's
 * asynchronous servers do so whenever they listen on IPv6, as they make every socket to accept onto
 * with AF_INET (nim-lang/Nim, lib/pure/asyncdispatch.nim), and their tests pass on Windows. What
 * was accepted is of the listener's family then. */

struct acceptfamily__case {
    int listener;
    int acceptor;
    int client; /* Of another family than the listener's where that serves both. */
    DWORD receive_length;
};

static void acceptfamily__listen_dual(struct conf_acceptance* a) {
    struct sockaddr_in6 any = {0};
    DWORD off = 0;
    int length = sizeof a->target.name;

    closesocket(a->listener);
    a->listener = conf_tcp(AF_INET6);
    any.sin6_family = AF_INET6;
    CHECK_EQ(setsockopt(a->listener, IPPROTO_IPV6, IPV6_V6ONLY, (char*) &off, sizeof off), 0);
    CHECK_EQ(bind(a->listener, (struct sockaddr*) &any, sizeof any), 0);
    CHECK_EQ(listen(a->listener, 200), 0);
    CHECK_EQ(getsockname(a->listener, (struct sockaddr*) &a->target.name, &length), 0);
}

/* The port of the listener, at the loopback address of the client's family. */
static void acceptfamily__aim(struct conf_acceptance* a, int family) {
    unsigned short port = conf_get_port(&a->target);

    conf_loopback(family, &a->target);
    conf_set_port(&a->target, port);
}

static void acceptfamily__open(struct conf_acceptance* a, const struct acceptfamily__case* c) {
    conf_need_ipv6();
    conf_acceptance_open(a, c->listener);
    if (c->client != c->listener)
        acceptfamily__listen_dual(a);
    acceptfamily__aim(a, c->client);
    closesocket(a->acceptor);
    a->acceptor = conf_tcp(c->acceptor);
    a->receive_length = c->receive_length;
}

static void acceptfamily__accept(struct conf_acceptance* a) {
    memset(&a->overlapped, 0, sizeof a->overlapped);
    conf_acceptance_start(a);
    conf_acceptance_connect(a);
    if (a->receive_length != 0)
        CHECK_EQ(send(a->client, "hello", 5, 0), 5);
    CHECK_EQ(conf_acceptance_wait(a, NULL), 0);
    CHECK_EQ(a->overlapped.InternalHigh, a->receive_length != 0 ? 5 : 0);
    conf_acceptance_update(a);
}

/* An address of IPv4 as a socket of IPv6 tells it. */
static void acceptfamily__map(struct conf_target* name) {
    struct sockaddr_in in = *(struct sockaddr_in*) &name->name;
    struct sockaddr_in6* in6 = (struct sockaddr_in6*) &name->name;

    memset(in6, 0, sizeof *in6);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = in.sin_port;
    in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xFF;
    memcpy(&in6->sin6_addr.s6_addr[12], &in.sin_addr, sizeof in.sin_addr);
    name->length = sizeof *in6;
}

static void acceptfamily__same(const struct sockaddr* name, int length,
                               const struct conf_target* expected) {
    const struct sockaddr_in6* in6 = (const struct sockaddr_in6*) name;
    const struct sockaddr_in6* expected6 = (const struct sockaddr_in6*) &expected->name;

    CHECK(name != NULL);
    CHECK_EQ(length, expected->length);
    CHECK_EQ(name->sa_family, expected->name.ss_family);
    CHECK_EQ(((const struct sockaddr_in*) name)->sin_port,
             ((const struct sockaddr_in*) &expected->name)->sin_port);
    if (name->sa_family == AF_INET)
        CHECK(memcmp(name, &expected->name, 8) == 0);
    else
        CHECK(memcmp(&in6->sin6_addr, &expected6->sin6_addr, sizeof in6->sin6_addr) == 0);
}

/* Both names of the client's end, as the accepted socket is to tell them: the first its own. */
static void acceptfamily__names(struct conf_acceptance* a, const struct acceptfamily__case* c,
                                struct conf_target* local, struct conf_target* remote) {
    local->length = remote->length = sizeof local->name;
    CHECK_EQ(getpeername(a->client, (struct sockaddr*) &local->name, &local->length), 0);
    CHECK_EQ(getsockname(a->client, (struct sockaddr*) &remote->name, &remote->length), 0);
    if (c->client != c->listener) {
        acceptfamily__map(local);
        acceptfamily__map(remote);
    }
}

static void acceptfamily__check(struct conf_acceptance* a, const struct acceptfamily__case* c) {
    struct conf_target local, remote, name;
    struct sockaddr *found_local = NULL, *found_remote = NULL;
    int local_length = 0, remote_length = 0;
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;

    acceptfamily__names(a, c, &local, &remote);
    conf_sockaddrs_pointer()(a->buffer, a->receive_length, a->local_length, a->remote_length,
                             &found_local, &local_length, &found_remote, &remote_length);
    acceptfamily__same(found_local, local_length, &local);
    acceptfamily__same(found_remote, remote_length, &remote);
    name.length = sizeof name.name;
    CHECK_EQ(conf_last(getsockname(a->acceptor, (struct sockaddr*) &name.name, &name.length)), 0);
    acceptfamily__same((struct sockaddr*) &name.name, name.length, &local);
    name.length = sizeof name.name;
    CHECK_EQ(conf_last(getpeername(a->acceptor, (struct sockaddr*) &name.name, &name.length)), 0);
    acceptfamily__same((struct sockaddr*) &name.name, name.length, &remote);
    CHECK_EQ(getsockopt(a->acceptor, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &length), 0);
    CHECK_EQ(info.iAddressFamily, c->listener);
    conf_exchange(a->client, a->acceptor);
}

static void acceptfamily__run(int listener, int acceptor, int client, DWORD receive_length) {
    const struct acceptfamily__case c = {listener, acceptor, client, receive_length};
    struct conf_acceptance a;

    acceptfamily__open(&a, &c);
    acceptfamily__accept(&a);
    acceptfamily__check(&a, &c);
}

CONF_TEST(acceptfamily_ipv6_onto_ipv4) {
    acceptfamily__run(AF_INET6, AF_INET, AF_INET6, 0);
}

CONF_TEST(acceptfamily_ipv6_onto_ipv4_data) {
    acceptfamily__run(AF_INET6, AF_INET, AF_INET6, 100);
}

CONF_TEST(acceptfamily_ipv4_onto_ipv6) {
    acceptfamily__run(AF_INET, AF_INET6, AF_INET, 100);
}

CONF_TEST(acceptfamily_dual) {
    acceptfamily__run(AF_INET6, AF_INET6, AF_INET, 100);
}

CONF_TEST(acceptfamily_dual_onto_ipv4) {
    acceptfamily__run(AF_INET6, AF_INET, AF_INET, 0);
}

CONF_TEST(acceptfamily_dual_onto_ipv4_data) {
    acceptfamily__run(AF_INET6, AF_INET, AF_INET, 100);
}

/* A length that is enough for the acceptor's family is not for the listener's. */
CONF_TEST(acceptfamily_length) {
    const struct acceptfamily__case c = {AF_INET6, AF_INET, AF_INET6, 0};
    struct conf_acceptance a;
    DWORD bytes = 9;
    int i;

    acceptfamily__open(&a, &c);
    a.local_length = a.remote_length = sizeof(struct sockaddr_in) + 16;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    for (i = 0; i < CONF__LIMIT / 5 && !HasOverlappedIoCompleted(&a.overlapped); i++)
        Sleep(5);
    CHECK(!GetOverlappedResult((HANDLE) a.listener, &a.overlapped, &bytes, FALSE));
    CHECK_EQ(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    CHECK_EQ(bytes, 0);
}

/* The options are those of the listener, and of its family. */
CONF_TEST(acceptfamily_options) {
    const struct acceptfamily__case c = {AF_INET6, AF_INET, AF_INET6, 0};
    DWORD limit = 23456, on = 1, got = 0;
    struct conf_acceptance a;
    int length = sizeof got;

    acceptfamily__open(&a, &c);
    CHECK_EQ(setsockopt(a.listener, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, sizeof limit), 0);
    CHECK_EQ(setsockopt(a.listener, SOL_SOCKET, SO_KEEPALIVE, (char*) &on, sizeof on), 0);
    acceptfamily__accept(&a);
    CHECK_EQ(getsockopt(a.acceptor, SOL_SOCKET, SO_RCVTIMEO, (char*) &got, &length), 0);
    CHECK_EQ(got, limit);
    got = 0;
    CHECK_EQ(getsockopt(a.acceptor, SOL_SOCKET, SO_KEEPALIVE, (char*) &got, &length), 0);
    CHECK_EQ(got, 1);
    got = 30;
    CHECK_EQ(conf_last(
                 setsockopt(a.acceptor, IPPROTO_IPV6, IPV6_UNICAST_HOPS, (char*) &got, sizeof got)),
             0);
}

/* An operation that was cancelled has changed nothing of the socket. */
CONF_TEST(acceptfamily_cancelled) {
    const struct acceptfamily__case c = {AF_INET6, AF_INET, AF_INET6, 0};
    struct conf_acceptance a;
    struct conf_target target, name;
    SOCKET listener = conf_listen(AF_INET, 5, &target);

    acceptfamily__open(&a, &c);
    conf_acceptance_start(&a);
    CHECK(conf_cancel((HANDLE) a.listener, &a.overlapped));
    CHECK_EQ(conf_acceptance_wait(&a, NULL), WSA_OPERATION_ABORTED);
    CHECK_EQ(conf_last(connect(a.acceptor, (struct sockaddr*) &target.name, target.length)), 0);
    name.length = sizeof name.name;
    CHECK_EQ(getpeername(a.acceptor, (struct sockaddr*) &name.name, &name.length), 0);
    acceptfamily__same((struct sockaddr*) &name.name, name.length, &target);
    conf_exchange(a.acceptor, conf_accept(listener));
}

/* Used again, it takes whatever comes next: of its present family, and of its first. */
CONF_TEST(acceptfamily_reuse) {
    const struct acceptfamily__case c = {AF_INET6, AF_INET, AF_INET6, 100};
    const struct acceptfamily__case other = {AF_INET, AF_INET, AF_INET, 0};
    struct conf_acceptance a;
    int round;

    acceptfamily__open(&a, &c);
    for (round = 0; round < 4; round++) {
        if (round == 2) {
            closesocket(a.listener);
            a.listener = conf_listen(AF_INET, 5, &a.target);
            a.receive_length = 0;
        }
        acceptfamily__accept(&a);
        acceptfamily__check(&a, round < 2 ? &c : &other);
        CHECK(conf_disconnect_pointer(a.acceptor)(a.acceptor, NULL, TF_REUSE_SOCKET, 0));
        CHECK_EQ(conf_last(recv(a.client, a.room, 1, 0)), 0);
        closesocket(a.client);
    }
}
