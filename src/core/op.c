/* SPDX-License-Identifier: MIT */
#include "core/op.h"

#include <string.h>

#include "base/log.h"
#include "base/status.h"
#include "core/loop.h"
#include "core/stall.h"
#include "core/table.h"
#include "core/worker.h"
#include "host/caps.h"

static volatile LONG op__count;

int op_init(struct op* op, const struct op_kind* kind, enum op_executor executor,
            OVERLAPPED* overlapped) {
    int error = overlapped != NULL ? complete_take_event(overlapped, &op->event) : 0;
    if (error != 0)
        return error;
    op->kind = kind;
    op->executor = (unsigned char) executor;
    op->overlapped = overlapped;
    opstate_init(&op->state);
    if (executor != OP_CALLER)
        return 0;
    op->waiter = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (op->waiter != NULL)
        return 0;
    op_discard(op);
    return WSAENOBUFS;
}

void op_discard(struct op* op) {
    complete_give_event_back(op->event);
    complete_give_event_back(op->waiter);
    op->event = op->waiter = NULL;
}

/* Windows cancels at its thread's end what is not bound to a port, and Wine also what has an event.
 * An operation without an event on a socket whose port is not known is taken for one that has. */
static int op__survives(const struct socket* socket, const OVERLAPPED* overlapped) {
    return overlapped == NULL ||
           (overlapped->hEvent == NULL &&
            (socket->port.handle != NULL || !(table_flags(socket->handle) & TABLE_SEEN)));
}

void op_attach(struct socket* socket, struct op* op) {
    op->handle = socket->handle;
    op->serial = socket->serial;
    op->owner = GetCurrentThreadId();
    op->survives = (unsigned char) op__survives(socket, op->overlapped);
    op->number = (unsigned) InterlockedIncrement(&op__count);
    op->has_more = 1;
    op->in_call = 1;
    op->sibling = socket->ops;
    socket->ops = op;
    if (op->overlapped != NULL)
        op->held = port_hold(&socket->port);
    /* What a worker sends the host has not in its queue, for the program's own sends to stand
     * behind.
     */
    if (op->executor == OP_WORKER)
        table_change_flags(op->handle, TABLE_HOLDS, 0);
    opstate_step(&op->state, OPSTATE_RUN);
}

int op_is_stepped(const struct op* op) {
    return *(const volatile ULONG_PTR*) &op->step.Internal != STATUS__PENDING;
}

int op_is_live(const struct op* op) {
    return opstate_is_live(&op->state);
}

enum op_verdict op_end(struct op* op, uint32_t status) {
    op->status = status;
    return OP_ENDS;
}

enum op_verdict op_fail(struct op* op, int error) {
    op->error = error;
    return op_end(op, error != 0 ? status_from_error(error) : STATUS__SUCCESS);
}

int op_error(const struct op* op) {
    if (op->status == STATUS__SUCCESS)
        return 0;
    return op->error != 0 ? op->error : status_to_error(op->status);
}

/* The order of a socket's operations */

static int op__is_before(const struct op* op, const struct op* other) {
    return (int) (op->number - other->number) < 0;
}

/* Whether an earlier one has still to send. There is no record where the socket was closed. */
int op_has_to_wait(const struct socket* socket, const struct op* op) {
    const struct op* other;
    for (other = socket != NULL ? socket->ops : NULL; other != NULL; other = other->sibling) {
        if (op__is_before(other, op) && op_is_live(other) && other->has_more)
            return 1;
    }
    return 0;
}

/* Whether an earlier one has still to be reported. What was sent later was also received later, so
 * that programs rely on the packets' order. */
int op_is_early(const struct socket* socket, const struct op* op) {
    const struct op* other;
    if (socket == NULL || op->status != STATUS__SUCCESS || !op_is_live(op))
        return 0;
    for (other = socket->ops; other != NULL; other = other->sibling) {
        if (op__is_before(other, op) && op_is_live(other))
            return 1;
    }
    return 0;
}

