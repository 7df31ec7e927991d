/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TESTS_HOOKS_LAUNCHERTEST_H
#define WSEXT_TESTS_HOOKS_LAUNCHERTEST_H

/* How the launcher's tests start it, as a shell would. */

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#define LAUNCHER_LIMIT 30000 /* Milliseconds that a program may take. */
#define LAUNCHER_FAILED 127  /* The launcher's own exit code where it can start nothing. */
#define LAUNCHER_PATH 2048

extern wchar_t launcher_run[LAUNCHER_PATH];     /* The launcher, */
extern wchar_t launcher_program[LAUNCHER_PATH]; /* what it launches, */
extern wchar_t launcher_work[LAUNCHER_PATH];    /* and the directory to do so in. */

struct launcher_result {
    DWORD code;
    char output[16384];
    char errors[16384];
};

/* Takes the command line, "WSEXT_RUN LAUNCHED", and makes the directory; 0 where that fails. */
int launcher_begin(int count, char** arguments);

/* Removes the directory. */
void launcher_finish(void);

/* A file in the directory, by CreateFile's `how`, with a handle that a child inherits. */
HANDLE launcher_open(const wchar_t* name, DWORD how);

/* Opens input, output, and errors for the next. */
void launcher_open_files(HANDLE* files);

/* Starts `launcher` with what follows its name, and does not wait. */
void launcher_spawn(const wchar_t* launcher, const wchar_t* tail, DWORD flags, HANDLE* files,
                    PROCESS_INFORMATION* child);

/* Starts it, and waits until it has ended. */
void launcher_start(const wchar_t* launcher, const wchar_t* tail, struct launcher_result* result);

/* The same with the launched program; the arguments come after its quoted name. */
void launcher_start_program(const wchar_t* arguments, struct launcher_result* result);

#endif
