/* SPDX-License-Identifier: MIT */
#include "msafd.h"

#include <string.h>

#include "hooks/interpose.h"
#include "host/host.h"
#include "wsext/functions.h"
#include "wsext/provider.h"

/* The system below */

struct msafd_below msafd_below;

static int answer(int result, int* error) {
    if (result != 0)
        *error = WSAGetLastError();
    return result;
}

/* The provider */

int msafd_tells_all, msafd_is_old;

/* What a process's sockets are for msafd, which keeps it by the handle. */
#define SOCKETS 4096
static volatile LONG is_nonblocking[SOCKETS];

static SOCKET WSPAPI msafd_socket(int family, int type, int protocol, WSAPROTOCOL_INFOW* info,
                                  GROUP group, DWORD flags, int* error) {
    SOCKET s = msafd_below.socket(family, type, protocol);
    (void) info;
    (void) group;
    (void) flags;
    if (s == INVALID_SOCKET)
        *error = WSAGetLastError();
    else
        wsext_socket_created(s, type, WSEXT_OVERLAPPED | (msafd_tells_all ? WSEXT_TELLS_ALL : 0));
    if (s / 4 < SOCKETS)
        is_nonblocking[s / 4] = 0;
    return s;
}

static void change_mode(SOCKET s, int nonblocking) {
    assert_true(s / 4 < SOCKETS);
    is_nonblocking[s / 4] = nonblocking;
    wsext_socket_nonblocking(s, nonblocking);
}

/* As msafd does: it makes the socket by its own WSPSocket, and hands the mode on afterwards. What
 * AFD then connects it to has to come from Wine here, whose socket it becomes. */
static SOCKET WSPAPI msafd_accept(SOCKET listener, struct sockaddr* name, int* length,
                                  LPCONDITIONPROC condition, DWORD_PTR data, int* error) {
    u_long nonblocking = listener / 4 < SOCKETS && is_nonblocking[listener / 4];
    SOCKET s = msafd_below.accept(listener, name, length);
    (void) condition;
    (void) data;
    if (s == INVALID_SOCKET) {
        *error = WSAGetLastError();
        return s;
    }
    wsext_socket_created(s, SOCK_STREAM,
                         WSEXT_OVERLAPPED | (msafd_tells_all ? WSEXT_TELLS_ALL : 0));
    msafd_below.ioctlsocket(s, (long) FIONBIO, &nonblocking);
    change_mode(s, nonblocking != 0);
    return s;
}

static int WSPAPI msafd_event_select(SOCKET s, WSAEVENT event, long events, int* error) {
    int result = answer(msafd_below.WSAEventSelect(s, event, events), error);
    if (result == 0)
        change_mode(s, 1);
    return result;
}

static int WSPAPI msafd_async_select(SOCKET s, HWND window, unsigned message, long events,
                                     int* error) {
    int result = answer(msafd_below.WSAAsyncSelect(s, window, message, events), error);
    if (result == 0)
        change_mode(s, 1);
    return result;
}

static int WSPAPI msafd_close(SOCKET s, int* error) {
    int result;
    wsext_socket_closes(s);
    /* On NT the file's last handle takes all that is pending with it, whichever thread began it;
     * Wine leaves it pending, and is only asked by CancelIoEx, which this host has not. */
    if (msafd_is_old)
        CancelIoEx((HANDLE) s, NULL);
    result = answer(msafd_below.closesocket(s), error);
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
    return answer(msafd_below.setsockopt(s, level, option, value, length), error);
}

static int WSPAPI msafd_getsockopt(SOCKET s, int level, int option, char* value, int* length,
                                   int* error) {
    if (wsext_takes_getsockopt(s, level, option, value, length, error))
        return *error == 0 ? 0 : SOCKET_ERROR;
    return answer(msafd_below.getsockopt(s, level, option, value, length), error);
}

static int WSPAPI msafd_shutdown(SOCKET s, int how, int* error) {
    if (wsext_lacks_context(s)) {
        *error = WSAENOTCONN;
        return SOCKET_ERROR;
    }
    return answer(msafd_below.shutdown(s, how), error);
}

