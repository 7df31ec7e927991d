/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TESTS_HOOKS_FOLLOWTEST_H
#define WSEXT_TESTS_HOOKS_FOLLOWTEST_H

/* How the tests of "wsext-run --follow" start followed.exe. */

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

#include "followed.h"

#define FOLLOW_LIMIT 20000 /* Milliseconds that a child may take. */
#define FOLLOW_PATH 1024
#define FOLLOW_LINE 2048

extern int follow_is_served;
extern DWORD follow_wanted; /* The exit code of a child as it has to be. */
extern char follow_program[FOLLOW_PATH];
extern wchar_t follow_program_wide[FOLLOW_PATH];

/* Takes the command line, "served | plain FOLLOWED"; 0 where it is another. */
int follow_begin(int count, char** arguments);

/* The command line of followed.exe with these arguments, in `line` of FOLLOW_LINE characters. */
wchar_t* follow_line(const wchar_t* arguments, wchar_t* line);

/* Waits for the child's end, closes its handles and gives its exit code. */
DWORD follow_end(PROCESS_INFORMATION* child);

void follow_create(const wchar_t* arguments, BOOL inherit, DWORD flags, void* environment,
                   PROCESS_INFORMATION* child);
DWORD follow_run(const wchar_t* arguments, DWORD flags, void* environment);

#endif
