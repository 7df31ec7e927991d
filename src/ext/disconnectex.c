/* SPDX-License-Identifier: MIT */
#include "ext/disconnectex.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/delivery.h"
#include "core/engine.h"
#include "core/flush.h"
#include "core/reuse.h"
#include "core/table.h"
#include "host/seconds.h"

/* An empty send, queued behind those that are under way, ends when they have ended, and tells
 * whether the connection still stands. */
struct disconnectex {
    struct task task;
    ULONGLONG serial;
    DWORD flags;
    int is_flushed;  /* The empty send was begun. */
    int is_finished; /* What comes after it was done, whatever came of it. */
};

static int disconnectex__is_connected(SOCKET s) {
    DWORD seconds;
    int error = seconds_connected(s, &seconds);
    if (error != 0)
        return error == WSAENOTSOCK || status_is_shortage(error) ? error : WSAENOTCONN;
    return seconds != SECONDS_NEVER ? 0 : WSAENOTCONN;
}

int disconnectex_begin(SOCKET s, DWORD flags, ULONGLONG* serial) {
    struct socket* socket;
    int error = disconnectex__is_connected(s);

    if (error != 0)
        return error;
    if (flags & TF_REUSE_SOCKET)
        error = reuse_check();
    if (error != 0)
        return error;
    socket = socket_need(s);
    if (socket == NULL)
        error = WSAENOBUFS;
    else if (socket_step(socket, MACHINE_DISCONNECT) & MACHINE_FORBIDDEN)
        error = WSAENOTCONN;
    else
        *serial = socket->serial;
    socket_release(s);
    return error;
}

/* The record, locked, of a socket that is still being disconnected. */
static struct socket* disconnectex__find(SOCKET s, ULONGLONG serial) {
    struct socket* socket = socket_find_same(s, serial);
    return socket != NULL && socket->machine.state == MACHINE_DISCONNECTING ? socket : NULL;
}

/* No lock is held while the host's operations end. */
static int disconnectex__reuse(SOCKET s, ULONGLONG serial) {
    struct reuse reuse;
    int error;
    reuse_begin(&reuse, s, serial);
    while ((error = reuse_try(&reuse)) == WSAEWOULDBLOCK)
        Sleep(REUSE_PAUSE);
    return error;
}

/* A program may have shut the sending side down by itself, which the host keeps with the handle, so
 * that nothing could be sent ever after. */
static int disconnectex__end(SOCKET s, ULONGLONG serial, DWORD flags, int send_error) {
    int error = WSAENOTSOCK; /* Closed meanwhile: the handle may be another's. */
    if (send_error != 0 && send_error != WSAESHUTDOWN)
        return send_error;
    if (flags & TF_REUSE_SOCKET)
        return send_error == WSAESHUTDOWN ? WSAEOPNOTSUPP : disconnectex__reuse(s, serial);
    if (disconnectex__find(s, serial) != NULL)
        error = host.shutdown(s, SD_SEND) == 0 ? 0 : WSAGetLastError();
    socket_release(s);
    return error;
}

int disconnectex_finish(SOCKET s, ULONGLONG serial, DWORD flags, int send_error) {
    int error = disconnectex__end(s, serial, flags, send_error);
    struct socket* socket = disconnectex__find(s, serial);
    if (socket != NULL) {
        /* What was begun meanwhile must not be sent on the next connection. */
        if (error == 0 && (flags & TF_REUSE_SOCKET))
            task_cancel_unsent(socket);
        socket_step(socket, error == 0 && (flags & TF_REUSE_SOCKET) ? MACHINE_REUSED
                                                                    : MACHINE_DISCONNECTED);
    } else {
        error = WSAENOTSOCK;
    }
    socket_release(s);
    return error;
}

static enum task_verdict disconnectex__advance(struct task* task, uint32_t status, DWORD bytes) {
    struct disconnectex* self = (struct disconnectex*) task;
    WSABUF nothing = {0, NULL};
    int error;
    (void) bytes;

    if (!self->is_flushed) {
        self->is_flushed = 1;
        if (task_send(task, &nothing, 1) == TASK_WAITS)
            return TASK_WAITS;
        status = task->status;
    }
    if (status == STATUS__CANCELLED)
        return task_end(task, STATUS__CANCELLED, 0);
    self->is_finished = 1;
    error = disconnectex_finish(task->handle, self->serial, self->flags, status_to_error(status));
    return task_end(task, error == 0 ? STATUS__SUCCESS : status_from_error(error), 0);
}

/* One that was cancelled leaves the connection as it is. Once it is finished, the next disconnect
 * may have begun. */
