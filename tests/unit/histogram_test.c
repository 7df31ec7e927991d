/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void buckets_meet_without_a_gap(void** state) {
    unsigned i;
    (void) state;
    assert_int_equal(histogram_bucket(0), 0);
    for (i = 0; i < HISTOGRAM__BUCKETS - 1; i++) {
        assert_int_equal(histogram_bucket(histogram_limit(i)), i);
        assert_int_equal(histogram_bucket(histogram_limit(i) + 1), i + 1);
    }
    assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM__BUCKETS - 1);
    assert_true(histogram_limit(HISTOGRAM__BUCKETS - 1) == UINT64_MAX);
}

static void a_bucket_is_narrow(void** state) {
    unsigned i;
    (void) state;
    for (i = 8; i < HISTOGRAM__BUCKETS; i++)
        assert_true(histogram_limit(i) - histogram_limit(i - 1) <= histogram_limit(i) / 4);
}

static void quantiles_bound_what_was_counted(void** state) {
    long counts[HISTOGRAM__BUCKETS] = {0};
    uint64_t value;
    (void) state;
    assert_int_equal(histogram_quantile(counts, 500), 0);
    for (value = 1; value <= 1000; value++)
        counts[histogram_bucket(value)]++;
    assert_in_range(histogram_quantile(counts, 500), 500, 625);
    assert_in_range(histogram_quantile(counts, 990), 990, 1238);
    assert_in_range(histogram_quantile(counts, 1000), 1000, 1250);
    assert_int_equal(histogram_quantile(counts, 1), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_meet_without_a_gap),
        cmocka_unit_test(a_bucket_is_narrow),
        cmocka_unit_test(quantiles_bound_what_was_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
