/* SPDX-License-Identifier: MIT */
#include "hooks/ending.h"

#include <windows.h>

#include "core/stats.h"
#include "hooks/interpose.h"

static LPTOP_LEVEL_EXCEPTION_FILTER ending__next;

/* Our own calls lead to the system's function. */
static BOOL WINAPI hook_TerminateProcess(HANDLE process, UINT code) {
    if (process == GetCurrentProcess() || GetProcessId(process) == GetCurrentProcessId())
        stats_report();
    return TerminateProcess(process, code);
}

static LONG WINAPI ending__crashed(EXCEPTION_POINTERS* exception) {
    stats_report();
    return ending__next != NULL ? ending__next(exception) : EXCEPTION_CONTINUE_SEARCH;
}

void ending_install(void) {
    static const struct interpose_entry entries[] = {
        {"kernel32.dll", "TerminateProcess", (void*) hook_TerminateProcess, false},
        {"kernelbase.dll", "TerminateProcess", (void*) hook_TerminateProcess, false},
    };
    interpose_install(entries, sizeof entries / sizeof entries[0]);
    ending__next = SetUnhandledExceptionFilter(ending__crashed);
}
