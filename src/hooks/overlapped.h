/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_OVERLAPPED_H
#define WSEXT_HOOKS_OVERLAPPED_H

#include "core/port.h"
#include "host/host.h"

/* The hooks by which a program says where a socket reports to, and by which overlapped operations
 * are cancelled: the former is noted, and what wsext carries out is cancelled by it.
 *
 * A file reports to one place, which a program can give it in several ways, all of which end in
 * these functions of ntdll; what kernel32 and kernelbase call there comes by here, too. */

host_status NTAPI hook_NtSetInformationFile(HANDLE file, IO_STATUS_BLOCK* block, void* information,
                                            ULONG length, FILE_INFORMATION_CLASS kind);
host_status NTAPI hook_NtCreateIoCompletion(HANDLE* port, ACCESS_MASK access,
                                            OBJECT_ATTRIBUTES* attributes, ULONG threads);
host_status NTAPI hook_RtlSetIoCompletionCallback(HANDLE file, nt_callback* function, ULONG flags);
host_status NTAPI hook_TpAllocIoCompletion(void** io, HANDLE file, nt_pool_io* callback,
                                           void* context, struct nt_pool_environment* environment);
void NTAPI hook_TpReleaseIoCompletion(void* io);
void NTAPI hook_TpWaitForIoCompletion(void* io, BOOL cancel);
void NTAPI hook_TpReleaseCleanupGroupMembers(void* group, BOOL cancel, void* context);

BOOL WINAPI hook_CancelIo(HANDLE file);
BOOL WINAPI hook_CancelIoEx(HANDLE file, OVERLAPPED* overlapped);

/* What the hooks note of a socket: what its operations are reported to, where a port without a
 * handle says that there was no memory to name it; and completion notification modes that were set
 * in addition to others. To be called without a record's lock. */
void overlapped_note_port(SOCKET s, const struct port* port, ULONG_PTR key);
void overlapped_note_modes(SOCKET s, UCHAR modes);

#endif
