/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_SENDMSG_H
#define WSEXT_EXT_SENDMSG_H

#include "host/host.h"

/* WSASendMsg, by Microsoft's page on it: parameters as there. Without control data the message is
 * the host's. With them it goes out as they say, or not at all: cmsg.h lists the kinds and what is
 * wrong with others, source.h what is said about addresses. Returns 0 or SOCKET_ERROR with
 *   WSAEFAULT     a structure, an array or an address that cannot be read, sent or overlapped that
 *                 cannot be written, sent NULL without overlapped;
 *   WSAEINVAL     malformed control data, or those of another version of IP than the destination's;
 *   WSAEOPNOTSUPP control data that cannot be honoured, or any on a socket for streams;
 *   or what the host says of the socket and the send. */
int WSAAPI sendmsg_call(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                        WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

#endif
