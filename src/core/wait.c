/* SPDX-License-Identifier: MIT */
#include "core/wait.h"

#include <string.h>

int wait_init(struct wait* wait) {
    memset(wait, 0, sizeof *wait);
    wait->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (wait->event == NULL)
        return WSAENOBUFS;
    wait->overlapped.hEvent = (HANDLE) ((ULONG_PTR) wait->event | 1);
    return 0;
}

void wait_release(struct wait* wait) {
    if (wait->event != NULL)
        host.CloseHandle(wait->event);
    wait->event = NULL;
}

static int wait__end(struct wait* wait, SOCKET s, DWORD* bytes) {
    DWORD flags;
    WaitForSingleObject(wait->event, INFINITE);
    if (host.WSAGetOverlappedResult(s, &wait->overlapped, bytes, FALSE, &flags))
        return 0;
    return WSAGetLastError();
}

int wait_for(struct wait* wait, SOCKET s, int result, DWORD* bytes) {
    int error = result == 0 ? 0 : WSAGetLastError();
    if (error == 0)
        *bytes = (DWORD) wait->overlapped.InternalHigh;
    return error == WSA_IO_PENDING ? wait__end(wait, s, bytes) : error;
}

int wait_or_cancel(struct wait* wait, SOCKET s, int result, DWORD* bytes) {
    int error = result == 0 ? 0 : WSAGetLastError();
    if (error == 0)
        *bytes = (DWORD) wait->overlapped.InternalHigh;
    if (error != WSA_IO_PENDING)
        return error;
    host.CancelIoEx((HANDLE) s, &wait->overlapped);
    error = wait__end(wait, s, bytes);
    return error == WSA_OPERATION_ABORTED ? WSAEWOULDBLOCK : error;
}
