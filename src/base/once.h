/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_ONCE_H
#define WSEXT_BASE_ONCE_H

#include <windows.h>

/* Runs a function once, and lets everybody wait until it has run. InitOnce is not in NT 5.2. */
struct once {
    volatile LONG state;
};

void once_run(struct once* once, void (*function)(void));

/* The same for a function that may fail, where memory is short: where it returns other than
 * 0, the next caller runs it again. Returns 0 where it has come to its end, now or before. */
int once_try(struct once* once, int (*function)(void));

#endif
