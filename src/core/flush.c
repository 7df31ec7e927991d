/* SPDX-License-Identifier: MIT */
#include "core/flush.h"

#include "core/socket.h"
#include "core/wait.h"

int flush_try(SOCKET s, ULONGLONG serial) {
    WSABUF nothing = {0, NULL};
    struct wait wait;
    DWORD sent;
    int error;

    /* What would have to be waited for could not be given up again. */
    if (host.CancelIoEx == NULL)
        return WSAEWOULDBLOCK;
    error = wait_init(&wait);
    if (error != 0)
        return error;
    if (socket_find_same(s, serial) == NULL) {
        error = WSAENOTSOCK;
        socket_release(s);
    } else {
        int result = host.WSASend(s, &nothing, 1, &sent, 0, &wait.overlapped, NULL);
        int reason = result == 0 ? 0 : WSAGetLastError();
        socket_release(s);
        WSASetLastError(reason);
        error = wait_or_cancel(&wait, s, result, &sent);
    }
    wait_release(&wait);
    return error;
}
