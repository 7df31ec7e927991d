/* SPDX-License-Identifier: MIT */
#include "conformance.h"

SOCKET conf_tcp(int family) {
    SOCKET client = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);

    CHECK(client != INVALID_SOCKET);
    return client;
}

void conf_bind(SOCKET client, int family) {
    struct conf_target any;

    memset(&any, 0, sizeof any);
    any.name.ss_family = (ADDRESS_FAMILY) family;
    any.length = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    CHECK_EQ(bind(client, (struct sockaddr*) &any.name, any.length), 0);
}

SOCKET conf_client(int family) {
    SOCKET client = conf_tcp(family);

    conf_bind(client, family);
    return client;
}

void conf_need_ipv6(void) {
    struct conf_target target;
    SOCKET probe = WSASocketW(AF_INET6, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);

    if (probe == INVALID_SOCKET)
        conf_skip("this machine has no IPv6 sockets");
    conf_loopback(AF_INET6, &target);
    if (bind(probe, (struct sockaddr*) &target.name, target.length) != 0)
        conf_skip("this machine has no IPv6 loopback address");
    closesocket(probe);
}

int conf_patience(void) {
    const char* times = getenv("CONFORMANCE_PATIENCE");
    return times != NULL && atoi(times) > 0 ? atoi(times) : 1;
}

void conf_need_space(void) {
    if (getenv("WSEXT_CONFORMANCE_SPACE") == NULL)
        conf_skip("needs a network namespace of its own (tests/conformance/space)");
}

void* conf_function(SOCKET client, GUID guid) {
    void* pointer = NULL;
    DWORD bytes = 0;

    CHECK_EQ(conf_last(WSAIoctl(client, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid,
                                &pointer, sizeof pointer, &bytes, NULL, NULL)),
             0);
    CHECK_EQ(bytes, sizeof pointer);
    CHECK(pointer != NULL);
    return pointer;
}

LPFN_CONNECTEX conf_pointer(SOCKET client) {
    const GUID guid = WSAID_CONNECTEX;

    return (LPFN_CONNECTEX) conf_function(client, guid);
}

LPFN_DISCONNECTEX conf_disconnect_pointer(SOCKET client) {
    const GUID guid = WSAID_DISCONNECTEX;

    return (LPFN_DISCONNECTEX) conf_function(client, guid);
}

HANDLE conf_port(SOCKET client) {
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);

    CHECK(port != NULL);
    CHECK(CreateIoCompletionPort((HANDLE) client, port, CONF__KEY, 0) == port);
    return port;
}

HANDLE conf_port_at(HANDLE value) {
    HANDLE others[64];
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    int count = 0;

    while (port != value && count < 64) {
        others[count++] = port;
        port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    }
    while (count > 0)
        CloseHandle(others[--count]);
    if (port != value)
        conf_skip("the system did not give the handle value again");
    return port;
}

HANDLE conf_event(void) {
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

    CHECK(event != NULL);
    return event;
}

/* The count lives on this stack frame, as it does in many programs: a write after the return
 * would hit whatever lies there then. */
BOOL conf_call(SOCKET client, const struct conf_target* target, const void* buffer, DWORD length,
               OVERLAPPED* overlapped) {
    LPFN_CONNECTEX connect_ex = conf_pointer(client);
    DWORD sent = 0;

    WSASetLastError(0);
    return connect_ex(client, (const struct sockaddr*) &target->name, target->length,
                      (void*) buffer, length, &sent, overlapped);
}

void conf_start(SOCKET client, const struct conf_target* target, const void* buffer, DWORD length,
                OVERLAPPED* overlapped) {
    BOOL done = conf_call(client, target, buffer, length, overlapped);
    int error = WSAGetLastError();

    CHECK_EQ(done, FALSE);
    CHECK_EQ(error, ERROR_IO_PENDING);
}

/* Gives the Winsock error of the completion, or 0. */
DWORD conf_wait(SOCKET client, OVERLAPPED* overlapped, DWORD* bytes) {
    DWORD transferred = 0;
    DWORD flags = 0;

    WSASetLastError(0);
    if (WSAGetOverlappedResult(client, overlapped, &transferred, TRUE, &flags)) {
        if (bytes != NULL)
            *bytes = transferred;
        return 0;
    }
    if (bytes != NULL)
        *bytes = transferred;
    return (DWORD) WSAGetLastError();
}

