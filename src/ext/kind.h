/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_KIND_H
#define WSEXT_EXT_KIND_H

#include "host/host.h"

/* Looks at the kind of a socket that an extension function for connection-oriented sockets is
 * called on, which Wine does not check. The kind of a socket that was created before we were loaded
 * is asked for once, and whether I/O on it makes the caller wait; table_flags() tells both
 * afterwards. Returns 0 for a stream socket, WSAEOPNOTSUPP for a datagram or raw socket, or the
 * host's error, such as WSAENOTSOCK. */
int kind_check_stream(SOCKET s);

/* For a call whose arguments are wrong: returns WSAENOTSOCK or what else the host says of a handle
 * that is no socket, which is told before all else, and otherwise ERROR, what is wrong. */
int kind_blame(SOCKET s, int error);

#endif
