/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_DOORS_OVERLAPPED_H
#define WSEXT_DOORS_OVERLAPPED_H

#include "host/host.h"

/* The doors of kernel32 by which overlapped operations are told of and cancelled: what a program
 * says of a socket's completion port is noted, and what is in our hands is cancelled by us. */

HANDLE WINAPI door_CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads);
BOOL WINAPI door_SetFileCompletionNotificationModes(HANDLE file, UCHAR flags);
BOOL WINAPI door_CancelIo(HANDLE file);
BOOL WINAPI door_CancelIoEx(HANDLE file, OVERLAPPED* overlapped);

#endif
