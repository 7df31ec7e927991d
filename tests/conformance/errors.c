/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* WSAENETDOWN and WSAENOBUFS have no test: one machine cannot produce them at will. */

static void errors__from_call(int family, const struct conf_target* target, int error) {
    SOCKET client = conf_client(family);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    BOOL done = conf_call(client, target, "data", 4, &overlapped);

    CHECK_EQ(WSAGetLastError(), error);
    CHECK_EQ(done, FALSE);
    conf_quiet(port);
    closesocket(client);
    conf_quiet(port);
}

CONF_TEST(errors_family_ipv6_on_ipv4) {
    struct conf_target target;

    conf_loopback(AF_INET6, &target);
    conf_set_port(&target, 9);
    errors__from_call(AF_INET, &target, WSAEAFNOSUPPORT);
}

CONF_TEST(errors_family_ipv4_on_ipv6) {
    struct conf_target target;

    conf_need_ipv6();
    conf_loopback(AF_INET, &target);
    conf_set_port(&target, 9);
    target.length = sizeof target.name;
    errors__from_call(AF_INET6, &target, WSAEAFNOSUPPORT);
}

CONF_TEST(errors_family_unknown) {
    struct conf_target target;

    conf_loopback(AF_INET, &target);
    conf_set_port(&target, 9);
    target.name.ss_family = 99;
    errors__from_call(AF_INET, &target, WSAEAFNOSUPPORT);
    target.name.ss_family = AF_UNIX;
    errors__from_call(AF_INET, &target, WSAEAFNOSUPPORT);
}

CONF_TEST(errors_zero_address) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);

    ((struct sockaddr_in*) &target.name)->sin_addr.s_addr = 0;
    errors__from_call(AF_INET, &target, WSAEADDRNOTAVAIL);
    closesocket(listener);
}

CONF_TEST(errors_zero_address_ipv6) {
    struct conf_target target;
    SOCKET listener;

    conf_need_ipv6();
    listener = conf_listen(AF_INET6, 5, &target);
    ((struct sockaddr_in6*) &target.name)->sin6_addr = in6addr_any;
    errors__from_call(AF_INET6, &target, WSAEADDRNOTAVAIL);
    closesocket(listener);
}

/* The all-zero address of IPv4, as a socket that serves both versions is given it. */
CONF_TEST(errors_zero_address_mapped) {
    struct conf_target target;
    SOCKET listener, client;
    OVERLAPPED overlapped = {0};
    DWORD off = 0;
    HANDLE port;
    int round;

    conf_need_ipv6();
    listener = conf_listen(AF_INET, 5, &target);
    client = conf_tcp(AF_INET6);
    CHECK_EQ(setsockopt(client, IPPROTO_IPV6, IPV6_V6ONLY, (char*) &off, sizeof off), 0);
    conf_bind(client, AF_INET6);
    port = conf_port(client);
    for (round = 0; round < 2; round++) {
        struct conf_target mapped;
        struct sockaddr_in6* name = (struct sockaddr_in6*) &mapped.name;

        memset(&mapped, 0, sizeof mapped);
        name->sin6_family = AF_INET6;
        name->sin6_addr.s6_addr[10] = name->sin6_addr.s6_addr[11] = 0xFF;
        mapped.length = sizeof *name;
        conf_set_port(&mapped, conf_get_port(&target));
        CHECK_EQ(conf_call(client, &mapped, "data", round == 0 ? 0 : 4, &overlapped), FALSE);
        CHECK_EQ(WSAGetLastError(), WSAEADDRNOTAVAIL);
        conf_quiet(port);
    }
    closesocket(listener);
}

/* What the error is, is the system's affair; it must be one, told once. */
static void errors__fails_somehow(const char* address) {
    struct conf_target target;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;

    conf_loopback(AF_INET, &target);
    conf_set_port(&target, 9);
    ((struct sockaddr_in*) &target.name)->sin_addr.s_addr = inet_addr(address);
    CHECK_EQ(conf_call(client, &target, NULL, 0, &overlapped), FALSE);
    if (WSAGetLastError() == ERROR_IO_PENDING) {
        CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
        CHECK(got == &overlapped);
        CHECK(error != 0);
    } else {
        CHECK(WSAGetLastError() != 0);
    }
    conf_quiet(port);
}

CONF_TEST(errors_broadcast) {
    errors__fails_somehow("255.255.255.255");
}

CONF_TEST(errors_multicast) {
    errors__fails_somehow("224.0.0.1");
}

