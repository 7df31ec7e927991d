/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_CANCEL_H
#define WSEXT_CORE_CANCEL_H

#include "core/lifecycle.h"
#include "host/host.h"

/* The ends of operations that come from outside: loops over the operations of a socket. What wsext
 * carries out is completed, what the host carries is left to the host. */

/* CancelIoEx: cancels the operations of that OVERLAPPED, or all for NULL. CancelIo: those that the
 * calling thread has issued. Return whether there was one that wsext carries out. */
int cancel_operations(SOCKET s, const OVERLAPPED* overlapped);
int cancel_own_operations(SOCKET s);

/* For the program's closesocket and CloseHandle, around the host's. The first ends the socket's
 * operations, and forgets what needs no lock; it returns -1 where the socket has operations and the
 * host is going to refuse. What else is known stays until the other call, so that a call which
 * another thread makes meanwhile does not take it for a new socket. No lock is held in between. */
struct cancel_closing {
    SOCKET handle;
    ULONGLONG serial; /* Of its record, or 0. */
    unsigned flags;   /* What was forgotten. */
    struct lifecycle lifecycle;
};
int cancel_before_close(SOCKET s, struct cancel_closing* closing);
void cancel_after_close(const struct cancel_closing* closing, int is_closed);

/* The same for a provider, whose two calls share nothing. */
void cancel_closed(SOCKET s);

/* The socket was closed by a way that does not lead through us: the same, without touching what may
 * be another's handle by now. */
void cancel_lost_handle(SOCKET s);
void cancel_lost_socket(SOCKET s, ULONGLONG serial);

/* The calling thread ends. */
void cancel_for_thread_exit(void);

#endif
