/* SPDX-License-Identifier: MIT */
/*
 * Stands before each file of Wine's tests, so that it compiles with mingw-w64's headers: names that
 * these lack, and the few functions of Wine's that its test.h calls. WINETESTS_FUNCTION in the
 * environment names the one function that is to run.
 */
#ifndef WINETESTS_SUPPORT_H
#define WINETESTS_SUPPORT_H

#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* As in Microsoft's ws2ipdef.h, ws2tcpip.h, ws2def.h and mswsock.h. */
#define AI_DNS_ONLY 0x10
#define SIO_IDEAL_SEND_BACKLOG_QUERY 0x4004747B
#define SO_BSP_STATE 0x1009
#define TCP_KEEPALIVE 3
#define TCP_KEEPCNT 16
#define TCP_KEEPINTVL 17
#define WSA_CMSG_ALIGN(length) (((length) + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1))

/* Of ntdll.dll, as they are called; mingw-w64's winternl.h does not declare them. */
long __stdcall NtReadFile(void* file, void* event, void* apc, void* context, void* block,
                          void* buffer, unsigned long length, void* offset, void* key);
long __stdcall NtWriteFile(void* file, void* event, void* apc, void* context, void* block,
                           const void* buffer, unsigned long length, void* offset, void* key);
long __stdcall NtRemoveIoCompletion(void* port, void* key, void* value, void* block, void* timeout);
unsigned long __stdcall RtlNtStatusToDosErrorNoTeb(long status);

#define DECLSPEC_EXPORT
#define debugstr_a wine_dbgstr_a
#define debugstr_an wine_dbgstr_an
#define debugstr_w wine_dbgstr_w
#define debugstr_wn wine_dbgstr_wn

/* What is printed is read at once, and a process prints little. */
__attribute__((unused)) const char* __cdecl __wine_dbg_strdup(const char* text) {
    return strdup(text);
}

__attribute__((unused)) static int winetests_wants(const char* function) {
    const char* wanted = getenv("WINETESTS_FUNCTION");
    return wanted != NULL && strcmp(function, wanted) == 0;
}

#endif
