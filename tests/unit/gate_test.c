/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/gate.h"
#include "core/table.h"

#ifndef _WIN32
#include <pthread.h>
#endif

#define TEST__HANDLE 0x140
#define TEST__THREADS 4
#define TEST__ROUNDS 2000

static int set_up(void** state) {
    (void) state;
    table_init();
    return 0;
}

static void calls_are_counted(void** state) {
    lock_count_t* first = gate_enter(TEST__HANDLE);
    lock_count_t* second = gate_enter(TEST__HANDLE);
    (void) state;
    assert_non_null(first);
    assert_false(gate_is_empty(TEST__HANDLE));
    assert_true(gate_is_empty(TEST__HANDLE + 4));
    gate_leave(first);
    assert_false(gate_is_empty(TEST__HANDLE));
    gate_leave(second);
    assert_true(gate_is_empty(TEST__HANDLE));
}

/* Who is inside does not keep the gate from being shut: a call may wait until it is cancelled. */
static void it_shuts_with_a_call_inside(void** state) {
    lock_count_t* gate = gate_enter(TEST__HANDLE);
    (void) state;
    assert_int_equal(gate_shut(TEST__HANDLE), 0);
    assert_false(gate_is_empty(TEST__HANDLE));
    gate_leave(gate);
    assert_true(gate_is_empty(TEST__HANDLE));
    gate_open(TEST__HANDLE);
}

static void it_shuts_once(void** state) {
    (void) state;
    assert_int_equal(gate_shut(TEST__HANDLE), 0);
    assert_int_equal(gate_shut(TEST__HANDLE), -1);
    gate_open(TEST__HANDLE);
    assert_int_equal(gate_shut(TEST__HANDLE), 0);
    gate_open(TEST__HANDLE);
}

static void it_does_not_shut_while_the_handle_is_closed(void** state) {
    lock_count_t* gate = gate_enter_closing(TEST__HANDLE);
    (void) state;
    assert_int_equal(gate_shut(TEST__HANDLE), -1);
    assert_true(gate_is_empty(TEST__HANDLE));
    gate_leave_closing(gate);
    assert_int_equal(gate_shut(TEST__HANDLE), 0);
    gate_open(TEST__HANDLE);
}

/* What is no socket of ours costs a look-up and gets no page of the table. */
static void a_file_gets_no_gate(void** state) {
    (void) state;
    assert_null(gate_enter_file(0x800000));
    gate_leave(NULL);
    gate_leave_closing(NULL);
    assert_null(gate_enter(~(uintptr_t) 0));
    assert_int_equal(gate_shut(~(uintptr_t) 0), -1);
    assert_true(gate_is_empty(~(uintptr_t) 0));
}

/* Threads that go in and out while one shuts the gate: with it shut and empty nobody is inside. */

struct test__race {
    lock_count_t inside;
    lock_count_t running;
    lock_count_t entered;
};

static void test__enter_and_leave(struct test__race* race) {
    unsigned i;
    for (i = 0; i < TEST__ROUNDS; i++) {
        lock_count_t* gate = gate_enter(TEST__HANDLE);
        lock_add(&race->inside, 1);
        lock_add(&race->entered, 1);
        lock_add(&race->inside, -1);
        gate_leave(gate);
    }
    lock_add(&race->running, -1);
}

#ifdef _WIN32
static DWORD WINAPI test__thread(void* race) {
    test__enter_and_leave(race);
    return 0;
}
#else
static void* test__thread(void* race) {
    test__enter_and_leave(race);
    return NULL;
}
#endif

static void nobody_is_inside_while_it_is_shut(void** state) {
#ifdef _WIN32
    HANDLE threads[TEST__THREADS];
#else
    pthread_t threads[TEST__THREADS];
#endif
    struct test__race race = {0, TEST__THREADS, 0};
    unsigned i, shut = 0;
    (void) state;
    for (i = 0; i < TEST__THREADS; i++) {
#ifdef _WIN32
        threads[i] = CreateThread(NULL, 0, test__thread, &race, 0, NULL);
#else
        pthread_create(&threads[i], NULL, test__thread, &race);
#endif
    }
    while (lock_load_count(&race.running) > 0 || shut == 0) {
        assert_int_equal(gate_shut(TEST__HANDLE), 0);
        if (gate_is_empty(TEST__HANDLE)) {
            lock_count_t before = lock_load_count(&race.entered);
            assert_int_equal(lock_load_count(&race.inside), 0);
            lock_pause();
            assert_int_equal(lock_load_count(&race.inside), 0);
            assert_int_equal(lock_load_count(&race.entered), before);
            shut++;
        }
        gate_open(TEST__HANDLE);
        lock_pause();
    }
    for (i = 0; i < TEST__THREADS; i++) {
#ifdef _WIN32
        WaitForSingleObject(threads[i], INFINITE);
        CloseHandle(threads[i]);
#else
        pthread_join(threads[i], NULL);
#endif
    }
    assert_int_equal(lock_load_count(&race.entered), TEST__THREADS * TEST__ROUNDS);
    assert_true(gate_is_empty(TEST__HANDLE));
    print_message("shut %u times with nobody inside\n", shut);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_counted),
        cmocka_unit_test(it_shuts_with_a_call_inside),
        cmocka_unit_test(it_shuts_once),
        cmocka_unit_test(it_does_not_shut_while_the_handle_is_closed),
        cmocka_unit_test(a_file_gets_no_gate),
        cmocka_unit_test(nobody_is_inside_while_it_is_shut),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
