/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_LOG_H
#define WSEXT_BASE_LOG_H

/* What we tell the user, on the standard error output or in the file that WSEXT_LOG_FILE names.
 *
 * A message is a line "wsext: …". An event, which only the levels info and trace show, is a line
 *     SECONDS.MILLISECONDS PROCESS:THREAD LEVEL TEXT
 * with Wine's own clock, so that it can be read beside WINEDEBUG=+timestamp, and the ids in
 * hexadecimal, as Wine prints them. The lines of several threads, or of processes that share a
 * file, do not mix. */

enum log_level { LOG_OFF, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_TRACE };

/* Lets a compiler check the arguments against the format, which is that of the C library in use. */
#if defined(__clang__)
#define LOG__FORMAT __attribute__((format(printf, 1, 2)))
#define LOG__EVENT_FORMAT __attribute__((format(printf, 2, 3)))
#elif defined(__GNUC__)
#define LOG__FORMAT __attribute__((format(ms_printf, 1, 2)))
#define LOG__EVENT_FORMAT __attribute__((format(ms_printf, 2, 3)))
#else
#define LOG__FORMAT
#define LOG__EVENT_FORMAT
#endif

/* The values that WSEXT_LOG may have, in the order of the levels. */
#define LOG_LEVEL_COUNT 5
extern const char* const log_level_names[LOG_LEVEL_COUNT];

/* The level of that name, or -1. */
int log_find_level(const char* name);

/* How much is shown, from WSEXT_LOG. */
extern enum log_level log_level;

/* The arguments are not evaluated where the level is not shown: that costs one test. */
#define log_error(...) (log_level >= LOG_ERROR ? log_say(__VA_ARGS__) : (void) 0)
#define log_warn(...) (log_level >= LOG_WARN ? log_say(__VA_ARGS__) : (void) 0)
#define log_info(...) (log_level >= LOG_INFO ? log_event("info", __VA_ARGS__) : (void) 0)
#define log_trace(...) (log_level >= LOG_TRACE ? log_event("trace", __VA_ARGS__) : (void) 0)

/* Reads WSEXT_LOG_FILE. The file is made with the first line; a file that cannot be written is said
 * once, and the lines go to the standard error output. Returns 0, or -1 where the name is too long
 * and the lines go there as well. */
int log_init(void);

/* To be called when the process ends and the system has ended all threads but one, of which any may
 * have held the log's locks. */
void log_end(void);

/* Writes a message whatever the level, such as a setting that is wrong, or statistics that were
 * asked for. The text ends without a newline. */
void log_say(const char* format, ...) LOG__FORMAT;

/* Writes an event; to be called by the macros. */
void log_event(const char* level, const char* format, ...) LOG__EVENT_FORMAT;

#endif
