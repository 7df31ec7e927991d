/* SPDX-License-Identifier: MIT */
#include "core/native.h"

#include "base/lock.h"
#include "base/once.h"
#include "core/delivery.h"
#include "core/driver.h"

/* The driver that has the host's own ConnectEx connect. Without a payload the host gets the
 * program's OVERLAPPED and all is as without us. With one, the connect works on an OVERLAPPED of
 * ours, and the send is queued right behind it with the program's: the host holds it until the
 * connect is decided, and completes it with the connect's failure or with what becomes of the send.
 * A host that does not queue a send behind a connect refuses it, and then the engine sends when the
 * connect is up. */

static LPFN_CONNECTEX native__usual;

/* Nobody waits for this event: an operation of ours needs one, so that its low bit can keep the
 * operation's packet out of the program's completion port. */
static struct once native__once;
static HANDLE native__ignored;

static int native__make_event(void) {
    native__ignored = CreateEventW(NULL, TRUE, FALSE, NULL);
    return native__ignored != NULL ? 0 : -1;
}

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

static LPFN_CONNECTEX native__known(const struct socket* socket) {
    if (socket->connect_ex != NULL)
        return socket->connect_ex;
    return (LPFN_CONNECTEX) lock_load_pointer(&native__usual);
}

LPFN_CONNECTEX native_function(struct socket* socket) {
    if (native__known(socket) == NULL)
        native_note(socket->handle, native__ask(socket->handle));
    return native__known(socket);
}

static int native__is_available(struct socket* socket) {
    return native_function(socket) != NULL;
}

/* Returns 0 where the host accepted the operation, and whether it ended at once. */
static int native__call(LPFN_CONNECTEX function, const struct driver_request* request,
                        OVERLAPPED* overlapped, int* ended) {
    int error;
    *ended = 0;
    if (function(request->handle, request->name, request->name_length, NULL, 0, NULL, overlapped)) {
        *ended = 1;
        return 0;
    }
    error = WSAGetLastError();
    return error == ERROR_IO_PENDING ? 0 : error;
}

static enum driver_result native__connect(LPFN_CONNECTEX function,
                                          const struct driver_request* request, int* error) {
    int ended;
    *error = native__call(function, request, request->overlapped, &ended);
    if (*error != 0)
        return DRIVER_REFUSED;
    return ended ? DRIVER_ENDED : DRIVER_HANDED;
}

static enum driver_result native__connect_and_send(LPFN_CONNECTEX function,
                                                   const struct driver_request* request,
                                                   struct operation** result, int* error) {
    struct operation* operation =
        operation_new(request->handle, request->overlapped, request->payload, request->length);
    int ended, finished;

    if (operation == NULL || once_try(&native__once, native__make_event) != 0) {
        *error = WSAENOBUFS;
        goto refused;
    }
    operation->watch = OPERATION_WATCH_CONNECT;
    operation->connect.hEvent = (HANDLE) ((ULONG_PTR) native__ignored | 1);
    *error = native__call(function, request, &operation->connect, &ended);
    if (*error != 0) {
        operation->connect.Internal = 0;
        goto refused;
    }

    operation->error = delivery_send(request->handle, request->payload, request->length,
                                     request->overlapped, &finished);
    if (operation->error == 0) {
        *result = operation;
        return finished ? DRIVER_ENDED : DRIVER_HANDED;
    }
    delivery_begin(request->overlapped);
    *result = operation;
    return DRIVER_WATCHED;

refused:
    if (operation != NULL)
        operation_release(operation);
    return DRIVER_REFUSED;
}

static enum driver_result native__start(struct socket* socket, const struct driver_request* request,
                                        struct operation** operation, int* error) {
    LPFN_CONNECTEX function = native_function(socket);
    if (request->payload == NULL)
        return native__connect(function, request, error);
    return native__connect_and_send(function, request, operation, error);
}

const struct driver driver_native = {native__is_available, native__start};
