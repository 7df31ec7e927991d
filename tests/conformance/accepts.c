/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* The calls of the tests of AcceptEx. */

/* As the old exports, these are asked for once and used for every socket. */
static void* accepts__pointer(GUID guid) {
    SOCKET probe = conf_tcp(AF_INET);
    void* pointer = conf_function(probe, guid);

    closesocket(probe);
    return pointer;
}

LPFN_ACCEPTEX conf_accept_pointer(void) {
    static LPFN_ACCEPTEX pointer;
    const GUID guid = WSAID_ACCEPTEX;

    if (pointer == NULL)
        pointer = (LPFN_ACCEPTEX) accepts__pointer(guid);
    return pointer;
}

LPFN_GETACCEPTEXSOCKADDRS conf_sockaddrs_pointer(void) {
    static LPFN_GETACCEPTEXSOCKADDRS pointer;
    const GUID guid = WSAID_GETACCEPTEXSOCKADDRS;

    if (pointer == NULL)
        pointer = (LPFN_GETACCEPTEXSOCKADDRS) accepts__pointer(guid);
    return pointer;
}

void conf_acceptance_open(struct conf_acceptance* a, int family) {
    memset(a, 0, sizeof *a);
    a->listener = conf_listen(family, 200, &a->target);
    a->acceptor = conf_tcp(family);
    a->client = INVALID_SOCKET;
    a->local_length = a->remote_length = (DWORD) a->target.length + 16;
    a->buffer = a->room;
}

BOOL conf_acceptance_call(struct conf_acceptance* a) {
    DWORD received = 0;

    conf_accept_pointer();
    WSASetLastError(0);
    return conf_accept_pointer()(a->listener, a->acceptor, a->buffer, a->receive_length,
                                 a->local_length, a->remote_length, &received, &a->overlapped);
}

void conf_acceptance_start(struct conf_acceptance* a) {
    BOOL done = conf_acceptance_call(a);
    int error = WSAGetLastError();

    CHECK_EQ(done, FALSE);
    CHECK_EQ(error, ERROR_IO_PENDING);
}

/* Windows marks the OVERLAPPED as pending before it looks at anything else, as Wine's own tests
 * have recorded. */
void conf_acceptance_refused(struct conf_acceptance* a, int error) {
    a->overlapped.Internal = 0xDEAD;
    CHECK_EQ(conf_acceptance_call(a), FALSE);
    CHECK_EQ(WSAGetLastError(), error);
    CHECK_EQ(a->overlapped.Internal, CONF__STATUS_PENDING);
}

void conf_acceptance_connect(struct conf_acceptance* a) {
    a->client = conf_tcp(a->target.name.ss_family);
    CHECK_EQ(connect(a->client, (struct sockaddr*) &a->target.name, a->target.length), 0);
}

void conf_reset(SOCKET s) {
    struct linger hard = {1, 0};

    CHECK_EQ(setsockopt(s, SOL_SOCKET, SO_LINGER, (const char*) &hard, sizeof hard), 0);
    CHECK_EQ(closesocket(s), 0);
}

/* Waits for the end of an operation that has an event, or else by looking at it. */
DWORD conf_acceptance_wait(struct conf_acceptance* a, DWORD* bytes) {
    int i;

    for (i = 0; i < CONF__LIMIT / 5 && !HasOverlappedIoCompleted(&a->overlapped); i++)
        Sleep(5);
    CHECK(HasOverlappedIoCompleted(&a->overlapped));
    return conf_wait(a->listener, &a->overlapped, bytes);
}

void conf_acceptance_update(struct conf_acceptance* a) {
    int result = setsockopt(a->acceptor, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char*) &a->listener,
                            sizeof a->listener);

    CHECK_EQ(conf_last(result), 0);
}

static void accepts__same(const struct sockaddr* found, int length,
                          const struct conf_target* expected) {
    CHECK(found != NULL);
    CHECK_EQ(length, expected->length);
    CHECK_EQ(found->sa_family, expected->name.ss_family);
    CHECK_EQ(((const struct sockaddr_in*) found)->sin_port,
             ((const struct sockaddr_in*) &expected->name)->sin_port);
    if (found->sa_family == AF_INET)
        CHECK(memcmp(found, &expected->name, 8) == 0);
    else
        CHECK(memcmp(&((const struct sockaddr_in6*) found)->sin6_addr,
                     &((const struct sockaddr_in6*) &expected->name)->sin6_addr, 16) == 0);
}

/* The addresses that the buffer tells are those of the two ends. */
void conf_acceptance_addresses(struct conf_acceptance* a) {
    struct sockaddr *local = NULL, *remote = NULL;
    int local_length = 0, remote_length = 0;
    struct conf_target client;

    client.length = sizeof client.name;
    CHECK_EQ(getsockname(a->client, (struct sockaddr*) &client.name, &client.length), 0);
    conf_sockaddrs_pointer()(a->buffer, a->receive_length, a->local_length, a->remote_length,
                             &local, &local_length, &remote, &remote_length);
    accepts__same(local, local_length, &a->target);
    accepts__same(remote, remote_length, &client);
}
