/* SPDX-License-Identifier: MIT */
#include "core/dial.h"

#include "base/retry.h"
#include "base/status.h"
#include "core/table.h"
#include "core/worker.h"
#include "host/seconds.h"

int dial_check_bound(SOCKET handle) {
    struct sockaddr_storage name;
    int length = sizeof name;
    if (table_flags(handle) & TABLE_BOUND)
        return 0;
    if (host.getsockname(handle, (struct sockaddr*) &name, &length) != 0)
        return WSAGetLastError();
    table_change_flags(handle, TABLE_BOUND, 0);
    return 0;
}

int dial_is_undecided(SOCKET handle) {
    struct timeval no_time = {0, 0};
    fd_set ready, failed;
    ready.fd_count = failed.fd_count = 1;
    ready.fd_array[0] = failed.fd_array[0] = handle;
    return host.select(0, NULL, &ready, &failed, &no_time) == 0;
}

static int dial__is_listening(SOCKET handle) {
    int listening = 0, length = sizeof listening;
    return host.getsockopt(handle, SOL_SOCKET, SO_ACCEPTCONN, (char*) &listening, &length) == 0 &&
           listening;
}

static int dial__family(SOCKET handle) {
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    if (host.getsockopt(handle, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &length) != 0)
        return AF_UNSPEC;
    return info.iAddressFamily;
}

int dial_check(const struct socket* socket, const struct dial_name* name) {
    SOCKET handle = socket->handle;
    int family, error;
    DWORD seconds;

    if (socket->worker != NULL)
        return WSAEALREADY;
    error = dial_check_bound(handle);
    if (error != 0)
        return error;
    family = dial__family(handle);
    if (family != AF_UNSPEC && family != name->name.ss_family)
        return WSAEAFNOSUPPORT;
    if (dial__is_listening(handle))
        return WSAEINVAL;
    if (seconds_connected(handle, &seconds) == 0 && seconds != SECONDS_NEVER)
        return WSAEISCONN;
    return (table_flags(handle) & TABLE_BEGUN) && dial_is_undecided(handle) ? WSAEALREADY : 0;
}

static int dial__once(SOCKET handle, const struct sockaddr* name, int length) {
    return host.connect(handle, name, length) == 0 ? 0 : WSAGetLastError();
}

int dial_call(SOCKET handle, const struct sockaddr* name, int length) {
    int error = dial__once(handle, name, length);
    return error == WSAECONNABORTED ? dial__once(handle, name, length) : error;
}

static int dial__set_nonblocking(SOCKET handle, u_long nonblocking) {
    return host.ioctlsocket(handle, (long) FIONBIO, &nonblocking) == 0 ? 0 : WSAGetLastError();
}

int dial_begin(SOCKET handle, const struct sockaddr* name, int length) {
    int keep = (table_flags(handle) & TABLE_NONBLOCKING) != 0;
    unsigned tries = 0;
    int error = dial_check_bound(handle);

    if (error == 0 && !keep)
        error = dial__set_nonblocking(handle, 1);
    if (error != 0)
        return error;
    error = dial_call(handle, name, length);
    while (!keep && retry_shortage(&tries, dial__set_nonblocking(handle, 0))) {
    }
    return error == WSAEWOULDBLOCK ? ERROR_IO_PENDING : error;
}

/* Makes the socket blocking, while what the program wants meanwhile is only noted. Where events of
 * the socket are selected for, it has to stay non-blocking, so they are not, for that time. */
static int dial__make_blocking(struct op* op) {
    struct socket* socket = socket_find(op->handle);
    int done = 0;
    if (socket != NULL && socket->worker == op) {
        if (socket->selection != NULL)
            host.WSAEventSelect(op->handle, NULL, 0);
        done = dial__set_nonblocking(op->handle, 0) == 0;
        socket->keeps_mode = (unsigned char) done;
    }
    socket_release(op->handle);
    return done;
}

static int dial__select(SOCKET handle, const struct socket_selection* selection) {
    if (selection == NULL)
        return 0;
    if (selection->window == NULL)
        return host.WSAEventSelect(handle, selection->event, selection->events);
    return host.WSAAsyncSelect(handle, selection->window, selection->message, selection->events);
}

static void dial__restore_mode(struct op* op) {
    struct socket* socket = socket_find(op->handle);
    unsigned flags = table_flags(op->handle);
    u_long nonblocking = !(flags & TABLE_SEEN) || (flags & TABLE_NONBLOCKING);
    unsigned tries = 0;

    if (socket != NULL && socket->worker == op) {
        socket->keeps_mode = 0;
        while (retry_shortage(&tries, dial__set_nonblocking(op->handle, nonblocking))) {
        }
        while (dial__select(op->handle, socket->selection) != 0 &&
               retry_shortage(&tries, WSAGetLastError())) {
        }
    }
    socket_release(op->handle);
}

static int dial__failure(const struct op* op) {
    int error = 0, length = sizeof error;
    if (host.getsockopt(op->handle, SOL_SOCKET, SO_ERROR, (char*) &error, &length) != 0)
        return WSAGetLastError();
    /* A failure without a reason is the refusal, the one that needs no more words. */
    return error != 0 ? error : WSAECONNREFUSED;
}

/* Waits for a connect that the host goes on with, as the program made the socket non-blocking.
 * ReactOS notes the outcome when the thread that began the connect asks for it in this way. */
static int dial__wait(struct op* op) {
    int has_failed;
    int error = worker_wait(op, &has_failed);
    return error == 0 && has_failed ? dial__failure(op) : error;
}

/* The mode that the program chose is left as it is where the host goes on with such a connect.
 * ReactOS refuses it (WSAEINVAL) on a socket that has a completion port; only there the socket is
 * made blocking until the connect is decided. */
int dial_connect(struct op* op, const struct dial_name* name) {
    unsigned flags = table_flags(op->handle);
    const struct sockaddr* to = (const struct sockaddr*) &name->name;
    int error = dial_call(op->handle, to, name->length);

    if (error == WSAEINVAL && (!(flags & TABLE_SEEN) || (flags & TABLE_NONBLOCKING))) {
        if (dial__make_blocking(op))
            error = dial_call(op->handle, to, name->length);
        dial__restore_mode(op);
    }
    if (error == WSAEWOULDBLOCK)
        error = dial__wait(op);
    /* For an address that was found valid, Linux means the local one: its port is taken for this
     * very peer. */
    if (error == WSAEADDRNOTAVAIL && name->name.ss_family == AF_INET)
        return WSAEADDRINUSE;
    return error;
}
