/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_NATIVE_H
#define WSEXT_CORE_NATIVE_H

#include "core/socket.h"

/* The host's own ConnectEx, which belongs to a socket's provider; nearly always a process has one.
 */

/* Notes a provider's function, for its socket. Without a lock. One that is a stub, as ReactOS hands
 * out with a success, is not taken. */
void native_note(SOCKET handle, LPFN_CONNECTEX function);

/* Without a lock: whether the socket's provider has one, asking it where none is known yet. */
int native_is_available(SOCKET handle);

/* Under the socket's lock: its provider's function, or the process' usual one, or NULL. */
LPFN_CONNECTEX native_function(const struct socket* socket);

/* Calls such a function, with the payload or, for NULL or one of no bytes, without. Returns 0,
 * ERROR_IO_PENDING or the host's error. After a connect that failed, Linux answers the next one
 * with WSAECONNABORTED once, on Wine 8: it is asked again then. */
int native_connect(LPFN_CONNECTEX function, SOCKET handle, const struct sockaddr* name, int length,
                   const WSABUF* payload, OVERLAPPED* overlapped);

#endif
