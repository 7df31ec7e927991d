/* SPDX-License-Identifier: MIT */
#include "base/histogram.h"

#define HISTOGRAM__EXACT 4u

unsigned histogram_bucket(uint64_t value) {
    unsigned shift = 0;
    while (value >> shift >= (uint64_t) 2 * HISTOGRAM__EXACT)
        shift++;
    /* The two bits below the highest choose among the four of a power. */
    return shift * HISTOGRAM__EXACT + (unsigned) (value >> shift);
}

uint64_t histogram_limit(unsigned bucket) {
    unsigned shift;
    if (bucket < 2 * HISTOGRAM__EXACT)
        return bucket;
    shift = bucket / HISTOGRAM__EXACT - 1;
    return ((((uint64_t) (bucket % HISTOGRAM__EXACT) + HISTOGRAM__EXACT) + 1) << shift) - 1;
}

uint64_t histogram_quantile(const volatile long* counts, unsigned permille) {
    uint64_t total = 0, wanted, seen = 0;
    unsigned i;

    for (i = 0; i < HISTOGRAM__BUCKETS; i++)
        total += (uint64_t) counts[i];
    if (total == 0)
        return 0;
    wanted = (total * permille + 999) / 1000;
    for (i = 0; i < HISTOGRAM__BUCKETS - 1; i++) {
        seen += (uint64_t) counts[i];
        if (seen >= wanted)
            break;
    }
    return histogram_limit(i);
}
