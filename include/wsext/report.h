/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_REPORT_H
#define WSEXT_REPORT_H

#include <windows.h>

#include "wsext/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the DLL has found out about its host, and what it uses. Later versions only add members at
 * the end. */
struct wsext_report {
    DWORD size;            /* In: the caller's structure in bytes. Out: how many were filled. */
    char version[16];      /* Such as "0.1.0". */
    DWORD hooks;           /* How many functions of the system are to be interposed, */
    DWORD hooks_installed; /* and how many are. */
    DWORD has_native;      /* 1 where the host's own ConnectEx is real, by its behaviour. */
    DWORD has_poll;        /* 1 where non-blocking connects and AFD polls work. */
    DWORD has_thread;      /* 1 where threads can connect: everywhere. */
    DWORD has_complete;    /* 1 where the host can complete an OVERLAPPED with any status; the
                            * recorded completion port is used otherwise. */
    char driver[16];       /* WSEXT_DRIVER as it is in force, */
    char context[16];      /* and WSEXT_CONTEXT. */
};

/* Exported by wsext.dll and mswsock.dll. Fills as much of the caller's structure as the DLL knows
 * of. Returns 0, or -1 where report is NULL or cannot be written, its size is less than a DWORD's,
 * or the DLL found no usable host. Needs WSAStartup before it; may be called by any thread, but not
 * under the loader's lock, as it makes a socket to ask the host. The last error is not kept. */
int WINAPI wsext_report(struct wsext_report* report);

#ifdef __cplusplus
}
#endif

#endif
