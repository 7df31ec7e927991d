/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_DOORS_SENDS_H
#define WSEXT_DOORS_SENDS_H

#include "host/host.h"

/* The doors of the plain ways to send, which take turns with messages that options are changed for.
 */

int WSAAPI door_send(SOCKET s, const char* buffer, int length, int flags);
int WSAAPI door_sendto(SOCKET s, const char* buffer, int length, int flags,
                       const struct sockaddr* name, int name_length);
int WSAAPI door_WSASend(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                        WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSAAPI door_WSASendTo(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                          const struct sockaddr* name, int name_length, WSAOVERLAPPED* overlapped,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSAAPI door_WSASendMsg(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                           WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

#endif
