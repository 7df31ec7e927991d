/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_REUSE_H
#define WSEXT_CORE_REUSE_H

#include "core/socket.h"

/* Making a connected socket as good as new, with the same handle. Wine has a private request, with
 * which it makes its sockets in the first place, that puts a fresh Unix socket below a handle; the
 * one that was there is closed, so that what it had still to send goes out and its peer sees an
 * orderly end (measured on Wine 8.0 and 10.0). No other host is known to have a way.
 *
 * What is kept: the handle, its blocking mode, the completion port and its key, the completion
 * notification modes, the options that programs set on stream sockets, and that it counts as bound.
 * What cannot be kept: a local port or address that the program chose. */

/* Whether the host has such a request; asked once, by what it does to a socket of our own, without
 * network traffic. Returns 0, or WSAEOPNOTSUPP, or WSAENOBUFS where it could not be asked now. */
int reuse_check(void);

/* Both under the record's lock. The first says whether the socket can be used again, and cancels
 * the operations of the host on it. Where *has_to_wait says so, REUSE_TIME_TO_ANSWER milliseconds
 * have to pass before the second, without the lock: Wine's server keeps an operation that was
 * cancelled in the socket's queue until the thread that began it has answered, and it dies when the
 * Unix socket is replaced before, as what is queued still names the old one (measured on Wine 8.0,
 * with receives pending in several threads: 6 of 11 runs of 5 seconds). It tells of sends whether
 * any are queued, of receives only where there is something to receive. The time was enough in 230
 * rounds with receives pending in 6 threads that never pause, among up to 100 others on two cores:
 * it grows with the load, as who waits has to wait for a processor, too.
 *
 * The second makes the socket unconnected. What the peer has sent and nobody has received is thrown
 * away, as otherwise the system would reset the connection instead of ending it. Both return 0 or a
 * Winsock error, with the connection as it was:
 *     WSAEOPNOTSUPP  the host has no way, or this socket cannot be kept whole: its port is not
 *                    known to us, its address was chosen by the program, its events are
 *                    selected for, or it was shut down
 *     WSAECONNRESET  the connection was reset, which the host does not forget of a socket, and is
 *                    gone for good
 *     WSAENOBUFS     the host is short of memory or sockets */
#define REUSE_TIME_TO_ANSWER 30
int reuse_prepare(const struct socket* socket, int* has_to_wait);
int reuse_socket(const struct socket* socket);

#endif
