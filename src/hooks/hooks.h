/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_HOOKS_H
#define WSEXT_HOOKS_HOOKS_H

#include "host/host.h"

/* The functions of ws2_32 and kernel32 as the program sees them once we are loaded. A hook decides
 * nothing: on a socket that we do not know it calls the host, on one that we know the extension
 * functions. The signatures, results and errors are those of the functions they stand for. */

/* Exported by the DLL, too. */
int WSAAPI hook_WSAIoctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                         DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                         LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

/* For the hook that closes the handle it duplicates. */
BOOL WINAPI hook_CloseHandle(HANDLE handle);

/* Interposes all hooks; returns how many of them the host has and we stand for now. */
int hooks_install(void);

/* How many of the hooks stand for something that the host has, and how many of them were
 * interposed. */
void hooks_count(DWORD* all, DWORD* installed);

#endif
