/* SPDX-License-Identifier: MIT */
#include "hooks/results.h"

#include "base/status.h"
#include "ext/acceptex.h"
#include "host/outcome.h"

/* STATUS_INVALID_CONNECTION and STATUS_CONNECTION_RESET as kernel32 tells them. */
#define RESULTS__INVALID_CONNECTION ERROR_UNEXP_NET_ERR
#define RESULTS__CONNECTION_RESET ERROR_NETNAME_DELETED

BOOL WINAPI hook_GetQueuedCompletionStatus(HANDLE port, DWORD* bytes, ULONG_PTR* key,
                                           OVERLAPPED** overlapped, DWORD timeout) {
    BOOL result = host.GetQueuedCompletionStatus(port, bytes, key, overlapped, timeout);
    if (!result && GetLastError() == RESULTS__INVALID_CONNECTION &&
        acceptex_mend(*overlapped, 0, *key))
        SetLastError(RESULTS__CONNECTION_RESET);
    return result;
}

BOOL WINAPI hook_GetQueuedCompletionStatusEx(HANDLE port, OVERLAPPED_ENTRY* entries, ULONG count,
                                             ULONG* removed, DWORD timeout, BOOL alertable) {
    BOOL result =
        host.GetQueuedCompletionStatusEx(port, entries, count, removed, timeout, alertable);
    ULONG i;
    for (i = 0; result && i < *removed; i++) {
        if ((uint32_t) entries[i].Internal == STATUS__INVALID_CONNECTION &&
            acceptex_mend(entries[i].lpOverlapped, 0, entries[i].lpCompletionKey))
            entries[i].Internal = STATUS__CONNECTION_RESET;
    }
    return result;
}

static BOOL results__mend(BOOL result, HANDLE file, OVERLAPPED* overlapped) {
    if (!result && GetLastError() == RESULTS__INVALID_CONNECTION &&
        acceptex_mend(overlapped, (SOCKET) file, 0))
        SetLastError(RESULTS__CONNECTION_RESET);
    return result;
}

BOOL WINAPI hook_GetOverlappedResult(HANDLE file, OVERLAPPED* overlapped, DWORD* bytes, BOOL wait) {
    return results__mend(host.GetOverlappedResult(file, overlapped, bytes, wait), file, overlapped);
}

BOOL WINAPI hook_GetOverlappedResultEx(HANDLE file, OVERLAPPED* overlapped, DWORD* bytes,
                                       DWORD timeout, BOOL alertable) {
    return results__mend(host.GetOverlappedResultEx(file, overlapped, bytes, timeout, alertable),
                         file, overlapped);
}

BOOL WSAAPI hook_WSAGetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes,
                                        BOOL wait, DWORD* flags) {
    BOOL result = outcome_get(s, overlapped, bytes, wait, flags);
    if (!result && WSAGetLastError() == WSAENOTCONN && acceptex_mend(overlapped, s, 0))
        WSASetLastError(WSAECONNRESET);
    return result;
}
