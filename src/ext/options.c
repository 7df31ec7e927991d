/* SPDX-License-Identifier: MIT */
#include "ext/options.h"

#include <string.h>

#include "base/config.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/socket.h"
#include "core/stats.h"
#include "core/table.h"
#include "ext/connectex.h"
#include "ext/kind.h"
#include "ext/listener.h"
#include "host/caps.h"
#include "host/seconds.h"

/* Returns 0 where the connection is up or was until the peer ended it, WSAENOBUFS where the host
 * cannot say, WSAENOTSOCK, or WSAENOTCONN. */
static int options__check_up(SOCKET s) {
    DWORD seconds = SECONDS_NEVER;
    int error = seconds_connected(s, &seconds);
    if (status_is_shortage(error))
        return WSAENOBUFS;
    if (error == WSAENOTSOCK)
        return error;
    return error == 0 && seconds != SECONDS_NEVER ? 0 : WSAENOTCONN;
}

/* A socket that the program connected by a ConnectEx older than us, or by connect(). Its peer's
 * name tells nothing: Wine 8 has none once the peer has reset, which is no reason to refuse, and
 * Wine 10 has one while the connect is still under way. */
static int options__update_foreign(SOCKET s, const char* value, int length) {
    int error = options__check_up(s);
    if (error != 0)
        return error;
    /* ReactOS takes no NULL, of whatever length. */
    if (host.setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, value != NULL ? value : "",
                        length) != 0)
        return WSAGetLastError();
    return 0;
}

/* Under the socket's lock: sees whether the connection is up, where only the host knows, and
 * updates the context. */
static int options__update(struct socket* socket, enum stats_function function) {
    if (lifecycle_may_update(&socket->lifecycle) == LIFECYCLE_HOST) {
        int error = options__check_up(socket->handle);
        if (error != 0)
            return error;
        socket_step(socket, LIFECYCLE_UP);
        stats_count_end(function, 0);
    }
    return socket_step(socket, LIFECYCLE_UPDATE) == 0 ? 0 : WSAENOTCONN;
}

int options_update_connect_context(SOCKET s, const char* value, int length) {
    struct socket* socket;
    int is_foreign, error = 0;

    if (length < 0 || !memory_is_readable(value, (size_t) length))
        return WSAEFAULT;
    if (caps_find(CAP_CONNECT_TIME) != 0)
        return WSAENOBUFS;
    socket = socket_find(s);
    is_foreign = socket == NULL || lifecycle_is_fresh(&socket->lifecycle);
    if (!is_foreign)
        error = options__update(socket, STATS_CONNECTEX);
    socket_release(s);
    return is_foreign ? options__update_foreign(s, value, length) : error;
}

/* A socket that accept() gave, or an AcceptEx older than us. */
static int options__update_foreign_accepted(SOCKET s) {
    DWORD seconds;
    int error = seconds_connected(s, &seconds);
    if (error != 0)
        return error;
    return seconds != SECONDS_NEVER ? 0 : WSAENOTCONN;
}

/* Some servers name the accepted socket itself, which Windows takes for what it is: nobody's
 * options are handed on. Returns 0 or why the value cannot be what a socket was accepted from. */
static int options__look_at_value(SOCKET s, SOCKET value, struct listener* listener) {
    int error;
    if (value != s)
        return listener_look(value, listener);
    error = kind_check_stream(s);
    return error == WSAEOPNOTSUPP ? WSAEINVAL : error;
}

int options_update_accept_context(SOCKET s, const char* value, int length) {
    struct listener listener;
    struct socket* socket;
    SOCKET handle;
    int is_foreign, error;

    if (length < (int) sizeof handle || !memory_is_readable(value, sizeof handle))
        return WSAEFAULT;
    if (caps_find(CAP_CONNECT_TIME) != 0)
        return WSAENOBUFS;
    memcpy(&handle, value, sizeof handle);
    error = options__look_at_value(s, handle, &listener);
    if (error != 0)
        return error;

    socket = socket_find(s);
    is_foreign = socket == NULL || lifecycle_is_fresh(&socket->lifecycle);
    if (!is_foreign)
        error = options__update(socket, STATS_ACCEPTEX);
    socket_release(s);
    if (is_foreign)
        error = options__update_foreign_accepted(s);
    if (error != 0)
        return error;
    if (host.setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, value, length) != 0)
        return WSAGetLastError();
    return handle != s ? listener_hand_on(handle, &listener, s) : 0;
}

