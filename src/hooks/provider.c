/* SPDX-License-Identifier: MIT */
#include "wsext/provider.h"

#include "base/once.h"
#include "core/cancel.h"
#include "core/socket.h"
#include "core/table.h"
#include "ext/options.h"
#include "hooks/copy.h"
#include "hooks/creation.h"
#include "hooks/overlapped.h"
#include "hooks/provider.h"
#include "host/host.h"
#include "wsext/functions.h"

/* The functions of the host that lead back to the provider, and so to us: while a thread is in one
 * of them, what the provider tells is of our own doing. */

static struct once provider__once;
static DWORD provider__depth = TLS_OUT_OF_INDEXES;
static struct host provider__host;
static int provider__result = -1;

static ULONG_PTR provider__own_calls(void) {
    DWORD error = GetLastError(); /* TlsGetValue clears it. */
    ULONG_PTR depth = 0;
    if (provider__depth != TLS_OUT_OF_INDEXES)
        depth = (ULONG_PTR) TlsGetValue(provider__depth);
    SetLastError(error);
    return depth;
}

static void provider__count(int change) {
    ULONG_PTR depth = provider__own_calls();
    DWORD error = GetLastError();
    TlsSetValue(provider__depth, (void*) (depth + (ULONG_PTR) (LONG_PTR) change));
    SetLastError(error);
}

int provider_is_asked_by_us(void) {
    return provider__own_calls() != 0;
}

#define PROVIDER__FUNCTIONS(X) \
    X(SOCKET, socket, (int family, int type, int protocol), (family, type, protocol)) \
    X(SOCKET, WSASocketA, \
      (int family, int type, int protocol, WSAPROTOCOL_INFOA* info, GROUP group, DWORD flags), \
      (family, type, protocol, info, group, flags)) \
    X(SOCKET, WSASocketW, \
      (int family, int type, int protocol, WSAPROTOCOL_INFOW* info, GROUP group, DWORD flags), \
      (family, type, protocol, info, group, flags)) \
    X(SOCKET, accept, (SOCKET s, struct sockaddr * name, int* length), (s, name, length)) \
    X(int, closesocket, (SOCKET s), (s)) \
    X(int, setsockopt, (SOCKET s, int level, int option, const char* value, int length), \
      (s, level, option, value, length)) \
    X(int, getsockopt, (SOCKET s, int level, int option, char* value, int* length), \
      (s, level, option, value, length)) \
    X(int, shutdown, (SOCKET s, int how), (s, how)) \
    X(int, getpeername, (SOCKET s, struct sockaddr * name, int* length), (s, name, length)) \
    X(int, ioctlsocket, (SOCKET s, long code, u_long* argument), (s, code, argument)) \
    X(int, WSAEventSelect, (SOCKET s, WSAEVENT event, long events), (s, event, events)) \
    X(int, WSAAsyncSelect, (SOCKET s, HWND window, u_int message, long events), \
      (s, window, message, events)) \
    X(int, WSAIoctl, \
      (SOCKET s, DWORD code, void* in, DWORD in_length, void* out, DWORD out_length, \
       DWORD* returned, WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine), \
      (s, code, in, in_length, out, out_length, returned, overlapped, routine))

#define PROVIDER__CALL(result, name, parameters, arguments) \
    static result WSAAPI provider__##name parameters { \
        result outcome; \
        provider__count(1); \
        outcome = provider__host.name arguments; \
        provider__count(-1); \
        return outcome; \
    }
PROVIDER__FUNCTIONS(PROVIDER__CALL)

#define PROVIDER__TAKE(result, name, parameters, arguments) host.name = provider__##name;

static void provider__init(void) {
    provider__depth = TlsAlloc();
    if (provider__depth == TLS_OUT_OF_INDEXES || wsext_init() != 0)
        return;
    provider__result = 0;
    if (copy_first() != NULL)
        return;
    provider__host = host;
    PROVIDER__FUNCTIONS(PROVIDER__TAKE)
}

