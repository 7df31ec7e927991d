/* SPDX-License-Identifier: MIT */
#include "hooks/overlapped.h"

#include <string.h>

#include "core/alias.h"
#include "core/cancel.h"
#include "core/pool.h"
#include "core/socket.h"
#include "core/table.h"
#include "hooks/results.h"

static int overlapped__has_record(SOCKET s) {
    return (table_flags(s) & TABLE_SOCKET) != 0;
}

/* Any kind of file may report to a port; one that we did not see being made is asked. */
static int overlapped__is_socket(SOCKET s) {
    int type, length = sizeof type;
    DWORD error;
    int is_socket;
    if (table_flags(s) & TABLE_SEEN)
        return 1;
    error = GetLastError();
    is_socket = host.getsockopt(s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) == 0;
    SetLastError(error);
    return is_socket;
}

/* There is no memory for what the program has set, which only the host knows then, as of a socket
 * that was made before we were loaded. */
static void overlapped__lose_sight(SOCKET s) {
    alias_change_flags(s, 0, TABLE_SEEN);
}

struct overlapped__association {
    struct port port;
    ULONG_PTR key;
};

static void overlapped__note(struct socket* socket, void* context) {
    const struct overlapped__association* association = context;
    socket->port = association->port;
    socket->key = association->key;
}

void overlapped_note_port(SOCKET s, const struct port* port, ULONG_PTR key) {
    struct overlapped__association association = {*port, key};
    if (port->handle == NULL || alias_visit(s, overlapped__note, &association) != 0)
        overlapped__lose_sight(s);
}

static void overlapped__add_modes(struct socket* socket, void* context) {
    socket->modes |= *(const UCHAR*) context;
}

void overlapped_note_modes(SOCKET s, UCHAR modes) {
    if (alias_visit(s, overlapped__add_modes, &modes) != 0)
        overlapped__lose_sight(s);
    if (modes & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)
        alias_change_flags(s, TABLE_SKIP, 0);
}

/* The modes of a socket may have been set before we were loaded. */
static void overlapped__ask_modes(SOCKET s) {
    IO_STATUS_BLOCK block;
    ULONG modes = 0;
    if ((table_flags(s) & TABLE_SEEN) ||
        host.NtQueryInformationFile((HANDLE) s, &block, &modes, sizeof modes,
                                    (FILE_INFORMATION_CLASS) NT_FILE_NOTIFICATION_MODES) < 0)
        return;
    overlapped_note_modes(s, (UCHAR) modes);
}

static void overlapped__set_port(SOCKET s, const struct port* port, ULONG_PTR key) {
    overlapped_note_port(s, port, key);
    overlapped__ask_modes(s);
}

static void overlapped__information_set(SOCKET s, const void* information, int kind) {
    const struct nt_completion* completion = information;
    struct port port;
    if (!overlapped__is_socket(s))
        return;
    if (kind == NT_FILE_NOTIFICATION_MODES) {
        overlapped_note_modes(s, (UCHAR) * (const ULONG*) information);
    } else if (completion->port == NULL) {
        struct overlapped__association none = {{0}, 0};
        alias_visit(s, overlapped__note, &none);
    } else {
        port = port_note(completion->port);
        overlapped__set_port(s, &port, completion->key);
    }
}

host_status NTAPI hook_NtSetInformationFile(HANDLE file, IO_STATUS_BLOCK* block, void* information,
                                            ULONG length, FILE_INFORMATION_CLASS kind) {
    host_status status = host.NtSetInformationFile(file, block, information, length, kind);
    DWORD error;
    /* Who moves a file's position comes by here as well. */
    if (status < 0 ||
        ((int) kind != NT_FILE_COMPLETION && (int) kind != NT_FILE_REPLACE_COMPLETION &&
         (int) kind != NT_FILE_NOTIFICATION_MODES))
        return status;
    error = GetLastError();
    overlapped__information_set((SOCKET) file, information, (int) kind);
    SetLastError(error);
    return status;
}

/* The handle's value may be that of a port which was closed behind our back. */
host_status NTAPI hook_NtCreateIoCompletion(HANDLE* port, ACCESS_MASK access,
                                            OBJECT_ATTRIBUTES* attributes, ULONG threads) {
    host_status status = host.NtCreateIoCompletion(port, access, attributes, threads);
    if (status >= 0 && (table_flags((uintptr_t) *port) & TABLE_PORT))
        port_forget(*port);
    return status;
}

/* Of these two the system gives the file a port of its own, by a call that stays within ntdll. */

host_status NTAPI hook_RtlSetIoCompletionCallback(HANDLE file, nt_callback* function, ULONG flags) {
    int is_socket = overlapped__is_socket((SOCKET) file);
    host_status status = host.RtlSetIoCompletionCallback(
        file, is_socket ? results_stand_in(function) : function, flags);
    DWORD error = GetLastError();
    if (status >= 0 && is_socket) {
        struct port port = port_note_callback(function);
        overlapped__set_port((SOCKET) file, &port, 0);
    }
    SetLastError(error);
    return status;
}

host_status NTAPI hook_TpAllocIoCompletion(void** io, HANDLE file, nt_pool_io* callback,
                                           void* context, struct nt_pool_environment* environment) {
    int is_socket = overlapped__is_socket((SOCKET) file);
    host_status status = host.TpAllocIoCompletion(
        io, file, is_socket ? results_pool_stand_in(callback) : callback, context, environment);
    DWORD error = GetLastError();
    if (status >= 0 && is_socket) {
        struct port port = pool_note(*io, callback, context, environment);
        overlapped__set_port((SOCKET) file, &port, 0);
    }
    SetLastError(error);
    return status;
}

void NTAPI hook_TpReleaseIoCompletion(void* io) {
    pool_release(io);
}

void NTAPI hook_TpWaitForIoCompletion(void* io, BOOL cancel) {
    pool_wait(io, cancel);
}

void NTAPI hook_TpReleaseCleanupGroupMembers(void* group, BOOL cancel, void* context) {
    pool_release_group(group, cancel, context);
}

/* Cancelling */

BOOL WINAPI hook_CancelIo(HANDLE file) {
    DWORD error = GetLastError();
    if (overlapped__has_record((SOCKET) file)) {
        cancel_own_operations((SOCKET) file);
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
    int ours =
        overlapped__has_record((SOCKET) file) && cancel_operations((SOCKET) file, overlapped);
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
