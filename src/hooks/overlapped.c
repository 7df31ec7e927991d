/* SPDX-License-Identifier: MIT */
#include "hooks/overlapped.h"

#include "core/socket.h"
#include "core/table.h"
#include "ext/cancel.h"

static int overlapped__has_record(SOCKET s) {
    return (table_flags(s) & TABLE_SOCKET) != 0;
}

/* A port may be bound to any kind of file; one that we did not see being made is asked. */
static int overlapped__is_socket(SOCKET s) {
    int type, length = sizeof type;
    if (table_flags(s) & TABLE_SEEN)
        return 1;
    return host.getsockopt(s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) == 0;
}

/* There is no memory for what the program has set, which only the host knows then, as of a socket
 * that was made before we were loaded. Under the record's lock. */
static void overlapped__lose_sight(SOCKET s) {
    table_change_flags(s, 0, TABLE_SEEN);
}

HANDLE WINAPI hook_CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads) {
    HANDLE result = host.CreateIoCompletionPort(file, port, key, threads);
    struct socket* socket;
    struct port noted;
    DWORD error;

    if (result == NULL)
        return result;
    error = GetLastError();
    /* A new one, whose handle's value may be that of one which was closed behind our back. */
    if (port == NULL)
        port_forget(result);
    if (file != INVALID_HANDLE_VALUE && overlapped__is_socket((SOCKET) file)) {
        noted = port_note(result);
        socket = socket_need((SOCKET) file);
        if (socket != NULL && noted.handle != NULL) {
            socket->port = noted;
            socket->key = key;
        } else {
            overlapped__lose_sight((SOCKET) file);
        }
        socket_release((SOCKET) file);
    }
    SetLastError(error);
    return result;
}

BOOL WINAPI hook_SetFileCompletionNotificationModes(HANDLE file, UCHAR flags) {
    BOOL result = host.SetFileCompletionNotificationModes(file, flags);
    DWORD error = GetLastError();
    if (result && overlapped__is_socket((SOCKET) file)) {
        struct socket* socket = socket_need((SOCKET) file);
        if (socket != NULL)
            socket->modes |= flags;
        else
            overlapped__lose_sight((SOCKET) file);
        if (flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)
            table_change_flags((SOCKET) file, TABLE_SKIP, 0);
        socket_release((SOCKET) file);
    }
    SetLastError(error);
    return result;
}

BOOL WINAPI hook_CancelIo(HANDLE file) {
    DWORD error = GetLastError();
    if (overlapped__has_record((SOCKET) file)) {
        cancel_own_operation((SOCKET) file);
        SetLastError(error);
    }
    return host.CancelIo(file);
}

/* ReactOS exports it from newer builds only, and there as a stub; what is not ours cannot be
 * cancelled then. */
static BOOL overlapped__cancel_by_host(HANDLE file, OVERLAPPED* overlapped) {
    if (host.CancelIoEx != NULL)
        return host.CancelIoEx(file, overlapped);
    SetLastError(ERROR_NOT_FOUND);
    return FALSE;
}

BOOL WINAPI hook_CancelIoEx(HANDLE file, OVERLAPPED* overlapped) {
    int ours = overlapped__has_record((SOCKET) file) && cancel_operation((SOCKET) file, overlapped);
    DWORD error = GetLastError();
    /* Other operations of the handle are the host's; that it finds none is then no failure. */
    if (ours && overlapped != NULL)
        return TRUE;
    if (overlapped__cancel_by_host(file, overlapped))
        return TRUE;
    if (!ours || GetLastError() != ERROR_NOT_FOUND)
        return FALSE;
    SetLastError(error);
    return TRUE;
}
