/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_QUEUES_H
#define WSEXT_CORE_QUEUES_H

#include "host/host.h"

/* What Wine's server still has in the queues of a socket, operations included that were cancelled
 * and that the thread which began them has not answered for. Nothing is told of these by any call;
 * but the server lets a caller try at once only where the queue is empty, and who tries something
 * that cannot succeed gets another error than who is told to come again. So it is asked without
 * waiting, and nothing is received or sent by it.
 *
 * No lock is needed. Who asks has to see to it that the handle is not closed meanwhile, and that
 * the answer is still true when it is used: see core/gate.h. */

/* Whether this host answers like that; asked once, of sockets of our own and without network
 * traffic. Returns 0, or WSAEOPNOTSUPP, or WSAENOBUFS where it could not be asked now. To be called
 * before any lock is taken. The functions below are only for hosts that do. */
int queues_check(void);

/* Whether receives are queued on the socket, which must be non-blocking. Returns 0 where none is,
 * WSAEWOULDBLOCK where one is, or the Winsock error with which the host receives nothing more. */
int queues_ask_receives(SOCKET s);

/* The same for sends. The error may also be that the connection is broken. */
int queues_ask_sends(SOCKET s);

/* How many handles name the socket, in all processes, and how many operations refer to it besides:
 * each send, connect and poll that was begun on it, and each poll begun elsewhere that it is among.
 * Where there is none of the latter, no send has to be asked for. Return 0 or WSAENOBUFS. */
int queues_count(SOCKET s, unsigned* handles, unsigned* operations);

#endif
