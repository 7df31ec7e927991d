/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/environment.h"

#define ENVIRONMENT__ROOM 64

/* Blocks are written with '|' for the zeros, and the zeros that end them are added. */
static wchar_t* block_of(const wchar_t* text, wchar_t* block) {
    size_t i;
    wmemset(block, 0, ENVIRONMENT__ROOM);
    assert_true(wcslen(text) + 2 <= ENVIRONMENT__ROOM);
    for (i = 0; text[i] != L'\0'; i++)
        block[i] = text[i] == L'|' ? L'\0' : text[i];
    return block;
}

/* A copy of the very size that the block has, so that the sanitizers see what is read beyond it. */
static wchar_t* exact(const wchar_t* text) {
    wchar_t block[ENVIRONMENT__ROOM];
    size_t length = environment_length(block_of(text, block));
    wchar_t* copy = malloc(length * sizeof *copy);
    assert_non_null(copy);
    wmemcpy(copy, block, length);
    return copy;
}

static void expect_added(const wchar_t* block, const wchar_t* other, const wchar_t* wanted) {
    wchar_t* first = exact(block);
    wchar_t* second = exact(other);
    wchar_t* result = environment_add(first, second, L"WSEXT_");
    if (wanted == NULL) {
        assert_null(result);
    } else {
        wchar_t* third = exact(wanted);
        assert_non_null(result);
        assert_int_equal(environment_length(result), environment_length(third));
        assert_int_equal(wmemcmp(result, third, environment_length(third)), 0);
        free(third);
    }
    free(first);
    free(second);
    free(result);
}

static void lengths(void** state) {
    (void) state;
    assert_int_equal(environment_length(L""), 1);
    assert_int_equal(environment_length(L"A=1\0"), 5);
    assert_int_equal(environment_length(L"A=1\0B=\0"), 8);
}

static void nothing_to_add(void** state) {
    (void) state;
    expect_added(L"", L"", NULL);
    expect_added(L"A=1", L"", NULL);
    expect_added(L"A=1", L"B=2|WSEXT=1|WSEX", NULL);
    expect_added(L"A=1|WSEXT_LOG=off", L"WSEXT_LOG=trace", NULL);
    expect_added(L"wsext_log=off", L"WSEXT_LOG=trace", NULL);
    expect_added(L"WSEXT_LOG=", L"WSEXT_LOG=trace", NULL);
}

static void added_in_order(void** state) {
    (void) state;
    expect_added(L"", L"WSEXT_LOG=off", L"WSEXT_LOG=off");
    expect_added(L"A=1|Z=2", L"B=3|WSEXT_LOG=off", L"A=1|WSEXT_LOG=off|Z=2");
    expect_added(L"A=1|B=2", L"WSEXT_LOG=off", L"A=1|B=2|WSEXT_LOG=off");
    expect_added(L"z=2", L"WSEXT_LOG=off", L"WSEXT_LOG=off|z=2");
    expect_added(L"A=1|Z=2", L"WSEXT_LOG=off|WSEXT_FOLLOW=1",
                 L"A=1|WSEXT_FOLLOW=1|WSEXT_LOG=off|Z=2");
    expect_added(L"WSEXT_LOG=off", L"WSEXT_LOG_FILE=x|WSEXT_LOG=trace",
                 L"WSEXT_LOG=off|WSEXT_LOG_FILE=x");
    expect_added(L"WSEXT_LOG_FILE=x", L"wsext_log=trace", L"wsext_log=trace|WSEXT_LOG_FILE=x");
}

/* The current directories of the drives, and what is no variable at all. */
static void odd_variables(void** state) {
    (void) state;
    expect_added(L"=C:=C:\\x|A=1", L"=C:=C:\\|WSEXT_LOG=off", L"=C:=C:\\x|A=1|WSEXT_LOG=off");
    expect_added(L"=|nonsense", L"WSEXT_LOG=off", L"=|nonsense|WSEXT_LOG=off");
    expect_added(L"Z|A=1", L"WSEXT_LOG", L"WSEXT_LOG|Z|A=1");
    expect_added(L"A=1", L"WSEXT_=", L"A=1|WSEXT_=");
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),
        cmocka_unit_test(nothing_to_add),
        cmocka_unit_test(added_in_order),
        cmocka_unit_test(odd_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
