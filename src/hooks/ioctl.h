/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_IOCTL_H
#define WSEXT_HOOKS_IOCTL_H

#include "host/host.h"

/* The hooks of the calls by which a program asks a socket for something, changes its mode or
 * selects events, beside hook_WSAIoctl() of hooks/hooks.h. */

int WSAAPI hook_ioctlsocket(SOCKET s, long code, u_long* argument);
int WSAAPI hook_WSAEventSelect(SOCKET s, WSAEVENT event, long events);
int WSAAPI hook_WSAAsyncSelect(SOCKET s, HWND window, u_int message, long events);

#endif