void conf_connect(SOCKET client, const struct conf_target* target) {
    OVERLAPPED overlapped;

    memset(&overlapped, 0, sizeof overlapped);
    overlapped.hEvent = conf_event();
    conf_start(client, target, NULL, 0, &overlapped);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), 0);
    CloseHandle(overlapped.hEvent);
}

void conf_update(SOCKET client) {
    int result = setsockopt(client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0);

    CHECK_EQ(conf_last(result), 0);
}

struct conf_pair conf_pair(int family) {
    struct conf_pair pair;
    struct conf_target target;
    SOCKET listener = conf_listen(family, 5, &target);

    pair.client = conf_client(family);
    conf_connect(pair.client, &target);
    conf_update(pair.client);
    pair.server = conf_accept(listener);
    closesocket(listener);
    return pair;
}

int conf_last(int result) {
    return result == SOCKET_ERROR ? WSAGetLastError() : result;
}

SOCKET conf_accept(SOCKET listener) {
    fd_set readable;
    struct timeval limit = {CONF__LIMIT / 1000, 0};
    SOCKET server;

    FD_ZERO(&readable);
    FD_SET(listener, &readable);
    CHECK_EQ(select(0, &readable, NULL, NULL, &limit), 1);
    server = accept(listener, NULL, NULL);
    CHECK(server != INVALID_SOCKET);
    return server;
}

void conf_exchange(SOCKET client, SOCKET server) {
    char buffer[8] = {0};

    CHECK_EQ(send(client, "ping", 4, 0), 4);
    CHECK_EQ(recv(server, buffer, sizeof buffer, 0), 4);
    CHECK(memcmp(buffer, "ping", 4) == 0);
    CHECK_EQ(send(server, "pong!", 5, 0), 5);
    CHECK_EQ(recv(client, buffer, sizeof buffer, 0), 5);
    CHECK(memcmp(buffer, "pong!", 5) == 0);
}

BOOL conf_dequeue(HANDLE port, DWORD limit, OVERLAPPED** overlapped, DWORD* error, DWORD* bytes) {
    ULONG_PTR key = 0;
    BOOL success;

    *overlapped = NULL;
    *bytes = 0;
    SetLastError(0);
    success = GetQueuedCompletionStatus(port, bytes, &key, overlapped, limit);
    *error = success ? 0 : GetLastError();
    if (*overlapped == NULL)
        return FALSE;
    CHECK_EQ(key, CONF__KEY);
    return TRUE;
}

void conf_packet(HANDLE port, OVERLAPPED* overlapped, DWORD error, DWORD bytes) {
    OVERLAPPED* got;
    DWORD got_error;
    DWORD got_bytes;

    if (!conf_dequeue(port, CONF__LIMIT, &got, &got_error, &got_bytes))
        conf_fail(__FILE__, __LINE__, "no packet after %d ms", CONF__LIMIT);
    CHECK(got == overlapped);
    CHECK_EQ(got_error, error);
    CHECK_EQ(got_bytes, bytes);
}

void conf_quiet(HANDLE port) {
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;

    if (conf_dequeue(port, CONF__QUIET, &got, &error, &bytes))
        conf_fail(__FILE__, __LINE__, "an unexpected packet: error %lu, %lu bytes",
                  (unsigned long) error, (unsigned long) bytes);
}

int conf_reuse(SOCKET client) {
    LPFN_DISCONNECTEX disconnect_ex = conf_disconnect_pointer(client);

    WSASetLastError(0);
    return disconnect_ex(client, NULL, TF_REUSE_SOCKET, 0) ? 0 : WSAGetLastError();
}

void conf_ended(SOCKET server) {
    conf_ended_after(server, 0);
}

void conf_ended_after(SOCKET server, int length) {
    char buffer[4096];
    int part, got = 0;

    while ((part = recv(server, buffer, sizeof buffer, 0)) > 0)
        got += part;
    CHECK_EQ(conf_last(part), 0);
    CHECK_EQ(got, length);
    closesocket(server);
}
