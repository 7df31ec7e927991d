/* SPDX-License-Identifier: MIT */

/* Plays msafd and the ws2_32 above it: a provider that starts by WSPStartup, hands out wsext's
 * functions in its WSPIoctl and tells wsext of its sockets, and a ws2_32 that leads to it, for the
 * program as for wsext itself. Below it is the host's ws2_32. No door of wsext's is installed. */

#include <winsock2.h>
#include <ws2tcpip.h>
#include <ws2spi.h>
#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doors/interpose.h"
#include "host/host.h"
#include "host/sdk.h"
#include "wsext/functions.h"
#include "wsext/provider.h"

#define PATIENCE 10000
#define LARGE (4 * 1024 * 1024)

/* The system below */

static struct {
    int(WSAAPI* closesocket)(SOCKET);
    int(WSAAPI* setsockopt)(SOCKET, int, int, const char*, int);
    int(WSAAPI* getsockopt)(SOCKET, int, int, char*, int*);
    int(WSAAPI* shutdown)(SOCKET, int);
    int(WSAAPI* getpeername)(SOCKET, struct sockaddr*, int*);
    SOCKET(WSAAPI* socket)(int, int, int);
} below;

static int answer(int result, int* error) {
    if (result != 0)
        *error = WSAGetLastError();
    return result;
}

/* The provider */

/* Whether it tells everything, which one that sees the provider's functions only cannot; and
 * whether the host has no function that NT 5.2 has not, and is not known as Wine. */
static int tells_all, is_old;

static SOCKET WSPAPI msafd_socket(int family, int type, int protocol, WSAPROTOCOL_INFOW* info,
                                  GROUP group, DWORD flags, int* error) {
    SOCKET s = below.socket(family, type, protocol);
    (void) info;
    (void) group;
    (void) flags;
    if (s == INVALID_SOCKET)
        *error = WSAGetLastError();
    else
        wsext_socket_created(s, type, WSEXT_OVERLAPPED | (tells_all ? WSEXT_TELLS_ALL : 0));
    return s;
}

static int WSPAPI msafd_close(SOCKET s, int* error) {
    int result;
    wsext_socket_closes(s);
    /* On NT the file's last handle takes all that is pending with it, whichever thread began it;
     * Wine leaves it pending, and is only asked by CancelIoEx, which this host has not. */
    if (is_old)
        CancelIoEx((HANDLE) s, NULL);
    result = answer(below.closesocket(s), error);
    wsext_socket_closed(s);
    return result;
}

static int WSPAPI msafd_setsockopt(SOCKET s, int level, int option, const char* value, int length,
                                   int* error) {
    if (wsext_takes_setsockopt(s, level, option, value, length, error))
        return *error == 0 ? 0 : SOCKET_ERROR;
    /* As ReactOS does: no option without a value. */
    if (value == NULL) {
        *error = WSAEFAULT;
        return SOCKET_ERROR;
    }
    return answer(below.setsockopt(s, level, option, value, length), error);
}

static int WSPAPI msafd_getsockopt(SOCKET s, int level, int option, char* value, int* length,
                                   int* error) {
    if (wsext_takes_getsockopt(s, level, option, value, length, error))
        return *error == 0 ? 0 : SOCKET_ERROR;
    return answer(below.getsockopt(s, level, option, value, length), error);
}

static int WSPAPI msafd_shutdown(SOCKET s, int how, int* error) {
    if (wsext_lacks_context(s)) {
        *error = WSAENOTCONN;
        return SOCKET_ERROR;
    }
    return answer(below.shutdown(s, how), error);
}

static int WSPAPI msafd_getpeername(SOCKET s, struct sockaddr* name, int* length, int* error) {
    if (wsext_lacks_context(s)) {
        *error = WSAENOTCONN;
        return SOCKET_ERROR;
    }
    return answer(below.getpeername(s, name, length), error);
}

static int WSPAPI msafd_ioctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                              DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                              LPWSAOVERLAPPED_COMPLETION_ROUTINE routine, WSATHREADID* thread,
                              int* error) {
    const void* function;
    (void) s;
    (void) overlapped;
    (void) routine;
    (void) thread;
    *error = WSAEINVAL;
    if (code != SIO_GET_EXTENSION_FUNCTION_POINTER || in_length < sizeof(GUID) ||
        out_length < sizeof function)
        return SOCKET_ERROR;
    function = wsext_extension_function(in);
    if (function == NULL) {
        *error = WSAEOPNOTSUPP;
        return SOCKET_ERROR;
    }
    memcpy(out, &function, sizeof function);
    *returned = sizeof function;
    return 0;
}

