/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#include "../handles.h"

#define HANDLES__TRIES 64

int conf_handles(void) {
    return handles_count();
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

SOCKET conf_handle_by_other_process(SOCKET socket) {
    HANDLE self = GetCurrentProcess(), there = NULL, back = NULL;
    STARTUPINFOA startup = {0};
    PROCESS_INFORMATION child;
    char path[MAX_PATH];

    startup.cb = sizeof startup;
    GetModuleFileNameA(NULL, path, sizeof path);
    CHECK(CreateProcessA(path, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup,
                         &child));
    CHECK(DuplicateHandle(self, (HANDLE) socket, child.hProcess, &there, 0, FALSE,
                          DUPLICATE_SAME_ACCESS));
    CHECK(DuplicateHandle(child.hProcess, there, self, &back, 0, FALSE,
                          DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE));
    TerminateProcess(child.hProcess, 0);
    CHECK_EQ(WaitForSingleObject(child.hProcess, CONF__LIMIT), WAIT_OBJECT_0);
    return (SOCKET) back;
}
