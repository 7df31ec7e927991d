/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_CANCEL_H
#define WSEXT_EXT_CANCEL_H

#include "host/host.h"

/* The ends of an operation that come from outside. Each completes an operation that is in our hands
 * and leaves one that the host carries to the host. */

/* CancelIoEx: cancels the operation of that OVERLAPPED, or any for NULL. CancelIo: the same for an
 * operation of the calling thread. Return whether there was one in our hands. */
int cancel_operation(SOCKET s, const OVERLAPPED* overlapped);
int cancel_own_operation(SOCKET s);

/* The socket is about to be closed: ends its operation. What is known of the socket stays until it
 * is closed, so that a call which another thread makes meanwhile does not take it for a new one.
 */
void cancel_for_close(SOCKET s);

/* The socket is closed: forgets it, unless its handle's value is known for another by now. */
void cancel_after_close(SOCKET s);

/* The socket was closed by a way that does not lead through us: the same, without touching what may
 * be another's handle by now. */
void cancel_for_lost_handle(SOCKET s);

/* The calling thread ends. */
void cancel_for_thread_exit(void);

#endif
