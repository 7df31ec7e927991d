/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_FLUSH_H
#define WSEXT_CORE_FLUSH_H

#include "host/host.h"

/* Finds out, without waiting, whether sends are queued on a socket: an empty send stands in line
 * behind all that was sent before, and tells whether the connection still stands. The socket is
 * named with its record's serial number. Not for one that was created without WSA_FLAG_OVERLAPPED,
 * as it would wait. Without a lock. Returns 0 where none is queued; WSAEWOULDBLOCK where one is, or
 * where the host could only wait to find out; WSAENOTSOCK where the socket is closed; or the
 * Winsock error with which the host sends nothing more: WSAECONNRESET, WSAESHUTDOWN, ... */
int flush_try(SOCKET s, ULONGLONG serial);

#endif