/* A call while another is in progress is refused and does the other no harm. */
static void errors__second_call(SOCKET client, struct conf_silent* silent, HANDLE port,
                                OVERLAPPED* first, const char* how) {
    OVERLAPPED second = {0};
    const struct sockaddr* name = (const struct sockaddr*) &silent->target.name;
    int result = SOCKET_ERROR;

    if (strcmp(how, "ConnectEx") == 0)
        CHECK_EQ(conf_call(client, &silent->target, "data", 4, &second), FALSE);
    else if (strcmp(how, "connect") == 0)
        result = connect(client, name, silent->target.length);
    else
        result = WSAConnect(client, name, silent->target.length, NULL, NULL, NULL, NULL);
    CHECK_EQ(WSAGetLastError(), WSAEALREADY);
    CHECK_EQ(result, SOCKET_ERROR);
    conf_quiet(port);
    CHECK_EQ(first->Internal, CONF__STATUS_PENDING);
    closesocket(client);
    conf_packet(port, first, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
}

static void errors__already(const char* how, const void* payload, DWORD length) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED first = {0};
    u_long on = 1;

    conf_silent_fill(&silent, AF_INET);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    conf_start(client, &silent.target, payload, length, &first);
    errors__second_call(client, &silent, port, &first, how);
}

CONF_TEST(errors_already_connect_ex) {
    errors__already("ConnectEx", NULL, 0);
}

CONF_TEST(errors_already_connect_ex_payload) {
    errors__already("ConnectEx", "data", 4);
}

CONF_TEST(errors_already_connect) {
    errors__already("connect", NULL, 0);
}

CONF_TEST(errors_already_connect_payload) {
    errors__already("connect", "data", 4);
}

CONF_TEST(errors_already_wsaconnect) {
    errors__already("WSAConnect", NULL, 0);
}

CONF_TEST(errors_already_wsaconnect_payload) {
    errors__already("WSAConnect", "data", 4);
}

CONF_TEST(errors_already_after_nonblocking_connect) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    u_long on = 1;

    conf_silent_fill(&silent, AF_INET);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    CHECK_EQ(connect(client, (struct sockaddr*) &silent.target.name, silent.target.length),
             SOCKET_ERROR);
    CHECK_EQ(WSAGetLastError(), WSAEWOULDBLOCK);
    CHECK_EQ(conf_call(client, &silent.target, NULL, 0, &overlapped), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEALREADY);
    conf_quiet(port);
}

static void errors__is_connected(SOCKET client, const struct conf_target* target) {
    OVERLAPPED overlapped = {0};
    BOOL done = conf_call(client, target, "data", 4, &overlapped);

    CHECK_EQ(WSAGetLastError(), WSAEISCONN);
    CHECK_EQ(done, FALSE);
}

CONF_TEST(errors_connected_before_update) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);

    conf_connect(client, &target);
    errors__is_connected(client, &target);
    conf_update(client);
    conf_exchange(client, conf_accept(listener));
}

CONF_TEST(errors_connected_after_update) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);

    conf_connect(client, &target);
    conf_update(client);
    errors__is_connected(client, &target);
    conf_exchange(client, conf_accept(listener));
}

CONF_TEST(errors_connected_by_connect) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);

    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    errors__is_connected(client, &target);
    conf_exchange(client, conf_accept(listener));
}

CONF_TEST(errors_connected_then_connect) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);

    conf_connect(client, &target);
    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), SOCKET_ERROR);
    CHECK_EQ(WSAGetLastError(), WSAEISCONN);
    closesocket(listener);
}

static void errors__refused(int family, const void* payload, DWORD length) {
    struct conf_target target;
    SOCKET refusing = conf_refuse(family, &target);
    SOCKET client = conf_client(family);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    DWORD bytes = 1;

    conf_start(client, &target, payload, length, &overlapped);
    conf_packet(port, &overlapped, ERROR_CONNECTION_REFUSED, 0);
    CHECK_EQ(overlapped.Internal, CONF__STATUS_REFUSED);
    CHECK_EQ(overlapped.InternalHigh, 0);
    CHECK_EQ(conf_wait(client, &overlapped, &bytes), WSAECONNREFUSED);
    CHECK_EQ(bytes, 0);
    conf_quiet(port);
    closesocket(refusing);
}

CONF_TEST(errors_refused) {
    errors__refused(AF_INET, NULL, 0);
}

CONF_TEST(errors_refused_payload) {
    errors__refused(AF_INET, "data", 4);
}

CONF_TEST(errors_refused_large_payload) {
    const DWORD length = 16 << 20;

    errors__refused(AF_INET, conf_pages(length), length);
}

CONF_TEST(errors_refused_ipv6) {
    conf_need_ipv6();
    errors__refused(AF_INET6, NULL, 0);
}

