/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_COPY_H
#define WSEXT_HOOKS_COPY_H

#include "host/host.h"
#include "wsext/report.h"

/* Several copies of this code can come into one process: wsext.dll by the launcher and another one
 * by the files beside the program, a mswsock.dll that the program links, the library in a provider
 * or in the program itself. Two tables of the same sockets would contradict each other, so the copy
 * that comes first serves the process, and every other leaves all to it.
 *
 * A copy finds the first one in two ways. One that has interposed WSAIoctl answers a GUID of our
 * own, for INVALID_SOCKET, too; no host knows that GUID, and none is asked where no copy has left
 * its mark. A provider, which interposes nothing, exports
 *     const struct copy* WINAPI wsext_copy(void); */

/* What a copy can do for another, which may be older or newer: members are only ever added. */
struct copy {
    DWORD size;          /* Of the structure in bytes. */
    const char* version; /* Such as "0.1.0". */
    const void*(WINAPI* extension_function)(const GUID* guid);
    int(WSAAPI* WSAIoctl)(SOCKET, DWORD, void*, DWORD, void*, DWORD, DWORD*, WSAOVERLAPPED*,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE);
    int(PASCAL* WSARecvEx)(SOCKET, char*, int, int*);
    int(WINAPI* report)(struct wsext_report*);
};

/* Looks for a copy that was here before us. To be called once, when the table of host functions is
 * filled and before anything is interposed; in DllMain, too. */
void copy_look(void);

/* The copy that all is to be left to, or NULL where we are the first. */
const struct copy* copy_first(void);

/* What the hook for WSAIoctl asks first: whether these are the arguments of another copy's
 * question, which has been answered then. */
int copy_answers(DWORD code, const void* in, DWORD in_length, void* out, DWORD out_length);

/* For a provider to export. NULL as long as it has not called wsext_provider_init(). */
const struct copy* WINAPI wsext_copy(void);

#endif
