/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TESTS_HOOKS_ROUTE_H
#define WSEXT_TESTS_HOOKS_ROUTE_H

/* clang-format off: winsock2.h has to come before windows.h. */
#include <winsock2.h>
#include <windows.h>
/* clang-format on */

/* The same calls, linked in different ways: by name, by ordinal, by delay-load; into the program
 * and into DLLs that it loads later. */

#ifdef ROUTE_IS_DLL
#define ROUTE__EXPORT __declspec(dllexport)
#else
#define ROUTE__EXPORT
#endif

/* getpeername on that socket: 0 or the Winsock error. */
ROUTE__EXPORT int route_getpeername(SOCKET socket);

/* CancelIoEx on that handle: 0 or the last error. */
ROUTE__EXPORT DWORD route_cancel(HANDLE handle);

/* What the import slot of getpeername holds. */
ROUTE__EXPORT void* route_slot(void);

#endif
