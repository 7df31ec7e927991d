/* SPDX-License-Identifier: MIT */
#include "core/flush.h"

#include "core/afd.h"
#include "core/guard.h"
#include "core/socket.h"
#include "core/table.h"

/* As in core/guard.h, whose reason is ours: a send before us may be one whose end Wine has lost. */
#define FLUSH__FIRST_INTERVAL 10u
#define FLUSH__LAST_INTERVAL 250u

/* Begins an empty send that signals the event and leaves no packet. On a socket that makes its
 * caller wait, nothing is locked meanwhile. */
static int flush__begin(SOCKET s, ULONGLONG serial, HANDLE event, OVERLAPPED* overlapped) {
    int is_locked = !(table_flags(s) & TABLE_SYNCHRONOUS);
    WSABUF nothing = {0, NULL};
    DWORD sent;
    int error = 0;

    overlapped->hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    if (is_locked && socket_find_same(s, serial) == NULL)
        error = WSAENOTSOCK;
    else if (host.WSASend(s, &nothing, 1, &sent, 0, overlapped, NULL) != 0)
        error = WSAGetLastError();
    if (is_locked)
        socket_release(s);
    return error;
}

static int flush__end(SOCKET s, OVERLAPPED* overlapped) {
    DWORD sent, flags;
    return host.WSAGetOverlappedResult(s, overlapped, &sent, TRUE, &flags) ? 0 : WSAGetLastError();
}

static void flush__look(SOCKET s, ULONGLONG serial) {
    unsigned events;
    socket_hold_handles();
    if (socket_find_same(s, serial) != NULL)
        afd_look(&s, AFD_EVENT_SEND, &events, 1);
    socket_release(s);
    socket_release_handles();
}

static void flush__wait(SOCKET s, ULONGLONG serial, HANDLE event) {
    DWORD interval = guard_is_needed() ? FLUSH__FIRST_INTERVAL : INFINITE;
    while (WaitForSingleObject(event, interval) == WAIT_TIMEOUT) {
        flush__look(s, serial);
        if (interval < FLUSH__LAST_INTERVAL)
            interval *= 2;
    }
}

int flush_sends(SOCKET s, ULONGLONG serial) {
    OVERLAPPED overlapped = {0};
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    int error;

    if (event == NULL)
        return WSAENOBUFS;
    error = flush__begin(s, serial, event, &overlapped);
    if (error == WSA_IO_PENDING) {
        flush__wait(s, serial, event);
        error = flush__end(s, &overlapped);
    }
    host.CloseHandle(event);
    return error;
}

int flush_try(SOCKET s, ULONGLONG serial) {
    OVERLAPPED overlapped = {0};
    HANDLE event;
    int error;

    /* What would have to be waited for could not be given up again. */
    if (host.CancelIoEx == NULL)
        return WSAEWOULDBLOCK;
    event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (event == NULL)
        return WSAENOBUFS;
    error = flush__begin(s, serial, event, &overlapped);
    if (error == WSA_IO_PENDING) {
        host.CancelIoEx((HANDLE) s, &overlapped);
        error = flush__end(s, &overlapped);
        if (error == WSA_OPERATION_ABORTED)
            error = WSAEWOULDBLOCK;
    }
    host.CloseHandle(event);
    return error;
}
