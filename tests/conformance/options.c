/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#define OPTIONS__NEVER 0xFFFFFFFFu
#define OPTIONS__LARGE (64u << 20)

struct options__pair {
    SOCKET client;
    SOCKET server;
};

static struct options__pair options__connect(void) {
    struct options__pair pair;
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);

    pair.client = conf_client(AF_INET);
    conf_connect(pair.client, &target);
    pair.server = conf_accept(listener);
    closesocket(listener);
    return pair;
}

static int options__update(SOCKET client, const void* value, int length) {
    WSASetLastError(0);
    return conf_last(setsockopt(client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, value, length));
}

static int options__peer_name(SOCKET client) {
    struct sockaddr_storage name;
    int length = sizeof name;

    return conf_last(getpeername(client, (struct sockaddr*) &name, &length));
}

CONF_TEST(options_update_null) {
    struct options__pair pair = options__connect();

    CHECK_EQ(options__update(pair.client, NULL, 0), 0);
    CHECK_EQ(options__peer_name(pair.client), 0);
}

CONF_TEST(options_update_handle) {
    struct options__pair pair = options__connect();

    CHECK_EQ(options__update(pair.client, &pair.client, sizeof pair.client), 0);
    CHECK_EQ(options__peer_name(pair.client), 0);
}

CONF_TEST(options_update_dword) {
    struct options__pair pair = options__connect();
    DWORD on = 1;

    CHECK_EQ(options__update(pair.client, &on, sizeof on), 0);
    CHECK_EQ(options__peer_name(pair.client), 0);
}

CONF_TEST(options_update_twice) {
    struct options__pair pair = options__connect();

    CHECK_EQ(options__update(pair.client, NULL, 0), 0);
    CHECK_EQ(options__update(pair.client, NULL, 0), 0);
}

CONF_TEST(options_update_unreadable) {
    struct options__pair pair = options__connect();

    CHECK_EQ(options__update(pair.client, conf_noaccess(), 4), WSAEFAULT);
    CHECK_EQ(options__update(pair.client, NULL, 0), 0);
}

CONF_TEST(options_update_unbound) {
    CHECK_EQ(options__update(conf_tcp(AF_INET), NULL, 0), WSAENOTCONN);
}

CONF_TEST(options_update_bound) {
    CHECK_EQ(options__update(conf_client(AF_INET), NULL, 0), WSAENOTCONN);
}

CONF_TEST(options_update_listening) {
    struct conf_target target;

    CHECK_EQ(options__update(conf_listen(AF_INET, 5, &target), NULL, 0), WSAENOTCONN);
}

static void options__update_pending(const void* payload, DWORD length) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    OVERLAPPED overlapped = {0};

    conf_silent_fill(&silent, AF_INET);
    conf_start(client, &silent.target, payload, length, &overlapped);
    CHECK_EQ(options__update(client, NULL, 0), WSAENOTCONN);
}

CONF_TEST(options_update_pending) {
    options__update_pending(NULL, 0);
}

CONF_TEST(options_update_pending_payload) {
    options__update_pending("data", 4);
}

CONF_TEST(options_update_refused) {
    struct conf_target target;
    SOCKET peer = conf_refuse(AF_INET, &target);
    SOCKET client = conf_client(AF_INET);
    OVERLAPPED overlapped = {0};

    overlapped.hEvent = conf_event();
    conf_start(client, &target, NULL, 0, &overlapped);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), WSAECONNREFUSED);
    CHECK_EQ(options__update(client, NULL, 0), WSAENOTCONN);
    closesocket(peer);
}

/* That socket is the host's business, and its host takes the option. */
CONF_TEST(options_update_after_connect) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_tcp(AF_INET);

    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    CHECK_EQ(options__update(client, NULL, 0), 0);
    CHECK_EQ(options__peer_name(client), 0);
    closesocket(listener);
}

CONF_TEST(options_update_not_a_socket) {
    CHECK_EQ(options__update(INVALID_SOCKET, NULL, 0), WSAENOTSOCK);
    CHECK_EQ(options__update((SOCKET) conf_event(), NULL, 0), WSAENOTSOCK);
}

CONF_TEST(options_peer_name_before_update) {
    struct options__pair pair = options__connect();

    CHECK_EQ(options__peer_name(pair.client), WSAENOTCONN);
    conf_update(pair.client);
    CHECK_EQ(options__peer_name(pair.client), 0);
}