static void disconnectex__settle(struct socket* socket, struct task* task) {
    const struct disconnectex* self = (const struct disconnectex*) task;
    if (!self->is_finished)
        socket_step(socket, MACHINE_DISCONNECTED);
}

static void disconnectex__release(struct task* task) {
    free(task);
}

static const struct task_kind disconnectex__kind = {STATS_DISCONNECTEX, disconnectex__advance, NULL,
                                                    disconnectex__settle, disconnectex__release};

static int disconnectex__start(SOCKET s, ULONGLONG serial, OVERLAPPED* overlapped, DWORD flags) {
    struct disconnectex* self = calloc(1, sizeof *self);
    struct socket* socket;
    int error = WSAENOTSOCK;

    if (self == NULL)
        return WSAENOBUFS;
    self->task.kind = &disconnectex__kind;
    self->task.overlapped = overlapped;
    self->task.is_behind = 1;
    self->serial = serial;
    self->flags = flags;
    socket = socket_find_same(s, serial);
    if (socket != NULL)
        error = task_start(socket, &self->task);
    socket_release(s);
    if (error != 0)
        free(self);
    return error != 0 ? error : ERROR_IO_PENDING;
}

/* The same for a caller that waits; see transmit.c for the event. */
static int disconnectex__start_and_wait(SOCKET s, ULONGLONG serial, DWORD flags) {
    OVERLAPPED overlapped = {0};
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    int error;

    if (event == NULL)
        return WSAENOBUFS;
    overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    error = disconnectex__start(s, serial, &overlapped, flags);
    if (error == ERROR_IO_PENDING) {
        WaitForSingleObject(event, INFINITE);
        error = (uint32_t) overlapped.Internal == STATUS__SUCCESS
                    ? 0
                    : status_to_error((uint32_t) overlapped.Internal);
    } else {
        disconnectex_finish(s, serial, flags, error);
    }
    host.CloseHandle(event);
    return error;
}

/* Whether transmissions of ours have steps to come, which an empty send would not be behind. */
static int disconnectex__is_behind(SOCKET s) {
    const struct socket* socket = socket_find(s);
    int is_behind = socket != NULL && task_has_more(socket);
    socket_release(s);
    return is_behind;
}

/* The operation has ended within the call. As with ConnectEx it is reported as one that was
 * pending, with a packet, also in skip mode. */
static int disconnectex__complete(SOCKET s, ULONGLONG serial, OVERLAPPED* overlapped) {
    struct socket* socket;
    if (overlapped == NULL)
        return 0;
    socket = socket_find_same(s, serial);
    if (socket != NULL) {
        delivery_begin(overlapped);
        stats_count_end(STATS_DISCONNECTEX, 0);
        delivery_complete(socket, overlapped, STATUS__SUCCESS, 0);
    }
    socket_release(s);
    return socket != NULL ? ERROR_IO_PENDING : WSAENOTSOCK;
}

static int disconnectex__checked(SOCKET s, OVERLAPPED* overlapped, DWORD flags, DWORD reserved) {
    ULONGLONG serial;
    int error;

    if (host_is_shut())
        return WSANOTINITIALISED;
    if (reserved != 0 || (flags & ~(DWORD) TF_REUSE_SOCKET) != 0)
        return WSAEINVAL;
    if (overlapped != NULL && !memory_is_writable(overlapped, sizeof *overlapped))
        return WSAEFAULT;
    error = disconnectex_begin(s, flags, &serial);
    if (error != 0)
        return error;

    if (disconnectex__is_behind(s))
        error = WSAEWOULDBLOCK;
    else
        error = overlapped != NULL ? flush_try(s, serial) : flush_sends(s, serial);
    if (error == WSAEWOULDBLOCK) {
        error = overlapped != NULL ? disconnectex__start(s, serial, overlapped, flags)
                                   : disconnectex__start_and_wait(s, serial, flags);
        if (error != ERROR_IO_PENDING && overlapped != NULL)
            disconnectex_finish(s, serial, flags, error);
        return error;
    }
    error = disconnectex_finish(s, serial, flags, error);
    return error != 0 ? error : disconnectex__complete(s, serial, overlapped);
}

BOOL PASCAL disconnectex_call(SOCKET s, OVERLAPPED* overlapped, DWORD flags, DWORD reserved) {
    int error = disconnectex__checked(s, overlapped, flags, reserved);
    stats_count_call(STATS_DISCONNECTEX, error, 0);
    log_info("socket %#Ix DisconnectEx%s is answered with %s (%d)", (size_t) s,
             flags & TF_REUSE_SOCKET ? " for reuse" : "", status_error_name(error), error);
    WSASetLastError(error);
    return error == 0;
}
