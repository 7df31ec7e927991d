/* SPDX-License-Identifier: MIT */
#include "runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE* list__file;

int folder_enter(void) {
    char path[MAX_PATH];
    DWORD length = GetModuleFileNameA(NULL, path, sizeof path);
    char* slash = strrchr(path, '\\');
    if (length == 0 || length >= sizeof path || slash == NULL)
        return -1;
    *slash = 0;
    return SetCurrentDirectoryA(path) ? 0 : -1;
}

int entry_open(const char* file) {
    list__file = fopen(file, "r");
    return list__file != NULL ? 0 : -1;
}

/* Copies the first word of a line and returns what follows it. */
static char* list__word(char* line, char* word, size_t room) {
    size_t length = strcspn(line, " ");
    size_t taken = length < room ? length : room - 1;
    memcpy(word, line, taken);
    word[taken] = 0;
    return line + length + strspn(line + length, " ");
}

/* Leaves the program and its arguments. */
static char* list__variables(char* line, struct entry* entry) {
    const size_t room = sizeof entry->variables / sizeof entry->variables[0];
    entry->variable_count = 0;
    while (entry->variable_count < (int) room) {
        size_t length = strcspn(line, " ");
        if (memchr(line, '=', length) == NULL)
            break;
        line =
            list__word(line, entry->variables[entry->variable_count++], sizeof entry->variables[0]);
    }
    return line;
}

int entry_next(struct entry* entry) {
    char line[1024], seconds[16];
    char* rest;
    do {
        if (fgets(line, sizeof line, list__file) == NULL)
            return 0;
        line[strcspn(line, "\r\n")] = 0;
    } while (line[0] == 0 || line[0] == '#');
    rest = list__word(line, entry->name, sizeof entry->name);
    rest = list__word(rest, seconds, sizeof seconds);
    entry->seconds = (DWORD) atoi(seconds);
    rest = list__variables(rest, entry);
    strncpy(entry->command, rest, sizeof entry->command - 1);
    entry->command[sizeof entry->command - 1] = 0;
    return 1;
}
