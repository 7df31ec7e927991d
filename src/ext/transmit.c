/* SPDX-License-Identifier: MIT */
#include "ext/transmit.h"

#include <stdlib.h>

#include "base/status.h"
#include "core/issue.h"
#include "core/table.h"
#include "core/way.h"
#include "ext/disconnectex.h"
#include "ext/sendlock.h"
#include "host/caps.h"

/* The most bytes that are likely to be taken by the host at once. */
#define TRANSMIT__QUICK 16384u

struct transmit {
    struct op op;
    DWORD flags;
    struct sendlist* list;
    struct sendlist_step step; /* The one that is under way. */
    int is_begun;              /* It was begun, and what came of it is to be taken into account. */
    int has_sent;              /* There was one. */
    int is_sent;               /* All was sent, and only the disconnect is left. */
    int is_handed;             /* The host sends it, with the program's OVERLAPPED. */
    struct disconnect disconnect;
};

/* The kind */

static void transmit__give_back(struct op* op) {
    sendlist_let_go(((struct transmit*) op)->list);
}

static void transmit__destroy(struct op* op) {
    struct transmit* self = (struct transmit*) op;
    sendlist_free(self->list);
    free(self);
}

/* Messages take turns with those that options are changed for. Under the record's lock nobody
 * begins to need turns between the question and the send. */
static enum op_verdict transmit__send_message(struct transmit* self) {
    struct op* op = &self->op;
    enum op_verdict verdict = OP_LATER;
    struct sendlock* sendlock = NULL;
    int is_free = 1;

    if (op->executor == OP_CALLER) {
        sendlock = sendlock_begin_plain(op->handle);
    } else {
        socket_find(op->handle);
        is_free = sendlock_try_plain(op->handle, &sendlock) == 0;
        socket_release(op->handle);
    }
    if (is_free)
        verdict = op_send(op, self->step.buffers, self->step.count);
    if (sendlock != NULL)
        sendlock_end(sendlock, verdict == OP_WAITS);
    return verdict;
}

/* Begins the next step; an error ends the operation. */
static enum op_verdict transmit__send(struct transmit* self) {
    struct op* op = &self->op;
    enum op_verdict verdict;
    int error = sendlist_make_step(self->list, &self->step);

    if (error != 0)
        return op_fail(op, error);
    self->has_sent = 1;
    op->more = !self->step.is_last || (self->flags & TF_DISCONNECT);
    verdict = sendlist_are_messages(self->list) ? transmit__send_message(self)
                                                : op_send(op, self->step.buffers, self->step.count);
    self->is_begun = verdict == OP_WAITS;
    return verdict;
}

/* Everything was sent, or a send has failed. */
static enum op_verdict transmit__end(struct transmit* self, uint32_t status) {
    struct op* op = &self->op;
    if (!(self->flags & TF_DISCONNECT) || status == STATUS__CANCELLED)
        return op_end(op, status);
    self->is_sent = 1;
    return disconnect_finish(&self->disconnect, op, status);
}

/* By an empty send a disconnect learns that all before it has been sent. */
static int transmit__has_to_send(const struct transmit* self) {
    return sendlist_are_left(self->list) || ((self->flags & TF_DISCONNECT) && !self->has_sent);
}

/* What the host sends has ended when an empty send behind it has. */
static enum op_verdict transmit__follow(struct transmit* self, uint32_t status) {
    WSABUF nothing = {0, NULL};
    if (self->is_begun)
        return op_end(&self->op, status);
    self->is_begun = 1;
    return op_send(&self->op, &nothing, 1);
}

static enum op_verdict transmit__advance(struct op* op, uint32_t status, DWORD bytes) {
    struct transmit* self = (struct transmit*) op;

