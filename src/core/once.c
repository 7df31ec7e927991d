/* SPDX-License-Identifier: MIT */
#include "core/once.h"

enum { ONCE__NEW, ONCE__RUNNING, ONCE__DONE };

void once_run(struct once* once, void (*function)(void)) {
    if (once->state == ONCE__DONE)
        return;
    if (InterlockedCompareExchange(&once->state, ONCE__RUNNING, ONCE__NEW) == ONCE__NEW) {
        function();
        InterlockedExchange(&once->state, ONCE__DONE);
        return;
    }
    /* What runs here takes microseconds to milliseconds and happens once in a process' life. */
    while (once->state != ONCE__DONE)
        Sleep(1);
}
