/* SPDX-License-Identifier: MIT */
#include "ext/disconnectex.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/issue.h"
#include "core/reuse.h"
#include "core/table.h"
#include "core/way.h"
#include "host/caps.h"
#include "host/seconds.h"

/* An empty send, queued behind those that are under way, ends when they have ended, and tells
 * whether the connection still stands. */
struct disconnectex {
    struct op op;
    DWORD flags;
    int is_flushed; /* The empty send was begun. */
    int how;        /* Of a shutdown() that was put off. */
    struct disconnect disconnect;
};

/* What a disconnect does, whoever begins it */

static int disconnect__check_connected(SOCKET s) {
    DWORD seconds;
    int error = seconds_connected(s, &seconds);
    if (error != 0)
        return error == WSAENOTSOCK || status_is_shortage(error) ? error : WSAENOTCONN;
    return seconds != SECONDS_NEVER ? 0 : WSAENOTCONN;
}

int disconnect_begin(struct disconnect* self, SOCKET s, DWORD flags) {
    struct socket* socket;
    int error = caps_find(CAPS_OPERATIONS) == 0 ? disconnect__check_connected(s) : WSAENOBUFS;

    self->serial = 0;
    self->flags = flags;
    self->is_reusing = 0;
    if (error == 0 && (flags & TF_REUSE_SOCKET))
        error = reuse_check();
    if (error != 0)
        return error;
    socket = socket_need(s);
    if (socket == NULL)
        error = WSAENOBUFS;
    else if (socket_step(socket, LIFECYCLE_DISCONNECT) != 0)
        error = WSAENOTCONN;
    else
        self->serial = socket->serial;
    socket_release(s);
    return error;
}

/* A program may have shut the sending side down by itself, which the host keeps with the handle, so
 * that nothing could be sent ever after. */
static int disconnect__end(struct disconnect* self, SOCKET s, int send_error) {
    if (send_error != 0 && send_error != WSAESHUTDOWN)
        return send_error;
    if (!(self->flags & TF_REUSE_SOCKET))
        return host.shutdown(s, SD_SEND) == 0 ? 0 : WSAGetLastError();
    if (send_error == WSAESHUTDOWN)
        return WSAEOPNOTSUPP;
    if (!self->is_reusing)
        reuse_begin(&self->reuse, s, self->serial);
    self->is_reusing = 1;
    return reuse_try(&self->reuse);
}

/* send_error is 0, or what a send failed with. Returns 0 or a Winsock error: WSAEWOULDBLOCK where
 * it has to be tried again in REUSE_PAUSE milliseconds. */
static int disconnect__finish(struct disconnect* self, SOCKET s, int send_error) {
    struct socket* socket = socket_find_same(s, self->serial);
    int is_there = socket != NULL && lifecycle_is_disconnecting(&socket->lifecycle);
    int error;

    socket_release(s);
    if (!is_there)
        return WSAENOTSOCK; /* Closed meanwhile: the handle may be another's. */
    error = disconnect__end(self, s, send_error);
    if (error == WSAEWOULDBLOCK)
        return error;
    socket = socket_find_same(s, self->serial);
    if (socket != NULL)
        socket_step(socket, error != 0                      ? LIFECYCLE_STAYS
                            : self->flags & TF_REUSE_SOCKET ? LIFECYCLE_REUSED
                                                            : LIFECYCLE_DISCONNECTED);
    if (socket != NULL && error == 0 && (self->flags & TF_REUSE_SOCKET))
        socket->carried.finished = 1;
    socket_release(s);
    self->serial = 0;
    return error;
}

enum op_verdict disconnect_finish(struct disconnect* self, struct op* op, uint32_t status) {
    int error;
    op_end(op, status);
    error = disconnect__finish(self, op->handle, op_error(op));
    if (error != WSAEWOULDBLOCK)
        return op_fail(op, error);
    op->retry = REUSE_PAUSE;
    return OP_LATER;
}

void disconnect_give_up(struct disconnect* self, struct socket* socket) {
    if (self->serial != 0 && socket->serial == self->serial)
        socket_step(socket, LIFECYCLE_STAYS);
    self->serial = 0;
}

void disconnect_cancel(struct disconnect* self, SOCKET s) {
    struct socket* socket = socket_find_same(s, self->serial);
    if (socket != NULL)
        disconnect_give_up(self, socket);
    socket_release(s);
}

/* The operation */

static enum op_verdict disconnectex__advance(struct op* op, uint32_t status, DWORD bytes) {
    struct disconnectex* self = (struct disconnectex*) op;
    WSABUF nothing = {0, NULL};
    (void) bytes;

