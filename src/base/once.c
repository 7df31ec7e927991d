/* SPDX-License-Identifier: MIT */
#include "base/once.h"

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

int once_try(struct once* once, int (*function)(void)) {
    while (once->state != ONCE__DONE) {
        int result;
        if (InterlockedCompareExchange(&once->state, ONCE__RUNNING, ONCE__NEW) != ONCE__NEW) {
            Sleep(1);
            continue;
        }
        result = function();
        InterlockedExchange(&once->state, result == 0 ? ONCE__DONE : ONCE__NEW);
        return result;
    }
    return 0;
}