static int WSPAPI msafd_getpeername(SOCKET s, struct sockaddr* name, int* length, int* error) {
    if (wsext_lacks_context(s)) {
        *error = WSAENOTCONN;
        return SOCKET_ERROR;
    }
    return answer(msafd_below.getpeername(s, name, length), error);
}

/* Of its own it has what Wine has, or what a host that is old has, which is nothing. */
static int msafd_get_function(SOCKET s, void* in, DWORD in_length, void* out, DWORD out_length,
                              DWORD* returned, int* error) {
    const void* function = in_length >= sizeof(GUID) ? wsext_extension_function(in) : NULL;
    *error = WSAEINVAL;
    if (in_length < sizeof(GUID) || out_length < sizeof function)
        return SOCKET_ERROR;
    if (function != NULL) {
        memcpy(out, &function, sizeof function);
        *returned = sizeof function;
        return 0;
    }
    *error = WSAEOPNOTSUPP;
    if (msafd_is_old)
        return SOCKET_ERROR;
    return answer(msafd_below.WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, in, in_length, out,
                                       out_length, returned, NULL, NULL),
                  error);
}

static int WSPAPI msafd_ioctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                              DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                              LPWSAOVERLAPPED_COMPLETION_ROUTINE routine, WSATHREADID* thread,
                              int* error) {
    int result;
    (void) thread;
    if (code == SIO_GET_EXTENSION_FUNCTION_POINTER)
        return msafd_get_function(s, in, in_length, out, out_length, returned, error);
    result = answer(msafd_below.WSAIoctl(s, code, in, in_length, out, out_length, returned,
                                         overlapped, routine),
                    error);
    if (result == 0 && code == (DWORD) FIONBIO)
        change_mode(s, *(const u_long*) in != 0);
    return result;
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
    table->lpWSPAccept = msafd_accept;
    table->lpWSPEventSelect = msafd_event_select;
    table->lpWSPAsyncSelect = msafd_async_select;
    return wsext_provider_init() == 0 ? 0 : WSAEPROVIDERFAILEDINIT;
}

/* The ws2_32 above */

WSPPROC_TABLE msafd_table;
volatile LONG msafd_calls_from_within;

/* The error is read only when the call has been made. */
static int forward(int result, const int* error) {
    if (result != 0)
        WSASetLastError(*error);
    return result;
}

#define HIDE_REQUIRED(name)
#define HIDE_OPTIONAL(name) host.name = NULL;
#define HIDE(module, need, result, convention, name, parameters) HIDE_##need(name)

static void hide_what_is_optional(void){HOST_FUNCTIONS(HIDE)}

SOCKET WSAAPI ws2_socket(int family, int type, int protocol) {
    int error = 0;
    SOCKET s =
        msafd_table.lpWSPSocket(family, type, protocol, NULL, 0, WSA_FLAG_OVERLAPPED, &error);
    if (s == INVALID_SOCKET)
        WSASetLastError(error);
    return s;
}

int WSAAPI ws2_closesocket(SOCKET s) {
    int error = 0;
    return forward(msafd_table.lpWSPCloseSocket(s, &error), &error);
}

int WSAAPI ws2_setsockopt(SOCKET s, int level, int option, const char* value, int length) {
    int error = 0;
    return forward(msafd_table.lpWSPSetSockOpt(s, level, option, value, length, &error), &error);
}

int WSAAPI ws2_getsockopt(SOCKET s, int level, int option, char* value, int* length) {
    int error = 0;
    InterlockedIncrement(&msafd_calls_from_within);
    return forward(msafd_table.lpWSPGetSockOpt(s, level, option, value, length, &error), &error);
}

int WSAAPI ws2_shutdown(SOCKET s, int how) {
    int error = 0;
    return forward(msafd_table.lpWSPShutdown(s, how, &error), &error);
}

int WSAAPI ws2_getpeername(SOCKET s, struct sockaddr* name, int* length) {
    int error = 0;
    return forward(msafd_table.lpWSPGetPeerName(s, name, length, &error), &error);
}