static int WSPAPI msafd_startup(WORD version, WSPDATA* data, WSAPROTOCOL_INFOW* info,
                                WSPUPCALLTABLE upcalls, WSPPROC_TABLE* table) {
    (void) version;
    (void) data;
    (void) info;
    (void) upcalls;
    table->lpWSPSocket = msafd_socket;
    table->lpWSPCloseSocket = msafd_close;
    table->lpWSPSetSockOpt = msafd_setsockopt;
    table->lpWSPGetSockOpt = msafd_getsockopt;
    table->lpWSPShutdown = msafd_shutdown;
    table->lpWSPGetPeerName = msafd_getpeername;
    table->lpWSPIoctl = msafd_ioctl;
    return wsext_provider_init() == 0 ? 0 : WSAEPROVIDERFAILEDINIT;
}

/* The ws2_32 above */

static WSPPROC_TABLE table;
static volatile LONG calls_from_within;

/* The error is read only when the call has been made. */
static int forward(int result, const int* error) {
    if (result != 0)
        WSASetLastError(*error);
    return result;
}

#define HIDE_REQUIRED(name)
#define HIDE_OPTIONAL(name) host.name = NULL;
#define HIDE(module, need, result, convention, name, parameters) HIDE_##need(name)

static void hide_what_is_optional(void) {
    HOST_FUNCTIONS(HIDE)
}

static SOCKET WSAAPI ws2_socket(int family, int type, int protocol) {
    int error = 0;
    SOCKET s = table.lpWSPSocket(family, type, protocol, NULL, 0, WSA_FLAG_OVERLAPPED, &error);
    if (s == INVALID_SOCKET)
        WSASetLastError(error);
    return s;
}

static int WSAAPI ws2_closesocket(SOCKET s) {
    int error = 0;
    return forward(table.lpWSPCloseSocket(s, &error), &error);
}

static int WSAAPI ws2_setsockopt(SOCKET s, int level, int option, const char* value, int length) {
    int error = 0;
    return forward(table.lpWSPSetSockOpt(s, level, option, value, length, &error), &error);
}

static int WSAAPI ws2_getsockopt(SOCKET s, int level, int option, char* value, int* length) {
    int error = 0;
    InterlockedIncrement(&calls_from_within);
    return forward(table.lpWSPGetSockOpt(s, level, option, value, length, &error), &error);
}

static int WSAAPI ws2_shutdown(SOCKET s, int how) {
    int error = 0;
    return forward(table.lpWSPShutdown(s, how, &error), &error);
}

static int WSAAPI ws2_getpeername(SOCKET s, struct sockaddr* name, int* length) {
    int error = 0;
    return forward(table.lpWSPGetPeerName(s, name, length, &error), &error);
}

static const struct interpose_entry above[] = {
    {"ws2_32.dll", "socket", (void*) ws2_socket, false},
    {"ws2_32.dll", "closesocket", (void*) ws2_closesocket, false},
    {"ws2_32.dll", "setsockopt", (void*) ws2_setsockopt, false},
    {"ws2_32.dll", "getsockopt", (void*) ws2_getsockopt, false},
    {"ws2_32.dll", "shutdown", (void*) ws2_shutdown, false},
    {"ws2_32.dll", "getpeername", (void*) ws2_getpeername, false},
};

/* The program */

static LPFN_CONNECTEX connect_ex;
static char* payload;

static struct sockaddr_in loopback(void) {
    struct sockaddr_in name = {0};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return name;
}

static SOCKET listener(struct sockaddr_in* name) {
    SOCKET s = below.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    int length = sizeof *name;
    *name = loopback();
    assert_int_equal(bind(s, (struct sockaddr*) name, sizeof *name), 0);
    assert_int_equal(getsockname(s, (struct sockaddr*) name, &length), 0);
    assert_int_equal(listen(s, 5), 0);
    return s;
}

static SOCKET bound(void) {
    struct sockaddr_in name = loopback();
    SOCKET s = ws2_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    assert_int_equal(bind(s, (struct sockaddr*) &name, sizeof name), 0);
    return s;
}

