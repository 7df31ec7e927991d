/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_RENEWAL_H
#define WSEXT_CORE_RENEWAL_H

#include "host/host.h"

/* Wine's private request, with which it makes its sockets in the first place, that puts a fresh
 * Unix socket below a handle (measured on Wine 8.0 and 10.0). The one that was there is closed, so
 * that what it had still to send goes out and its peer sees an orderly end. No other host is known
 * to have a way. No lock is needed. */

/* As the request takes it. */
struct renewal_kind {
    int family;
    int type;
    int protocol;
    unsigned flags;
};

/* Whether the host has such a request; asked once, by what it does to a socket of our own, without
 * network traffic. Returns 0, or WSAEOPNOTSUPP, or WSAENOBUFS where it could not be asked now. To
 * be called before any lock is taken. */
int renewal_check(void);

/* What a socket is made of. Returns 0, WSAENOBUFS, or WSAEOPNOTSUPP where it does not say. */
int renewal_get_kind(SOCKET s, struct renewal_kind* kind);

/* Puts a fresh Unix socket of that kind below the handle. Returns 0, or -1 where nothing was
 * changed. Each operation that is queued on the socket goes on to name the Unix socket that was
 * there, and when it ends, the server dies of it (measured on Wine 8.0; Wine 10.0's source has it,
 * too): none may be queued, whatever it is. */
int renewal_replace(SOCKET s, const struct renewal_kind* kind);

/* The process remembers the Unix socket of each handle until the handle is closed; this makes it
 * forget that of this one. */
void renewal_forget_descriptor(SOCKET s);

#endif
