/* SPDX-License-Identifier: MIT */

/* Two operations on one socket, a transmission and the disconnect that waits behind it, and
 * whatever may happen to them, in every order: their steps end well or badly, they are cancelled,
 * their thread ends, the socket is closed. The walk plays the executor, by the rules of opstate.h,
 * and checks that each operation is completed exactly once and destroyed once, after that, that no
 * step is begun for one that is cancelled or gone, and that nothing of the program's is in the
 * host's hands when it is completed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/lifecycle.h"
#include "core/opstate.h"

#define DEPTH 7
#define STEPS 2 /* The transmission sends in two steps, the disconnect flushes and then ends. */

struct operation {
    struct opstate state;
    int survives;
    int steps;         /* Still to be begun. */
    int holds;         /* The host uses the program's memory. */
    int is_cancelling; /* The host was told to end the step. */
    int completed, destroyed;
};

struct world {
    struct lifecycle lifecycle;
    struct operation ops[2];
    int is_closed;
};

enum event {
    EVENT_TAKE_UP, /* The executor takes it up, */
    EVENT_BEGIN,   /* begins a step, or one that is quiet, */
    EVENT_BEGIN_QUIET,
    EVENT_PUT_OFF,   /* leaves it for later, */
    EVENT_FINISH,    /* comes to its end, */
    EVENT_HAND_OVER, /* or has the host take the OVERLAPPED. */
    EVENT_STEP_ENDS,
    EVENT_CANCEL,
    EVENT_THREAD_EXIT,
    EVENT_COUNT /* And the closing of the socket, which is about both. */
};

struct walk {
    uint64_t paths, ends, events;
};

static void obey(struct world* w, int which, unsigned actions) {
    struct operation* op = &w->ops[which];
    if (actions & OPSTATE_COMPLETE) {
        assert_int_equal(op->completed, 0);
        assert_int_equal(op->holds, 0);
        op->completed++;
        /* The disconnect was given up, or is over. */
        if (which == 1 && !w->is_closed)
            lifecycle_step(&w->lifecycle,
                           op->state.is_cancelled ? LIFECYCLE_STAYS : LIFECYCLE_DISCONNECTED);
    }
    if (actions & OPSTATE_CANCEL_STEP)
        op->is_cancelling = 1;
    if (actions & OPSTATE_DESTROY) {
        assert_int_equal(op->completed, 1);
        assert_int_equal(op->destroyed, 0);
        assert_int_equal(op->holds, 0);
        op->destroyed++;
    }
}

/* Whether the event can happen now, to an executor that keeps the rules. */
static int is_possible(const struct world* w, int which, enum event event) {
    const struct operation* op = &w->ops[which];
    int phase = op->state.phase;
    if (op->destroyed)
        return event == EVENT_CANCEL || event == EVENT_THREAD_EXIT ? !w->is_closed : 0;
    switch (event) {
        case EVENT_TAKE_UP:
            /* The disconnect waits until the transmission has begun its last step, or is over. */
            return phase == OPSTATE_WAITING &&
                   (which == 0 || !opstate_is_live(&op->state) || w->ops[0].steps == 0 ||
                    !opstate_is_live(&w->ops[0].state));
        case EVENT_BEGIN:
        case EVENT_BEGIN_QUIET:
            return phase == OPSTATE_RUNNING && op->steps > 0;
        case EVENT_HAND_OVER:
            return phase == OPSTATE_RUNNING && op->steps > 0 && which == 0;
        case EVENT_PUT_OFF:
        case EVENT_FINISH:
            return phase == OPSTATE_RUNNING;
        case EVENT_STEP_ENDS:
            return phase == OPSTATE_STEP || phase == OPSTATE_QUIET;
        case EVENT_THREAD_EXIT:
            return !op->survives && !w->is_closed;
        default:
            return !w->is_closed;
    }
}

static void begin(struct world* w, int which, enum event event) {
    struct operation* op = &w->ops[which];
    int was_live = opstate_is_live(&op->state);
    unsigned actions =
        opstate_step(&op->state, event == EVENT_BEGIN ? OPSTATE_BEGIN : OPSTATE_BEGIN_QUIET);
    assert_int_equal((actions & OPSTATE_REFUSED) == 0, was_live);
    if (actions & OPSTATE_REFUSED)
        return;
    op->steps--;
    op->holds = event == EVENT_BEGIN;
}

