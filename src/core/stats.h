/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_STATS_H
#define WSEXT_CORE_STATS_H

#include "core/record.h"

/* What WSEXT_STATS=1 reports when the process ends. All functions cost one test of a variable where
 * it is off. */

/* A ConnectEx returned: 0 for TRUE, or its error. */
void stats_count_call(int error, DWORD payload);

/* An operation was accepted, under the record's lock. */
void stats_begin(struct record* record);

/* The record's operation, if one is counted, is known to have ended, or, without is_seen, cannot be
 * known any more. */
void stats_end(struct record* record, int is_seen);

/* A connection was seen to be up, by SO_UPDATE_CONNECT_CONTEXT. */
void stats_count_connected(void);

/* A socket is about to be closed: what became of its operation is asked from the host. */
void stats_count_close(const struct record* record);

void stats_report(void);

#endif
