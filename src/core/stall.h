/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_STALL_H
#define WSEXT_CORE_STALL_H

#include "host/host.h"

/* Stalled sends. Wine 8 can lose the news of a connection's end: when a reset reaches its server
 * while the program's side is between a send that was cut short and its report, the server has
 * nobody to wake, and stops polling the socket; the send then hangs for ever. (Measured: 8 of 10
 * sends of 64 MiB that the peer resets after its first byte.) Looking at such a socket by a poll
 * for writability makes the server try the send once more, which then fails as it should.
 *
 * So all sockets that a send of ours is pending on are looked at, in groups, at intervals that grow
 * to a quarter of a second and never begin anew while there is one. A socket that can be written to
 * and has no send queued says so, and is dropped. On a host that does not lose resets nothing is
 * done. */

#define STALL_FIRST_INTERVAL 10 /* In milliseconds, */
#define STALL_LAST_INTERVAL 250 /* to which it doubles. */

/* A send is pending on the socket. Any thread may call it, with the socket's lock held, too; the
 * loop runs. Where there is no memory it is looked at with the next. */
void stall_add(SOCKET handle, ULONGLONG serial);

/* Looks at one socket, for who waits for its send. Without a lock. */
void stall_look(SOCKET handle, ULONGLONG serial);

#endif
