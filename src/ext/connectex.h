/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_CONNECTEX_H
#define WSEXT_EXT_CONNECTEX_H

#include "host/host.h"

/* ConnectEx, by Microsoft's page on LPFN_CONNECTEX. The name is copied, and the payload is sent
 * from where it is; bytes_sent is written only before the call returns, and without a payload it
 * and the length are ignored. Returns TRUE where the operation has ended and skip mode leaves its
 * packet out, or FALSE with an error:
 *     ERROR_IO_PENDING         it goes on, or has ended; overlapped is or will be completed
 *     ERROR_INVALID_PARAMETER  overlapped is NULL
 *     WSANOTINITIALISED        no WSAStartup is in force
 *     WSAEFAULT                a name, payload, overlapped or bytes_sent that cannot be used, and
 *                              a name that is shorter than its family's
 *     WSAENOTSOCK              s is no socket
 *     WSAEADDRNOTAVAIL         the address or the port is 0
 *     WSAEAFNOSUPPORT          the family is another one than the socket's
 *     WSAEINVAL                s is not bound, or listens
 *     WSAEALREADY              another connect is in progress
 *     WSAEISCONN               s is connected
 *     WSAEADDRINUSE            the local port is taken for this peer
 *     WSAEOPNOTSUPP            s is not connection-oriented, or the host has no way to connect
 *     WSAENOBUFS               memory is short
 * or what the host says. */
BOOL PASCAL connectex_call(SOCKET s, const struct sockaddr* name, int namelen, PVOID send_buffer,
                           DWORD send_length, DWORD* bytes_sent, OVERLAPPED* overlapped);

/* Whether a connect is in progress on a socket for which the host refused another one with
 * WSAEINVAL, an error that it gives for several reasons. */
int connectex_is_in_progress(SOCKET s);

/* A digest of the address that a socket was connected to, by which a record is told from that of a
 * dead socket with the same handle value. */
unsigned connectex_digest(const struct sockaddr* name);

#endif
