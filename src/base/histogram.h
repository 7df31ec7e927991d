/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_HISTOGRAM_H
#define WSEXT_BASE_HISTOGRAM_H

#include <stdint.h>

/* Counts values in buckets of which each power of two has four, so that a quantile is told to
 * within a quarter of its value. The caller counts in the bucket by means of its own, atomically if
 * need be. */

#define HISTOGRAM__BUCKETS 252

/* The bucket that counts the value. */
unsigned histogram_bucket(uint64_t value);

/* The largest value that the bucket counts. */
uint64_t histogram_limit(unsigned bucket);

/* An upper bound of the value that permille of all counted values do not exceed; 0 where nothing
 * was counted. */
uint64_t histogram_quantile(const volatile long* counts, unsigned permille);

#endif
