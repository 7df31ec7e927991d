/* SPDX-License-Identifier: MIT */

/* The state machine: its rules one by one, and a walk over all sequences of events up to a depth
 * that checks after each step what must always hold. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/machine.h"

/* 14 events to this depth are 8,108,730 sequences, less those that the lock rules out. */
#define TEST__DEPTH 6

struct test__walk {
    struct machine machine;
    unsigned debts; /* Operations whose completion we took upon us. */
    unsigned paid;  /* Those that were completed by us or handed to the host. */
    int sending;    /* MACHINE_SEND was asked for: its result is the next event, by the lock. */
    int carried;    /* The host carries an OVERLAPPED that it was handed. */
    int seen_up;    /* The host said that the connection is up, for the current operation. */
};

static unsigned long test__sequences;

static void test__check_actions(const struct test__walk* before, enum machine_event event,
                                unsigned actions) {
    int completions = !!(actions & MACHINE_FAIL) + !!(actions & MACHINE_ABORT);

    assert_true(completions <= 1);
    if (completions)
        assert_int_equal(before->machine.owed, 1);
    if (actions & MACHINE_SEND)
        assert_true(event == MACHINE_UP && before->machine.state == MACHINE_CONNECTING);
    if (actions & MACHINE_CANCEL_HOST)
        assert_true(before->carried && (event == MACHINE_CANCEL || event == MACHINE_CLOSE ||
                                        event == MACHINE_THREAD_EXIT));
    if (before->machine.state == MACHINE_CLOSED)
        assert_int_equal(actions, 0);
}

static void test__account(struct test__walk* walk, const struct test__walk* before,
                          enum machine_event event, unsigned actions) {
    int open = before->machine.state != MACHINE_CLOSED;
    int accepted = open && !(actions & MACHINE_FORBIDDEN);

    if (event == MACHINE_WATCHED && accepted) {
        walk->debts++;
        walk->carried = walk->seen_up = 0;
    }
    if (event == MACHINE_HANDED && accepted) {
        walk->paid += before->sending;
        walk->carried = 1;
        walk->seen_up = 0;
    }
    if (event == MACHINE_ACCEPT && accepted)
        walk->carried = walk->seen_up = 0;
    if (event == MACHINE_SEEN_UP && walk->machine.state == MACHINE_CONNECTED)
        walk->seen_up = 1;
    walk->paid += !!(actions & MACHINE_FAIL) + !!(actions & MACHINE_ABORT);
    walk->sending = !!(actions & MACHINE_SEND);
    if (walk->machine.state != MACHINE_SENDING && walk->machine.state != MACHINE_CONNECTED &&
        walk->machine.state != MACHINE_UPDATED && walk->machine.state != MACHINE_DISCONNECTING)
        walk->carried = 0;
}

static void test__check_state(const struct test__walk* walk, enum machine_event event,
                              unsigned actions) {
    const struct machine* machine = &walk->machine;

    assert_true(machine->state < MACHINE_STATE_COUNT);
    /* Each debt is paid once: by us or by the host, and at the latest when the socket closes. */
    assert_int_equal(walk->debts - walk->paid, machine->owed);
    assert_true(machine->owed <= 1);
    if (machine->owed)
        assert_true(machine->state == MACHINE_CONNECTING || walk->sending);
    if (machine->state == MACHINE_CONNECTING)
        assert_int_equal(machine->owed, 1);
    if (event == MACHINE_CLOSE)
        assert_int_equal(machine->owed, 0);
    /* Nobody has declared a connection usable that the host did not say was up. */
    if (event == MACHINE_UPDATE && machine->state == MACHINE_UPDATED &&
        !(actions & MACHINE_FORBIDDEN))
        assert_true(walk->seen_up);
    /* A socket becomes reusable by being disconnected, and in no other way. */
    if (event == MACHINE_REUSED && machine->state == MACHINE_REUSABLE &&
        !(actions & MACHINE_FORBIDDEN))
        assert_int_equal(machine->handed, 0);
}

static void test__step(struct test__walk* walk, enum machine_event event) {
    struct test__walk before = *walk;
    unsigned actions = machine_step(&walk->machine, event);

    test__check_actions(&before, event, actions);
    test__account(walk, &before, event, actions);
    test__check_state(walk, event, actions);
}

