/* SPDX-License-Identifier: MIT */
#include "conformance.h"

struct arguments__case {
    SOCKET client;
    SOCKET listener;
    HANDLE port;
    LPFN_CONNECTEX connect_ex;
    struct conf_target target;
    OVERLAPPED overlapped;
};

static void arguments__open(struct arguments__case* c, int family) {
    memset(c, 0, sizeof *c);
    c->client = conf_client(family);
    c->listener = conf_listen(family, 5, &c->target);
    c->port = conf_port(c->client);
    c->connect_ex = conf_pointer(c->client);
}

static void arguments__expect_nothing(const struct arguments__case* c) {
    struct timeval now = {0, 20000};
    fd_set readable;

    conf_quiet(c->port);
    FD_ZERO(&readable);
    FD_SET(c->listener, &readable);
    CHECK_EQ(select(0, &readable, NULL, NULL, &now), 0);
}

/* A call that was refused for its arguments has no effect: no packet, no connection, and the
 * socket is as good as before. */
static void arguments__rejected(struct arguments__case* c, const void* name, int name_length,
                                const void* buffer, DWORD length, DWORD* sent,
                                OVERLAPPED* overlapped, int error) {
    BOOL done;

    WSASetLastError(0);
    done = c->connect_ex(c->client, name, name_length, (void*) buffer, length, sent, overlapped);
    CHECK_EQ(WSAGetLastError(), error);
    CHECK_EQ(done, FALSE);
    arguments__expect_nothing(c);
}

static void arguments__still_usable(struct arguments__case* c) {
    SOCKET server;

    memset(&c->overlapped, 0, sizeof c->overlapped);
    conf_start(c->client, &c->target, NULL, 0, &c->overlapped);
    conf_packet(c->port, &c->overlapped, 0, 0);
    conf_update(c->client);
    server = conf_accept(c->listener);
    conf_exchange(c->client, server);
}

static void arguments__rejected_name(int family, const void* name, int length) {
    struct arguments__case c;
    DWORD sent;

    arguments__open(&c, family);
    arguments__rejected(&c, name, length, NULL, 0, &sent, &c.overlapped, WSAEFAULT);
    arguments__still_usable(&c);
}

static void arguments__rejected_length(int family, int length) {
    struct arguments__case c;
    DWORD sent;

    arguments__open(&c, family);
    arguments__rejected(&c, &c.target.name, length, NULL, 0, &sent, &c.overlapped, WSAEFAULT);
    arguments__still_usable(&c);
}

static void arguments__rejected_buffer(const void* buffer, DWORD length) {
    struct arguments__case c;
    DWORD sent;

    arguments__open(&c, AF_INET);
    arguments__rejected(&c, &c.target.name, c.target.length, buffer, length, &sent, &c.overlapped,
                        WSAEFAULT);
    arguments__still_usable(&c);
}

static void arguments__rejected_overlapped(OVERLAPPED* overlapped, int error) {
    struct arguments__case c;
    DWORD sent;

    arguments__open(&c, AF_INET);
    arguments__rejected(&c, &c.target.name, c.target.length, NULL, 0, &sent, overlapped, error);
    arguments__rejected(&c, &c.target.name, c.target.length, "data", 4, &sent, overlapped, error);
    arguments__still_usable(&c);
}

