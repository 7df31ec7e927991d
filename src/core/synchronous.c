/* SPDX-License-Identifier: MIT */
#include "core/synchronous.h"

#include "core/delivery.h"

static int synchronous__call(const struct driver_request* request, LPFN_CONNECTEX function,
                             OVERLAPPED* overlapped) {
    if (function(request->handle, request->name, request->name_length, NULL, 0, NULL, overlapped))
        return 0;
    return WSAGetLastError();
}

/* Connects on an OVERLAPPED of ours, whose event has its low bit set so that the program's
 * completion port hears nothing of it. */
static int synchronous__connect(const struct driver_request* request, LPFN_CONNECTEX function) {
    OVERLAPPED overlapped = {0};
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    DWORD bytes, flags;
    int error;

    if (event == NULL)
        return WSAENOBUFS;
    overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    error = synchronous__call(request, function, &overlapped);
    if (error == ERROR_IO_PENDING) {
        WaitForSingleObject(event, INFINITE);
        error = host.WSAGetOverlappedResult(request->handle, &overlapped, &bytes, FALSE, &flags)
                    ? 0
                    : WSAGetLastError();
    }
    host.CloseHandle(event);
    return error;
}

/* connect() would bind an unbound socket, which ConnectEx must refuse. */
static int synchronous__connect_plainly(const struct driver_request* request) {
    struct sockaddr_storage name;
    int length = sizeof name;
    if (host.getsockname(request->handle, (struct sockaddr*) &name, &length) != 0 ||
        host.connect(request->handle, request->name, request->name_length) != 0)
        return WSAGetLastError();
    return 0;
}

int synchronous_connect(const struct driver_request* request, LPFN_CONNECTEX function) {
    int error, finished;

    if (function != NULL && request->payload == NULL)
        return synchronous__call(request, function, request->overlapped);
    error = function != NULL ? synchronous__connect(request, function)
                             : synchronous__connect_plainly(request);
    if (error != 0)
        return error;
    error = delivery_send(request->handle, request->payload, request->length, request->overlapped,
                          &finished);
    if (error != 0)
        return error;
    return finished ? 0 : ERROR_IO_PENDING;
}