static void happen(struct world* w, int which, enum event event) {
    static const enum opstate_event plain[EVENT_COUNT] = {
        OPSTATE_RUN,       OPSTATE_BEGIN, OPSTATE_BEGIN_QUIET, OPSTATE_PUT_OFF, OPSTATE_FINISH,
        OPSTATE_HAND_OVER, OPSTATE_ENDED, OPSTATE_CANCEL,      OPSTATE_CANCEL};
    struct operation* op = &w->ops[which];
    unsigned actions;
    if (event == EVENT_BEGIN || event == EVENT_BEGIN_QUIET) {
        begin(w, which, event);
        return;
    }
    if (event == EVENT_STEP_ENDS)
        op->holds = 0;
    actions = opstate_step(&op->state, plain[event]);
    if (event == EVENT_HAND_OVER && !(actions & OPSTATE_REFUSED))
        op->completed++; /* By the host. */
    obey(w, which, actions);
}

static void close_socket(struct world* w) {
    int i;
    w->is_closed = 1;
    lifecycle_step(&w->lifecycle, LIFECYCLE_CLOSE);
    for (i = 0; i < 2; i++) {
        if (!w->ops[i].destroyed)
            obey(w, i, opstate_step(&w->ops[i].state, OPSTATE_CLOSE));
    }
}

/* From here on the executor only does what it must, and both come to their ends. */
static void run_out(struct world w) {
    int i, round;
    for (round = 0; round < 4 * STEPS + 4; round++) {
        for (i = 0; i < 2; i++) {
            if (is_possible(&w, i, EVENT_STEP_ENDS))
                happen(&w, i, EVENT_STEP_ENDS);
            else if (is_possible(&w, i, EVENT_TAKE_UP))
                happen(&w, i, EVENT_TAKE_UP);
            else if (is_possible(&w, i, EVENT_BEGIN) && opstate_is_live(&w.ops[i].state))
                happen(&w, i, EVENT_BEGIN);
            else if (is_possible(&w, i, EVENT_FINISH))
                happen(&w, i, EVENT_FINISH);
        }
    }
    for (i = 0; i < 2; i++) {
        assert_int_equal(w.ops[i].completed, 1);
        assert_int_equal(w.ops[i].destroyed, 1);
    }
    assert_false(!w.is_closed && lifecycle_is_disconnecting(&w.lifecycle));
}

static void walk(struct walk* self, const struct world* w, int depth) {
    int which, event;
    self->ends++;
    run_out(*w);
    if (depth == 0) {
        self->paths++;
        return;
    }
    for (which = 0; which < 2; which++) {
        for (event = 0; event < EVENT_COUNT; event++) {
            struct world next = *w;
            if (!is_possible(w, which, (enum event) event))
                continue;
            self->events++;
            happen(&next, which, (enum event) event);
            walk(self, &next, depth - 1);
        }
    }
    if (!w->is_closed) {
        struct world next = *w;
        self->events++;
        close_socket(&next);
        walk(self, &next, depth - 1);
    }
}

static void two_operations_in_every_order(void** state) {
    struct walk self = {0, 0, 0};
    int survives;
    (void) state;
    for (survives = 0; survives < 2; survives++) {
        struct world w;
        int i;
        memset(&w, 0, sizeof w);
        lifecycle_init(&w.lifecycle);
        lifecycle_step(&w.lifecycle, LIFECYCLE_CONNECT_HOST);
        lifecycle_step(&w.lifecycle, LIFECYCLE_DISCONNECT);
        for (i = 0; i < 2; i++) {
            opstate_init(&w.ops[i].state);
            w.ops[i].steps = STEPS;
            w.ops[i].survives = survives;
        }
        walk(&self, &w, DEPTH);
    }
    print_message("two operations: %llu paths of %d events, %llu events, %llu times to the end\n",
                  (unsigned long long) self.paths, DEPTH, (unsigned long long) self.events,
                  (unsigned long long) self.ends);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_operations_in_every_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