CONF_TEST(errors_not_initialised) {
    struct conf_target target;
    SOCKET client = conf_client(AF_INET);
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    LPFN_CONNECTEX connect_ex = conf_pointer(client);
    OVERLAPPED overlapped = {0};
    DWORD sent;
    BOOL done;

    CHECK(listener != INVALID_SOCKET);
    CHECK_EQ(WSACleanup(), 0);
    done = connect_ex(client, (struct sockaddr*) &target.name, target.length, NULL, 0, &sent,
                      &overlapped);
    CHECK_EQ(WSAGetLastError(), WSANOTINITIALISED);
    CHECK_EQ(done, FALSE);
}

/* Two sockets share a local address, and both want the same peer: no system allows that. */
CONF_TEST(errors_address_in_use) {
    struct conf_target target;
    struct conf_target local;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET clients[2];
    OVERLAPPED overlapped = {0};
    int length = sizeof local.name;
    DWORD error;
    BOOL on = TRUE;
    int i;

    conf_loopback(AF_INET, &local);
    for (i = 0; i < 2; i++) {
        clients[i] = conf_tcp(AF_INET);
        CHECK_EQ(setsockopt(clients[i], SOL_SOCKET, SO_REUSEADDR, (char*) &on, sizeof on), 0);
        CHECK_EQ(bind(clients[i], (struct sockaddr*) &local.name, local.length), 0);
        CHECK_EQ(getsockname(clients[i], (struct sockaddr*) &local.name, &length), 0);
    }
    conf_connect(clients[0], &target);
    overlapped.hEvent = conf_event();
    CHECK_EQ(conf_call(clients[1], &target, NULL, 0, &overlapped), FALSE);
    error = (DWORD) WSAGetLastError();
    if (error == ERROR_IO_PENDING)
        error = conf_wait(clients[1], &overlapped, NULL);
    CHECK_EQ(error, WSAEADDRINUSE);
    closesocket(listener);
}

/* From the call or from the completion, as documented. */
static void errors__unreachable(const char* address, int call_error, DWORD packet_error) {
    struct conf_target target;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};

    conf_need_space();
    conf_loopback(AF_INET, &target);
    conf_set_port(&target, 9);
    ((struct sockaddr_in*) &target.name)->sin_addr.s_addr = inet_addr(address);
    CHECK_EQ(conf_call(client, &target, "data", 4, &overlapped), FALSE);
    if (WSAGetLastError() == ERROR_IO_PENDING) {
        conf_packet(port, &overlapped, packet_error, 0);
        CHECK_EQ(conf_wait(client, &overlapped, NULL), call_error);
    } else {
        CHECK_EQ(WSAGetLastError(), call_error);
    }
    conf_quiet(port);
}

CONF_TEST(errors_network_unreachable) {
    errors__unreachable("203.0.113.1", WSAENETUNREACH, ERROR_NETWORK_UNREACHABLE);
}

CONF_TEST(errors_host_unreachable) {
    errors__unreachable("198.51.100.1", WSAEHOSTUNREACH, ERROR_HOST_UNREACHABLE);
}

static void errors__timed_out(const void* payload, DWORD length) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;

    conf_need_space();
    conf_silent_fill(&silent, AF_INET);
    conf_start(client, &silent.target, payload, length, &overlapped);
    CHECK(conf_dequeue(port, 4 * CONF__LIMIT, &got, &error, &bytes));
    CHECK(got == &overlapped);
    CHECK_EQ(error, ERROR_SEM_TIMEOUT);
    CHECK_EQ(bytes, 0);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), WSAETIMEDOUT);
    conf_quiet(port);
}

CONF_TEST(errors_timed_out) {
    errors__timed_out(NULL, 0);
}

CONF_TEST(errors_timed_out_payload) {
    errors__timed_out("data", 4);
}

/* What Windows leaves in the status block of a call that fails at once (Wine's tests). */
static void errors__untouched(SOCKET s, const struct conf_target* target, int error) {
    OVERLAPPED overlapped = {0};

    overlapped.Internal = 0xdeadbeef;
    overlapped.InternalHigh = 0xdeadbeef;
    CHECK_EQ(conf_call(s, target, NULL, 0, &overlapped), FALSE);
    CHECK_EQ(WSAGetLastError(), error);
    CHECK_EQ((DWORD) overlapped.Internal, CONF__STATUS_PENDING);
    CHECK_EQ(overlapped.InternalHigh, 0xdeadbeef);
}

CONF_TEST(errors_at_once_untouched) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_tcp(AF_INET);

    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    errors__untouched(client, &target, WSAEISCONN);
    errors__untouched(listener, &target, WSAEINVAL);
}
