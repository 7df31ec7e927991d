/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_TRANSMITCHECK_H
#define WSEXT_EXT_TRANSMITCHECK_H

#include "host/host.h"

/* What TransmitFile and TransmitPackets check first, in this order, which Windows' answers in
 * Wine's tests show: that s is a socket that is connected, and that the flags are known ones and
 * TF_REUSE_SOCKET does not stand alone. *is_message says whether the socket keeps messages apart.
 * Returns 0, WSANOTINITIALISED, WSAEFAULT for an OVERLAPPED that cannot be written to, WSAENOTSOCK,
 * WSAENOTCONN, WSAECONNRESET for a connection that its peer has reset, or WSAEINVAL. */
int transmitcheck_call(SOCKET s, const OVERLAPPED* overlapped, DWORD flags, int* is_message);

#endif
