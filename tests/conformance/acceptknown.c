/* SPDX-License-Identifier: MIT */

/* An AcceptEx onto a socket that was seen from its start is not begun on what was known of a socket
 * that has gone, or of one handle of several: what the acceptor is now decides. */

#include "conformance.h"

#define ACCEPTKNOWN__TRIES 64

/* By a way that leads neither through ws2_32 nor through kernel32. */
static void acceptknown__lose(SOCKET s) {
    LONG(NTAPI * close)
    (HANDLE) = (void*) GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtClose");

    CHECK_EQ(close((HANDLE) s), 0);
}

/* The lowest value that is free comes back first; what comes before it is kept. */
static void acceptknown__need(SOCKET s, SOCKET value, int tries) {
    if (s != value && tries == ACCEPTKNOWN__TRIES - 1)
        conf_skip("the handle's value did not come back");
}

static void acceptknown__accepts(struct conf_acceptance* a) {
    memset(&a->overlapped, 0, sizeof a->overlapped);
    conf_acceptance_start(a);
    conf_acceptance_connect(a);
    CHECK_EQ(conf_acceptance_wait(a, NULL), 0);
    conf_acceptance_update(a);
    conf_exchange(a->client, a->acceptor);
}

CONF_TEST(acceptknown_lost) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    acceptknown__lose(a.acceptor);
    conf_acceptance_refused(&a, WSAENOTSOCK);
}

CONF_TEST(acceptknown_lost_for_event) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    acceptknown__lose(a.acceptor);
    if (conf_event_at((HANDLE) a.acceptor) == NULL)
        conf_skip("the handle's value did not come back");
    conf_acceptance_refused(&a, WSAENOTSOCK);
    CHECK_EQ(WaitForSingleObject((HANDLE) a.acceptor, 0), WAIT_TIMEOUT);
}

CONF_TEST(acceptknown_lost_for_datagrams) {
    struct conf_acceptance a;
    SOCKET s = INVALID_SOCKET;
    int i;

    conf_acceptance_open(&a, AF_INET);
    acceptknown__lose(a.acceptor);
    for (i = 0; i < ACCEPTKNOWN__TRIES && s != a.acceptor; i++) {
        s = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
        acceptknown__need(s, a.acceptor, i);
    }
    conf_acceptance_refused(&a, WSAEINVAL);
}

CONF_TEST(acceptknown_lost_for_accepted) {
    struct conf_acceptance a;
    HANDLE lower = conf_event(); /* Wine's accept() takes a value for an event of its own first. */
    SOCKET s = INVALID_SOCKET;
    int i;

    conf_acceptance_open(&a, AF_INET);
    for (i = 0; i < ACCEPTKNOWN__TRIES; i++)
        conf_acceptance_connect(&a);
    acceptknown__lose(a.acceptor);
    CloseHandle(lower);
    for (i = 0; i < ACCEPTKNOWN__TRIES && s != a.acceptor; i++) {
        s = conf_accept(a.listener);
        acceptknown__need(s, a.acceptor, i);
    }
    conf_acceptance_refused(&a, WSAEINVAL);
}

/* The value of a socket that was closed comes back for one that is accepted onto, too. */
CONF_TEST(acceptknown_lost_for_another) {
    struct conf_acceptance a;
    SOCKET s = INVALID_SOCKET;
    int i;

    conf_acceptance_open(&a, AF_INET);
    conf_bind(a.acceptor, AF_INET);
    conf_acceptance_refused(&a, WSAEINVAL);
    acceptknown__lose(a.acceptor);
    for (i = 0; i < ACCEPTKNOWN__TRIES && s != a.acceptor; i++) {
        s = conf_tcp(AF_INET);
        acceptknown__need(s, a.acceptor, i);
    }
    acceptknown__accepts(&a);
}

/* Which family and type it has is left to the system. */
CONF_TEST(acceptknown_unspecified) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    closesocket(a.acceptor);
    a.acceptor = WSASocketW(AF_UNSPEC, 0, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    CHECK(a.acceptor != INVALID_SOCKET);
    acceptknown__accepts(&a);
}

static SOCKET acceptknown__from(WSAPROTOCOL_INFOW* info) {
    SOCKET made = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0,
                             WSA_FLAG_OVERLAPPED);

    CHECK(made != INVALID_SOCKET);
    return made;
}

