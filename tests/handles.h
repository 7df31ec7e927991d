/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TESTS_HANDLES_H
#define WSEXT_TESTS_HANDLES_H

#include <windows.h>

#define HANDLES__VALUES 4096 /* Beyond the values that so small a process is given. */

/* How many handles the process has. GetProcessHandleCount() tells 0 on Wine 8, so each value is
 * tried; the system gives out the lowest that is free. */
static inline int handles_count(void) {
    ULONG_PTR value;
    DWORD flags;
    int count = 0;

    for (value = 4; value < HANDLES__VALUES; value += 4)
        count += GetHandleInformation((HANDLE) value, &flags) != 0;
    return count;
}

#endif
