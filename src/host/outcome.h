/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOST_OUTCOME_H
#define WSEXT_HOST_OUTCOME_H

#include "host/host.h"

/* The host's WSAGetOverlappedResult, with its parameters and results, and with an error where it
 * fails: ReactOS's leaves 0 behind then. */
BOOL outcome_get(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes, BOOL wait, DWORD* flags);

#endif