static BOOL start(SOCKET s, struct sockaddr_in* peer, DWORD length, OVERLAPPED* overlapped) {
    BOOL result = connect_ex(s, (struct sockaddr*) peer, sizeof *peer, length > 0 ? payload : NULL,
                             length, NULL, overlapped);
    if (!result)
        assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
    return result;
}

static size_t take(SOCKET accepted, size_t expected) {
    static char part[65536];
    size_t total = 0;
    int got;
    while (total < expected && (got = recv(accepted, part, sizeof part, 0)) > 0)
        total += (size_t) got;
    return total;
}

/* Binds the socket to the port, or to a new one for NULL. */
static HANDLE associate(SOCKET s, HANDLE port) {
    port = CreateIoCompletionPort((HANDLE) s, port, 77, 0);
    assert_non_null(port);
    if (tells_all)
        wsext_socket_port(s, port, 77);
    return port;
}

static DWORD connect_time(SOCKET s) {
    DWORD seconds = 0;
    int length = sizeof seconds;
    assert_int_equal(ws2_getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length), 0);
    return seconds;
}

static void a_large_payload_arrives(void** state) {
    struct sockaddr_in peer, name;
    OVERLAPPED overlapped = {0};
    SOCKET l = listener(&peer), s = bound(), accepted;
    DWORD bytes = 0, flags;
    int length = sizeof name;
    (void) state;

    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_int_equal(connect_time(s), 0xFFFFFFFF);
    assert_int_equal(ws2_setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), -1);
    assert_int_equal(WSAGetLastError(), WSAENOTCONN);

    start(s, &peer, LARGE, &overlapped);
    accepted = accept(l, NULL, NULL);
    assert_int_equal(take(accepted, LARGE), LARGE);
    assert_int_equal(WaitForSingleObject(overlapped.hEvent, PATIENCE), WAIT_OBJECT_0);
    assert_true(WSAGetOverlappedResult(s, &overlapped, &bytes, FALSE, &flags));
    assert_int_equal(bytes, LARGE);

    assert_int_equal(ws2_getpeername(s, (struct sockaddr*) &name, &length), -1);
    assert_int_equal(WSAGetLastError(), WSAENOTCONN);
    assert_int_equal(ws2_shutdown(s, SD_SEND), -1);
    assert_int_equal(ws2_setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
    length = sizeof name;
    assert_int_equal(ws2_getpeername(s, (struct sockaddr*) &name, &length), 0);
    assert_true(connect_time(s) < 60);
    assert_int_equal(ws2_shutdown(s, SD_SEND), 0);

    below.closesocket(accepted);
    assert_int_equal(ws2_closesocket(s), 0);
    below.closesocket(l);
    CloseHandle(overlapped.hEvent);
}

static DWORD dequeue(HANDLE port, OVERLAPPED* expected, DWORD* error) {
    OVERLAPPED* found = NULL;
    ULONG_PTR key = 0;
    DWORD bytes = 0;
    *error = GetQueuedCompletionStatus(port, &bytes, &key, &found, PATIENCE) ? 0 : GetLastError();
    assert_ptr_equal(found, expected);
    assert_int_equal(key, 77);
    assert_false(GetQueuedCompletionStatus(port, &bytes, &key, &found, 50));
    assert_null(found);
    return bytes;
}

static void each_outcome_comes_once_at_the_port(void** state) {
    struct sockaddr_in peer;
    OVERLAPPED overlapped = {0};
    SOCKET l = listener(&peer), s = bound(), accepted;
    HANDLE port = associate(s, NULL);
    DWORD error;
    (void) state;

    start(s, &peer, 5, &overlapped);
    accepted = accept(l, NULL, NULL);
    assert_int_equal(dequeue(port, &overlapped, &error), 5);
    assert_int_equal(error, 0);
    assert_int_equal(take(accepted, 5), 5);
    below.closesocket(accepted);
    ws2_closesocket(s);

    below.closesocket(l);
    s = bound();
    associate(s, port);
    memset(&overlapped, 0, sizeof overlapped);
    start(s, &peer, 5, &overlapped);
    assert_int_equal(dequeue(port, &overlapped, &error), 0);
    assert_int_equal(error, ERROR_CONNECTION_REFUSED);
    ws2_closesocket(s);
    CloseHandle(port);
}

