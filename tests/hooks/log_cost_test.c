/* SPDX-License-Identifier: MIT */

/* What the log costs where it is off. */

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"

#define LOG__ROUNDS 50000000

/* As the code of another module, so that the loop is not known to do nothing. */
static volatile int log__sum;
static int log__evaluated;

static int log__argument(void) {
    return ++log__evaluated;
}

static void arguments_are_not_evaluated(void** state) {
    static const int wanted[] = {0, 1, 2, 3, 4};
    enum log_level level;
    (void) state;
    for (level = LOG_OFF; level <= LOG_TRACE; level++) {
        log_level = level;
        log__evaluated = 0;
        log_error("%d", log__argument());
        log_warn("%d", log__argument());
        log_info("%d", log__argument());
        log_trace("%d", log__argument());
        assert_int_equal(log__evaluated, wanted[level]);
    }
    log_level = LOG_WARN;
}

static double log__now(void) {
    LARGE_INTEGER count, frequency;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return (double) count.QuadPart * 1e9 / (double) frequency.QuadPart;
}

static double log__measure_without(void) {
    double begin = log__now();
    int i;
    for (i = 0; i < LOG__ROUNDS; i++)
        log__sum += i;
    return log__now() - begin;
}

static double log__measure_with(void) {
    double begin = log__now();
    int i;
    for (i = 0; i < LOG__ROUNDS; i++) {
        log__sum += i;
        log_trace("%d", i);
    }
    return log__now() - begin;
}

/* The best of several rounds, as others use the machine, too. A line that is formatted and thrown
 * away takes some hundred ns, so the limit tells the two apart wherever the test runs. */
static void a_line_that_is_not_shown(void** state) {
    double without = 1e18, with = 1e18;
    int i;
    (void) state;
    for (i = 0; i < 5; i++) {
        double first = log__measure_without();
        double second = log__measure_with();
        without = first < without ? first : without;
        with = second < with ? second : with;
    }
    print_message("%.2f ns for a line that is not shown\n", (with - without) / LOG__ROUNDS);
    assert_true((with - without) / LOG__ROUNDS < 20);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_not_evaluated),
        cmocka_unit_test(a_line_that_is_not_shown),
    };
    log_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
