/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TESTS_CLASSIC_H
#define WSEXT_TESTS_CLASSIC_H

/* The tests of mswsock.dll's own exports. Each program takes the DLL to test, and is also run on
 * the host's own, by the target classic-host, to show what that makes of the same tests. */

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <nspapi.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern HMODULE classic_dll;

/* The DLL's function of a name that the SDK's headers declare, or of a type of ours. */
#define CLASSIC(name) CLASSIC_AS(__typeof__(name), name)
#define CLASSIC_AS(type, name) ((__typeof__(type)*) (void*) classic_find(#name))

void* classic_find(const char* name);

/* Memory that may not be touched, and a block of that size that ends where such memory begins. */
void* classic_noaccess(void);
void* classic_block(size_t size);

/* Puts a file of drivers\etc in the place of the system's own; classic_restore puts that back. */
void classic_write(const char* name, const char* text);
void classic_restore(const char* name);

#define CHECK_FAILS(call, error) \
    do { \
        WSASetLastError(0); \
        assert_int_equal((int) (call), SOCKET_ERROR); \
        assert_int_equal(WSAGetLastError(), error); \
    } while (0)

/* Loads the DLL that the command line names and starts Winsock; 0 where that fails. */
int classic_start(int argc, char** argv);

#endif