static void test__walk_from(const struct test__walk* walk, int depth) {
    int event;
    if (depth == 0)
        return;
    for (event = 0; event < MACHINE_EVENT_COUNT; event++) {
        struct test__walk next = *walk;
        /* The lock is held from MACHINE_SEND to its result, so nothing comes between. */
        if (walk->sending && event != MACHINE_HANDED && event != MACHINE_DOWN)
            continue;
        test__step(&next, (enum machine_event) event);
        test__sequences++;
        test__walk_from(&next, depth - 1);
    }
}

static void walk_all_sequences(void** state) {
    struct test__walk walk;
    (void) state;
    memset(&walk, 0, sizeof walk);
    machine_init(&walk.machine);
    test__walk_from(&walk, TEST__DEPTH);
    printf("%lu sequences of up to %d events\n", test__sequences, TEST__DEPTH);
    assert_true(test__sequences > 5000000ul);
}

static struct machine test__in(enum machine_state wanted) {
    static const enum machine_event ways[MACHINE_STATE_COUNT][5] = {
        [MACHINE_UNCONNECTED] = {MACHINE_EVENT_COUNT},
        [MACHINE_CONNECTING] = {MACHINE_WATCHED, MACHINE_EVENT_COUNT},
        [MACHINE_SENDING] = {MACHINE_WATCHED, MACHINE_UP, MACHINE_HANDED, MACHINE_EVENT_COUNT},
        [MACHINE_CONNECTED] = {MACHINE_HANDED, MACHINE_SEEN_UP, MACHINE_EVENT_COUNT},
        [MACHINE_UPDATED] = {MACHINE_HANDED, MACHINE_SEEN_UP, MACHINE_UPDATE, MACHINE_EVENT_COUNT},
        [MACHINE_FAILED] = {MACHINE_WATCHED, MACHINE_DOWN, MACHINE_EVENT_COUNT},
        [MACHINE_ACCEPTING] = {MACHINE_ACCEPT, MACHINE_EVENT_COUNT},
        [MACHINE_DISCONNECTING] = {MACHINE_HANDED, MACHINE_DISCONNECT, MACHINE_EVENT_COUNT},
        [MACHINE_REUSABLE] = {MACHINE_HANDED, MACHINE_DISCONNECT, MACHINE_REUSED,
                              MACHINE_EVENT_COUNT},
        [MACHINE_CLOSED] = {MACHINE_CLOSE, MACHINE_EVENT_COUNT},
    };
    struct machine machine;
    const enum machine_event* event;

    machine_init(&machine);
    for (event = ways[wanted]; *event != MACHINE_EVENT_COUNT; event++)
        machine_step(&machine, *event);
    assert_int_equal(machine.state, wanted);
    return machine;
}

static void check(enum machine_state from, enum machine_event event, unsigned actions,
                  enum machine_state to) {
    struct machine machine = test__in(from);
    assert_int_equal(machine_step(&machine, event), actions);
    assert_int_equal(machine.state, to);
}

static void outcome_of_a_watched_connect(void** state) {
    (void) state;
    check(MACHINE_CONNECTING, MACHINE_UP, MACHINE_SEND, MACHINE_SENDING);
    check(MACHINE_CONNECTING, MACHINE_DOWN, MACHINE_FAIL, MACHINE_FAILED);
}

static void refused_send_is_a_failure(void** state) {
    struct machine machine = test__in(MACHINE_CONNECTING);
    (void) state;
    assert_int_equal(machine_step(&machine, MACHINE_UP), MACHINE_SEND);
    assert_int_equal(machine_step(&machine, MACHINE_DOWN), MACHINE_FAIL);
    assert_int_equal(machine.state, MACHINE_FAILED);
}

static void failed_socket_may_be_tried_again(void** state) {
    (void) state;
    check(MACHINE_FAILED, MACHINE_WATCHED, 0, MACHINE_CONNECTING);
    check(MACHINE_FAILED, MACHINE_HANDED, 0, MACHINE_SENDING);
}

static void second_connect_is_forbidden(void** state) {
    (void) state;
    check(MACHINE_CONNECTING, MACHINE_WATCHED, MACHINE_FORBIDDEN, MACHINE_CONNECTING);
    check(MACHINE_CONNECTING, MACHINE_HANDED, MACHINE_FORBIDDEN, MACHINE_CONNECTING);
    check(MACHINE_CONNECTING, MACHINE_PLAIN, MACHINE_FORBIDDEN, MACHINE_CONNECTING);
}

