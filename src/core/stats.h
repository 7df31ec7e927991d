/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_STATS_H
#define WSEXT_CORE_STATS_H

#include "core/socket.h"

/* What WSEXT_STATS=1 reports when the process ends. All functions cost one test of a variable where
 * it is off. */

enum stats_function {
    STATS_CONNECTEX,
    STATS_DISCONNECTEX,
    STATS_ACCEPTEX,
    STATS_TRANSMITFILE,
    STATS_TRANSMITPACKETS,
    STATS_RECVMSG,
    STATS_SENDMSG,
    STATS_RIORECEIVE,
    STATS_RIOSEND,
    STATS_SEND, /* A send that was held back. */
    STATS_FUNCTION_COUNT
};

/* A call returned: 0 for success, or its error; bytes is what it was given to send. */
void stats_count_call(enum stats_function function, int error, ULONGLONG bytes);

/* An operation that was pending is known to have ended, with 0 or the error that its program sees.
 */
void stats_count_end(enum stats_function function, int error);

/* The time in microseconds, or 0 where nothing is counted; and that an operation that was begun at
 * such a time has ended. */
LONG64 stats_now(void);
void stats_count_time(enum stats_function function, LONG64 started);

/* A ConnectEx or an AcceptEx was accepted, under the lock of the record that it connects. */
void stats_begin(struct socket* socket, enum stats_function function);

/* The record's operation, if one is counted, is known to have ended, or, without is_seen, cannot be
 * known any more. */
void stats_end(struct socket* socket, int is_seen);

/* A socket is about to be closed: what became of its operation is asked from the host. */
void stats_count_close(const struct socket* socket);

/* The function's name, for people. */
const char* stats_name(enum stats_function function);

/* Prints the functions that were used; once in a process, whoever finds first that it ends. */
void stats_report(void);

#endif
