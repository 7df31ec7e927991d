/* SPDX-License-Identifier: MIT */
#include "ext/listener.h"

#include "base/log.h"
#include "base/status.h"
#include "core/socket.h"
#include "core/table.h"
#include "ext/kind.h"

/* Of the options that accept() hands on under Windows, as Wine's tests have recorded it, those that
 * do not come with the connection; all are ints or DWORDs of SOL_SOCKET. */
static const int listener__options[] = {SO_RCVTIMEO, SO_SNDTIMEO, SO_RCVBUF, SO_SNDBUF,
                                        SO_REUSEADDR};

#define LISTENER__COUNT (sizeof listener__options / sizeof listener__options[0])

/* Returns 0 or a Winsock error. */
static int listener__get(SOCKET s, int option, DWORD* value) {
    int length = sizeof *value;
    *value = 0;
    if (host.getsockopt(s, SOL_SOCKET, option, (char*) value, &length) == 0)
        return 0;
    return WSAGetLastError();
}

/* Which of the options the program has set is seen by the side of a new socket. Returns 0, or
 * WSAENOBUFS where it cannot be seen now. */
static int listener__find_options(SOCKET s, int family, unsigned* options) {
    SOCKET fresh = host.socket(family, SOCK_STREAM, 0);
    DWORD value, usual;
    size_t i;
    int error = 0;

    *options = 0;
    if (fresh == INVALID_SOCKET)
        return WSAENOBUFS;
    for (i = 0; i < LISTENER__COUNT && !status_is_shortage(error); i++) {
        error = listener__get(s, listener__options[i], &value);
        if (error == 0)
            error = listener__get(fresh, listener__options[i], &usual);
        if (error == 0 && value != usual)
            *options |= 1u << i;
    }
    host.closesocket(fresh);
    return status_is_shortage(error) ? WSAENOBUFS : 0;
}

/* Whether it is noted already. */
static int listener__recall(SOCKET s, struct listener* listener) {
    const struct socket* socket = socket_find(s);
    int known = socket != NULL && socket->family != 0;
    if (known) {
        listener->serial = socket->serial;
        listener->family = socket->family;
        listener->port = socket->local_port;
        listener->options = socket->inherits;
        listener->is_usual = socket->is_usual;
    }
    socket_release(s);
    return known;
}

/* Returns 0 where memory is short. */
static ULONGLONG listener__serial(SOCKET s) {
    const struct socket* socket = socket_need(s);
    ULONGLONG serial = socket != NULL ? socket->serial : 0;
    socket_release(s);
    return serial;
}

static int listener__note(SOCKET s, struct listener* listener) {
    struct socket* socket = socket_find_same(s, listener->serial);
    if (socket != NULL) {
        listener->is_usual = socket->is_usual;
        socket->family = (unsigned short) listener->family;
        socket->local_port = listener->port;
        socket->inherits = (unsigned char) listener->options;
        table_change_flags(s, TABLE_LISTENS, 0);
    }
    socket_release(s);
    return socket != NULL ? 0 : WSAENOTSOCK;
}

int listener_look(SOCKET s, struct listener* listener) {
    struct sockaddr_storage name;
    int listens = 0, length = sizeof listens;
    int error;

    if (listener__recall(s, listener))
        return 0;
    error = kind_check_stream(s);
    if (error != 0)
        return error == WSAEOPNOTSUPP ? WSAEINVAL : error;
    listener->serial = listener__serial(s);
    if (listener->serial == 0)
        return WSAENOBUFS;
    if (host.getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, (char*) &listens, &length) != 0)
        return WSAGetLastError();
    length = sizeof name;
    if (!listens)
        return WSAEINVAL;
    if (host.getsockname(s, (struct sockaddr*) &name, &length) != 0)
        return WSAGetLastError();
    error = listener__find_options(s, name.ss_family, &listener->options);
    if (error != 0)
        return error;

    listener->family = name.ss_family;
    listener->port = ((struct sockaddr_in*) &name)->sin_port;
    return listener__note(s, listener);
}

void listener_is_usual(SOCKET s, const struct listener* listener) {
    struct socket* socket = socket_find_same(s, listener->serial);
    if (socket != NULL)
        socket->is_usual = 1;
    socket_release(s);
}

void listener_changed(SOCKET s) {
    struct socket* socket;
    if (!(table_flags(s) & TABLE_LISTENS))
        return;
    socket = socket_find(s);
    table_change_flags(s, 0, TABLE_LISTENS);
    if (socket != NULL)
        socket->family = 0;
    socket_release(s);
}

int listener_hand_on(SOCKET s, const struct listener* listener, SOCKET accepted) {
    int result = 0;
    size_t i;
    for (i = 0; i < LISTENER__COUNT; i++) {
        int option = listener__options[i];
        DWORD value;
        int error;
        if (!(listener->options & 1u << i))
            continue;
        error = listener__get(s, option, &value);
        if (error == 0 &&
            host.setsockopt(accepted, SOL_SOCKET, option, (const char*) &value, sizeof value) != 0)
            error = WSAGetLastError();
        if (error != 0)
            log_warn("socket %#Ix: option %#x of listener %#Ix could not be handed on (error %d)",
                     (size_t) accepted, (unsigned) option, (size_t) s, error);
        if (status_is_shortage(error))
            result = WSAENOBUFS;
    }
    return result;
}
