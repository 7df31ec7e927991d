/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_TRANSMIT_H
#define WSEXT_EXT_TRANSMIT_H

#include "core/stats.h"
#include "ext/sendlist.h"

/* What TransmitFile and TransmitPackets have in common: sending a list of parts as one operation.
 */

/* Whether the end of an operation with this OVERLAPPED can be told with the number of bytes: not to
 * a port that was associated with the socket before we were loaded. Then the host is to be asked
 * first, which knows the port. */
int transmit_can_count(SOCKET s, const OVERLAPPED* overlapped);

/* Sends the parts, which it frees, with the program's OVERLAPPED, or waiting for the end for NULL.
 * Of the flags it heeds TF_DISCONNECT and TF_REUSE_SOCKET. Returns 0, ERROR_IO_PENDING where the
 * OVERLAPPED is or will be completed, or a Winsock error. */
int transmit_run(SOCKET s, enum stats_function function, struct sendlist* list, DWORD flags,
                 OVERLAPPED* overlapped);

/* Sends what the program sends while a payload of ConnectEx is still to be sent before it, by the
 * arguments of WSASend: the host would send it as soon as the connection is up. Waits where
 * overlapped is NULL. Returns what transmit_run() does; *sent is how much was sent where the
 * operation has ended. */
int transmit_hold(SOCKET s, const WSABUF* buffers, DWORD count, DWORD* sent,
                  OVERLAPPED* overlapped);

#endif