/* The program's own sends are held back no longer where nothing of ours has still to be sent. */
static void op__stop_holding(const struct socket* socket) {
    const struct op* op;
    if (socket == NULL || !(table_flags(socket->handle) & TABLE_HOLDS))
        return;
    for (op = socket->ops; op != NULL; op = op->sibling) {
        if (op_is_live(op) && op->has_more)
            return;
    }
    table_change_flags(socket->handle, 0, TABLE_HOLDS);
}

/* Its end */

void op_unlink(struct socket* socket, const struct op* op) {
    struct op** place = &socket->ops;
    while (*place != NULL && *place != op)
        place = &(*place)->sibling;
    if (*place == op)
        *place = op->sibling;
    op__stop_holding(socket);
}

static void op__log_end(const struct op* op) {
    log_info("socket %#Ix op %u %s completed with %s (%#x), %s, %lu bytes", (size_t) op->handle,
             op->number, stats_name(op->kind->function), status_name(op->status),
             (unsigned) op->status, status_seen_as(op->status), (unsigned long) op->bytes);
}

/* What the operation has held of where it is to be reported is used up by that, */
static void op__take_hold(struct op* op) {
    op->target.port = op->held;
    op->held.handle = NULL;
}

/* or by its being reported otherwise. */
void op_let_go(struct op* op) {
    port_let_go(&op->held);
    op->held.handle = NULL;
}

/* Under the socket's lock: completes the program's OVERLAPPED. Nothing that it came upon where its
 * socket had been is the program's concern. */
void op_complete(struct socket* socket, struct op* op) {
    if (op->state.is_cancelled && op->status != STATUS__SUCCESS)
        op->status = STATUS__CANCELLED;
    op__log_end(op);
    if (op->kind->give_back != NULL)
        op->kind->give_back(op);
    stats_count_end(op->kind->function, op_error(op));
    if (!op->state.is_closed) {
        op_unlink(socket, op);
        if (op->kind->settle != NULL)
            op->kind->settle(socket, op);
        op->target = socket_target(socket);
    }
    if (op->overlapped == NULL)
        return;
    if (op->target.port.handle == op->held.handle)
        op__take_hold(op);
    complete(&op->target, op->overlapped, op->event, op->status, (DWORD) op->bytes);
    /* The operation may live on for long, as what it has begun may. */
    complete_give_event_back(op->event);
    op->event = NULL;
}

void op_hand_over(struct socket* socket, struct op* op, int has_ended) {
    opstate_step(&op->state, OPSTATE_HAND_OVER);
    op_unlink(socket, op);
    op_let_go(op);
    if (op->kind->settle != NULL)
        op->kind->settle(socket, op);
    socket_carry(socket, op->overlapped, 1, has_ended);
    socket->carried.owner = op->owner;
    /* What becomes of the send, only the program is told. */
    stats_count_end(op->kind->function, 0);
    if (!has_ended)
        stall_add(op->handle, op->serial);
}

static void op__complete_cancelled(struct socket* socket, struct op* op) {
    op_end(op, STATUS__CANCELLED);
    op->bytes = 0;
    op_complete(socket, op);
}

void op_destroy(struct op* op) {
    if (op->from_call)
        loop_count_foreign(-1);
    op_let_go(op);
    op_discard(op);
    op->kind->destroy(op);
}

void op_leave_call(struct op* op, int is_stepping) {
    if (op->overlapped != NULL)
        complete_begin(op->overlapped);
    op->in_call = 0;
    op->from_call = (unsigned char) is_stepping;
    if (is_stepping)
        loop_count_foreign(1);
}

/* Its steps */

/* With its low bit set, the event keeps the step's packet out of the program's port. */
static HANDLE op__step_event(const struct op* op) {
    HANDLE event = op->waiter;
    if (op->executor == OP_LOOP)
        event = op->in_call ? loop_foreign_event() : loop_own_event();
    return (HANDLE) ((ULONG_PTR) event | 1);
}

/* Under the socket's lock. */
static int op__may_begin(struct op* op, int is_send) {
    if (opstate_step(&op->state, OPSTATE_BEGIN) & OPSTATE_REFUSED)
        return 0;
    op->is_send = (unsigned char) is_send;
    op->has_more = op->more;
    op->step.Internal = STATUS__PENDING;
    op->step.InternalHigh = 0;
    op->step.hEvent = op__step_event(op);
    return 1;
}

