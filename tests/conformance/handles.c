/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#define HANDLES__VALUES 4096 /* Beyond the values that so small a process is given. */
#define HANDLES__TRIES 64

/* GetProcessHandleCount() tells 0 on Wine, so each value is tried. */
int conf_handles(void) {
    ULONG_PTR value;
    DWORD flags;
    int count = 0;

    for (value = 4; value < HANDLES__VALUES; value += 4)
        count += GetHandleInformation((HANDLE) value, &flags) != 0;
    return count;
}

/* The system gives out the lowest value that is free. */
HANDLE conf_event_at(HANDLE value) {
    HANDLE others[HANDLES__TRIES];
    HANDLE event = conf_event();
    int count = 0;

    while (event != value && count < HANDLES__TRIES) {
        others[count++] = event;
        event = conf_event();
    }
    while (count > 0)
        CloseHandle(others[--count]);
    if (event == value)
        return event;
    CloseHandle(event);
    return NULL;
}
