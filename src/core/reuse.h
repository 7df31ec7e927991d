/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_REUSE_H
#define WSEXT_CORE_REUSE_H

#include "core/socket.h"

/* Making a connected socket ready for reuse, with the same handle: a fresh Unix socket is put below
 * it (core/renewal.h).
 *
 * What is kept: the handle, its blocking mode, the completion port and its key, the completion
 * notification modes, the options that programs set on stream sockets, and that it counts as bound.
 * What cannot be kept is the local port, as the host binds a handle once: the next connection has a
 * fresh one. So a port or address that the program chose is a reason to refuse.
 *
 * The host's server dies of an operation that is still in the socket's queues then, also of one
 * that was cancelled until the thread that began it has answered, which takes as long as that
 * thread waits for a processor. So nothing is done while any may be queued: the program's calls
 * that could queue one, or close the handle, are kept out for the moment (core/gate.h), and the
 * host is asked whether any is queued (core/queues.h). No lock is held meanwhile, and nothing
 * waits. */

/* Whether a socket can be made reusable on this host at all; asked once, of sockets of our own,
 * before any lock is taken. Returns 0, or WSAEOPNOTSUPP, or WSAENOBUFS where it could not be asked
 * now. */
int reuse_check(void);

/* One socket that is being made reusable. The caller owns it, and nothing has to be freed. */
struct reuse {
    SOCKET handle;
    ULONGLONG serial;
    DWORD began;    /* By GetTickCount(), */
    unsigned tries; /* and how often it was tried since then. */
};

/* Takes note of the socket with that record. */
void reuse_begin(struct reuse* reuse, SOCKET s, ULONGLONG serial);

/* Cancels what the host carries out on the socket, and makes the socket reusable if nothing of it
 * is left. To be called by any thread, without a lock, outside of calls that have gone in by the
 * gate. Takes some forty of the host's calls, of which none waits.
 *
 * What the peer has sent and nobody has received is thrown away, as otherwise the system would
 * reset the connection instead of ending it. Returns 0, WSAEWOULDBLOCK where it is to be called
 * again after REUSE_PAUSE milliseconds, or a Winsock error, with the connection as it was:
 *     WSAENOTSOCK    the socket was closed meanwhile
 *     WSAEOPNOTSUPP  the host has no way, or this socket cannot be kept whole: its port is not
 *                    known to us, or is an I/O object of a thread pool, its address was chosen by
 *                    the program, its events are selected for, it was shut down, another handle
 *                    names it, or operations of the program have not ended for REUSE_LIMIT
 *                    milliseconds, unless WSEXT_REUSE=wait
 *     WSAECONNRESET  the connection was reset, which the host does not forget of a socket, and is
 *                    gone for good
 *     WSAENOBUFS     the host is short of memory or sockets */
#define REUSE_PAUSE 4
#define REUSE_LIMIT 5000
int reuse_try(struct reuse* reuse);

#endif
