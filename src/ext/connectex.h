/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_CONNECTEX_H
#define WSEXT_EXT_CONNECTEX_H

#include "host/host.h"

/* ConnectEx, by Microsoft's page on LPFN_CONNECTEX. */
BOOL PASCAL connectex_call(SOCKET s, const struct sockaddr* name, int namelen, PVOID send_buffer,
                           DWORD send_length, DWORD* bytes_sent, OVERLAPPED* overlapped);

/* Whether a connect is in progress on a socket for which the host refused another one with
 * WSAEINVAL, an error that it gives for several reasons. */
int connectex_is_in_progress(SOCKET s);

/* A digest of the address that a socket was connected to, by which a record is told from that of a
 * dead socket with the same handle value. */
unsigned connectex_digest(const struct sockaddr* name);

#endif
