/* SPDX-License-Identifier: MIT */
#include "ext/cancel.h"

#include "base/log.h"
#include "base/status.h"
#include "core/afd.h"
#include "core/delivery.h"
#include "core/engine.h"
#include "core/socket.h"
#include "core/stats.h"
#include "core/table.h"
#include "core/task.h"

/* Has the host cancel what it carries. The OVERLAPPED is only named here: if the operation has
 * ended, the host does not find it. */
static void cancel__carried(struct socket* socket) {
    if (socket->finished)
        return;
    if (host.CancelIoEx != NULL)
        host.CancelIoEx((HANDLE) socket->handle, socket->overlapped);
    else if (socket->by_engine)
        engine_cancel(socket);
    else
        host.CancelIo((HANDLE) socket->handle);
}

/* Whether the engine's thread alone could cancel what the host carries, for want of CancelIoEx. */
static int cancel__is_only_by_engine(const struct socket* socket) {
    return host.CancelIoEx == NULL && socket->by_engine && !socket->finished &&
           machine_is_carried(&socket->machine);
}

/* The same where the socket lives on. A program may use an OVERLAPPED again as soon as its
 * operation has ended, which we need not have noticed, so the socket is asked first: it reports
 * that it can be written to only while no send is queued. */
static void cancel__carried_if_sending(struct socket* socket) {
    unsigned events = 0;
    if (afd_is_available() && afd_look(&socket->handle, AFD_EVENT_SEND, &events, 1) == 0 &&
        (events & AFD_EVENT_SEND))
        socket->finished = 1;
    cancel__carried(socket);
}

/* Under the record's lock; returns whether an operation in our hands was completed. */
static int cancel__step(struct socket* socket, enum machine_event event) {
    unsigned actions = socket_step(socket, event);
    if (!(actions & MACHINE_ABORT))
        return 0;
    socket->operation = NULL;
    delivery_complete(socket, socket->overlapped, STATUS__CANCELLED, 0);
    return 1;
}

int cancel_operation(SOCKET s, const OVERLAPPED* overlapped) {
    struct socket* socket = socket_find(s);
    int done = 0;
    if (socket != NULL && machine_is_connecting(&socket->machine) &&
        (overlapped == NULL || overlapped == socket->overlapped))
        done = cancel__step(socket, MACHINE_CANCEL);
    if (socket != NULL && (overlapped == NULL || overlapped == socket->overlapped) &&
        cancel__is_only_by_engine(socket)) {
        engine_cancel(socket);
        done = 1;
    }
    if (socket != NULL && task_cancel(socket, overlapped, 0) > 0)
        done = 1;
    socket_release(s);
    return done;
}

int cancel_own_operation(SOCKET s) {
    struct socket* socket = socket_find(s);
    int done = 0;
    if (socket != NULL && socket->owner == GetCurrentThreadId()) {
        unsigned carried = machine_is_carried(&socket->machine) && socket->by_engine;
        done = cancel__step(socket, MACHINE_CANCEL);
        /* The host counts the send as the engine's thread's, so CancelIo would not find it. */
        if (carried)
            cancel__carried_if_sending(socket);
    }
    if (socket != NULL && task_cancel(socket, NULL, GetCurrentThreadId()) > 0)
        done = 1;
    socket_release(s);
    return done;
}

void cancel_for_close(SOCKET s) {
    struct socket* socket = socket_find(s);
    if (socket != NULL) {
        unsigned actions;
        log_info("socket %#Ix #%u closed while %s", (size_t) s, socket->number,
                 machine_state_name((enum machine_state) socket->machine.state));
        stats_count_close(socket);
        actions = socket_step(socket, MACHINE_CLOSE);
        socket->operation = NULL;
        if (actions & MACHINE_ABORT)
            delivery_complete(socket, socket->overlapped, STATUS__CANCELLED, 0);
        /* A ConnectEx that the host has as a whole it cancels by itself when the socket closes. */
        if ((actions & MACHINE_CANCEL_HOST) && socket->is_send)
            cancel__carried(socket);
        /* The others of the socket's operations end with it in any case. */
        if (socket->endless && host.CancelIoEx != NULL)
            host.CancelIoEx((HANDLE) s, NULL);
        socket_close(socket, 0);
    } else {
        table_change_flags(s, 0, TABLE_ALL);
    }
    socket_release(s);
}

void cancel_after_close(SOCKET s) {
    struct socket* socket = socket_find(s);
    if (socket != NULL && socket->machine.state == MACHINE_CLOSED)
        socket_forget(socket);
    socket_release(s);
}

void cancel_for_lost_handle(SOCKET s) {
    struct socket* socket = socket_find(s);
    if (socket != NULL) {
        if (socket_step(socket, MACHINE_CLOSE) & MACHINE_ABORT)
            delivery_complete_closed(socket, socket->overlapped, STATUS__CANCELLED, 0);
        socket_forget(socket);
    } else {
        table_change_flags(s, 0, TABLE_ALL);
    }
    socket_release(s);
}

static void cancel__visit(uintptr_t handle, void* place, void* context) {
    struct socket* socket = place;
    (void) handle;
    task_thread_exits(socket, *(const DWORD*) context);
    if (socket->owner != *(const DWORD*) context || socket->survives)
        return;
    if (socket->by_engine && machine_is_carried(&socket->machine))
        cancel__carried_if_sending(socket);
    else
        cancel__step(socket, MACHINE_THREAD_EXIT);
}

void cancel_for_thread_exit(void) {
    DWORD thread = GetCurrentThreadId();
    /* What the host carries for the thread itself it cancels by itself. */
    if (engine_is_running())
        table_for_each(cancel__visit, &thread);
}
