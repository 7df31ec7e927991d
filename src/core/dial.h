/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_DIAL_H
#define WSEXT_CORE_DIAL_H

#include "core/op.h"

/* A connect by connect(). Mostly a worker waits for it: on a host such as ReactOS a socket's state,
 * SO_CONNECT_TIME and SO_ERROR are kept by the call, in the process. */

struct dial_name {
    int length;
    struct sockaddr_storage name;
};

/* Under the socket's lock: whether it may be tried, as connect() itself would bind an unbound
 * socket and on ReactOS succeed on a connected one. Returns 0, or the error that ConnectEx has
 * then. */
int dial_check(const struct socket* socket, const struct dial_name* name);

/* Connects the operation's socket, on a worker and without a lock; also where it is non-blocking,
 * or events are selected for. Returns 0 or a Winsock error. Goes on until the host has decided, or
 * the socket is closed, whatever becomes of the operation. */
int dial_connect(struct op* op, const struct dial_name* name);

/* The call itself. Returns 0 or a Winsock error. It is made again where the host answers for a
 * connect before that failed, as with native_connect(). */
int dial_call(SOCKET handle, const struct sockaddr* name, int length);

/* Begins a connect without waiting for it and leaves the socket's blocking mode as the program set
 * it. Under the socket's lock. Returns ERROR_IO_PENDING, 0 or a Winsock error. */
int dial_begin(SOCKET handle, const struct sockaddr* name, int length);

/* Whether a connect that was begun on the socket, by any means, is not decided yet. */
int dial_is_undecided(SOCKET handle);

/* Whether the socket is bound; of one of which that is not known the host is asked, and it is
 * noted. It must not be asked after a connect has failed, as ReactOS does not survive that: so
 * whoever sees a connect begin notes that the socket is bound. Under the socket's lock. Returns 0
 * or the host's error. */
int dial_check_bound(SOCKET handle);

#endif
