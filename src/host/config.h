/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOST_CONFIG_H
#define WSEXT_HOST_CONFIG_H

#include <wchar.h>

/* The settings that the environment gives, read once when the DLL is loaded. */

enum config_driver { CONFIG_DRIVER_AUTO, CONFIG_DRIVER_NATIVE, CONFIG_DRIVER_POLL };

struct config {
    enum config_driver driver; /* WSEXT_DRIVER=auto|native|poll */
    int lenient;               /* WSEXT_CONTEXT=strict|lenient */
    int stats;                 /* WSEXT_STATS=0|1 */
    wchar_t log_file[260];     /* WSEXT_LOG_FILE=path; empty for the standard error output */
};

extern struct config config;

void config_init(void);

/* Reads only where messages go, for a DLL that says something and has no other settings. */
void config_init_log(void);

/* Writes one line to the log file or the standard error output. The text ends without a newline. */
void config_say(const char* format, ...);

#endif
