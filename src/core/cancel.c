/* SPDX-License-Identifier: MIT */
#include "core/cancel.h"

#include "base/log.h"
#include "core/loop.h"
#include "core/op.h"
#include "core/stats.h"
#include "core/table.h"
#include "core/worker.h"

/* Under the socket's lock: cancels those with this OVERLAPPED (any for NULL) that this thread
 * issued (any for 0). The kind makes no difference. Returns how many there were. */
static unsigned cancel__matching(struct socket* socket, const OVERLAPPED* overlapped, DWORD owner) {
    struct op* op = socket->ops;
    unsigned count = 0;
    while (op != NULL) {
        struct op* next = op->sibling; /* One that ends at once leaves the list. */
        if ((overlapped == NULL || overlapped == op->overlapped) &&
            (owner == 0 || owner == op->owner))
            count += (unsigned) op_cancel(socket, op);
        op = next;
    }
    return count;
}

int cancel_operations(SOCKET s, const OVERLAPPED* overlapped) {
    struct socket* socket = socket_find(s);
    unsigned count = socket != NULL ? cancel__matching(socket, overlapped, 0) : 0;
    socket_release(s);
    return count > 0;
}

int cancel_own_operations(SOCKET s) {
    struct socket* socket = socket_find(s);
    unsigned count = socket != NULL ? cancel__matching(socket, NULL, GetCurrentThreadId()) : 0;
    socket_release(s);
    return count > 0;
}

/* Closing */

/* A handle that is protected stays open, and with it all that is under way. The host is asked only
 * where there is something that would end for nothing. */
static int cancel__is_protected(SOCKET s) {
    DWORD flags = 0;
    return GetHandleInformation((HANDLE) s, &flags) && (flags & HANDLE_FLAG_PROTECT_FROM_CLOSE);
}

static int cancel__has_send(const struct socket* socket) {
    return socket->carried.is_send && !socket->carried.finished;
}

static int cancel__has_operations(SOCKET s) {
    const struct socket* socket = socket_find(s);
    int has = socket != NULL && (socket->ops != NULL || socket->rio != NULL ||
                                 socket->cancels_all || cancel__has_send(socket));
    socket_release(s);
    return has;
}

/* A host that closes a socket need not report its operations as cancelled (Wine 8 completes a
 * pending send with STATUS_HANDLES_CLOSED), so it is told to cancel them first. A ConnectEx that
 * the host has as a whole it cancels by itself. The OVERLAPPED is only named: if the operation has
 * ended, the host does not find it. */
static void cancel__carried(const struct socket* socket) {
    HANDLE handle = (HANDLE) socket->handle;
    if (host.CancelIoEx == NULL)
        return;
    if (socket->cancels_all)
        host.CancelIoEx(handle, NULL);
    else if (cancel__has_send(socket))
        host.CancelIoEx(handle, socket->carried.overlapped);
}

static void cancel__close_all(struct socket* socket, int is_closed) {
    struct op* op = socket->ops;
    while (op != NULL) {
        struct op* next = op->sibling;
        op_close(socket, op, is_closed);
        op = next;
    }
    loop_close(socket, is_closed);
}

int cancel_before_close(SOCKET s, struct cancel_closing* closing) {
    DWORD error = GetLastError();
    struct socket* socket;

    closing->handle = s;
    closing->serial = 0;
    closing->flags = 0;
    if (!(table_flags(s) & TABLE_SOCKET)) {
        closing->flags = table_drop_flags(s);
        return 0;
    }
    if (cancel__has_operations(s) && cancel__is_protected(s))
        return -1;
    socket = socket_find(s);
    /* Another thread may be about to forget a socket whose handle's value came back meanwhile. */
    if (socket != NULL && !lifecycle_is_closed(&socket->lifecycle)) {
        log_info("socket %#Ix #%u closed while %s", (size_t) s, socket->number,
                 lifecycle_state_name(&socket->lifecycle));
        stats_count_close(socket);
        closing->serial = socket->serial;
        closing->lifecycle = socket->lifecycle;
        socket_step(socket, LIFECYCLE_CLOSE);
        cancel__carried(socket);
        cancel__close_all(socket, 0);
    }
    socket_release(s);
    worker_leave(s);
    SetLastError(error);
    return 0;
}

void cancel_after_close(const struct cancel_closing* closing, int is_closed) {
    DWORD error = GetLastError();
    struct socket* socket;

    if (closing->flags != 0 && !is_closed)
        table_restore_flags(closing->handle, closing->flags);
    if (closing->serial == 0)
        return;
    socket = socket_find_same(closing->handle, closing->serial);
    /* Its operations have ended, but the socket lives on. */
    if (socket != NULL && !is_closed)
        socket->lifecycle = closing->lifecycle;
    else if (socket != NULL)
        socket_forget(socket);
    socket_release(closing->handle);
    SetLastError(error);
}

void cancel_closed(SOCKET s) {
    struct socket* socket = socket_find(s);
    if (socket != NULL && lifecycle_is_closed(&socket->lifecycle))
        socket_forget(socket);
    socket_release(s);
}

static void cancel__lose(struct socket* socket) {
    socket_step(socket, LIFECYCLE_CLOSE);
    cancel__close_all(socket, 1);
    socket_forget(socket);
}

void cancel_lost_socket(SOCKET s, ULONGLONG serial) {
    struct socket* socket = socket_find_same(s, serial);
    if (socket != NULL)
        cancel__lose(socket);
    socket_release(s);
}

void cancel_lost_handle(SOCKET s) {
    struct socket* socket = socket_find(s);
    if (socket != NULL)
        cancel__lose(socket);
    else
        table_change_flags(s, 0, TABLE_ALL);
    socket_release(s);
}

/* The end of a thread */

static void cancel__visit(uintptr_t handle, void* record, void* context) {
    struct socket* socket = record;
    struct op* op = socket->ops;
    (void) handle;
    while (op != NULL) {
        struct op* next = op->sibling;
        if (op->owner == *(const DWORD*) context && !op->survives)
            op_cancel(socket, op);
        op = next;
    }
}

void cancel_for_thread_exit(void) {
    DWORD thread = GetCurrentThreadId();
    /* What the host carries for the thread itself it cancels by itself. */
    if (loop_is_running())
        table_for_each(cancel__visit, &thread);
}
