/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_INJECT_H
#define WSEXT_HOOKS_INJECT_H

#include <windows.h>

#include <stdbool.h>

/* Loads our DLL into another process, for the launcher and for the DLL itself, which follows a
 * program into its children. */

enum inject_result {
    INJECT_DONE,     /* 0, as these are also exit codes of the launcher. */
    INJECT_ENDED,    /* The process ended meanwhile. */
    INJECT_TIMEOUT,  /* The DLL may still be loaded later. */
    INJECT_NO_OTHER, /* The process is of the other kind, and the other build is not there. */
    INJECT_FAILED
};

/* The original of CreateProcessW. */
typedef BOOL(WINAPI inject_create_fn)(const wchar_t*, wchar_t*, SECURITY_ATTRIBUTES*,
                                      SECURITY_ATTRIBUTES*, BOOL, DWORD, void*, const wchar_t*,
                                      STARTUPINFOW*, PROCESS_INFORMATION*);

/* Whether CreateProcess has really told a process: Wine starts Unix programs, too, succeeds, and
 * leaves in the structure whatever it was. */
bool inject_is_process(const PROCESS_INFORMATION* child);

/* Whether the process runs code of our kind, 32 or 64 bits. Only such a process can be served
 * by this one. */
bool inject_has_own_bits(HANDLE process);

/* Runs LoadLibraryW there in a thread of its own, so a process that was created suspended runs all
 * that its loader does before the program's first instruction, and stays suspended. The handle
 * needs the rights that CreateProcess gives; dll is a full path; limit, in milliseconds or
 * INFINITE, is for the DLL's and the program's initialization. The calls by which the host reaches
 * into the process wait for it, too, and cannot be limited here. */
enum inject_result inject_load(HANDLE process, DWORD process_id, const wchar_t* dll, DWORD limit);

/* Has the other build's "wsext-run --into" do the same to a process of the other kind, with the DLL
 * beside it. To FOLDER\x86_64\wsext.dll belongs FOLDER\i686\wsext-run.exe, as in our archive, and
 * to FOLDER\x86_64\bin\wsext.dll FOLDER\i686\bin\wsext-run.exe; and the other way round. */
enum inject_result inject_load_other(DWORD process_id, const wchar_t* dll, DWORD limit,
                                     inject_create_fn* create);

#endif
