/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/once.h"
#include "base/retry.h"
#include "base/status.h"
#include "core/afd.h"
#include "core/delivery.h"
#include "core/driver.h"
#include "core/table.h"

/* The driver for a host without a ConnectEx of its own: a non-blocking connect, whose outcome the
 * engine learns by polling the socket. */

static struct once poll__once;
static int poll__host_goes_on;

/* Returns 0 or a Winsock error, with INVALID_SOCKET. */
static int poll__make_socket(SOCKET* s, struct sockaddr_in* name) {
    int error, length = sizeof *name;
    *s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (*s == INVALID_SOCKET)
        return WSAGetLastError();
    memset(name, 0, sizeof *name);
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (host.bind(*s, (struct sockaddr*) name, sizeof *name) == 0 &&
        host.getsockname(*s, (struct sockaddr*) name, &length) == 0)
        return 0;
    error = WSAGetLastError();
    host.closesocket(*s);
    *s = INVALID_SOCKET;
    return error;
}

/* Returns 0 where the host begins the connect, or its error. */
static int poll__begin(SOCKET s, const struct sockaddr_in* name) {
    HANDLE port = host.CreateIoCompletionPort((HANDLE) s, NULL, 0, 1);
    u_long on = 1;
    int error = 0;
    if (port == NULL)
        return (int) GetLastError();
    if (host.ioctlsocket(s, FIONBIO, &on) != 0 ||
        host.connect(s, (const struct sockaddr*) name, sizeof *name) != 0)
        error = WSAGetLastError();
    host.CloseHandle(port);
    return error == WSAEWOULDBLOCK || error == WSAECONNREFUSED ? 0 : error;
}

/* ReactOS refuses a non-blocking connect on a socket that has a completion port. The one that is
 * tried leads to a socket of ours, which does not listen, so that nothing leaves this machine. */
static int poll__probe(void) {
    struct sockaddr_in name, peer_name;
    SOCKET s = INVALID_SOCKET, peer = INVALID_SOCKET;
    int error = poll__make_socket(&s, &name);

    if (error == 0)
        error = poll__make_socket(&peer, &peer_name);
    if (error == 0)
        error = poll__begin(s, &peer_name);
    if (s != INVALID_SOCKET)
        host.closesocket(s);
    if (peer != INVALID_SOCKET)
        host.closesocket(peer);
    poll__host_goes_on = error == 0;
    return status_is_shortage(error) ? -1 : 0;
}

static int poll__is_available(struct socket* socket) {
    (void) socket;
    if (afd_is_undecided())
        return -1;
    if (!afd_is_available())
        return 0;
    if (once_try(&poll__once, poll__probe) != 0)
        return -1;
    return poll__host_goes_on;
}

/* connect() would bind an unbound socket, which ConnectEx must refuse. */
static int poll__is_bound(SOCKET handle) {
    struct sockaddr_storage name;
    int length = sizeof name;
    return host.getsockname(handle, (struct sockaddr*) &name, &length) == 0;
}

static int poll__set_nonblocking(SOCKET handle, u_long nonblocking) {
    return host.ioctlsocket(handle, FIONBIO, &nonblocking) == 0 ? 0 : WSAGetLastError();
}

/* Begins a connect without waiting for it and leaves the socket's blocking mode as the program set
 * it. Returns 0 where the connection is up, WSAEWOULDBLOCK where it is under way. */
static int poll__connect(const struct driver_request* request) {
    int keep = (table_flags(request->handle) & TABLE_NONBLOCKING) != 0;
    int error = keep ? 0 : poll__set_nonblocking(request->handle, 1);
    unsigned tries = 0;

    if (error != 0)
        return error;
    if (host.connect(request->handle, request->name, request->name_length) != 0)
        error = WSAGetLastError();
    while (!keep && retry_shortage(&tries, poll__set_nonblocking(request->handle, 0))) {
    }
    return error;
}

/* A program that gave neither an event nor a port can only wait for the socket's handle itself,
 * whose signalled state follows operations of the host. There the host has to carry the OVERLAPPED
 * from the start, as a send that it queues behind the connect. */
static int poll__needs_handle_signal(const struct socket* socket,
                                     const struct driver_request* request) {
    return request->overlapped->hEvent == NULL && socket->port.handle == NULL;
}

static enum driver_result poll__send(const struct driver_request* request, int* error) {
    int finished;
    *error = delivery_send(request->handle, request->payload, request->length, request->overlapped,
                           &finished);
    if (*error != 0)
        return DRIVER_REFUSED;
    return finished ? DRIVER_ENDED : DRIVER_HANDED;
}

/* A connect to this machine is decided by the time that connect() returns, and asking once is a
 * fraction of what it costs to have the engine's thread find out. */
static int poll__is_up(SOCKET handle) {
    unsigned events;
    return afd_look(&handle, AFD_EVENT_CONNECT | AFD_EVENT_CONNECT_FAIL, &events, 1) == 0 &&
           events == AFD_EVENT_CONNECT;
}

/* Of a socket that we did not see being set up it is not known whether a packet would come from us,
 * so there the host has to complete the operation. */
static enum driver_result poll__finish(struct socket* socket, const struct driver_request* request,
                                       int* error) {
    if (request->payload != NULL || !(table_flags(request->handle) & TABLE_SEEN))
        return poll__send(request, error);
    delivery_begin(request->overlapped);
    delivery_complete(socket, request->overlapped, STATUS__SUCCESS, 0);
    return DRIVER_COMPLETED;
}

static enum driver_result poll__start(struct socket* socket, const struct driver_request* request,
                                      struct operation** result, int* error) {
    struct operation* operation;
    enum driver_result sent = DRIVER_REFUSED;

    if (!poll__is_bound(request->handle)) {
        *error = WSAGetLastError();
        return DRIVER_REFUSED;
    }
    operation =
        operation_new(request->handle, request->overlapped, request->payload, request->length);
    if (operation == NULL) {
        *error = WSAENOBUFS;
        return DRIVER_REFUSED;
    }
    operation->watch = OPERATION_WATCH_POLL;
    *error = poll__connect(request);
    if (*error != 0 && *error != WSAEWOULDBLOCK) {
        operation_release(operation);
        return DRIVER_REFUSED;
    }

    *result = operation;
    if (poll__needs_handle_signal(socket, request))
        sent = poll__send(request, &operation->error);
    else if (*error == 0 || poll__is_up(request->handle))
        sent = poll__finish(socket, request, &operation->error);
    *error = 0;
    if (sent != DRIVER_REFUSED)
        return sent;
    delivery_begin(request->overlapped);
    return DRIVER_WATCHED;
}

const struct driver driver_poll = {poll__is_available, poll__start};
