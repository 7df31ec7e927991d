/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_GUARD_H
#define WSEXT_CORE_GUARD_H

#include "core/operation.h"

/* Looks after payloads that the host is sending. Wine 8 can lose the news of a connection's end:
 * when a reset reaches its server while the program's side is between a send that was cut short and
 * its report, the server has nobody to wake, and stops polling the socket; the send then hangs for
 * ever. (Measured: 8 of 10 sends of 64 MiB that the peer resets after its first byte.) Looking at
 * such a socket by an AFD poll for writability makes the server try the send once more, which then
 * fails as it should. So all sends in progress are looked at in groups, at intervals that grow to a
 * quarter of a second; the same look tells when a send has ended. Only the engine's thread calls
 * these. */

/* Whether the host needs this. */
int guard_is_needed(void);

/* Puts an operation, whose connect is up and whose send the host carries, under guard. */
void guard_add(struct operation* operation);

/* Looks at the sends if it is time to, and hands those that have ended to let_go(), which releases
 * them, and those that is_wanted() does not want to operation_release(). Returns the time until the
 * next look in milliseconds, INFINITE where nothing is to do. */
DWORD guard_sweep(int (*is_wanted)(const struct operation* operation),
                  void (*let_go)(struct operation* operation));

#endif