static void cancel_in_every_phase(void** state) {
    (void) state;
    check(MACHINE_CONNECTING, MACHINE_CANCEL, MACHINE_ABORT, MACHINE_FAILED);
    check(MACHINE_CONNECTING, MACHINE_THREAD_EXIT, MACHINE_ABORT, MACHINE_FAILED);
    check(MACHINE_CONNECTING, MACHINE_CLOSE, MACHINE_ABORT, MACHINE_CLOSED);
    check(MACHINE_SENDING, MACHINE_CANCEL, MACHINE_CANCEL_HOST, MACHINE_SENDING);
    check(MACHINE_SENDING, MACHINE_CLOSE, MACHINE_CANCEL_HOST, MACHINE_CLOSED);
    check(MACHINE_UNCONNECTED, MACHINE_CANCEL, 0, MACHINE_UNCONNECTED);
    check(MACHINE_UPDATED, MACHINE_CANCEL, 0, MACHINE_UPDATED);
    check(MACHINE_UPDATED, MACHINE_CLOSE, MACHINE_CANCEL_HOST, MACHINE_CLOSED);
    check(MACHINE_FAILED, MACHINE_CLOSE, 0, MACHINE_CLOSED);
}

static void late_outcome_of_a_cancelled_connect(void** state) {
    (void) state;
    check(MACHINE_FAILED, MACHINE_UP, 0, MACHINE_FAILED);
    check(MACHINE_FAILED, MACHINE_DOWN, 0, MACHINE_FAILED);
    check(MACHINE_CLOSED, MACHINE_UP, 0, MACHINE_CLOSED);
}

static void context_is_updated_when_seen_up(void** state) {
    (void) state;
    check(MACHINE_UNCONNECTED, MACHINE_UPDATE, MACHINE_FORBIDDEN, MACHINE_UNCONNECTED);
    check(MACHINE_CONNECTING, MACHINE_UPDATE, MACHINE_FORBIDDEN, MACHINE_CONNECTING);
    check(MACHINE_SENDING, MACHINE_UPDATE, MACHINE_FORBIDDEN, MACHINE_SENDING);
    check(MACHINE_CONNECTED, MACHINE_UPDATE, 0, MACHINE_UPDATED);
    check(MACHINE_UPDATED, MACHINE_UPDATE, 0, MACHINE_UPDATED);
    check(MACHINE_SENDING, MACHINE_SEEN_UP, 0, MACHINE_CONNECTED);
}

static void default_state_until_updated(void** state) {
    struct machine machine = test__in(MACHINE_SENDING);
    (void) state;
    assert_true(machine_is_default_state(&machine));
    machine = test__in(MACHINE_CONNECTED);
    assert_true(machine_is_default_state(&machine));
    machine = test__in(MACHINE_UPDATED);
    assert_false(machine_is_default_state(&machine));
    machine = test__in(MACHINE_CONNECTING);
    assert_true(machine_is_connecting(&machine));
}

static void disconnected_once(void** state) {
    (void) state;
    check(MACHINE_CONNECTING, MACHINE_DISCONNECT, MACHINE_FORBIDDEN, MACHINE_CONNECTING);
    check(MACHINE_DISCONNECTING, MACHINE_DISCONNECT, MACHINE_FORBIDDEN, MACHINE_DISCONNECTING);
    check(MACHINE_REUSABLE, MACHINE_DISCONNECT, MACHINE_FORBIDDEN, MACHINE_REUSABLE);
    check(MACHINE_UPDATED, MACHINE_DISCONNECT, 0, MACHINE_DISCONNECTING);
    check(MACHINE_SENDING, MACHINE_DISCONNECT, 0, MACHINE_DISCONNECTING);
    check(MACHINE_DISCONNECTING, MACHINE_DISCONNECTED, 0, MACHINE_UNCONNECTED);
    check(MACHINE_DISCONNECTING, MACHINE_CLOSE, MACHINE_CANCEL_HOST, MACHINE_CLOSED);
    check(MACHINE_UPDATED, MACHINE_REUSED, MACHINE_FORBIDDEN, MACHINE_UPDATED);
}

