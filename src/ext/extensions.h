/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_EXTENSIONS_H
#define WSEXT_EXT_EXTENSIONS_H

#include "host/host.h"

/* Our function for that GUID, or NULL where it is not ours. */
const void* extensions_find(const GUID* guid);

/* WSAIoctl(SIO_GET_EXTENSION_FUNCTION_POINTER), by Microsoft's page on WSAIoctl: parameters as
 * there. Returns 0 or a Winsock error: WSAEFAULT for a buffer that is missing, too short, or not to
 * be read or written; WSAENOTSOCK; for a GUID that is not ours, what the host answers. The pointer
 * is given for every kind of socket and is always the same. */
int extensions_get_function(SOCKET s, const void* in, DWORD in_length, void* out, DWORD out_length,
                            DWORD* returned, WSAOVERLAPPED* overlapped,
                            LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

/* WSAIoctl(SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER), in the same way: for WSAID_MULTIPLE_RIO
 * the table of registered I/O, RIO_EXTENSION_FUNCTION_TABLE; where the buffer is too short for it,
 * *returned is set to its size. */
int extensions_get_functions(SOCKET s, const void* in, DWORD in_length, void* out, DWORD out_length,
                             DWORD* returned, WSAOVERLAPPED* overlapped,
                             LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

#endif
