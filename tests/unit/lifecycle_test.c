/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/lifecycle.h"

#define DEPTH 9

static struct lifecycle after(const enum lifecycle_event* events, size_t count) {
    struct lifecycle lifecycle;
    size_t i;
    lifecycle_init(&lifecycle);
    for (i = 0; i < count; i++)
        assert_int_equal(lifecycle_step(&lifecycle, events[i]), 0);
    return lifecycle;
}

#define AFTER(...) \
    after((const enum lifecycle_event[]){__VA_ARGS__}, \
          sizeof((const enum lifecycle_event[]){__VA_ARGS__}) / sizeof(enum lifecycle_event))

static void a_connect_goes_its_way(void** state) {
    struct lifecycle l = AFTER(LIFECYCLE_CONNECT);
    (void) state;
    assert_int_equal(lifecycle_may_connect(&l), LIFECYCLE_BUSY);
    assert_int_equal(lifecycle_may_update(&l), LIFECYCLE_NO);
    assert_int_equal(lifecycle_step(&l, LIFECYCLE_UPDATE), -1);
    assert_int_equal(lifecycle_step(&l, LIFECYCLE_UP), 0);
    assert_int_equal(lifecycle_is_default(&l), LIFECYCLE_HOST);
    assert_int_equal(lifecycle_may_update(&l), LIFECYCLE_YES);
    assert_int_equal(lifecycle_step(&l, LIFECYCLE_UPDATE), 0);
    assert_int_equal(lifecycle_is_default(&l), LIFECYCLE_NO);
    assert_int_equal(lifecycle_step(&l, LIFECYCLE_UPDATE), 0);
}

static void a_failed_connect_may_be_tried_again(void** state) {
    struct lifecycle l = AFTER(LIFECYCLE_CONNECT, LIFECYCLE_DOWN);
    (void) state;
    assert_int_equal(lifecycle_may_connect(&l), LIFECYCLE_YES);
    assert_int_equal(lifecycle_step(&l, LIFECYCLE_UP), -1);
    assert_int_equal(lifecycle_step(&l, LIFECYCLE_CONNECT), 0);
}

static void a_carried_connect_is_the_hosts_to_know(void** state) {
    struct lifecycle l = AFTER(LIFECYCLE_CONNECT_HOST);
    (void) state;
    assert_int_equal(lifecycle_may_connect(&l), LIFECYCLE_HOST);
    assert_int_equal(lifecycle_may_update(&l), LIFECYCLE_HOST);
    assert_int_equal(lifecycle_is_default(&l), LIFECYCLE_HOST);
    assert_true(lifecycle_is_begun(&l));
    assert_int_equal(lifecycle_step(&l, LIFECYCLE_DOWN), -1);
    assert_int_equal(lifecycle_step(&l, LIFECYCLE_CONNECT_HOST), 0);
}

/* A DisconnectEx that is refused or cancelled leaves the socket what it was, whatever that is. */
static void a_disconnect_that_is_given_up_changes_nothing(void** state) {
    static const enum lifecycle_event befores[][3] = {
        {LIFECYCLE_CONNECT_HOST, LIFECYCLE_EVENT_COUNT},
        {LIFECYCLE_CONNECT, LIFECYCLE_UP, LIFECYCLE_EVENT_COUNT},
        {LIFECYCLE_ACCEPT, LIFECYCLE_EVENT_COUNT},
        {LIFECYCLE_ACCEPT, LIFECYCLE_UP, LIFECYCLE_UPDATE},
    };
    size_t i, j;
    (void) state;
    for (i = 0; i < sizeof befores / sizeof befores[0]; i++) {
        struct lifecycle l, before;
        lifecycle_init(&l);
        for (j = 0; j < 3 && befores[i][j] != LIFECYCLE_EVENT_COUNT; j++)
            assert_int_equal(lifecycle_step(&l, befores[i][j]), 0);
        before = l;
        assert_int_equal(lifecycle_step(&l, LIFECYCLE_DISCONNECT), 0);
        assert_int_equal(lifecycle_is_default(&l), lifecycle_is_default(&before));
        assert_int_equal(lifecycle_may_connect(&l), LIFECYCLE_NO);
        assert_int_equal(lifecycle_step(&l, LIFECYCLE_DISCONNECT), -1);
        assert_int_equal(lifecycle_step(&l, LIFECYCLE_STAYS), 0);
        assert_int_equal(l.state, before.state);
        assert_int_equal(lifecycle_is_default(&l), lifecycle_is_default(&before));
    }
}