int options_get_connect_time(SOCKET s, char* value, int* length) {
    DWORD seconds;
    int error;
    if (!memory_is_writable(length, sizeof *length) || *length < (int) sizeof(DWORD) ||
        !memory_is_writable(value, sizeof(DWORD)))
        return WSAEFAULT;
    if (caps_find(CAP_CONNECT_TIME) != 0)
        return WSAENOBUFS;
    error = seconds_connected(s, &seconds);
    if (error != 0)
        return error;
    *length = sizeof seconds;
    memcpy(value, &seconds, sizeof seconds);
    return 0;
}

static int options__is_stream(SOCKET s) {
    int type, length = sizeof type;
    return host.getsockopt(s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) == 0 &&
           type == SOCK_STREAM;
}

/* ReactOS takes any option of TCP without a look, and can read none. */
static int options__has_fast_open(SOCKET s) {
    DWORD value;
    int length = sizeof value;
    return host.getsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, (char*) &value, &length) == 0;
}

int options_set_fast_open(SOCKET s, const char* value, int length) {
    struct socket* socket;
    int error = 0;

    if (host.setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, value, length) != 0)
        error = WSAGetLastError();
    else if (options__has_fast_open(s))
        return 0;
    else
        error = WSAENOPROTOOPT;
    if (error != WSAENOPROTOOPT && error != WSAEINVAL && error != WSAEOPNOTSUPP)
        return error;
    if (!options__is_stream(s))
        return error;
    if (length < 1 || !memory_is_readable(value, 1))
        return WSAEFAULT;
    socket = socket_need(s);
    if (socket != NULL)
        socket->fast_open = *value != 0 ? 2 : 1;
    socket_release(s);
    return socket != NULL ? 0 : WSAENOBUFS;
}

int options_get_fast_open(SOCKET s, char* value, int* length) {
    struct socket* socket;
    DWORD answer;
    int kept;

    if (!memory_is_writable(length, sizeof *length) || *length < 0 ||
        !memory_is_writable(value, (size_t) *length))
        return WSAEFAULT;
    socket = socket_find(s);
    kept = socket != NULL ? socket->fast_open : 0;
    answer = kept == 2;
    socket_release(s);

    if (kept == 0)
        return host.getsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, value, length) == 0
                   ? 0
                   : WSAGetLastError();
    if (*length < 1)
        return WSAEFAULT;
    if (*length > (int) sizeof answer)
        *length = sizeof answer;
    memcpy(value, &answer, (size_t) *length);
    return 0;
}

/* The handle's value may have come back, with the old socket closed behind our back; a peer that is
 * not the one we connected to gives it away. */
static int options__is_connected_one(const struct socket* socket) {
    struct sockaddr_storage peer;
    int length = sizeof peer;
    return host.getpeername(socket->handle, (struct sockaddr*) &peer, &length) == 0 &&
           connectex_digest((struct sockaddr*) &peer) == socket->peer;
}

/* The same for an accepted socket, which has its listener's port. Of one that was created before we
 * were loaded it is not known whether setting its option will come our way: Go remembers setsockopt
 * long before it loads the DLL, and looks shutdown up long after. */
static int options__is_accepted_one(const struct socket* socket) {
    struct sockaddr_storage name;
    int length = sizeof name;
    return (table_flags(socket->handle) & TABLE_SEEN) &&
           host.getsockname(socket->handle, (struct sockaddr*) &name, &length) == 0 &&
           ((struct sockaddr_in*) &name)->sin_port == socket->local_port;
}

int options_is_connecting(SOCKET s) {
    const struct socket* socket;
    int is_connecting;
    if (!(table_flags(s) & TABLE_USED))
        return 0;
    socket = socket_find(s);
    is_connecting = socket != NULL && lifecycle_is_connecting(&socket->lifecycle);
    socket_release(s);
    return is_connecting;
}

int options_is_default_state(SOCKET s) {
    const struct socket* socket;
    int strict = 0;

    if (config.lenient || !(table_flags(s) & TABLE_USED))
        return 0;
    socket = socket_find(s);
    if (socket != NULL && lifecycle_is_default(&socket->lifecycle) == LIFECYCLE_HOST)
        strict = lifecycle_by_accept(&socket->lifecycle) ? options__is_accepted_one(socket)
                                                         : options__is_connected_one(socket);
    socket_release(s);
    return strict;
}
