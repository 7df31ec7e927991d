/* SPDX-License-Identifier: MIT */
#include "hooks/results.h"

#include "base/status.h"
#include "core/table.h"
#include "core/witness.h"
#include "ext/acceptex.h"
#include "host/caps.h"
#include "host/outcome.h"

#define RESULTS__LONGEST 16 /* In milliseconds, between two looks at a status block. */

/* STATUS_INVALID_CONNECTION and STATUS_CONNECTION_RESET as kernel32 tells them. */
#define RESULTS__INVALID_CONNECTION ERROR_UNEXP_NET_ERR
#define RESULTS__CONNECTION_RESET ERROR_NETNAME_DELETED

static void results__see_packet(const OVERLAPPED_ENTRY* entry) {
    if ((uint32_t) entry->Internal == STATUS__SUCCESS)
        witness_see(entry->lpOverlapped, 0, entry->lpCompletionKey);
    else
        witness_give_up(entry->lpOverlapped);
}

BOOL WINAPI hook_GetQueuedCompletionStatus(HANDLE port, DWORD* bytes, ULONG_PTR* key,
                                           OVERLAPPED** overlapped, DWORD timeout) {
    BOOL result = host.GetQueuedCompletionStatus(port, bytes, key, overlapped, timeout);
    if (result) {
        witness_see(*overlapped, 0, *key);
    } else if (*overlapped != NULL) {
        witness_give_up(*overlapped);
        if (GetLastError() == RESULTS__INVALID_CONNECTION && acceptex_mend(*overlapped, 0, *key))
            SetLastError(RESULTS__CONNECTION_RESET);
    }
    return result;
}

BOOL WINAPI hook_GetQueuedCompletionStatusEx(HANDLE port, OVERLAPPED_ENTRY* entries, ULONG count,
                                             ULONG* removed, DWORD timeout, BOOL alertable) {
    BOOL result =
        host.GetQueuedCompletionStatusEx(port, entries, count, removed, timeout, alertable);
    ULONG i;
    for (i = 0; result && i < *removed; i++) {
        results__see_packet(&entries[i]);
        if ((uint32_t) entries[i].Internal == STATUS__INVALID_CONNECTION &&
            acceptex_mend(entries[i].lpOverlapped, 0, entries[i].lpCompletionKey))
            entries[i].Internal = STATUS__CONNECTION_RESET;
    }
    return result;
}

/* Whether the operation has ended, of which no success was told. */
static int results__has_failed(DWORD error) {
    return error != ERROR_IO_INCOMPLETE && error != WAIT_TIMEOUT && error != WAIT_IO_COMPLETION;
}

static void results__see(BOOL result, SOCKET s, const OVERLAPPED* overlapped, DWORD error) {
    if (result)
        witness_see(overlapped, s, 0);
    else if (results__has_failed(error))
        witness_give_up(overlapped);
}

/* Without an event the host waits for the socket's own handle, which only its own requests signal:
 * where there is none that could signal it for us, the status block is looked at. */
static void results__await(SOCKET s, const OVERLAPPED* overlapped) {
    DWORD pause = 1;
    if (overlapped == NULL || overlapped->hEvent != NULL || !(table_flags(s) & TABLE_SOCKET) ||
        caps_has(CAP_COMPLETE))
        return;
    while (*(const volatile ULONG_PTR*) &overlapped->Internal == STATUS__PENDING) {
        Sleep(pause);
        if (pause < RESULTS__LONGEST)
            pause *= 2;
    }
}

static BOOL results__mend(BOOL result, HANDLE file, OVERLAPPED* overlapped) {
    DWORD error = result ? 0 : GetLastError();
    results__see(result, (SOCKET) file, overlapped, error);
    if (error == RESULTS__INVALID_CONNECTION && acceptex_mend(overlapped, (SOCKET) file, 0))
        SetLastError(RESULTS__CONNECTION_RESET);
    return result;
}

BOOL WINAPI hook_GetOverlappedResult(HANDLE file, OVERLAPPED* overlapped, DWORD* bytes, BOOL wait) {
    if (wait)
        results__await((SOCKET) file, overlapped);
    return results__mend(host.GetOverlappedResult(file, overlapped, bytes, wait), file, overlapped);
}

BOOL WINAPI hook_GetOverlappedResultEx(HANDLE file, OVERLAPPED* overlapped, DWORD* bytes,
                                       DWORD timeout, BOOL alertable) {
    return results__mend(host.GetOverlappedResultEx(file, overlapped, bytes, timeout, alertable),
                         file, overlapped);
}

BOOL WSAAPI hook_WSAGetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes,
                                        BOOL wait, DWORD* flags) {
    BOOL result;
    int error;
    if (wait)
        results__await(s, overlapped);
    result = outcome_get(s, overlapped, bytes, wait, flags);
    error = result ? 0 : WSAGetLastError();
    results__see(result, s, overlapped, (DWORD) error);
    if (error == WSAENOTCONN && acceptex_mend(overlapped, s, 0))
        WSASetLastError(WSAECONNRESET);
    return result;
}
