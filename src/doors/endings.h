/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_DOORS_ENDINGS_H
#define WSEXT_DOORS_ENDINGS_H

#include "host/host.h"

/* The doors by which a program learns how an overlapped operation has ended. An operation that the
 * host carries is completed by the host, so this is where a wrong error of its can still be put
 * right: only that of AcceptEx is, see acceptex_mend(). They call the host first, and what does not
 * fail with that error costs a comparison. */

BOOL WINAPI door_GetQueuedCompletionStatus(HANDLE port, DWORD* bytes, ULONG_PTR* key,
                                           OVERLAPPED** overlapped, DWORD timeout);
BOOL WINAPI door_GetQueuedCompletionStatusEx(HANDLE port, OVERLAPPED_ENTRY* entries, ULONG count,
                                             ULONG* removed, DWORD timeout, BOOL alertable);
BOOL WINAPI door_GetOverlappedResult(HANDLE file, OVERLAPPED* overlapped, DWORD* bytes, BOOL wait);
BOOL WSAAPI door_WSAGetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes,
                                        BOOL wait, DWORD* flags);

#endif
