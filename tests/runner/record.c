/* SPDX-License-Identifier: MIT */
#include "runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char* const result_names[RESULT_COUNT] = {"pass", "fail", "skip", "hang", "crash", "down"};

static HANDLE record__file = INVALID_HANDLE_VALUE;
static char* record__before; /* What earlier starts have written. */

static int record__read(void) {
    DWORD size = GetFileSize(record__file, NULL);
    DWORD got = 0;
    record__before = malloc((size_t) size + 1);
    if (record__before == NULL || !ReadFile(record__file, record__before, size, &got, NULL))
        return -1;
    /* A file that was being written when the system went down can have anything in it. */
    for (size = 0; size < got; size++) {
        if (record__before[size] == 0)
            record__before[size] = ' ';
    }
    record__before[got] = 0;
    SetFilePointer(record__file, 0, NULL, FILE_END);
    return 0;
}

int record_open(const char* file, int resume) {
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    record__file =
        CreateFileA(file, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                    &inherited, resume ? OPEN_ALWAYS : CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    return record__file != INVALID_HANDLE_VALUE && record__read() == 0 ? 0 : -1;
}

void record_close(void) {
    FlushFileBuffers(record__file);
    CloseHandle(record__file);
    free(record__before);
}

HANDLE record_handle(void) {
    return record__file;
}

/* A test may have ended in the middle of a line. */
static void record__start_line(void) {
    char last = '\n';
    DWORD done;
    if (SetFilePointer(record__file, -1, NULL, FILE_END) != INVALID_SET_FILE_POINTER)
        ReadFile(record__file, &last, 1, &done, NULL);
    SetFilePointer(record__file, 0, NULL, FILE_END);
    if (last != '\n')
        WriteFile(record__file, "\r\n", 2, &done, NULL);
}

void record_write(const char* line) {
    char text[512];
    DWORD done;
    int length = snprintf(text, sizeof text, "%s\r\n", line);
    record__start_line();
    WriteFile(record__file, text, (DWORD) length, &done, NULL);
    FlushFileBuffers(record__file);
}

void record_begin(const char* name) {
    char line[256];
    snprintf(line, sizeof line, "== begin %s", name);
    record_write(line);
}

void record_end(const char* name, enum result result, DWORD code, DWORD milliseconds) {
    char line[256];
    snprintf(line, sizeof line, "== end %s %s %lu %lu ms", name, result_names[result], code,
             milliseconds);
    record_write(line);
}

/* What follows "== WORD NAME " in the file, or NULL. */
static const char* record__line(const char* word, const char* name) {
    char start[256];
    const char* place = record__before;
    const size_t length = (size_t) snprintf(start, sizeof start, "== %s %s", word, name);
    while ((place = strstr(place, start)) != NULL) {
        const char* next = place + length;
        if ((place == record__before || place[-1] == '\n') && strchr(" \r\n", *next) != NULL)
            return next + (*next == ' ');
        place = next;
    }
    return NULL;
}

struct record record_find(const char* name) {
    struct record record = {0, 0, RESULT_FAIL};
    const char* result = record__line("end", name);
    int i;
    record.begun = record__line("begin", name) != NULL;
    record.ended = result != NULL;
    for (i = 0; result != NULL && i < RESULT_COUNT; i++) {
        if (strncmp(result, result_names[i], strlen(result_names[i])) == 0)
            record.result = (enum result) i;
    }
    return record;
}
