/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOST_SECONDS_H
#define WSEXT_HOST_SECONDS_H

#include "host/host.h"

#define SECONDS_NEVER 0xFFFFFFFFu

/* For how many seconds the socket has been connected, SECONDS_NEVER for one that is not: what
 * SO_CONNECT_TIME should tell. On a host with CAP_CONNECT_TIME, which is to be found out before, it
 * tells the seconds since 1970 for a socket that is not connected, and the peer's name decides.
 * Returns 0, or a Winsock error. */
int seconds_connected(SOCKET s, DWORD* seconds);

#endif
