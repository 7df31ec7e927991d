/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/table.h"

#ifndef _WIN32
#include <pthread.h>
#endif

#define TEST__THREADS 4
#define TEST__ROUNDS 20000
#define TEST__HANDLES 64

static int set_up(void** state) {
    (void) state;
    table_init();
    return 0;
}

static void unknown_handle_has_nothing(void** state) {
    (void) state;
    assert_int_equal(table_flags(0x1234), 0);
    assert_null(table_lock(0x1234));
    table_unlock(0x1234);
}

static void flags_are_set_and_cleared(void** state) {
    (void) state;
    table_lock(0x40);
    assert_int_equal(table_change_flags(0x40, TABLE_STREAM | TABLE_SEEN, 0), 0);
    assert_int_equal(table_change_flags(0x40, TABLE_SKIP, TABLE_STREAM), 0);
    table_unlock(0x40);
    assert_int_equal(table_flags(0x40), TABLE_SEEN | TABLE_SKIP);
    assert_int_equal(table_flags(0x44), 0);
}

/* The system ignores the low two bits of a handle, so they name the same socket. */
static void low_bits_name_the_same_handle(void** state) {
    int record;
    (void) state;
    table_lock(0x80);
    assert_int_equal(table_set_record(0x80, &record), 0);
    table_unlock(0x80);
    assert_ptr_equal(table_lock(0x83), &record);
    table_set_record(0x83, NULL);
    table_unlock(0x83);
    assert_false(table_flags(0x80) & TABLE_SOCKET);
}

static void handles_beyond_reach_are_refused(void** state) {
    static const uintptr_t handles[] = {(uintptr_t) 1 << 24, ~(uintptr_t) 0, ~(uintptr_t) 0 / 2};
    int record;
    size_t i;
    (void) state;
    for (i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        assert_null(table_lock(handles[i]));
        assert_int_equal(table_set_record(handles[i], &record), -1);
        assert_int_equal(table_change_flags(handles[i], TABLE_SEEN, 0), -1);
        assert_int_equal(table_change_flags(handles[i], 0, TABLE_SEEN), 0);
        table_unlock(handles[i]);
        assert_int_equal(table_flags(handles[i]), 0);
    }
}

static void test__count(uintptr_t handle, void* record, void* context) {
    assert_ptr_equal(record, (char*) NULL + handle + 1);
    ++*(int*) context;
}

static void each_record_is_visited_once(void** state) {
    /* On one page, on its borders, and on the last page. */
    static const uintptr_t handles[] = {0x4, 0xFFC, 0x1000, 0x1004, 0xFFFFFC};
    int visited = 0;
    size_t i;
    (void) state;
    for (i = 0; i < 5; i++) {
        table_lock(handles[i]);
        assert_int_equal(table_set_record(handles[i], (char*) NULL + handles[i] + 1), 0);
        table_unlock(handles[i]);
    }
    table_for_each(test__count, &visited);
    assert_int_equal(visited, 5);
    for (i = 0; i < 5; i++) {
        table_lock(handles[i]);
        table_set_record(handles[i], NULL);
        table_unlock(handles[i]);
    }
}

#ifndef _WIN32
/* Each record counts in plain memory how often it was found, which only the lock makes right. */
static void* test__hammer(void* seed_place) {
    unsigned seed = *(unsigned*) seed_place;
    int i;
    for (i = 0; i < TEST__ROUNDS; i++) {
        uintptr_t handle =
            0x2000 + 4u * (seed = seed * 1103515245u + 12345u, (seed >> 16) % TEST__HANDLES);
        long* record = table_lock(handle);
        if (record == NULL) {
            record = calloc(1, sizeof *record);
            table_set_record(handle, record);
        } else if (++*record == 50) {
            table_set_record(handle, NULL);
            free(record);
        }
        table_unlock(handle);
        if (table_flags(handle) & ~(unsigned) TABLE_SOCKET)
            abort();
    }
    return NULL;
}

static void test__free(uintptr_t handle, void* record, void* context) {
    (void) context;
    table_set_record(handle, NULL);
    free(record);
}

static void threads_do_not_meet(void** state) {
    pthread_t threads[TEST__THREADS];
    unsigned seeds[TEST__THREADS];
    int left = 0;
    unsigned i;
    (void) state;
    for (i = 0; i < TEST__THREADS; i++) {
        seeds[i] = i + 1;
        assert_int_equal(pthread_create(&threads[i], NULL, test__hammer, &seeds[i]), 0);
    }
    for (i = 0; i < TEST__THREADS; i++)
        pthread_join(threads[i], NULL);
    for (i = 0; i < TEST__HANDLES; i++) {
        uintptr_t handle = 0x2000 + 4u * i;
        void* record = table_lock(handle);
        if (record != NULL) {
            test__free(handle, record, NULL);
            left++;
        }
        table_unlock(handle);
    }
    assert_true(left > 0);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_handle_has_nothing),
        cmocka_unit_test(flags_are_set_and_cleared),
        cmocka_unit_test(low_bits_name_the_same_handle),
        cmocka_unit_test(handles_beyond_reach_are_refused),
        cmocka_unit_test(each_record_is_visited_once),
#ifndef _WIN32
        cmocka_unit_test(threads_do_not_meet),
#endif
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
