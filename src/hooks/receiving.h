/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_RECEIVING_H
#define WSEXT_HOOKS_RECEIVING_H

#include "host/host.h"

/* The hooks of the plain ways to receive and to wait for data, which go in by the socket's gate:
 * none may be on its way to the host while a socket is made reusable. */

int WSAAPI hook_recv(SOCKET s, char* buffer, int length, int flags);
int WSAAPI hook_recvfrom(SOCKET s, char* buffer, int length, int flags, struct sockaddr* name,
                         int* name_length);
int WSAAPI hook_WSARecv(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
                        WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSAAPI hook_WSARecvFrom(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
                            struct sockaddr* name, int* name_length, WSAOVERLAPPED* overlapped,
                            LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSAAPI hook_select(int ignored, fd_set* reads, fd_set* writes, fd_set* exceptions,
                       const struct timeval* timeout);
int WSAAPI hook_WSAPoll(struct sdk_pollfd* sockets, ULONG count, INT timeout);

#endif
