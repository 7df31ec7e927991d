/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_FUNCTIONS_H
#define WSEXT_FUNCTIONS_H

/* The library libwsext.a, for who links it instead of loading the DLL. tests/examples/linked.c is a
 * program that uses it.
 *
 * Threads: wsext_init(), wsext_extension_function() and wsext_thread_exits() may be called by any
 *   number of threads at once; wsext_interpose() by one at a time.
 * Last error: failures are told by results alone. wsext_init() and wsext_interpose() may change the
 *   last error; the others leave it as it was. The extension functions that are handed out set it
 * as Microsoft documents them. Loader's lock: all four may be called in a DllMain. wsext_init() and
 * wsext_interpose() look at modules that are loaded and load none, and they start no thread. */

#include <winsock2.h>
#include <windows.h>

#include "wsext/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Prepares the library where it is linked instead of loaded as a DLL: finds the host's functions
 * and reads the WSEXT_ variables. To be called before any other function and after the program's
 * modules are loaded; a second call does nothing. Interposes nothing; see wsext_interpose().
 * Returns 0, or -1 where the host lacks a function that every Windows since NT 5.2 exports. */
int wsext_init(void);

/* Points the socket functions of ws2_32 and the I/O functions of kernel32 that the extension
 * functions depend on at ours, for all modules of the process, as the DLL does when it is loaded.
 * Returns 0, or -1 where none could be interposed. */
int wsext_interpose(void);

/* Tells the library that the calling thread ends, as DLL_THREAD_DETACH does for the DLL. */
void wsext_thread_exits(void);

/* Our implementation of an extension function, for a provider to hand out in its WSPIoctl
 * (SIO_GET_EXTENSION_FUNCTION_POINTER): a pointer of the type that mswsock.h names for the GUID
 * (LPFN_CONNECTEX for WSAID_CONNECTEX), valid as long as the process lives and always the same.
 * NULL for a GUID that is not ours and for NULL; and where the library itself asks the provider for
 * what that has of its own: then the provider goes on as it does without the library. Source of the
 * GUIDs: Microsoft's mswsock.h. */
const void* wsext_extension_function(const GUID* guid);

#ifdef __cplusplus
}
#endif

#endif
