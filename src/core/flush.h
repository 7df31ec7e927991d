/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_FLUSH_H
#define WSEXT_CORE_FLUSH_H

#include "host/host.h"

/* An empty send stands in line behind all that was sent on a socket before, ends when that has
 * ended, and tells whether the connection still stands. Both name the socket with its record's
 * serial number, and return WSAENOTSOCK where it is closed. */

/* Waits until all sends that were begun before have ended. Returns 0, or the Winsock error with
 * which the host sends nothing more: WSAECONNRESET, WSAESHUTDOWN, ... */
int flush_sends(SOCKET s, ULONGLONG serial);

/* The same without waiting, but on a socket that was created without WSA_FLAG_OVERLAPPED:
 * WSAEWOULDBLOCK where a send is in line, or where the host could only wait to find out. */
int flush_try(SOCKET s, ULONGLONG serial);

#endif
