/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#define MODE__DELAY 300

static DWORD WINAPI mode__send_later(void* parameter) {
    Sleep(MODE__DELAY);
    return (DWORD) send((SOCKET) parameter, "late", 4, 0);
}

static void mode__blocks(SOCKET client, SOCKET server) {
    HANDLE thread = CreateThread(NULL, 0, mode__send_later, (void*) server, 0, NULL);
    DWORD before = GetTickCount();
    char buffer[8] = {0};
    int result = recv(client, buffer, sizeof buffer, 0);

    CHECK_EQ(conf_last(result), 4);
    CHECK(memcmp(buffer, "late", 4) == 0);
    CHECK(GetTickCount() - before >= MODE__DELAY / 2);
    WaitForSingleObject(thread, INFINITE);
}

static void mode__does_not_block(SOCKET client) {
    char buffer[8];
    int result = recv(client, buffer, sizeof buffer, 0);

    CHECK_EQ(conf_last(result), WSAEWOULDBLOCK);
}

static void mode__connect(SOCKET client, const struct conf_target* target, DWORD length) {
    OVERLAPPED overlapped = {0};
    HANDLE port = conf_port(client);

    conf_start(client, target, length != 0 ? conf_pages(length) : NULL, length, &overlapped);
    conf_packet(port, &overlapped, 0, length);
}

static void mode__blocking(int family, DWORD length) {
    struct conf_target target;
    SOCKET listener = conf_listen(family, 5, &target);
    SOCKET client = conf_client(family);
    SOCKET server;

    mode__connect(client, &target, length);
    server = conf_accept(listener);
    mode__blocks(client, server);
    conf_update(client);
    mode__blocks(client, server);
}

static void mode__nonblocking(int family, DWORD length) {
    struct conf_target target;
    SOCKET listener = conf_listen(family, 5, &target);
    SOCKET client = conf_client(family);
    u_long on = 1;

    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    mode__connect(client, &target, length);
    mode__does_not_block(client);
    conf_update(client);
    mode__does_not_block(client);
    closesocket(listener);
}

CONF_TEST(mode_blocking) {
    mode__blocking(AF_INET, 0);
}

CONF_TEST(mode_blocking_payload) {
    mode__blocking(AF_INET, 4096);
}

CONF_TEST(mode_blocking_ipv6) {
    conf_need_ipv6();
    mode__blocking(AF_INET6, 4096);
}

CONF_TEST(mode_nonblocking) {
    mode__nonblocking(AF_INET, 0);
}

CONF_TEST(mode_nonblocking_payload) {
    mode__nonblocking(AF_INET, 4096);
}

CONF_TEST(mode_nonblocking_ipv6) {
    conf_need_ipv6();
    mode__nonblocking(AF_INET6, 4096);
}

/* The program may choose the other mode while the connection is on its way. */
CONF_TEST(mode_changed_while_connecting) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    u_long on = 1;

    conf_silent_fill(&silent, AF_INET);
    conf_start(client, &silent.target, "data", 4, &overlapped);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    conf_silent_drain(&silent);
    conf_packet(port, &overlapped, 0, 4);
    mode__does_not_block(client);
}

static void mode__after_refusal(BOOL nonblocking) {
    struct conf_target target;
    SOCKET peer = conf_refuse(AF_INET, &target);
    SOCKET client = conf_client(AF_INET);
    OVERLAPPED overlapped = {0};
    u_long on = 1;
    int result;

    if (nonblocking)
        CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    overlapped.hEvent = conf_event();
    conf_start(client, &target, "data", 4, &overlapped);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), WSAECONNREFUSED);
    result = connect(client, (struct sockaddr*) &target.name, target.length);
    CHECK_EQ(conf_last(result), nonblocking ? WSAEWOULDBLOCK : WSAECONNREFUSED);
    closesocket(peer);
}

CONF_TEST(mode_blocking_after_refusal) {
    mode__after_refusal(FALSE);
}

CONF_TEST(mode_nonblocking_after_refusal) {
    mode__after_refusal(TRUE);
}

/* WSAEventSelect makes a socket non-blocking, and its events must go on to come. */
static void mode__event_select(DWORD length) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    WSANETWORKEVENTS events;
    HANDLE event = conf_event();
    SOCKET server;
    char buffer[8];

    CHECK_EQ(WSAEventSelect(client, event, FD_READ | FD_CLOSE), 0);
    mode__connect(client, &target, length);
    conf_update(client);
    mode__does_not_block(client);
    server = conf_accept(listener);
    CHECK_EQ(send(server, "data", 4, 0), 4);
    CHECK_EQ(WaitForSingleObject(event, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(WSAEnumNetworkEvents(client, event, &events), 0);
    CHECK_EQ(events.lNetworkEvents, FD_READ);
    CHECK_EQ(recv(client, buffer, sizeof buffer, 0), 4);
    mode__does_not_block(client);
}

CONF_TEST(mode_event_select) {
    mode__event_select(0);
}

CONF_TEST(mode_event_select_payload) {
    mode__event_select(4096);
}

/* A socket that is not overlapped may finish its call at once, but must finish it. */
static void mode__not_overlapped(DWORD length) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
    OVERLAPPED overlapped = {0};
    SOCKET server;
    DWORD bytes = 0;

    CHECK(client != INVALID_SOCKET);
    conf_bind(client, AF_INET);
    overlapped.hEvent = conf_event();
    if (!conf_call(client, &target, length != 0 ? conf_pages(length) : NULL, length, &overlapped))
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(client, &overlapped, &bytes), 0);
    CHECK_EQ(bytes, length);
    conf_update(client);
    server = conf_accept(listener);
    mode__blocks(client, server);
}

CONF_TEST(mode_not_overlapped) {
    mode__not_overlapped(0);
}

CONF_TEST(mode_not_overlapped_payload) {
    mode__not_overlapped(4096);
}

CONF_TEST(mode_not_overlapped_refused) {
    struct conf_target target;
    SOCKET peer = conf_refuse(AF_INET, &target);
    SOCKET client = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
    OVERLAPPED overlapped = {0};
    DWORD error;

    conf_bind(client, AF_INET);
    overlapped.hEvent = conf_event();
    CHECK_EQ(conf_call(client, &target, NULL, 0, &overlapped), FALSE);
    error = (DWORD) WSAGetLastError();
    if (error == ERROR_IO_PENDING) {
        CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
        error = conf_wait(client, &overlapped, NULL);
    }
    CHECK_EQ(error, WSAECONNREFUSED);
    closesocket(peer);
}
