/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_DOORS_INJECT_H
#define WSEXT_DOORS_INJECT_H

#include <windows.h>

#include <stdbool.h>

/* Loads our DLL into another process, for the launcher and for the DLL itself, which follows a
 * program into its children. */

enum inject_result {
    INJECT_DONE,
    INJECT_ENDED,   /* The process ended meanwhile. */
    INJECT_BUILTIN, /* Wine took its builtin DLL of that name instead. */
    INJECT_TIMEOUT, /* The DLL may still be loaded later. */
    INJECT_FAILED
};

/* Whether the process runs code of our kind, 32 or 64 bits. Only such a process can be served. */
bool inject_has_own_bits(HANDLE process);

/* Runs LoadLibraryW there in a thread of its own, so a process that was created suspended runs all
 * that its loader does before the program's first instruction, and stays suspended. The handle
 * needs the rights that CreateProcess gives; dll is a full path; limit, in milliseconds or
 * INFINITE, is for the DLL's and the program's initialization. The calls by which the host reaches
 * into the process wait for it, too, and cannot be limited here. */
enum inject_result inject_load(HANDLE process, DWORD process_id, const wchar_t* dll, DWORD limit);

#endif
