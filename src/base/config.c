/* SPDX-License-Identifier: MIT */
#include "base/config.h"

#include <stddef.h>
#include <string.h>
#include <windows.h>

#include "base/log.h"

#define CONFIG__VALUE_SIZE 32

struct config config;

static int config__is_quiet;

/* Returns the index of the variable's value among the words, or that of the default where it is
 * unset or none of them; the latter is said, since a setting without effect helps nobody. */
static int config__choose(const char* variable, const char* const* words, int count, int usual) {
    char value[CONFIG__VALUE_SIZE] = "";
    DWORD length = GetEnvironmentVariableA(variable, value, sizeof value);
    int i;

    if (length == 0)
        return usual;
    for (i = 0; i < count && length < sizeof value; i++) {
        if (strcmp(value, words[i]) == 0)
            return i;
    }
    if (!config__is_quiet)
        log_say("%s has a value that is not known; using \"%s\"", variable, words[usual]);
    return usual;
}

/* The rest are those of the scripts that the project is developed with. */
static int config__is_known(const char* variable, size_t length) {
    static const char* const names[] = {"WSEXT_DRIVER", "WSEXT_CONTEXT",  "WSEXT_STATS",
                                        "WSEXT_LOG",    "WSEXT_LOG_FILE", "WSEXT_FOLLOW",
                                        "WSEXT_REUSE",  "WSEXT_PREFIX",   "WSEXT_WINE_BITS"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && _strnicmp(variable, names[i], length) == 0)
            return 1;
    }
    return 0;
}

/* A name that was mistyped would have no effect, either. */
static void config__check_names(void) {
    static const char prefix[] = "WSEXT_";
    char* variables = GetEnvironmentStringsA();
    const char* variable;

    if (variables == NULL)
        return;
    for (variable = variables; *variable != '\0'; variable += strlen(variable) + 1) {
        const char* end = strchr(variable, '=');
        size_t length = end != NULL ? (size_t) (end - variable) : 0;
        if (_strnicmp(variable, prefix, sizeof prefix - 1) == 0 &&
            !config__is_known(variable, length))
            log_say("%.*s is no variable of wsext", (int) length, variable);
    }
    FreeEnvironmentStringsA(variables);
}

void config_init(int is_read_before) {
    static const char* const drivers[] = {"auto", "native", "poll", "thread"};
    static const char* const contexts[] = {"strict", "lenient"};
    static const char* const switches[] = {"0", "1"};
    static const char* const reuses[] = {"safe", "wait"};

    config__is_quiet = is_read_before;
    /* The file comes first, as the other variables' complaints go there. */
    if (log_init() != 0 && !is_read_before)
        log_say("the file name that WSEXT_LOG_FILE has is too long");
    log_level =
        (enum log_level) config__choose("WSEXT_LOG", log_level_names, LOG_LEVEL_COUNT, LOG_WARN);
    config.driver = (enum config_driver) config__choose("WSEXT_DRIVER", drivers, 4, 0);
    config.lenient = config__choose("WSEXT_CONTEXT", contexts, 2, 0);
    config.stats = config__choose("WSEXT_STATS", switches, 2, 0);
    config.follow = config__choose("WSEXT_FOLLOW", switches, 2, 0);
    config.reuse_blindly = config__choose("WSEXT_REUSE", reuses, 2, 0);
    if (!is_read_before)
        config__check_names();
}