    if (self->is_handed)
        return transmit__follow(self, status);
    if (self->is_sent)
        return transmit__end(self, STATUS__SUCCESS);
    if (self->is_begun) {
        self->is_begun = 0;
        op->bytes += bytes;
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

/* One that did not come to its end leaves the connection as it is. */
static void transmit__settle(struct socket* socket, struct op* op) {
    disconnect_give_up(&((struct transmit*) op)->disconnect, socket);
}

static const struct op_kind transmit__file = {STATS_TRANSMITFILE, transmit__advance,
                                              transmit__give_back, transmit__settle,
                                              transmit__destroy};
static const struct op_kind transmit__packets = {STATS_TRANSMITPACKETS, transmit__advance,
                                                 transmit__give_back, transmit__settle,
                                                 transmit__destroy};

static const struct op_kind transmit__held = {STATS_SEND, transmit__advance, transmit__give_back,
                                              transmit__settle, transmit__destroy};

static const struct op_kind* transmit__kind(enum stats_function function) {
    switch (function) {
        case STATS_TRANSMITFILE:
            return &transmit__file;
        case STATS_TRANSMITPACKETS:
            return &transmit__packets;
        default:
            return &transmit__held;
    }
}

/* A port that is not known */

int transmit_can_count(SOCKET s, const OVERLAPPED* overlapped) {
    const struct socket* socket;
    struct target target = {0};
    int can;
    if (overlapped == NULL || (table_flags(s) & TABLE_SEEN))
        return 1;
    target.handle = s;
    socket = socket_find(s);
    if (socket != NULL)
        target = socket_target(socket);
    can = complete_can_count(&target, overlapped);
    socket_release(s);
    return can;
}

/* What the host ends within the call costs only the send where it has the program's OVERLAPPED.
 * That is likely of a short one that nothing of ours has to be sent before. */
static int transmit__is_quick(SOCKET s, const struct transmit* self, const OVERLAPPED* overlapped) {
    const struct socket* socket;
    int is_alone;
    if (issue_executor(s, overlapped) != OP_LOOP || sendlist_are_messages(self->list) ||
        sendlist_length(self->list) > TRANSMIT__QUICK || !sendlist_are_at_hand(self->list) ||
        (table_flags(s) & (TABLE_SEEN | TABLE_HOLDS)) != TABLE_SEEN)
        return 0;
    socket = socket_find(s);
    is_alone = socket == NULL || socket->ops == NULL;
    socket_release(s);
    return is_alone;
}

/* What is one send the host can do with the program's OVERLAPPED. */
static int transmit__is_one_send(struct transmit* self) {
    return !(self->flags & TF_DISCONNECT) && sendlist_make_step(self->list, &self->step) == 0 &&
           self->step.is_last && self->step.length > 0;
}

static int transmit__send_by_host(SOCKET s, const struct transmit* self, OVERLAPPED* overlapped) {
    struct sendlock* sendlock = sendlist_are_messages(self->list) ? sendlock_begin_plain(s) : NULL;
    int error = 0;
    DWORD sent;
    if (host.WSASend(s, self->step.buffers, self->step.count, &sent, 0, overlapped, NULL) != 0)
        error = WSAGetLastError();
    if (sendlock != NULL)
        sendlock_end(sendlock, error == WSA_IO_PENDING);
    return error;
}

/* Issuing it */

/* The record of a socket that is to be disconnected is there already. */
static struct socket* transmit__need(SOCKET s, const struct transmit* self, int* error) {
    int ends = (self->flags & TF_DISCONNECT) != 0;
    struct socket* socket = ends ? socket_find_same(s, self->disconnect.serial) : socket_need(s);
    *error = ends ? WSAENOTSOCK : WSAENOBUFS;
    return socket;
}

/* What the host says of a send at once, the caller is told at once, though a worker sends; but not
 * of one behind a payload, whose connect may still be under way. */
static int transmit__try(SOCKET s) {
    int error = 0;
    if (!(table_flags(s) & TABLE_HOLDS) && host.send(s, "", 0, 0) < 0)
        error = WSAGetLastError();
    return error == WSAEWOULDBLOCK ? 0 : error;
}

/* *is_gone is whether the operation is not the caller's any more. */
static int transmit__issue(SOCKET s, struct transmit* self, OVERLAPPED* overlapped, int* is_gone) {
    enum op_executor executor = issue_executor(s, overlapped);
    struct socket* socket;
    int error = issue_prepare(executor);

    self->op.is_message = (unsigned char) sendlist_are_messages(self->list);
    if (error == 0 && executor == OP_WORKER && !self->op.is_message)
        error = transmit__try(s);
    if (error == 0)
        error = op_init(&self->op, self->op.kind, executor, overlapped);
    if (error != 0)
        return error;
    socket = transmit__need(s, self, &error);
    if (socket != NULL)
        op_attach(socket, &self->op);
    socket_release(s);
    if (socket == NULL) {
        op_discard(&self->op);
        return error;
    }
    *is_gone = 1;
    return issue_op(&self->op);
}

/* An operation of nobody's that is put behind what the host sends gives back what that needs until
 * its end, and has it looked at meanwhile. */
static void transmit__put_behind(SOCKET s, struct transmit* self, int* is_gone) {
    struct socket* socket = socket_need(s);
    if (socket != NULL)
        socket->cancels_all = 1;
    socket_release(s);
    self->is_handed = 1;
    transmit__issue(s, self, NULL, is_gone);
}

/* To a port that is not known only the host can tell how much was sent. */
static int transmit__hand_over(SOCKET s, struct transmit* self, OVERLAPPED* overlapped,
                               int* is_gone) {
    int error = transmit__send_by_host(s, self, overlapped);
    if ((error == 0 || error == WSA_IO_PENDING) && !sendlist_are_memory(self->list))
        transmit__put_behind(s, self, is_gone);
    return error;
}

static int transmit__be_quick(SOCKET s, struct transmit* self, OVERLAPPED* overlapped,
                              int* is_gone) {
    enum stats_function function = self->op.kind->function;
    int error = transmit__send_by_host(s, self, overlapped);
    if (error == WSA_IO_PENDING)
        transmit__put_behind(s, self, is_gone);
    if (error != 0)
        return error;
    stats_count_end(function, 0);
    return table_flags(s) & TABLE_SKIP ? 0 : ERROR_IO_PENDING;
}

static int transmit__run(SOCKET s, struct transmit* self, OVERLAPPED* overlapped, int* is_gone) {
    /* A host of workers may send less than it is given. */
    if (!transmit_can_count(s, overlapped) && !way_is_by_workers() && transmit__is_one_send(self))
        return transmit__hand_over(s, self, overlapped, is_gone);
    if (transmit__is_quick(s, self, overlapped) && transmit__is_one_send(self))
        return transmit__be_quick(s, self, overlapped, is_gone);
    return transmit__issue(s, self, overlapped, is_gone);
}

int transmit_run(SOCKET s, enum stats_function function, struct sendlist* list, DWORD flags,
                 OVERLAPPED* overlapped) {
    struct transmit* self = calloc(1, sizeof *self);
    int is_gone = 0, error = WSAENOBUFS;

    if (self == NULL) {
        sendlist_free(list);
        return error;
    }
    self->op.kind = transmit__kind(function);
    self->flags = flags;
    self->list = list;
    error = caps_find(CAPS_OPERATIONS) == 0 ? 0 : WSAENOBUFS;
    if (error == 0 && (flags & TF_DISCONNECT))
        error = disconnect_begin(&self->disconnect, s, flags);
    if (error == 0) {
        sendlist_begin(list);
        error = transmit__run(s, self, overlapped, &is_gone);
        if (!is_gone && (flags & TF_DISCONNECT))
            disconnect_cancel(&self->disconnect, s);
    }
    if (!is_gone)
        transmit__destroy(&self->op);
    return error;
}

int transmit_hold(SOCKET s, const WSABUF* buffers, DWORD count, DWORD* sent,
                  OVERLAPPED* overlapped) {
    struct sendlist* list = sendlist_new(count, 0, 0);
    DWORD i, length;
    int error = list != NULL ? 0 : WSAENOBUFS;

    for (i = 0; i < count && error == 0; i++)
        error = sendlist_add_memory(list, buffers[i].buf, buffers[i].len, 0);
    if (error != 0) {
        if (list != NULL)
            sendlist_free(list);
        return error;
    }
    length = sendlist_length(list);
    error = transmit_run(s, STATS_SEND, list, 0, overlapped);
    if (error == 0)
        *sent = length;
    return error;
}
