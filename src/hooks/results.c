/* SPDX-License-Identifier: MIT */
#include "hooks/results.h"

#include "base/lock.h"
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

/* A thread pool calls the program by itself, so what it is given to call are functions of ours,
 * each of which stands for one of the program's. They are as many as programs have, by far:
 * kernel32 makes all of its I/O objects with one. Nobody says when one is needed no more, so none
 * is given back; to a program that comes to the end of them the host goes on to tell its own error.
 */

#define RESULTS__PLACES(X) \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define RESULTS__PLACE(place) results__##place,
enum { RESULTS__PLACES(RESULTS__PLACE) RESULTS__COUNT };

static void* results__callbacks[RESULTS__COUNT];
static void* results__pool_callbacks[RESULTS__COUNT];

static void results__call(int place, DWORD error, DWORD bytes, OVERLAPPED* overlapped) {
    nt_callback* function = (nt_callback*) lock_load_pointer(&results__callbacks[place]);
    if (error == 0)
        witness_see(overlapped, 0, 0);
    else
        witness_give_up(overlapped);
    if (error == RESULTS__INVALID_CONNECTION && acceptex_mend(overlapped, 0, 0))
        error = RESULTS__CONNECTION_RESET;
    function(error, bytes, overlapped);
}

static void results__call_pool(int place, void* instance, void* context, void* overlapped,
                               IO_STATUS_BLOCK* block, void* io) {
    nt_pool_io* function = (nt_pool_io*) lock_load_pointer(&results__pool_callbacks[place]);
    IO_STATUS_BLOCK mended = *block;
    OVERLAPPED_ENTRY entry = {0, overlapped, (ULONG_PTR) block->Status, 0};
    results__see_packet(&entry);
    if ((uint32_t) block->Status == STATUS__INVALID_CONNECTION && acceptex_mend(overlapped, 0, 0))
        mended.Status = (NTSTATUS) STATUS__CONNECTION_RESET;
    function(instance, context, overlapped, &mended, io);
}

#define RESULTS__STAND_INS(place) \
    static VOID WINAPI results__call_##place(DWORD error, DWORD bytes, OVERLAPPED* overlapped) { \
        results__call(place, error, bytes, overlapped); \
    } \
    static VOID NTAPI results__call_pool_##place(void* instance, void* context, void* overlapped, \
                                                 IO_STATUS_BLOCK* block, void* io) { \
        results__call_pool(place, instance, context, overlapped, block, io); \
    }
RESULTS__PLACES(RESULTS__STAND_INS)

/* The place of a function, which is a free one where it has none; RESULTS__COUNT where all are
 * taken. */
static int results__place_of(void* function, void** places) {
    int place;
    if (function == NULL)
        return RESULTS__COUNT;
    for (place = 0; place < RESULTS__COUNT; place++) {
        void* taken = InterlockedCompareExchangePointer(&places[place], function, NULL);
        if (taken == NULL || taken == function)
            break;
    }
    return place;
}

#define RESULTS__STAND_IN(place) results__call_##place,
#define RESULTS__POOL_STAND_IN(place) results__call_pool_##place,

nt_callback* results_stand_in(nt_callback* function) {
    static nt_callback* const stand_ins[] = {RESULTS__PLACES(RESULTS__STAND_IN)};
    int place = results__place_of((void*) function, results__callbacks);
    return place < RESULTS__COUNT ? stand_ins[place] : function;
}

nt_pool_io* results_pool_stand_in(nt_pool_io* function) {
    static nt_pool_io* const stand_ins[] = {RESULTS__PLACES(RESULTS__POOL_STAND_IN)};
    int place = results__place_of((void*) function, results__pool_callbacks);
    return place < RESULTS__COUNT ? stand_ins[place] : function;
}