CONF_TEST(options_shutdown_before_update) {
    struct options__pair pair = options__connect();
    char byte;

    CHECK_EQ(conf_last(shutdown(pair.client, SD_SEND)), WSAENOTCONN);
    CHECK_EQ(conf_last(shutdown(pair.client, SD_RECEIVE)), WSAENOTCONN);
    CHECK_EQ(conf_last(shutdown(pair.client, SD_BOTH)), WSAENOTCONN);
    conf_exchange(pair.client, pair.server);
    conf_update(pair.client);
    CHECK_EQ(conf_last(shutdown(pair.client, SD_SEND)), 0);
    CHECK_EQ(recv(pair.server, &byte, 1, 0), 0);
}

CONF_TEST(options_lenient_peer_name) {
    struct options__pair pair = options__connect();

    CHECK_EQ(options__peer_name(pair.client), 0);
    conf_update(pair.client);
    CHECK_EQ(options__peer_name(pair.client), 0);
}

CONF_TEST(options_lenient_shutdown) {
    struct options__pair pair = options__connect();
    char byte;

    CHECK_EQ(conf_last(shutdown(pair.client, SD_SEND)), 0);
    CHECK_EQ(recv(pair.server, &byte, 1, 0), 0);
}

/* What ends a pending operation must not come from a program that is too early. */
CONF_TEST(options_shutdown_pending) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};

    conf_silent_fill(&silent, AF_INET);
    conf_start(client, &silent.target, "data", 4, &overlapped);
    CHECK_EQ(conf_last(shutdown(client, SD_SEND)), WSAENOTCONN);
    CHECK_EQ(options__peer_name(client), WSAENOTCONN);
    conf_quiet(port);
    CHECK_EQ(overlapped.Internal, CONF__STATUS_PENDING);
}

static void options__transfer(SOCKET client, SOCKET server) {
    OVERLAPPED overlapped = {0};
    WSABUF buffer = {4, "four"};
    char got[8];
    DWORD bytes = 0;
    DWORD flags = 0;

    conf_exchange(client, server);
    CHECK_EQ(conf_last(WSASend(client, &buffer, 1, &bytes, 0, NULL, NULL)), 0);
    CHECK_EQ(bytes, 4);
    CHECK_EQ(recv(server, got, sizeof got, 0), 4);
    CHECK_EQ(send(server, "back", 4, 0), 4);
    buffer.buf = got;
    CHECK_EQ(conf_last(WSARecv(client, &buffer, 1, &bytes, &flags, NULL, NULL)), 0);
    CHECK_EQ(bytes, 4);

    overlapped.hEvent = conf_event();
    if (!WriteFile((HANDLE) client, "file", 4, NULL, &overlapped))
        CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
    CHECK(GetOverlappedResult((HANDLE) client, &overlapped, &bytes, TRUE));
    CHECK_EQ(bytes, 4);
    CHECK_EQ(recv(server, got, sizeof got, 0), 4);
    CHECK_EQ(send(server, "read", 4, 0), 4);
    if (!ReadFile((HANDLE) client, got, 4, NULL, &overlapped))
        CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
    CHECK(GetOverlappedResult((HANDLE) client, &overlapped, &bytes, TRUE));
    CHECK_EQ(bytes, 4);
    CHECK(memcmp(got, "read", 4) == 0);
}

CONF_TEST(options_transfer_before_update) {
    struct options__pair pair = options__connect();

    options__transfer(pair.client, pair.server);
}

CONF_TEST(options_transfer_after_update) {
    struct options__pair pair = options__connect();

    conf_update(pair.client);
    options__transfer(pair.client, pair.server);
}

static DWORD options__time(SOCKET client) {
    DWORD seconds = 12345;
    int length = sizeof seconds;
    int result = getsockopt(client, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length);

    CHECK_EQ(conf_last(result), 0);
    CHECK_EQ(length, sizeof seconds);
    return seconds;
}

CONF_TEST(options_time_before) {
    CHECK_EQ(options__time(conf_tcp(AF_INET)), OPTIONS__NEVER);
    CHECK_EQ(options__time(conf_client(AF_INET)), OPTIONS__NEVER);
}

static void options__time_connecting(const void* payload, DWORD length) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};

    conf_silent_fill(&silent, AF_INET);
    conf_start(client, &silent.target, payload, length, &overlapped);
    CHECK_EQ(options__time(client), OPTIONS__NEVER);
    Sleep(100);
    CHECK_EQ(options__time(client), OPTIONS__NEVER);
    CHECK(conf_cancel((HANDLE) client, &overlapped));
    conf_packet(port, &overlapped, ERROR_OPERATION_ABORTED, 0);
    CHECK_EQ(options__time(client), OPTIONS__NEVER);
}

CONF_TEST(options_time_connecting) {
    options__time_connecting(NULL, 0);
}

CONF_TEST(options_time_connecting_payload) {
    options__time_connecting("data", 4);
}

