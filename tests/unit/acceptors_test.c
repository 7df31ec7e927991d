/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ext/acceptors.h"

#define TEST__COUNT 20000
#define TEST__MANY 100000 /* More than the table has places, so that it is made anew. */
#define TEST__STRIDE 4096

/* Places for OVERLAPPEDs as a program may have them, 4,096 bytes from each other; nothing of them
 * is touched. */
static const void* test__overlapped(unsigned i) {
    return (const void*) ((uintptr_t) 0x10000 + (uintptr_t) i * TEST__STRIDE);
}

static unsigned char test__is_live[TEST__MANY];
static unsigned test__questions;

static int test__is_current(const void* overlapped, uintptr_t acceptor) {
    unsigned i = (unsigned) (((uintptr_t) overlapped - 0x10000) / TEST__STRIDE);
    test__questions++;
    return test__is_live[i] && acceptor == 4 * (uintptr_t) (i + 1);
}

static void test__begin(unsigned i) {
    acceptors_begin(test__overlapped(i), 4 * (uintptr_t) (i + 1), test__is_current);
    test__is_live[i] = 1;
    acceptors_begun(test__overlapped(i));
}

static int set_up(void** state) {
    (void) state;
    acceptors_init();
    return 0;
}

static void nothing_is_known_at_first(void** state) {
    (void) state;
    acceptors_begun(test__overlapped(0));
    assert_int_equal(acceptors_find(test__overlapped(0)), 0);
    assert_false(acceptors_is_short());
}

static void all_that_hold_are_found(void** state) {
    unsigned i;
    (void) state;
    for (i = 0; i < TEST__COUNT; i++)
        test__begin(i);
    for (i = 0; i < TEST__COUNT; i++)
        assert_int_equal(acceptors_find(test__overlapped(i)), 4 * (i + 1));
    assert_int_equal(acceptors_find(test__overlapped(TEST__COUNT)), 0);
    /* Of each it is asked a few times at most while the table grows. */
    assert_true(test__questions < 4 * TEST__COUNT);
    assert_false(acceptors_is_short());
}

static void the_last_that_was_begun_counts(void** state) {
    (void) state;
    acceptors_begin(test__overlapped(7), 0x400, test__is_current);
    acceptors_begun(test__overlapped(7));
    assert_int_equal(acceptors_find(test__overlapped(7)), 0x400);
    test__begin(7);
    assert_int_equal(acceptors_find(test__overlapped(7)), 4 * 8);
}

/* A server that takes another OVERLAPPED for each operation has few at a time. */
static void what_has_ended_makes_room(void** state) {
    unsigned i, round;
    (void) state;
    for (i = 0; i < TEST__COUNT; i++)
        test__is_live[i] = 0;
    test__questions = 0;
    for (round = 0; round < 20; round++) {
        for (i = 0; i < TEST__COUNT; i++) {
            test__begin(i);
            assert_int_equal(acceptors_find(test__overlapped(i)), 4 * (i + 1));
            if (i >= 10)
                test__is_live[i - 10] = 0;
        }
        for (i = TEST__COUNT - 10; i < TEST__COUNT; i++)
            test__is_live[i] = 0;
    }
    assert_true(test__questions < 4 * 20 * TEST__COUNT);
}

/* What another thread is about to give to the host is not yet in any record. */
static void what_is_beginning_is_kept(void** state) {
    unsigned i;
    (void) state;
    acceptors_begin(test__overlapped(0), 0x500, test__is_current);
    for (i = 1; i < TEST__MANY; i++) {
        test__begin(i);
        test__is_live[i] = 0;
    }
    assert_int_equal(acceptors_find(test__overlapped(0)), 0x500);
    acceptors_begun(test__overlapped(0));
    for (i = 1; i < TEST__MANY; i++) {
        test__begin(i);
        test__is_live[i] = 0;
    }
    assert_int_equal(acceptors_find(test__overlapped(0)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(all_that_hold_are_found),
        cmocka_unit_test(the_last_that_was_begun_counts),
        cmocka_unit_test(what_has_ended_makes_room),
        cmocka_unit_test(what_is_beginning_is_kept),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
