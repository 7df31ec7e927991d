/* SPDX-License-Identifier: MIT */
#include "hooks/fileio.h"

#include "core/gate.h"

BOOL WINAPI hook_ReadFile(HANDLE file, void* buffer, DWORD length, DWORD* bytes,
                          OVERLAPPED* overlapped) {
    lock_count_t* gate = gate_enter_file((uintptr_t) file);
    BOOL result = host.ReadFile(file, buffer, length, bytes, overlapped);
    gate_leave(gate);
    return result;
}

BOOL WINAPI hook_ReadFileEx(HANDLE file, void* buffer, DWORD length, OVERLAPPED* overlapped,
                            LPOVERLAPPED_COMPLETION_ROUTINE routine) {
    lock_count_t* gate = gate_enter_file((uintptr_t) file);
    BOOL result = host.ReadFileEx(file, buffer, length, overlapped, routine);
    gate_leave(gate);
    return result;
}

BOOL WINAPI hook_WriteFile(HANDLE file, const void* buffer, DWORD length, DWORD* bytes,
                           OVERLAPPED* overlapped) {
    lock_count_t* gate = gate_enter_file((uintptr_t) file);
    BOOL result = host.WriteFile(file, buffer, length, bytes, overlapped);
    gate_leave(gate);
    return result;
}

BOOL WINAPI hook_WriteFileEx(HANDLE file, const void* buffer, DWORD length, OVERLAPPED* overlapped,
                             LPOVERLAPPED_COMPLETION_ROUTINE routine) {
    lock_count_t* gate = gate_enter_file((uintptr_t) file);
    BOOL result = host.WriteFileEx(file, buffer, length, overlapped, routine);
    gate_leave(gate);
    return result;
}

host_status NTAPI hook_NtReadFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE routine, void* context,
                                  IO_STATUS_BLOCK* block, void* buffer, ULONG length,
                                  LARGE_INTEGER* offset, ULONG* key) {
    lock_count_t* gate = gate_enter_file((uintptr_t) file);
    host_status status =
        host.NtReadFile(file, event, routine, context, block, buffer, length, offset, key);
    gate_leave(gate);
    return status;
}

host_status NTAPI hook_NtWriteFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE routine,
                                   void* context, IO_STATUS_BLOCK* block, const void* buffer,
                                   ULONG length, LARGE_INTEGER* offset, ULONG* key) {
    lock_count_t* gate = gate_enter_file((uintptr_t) file);
    host_status status =
        host.NtWriteFile(file, event, routine, context, block, buffer, length, offset, key);
    gate_leave(gate);
    return status;
}
