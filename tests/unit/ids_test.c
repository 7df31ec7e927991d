/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/ids.h"

#define TEST__KIND 1
#define TEST__OTHER_KIND 2
#define TEST__MANY 5000
#define TEST__MOST ((1u << 20) - 2)

static char test__objects[TEST__MANY];

static void unknown_values_have_nothing(void** state) {
    static const uintptr_t values[] = {0, 1, 0xFFFFF, 0x100001, 0xFFFFFFFF, UINTPTR_MAX};
    struct ids ids = {0};
    size_t i;
    (void) state;
    for (i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_null(ids_find(&ids, TEST__KIND, values[i]));
        assert_null(ids_remove(&ids, TEST__KIND, values[i]));
    }
}

static void objects_are_found_by_kind_and_value(void** state) {
    struct ids ids = {0};
    uintptr_t ours = ids_add(&ids, TEST__KIND, &test__objects[0]);
    uintptr_t other = ids_add(&ids, TEST__OTHER_KIND, &test__objects[1]);
    (void) state;
    assert_ptr_equal(ids_find(&ids, TEST__KIND, ours), &test__objects[0]);
    assert_ptr_equal(ids_find(&ids, TEST__OTHER_KIND, other), &test__objects[1]);
    assert_null(ids_find(&ids, TEST__OTHER_KIND, ours));
    assert_null(ids_remove(&ids, TEST__KIND, other));
    free(ids.slots);
}

static void neighbours_of_a_value_are_unknown(void** state) {
    struct ids ids = {0};
    uintptr_t id = ids_add(&ids, TEST__KIND, &test__objects[0]);
    unsigned bit;
    (void) state;
    for (bit = 0; bit < 8 * sizeof id; bit++)
        assert_null(ids_find(&ids, TEST__KIND, id ^ ((uintptr_t) 1 << bit)));
    free(ids.slots);
}

static void removed_value_stays_unknown(void** state) {
    struct ids ids = {0};
    uintptr_t first = ids_add(&ids, TEST__KIND, &test__objects[0]);
    int i;
    (void) state;
    assert_ptr_equal(ids_remove(&ids, TEST__KIND, first), &test__objects[0]);
    assert_null(ids_remove(&ids, TEST__KIND, first));
    for (i = 0; i < 4095; i++) {
        uintptr_t id = ids_add(&ids, TEST__KIND, &test__objects[1]);
        assert_int_not_equal(id, first);
        assert_null(ids_find(&ids, TEST__KIND, first));
        assert_non_null(ids_remove(&ids, TEST__KIND, id));
    }
    free(ids.slots);
}

static void many_objects_come_and_go(void** state) {
    static uintptr_t values[TEST__MANY];
    struct ids ids = {0};
    int round, i;
    (void) state;
    for (round = 0; round < 3; round++) {
        for (i = 0; i < TEST__MANY; i++)
            assert_int_not_equal(values[i] = ids_add(&ids, TEST__KIND, &test__objects[i]), 0);
        for (i = 0; i < TEST__MANY; i += 2)
            assert_ptr_equal(ids_remove(&ids, TEST__KIND, values[i]), &test__objects[i]);
        for (i = 0; i < TEST__MANY; i++)
            assert_ptr_equal(ids_find(&ids, TEST__KIND, values[i]),
                             i % 2 != 0 ? &test__objects[i] : NULL);
        for (i = 1; i < TEST__MANY; i += 2)
            assert_ptr_equal(ids_remove(&ids, TEST__KIND, values[i]), &test__objects[i]);
    }
    assert_int_equal(ids.count, TEST__MANY);
    free(ids.slots);
}

static void full_table_refuses(void** state) {
    struct ids ids = {0};
    uintptr_t id = 0;
    uint32_t i;
    (void) state;
    for (i = 0; i < TEST__MOST; i++) {
        id = ids_add(&ids, TEST__KIND, test__objects);
        assert_true(id != 0 && id != 0xFFFFFFFFu);
    }
    assert_int_equal(ids_add(&ids, TEST__KIND, test__objects), 0);
    assert_non_null(ids_remove(&ids, TEST__KIND, id));
    assert_int_not_equal(ids_add(&ids, TEST__KIND, test__objects), 0);
    free(ids.slots);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_values_have_nothing),
        cmocka_unit_test(objects_are_found_by_kind_and_value),
        cmocka_unit_test(neighbours_of_a_value_are_unknown),
        cmocka_unit_test(removed_value_stays_unknown),
        cmocka_unit_test(many_objects_come_and_go),
        cmocka_unit_test(full_table_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
