/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TESTS_RUNNER_H
#define WSEXT_TESTS_RUNNER_H

#include <windows.h>

/* What came of a test: its exit code 0, 77, or another; the limit; an exception; and the system's
 * end, which only the next start can tell. */
enum result {
    RESULT_PASS,
    RESULT_FAIL,
    RESULT_SKIP,
    RESULT_HANG,
    RESULT_CRASH,
    RESULT_DOWN,
    RESULT_COUNT
};

extern const char* const result_names[RESULT_COUNT];

struct counts {
    int of[RESULT_COUNT];
};

/* list.c: a line of the list, "NAME SECONDS [VARIABLE=VALUE...] PROGRAM ARGUMENTS...". */
struct entry {
    char name[128];
    DWORD seconds;
    int variable_count;
    char variables[4][64];
    char command[512];
};

/* Makes the program's folder the current one. Returns 0, or -1. */
int folder_enter(void);

/* Opens the list; each call of entry_next() reads a line of it, until it returns 0. */
int entry_open(const char* file);
int entry_next(struct entry* entry);

/* record.c: the file of results. Each line of ours begins with "==", and is on the disk before
 * anything else happens. */
struct record {
    int begun, ended;
    enum result result;
};

/* Opens the file, anew or to go on. Returns 0, or -1. */
int record_open(const char* file, int resume);
void record_close(void);

/* What an earlier start has written of a test. */
struct record record_find(const char* name);

void record_begin(const char* name);
void record_end(const char* name, enum result result, DWORD code, DWORD milliseconds);
void record_write(const char* line);

/* A handle that a test's process inherits, for what it prints. */
HANDLE record_handle(void);

/* child.c: runs the test and records it. */
enum result child_run(const struct entry* entry);

#endif
