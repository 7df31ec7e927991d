/* SPDX-License-Identifier: MIT */
#include "ext/transmit.h"

#include <stdlib.h>

#include "base/status.h"
#include "core/delivery.h"
#include "core/table.h"
#include "core/task.h"
#include "ext/disconnectex.h"
#include "ext/sendlock.h"

struct transmit {
    struct task task;
    ULONGLONG serial; /* Of the record, for an operation that ends with a disconnect. */
    DWORD flags;
    struct sendlist* list;
    struct sendlist_step step; /* The one that is under way. */
    int is_begun;              /* It was begun, and what came of it is to be taken into account. */
    int has_sent;              /* There was one. */
    int is_finished;           /* The disconnect that it ends with was done, whatever came of it. */
};

/* The task */

static void transmit__let_go(struct task* task) {
    sendlist_let_go(((struct transmit*) task)->list);
}

static void transmit__release(struct task* task) {
    struct transmit* self = (struct transmit*) task;
    sendlist_free(self->list);
    free(self);
}

/* Messages take turns with those that options are changed for. Under the record's lock nobody
 * begins to need turns between the question and the send. */
static enum task_verdict transmit__send_message(struct transmit* self) {
    struct task* task = &self->task;
    enum task_verdict verdict = TASK_LATER;
    struct sendlock* sendlock = NULL;
    int is_free = 1;

    if (task->is_waiting) {
        sendlock = sendlock_begin_plain(task->handle);
    } else {
        socket_find(task->handle);
        is_free = sendlock_try_plain(task->handle, &sendlock) == 0;
    }
    if (is_free)
        verdict = task_send(task, self->step.buffers, self->step.count);
    if (sendlock != NULL)
        sendlock_end(sendlock, verdict == TASK_WAITS);
    if (!task->is_waiting)
        socket_release(task->handle);
    return verdict;
}

/* Begins the next step; an error ends the operation. */
static enum task_verdict transmit__send(struct transmit* self) {
    struct task* task = &self->task;
    enum task_verdict verdict;
    int error = sendlist_make_step(self->list, &self->step);

    if (error != 0) {
        task->error = error;
        return task_end(task, status_from_error(error), task->bytes);
    }
    self->has_sent = 1;
    task->more = !self->step.is_last || (self->flags & TF_DISCONNECT);
    verdict = sendlist_are_messages(self->list)
                  ? transmit__send_message(self)
                  : task_send(task, self->step.buffers, self->step.count);
    self->is_begun = verdict == TASK_WAITS;
    return verdict;
}

/* Everything was sent, or a send has failed. */
static enum task_verdict transmit__end(struct transmit* self, uint32_t status) {
    struct task* task = &self->task;
    int error;
    if (!(self->flags & TF_DISCONNECT) || status == STATUS__CANCELLED)
        return task_end(task, status, task->bytes);
    self->is_finished = 1;
    error = disconnectex_finish(task->handle, self->serial, self->flags, status_to_error(status));
    task->error = error;
    return task_end(task, error == 0 ? STATUS__SUCCESS : status_from_error(error), task->bytes);
}

/* By an empty send a disconnect learns that all before it has been sent. */
static int transmit__has_to_send(const struct transmit* self) {
    return sendlist_are_left(self->list) || ((self->flags & TF_DISCONNECT) && !self->has_sent);
}

static enum task_verdict transmit__advance(struct task* task, uint32_t status, DWORD bytes) {
    struct transmit* self = (struct transmit*) task;

    if (self->is_begun) {
        self->is_begun = 0;
        task->bytes += bytes;
        sendlist_end_step(self->list, bytes);
    } else {
        sendlist_drop_step(self->list);
    }
    /* A cancelled step that nobody of the program has cancelled ended with the thread that began
     * it, and the operation goes on. */
    if (status != STATUS__SUCCESS && status != STATUS__CANCELLED)
        return transmit__end(self, status);
    return transmit__has_to_send(self) ? transmit__send(self)
                                       : transmit__end(self, STATUS__SUCCESS);
}

/* One that did not come to its end leaves the connection as it is. Once it did, the next disconnect
 * may have begun. */
static void transmit__settle(struct socket* socket, struct task* task) {
    const struct transmit* self = (const struct transmit*) task;
    if ((self->flags & TF_DISCONNECT) && !self->is_finished)
        socket_step(socket, MACHINE_DISCONNECTED);
}

static const struct task_kind transmit__file = {
    STATS_TRANSMITFILE, transmit__advance, transmit__let_go, transmit__settle, transmit__release};
static const struct task_kind transmit__packets = {STATS_TRANSMITPACKETS, transmit__advance,
                                                   transmit__let_go, transmit__settle,
                                                   transmit__release};

/* Carrying it out */

int transmit_can_count(SOCKET s, const OVERLAPPED* overlapped) {
    struct socket* socket;
    int can;
    if (overlapped == NULL || (table_flags(s) & TABLE_SEEN))
        return 1;
    socket = socket_find(s);
    can = socket != NULL ? delivery_can_count(socket, overlapped)
                         : !delivery_wants_packet(overlapped);
    socket_release(s);
    return can;
}

