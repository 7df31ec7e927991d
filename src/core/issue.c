/* SPDX-License-Identifier: MIT */
#include "core/issue.h"

#include "base/status.h"
#include "core/loop.h"
#include "core/stall.h"
#include "core/table.h"
#include "core/way.h"
#include "core/worker.h"

/* The most that a waiting caller lets pass until it looks again at what it waits for. */
#define ISSUE__PATIENCE 5

/* It goes on without its caller. Returns what the call is to return. */
static int issue__hand_to_loop(struct op* op, enum op_verdict verdict) {
    socket_find(op->handle);
    op_leave_call(op, verdict == OP_WAITS);
    socket_release(op->handle);
    if (verdict == OP_LATER)
        op_put_off(op);
    loop_add(op);
    return ERROR_IO_PENDING;
}

/* It has ended with an error in the call that issued it, which returns that. */
static int issue__fail_in_call(struct op* op) {
    int error = op_error(op);
    struct socket* socket = socket_find(op->handle);
    opstate_step(&op->state, OPSTATE_FINISH);
    if (!op->state.is_closed) {
        op_unlink(socket, op);
        if (op->kind->settle != NULL)
            op->kind->settle(socket, op);
    }
    socket_release(op->handle);
    if (op->kind->give_back != NULL)
        op->kind->give_back(op);
    op_destroy(op);
    return error;
}

static int issue__succeed_in_call(struct op* op) {
    struct socket* socket = socket_find(op->handle);
    int skips = op->status == STATUS__SUCCESS && !op->never_skips && !op->state.is_closed &&
                (table_flags(op->handle) & TABLE_SKIP) != 0;
    OVERLAPPED* overlapped = op->overlapped;

    if (!skips && !op->state.is_closed && op_is_early(socket, op)) {
        op->is_ended = 1;
        socket_release(op->handle);
        return issue__hand_to_loop(op, OP_LATER);
    }
    op_leave_call(op, 0);
    if (skips)
        op->overlapped = NULL;
    if (opstate_step(&op->state, OPSTATE_FINISH) & OPSTATE_COMPLETE)
        op_complete(socket, op);
    socket_release(op->handle);
    if (skips)
        complete_without_packet(overlapped, op->event, (DWORD) op->bytes);
    op_destroy(op);
    /* Beginning a step resets the event that tells of the others' ends. */
    loop_wake_for_foreign();
    return skips ? 0 : ERROR_IO_PENDING;
}

/* As many steps as end at once; from a verdict to the next. */
static enum op_verdict issue__steps_in_call(struct op* op) {
    enum op_verdict verdict = op->kind->advance(op, STATUS__SUCCESS, 0);
    while (verdict == OP_WAITS && op_is_stepped(op) && op_take_up(op) == OP_WAITS)
        verdict = op_advance(op);
    return verdict;
}

static int issue__begin_by_loop(struct op* op) {
    struct socket* socket = socket_find(op->handle);
    enum op_verdict verdict = OP_LATER;

    op->is_behind = (unsigned char) op_has_to_wait(socket, op);
    socket_release(op->handle);
    if (!op->is_behind)
        verdict = issue__steps_in_call(op);
    if (verdict != OP_ENDS)
        return issue__hand_to_loop(op, verdict);
    /* Of a call that has sent something, or was cancelled before it returned, the program expects
     * to hear by the OVERLAPPED. */
    if (op->status != STATUS__SUCCESS && op_is_live(op) && op->bytes == 0)
        return issue__fail_in_call(op);
    return issue__succeed_in_call(op);
}

/* A waiting caller */

/* Waits until the step has ended, or somebody wakes it, or a while has passed; looks meanwhile at a
 * send whose reset the host may have lost, as nobody else does it for the caller. */
static void issue__wait(struct op* op, DWORD* interval) {
    ResetEvent(op->waiter);
    if (op->state.phase == OPSTATE_STEP && op_is_stepped(op))
        return;
    if (WaitForSingleObject(op->waiter, *interval) != WAIT_TIMEOUT)
        return;
    if (op->state.phase == OPSTATE_STEP && op->is_send)
        stall_look(op->handle, op->serial);
    if (*interval < STALL_LAST_INTERVAL)
        *interval *= 2;
}

static enum op_verdict issue__wait_for_turn(struct op* op) {
    enum op_verdict verdict;
    DWORD patience = ISSUE__PATIENCE;
    do {
        patience = op->retry != 0 ? op->retry : ISSUE__PATIENCE;
        issue__wait(op, &patience);
        verdict = op_take_up(op);
    } while (verdict == OP_LATER);
    return verdict;
}

static void issue__wait_for_step(struct op* op) {
    DWORD interval = STALL_FIRST_INTERVAL;
    while (!op_is_stepped(op))
        issue__wait(op, &interval);
}

/* Makes all steps. Returns when the operation has ended. */
static void issue__carry_out(struct op* op) {
    enum op_verdict verdict = OP_LATER;
    if (!op->is_behind)
        verdict = op->kind->advance(op, STATUS__SUCCESS, 0);
    while (verdict != OP_ENDS) {
        if (verdict == OP_LATER) {
            op_put_off(op);
            verdict = issue__wait_for_turn(op);
        } else {
            issue__wait_for_step(op);
            verdict = op_take_up(op);
        }
        /* One that was completed as cancelled is left as it is. */
        if (verdict == OP_WAITS)
            verdict = op_advance(op);
    }
}

/* Where the steps are blocking calls, a close waits until the caller is out of them. */
static void issue__carry_out_named(struct op* op) {
    struct worker_name name;
    const int is_named = way_is_by_workers();
    if (is_named)
        worker_name(&name, op->handle);
    issue__carry_out(op);
    if (is_named)
        worker_unname(&name);
}

/* On a socket whose I/O makes its caller wait, an OVERLAPPED is completed when the call returns. */
static int issue__begin_by_caller(struct op* op) {
    struct socket* socket = socket_find(op->handle);
    int error;

    op->is_behind = (unsigned char) op_has_to_wait(socket, op);
    socket_release(op->handle);
    issue__carry_out_named(op);
    error = op_error(op);
    if (error != 0)
        op->overlapped = NULL;
    socket = socket_find(op->handle);
    if (op->overlapped != NULL)
        complete_begin(op->overlapped);
    if (opstate_step(&op->state, OPSTATE_FINISH) & OPSTATE_COMPLETE)
        op_complete(socket, op);
    socket_release(op->handle);
    op_destroy(op);
    return error;
}

static int issue__begin_by_worker(struct op* op) {
    struct socket* socket = socket_find(op->handle);
    op->is_behind = (unsigned char) op_has_to_wait(socket, op);
    socket_release(op->handle);
    return issue__hand_to_loop(op, OP_LATER);
}

int issue_op(struct op* op) {
    switch (op->executor) {
        case OP_CALLER:
            return issue__begin_by_caller(op);
        case OP_WORKER:
            return issue__begin_by_worker(op);
        default:
            return issue__begin_by_loop(op);
    }
}

enum op_executor issue_executor(SOCKET s, const OVERLAPPED* overlapped) {
    if (overlapped == NULL || (table_flags(s) & TABLE_SYNCHRONOUS))
        return OP_CALLER;
    return way_is_by_workers() ? OP_WORKER : OP_LOOP;
}

int issue_prepare(enum op_executor executor) {
    if (executor != OP_CALLER && loop_prepare() != 0)
        return WSAENOBUFS;
    return executor == OP_WORKER && worker_prepare() != 0 ? WSAENOBUFS : 0;
}