/* A peer that takes nothing keeps the payload under way. */
static void closing_completes_what_is_under_way(void** state) {
    struct sockaddr_in peer;
    OVERLAPPED overlapped = {0};
    SOCKET l = listener(&peer), s = bound(), accepted;
    HANDLE port = associate(s, NULL);
    DWORD error;
    (void) state;

    start(s, &peer, LARGE, &overlapped);
    accepted = accept(l, NULL, NULL);
    assert_int_equal(ws2_closesocket(s), 0);
    dequeue(port, &overlapped, &error);
    assert_int_equal(error, ERROR_OPERATION_ABORTED);

    /* A handle's next socket knows nothing of it. */
    s = bound();
    assert_int_equal(connect_time(s), 0xFFFFFFFF);
    assert_false(wsext_lacks_context(s));
    ws2_closesocket(s);
    below.closesocket(accepted);
    below.closesocket(l);
    CloseHandle(port);
}

static void cancelling_completes_once(void** state) {
    struct sockaddr_in peer;
    OVERLAPPED overlapped = {0};
    SOCKET l = listener(&peer), s = bound(), accepted;
    HANDLE port = associate(s, NULL);
    DWORD error;
    (void) state;

    start(s, &peer, LARGE, &overlapped);
    accepted = accept(l, NULL, NULL);
    if (!wsext_cancel(s, &overlapped))
        assert_true(is_old ? CancelIo((HANDLE) s) : CancelIoEx((HANDLE) s, &overlapped));
    /* CancelIo does not reach a send that the library's own thread began; closing does. */
    if (is_old)
        ws2_closesocket(s);
    dequeue(port, &overlapped, &error);
    assert_int_equal(error, ERROR_OPERATION_ABORTED);
    if (!is_old)
        ws2_closesocket(s);
    below.closesocket(accepted);
    below.closesocket(l);
    CloseHandle(port);
}

static void the_library_reaches_the_provider(void** state) {
    (void) state;
    assert_true(calls_from_within > 0);
}

static void find_below(void) {
    HMODULE ws2_32 = GetModuleHandleW(L"ws2_32.dll");
    below.closesocket = (void*) GetProcAddress(ws2_32, "closesocket");
    below.setsockopt = (void*) GetProcAddress(ws2_32, "setsockopt");
    below.getsockopt = (void*) GetProcAddress(ws2_32, "getsockopt");
    below.shutdown = (void*) GetProcAddress(ws2_32, "shutdown");
    below.getpeername = (void*) GetProcAddress(ws2_32, "getpeername");
    below.socket = (void*) GetProcAddress(ws2_32, "socket");
}

static int set_up(void** state) {
    GUID guid = WSAID_CONNECTEX, unknown = {0};
    WSPUPCALLTABLE upcalls = {0};
    WSPDATA data;
    WSADATA wsa;
    DWORD bytes;
    SOCKET s;
    int error = 0;
    (void) state;

    assert_int_equal(WSAStartup(MAKEWORD(2, 2), &wsa), 0);
    payload = calloc(1, LARGE);
    find_below();
    assert_int_equal(interpose_install(above, sizeof above / sizeof above[0]), 6);
    assert_int_equal(msafd_startup(MAKEWORD(2, 2), &data, NULL, upcalls, &table), 0);
    if (is_old)
        hide_what_is_optional();

    s = ws2_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    assert_int_equal(table.lpWSPIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &unknown,
                                      sizeof unknown, &connect_ex, sizeof connect_ex, &bytes, NULL,
                                      NULL, NULL, &error),
                     SOCKET_ERROR);
    assert_int_equal(error, WSAEOPNOTSUPP);
    assert_int_equal(table.lpWSPIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid,
                                      &connect_ex, sizeof connect_ex, &bytes, NULL, NULL, NULL,
                                      &error),
                     0);
    return ws2_closesocket(s);
}

/* provider_test [all|old]: with either the provider tells all that happens to its sockets. */
int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_payload_arrives),
        cmocka_unit_test(each_outcome_comes_once_at_the_port),
        cmocka_unit_test(closing_completes_what_is_under_way),
        cmocka_unit_test(cancelling_completes_once),
        cmocka_unit_test(the_library_reaches_the_provider),
    };
    tells_all = argc > 1;
    is_old = argc > 1 && strcmp(argv[1], "old") == 0;
    return cmocka_run_group_tests(tests, set_up, NULL);
}