/* The host has refused the step. */
static enum op_verdict op__refused(struct op* op, int error) {
    op->step.Internal = STATUS__SUCCESS;
    op_leave_step(op);
    return op_fail(op, error);
}

/* A step is begun under the socket's lock, so that a cancel or a close either forbids it or finds
 * it under way. On a socket that makes its caller wait, nothing is locked meanwhile. */
enum op_verdict op_send(struct op* op, WSABUF* buffers, DWORD count) {
    int is_blocking = (table_flags(op->handle) & TABLE_SYNCHRONOUS) != 0;
    const struct socket* socket;
    DWORD sent;
    int error = 0;

    if (op->executor == OP_WORKER || (op->executor == OP_CALLER && !caps_has(CAP_STEPS)))
        return worker_send(op, buffers, count);
    socket = socket_find_same(op->handle, op->serial);
    if (!op__may_begin(op, 1)) {
        socket_release(op->handle);
        return op_end(op, STATUS__CANCELLED);
    }
    if (is_blocking)
        socket_release(op->handle);
    if (host.WSASend(op->handle, buffers, count, &sent, 0, &op->step, NULL) != 0)
        error = WSAGetLastError();
    /* Only from now on is what the program sends behind it. */
    if (!is_blocking) {
        op__stop_holding(socket);
        socket_release(op->handle);
    }
    if (error != 0 && error != WSA_IO_PENDING)
        return op__refused(op, error);
    if (error != 0 && op->executor == OP_LOOP)
        stall_add(op->handle, op->serial);
    return OP_WAITS;
}

int op_begin_step(struct op* op) {
    int may_begin;
    socket_find(op->handle);
    may_begin = op__may_begin(op, 0);
    socket_release(op->handle);
    return may_begin ? 0 : -1;
}

enum op_verdict op_begun(struct op* op, int error) {
    if (error != 0 && error != ERROR_IO_PENDING)
        return op__refused(op, error);
    return OP_WAITS;
}

int op_begin_quietly(struct op* op) {
    if (opstate_step(&op->state, OPSTATE_BEGIN_QUIET) & OPSTATE_REFUSED)
        return -1;
    op->is_send = 0;
    return 0;
}

int op_leave_step(struct op* op) {
    unsigned actions;
    socket_find(op->handle);
    actions = opstate_step(&op->state, OPSTATE_ENDED);
    socket_release(op->handle);
    return actions & OPSTATE_DESTROY ? -1 : 0;
}

/* Cancelling */

static void op__cancel_step(const struct op* op) {
    if (!op_is_stepped(op) && host.CancelIoEx != NULL)
        host.CancelIoEx((HANDLE) op->handle, (OVERLAPPED*) &op->step);
}

static void op__wake(const struct op* op) {
    if (op->executor == OP_CALLER)
        SetEvent(op->waiter);
    else
        loop_wake();
}

int op_cancel(struct socket* socket, struct op* op) {
    int is_live = op_is_live(op);
    unsigned actions = opstate_step(&op->state, OPSTATE_CANCEL);
    if (actions & OPSTATE_CANCEL_STEP)
        op__cancel_step(op);
    op__wake(op);
    if (actions & OPSTATE_COMPLETE)
        op__complete_cancelled(socket, op);
    return is_live;
}

void op_close(struct socket* socket, struct op* op, int is_closed) {
    unsigned actions;
    op->target = socket_target(socket);
    op->target.is_open = 0;
    if (is_closed)
        op->state.is_closed = 1;
    actions = opstate_step(&op->state, OPSTATE_CLOSE);
    if ((actions & OPSTATE_CANCEL_STEP) && !is_closed)
        op__cancel_step(op);
    op__wake(op);
    op_unlink(socket, op);
    if (!(actions & OPSTATE_COMPLETE))
        return;
    /* As long as it is open the host knows best where the socket reports to. */
    op->target.is_open = (unsigned char) !is_closed;
    op__complete_cancelled(socket, op);
}

