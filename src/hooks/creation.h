/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_CREATION_H
#define WSEXT_HOOKS_CREATION_H

#include "host/host.h"

/* The hooks that make sockets: they note what kind each is, and that we have seen it from the
 * start. A socket that is accepted is noted only where its listener is one of registered I/O. */

SOCKET WSAAPI hook_socket(int family, int type, int protocol);
SOCKET WSAAPI hook_WSASocketA(int family, int type, int protocol, WSAPROTOCOL_INFOA* info,
                              GROUP group, DWORD flags);
SOCKET WSAAPI hook_WSASocketW(int family, int type, int protocol, WSAPROTOCOL_INFOW* info,
                              GROUP group, DWORD flags);
SOCKET WSAAPI hook_accept(SOCKET s, struct sockaddr* name, int* length);
SOCKET WSAAPI hook_WSAAccept(SOCKET s, struct sockaddr* name, int* length,
                             LPCONDITIONPROC condition, DWORD_PTR data);

/* What they note of a socket: its family and type, or AF_UNSPEC and 0 for what is not known;
 * whether it was created without WSA_FLAG_OVERLAPPED; and whether we see all that happens to it
 * from now on. */
void creation_note(SOCKET s, int family, int type, int synchronous, int seen);

#endif
