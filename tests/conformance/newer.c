/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* What NT 5.2 does not export. A program that imports it would not start there, so each test takes
 * it at run time, and says so where it is missing. Only for the thread that runs the test. */

typedef BOOL WINAPI newer__cancel_io_ex(HANDLE, OVERLAPPED*);
typedef BOOL WINAPI newer__dequeue_many(HANDLE, OVERLAPPED_ENTRY*, ULONG, ULONG*, DWORD, BOOL);
typedef BOOL WINAPI newer__set_modes(HANDLE, UCHAR);

static void* newer__find(const char* name) {
    return (void*) (uintptr_t) GetProcAddress(GetModuleHandleW(L"kernel32.dll"), name);
}

static void* newer__need(const char* name, const char* reason) {
    void* function = newer__find(name);

    if (function == NULL)
        conf_skip(reason);
    return function;
}

BOOL conf_cancel_io_ex(HANDLE file, OVERLAPPED* overlapped) {
    newer__cancel_io_ex* cancel =
        (newer__cancel_io_ex*) newer__need("CancelIoEx", "this system has no CancelIoEx");

    return cancel(file, overlapped);
}

BOOL conf_cancel(HANDLE file, OVERLAPPED* overlapped) {
    newer__cancel_io_ex* cancel = (newer__cancel_io_ex*) newer__find("CancelIoEx");

    return cancel != NULL ? cancel(file, overlapped) : CancelIo(file);
}

BOOL conf_dequeue_many(HANDLE port, OVERLAPPED_ENTRY* entries, ULONG room, ULONG* count,
                       DWORD limit) {
    newer__dequeue_many* dequeue = (newer__dequeue_many*) newer__need(
        "GetQueuedCompletionStatusEx", "this system has no GetQueuedCompletionStatusEx");

    return dequeue(port, entries, room, count, limit, FALSE);
}

BOOL conf_set_modes(HANDLE file, UCHAR modes) {
    newer__set_modes* set =
        (newer__set_modes*) newer__need("SetFileCompletionNotificationModes",
                                        "this system has no SetFileCompletionNotificationModes");

    return set(file, modes);
}