    /* A cancelled step that nobody of the program has cancelled ended with the thread that began
     * it, and the operation goes on. */
    if (!self->is_flushed || status == STATUS__CANCELLED) {
        self->is_flushed = 1;
        op->more = 1;
        if (op_send(op, &nothing, 1) == OP_WAITS)
            return OP_WAITS;
        status = op->status;
    }
    if (status == STATUS__CANCELLED)
        return OP_ENDS;
    return disconnect_finish(&self->disconnect, op, status);
}

/* One that was cancelled leaves the connection as it is. */
static void disconnectex__settle(struct socket* socket, struct op* op) {
    disconnect_give_up(&((struct disconnectex*) op)->disconnect, socket);
}

static void disconnectex__destroy(struct op* op) {
    free(op);
}

static const struct op_kind disconnectex__kind = {STATS_DISCONNECTEX, disconnectex__advance, NULL,
                                                  disconnectex__settle, disconnectex__destroy};

static enum op_verdict disconnectex__shut(struct op* op, uint32_t status, DWORD bytes) {
    struct disconnectex* self = (struct disconnectex*) op;
    WSABUF nothing = {0, NULL};
    (void) bytes;
    if (!self->is_flushed) {
        self->is_flushed = 1;
        op->more = 1;
        return op_send(op, &nothing, 1);
    }
    host.shutdown(op->handle, self->how);
    return op_end(op, status);
}

static const struct op_kind disconnectex__shutdown = {STATS_SEND, disconnectex__shut, NULL, NULL,
                                                      disconnectex__destroy};

static int disconnectex__issue(SOCKET s, struct disconnectex* self) {
    struct socket* socket = socket_find_same(s, self->disconnect.serial);
    /* As with ConnectEx, one that has ended within the call is reported as one that was pending,
     * with a packet, also in skip mode. */
    self->op.never_skips = 1;
    if (socket != NULL)
        op_attach(socket, &self->op);
    socket_release(s);
    if (socket != NULL)
        return issue_op(&self->op);
    op_discard(&self->op);
    free(self);
    return WSAENOTSOCK;
}

static int disconnectex__run(SOCKET s, OVERLAPPED* overlapped, DWORD flags) {
    struct disconnectex* self = calloc(1, sizeof *self);
    enum op_executor executor;
    int error;

    if (self == NULL)
        return WSAENOBUFS;
    error = disconnect_begin(&self->disconnect, s, flags);
    if (error == 0) {
        executor = issue_executor(s, overlapped);
        error = issue_prepare(executor);
        if (error == 0)
            error = op_init(&self->op, &disconnectex__kind, executor, overlapped);
        if (error == 0)
            return disconnectex__issue(s, self);
        disconnect_cancel(&self->disconnect, s);
    }
    free(self);
    return error;
}

int disconnectex_shut_later(SOCKET s, int how) {
    struct disconnectex* self = calloc(1, sizeof *self);
    enum op_executor executor = way_is_by_workers() ? OP_WORKER : OP_LOOP;
    struct socket* socket;
    int is_up;

    if (self == NULL || issue_prepare(executor) != 0 ||
        op_init(&self->op, &disconnectex__shutdown, executor, NULL) != 0) {
        free(self);
        return 0;
    }
    self->how = how;
    socket = socket_find(s);
    is_up = socket != NULL && !lifecycle_is_connecting(&socket->lifecycle);
    if (is_up)
        op_attach(socket, &self->op);
    socket_release(s);
    if (is_up)
        issue_op(&self->op);
    else
        free(self);
    return is_up;
}

static int disconnectex__checked(SOCKET s, OVERLAPPED* overlapped, DWORD flags, DWORD reserved) {
    if (host_is_shut())
        return WSANOTINITIALISED;
    if (reserved != 0 || (flags & ~(DWORD) TF_REUSE_SOCKET) != 0)
        return WSAEINVAL;
    if (overlapped != NULL && !memory_is_writable(overlapped, sizeof *overlapped))
        return WSAEFAULT;
    return disconnectex__run(s, overlapped, flags);
}

BOOL PASCAL disconnectex_call(SOCKET s, OVERLAPPED* overlapped, DWORD flags, DWORD reserved) {
    int error = disconnectex__checked(s, overlapped, flags, reserved);
    stats_count_call(STATS_DISCONNECTEX, error, 0);
    log_info("socket %#Ix DisconnectEx%s is answered with %s (%d)", (size_t) s,
             flags & TF_REUSE_SOCKET ? " for reuse" : "", status_error_name(error), error);
    WSASetLastError(error);
    return error == 0;
}