static void connected_socket_is_reused_by_connecting(void** state) {
    struct machine machine;
    (void) state;
    check(MACHINE_DISCONNECTING, MACHINE_HANDED, MACHINE_FORBIDDEN, MACHINE_DISCONNECTING);
    check(MACHINE_DISCONNECTING, MACHINE_REUSED, 0, MACHINE_REUSABLE);
    check(MACHINE_REUSABLE, MACHINE_HANDED, 0, MACHINE_SENDING);
    check(MACHINE_REUSABLE, MACHINE_WATCHED, 0, MACHINE_CONNECTING);
    check(MACHINE_REUSABLE, MACHINE_PLAIN, 0, MACHINE_UNCONNECTED);
    check(MACHINE_REUSABLE, MACHINE_ACCEPT, MACHINE_FORBIDDEN, MACHINE_REUSABLE);
    machine = test__in(MACHINE_REUSABLE);
    assert_true(machine_may_connect(&machine));
}

static void accepted_socket_is_reused_by_accepting(void** state) {
    static const enum machine_event again[] = {MACHINE_ACCEPT, MACHINE_DISCONNECT, MACHINE_REUSED};
    struct machine machine;
    unsigned i;
    (void) state;
    machine_init(&machine);
    for (i = 0; i < 9; i++)
        assert_int_equal(machine_step(&machine, again[i % 3]), 0);
    assert_int_equal(machine.state, MACHINE_REUSABLE);
    assert_false(machine_may_connect(&machine));
    assert_int_equal(machine_step(&machine, MACHINE_HANDED), MACHINE_FORBIDDEN);
    assert_int_equal(machine_step(&machine, MACHINE_WATCHED), MACHINE_FORBIDDEN);
}

/* The operation is the listener's: nothing that is done to the acceptor completes it, and it may
 * end in any way without being seen. */
static void accepted_by_the_host(void** state) {
    struct machine machine;
    (void) state;
    check(MACHINE_UNCONNECTED, MACHINE_ACCEPT, 0, MACHINE_ACCEPTING);
    check(MACHINE_ACCEPTING, MACHINE_ACCEPT, 0, MACHINE_ACCEPTING);
    check(MACHINE_ACCEPTING, MACHINE_CANCEL, 0, MACHINE_ACCEPTING);
    check(MACHINE_ACCEPTING, MACHINE_THREAD_EXIT, 0, MACHINE_ACCEPTING);
    check(MACHINE_ACCEPTING, MACHINE_CLOSE, 0, MACHINE_CLOSED);
    check(MACHINE_ACCEPTING, MACHINE_HANDED, 0, MACHINE_SENDING);
    check(MACHINE_ACCEPTING, MACHINE_WATCHED, 0, MACHINE_CONNECTING);
    check(MACHINE_ACCEPTING, MACHINE_PLAIN, 0, MACHINE_UNCONNECTED);
    check(MACHINE_ACCEPTING, MACHINE_UPDATE, MACHINE_FORBIDDEN, MACHINE_ACCEPTING);
    check(MACHINE_ACCEPTING, MACHINE_SEEN_UP, 0, MACHINE_CONNECTED);
    check(MACHINE_CONNECTING, MACHINE_ACCEPT, MACHINE_FORBIDDEN, MACHINE_CONNECTING);
    check(MACHINE_SENDING, MACHINE_ACCEPT, MACHINE_FORBIDDEN, MACHINE_SENDING);
    check(MACHINE_UPDATED, MACHINE_ACCEPT, MACHINE_FORBIDDEN, MACHINE_UPDATED);
    machine = test__in(MACHINE_ACCEPTING);
    assert_true(machine_is_accepting(&machine));
    assert_false(machine_is_default_state(&machine));
    machine_step(&machine, MACHINE_SEEN_UP);
    assert_int_equal(machine_step(&machine, MACHINE_UPDATE), 0);
    assert_int_equal(machine.state, MACHINE_UPDATED);
    assert_false(machine_is_carried(&machine));
    assert_int_equal(machine_step(&machine, MACHINE_CLOSE), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcome_of_a_watched_connect),
        cmocka_unit_test(refused_send_is_a_failure),
        cmocka_unit_test(failed_socket_may_be_tried_again),
        cmocka_unit_test(second_connect_is_forbidden),
        cmocka_unit_test(cancel_in_every_phase),
        cmocka_unit_test(late_outcome_of_a_cancelled_connect),
        cmocka_unit_test(context_is_updated_when_seen_up),
        cmocka_unit_test(default_state_until_updated),
        cmocka_unit_test(disconnected_once),
        cmocka_unit_test(connected_socket_is_reused_by_connecting),
        cmocka_unit_test(accepted_socket_is_reused_by_accepting),
        cmocka_unit_test(accepted_by_the_host),
        cmocka_unit_test(walk_all_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
