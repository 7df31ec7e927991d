/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_SENDLOCK_H
#define WSEXT_EXT_SENDLOCK_H

#include "host/host.h"

/* Turns at sending: while one thread has a socket's turn, no other sends on that socket, so that
 * options can be changed for one message alone. A turn is held while the host sends, which may take
 * as long as sending does; nothing but sending on the same socket ever waits for it. The socket may
 * be closed meanwhile, and the one that gets its handle's value has turns of its own. */

struct sendlock;

/* Waits for the turn and takes it. Returns NULL where memory is short. */
struct sendlock* sendlock_begin(SOCKET s);

/* The same for a plain send, which needs a turn only if turn_begin() was ever called for the
 * socket; else returns NULL, without a lock. */
struct sendlock* sendlock_begin_plain(SOCKET s);

/* The same two for who must not wait, such as the loop's thread, and for who holds the record's
 * lock. Return 0 with the turn or NULL, or -1 while others have the turn or wait for it; the loop
 * is woken when none do any more. */
int sendlock_try(SOCKET s, struct sendlock** sendlock);
int sendlock_try_plain(SOCKET s, struct sendlock** sendlock);

/* is_queued says whether the host may have queued what was sent in this turn. */
void sendlock_end(struct sendlock* sendlock, int is_queued);

/* During the turn: waits until the host has sent what is queued, or the socket is closed. That
 * something is, is known from turn_end(), or the caller says so. */
void sendlock_drain(struct sendlock* sendlock, int is_queued);

/* For who must not wait: whether there is nothing to be waited for. */
int sendlock_is_drained(struct sendlock* sendlock, int is_queued);

/* During the turn: keeps the socket from being closed, for calls that do not wait, and returns
 * whether it is still there. Is followed by turn_let_go() in any case. */
int sendlock_hold(const struct sendlock* sendlock);
void sendlock_let_go(const struct sendlock* sendlock);

#endif
