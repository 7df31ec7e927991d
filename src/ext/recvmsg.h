/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_RECVMSG_H
#define WSEXT_EXT_RECVMSG_H

#include "host/host.h"

/* WSARecvMsg, by Microsoft's page on it: parameters as there. The host does the receiving; what it
 * is given is checked first, and of a call without an OVERLAPPED the results are made complete:
 * flags go out as MSG_TRUNC and MSG_CTRUNC only, and the count is set for a message that was cut,
 * too. Returns 0 or SOCKET_ERROR with
 *   WSAEFAULT      a structure or array that cannot be read, a place for results that cannot be
 *                  written, received NULL without overlapped;
 *   WSAEMSGSIZE    data or control data were cut;
 *   WSAEOPNOTSUPP  the host has no such function;
 *   or what the host says. */
int WSAAPI recvmsg_call(SOCKET s, WSAMSG* message, DWORD* received, WSAOVERLAPPED* overlapped,
                        LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

/* WSARecvEx, by Microsoft's page on it: recv() whose flags are an output only, MSG_PARTIAL for a
 * message that is longer than the buffer and 0 otherwise. Returns the count of bytes, or
 * SOCKET_ERROR with WSAEFAULT for flags that cannot be written, WSAEINVAL for a negative length and
 * for 0 on a stream, or the host's error. */
int recvmsg_receive(SOCKET s, char* buffer, int length, int* flags);

#endif
