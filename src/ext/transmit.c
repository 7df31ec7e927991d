/* SPDX-License-Identifier: MIT */
#include "ext/transmit.h"

#include <stdlib.h>

#include "core/status.h"
#include "core/table.h"
#include "core/task.h"
#include "drivers/delivery.h"
#include "ext/disconnectex.h"
#include "ext/turn.h"

struct transmit {
    struct task task;
    ULONGLONG serial; /* Of the record, for an operation that ends with a disconnect. */
    DWORD flags;
    struct parts* parts;
    struct parts_step step; /* The one that is under way. */
    int is_begun;           /* It was begun, and what came of it is to be taken into account. */
    int has_sent;           /* There was one. */
    int is_finished;        /* The disconnect that it ends with was done, whatever came of it. */
};

/* The task */

static void transmit__let_go(struct task* task) {
    parts_let_go(((struct transmit*) task)->parts);
}

static void transmit__release(struct task* task) {
    struct transmit* self = (struct transmit*) task;
    parts_free(self->parts);
    free(self);
}

/* Messages take turns with those that options are changed for. Under the record's lock nobody
 * begins to need turns between the question and the send. */
static enum task_verdict transmit__send_message(struct transmit* self) {
    struct task* task = &self->task;
    enum task_verdict verdict = TASK_LATER;
    struct turn* turn = NULL;
    int is_free = 1;

    if (task->is_waiting) {
        turn = turn_begin_plain(task->handle);
    } else {
        record_find(task->handle);
        is_free = turn_try_plain(task->handle, &turn) == 0;
    }
    if (is_free)
        verdict = task_send(task, self->step.buffers, self->step.count);
    if (turn != NULL)
        turn_end(turn, verdict == TASK_WAITS);
    if (!task->is_waiting)
        record_release(task->handle);
    return verdict;
}

/* Begins the next step; an error ends the operation. */
static enum task_verdict transmit__send(struct transmit* self) {
    struct task* task = &self->task;
    enum task_verdict verdict;
    int error = parts_make_step(self->parts, &self->step);

    if (error != 0) {
        task->error = error;
        return task_end(task, status_from_error(error), task->bytes);
    }
    self->has_sent = 1;
    task->more = !self->step.is_last || (self->flags & TF_DISCONNECT);
    verdict = parts_are_messages(self->parts)
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
    return parts_are_left(self->parts) || ((self->flags & TF_DISCONNECT) && !self->has_sent);
}

static enum task_verdict transmit__advance(struct task* task, uint32_t status, DWORD bytes) {
    struct transmit* self = (struct transmit*) task;

    if (self->is_begun) {
        self->is_begun = 0;
        task->bytes += bytes;
        parts_end_step(self->parts, bytes);
    } else {
        parts_drop_step(self->parts);
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
static void transmit__settle(struct record* record, struct task* task) {
    const struct transmit* self = (const struct transmit*) task;
    if ((self->flags & TF_DISCONNECT) && !self->is_finished)
        record_step(record, MACHINE_DISCONNECTED);
}

static const struct task_kind transmit__file = {
    STATS_TRANSMITFILE, transmit__advance, transmit__let_go, transmit__settle, transmit__release};
static const struct task_kind transmit__packets = {STATS_TRANSMITPACKETS, transmit__advance,
                                                   transmit__let_go, transmit__settle,
                                                   transmit__release};

/* Carrying it out */

int transmit_can_count(SOCKET s, const OVERLAPPED* overlapped) {
    struct record* record;
    int can;
    if (overlapped == NULL || (table_flags(s) & TABLE_SEEN))
        return 1;
    record = record_find(s);
    can = record != NULL ? delivery_can_count(record, overlapped)
                         : !delivery_wants_packet(overlapped);
    record_release(s);
    return can;
}

/* What is one send of memory the host can do with the program's OVERLAPPED. */
static int transmit__is_one_send(struct transmit* self) {
    return parts_are_memory(self->parts) && !(self->flags & TF_DISCONNECT) &&
           parts_make_step(self->parts, &self->step) == 0 && self->step.is_last &&
           self->step.length > 0;
}

static int transmit__hand_over(SOCKET s, const struct transmit* self, OVERLAPPED* overlapped) {
    struct turn* turn = parts_are_messages(self->parts) ? turn_begin_plain(s) : NULL;
    int error = 0;
    DWORD sent;
    if (host.WSASend(s, self->step.buffers, self->step.count, &sent, 0, overlapped, NULL) != 0)
        error = WSAGetLastError();
    if (turn != NULL)
        turn_end(turn, error == WSA_IO_PENDING);
    return error;
}

/* The record of a socket that is to be disconnected is there already. */
static struct record* transmit__need(SOCKET s, const struct transmit* self, int* error) {
    int ends = (self->flags & TF_DISCONNECT) != 0;
    struct record* record = ends ? record_find_same(s, self->serial) : record_need(s);
    *error = ends ? WSAENOTSOCK : WSAENOBUFS;
    return record;
}

static int transmit__begin(SOCKET s, struct transmit* self, OVERLAPPED* overlapped) {
    int error;
    struct record* record = transmit__need(s, self, &error);
    self->task.overlapped = overlapped;
    if (record != NULL)
        error = task_begin(record, &self->task);
    record_release(s);
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
    struct record* record = transmit__need(s, self, &error);
    ULONGLONG serial = record != NULL ? record->serial : 0;

    record_release(s);
    if (serial == 0)
        return error;
    error = task_carry_out(s, &self->task);
    if (error != 0 || overlapped == NULL)
        return error;
    record = record_find_same(s, serial);
    if (record != NULL) {
        delivery_begin(overlapped);
        delivery_complete(record, overlapped, STATUS__SUCCESS, (DWORD) self->task.bytes);
    }
    record_release(s);
    return record != NULL ? 0 : WSAENOTSOCK;
}

static void transmit__undo_disconnect(SOCKET s, ULONGLONG serial) {
    struct record* record = record_find_same(s, serial);
    if (record != NULL)
        record_step(record, MACHINE_DISCONNECTED);
    record_release(s);
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

int transmit_run(SOCKET s, enum stats_function function, struct parts* parts, DWORD flags,
                 OVERLAPPED* overlapped) {
    struct transmit* self = calloc(1, sizeof *self);
    int is_gone = 0, error = WSAENOBUFS;

    if (self == NULL) {
        parts_free(parts);
        return error;
    }
    self->task.kind = function == STATS_TRANSMITFILE ? &transmit__file : &transmit__packets;
    self->flags = flags;
    self->parts = parts;
    error = flags & TF_DISCONNECT ? disconnectex_begin(s, flags, &self->serial) : 0;
    if (error == 0) {
        parts_begin(parts);
        error = transmit__run(s, self, overlapped, &is_gone);
        if (!is_gone && error != 0 && (flags & TF_DISCONNECT) && !self->is_finished)
            transmit__undo_disconnect(s, self->serial);
    }
    if (!is_gone)
        transmit__release(&self->task);
    return error;
}
