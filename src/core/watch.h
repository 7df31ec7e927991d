/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_WATCH_H
#define WSEXT_CORE_WATCH_H

#include "core/op.h"

/* Watching many sockets for the outcome of their connects, by polls of the socket driver that cover
 * a group of sockets each: every event in the system walks all polls, so one poll for each socket
 * would be quadratic. The outcome becomes the status of the operation's step; STATUS_INVALID_HANDLE
 * stands for a socket that was closed. Needs CAP_POLL. */

/* For who begins the operation: has the loop, to which it is added afterwards, watch its socket for
 * the end of the quiet step that is under way. */
void watch_for(struct op* op);

/* For who has begun it, before it is watched: looks whether the connect is up already, and notes
 * that. Without a lock. */
void watch_look(struct op* op);

/* Whether the operation is watched, or will be. */
int watch_has(const struct op* op);

/* For the loop's thread: begins to watch what was added, and notes the outcomes. The event is set
 * when there are more. Returns how many polls had ended. */
unsigned watch_run(HANDLE event);

#endif