/* What is one send of memory the host can do with the program's OVERLAPPED. */
static int transmit__is_one_send(struct transmit* self) {
    return sendlist_are_memory(self->list) && !(self->flags & TF_DISCONNECT) &&
           sendlist_make_step(self->list, &self->step) == 0 && self->step.is_last &&
           self->step.length > 0;
}

static int transmit__hand_over(SOCKET s, const struct transmit* self, OVERLAPPED* overlapped) {
    struct sendlock* sendlock = sendlist_are_messages(self->list) ? sendlock_begin_plain(s) : NULL;
    int error = 0;
    DWORD sent;
    if (host.WSASend(s, self->step.buffers, self->step.count, &sent, 0, overlapped, NULL) != 0)
        error = WSAGetLastError();
    if (sendlock != NULL)
        sendlock_end(sendlock, error == WSA_IO_PENDING);
    return error;
}

/* The record of a socket that is to be disconnected is there already. */
static struct socket* transmit__need(SOCKET s, const struct transmit* self, int* error) {
    int ends = (self->flags & TF_DISCONNECT) != 0;
    struct socket* socket = ends ? socket_find_same(s, self->serial) : socket_need(s);
    *error = ends ? WSAENOTSOCK : WSAENOBUFS;
    return socket;
}

static int transmit__begin(SOCKET s, struct transmit* self, OVERLAPPED* overlapped) {
    int error;
    struct socket* socket = transmit__need(s, self, &error);
    self->task.overlapped = overlapped;
    if (socket != NULL)
        error = task_begin(socket, &self->task);
    socket_release(s);
    return error;
}

/* Waits on an OVERLAPPED of ours, whose event's low bit keeps it out of the program's port. Returns
 * 0 or a Winsock error, and whether the operation is gone. */
static int transmit__begin_and_wait(SOCKET s, struct transmit* self, int* is_gone) {
    OVERLAPPED overlapped = {0};
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    int error;

    if (event == NULL)
        return WSAENOBUFS;
    overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    error = transmit__begin(s, self, &overlapped);
    *is_gone = error == 0 || error == ERROR_IO_PENDING;
    if (*is_gone) {
        WaitForSingleObject(event, INFINITE);
        error = (uint32_t) overlapped.Internal == STATUS__SUCCESS
                    ? 0
                    : status_to_error((uint32_t) overlapped.Internal);
    }
    host.CloseHandle(event);
    return error;
}

/* On a socket whose I/O makes the caller wait, an OVERLAPPED is completed when the call returns.
 * The socket may have been closed by then. */
static int transmit__carry_out(SOCKET s, struct transmit* self, OVERLAPPED* overlapped) {
    int error;
    struct socket* socket = transmit__need(s, self, &error);
    ULONGLONG serial = socket != NULL ? socket->serial : 0;

    socket_release(s);
    if (serial == 0)
        return error;
    error = task_carry_out(s, &self->task);
    if (error != 0 || overlapped == NULL)
        return error;
    socket = socket_find_same(s, serial);
    if (socket != NULL) {
        delivery_begin(overlapped);
        delivery_complete(socket, overlapped, STATUS__SUCCESS, (DWORD) self->task.bytes);
    }
    socket_release(s);
    return socket != NULL ? 0 : WSAENOTSOCK;
}

static void transmit__undo_disconnect(SOCKET s, ULONGLONG serial) {
    struct socket* socket = socket_find_same(s, serial);
    if (socket != NULL)
        socket_step(socket, MACHINE_DISCONNECTED);
    socket_release(s);
}

static int transmit__run(SOCKET s, struct transmit* self, OVERLAPPED* overlapped, int* is_gone) {
    int error;
    if (table_flags(s) & TABLE_SYNCHRONOUS)
        return transmit__carry_out(s, self, overlapped);
    if (!transmit_can_count(s, overlapped) && transmit__is_one_send(self))
        return transmit__hand_over(s, self, overlapped);
    if (overlapped == NULL)
        return transmit__begin_and_wait(s, self, is_gone);
    error = transmit__begin(s, self, overlapped);
    *is_gone = error == 0 || error == ERROR_IO_PENDING;
    return error;
}

int transmit_run(SOCKET s, enum stats_function function, struct sendlist* list, DWORD flags,
                 OVERLAPPED* overlapped) {
    struct transmit* self = calloc(1, sizeof *self);
    int is_gone = 0, error = WSAENOBUFS;

    if (self == NULL) {
        sendlist_free(list);
        return error;
    }
    self->task.kind = function == STATS_TRANSMITFILE ? &transmit__file : &transmit__packets;
    self->flags = flags;
    self->list = list;
    error = flags & TF_DISCONNECT ? disconnectex_begin(s, flags, &self->serial) : 0;
    if (error == 0) {
        sendlist_begin(list);
        error = transmit__run(s, self, overlapped, &is_gone);
        if (!is_gone && error != 0 && (flags & TF_DISCONNECT) && !self->is_finished)
            transmit__undo_disconnect(s, self->serial);
    }
    if (!is_gone)
        transmit__release(&self->task);
    return error;
}
