/* SPDX-License-Identifier: MIT */
#include "tools/probe/probe.h"

#include <mswsock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT__LIMIT 3000 /* Milliseconds; on the loopback a connect takes less than one. */
#define CONNECT__LARGE (4u * 1024 * 1024)

static volatile LONG connect__received; /* How much the server has read. */

static int connect__bind(SOCKET s, u_long host, struct sockaddr_in* name) {
    memset(name, 0, sizeof *name);
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = htonl(host);
    return bind(s, (struct sockaddr*) name, sizeof *name) == 0;
}

static int connect__bind_server(SOCKET s, struct sockaddr_in* name) {
    int length = sizeof *name;
    return connect__bind(s, INADDR_LOOPBACK, name) &&
           getsockname(s, (struct sockaddr*) name, &length) == 0;
}

/* To no address: on the loopback's ReactOS gives the ports of earlier connections again. */
static int connect__bind_client(SOCKET s) {
    struct sockaddr_in name;
    return connect__bind(s, INADDR_ANY, &name);
}

/* Takes one connection, reads it to its end and returns the number of bytes. */
static DWORD WINAPI connect__serve(void* listener) {
    static char buffer[65536];
    SOCKET s = accept((SOCKET) listener, NULL, NULL);
    DWORD total = 0;
    int count;
    while ((count = recv(s, buffer, sizeof buffer, 0)) > 0) {
        total += (DWORD) count;
        connect__received = (LONG) total;
    }
    closesocket(s);
    return total;
}

static void* connect__ask_for(const struct probe_api* api, SOCKET s, const GUID* guid) {
    GUID asked = *guid;
    void* function = NULL;
    DWORD bytes;
    if (api->WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &asked, sizeof asked, &function,
                      sizeof function, &bytes, NULL, NULL) != 0)
        return NULL;
    return function;
}

static LPFN_CONNECTEX connect__ask(const struct probe_api* api, SOCKET s) {
    static const GUID guid = WSAID_CONNECTEX;
    return (LPFN_CONNECTEX) connect__ask_for(api, s, &guid);
}

/* As long as the server gets something the operation does not hang: a host that sends in small
 * pieces takes its time for a large payload. */
static int connect__is_ended(HANDLE what) {
    LONG before;
    do {
        before = connect__received;
        if (WaitForSingleObject(what, CONNECT__LIMIT) == WAIT_OBJECT_0)
            return 1;
    } while (connect__received != before);
    return 0;
}

/* Returns 0, an error, or WAIT_TIMEOUT where the operation does not end. A payload or OVERLAPPED of
 * an operation that hangs is the host's for good, so it is not freed. */
static int connect__call(LPFN_CONNECTEX function, SOCKET s, const struct sockaddr_in* name,
                         DWORD length) {
    OVERLAPPED* overlapped = calloc(1, sizeof *overlapped);
    char* payload = length != 0 ? calloc(1, length) : NULL;
    DWORD sent = 0, flags;
    int error;

    if (overlapped == NULL || (length != 0 && payload == NULL))
        return WSAENOBUFS;
    overlapped->hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    WSASetLastError(0);
    if (!function(s, (const struct sockaddr*) name, sizeof *name, payload, length, NULL,
                  overlapped)) {
        error = WSAGetLastError();
        if (error != ERROR_IO_PENDING)
            return error;
        if (!connect__is_ended(overlapped->hEvent))
            return WAIT_TIMEOUT;
    }
    error = WSAGetOverlappedResult(s, overlapped, &sent, FALSE, &flags) ? 0 : WSAGetLastError();
    CloseHandle(overlapped->hEvent);
    free(overlapped);
    free(payload);
    return error != 0 ? error : sent == length ? 0 : WSAEMSGSIZE;
}

static void connect__judge(struct probe_test* test, int error, int expected) {
    test->is_ok = error == expected;
    if (test->is_ok)
        strcpy(test->text, "ok");
    else if (error == WAIT_TIMEOUT)
        snprintf(test->text, sizeof test->text, "hangs");
    else
        snprintf(test->text, sizeof test->text, "%s", error == 0 ? "succeeds" : probe_error(error));
}

static void connect__send(const struct probe_api* api, struct probe_test* test, DWORD length) {
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    LPFN_CONNECTEX function = connect__ask(api, s);
    struct sockaddr_in name;
    DWORD received = 0;
    HANDLE server;
    int error;

    if (function == NULL || !connect__bind_server(listener, &name) || !connect__bind_client(s) ||
        listen(listener, 1) != 0) {
        connect__judge(test, WSAEOPNOTSUPP, 0);
        return;
    }
    server = CreateThread(NULL, 0, connect__serve, (void*) listener, 0, NULL);
    error = connect__call(function, s, &name, length);
    if (error == 0 && api->setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) != 0)
        error = WSAGetLastError();
    closesocket(s);
    /* A connection that never came leaves the server waiting. */
    if (connect__is_ended(server))
        GetExitCodeThread(server, &received);
    closesocket(listener);
    if (error == 0 && received != length)
        error = WSAEMSGSIZE;
    connect__judge(test, error, 0);
}

/* A port that is bound and does not listen refuses; afterwards the socket has to work again. */
static void connect__refuse(const struct probe_api* api, struct probe_test* refused,
                            struct probe_test* again) {
    SOCKET target = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    LPFN_CONNECTEX function = connect__ask(api, s);
    struct sockaddr_in name;

    if (function == NULL || !connect__bind_server(target, &name) || !connect__bind_client(s)) {
        connect__judge(refused, WSAEOPNOTSUPP, 0);
        connect__judge(again, WSAEOPNOTSUPP, 0);
        return;
    }
    connect__judge(refused, connect__call(function, s, &name, 0), WSAECONNREFUSED);
    listen(target, 1);
    connect__judge(again, connect__call(function, s, &name, 0), 0);
    closesocket(s);
    closesocket(target);
}

/* A socket that was connected and disconnected for reuse has to connect once more. */
static void connect__reuse(const struct probe_api* api, struct probe_test* test) {
    static const GUID guid = WSAID_DISCONNECTEX;
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    LPFN_CONNECTEX function = connect__ask(api, s);
    LPFN_DISCONNECTEX disconnect = (LPFN_DISCONNECTEX) connect__ask_for(api, s, &guid);
    struct sockaddr_in name;
    int error = WSAEOPNOTSUPP;

    if (function != NULL && disconnect != NULL && connect__bind_server(listener, &name) &&
        connect__bind_client(s) && listen(listener, 2) == 0)
        error = connect__call(function, s, &name, 0);
    if (error == 0 && !disconnect(s, NULL, TF_REUSE_SOCKET, 0))
        error = WSAGetLastError();
    if (error == 0)
        error = connect__call(function, s, &name, 0);
    closesocket(s);
    closesocket(listener);
    connect__judge(test, error, 0);
}

void probe_connect(const struct probe_api* api, struct probe_test* tests) {
    static const char* const names[PROBE__TESTS] = {
        "ConnectEx without payload", "ConnectEx with 4 MiB", "ConnectEx to a closed port",
        "ConnectEx again after that", "DisconnectEx, ConnectEx again"};
    int i;
    memset(tests, 0, PROBE__TESTS * sizeof *tests);
    for (i = 0; i < PROBE__TESTS; i++)
        tests[i].name = names[i];
    connect__send(api, &tests[0], 0);
    connect__send(api, &tests[1], CONNECT__LARGE);
    connect__refuse(api, &tests[2], &tests[3]);
    connect__reuse(api, &tests[4]);
}
