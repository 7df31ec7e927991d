/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_OVERLAPPED_H
#define WSEXT_HOOKS_OVERLAPPED_H

#include "host/host.h"

/* The hooks of kernel32 by which overlapped operations are told of and cancelled: what a program
 * says of a socket's completion port is noted, and what is in our hands is cancelled by us. */

HANDLE WINAPI hook_CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads);
BOOL WINAPI hook_SetFileCompletionNotificationModes(HANDLE file, UCHAR flags);
BOOL WINAPI hook_CancelIo(HANDLE file);
BOOL WINAPI hook_CancelIoEx(HANDLE file, OVERLAPPED* overlapped);

#endif
