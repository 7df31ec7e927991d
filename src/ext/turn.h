/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_TURN_H
#define WSEXT_EXT_TURN_H

#include "host/host.h"

/* Turns at sending: while one thread has a socket's turn, no other sends on that socket, so that
 * options can be changed for one message alone. A turn is held while the host sends, which may take
 * as long as sending does; nothing but sending on the same socket ever waits for it. */

/* Whether turn_begin() was ever called for the socket; without a lock. Only then plain sends need
 * to take turns. */
int turn_is_used(SOCKET s);

/* Waits for the turn and takes it. Returns 0, or WSAENOBUFS where memory is short. */
int turn_begin(SOCKET s);
void turn_end(SOCKET s);

/* The same for a send that the host may have queued. */
void turn_end_queued(SOCKET s, int is_queued);

/* During the turn: waits until the host has sent what is queued, or the socket is closed. That
 * something is, is known from turn_end_queued(), or the caller says so. Returns 0, or -1 where the
 * socket is gone, so that its handle may be another's. */
int turn_drain(SOCKET s, int is_queued);

#endif
