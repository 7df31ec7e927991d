/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_RIDE_H
#define WSEXT_CORE_RIDE_H

#include "core/connect.h"

/* A small payload may ride: be given to the host's own ConnectEx, which is no request more than a
 * connect alone. Wine sends it by one send when the connection is up, and if that does not take all
 * of it the operation never ends. So it has to be certain that a fresh connection has room for it,
 * whatever the peer announces.
 *
 * Linux fills segments until what is queued, with at most 1,280 bytes of bookkeeping for each, has
 * reached the size of the send buffer, which with its usual settings is at least 25,600 bytes: the
 * 16,384 of a fresh socket grow with the connection. A peer anywhere can bring a segment down to 36
 * bytes, by a window of one, and 20 of these are taken: 720 bytes. One on this machine, whose
 * system is ours, can bring it down to 76 (TCP_MAXSEG of 88), and 19 are taken: 1,444 bytes.
 *
 * Not seen is an administrator who lets a send buffer not grow beyond a fresh socket's (the third
 * value of tcp_wmem): by calculation that leaves 468 bytes for a peer with so small segments, and
 * 988 on this machine. Segments of the usual sizes hold all of it in one or two, for which there is
 * room then, too. */

/* Whether the address is on this machine, for certain. */
int ride_is_near(const struct sockaddr* name);

/* Whether the payload may ride. Asks the host, so it must not be called under a lock. A socket
 * whose send buffer the program has chosen, or may have, has none that rides. */
int ride_is_allowed(const struct connect_request* request);

#endif
