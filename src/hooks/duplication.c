/* SPDX-License-Identifier: MIT */
#include "hooks/duplication.h"

#include "core/alias.h"
#include "core/cancel.h"
#include "core/table.h"
#include "hooks/hooks.h"

static int duplication__is_known_as_own(HANDLE process) {
    return process == GetCurrentProcess() || GetProcessId(process) == GetCurrentProcessId();
}

/* WSADuplicateSocket opens even its own process for nothing but duplication, and such a handle does
 * not say whose it is. */
static int duplication__is_own(HANDLE process) {
    HANDLE asked;
    int is_own;
    if (duplication__is_known_as_own(process))
        return 1;
    if (GetProcessId(process) != 0 ||
        host.NtDuplicateObject(GetCurrentProcess(), process, GetCurrentProcess(), &asked,
                               PROCESS_QUERY_INFORMATION, 0, 0) < 0)
        return 0;
    is_own = duplication__is_known_as_own(asked);
    host.CloseHandle(asked);
    return is_own;
}

/* The handle's value is not, or not any more, what it was. */
static void duplication__forget(HANDLE handle) {
    unsigned flags = table_flags((uintptr_t) handle);
    if (flags & TABLE_PORT)
        port_forget(handle);
    if (flags & ~(unsigned) TABLE_PORT)
        cancel_lost_handle((SOCKET) handle);
}

static int duplication__is_socket(SOCKET s) {
    return (table_flags(s) & ~(unsigned) TABLE_PORT) != 0;
}

/* Within this process. Wine has a duplicate that closes its source take the source's place, so that
 * nothing but its access changes; elsewhere the source is gone. */
static void duplication__within(HANDLE source, HANDLE duplicate, ULONG options) {
    if (duplicate == source)
        return;
    duplication__forget(duplicate);
    if (duplication__is_socket((SOCKET) source))
        alias_link((SOCKET) source, (SOCKET) duplicate);
    if (options & DUPLICATE_CLOSE_SOURCE)
        duplication__forget(source);
}

/* What the source is closed with is left to our own hook, unless the duplicate may get its value.
 */
static host_status duplication__of_known(HANDLE source, HANDLE target_process, HANDLE* target,
                                         ACCESS_MASK access, ULONG attributes, ULONG options) {
    int is_within = target != NULL && duplication__is_own(target_process);
    ULONG asked = is_within ? options : options & ~(ULONG) DUPLICATE_CLOSE_SOURCE;
    host_status status = host.NtDuplicateObject(GetCurrentProcess(), source, target_process, target,
                                                access, attributes, asked);
    if (status >= 0 && is_within)
        duplication__within(source, *target, options);
    else if (status >= 0 && target != NULL && duplication__is_socket((SOCKET) source))
        alias_change_flags((SOCKET) source, 0, TABLE_SEEN);
    if (asked != options)
        hook_CloseHandle(source);
    return status;
}

host_status NTAPI hook_NtDuplicateObject(HANDLE source_process, HANDLE source,
                                         HANDLE target_process, HANDLE* target, ACCESS_MASK access,
                                         ULONG attributes, ULONG options) {
    host_status status;
    DWORD error = GetLastError();
    if (table_flags((uintptr_t) source) != 0 && duplication__is_own(source_process)) {
        status = duplication__of_known(source, target_process, target, access, attributes, options);
    } else {
        status = host.NtDuplicateObject(source_process, source, target_process, target, access,
                                        attributes, options);
        if (status >= 0 && target != NULL && table_flags((uintptr_t) *target) != 0 &&
            duplication__is_own(target_process))
            duplication__forget(*target);
    }
    SetLastError(error);
    return status;
}