static SOCKET acceptknown__like(SOCKET s) {
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;

    CHECK_EQ(getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &length), 0);
    return acceptknown__from(&info);
}

CONF_TEST(acceptknown_described) {
    struct conf_acceptance a;
    SOCKET datagram = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);

    conf_acceptance_open(&a, AF_INET);
    closesocket(a.acceptor);
    a.acceptor = acceptknown__like(datagram);
    conf_acceptance_refused(&a, WSAEINVAL);
    closesocket(a.acceptor);
    a.acceptor = acceptknown__like(a.listener);
    acceptknown__accepts(&a);
}

/* What is bound is no socket to accept onto, whatever it was bound by. */

static SOCKET acceptknown__duplicate(SOCKET s) {
    WSAPROTOCOL_INFOW info;

    CHECK_EQ(conf_last(WSADuplicateSocketW(s, GetCurrentProcessId(), &info)), 0);
    return acceptknown__from(&info);
}

CONF_TEST(acceptknown_bound_by_duplicate) {
    struct conf_acceptance a;
    SOCKET other;

    conf_acceptance_open(&a, AF_INET);
    other = acceptknown__duplicate(a.acceptor);
    conf_bind(other, AF_INET);
    conf_acceptance_refused(&a, WSAEINVAL);
    CHECK_EQ(conf_last(closesocket(other)), 0);
    conf_acceptance_refused(&a, WSAEINVAL);
}

CONF_TEST(acceptknown_duplicate_of_bound) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    conf_bind(a.acceptor, AF_INET);
    a.acceptor = acceptknown__duplicate(a.acceptor);
    conf_acceptance_refused(&a, WSAEINVAL);
}

CONF_TEST(acceptknown_duplicate) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    a.acceptor = acceptknown__duplicate(a.acceptor);
    acceptknown__accepts(&a);
}

/* It lives on in a process that is not looked at. */
CONF_TEST(acceptknown_other_process) {
    struct conf_acceptance a;
    SOCKET other;

    conf_acceptance_open(&a, AF_INET);
    other = conf_handle_by_other_process(a.acceptor);
    conf_bind(other, AF_INET);
    conf_acceptance_refused(&a, WSAEINVAL);
}

static void acceptknown__connect(struct conf_acceptance* a) {
    conf_acceptance_open(a, AF_INET);
    CHECK_EQ(connect(a->acceptor, (struct sockaddr*) &a->target.name, a->target.length), 0);
    a->client = conf_accept(a->listener);
}

CONF_TEST(acceptknown_connected) {
    struct conf_acceptance a;

    acceptknown__connect(&a);
    conf_acceptance_refused(&a, WSAEINVAL);
    conf_exchange(a.acceptor, a.client);
}

typedef BOOL(WSAAPI* acceptknown__by_name)(SOCKET s, const char* node, const char* service,
                                           DWORD* local_length, struct sockaddr* local,
                                           DWORD* remote_length, struct sockaddr* remote,
                                           const struct timeval* timeout, WSAOVERLAPPED* reserved);

CONF_TEST(acceptknown_connected_by_name) {
    acceptknown__by_name by_name = (acceptknown__by_name) (void*) GetProcAddress(
        GetModuleHandleA("ws2_32.dll"), "WSAConnectByNameA");
    struct conf_acceptance a;
    char service[8];

    if (by_name == NULL)
        conf_skip("this system has no WSAConnectByName");
    conf_acceptance_open(&a, AF_INET);
    sprintf(service, "%u", conf_get_port(&a.target));
    if (!by_name(a.acceptor, "127.0.0.1", service, NULL, NULL, NULL, NULL, NULL, NULL))
        conf_fail(__FILE__, __LINE__, "WSAConnectByName: error %d", WSAGetLastError());
    a.client = conf_accept(a.listener);
    conf_acceptance_refused(&a, WSAEINVAL);
    conf_exchange(a.acceptor, a.client);
}

/* Ended, and not made ready for reuse. */
CONF_TEST(acceptknown_disconnected) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    acceptknown__accepts(&a);
    CHECK(conf_disconnect_pointer(a.acceptor)(a.acceptor, NULL, 0, 0));
    CHECK_EQ(recv(a.client, a.room, 1, 0), 0);
    conf_acceptance_refused(&a, WSAEINVAL);
}
