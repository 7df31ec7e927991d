/* SPDX-License-Identifier: MIT */
#include "host/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define CONFIG__VALUE_SIZE 32
#define CONFIG__LINE_SIZE 512

struct config config;

/* Returns the index of the variable's value among the words, or 0, the default, where it is unset
 * or none of them; the latter is said, since a setting without effect helps nobody. */
static int config__choose(const char* variable, const char* const* words, int count) {
    char value[CONFIG__VALUE_SIZE] = "";
    DWORD length = GetEnvironmentVariableA(variable, value, sizeof value);
    int i;

    if (length == 0)
        return 0;
    for (i = 0; i < count && length < sizeof value; i++) {
        if (strcmp(value, words[i]) == 0)
            return i;
    }
    config_say("%s has a value that is not known; using \"%s\"", variable, words[0]);
    return 0;
}

void config_init_log(void) {
    DWORD size = sizeof config.log_file / sizeof config.log_file[0];
    if (GetEnvironmentVariableW(L"WSEXT_LOG_FILE", config.log_file, size) >= size)
        config.log_file[0] = L'\0';
}

void config_init(void) {
    static const char* const drivers[] = {"auto", "native", "poll"};
    static const char* const contexts[] = {"strict", "lenient"};
    static const char* const switches[] = {"0", "1"};

    /* The file comes first, as the other variables' complaints go there. */
    config_init_log();
    config.driver = (enum config_driver) config__choose("WSEXT_DRIVER", drivers, 3);
    config.lenient = config__choose("WSEXT_CONTEXT", contexts, 2);
    config.stats = config__choose("WSEXT_STATS", switches, 2);
}

static HANDLE config__open_log(void) {
    if (config.log_file[0] == L'\0')
        return GetStdHandle(STD_ERROR_HANDLE);
    return CreateFileW(config.log_file, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
}

void config_say(const char* format, ...) {
    char line[CONFIG__LINE_SIZE];
    va_list arguments;
    DWORD written;
    HANDLE file;
    int length, prefix;

    prefix = snprintf(line, sizeof line, "wsext: ");
    va_start(arguments, format);
    length = vsnprintf(line + prefix, sizeof line - (size_t) prefix - 1, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    length += prefix;
    if (length > (int) sizeof line - 2)
        length = (int) sizeof line - 2;
    line[length++] = '\n';

    /* The line is written by one call, so that the lines of several threads do not mix. */
    file = config__open_log();
    if (file == NULL || file == INVALID_HANDLE_VALUE)
        return;
    WriteFile(file, line, (DWORD) length, &written, NULL);
    if (config.log_file[0] != L'\0')
        CloseHandle(file);
}