static void a_reused_socket_goes_the_way_it_came(void** state) {
    struct lifecycle connected =
        AFTER(LIFECYCLE_CONNECT_HOST, LIFECYCLE_DISCONNECT, LIFECYCLE_REUSED);
    struct lifecycle accepted = AFTER(LIFECYCLE_ACCEPT, LIFECYCLE_DISCONNECT, LIFECYCLE_REUSED);
    (void) state;
    assert_int_equal(lifecycle_may_connect(&connected), LIFECYCLE_YES);
    assert_int_equal(lifecycle_may_accept(&connected), LIFECYCLE_NO);
    assert_int_equal(lifecycle_may_connect(&accepted), LIFECYCLE_NO);
    assert_int_equal(lifecycle_may_accept(&accepted), LIFECYCLE_YES);
    assert_int_equal(lifecycle_may_disconnect(&accepted), LIFECYCLE_NO);
}

/* That an AcceptEx was seen to end forbids no more than one whose end nobody saw. */
static void an_accepted_socket_is_the_hosts_to_know(void** state) {
    struct lifecycle accepted = AFTER(LIFECYCLE_ACCEPT, LIFECYCLE_UP);
    struct lifecycle connected = AFTER(LIFECYCLE_CONNECT, LIFECYCLE_UP);
    struct lifecycle updated = AFTER(LIFECYCLE_ACCEPT, LIFECYCLE_UP, LIFECYCLE_UPDATE);
    (void) state;
    assert_int_equal(lifecycle_may_accept(&accepted), LIFECYCLE_HOST);
    assert_int_equal(lifecycle_may_accept(&connected), LIFECYCLE_NO);
    assert_int_equal(lifecycle_may_accept(&updated), LIFECYCLE_NO);
}

static void nothing_happens_to_a_closed_socket(void** state) {
    struct lifecycle l = AFTER(LIFECYCLE_CONNECT, LIFECYCLE_CLOSE);
    int event;
    (void) state;
    assert_int_equal(lifecycle_may_connect(&l), LIFECYCLE_GONE);
    for (event = 0; event < LIFECYCLE_EVENT_COUNT; event++)
        assert_int_equal(lifecycle_step(&l, (enum lifecycle_event) event), -1);
}

/* Whatever comes in whatever order: a refused event changes nothing, an answer is honoured by the
 * event that it is about, and no path leads out of closed. */
struct walk {
    uint64_t paths;
    uint64_t refused;
    unsigned states;
};

static void check_answers(const struct lifecycle* l) {
    static const struct {
        enum lifecycle_answer (*ask)(const struct lifecycle*);
        enum lifecycle_event event;
    } rows[] = {{lifecycle_may_connect, LIFECYCLE_CONNECT},
                {lifecycle_may_connect, LIFECYCLE_CONNECT_HOST},
                {lifecycle_may_accept, LIFECYCLE_ACCEPT},
                {lifecycle_may_disconnect, LIFECYCLE_DISCONNECT}};
    size_t i;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum lifecycle_answer answer = rows[i].ask(l);
        struct lifecycle next = *l;
        int may = answer == LIFECYCLE_YES || answer == LIFECYCLE_HOST;
        assert_int_equal(lifecycle_step(&next, rows[i].event), may ? 0 : -1);
    }
}

static void walk(struct walk* self, const struct lifecycle* l, int depth) {
    int event;
    self->states |= 1u << l->state;
    check_answers(l);
    if (depth == 0) {
        self->paths++;
        return;
    }
    for (event = 0; event < LIFECYCLE_EVENT_COUNT; event++) {
        struct lifecycle next = *l;
        if (lifecycle_step(&next, (enum lifecycle_event) event) != 0) {
            assert_memory_equal(&next, l, sizeof next);
            self->refused++;
            continue;
        }
        assert_true(next.state < LIFECYCLE_STATE_COUNT);
        walk(self, &next, depth - 1);
    }
}

static void every_path_is_sound(void** state) {
    struct walk self = {0, 0, 0};
    struct lifecycle l;
    (void) state;
    lifecycle_init(&l);
    walk(&self, &l, DEPTH);
    print_message("lifecycle: %llu paths of %d events, %llu events refused\n",
                  (unsigned long long) self.paths, DEPTH, (unsigned long long) self.refused);
    assert_int_equal(self.states, (1u << LIFECYCLE_STATE_COUNT) - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connect_goes_its_way),
        cmocka_unit_test(a_failed_connect_may_be_tried_again),
        cmocka_unit_test(a_carried_connect_is_the_hosts_to_know),
        cmocka_unit_test(a_disconnect_that_is_given_up_changes_nothing),
        cmocka_unit_test(a_reused_socket_goes_the_way_it_came),
        cmocka_unit_test(an_accepted_socket_is_the_hosts_to_know),
        cmocka_unit_test(nothing_happens_to_a_closed_socket),
        cmocka_unit_test(every_path_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
