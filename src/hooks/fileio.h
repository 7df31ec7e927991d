/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_FILEIO_H
#define WSEXT_HOOKS_FILEIO_H

#include "host/host.h"

/* The hooks of the ways to read and write files, by which programs receive and send on sockets,
 * too; see hooks/receiving.h. */

BOOL WINAPI hook_ReadFile(HANDLE file, void* buffer, DWORD length, DWORD* bytes,
                          OVERLAPPED* overlapped);
BOOL WINAPI hook_ReadFileEx(HANDLE file, void* buffer, DWORD length, OVERLAPPED* overlapped,
                            LPOVERLAPPED_COMPLETION_ROUTINE routine);
BOOL WINAPI hook_WriteFile(HANDLE file, const void* buffer, DWORD length, DWORD* bytes,
                           OVERLAPPED* overlapped);
BOOL WINAPI hook_WriteFileEx(HANDLE file, const void* buffer, DWORD length, OVERLAPPED* overlapped,
                             LPOVERLAPPED_COMPLETION_ROUTINE routine);
host_status NTAPI hook_NtReadFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE routine, void* context,
                                  IO_STATUS_BLOCK* block, void* buffer, ULONG length,
                                  LARGE_INTEGER* offset, ULONG* key);
host_status NTAPI hook_NtWriteFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE routine,
                                   void* context, IO_STATUS_BLOCK* block, const void* buffer,
                                   ULONG length, LARGE_INTEGER* offset, ULONG* key);

#endif