CONF_TEST(options_time_refused) {
    struct conf_target target;
    SOCKET peer = conf_refuse(AF_INET, &target);
    SOCKET client = conf_client(AF_INET);
    OVERLAPPED overlapped = {0};

    overlapped.hEvent = conf_event();
    conf_start(client, &target, "data", 4, &overlapped);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), WSAECONNREFUSED);
    CHECK_EQ(options__time(client), OPTIONS__NEVER);
    closesocket(peer);
}

CONF_TEST(options_time_connected) {
    struct options__pair pair = options__connect();

    CHECK(options__time(pair.client) <= 1);
    conf_update(pair.client);
    CHECK(options__time(pair.client) <= 1);
    Sleep(2100);
    CHECK(options__time(pair.client) >= 2);
    CHECK(options__time(pair.client) <= 4);
}

CONF_TEST(options_time_sending) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    OVERLAPPED overlapped = {0};

    conf_start(client, &target, conf_pages(OPTIONS__LARGE), OPTIONS__LARGE, &overlapped);
    conf_accept(listener);
    Sleep(1200);
    CHECK(options__time(client) >= 1);
    CHECK(options__time(client) <= 3);
    CHECK_EQ(overlapped.Internal, CONF__STATUS_PENDING);
}

CONF_TEST(options_time_length) {
    struct options__pair pair = options__connect();
    char room[16];
    int length = sizeof room;
    int result = getsockopt(pair.client, SOL_SOCKET, SO_CONNECT_TIME, room, &length);

    CHECK_EQ(conf_last(result), 0);
    CHECK_EQ(length, sizeof(DWORD));
    length = 3;
    result = getsockopt(pair.client, SOL_SOCKET, SO_CONNECT_TIME, room, &length);
    CHECK_EQ(conf_last(result), WSAEFAULT);
    length = 0;
    result = getsockopt(pair.client, SOL_SOCKET, SO_CONNECT_TIME, room, &length);
    CHECK_EQ(conf_last(result), WSAEFAULT);
}

CONF_TEST(options_time_null) {
    struct options__pair pair = options__connect();
    DWORD seconds;
    int length = sizeof seconds;
    int result = getsockopt(pair.client, SOL_SOCKET, SO_CONNECT_TIME, NULL, &length);

    CHECK_EQ(conf_last(result), WSAEFAULT);
    result = getsockopt(pair.client, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, NULL);
    CHECK_EQ(conf_last(result), WSAEFAULT);
}

CONF_TEST(options_time_unwritable) {
    struct options__pair pair = options__connect();
    DWORD seconds;
    int length = sizeof seconds;
    int result = getsockopt(pair.client, SOL_SOCKET, SO_CONNECT_TIME, conf_noaccess(), &length);

    CHECK_EQ(conf_last(result), WSAEFAULT);
    result =
        getsockopt(pair.client, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, conf_noaccess());
    CHECK_EQ(conf_last(result), WSAEFAULT);
}

CONF_TEST(options_fast_open_unwritable) {
    SOCKET client = conf_tcp(AF_INET);
    char on = 1, *bad = conf_noaccess();
    int round, length = 4;

    /* Before it was set and after. */
    for (round = 0; round < 2; round++) {
        CHECK_EQ(conf_last(getsockopt(client, IPPROTO_TCP, TCP_FASTOPEN, bad, &length)), WSAEFAULT);
        CHECK_EQ(conf_last(getsockopt(client, IPPROTO_TCP, TCP_FASTOPEN, &on, NULL)), WSAEFAULT);
        CHECK_EQ(conf_last(getsockopt(client, IPPROTO_TCP, TCP_FASTOPEN, &on, (int*) bad)),
                 WSAEFAULT);
        CHECK_EQ(conf_last(setsockopt(client, IPPROTO_TCP, TCP_FASTOPEN, bad, 1)), WSAEFAULT);
        CHECK_EQ(conf_last(setsockopt(client, IPPROTO_TCP, TCP_FASTOPEN, &on, 1)), 0);
    }
}

CONF_TEST(options_fast_open) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    DWORD on = 1;
    int length = sizeof on;
    int result = setsockopt(client, IPPROTO_TCP, TCP_FASTOPEN, (char*) &on, sizeof on);

    CHECK_EQ(conf_last(result), 0);
    on = 77;
    result = getsockopt(client, IPPROTO_TCP, TCP_FASTOPEN, (char*) &on, &length);
    CHECK_EQ(conf_last(result), 0);
    CHECK_EQ(on & 0xFF, 1);
    conf_start(client, &target, "data", 4, &overlapped);
    conf_packet(port, &overlapped, 0, 4);
    closesocket(listener);
}
