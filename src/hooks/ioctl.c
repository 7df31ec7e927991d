/* SPDX-License-Identifier: MIT */
#include "hooks/ioctl.h"

#include <stdlib.h>

#include "base/memory.h"
#include "core/alias.h"
#include "core/gate.h"
#include "core/settings.h"
#include "core/socket.h"
#include "core/table.h"
#include "ext/controls.h"
#include "ext/extensions.h"
#include "hooks/copy.h"
#include "hooks/hooks.h"
#include "rio/types.h"

/* A success leaves no last error behind, as on Windows and Wine, whatever came before and whatever
 * the host may have refused that was then done in its place. */
static int ioctl__answer(int error) {
    WSASetLastError(error);
    return error == 0 ? 0 : SOCKET_ERROR;
}

static void ioctl__set_nonblocking(SOCKET s, int nonblocking) {
    alias_change_flags(s, nonblocking ? TABLE_NONBLOCKING : 0, nonblocking ? 0 : TABLE_NONBLOCKING);
}

/* While a worker of the thread driver has made the socket blocking, what the program wants is only
 * noted, for afterwards. */
static int ioctl__change_mode(SOCKET s, u_long* nonblocking) {
    lock_count_t* gate = gate_enter(s);
    struct socket* socket = socket_find(s);
    int result = 0;
    WSASetLastError(0);
    if (socket == NULL || !socket->keeps_mode)
        result = host.ioctlsocket(s, FIONBIO, nonblocking);
    if (result == 0)
        table_change_flags(s, *nonblocking != 0 ? TABLE_NONBLOCKING : 0,
                           *nonblocking != 0 ? 0 : TABLE_NONBLOCKING);
    socket_release(s);
    if (result == 0 && (table_flags(s) & TABLE_ALIAS))
        ioctl__set_nonblocking(s, *nonblocking != 0);
    gate_leave(gate);
    return result;
}

static int ioctl__is_change_of_mode(SOCKET s, DWORD code, const void* argument, DWORD length) {
    return code == (DWORD) FIONBIO && (table_flags(s) & TABLE_USED) && length >= sizeof(u_long) &&
           memory_is_readable(argument, sizeof(u_long));
}

int WSAAPI hook_ioctlsocket(SOCKET s, long code, u_long* argument) {
    int result;
    if (ioctl__is_change_of_mode(s, (DWORD) code, argument, sizeof *argument))
        return ioctl__change_mode(s, argument);
    result = host.ioctlsocket(s, code, argument);
    if (result == 0 && (DWORD) code == (DWORD) FIONBIO)
        ioctl__set_nonblocking(s, *argument != 0);
    return result;
}

/* What a socket's next connection is to keep, and what the host does not tell of it. */
static void ioctl__note_keepalive(SOCKET s, const struct settings_keepalive* given) {
    struct socket* socket = socket_need(s);
    if (socket != NULL && socket->keepalive == NULL)
        socket->keepalive = malloc(sizeof *socket->keepalive);
    if (socket != NULL && socket->keepalive != NULL)
        *socket->keepalive = *given;
    socket_release(s);
}

/* One that is pending ends when something happens or it is cancelled. */
static void ioctl__note_endless(SOCKET s) {
    struct socket* socket = socket_need(s);
    if (socket != NULL)
        socket->cancels_all = 1;
    socket_release(s);
}

static void ioctl__note_ioctl(SOCKET s, DWORD code, const void* in, DWORD in_length, int error) {
    if (error == 0 && code == (DWORD) FIONBIO)
        ioctl__set_nonblocking(s, *(const u_long*) in != 0);
    else if (error == 0 && code == (DWORD) SIO_KEEPALIVE_VALS &&
             in_length >= sizeof(struct settings_keepalive))
        ioctl__note_keepalive(s, in);
    else if (error == WSA_IO_PENDING)
        ioctl__note_endless(s);
    else
        return;
    WSASetLastError(error);
}

/* A code that is the host's. Wine writes the length, the OVERLAPPED and some codes' buffers without
 * a look. A code may have no use for a buffer, and Windows then takes any address, so that what
 * cannot be touched becomes what every host knows as missing. */
static int ioctl__host_ioctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                             DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                             LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    DWORD before = GetLastError();
    lock_count_t* gate;
    int result;
    if (!memory_is_writable(returned, sizeof *returned) ||
        (overlapped != NULL && !memory_is_writable(overlapped, sizeof *overlapped)))
        return ioctl__answer(WSAEFAULT);
    if (overlapped == NULL && ioctl__is_change_of_mode(s, code, in, in_length)) {
        *returned = 0;
        return ioctl__change_mode(s, in);
    }
    if (!memory_is_readable(in, in_length))
        in = NULL;
    if (!memory_is_writable(out, out_length))
        out = NULL;
    SetLastError(before);
    gate = gate_enter(s);
    result = host.WSAIoctl(s, code, in, in_length, out, out_length, returned, overlapped, routine);
    ioctl__note_ioctl(s, code, in, in_length, result == 0 ? 0 : WSAGetLastError());
    gate_leave(gate);
    return result;
}

int WSAAPI hook_WSAIoctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                         DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                         LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    if (copy_answers(code, in, in_length, out, out_length))
        return 0;
    if (code == SIO_GET_EXTENSION_FUNCTION_POINTER)
        return ioctl__answer(extensions_get_function(s, in, in_length, out, out_length, returned,
                                                     overlapped, routine));
    if (code == SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER)
        return ioctl__answer(extensions_get_functions(s, in, in_length, out, out_length, returned,
                                                      overlapped, routine));
    if (controls_is_ours(code))
        return ioctl__answer(
            controls_call(s, code, in, in_length, out, out_length, returned, overlapped, routine));
    return ioctl__host_ioctl(s, code, in, in_length, out, out_length, returned, overlapped,
                             routine);
}

/* Both make the socket non-blocking, and switching them off leaves it so. */
static void ioctl__selected(SOCKET s, HANDLE event, HWND window, u_int message, long events) {
    const struct socket_selection selection = {event, window, message, events};
    struct socket* socket;
    ioctl__set_nonblocking(s, 1);
    socket = socket_need(s);
    if (socket != NULL)
        socket_select(socket, &selection);
    socket_release(s);
}

int WSAAPI hook_WSAEventSelect(SOCKET s, WSAEVENT event, long events) {
    int result = host.WSAEventSelect(s, event, events);
    if (result == 0)
        ioctl__selected(s, event, NULL, 0, events);
    return result;
}

int WSAAPI hook_WSAAsyncSelect(SOCKET s, HWND window, u_int message, long events) {
    int result = host.WSAAsyncSelect(s, window, message, events);
    if (result == 0)
        ioctl__selected(s, NULL, window, message, events);
    return result;
}
