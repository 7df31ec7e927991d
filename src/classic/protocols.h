/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_PROTOCOLS_H
#define WSEXT_CLASSIC_PROTOCOLS_H

#include "host/host.h"

/* EnumProtocolsA and EnumProtocolsW (Microsoft's page on EnumProtocols): fills the buffer with a
 * PROTOCOL_INFOA or, if wide, PROTOCOL_INFOW for each protocol of the host's whose iProtocol is in
 * the list, which a 0 ends, or for all where the list is NULL. The names are in the buffer, too.
 * *length is the buffer's size in bytes, and becomes the size needed.
 *
 * Returns how many there are, or SOCKET_ERROR with the last error ERROR_INSUFFICIENT_BUFFER where
 * the buffer is smaller than *length then says, WSAEFAULT for what cannot be read or written, or an
 * error of the host's WSAEnumProtocols. */
int protocols_enumerate(const int* list, void* buffer, DWORD* length, int wide);

#endif
