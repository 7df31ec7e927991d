/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_SYNCHRONOUS_H
#define WSEXT_CORE_SYNCHRONOUS_H

#include "core/driver.h"

/* ConnectEx on a socket that was created without WSA_FLAG_OVERLAPPED. The host carries out I/O on
 * such a handle while the caller waits, so this is called without any lock, by the program's own
 * thread, and neither the engine nor the other drivers touch such a socket.
 *
 * function is the host's ConnectEx, or NULL where connect() has to do. Returns 0 where the
 * operation has ended with success, ERROR_IO_PENDING where the host goes on with it, or a Winsock
 * error. */
int synchronous_connect(const struct driver_request* request, LPFN_CONNECTEX function);

#endif
