/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define LOG__LINE_SIZE 512
#define LOG__PATH_SIZE 1024

enum log_level log_level = LOG_WARN;

const char* const log_level_names[LOG_LEVEL_COUNT] = {"off", "error", "warn", "info", "trace"};

static wchar_t log__path[LOG__PATH_SIZE]; /* Empty for the standard error output. */
static HANDLE log__file;                  /* Under the lock. */
static CRITICAL_SECTION log__lock;
static BOOL log__is_ending;

static size_t log__put_number(wchar_t* place, DWORD number) {
    size_t length = number >= 10 ? log__put_number(place, number / 10) : 0;
    place[length] = (wchar_t) (L'0' + number % 10);
    return length + 1;
}

/* Copies the value and puts the process' id for each %p; false where there is no room. */
static int log__expand(const wchar_t* value) {
    size_t used = 0;
    while (*value != L'\0') {
        if (used + 12 >= LOG__PATH_SIZE) {
            log__path[0] = L'\0';
            return 0;
        }
        if (value[0] == L'%' && value[1] == L'p') {
            used += log__put_number(log__path + used, GetCurrentProcessId());
            value += 2;
        } else {
            log__path[used++] = *value++;
        }
    }
    log__path[used] = L'\0';
    return 1;
}

int log_init(void) {
    wchar_t value[LOG__PATH_SIZE];
    DWORD length = GetEnvironmentVariableW(L"WSEXT_LOG_FILE", value, LOG__PATH_SIZE);
    InitializeCriticalSection(&log__lock);
    if (length >= LOG__PATH_SIZE || (length > 0 && !log__expand(value)))
        return -1;
    return 0;
}

int log_find_level(const char* name) {
    int i;
    for (i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (strcmp(name, log_level_names[i]) == 0)
            return i;
    }
    return -1;
}

void log_end(void) {
    log__is_ending = TRUE;
}

/* The file stays open, as one that is opened for each line would make a trace slow. */
static HANDLE log__open(void) {
    if (log__file != NULL)
        return log__file;
    if (log__path[0] == L'\0')
        return GetStdHandle(STD_ERROR_HANDLE);

    log__file = CreateFileW(log__path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                            OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (log__file == INVALID_HANDLE_VALUE) {
        DWORD error = GetLastError();
        log__file = NULL;
        log__path[0] = L'\0';
        log_say("the file that WSEXT_LOG_FILE names cannot be written (error %lu)", error);
        return GetStdHandle(STD_ERROR_HANDLE);
    }
    return log__file;
}

/* Wine looks for a file's end and then writes there, in two steps, so that threads, and processes
 * that share the file, would write over each other's lines. The byte that the processes lock lies
 * beyond any that is written. */
static void log__append(const char* line, DWORD length) {
    OVERLAPPED place = {0};
    DWORD written;
    HANDLE file;
    BOOL locked = FALSE;

    if (!log__is_ending)
        EnterCriticalSection(&log__lock);
    file = log__open();
    place.OffsetHigh = 0x7FFFFFFF;
    if (file != NULL && file == log__file && !log__is_ending)
        locked = LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &place);
    if (file != NULL && file != INVALID_HANDLE_VALUE)
        WriteFile(file, line, length, &written, NULL);
    if (locked)
        UnlockFileEx(file, 0, 1, 0, &place);
    if (!log__is_ending)
        LeaveCriticalSection(&log__lock);
}

/* A line that is too long is cut. How many bytes there are is not asked of vsnprintf, as old C
 * libraries answer -1 for such a line, and leave it without an end. Nothing of this may change the
 * last error of the program's call. */
static void log__write(char* line, int prefix, const char* format, va_list arguments) {
    DWORD error = GetLastError();
    size_t length;
    memset(line + prefix, 0, (size_t) (LOG__LINE_SIZE - prefix));
    vsnprintf(line + prefix, (size_t) (LOG__LINE_SIZE - prefix - 1), format, arguments);
    line[LOG__LINE_SIZE - 2] = '\0';
    length = strlen(line);
    line[length++] = '\n';
    log__append(line, (DWORD) length);
    SetLastError(error);
}

void log_say(const char* format, ...) {
    char line[LOG__LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    log__write(line, snprintf(line, sizeof line, "wsext: "), format, arguments);
    va_end(arguments);
}

void log_event(const char* level, const char* format, ...) {
    char line[LOG__LINE_SIZE];
    DWORD now = GetTickCount();
    va_list arguments;
    int prefix = snprintf(line, sizeof line, "%lu.%03lu %04lx:%04lx %s ", now / 1000, now % 1000,
                          GetCurrentProcessId(), GetCurrentThreadId(), level);
    va_start(arguments, format);
    log__write(line, prefix, format, arguments);
    va_end(arguments);
}