/* Going on with it */

/* A cancelled step that nobody of the program has cancelled ended with the thread that began it. */
enum op_verdict op_advance(struct op* op) {
    uint32_t status = (uint32_t) op->step.Internal;
    if (op->is_ended)
        return OP_ENDS;
    if (!op_is_live(op) || (status == STATUS__CANCELLED && op->is_send && !op->survives))
        return op_end(op, STATUS__CANCELLED);
    return op->kind->advance(op, status, (DWORD) op->step.InternalHigh);
}

/* Under the lock. Returns whether its turn has come. */
static int op__is_due(const struct socket* socket, const struct op* op) {
    if (!op_is_live(op))
        return 1;
    if (op->is_behind)
        return !op_has_to_wait(socket, op);
    if (op->is_ended)
        return !op_is_early(socket, op);
    return op->retry == 0 || GetTickCount() - op->put_off >= op->retry;
}

int op_is_due(struct op* op) {
    const struct socket* socket = socket_find(op->handle);
    int is_due = op__is_due(socket, op);
    socket_release(op->handle);
    return is_due;
}

/* Takes it up. Returns OP_WAITS for one that may go on, OP_LATER, or OP_ENDS for one that is to be
 * destroyed. */
enum op_verdict op_take_up(struct op* op) {
    struct socket* socket;
    unsigned actions = 0;
    int is_due = 1;

    if (!op_is_stepped(op))
        return OP_LATER;
    socket = socket_find(op->handle);
    if (op->from_call) {
        op->from_call = 0;
        loop_count_foreign(-1);
    }
    if (op->state.phase == OPSTATE_WAITING) {
        is_due = op__is_due(socket, op);
        if (is_due)
            actions = opstate_step(&op->state, OPSTATE_RUN);
    } else {
        actions = opstate_step(&op->state, OPSTATE_ENDED);
    }
    if (is_due)
        op->is_behind = 0;
    socket_release(op->handle);
    if (actions & OPSTATE_DESTROY)
        return OP_ENDS;
    return is_due ? OP_WAITS : OP_LATER;
}

/* Leaves it for later. Returns OP_ENDS where it was cancelled meanwhile: it is completed, and is
 * destroyed when it is taken up next. */
enum op_verdict op_put_off(struct op* op) {
    struct socket* socket = socket_find(op->handle);
    op->has_more = !op->is_ended;
    op->put_off = GetTickCount();
    op->step.Internal = STATUS__SUCCESS;
    op->step.InternalHigh = 0;
    if (opstate_step(&op->state, OPSTATE_PUT_OFF) & OPSTATE_COMPLETE)
        op__complete_cancelled(socket, op);
    socket_release(op->handle);
    return OP_LATER;
}

/* It has ended. One that has to be reported after others is left for later. */
static enum op_verdict op__finish(struct op* op) {
    struct socket* socket = socket_find(op->handle);
    int is_early = !op->state.is_closed && op_is_early(socket, op);
    if (!is_early && (opstate_step(&op->state, OPSTATE_FINISH) & OPSTATE_COMPLETE))
        op_complete(socket, op);
    socket_release(op->handle);
    if (is_early) {
        op->is_ended = 1;
        return op_put_off(op);
    }
    op_destroy(op);
    return OP_ENDS;
}

/* Under no lock; the next step was begun, or has ended at once. */
static enum op_verdict op__go_on(struct op* op) {
    enum op_verdict verdict = op_advance(op);
    while (verdict == OP_WAITS && op_is_stepped(op)) {
        verdict = op_take_up(op);
        if (verdict == OP_ENDS) {
            op_destroy(op);
            return OP_ENDS;
        }
        verdict = op_advance(op);
    }
    if (verdict == OP_LATER)
        return op_put_off(op);
    return verdict == OP_ENDS ? op__finish(op) : OP_WAITS;
}

enum op_verdict op_run(struct op* op) {
    enum op_verdict verdict = op_take_up(op);
    if (verdict == OP_ENDS)
        op_destroy(op);
    return verdict == OP_WAITS ? op__go_on(op) : verdict;
}
