/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_SENDING_H
#define WSEXT_HOOKS_SENDING_H

#include "host/host.h"

/* The hooks of the plain ways to send, which take turns with messages that options are changed for.
 */

int WSAAPI hook_send(SOCKET s, const char* buffer, int length, int flags);
int WSAAPI hook_sendto(SOCKET s, const char* buffer, int length, int flags,
                       const struct sockaddr* name, int name_length);
int WSAAPI hook_WSASend(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                        WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSAAPI hook_WSASendTo(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                          const struct sockaddr* name, int name_length, WSAOVERLAPPED* overlapped,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSAAPI hook_WSASendMsg(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                           WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

#endif
