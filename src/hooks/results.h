/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_RESULTS_H
#define WSEXT_HOOKS_RESULTS_H

#include "host/host.h"

/* The hooks by which a program learns how an overlapped operation has ended. An operation that the
 * host carries is completed by the host, so this is where a wrong error of its can still be put
 * right: only that of AcceptEx is, see acceptex_mend(), and none at all, see outcome_get(). They
 * call the host first, and what does not fail so costs a comparison. */

BOOL WINAPI hook_GetQueuedCompletionStatus(HANDLE port, DWORD* bytes, ULONG_PTR* key,
                                           OVERLAPPED** overlapped, DWORD timeout);
BOOL WINAPI hook_GetQueuedCompletionStatusEx(HANDLE port, OVERLAPPED_ENTRY* entries, ULONG count,
                                             ULONG* removed, DWORD timeout, BOOL alertable);
BOOL WINAPI hook_GetOverlappedResult(HANDLE file, OVERLAPPED* overlapped, DWORD* bytes, BOOL wait);
BOOL WINAPI hook_GetOverlappedResultEx(HANDLE file, OVERLAPPED* overlapped, DWORD* bytes,
                                       DWORD timeout, BOOL alertable);
BOOL WSAAPI hook_WSAGetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes,
                                        BOOL wait, DWORD* flags);

/* What a thread pool is to call instead of a function of the program's (BindIoCompletionCallback)
 * or of the system's (CreateThreadpoolIo), which it leads to, for a socket: the same as the hooks
 * do for who asks by himself. May return the function itself. */
nt_callback* results_stand_in(nt_callback* function);
nt_pool_io* results_pool_stand_in(nt_pool_io* function);

#endif
