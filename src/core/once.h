/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_ONCE_H
#define WSEXT_CORE_ONCE_H

#include <windows.h>

/* Runs a function once, and lets everybody wait until it has run. InitOnce is not in NT 5.2. */
struct once {
    volatile LONG state;
};

void once_run(struct once* once, void (*function)(void));

#endif