/* The call is right and must work, whatever is odd about it. */
static void arguments__accepted(const void* name, int name_length, const void* buffer, DWORD length,
                                DWORD* sent, DWORD expected) {
    struct arguments__case c;
    SOCKET server;
    char byte;

    arguments__open(&c, AF_INET);
    if (name == NULL)
        name = &c.target.name;
    conf_set_port((struct conf_target*) name, conf_get_port(&c.target));
    WSASetLastError(0);
    CHECK_EQ(c.connect_ex(c.client, name, name_length, (void*) buffer, length, sent, &c.overlapped),
             FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    conf_packet(c.port, &c.overlapped, 0, expected);
    conf_quiet(c.port);
    server = conf_accept(c.listener);
    closesocket(c.client);
    while (expected > 0) {
        CHECK_EQ(recv(server, &byte, 1, 0), 1);
        expected--;
    }
    CHECK_EQ(recv(server, &byte, 1, 0), 0);
}

CONF_TEST(arguments_null_overlapped) {
    arguments__rejected_overlapped(NULL, ERROR_INVALID_PARAMETER);
}

CONF_TEST(arguments_unreadable_overlapped) {
    arguments__rejected_overlapped(conf_noaccess(), WSAEFAULT);
}

CONF_TEST(arguments_readonly_overlapped) {
    arguments__rejected_overlapped(conf_readonly(), WSAEFAULT);
}

static void arguments__not_this_socket(struct arguments__case* c, SOCKET other) {
    DWORD sent;
    BOOL done;

    WSASetLastError(0);
    done = c->connect_ex(other, (struct sockaddr*) &c->target.name, c->target.length, NULL, 0,
                         &sent, &c->overlapped);
    CHECK_EQ(WSAGetLastError(), WSAENOTSOCK);
    CHECK_EQ(done, FALSE);
    arguments__expect_nothing(c);
    arguments__still_usable(c);
}

static void arguments__not_a_socket(SOCKET other) {
    struct arguments__case c;

    arguments__open(&c, AF_INET);
    arguments__not_this_socket(&c, other);
}

/* Opened and closed last, so that no handle of the test gets its value. */
CONF_TEST(arguments_closed_socket) {
    struct arguments__case c;
    SOCKET other;

    arguments__open(&c, AF_INET);
    other = conf_client(AF_INET);
    closesocket(other);
    arguments__not_this_socket(&c, other);
}

CONF_TEST(arguments_invalid_socket) {
    arguments__not_a_socket(INVALID_SOCKET);
}

CONF_TEST(arguments_zero_socket) {
    arguments__not_a_socket(0);
}

CONF_TEST(arguments_event_as_socket) {
    arguments__not_a_socket((SOCKET) conf_event());
}

CONF_TEST(arguments_file_as_socket) {
    char path[MAX_PATH] = {0};
    HANDLE file;

    GetModuleFileNameA(NULL, path, sizeof path - 1);
    file = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    arguments__not_a_socket((SOCKET) file);
}

static void arguments__wrong_state(SOCKET client) {
    struct conf_target target;
    OVERLAPPED overlapped;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    HANDLE port = conf_port(client);
    BOOL done;

    memset(&overlapped, 0, sizeof overlapped);
    done = conf_call(client, &target, "data", 4, &overlapped);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK_EQ(done, FALSE);
    conf_quiet(port);
    closesocket(listener);
}

CONF_TEST(arguments_unbound) {
    arguments__wrong_state(conf_tcp(AF_INET));
}

CONF_TEST(arguments_unbound_then_bound) {
    struct conf_target target;
    SOCKET client = conf_tcp(AF_INET);
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    OVERLAPPED overlapped;

    memset(&overlapped, 0, sizeof overlapped);
    CHECK_EQ(conf_call(client, &target, NULL, 0, &overlapped), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    conf_bind(client, AF_INET);
    conf_connect(client, &target);
    closesocket(conf_accept(listener));
}

CONF_TEST(arguments_listening) {
    struct conf_target target;

    arguments__wrong_state(conf_listen(AF_INET, 5, &target));
}

CONF_TEST(arguments_null_name) {
    arguments__rejected_name(AF_INET, NULL, sizeof(struct sockaddr_in));
}

CONF_TEST(arguments_unreadable_name) {
    arguments__rejected_name(AF_INET, conf_noaccess(), sizeof(struct sockaddr_in));
}

CONF_TEST(arguments_half_readable_name) {
    struct conf_target target;

    conf_loopback(AF_INET, &target);
    arguments__rejected_name(AF_INET, conf_before_noaccess(&target.name, 15), 16);
}

CONF_TEST(arguments_name_length_0) {
    arguments__rejected_length(AF_INET, 0);
}

CONF_TEST(arguments_name_length_1) {
    arguments__rejected_length(AF_INET, 1);
}

CONF_TEST(arguments_name_length_15) {
    arguments__rejected_length(AF_INET, 15);
}

CONF_TEST(arguments_name_length_negative) {
    arguments__rejected_length(AF_INET, -1);
}

CONF_TEST(arguments_name_length_ipv6_27) {
    conf_need_ipv6();
    arguments__rejected_length(AF_INET6, 27);
}

CONF_TEST(arguments_name_length_ipv6_16) {
    conf_need_ipv6();
    arguments__rejected_length(AF_INET6, 16);
}

CONF_TEST(arguments_name_length_128) {
    arguments__accepted(NULL, 128, NULL, 0, NULL, 0);
}

CONF_TEST(arguments_name_before_noaccess) {
    struct conf_target target;

    conf_loopback(AF_INET, &target);
    arguments__accepted(conf_before_noaccess(&target.name, 16), 16, "data", 4, NULL, 4);
}

CONF_TEST(arguments_unreadable_buffer) {
    arguments__rejected_buffer(conf_noaccess(), 4);
}

CONF_TEST(arguments_half_readable_buffer) {
    arguments__rejected_buffer(conf_before_noaccess("data", 4), 8192);
}

CONF_TEST(arguments_buffer_before_noaccess) {
    arguments__accepted(NULL, 16, conf_before_noaccess("data", 4), 4, NULL, 4);
}

CONF_TEST(arguments_readonly_buffer) {
    arguments__accepted(NULL, 16, conf_readonly(), 4, NULL, 4);
}

CONF_TEST(arguments_dangling_empty_buffer) {
    arguments__accepted(NULL, 16, conf_noaccess(), 0, NULL, 0);
}

CONF_TEST(arguments_null_buffer_with_length) {
    DWORD sent = 0;

    arguments__accepted(NULL, 16, NULL, 4096, &sent, 0);
}

CONF_TEST(arguments_null_sent) {
    arguments__accepted(NULL, 16, NULL, 0, NULL, 0);
}

CONF_TEST(arguments_null_sent_with_buffer) {
    arguments__accepted(NULL, 16, "data", 4, NULL, 4);
}

CONF_TEST(arguments_unwritable_sent_ignored) {
    arguments__accepted(NULL, 16, NULL, 0, conf_noaccess(), 0);
}

CONF_TEST(arguments_unwritable_sent_with_buffer) {
    struct arguments__case c;

    arguments__open(&c, AF_INET);
    arguments__rejected(&c, &c.target.name, c.target.length, "data", 4, conf_noaccess(),
                        &c.overlapped, WSAEFAULT);
    arguments__rejected(&c, &c.target.name, c.target.length, "data", 4, conf_readonly(),
                        &c.overlapped, WSAEFAULT);
    arguments__still_usable(&c);
}

CONF_TEST(arguments_sent_left_alone_later) {
    struct arguments__case c;
    DWORD* sent = conf_pages(sizeof *sent);
    BOOL done;

    arguments__open(&c, AF_INET);
    done = c.connect_ex(c.client, (struct sockaddr*) &c.target.name, c.target.length, "data", 4,
                        sent, &c.overlapped);
    *sent = 0xA5A5A5A5;
    CHECK_EQ(done, FALSE);
    conf_packet(c.port, &c.overlapped, 0, 4);
    CHECK_EQ(*sent, 0xA5A5A5A5);
}

CONF_TEST(arguments_name_left_alone_later) {
    struct arguments__case c;
    struct sockaddr_storage* name = conf_pages(sizeof *name);
    BOOL done;

    arguments__open(&c, AF_INET);
    memcpy(name, &c.target.name, sizeof *name);
    done = c.connect_ex(c.client, (struct sockaddr*) name, c.target.length, "data", 4, NULL,
                        &c.overlapped);
    VirtualFree(name, 0, MEM_RELEASE);
    CHECK_EQ(done, FALSE);
    conf_packet(c.port, &c.overlapped, 0, 4);
}

/* ConnectEx is for connection-oriented sockets; a datagram socket must not be connected by it. */
CONF_TEST(arguments_datagram_socket) {
    struct conf_target target;
    struct sockaddr_storage peer;
    int length = sizeof peer;
    OVERLAPPED overlapped;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);
    HANDLE port = conf_port(client);
    BOOL done;
    int error;

    memset(&overlapped, 0, sizeof overlapped);
    conf_bind(client, AF_INET);
    done = conf_call(client, &target, NULL, 0, &overlapped);
    error = WSAGetLastError();
    CHECK_EQ(done, FALSE);
    if (error != WSAEOPNOTSUPP)
        CHECK_EQ(error, WSAEINVAL);
    conf_quiet(port);
    CHECK_EQ(getpeername(client, (struct sockaddr*) &peer, &length), SOCKET_ERROR);
    CHECK_EQ(WSAGetLastError(), WSAENOTCONN);
    closesocket(listener);
}