int wsext_provider_init(void) {
    once_run(&provider__once, provider__init);
    return provider__result;
}

/* Where a mswsock.dll was here before, its hooks see what the program does. */
static int provider__is_deaf(void) {
    return provider__result != 0 || copy_first() != NULL || provider__own_calls() != 0;
}

void wsext_socket_created(SOCKET s, int type, unsigned flags) {
    DWORD error = GetLastError();
    if (!provider__is_deaf())
        creation_note(s, AF_UNSPEC, type, !(flags & WSEXT_OVERLAPPED),
                      (flags & WSEXT_TELLS_ALL) != 0);
    SetLastError(error);
}

void wsext_socket_closes(SOCKET s) {
    DWORD error = GetLastError();
    struct cancel_closing closing;
    if (!provider__is_deaf())
        cancel_before_close(s, &closing);
    SetLastError(error);
}

void wsext_socket_closed(SOCKET s) {
    DWORD error = GetLastError();
    if (!provider__is_deaf())
        cancel_closed(s);
    SetLastError(error);
}

static void provider__change_flags(SOCKET s, unsigned set, unsigned clear) {
    socket_find(s);
    table_change_flags(s, set, clear);
    socket_release(s);
}

void wsext_socket_nonblocking(SOCKET s, int is_nonblocking) {
    DWORD error = GetLastError();
    if (!provider__is_deaf())
        provider__change_flags(s, is_nonblocking ? TABLE_NONBLOCKING : 0,
                               is_nonblocking ? 0 : TABLE_NONBLOCKING);
    SetLastError(error);
}

void wsext_socket_port(SOCKET s, HANDLE port, ULONG_PTR key) {
    DWORD error = GetLastError();
    if (!provider__is_deaf()) {
        struct port noted = port_note(port);
        overlapped_note_port(s, &noted, key);
    }
    SetLastError(error);
}

void wsext_socket_modes(SOCKET s, UCHAR modes) {
    DWORD error = GetLastError();
    if (!provider__is_deaf())
        overlapped_note_modes(s, modes);
    SetLastError(error);
}

int wsext_cancel(SOCKET s, OVERLAPPED* overlapped) {
    DWORD error = GetLastError();
    int found =
        !provider__is_deaf() && (table_flags(s) & TABLE_SOCKET) && cancel_operations(s, overlapped);
    SetLastError(error);
    return found;
}

int wsext_takes_setsockopt(SOCKET s, int level, int option, const char* value, int length,
                           int* error) {
    DWORD last_error = GetLastError();
    int taken = 1;
    if (provider__is_deaf())
        taken = 0;
    else if (level == SOL_SOCKET && option == SO_UPDATE_CONNECT_CONTEXT)
        *error = options_update_connect_context(s, value, length);
    else if (level == SOL_SOCKET && option == SO_UPDATE_ACCEPT_CONTEXT)
        *error = options_update_accept_context(s, value, length);
    else if (level == IPPROTO_TCP && option == TCP_FASTOPEN)
        *error = options_set_fast_open(s, value, length);
    else
        taken = 0;
    SetLastError(last_error);
    return taken;
}

int wsext_takes_getsockopt(SOCKET s, int level, int option, char* value, int* length, int* error) {
    DWORD last_error = GetLastError();
    int taken = 1;
    if (provider__is_deaf())
        taken = 0;
    else if (level == SOL_SOCKET && option == SO_CONNECT_TIME)
        *error = options_get_connect_time(s, value, length);
    else if (level == IPPROTO_TCP && option == TCP_FASTOPEN)
        *error = options_get_fast_open(s, value, length);
    else
        taken = 0;
    SetLastError(last_error);
    return taken;
}

int wsext_lacks_context(SOCKET s) {
    DWORD error = GetLastError();
    int lacks = !provider__is_deaf() && (options_is_default_state(s) || options_is_connecting(s));
    SetLastError(error);
    return lacks;
}