SOCKET WSAAPI ws2_accept(SOCKET s, struct sockaddr* name, int* length) {
    int error = 0;
    SOCKET accepted = msafd_table.lpWSPAccept(s, name, length, NULL, 0, &error);
    if (accepted == INVALID_SOCKET)
        WSASetLastError(error);
    return accepted;
}

int WSAAPI ws2_WSAIoctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                        DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                        LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    int error = 0;
    /* The real one asks no provider about what is no socket. */
    if (s == INVALID_SOCKET) {
        WSASetLastError(WSAENOTSOCK);
        return SOCKET_ERROR;
    }
    return forward(msafd_table.lpWSPIoctl(s, code, in, in_length, out, out_length, returned,
                                          overlapped, routine, NULL, &error),
                   &error);
}

int WSAAPI ws2_ioctlsocket(SOCKET s, long code, u_long* argument) {
    DWORD bytes;
    return ws2_WSAIoctl(s, (DWORD) code, argument, sizeof *argument, argument, sizeof *argument,
                        &bytes, NULL, NULL);
}

int WSAAPI ws2_WSAEventSelect(SOCKET s, WSAEVENT event, long events) {
    int error = 0;
    return forward(msafd_table.lpWSPEventSelect(s, event, events, &error), &error);
}

int WSAAPI ws2_WSAAsyncSelect(SOCKET s, HWND window, u_int message, long events) {
    int error = 0;
    return forward(msafd_table.lpWSPAsyncSelect(s, window, message, events, &error), &error);
}

static const struct interpose_entry above[] = {
    {"ws2_32.dll", "socket", (void*) ws2_socket, false},
    {"ws2_32.dll", "closesocket", (void*) ws2_closesocket, false},
    {"ws2_32.dll", "setsockopt", (void*) ws2_setsockopt, false},
    {"ws2_32.dll", "getsockopt", (void*) ws2_getsockopt, false},
    {"ws2_32.dll", "shutdown", (void*) ws2_shutdown, false},
    {"ws2_32.dll", "getpeername", (void*) ws2_getpeername, false},
    {"ws2_32.dll", "accept", (void*) ws2_accept, false},
    {"ws2_32.dll", "WSAIoctl", (void*) ws2_WSAIoctl, false},
    {"ws2_32.dll", "ioctlsocket", (void*) ws2_ioctlsocket, false},
    {"ws2_32.dll", "WSAEventSelect", (void*) ws2_WSAEventSelect, false},
    {"ws2_32.dll", "WSAAsyncSelect", (void*) ws2_WSAAsyncSelect, false},
};

static void find_below(void) {
    HMODULE ws2_32 = GetModuleHandleW(L"ws2_32.dll");
    msafd_below.closesocket = (void*) GetProcAddress(ws2_32, "closesocket");
    msafd_below.setsockopt = (void*) GetProcAddress(ws2_32, "setsockopt");
    msafd_below.getsockopt = (void*) GetProcAddress(ws2_32, "getsockopt");
    msafd_below.shutdown = (void*) GetProcAddress(ws2_32, "shutdown");
    msafd_below.getpeername = (void*) GetProcAddress(ws2_32, "getpeername");
    msafd_below.socket = (void*) GetProcAddress(ws2_32, "socket");
    msafd_below.accept = (void*) GetProcAddress(ws2_32, "accept");
    msafd_below.WSAIoctl = (void*) GetProcAddress(ws2_32, "WSAIoctl");
    msafd_below.ioctlsocket = (void*) GetProcAddress(ws2_32, "ioctlsocket");
    msafd_below.WSAEventSelect = (void*) GetProcAddress(ws2_32, "WSAEventSelect");
    msafd_below.WSAAsyncSelect = (void*) GetProcAddress(ws2_32, "WSAAsyncSelect");
}

void msafd_install(void) {
    WSPUPCALLTABLE upcalls = {0};
    WSPDATA data;

    find_below();
    assert_int_equal(interpose_install(above, sizeof above / sizeof above[0]),
                     sizeof above / sizeof above[0]);
    assert_int_equal(msafd_startup(MAKEWORD(2, 2), &data, NULL, upcalls, &msafd_table), 0);
    if (msafd_is_old)
        hide_what_is_optional();
}
