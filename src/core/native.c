/* SPDX-License-Identifier: MIT */
#include "core/native.h"

#include "base/lock.h"

static LPFN_CONNECTEX native__usual;

static LPFN_CONNECTEX native__ask(SOCKET handle) {
    static const GUID guid = WSAID_CONNECTEX;
    return (LPFN_CONNECTEX) host_ask_function(handle, &guid);
}

/* A stub leaves the last error as it was, and ReactOS hands out stubs with a success. A real
 * function says that no handle is no socket; no network traffic comes of that. */
static int native__is_real(LPFN_CONNECTEX function) {
    static const int untouched = 0x5AFE;
    struct sockaddr_in name = {0};
    OVERLAPPED overlapped = {0};

    if (function == NULL)
        return 0;
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(9);
    WSASetLastError(untouched);
    return !function(INVALID_SOCKET, (const struct sockaddr*) &name, sizeof name, NULL, 0, NULL,
                     &overlapped) &&
           WSAGetLastError() == WSAENOTSOCK;
}

void native_note(SOCKET handle, LPFN_CONNECTEX function) {
    LPFN_CONNECTEX usual = (LPFN_CONNECTEX) lock_load_pointer(&native__usual);
    struct socket* socket;

    if (usual == function || !native__is_real(function))
        return;
    if (usual == NULL) {
        lock_store_pointer(&native__usual, (void*) function);
        return;
    }
    socket = socket_need(handle);
    if (socket != NULL)
        socket->connect_ex = function;
    socket_release(handle);
}

LPFN_CONNECTEX native_function(const struct socket* socket) {
    if (socket->connect_ex != NULL)
        return socket->connect_ex;
    return (LPFN_CONNECTEX) lock_load_pointer(&native__usual);
}

static int native__call(LPFN_CONNECTEX function, SOCKET handle, const struct sockaddr* name,
                        int length, const WSABUF* payload, OVERLAPPED* overlapped) {
    int has_payload = payload != NULL && payload->len != 0;
    return function(handle, name, length, has_payload ? payload->buf : NULL,
                    has_payload ? payload->len : 0, NULL, overlapped)
               ? 0
               : WSAGetLastError();
}

int native_connect(LPFN_CONNECTEX function, SOCKET handle, const struct sockaddr* name, int length,
                   const WSABUF* payload, OVERLAPPED* overlapped) {
    int error = native__call(function, handle, name, length, payload, overlapped);
    if (error == WSAECONNABORTED)
        error = native__call(function, handle, name, length, payload, overlapped);
    return error;
}

int native_is_available(SOCKET handle) {
    if (lock_load_pointer(&native__usual) == NULL)
        native_note(handle, native__ask(handle));
    return lock_load_pointer(&native__usual) != NULL;
}
