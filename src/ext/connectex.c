/* SPDX-License-Identifier: MIT */
#include "ext/connectex.h"

#include <string.h>
#include <ws2tcpip.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/connect.h"
#include "core/dial.h"
#include "core/stats.h"
#include "core/table.h"
#include "ext/kind.h"
#include "host/caps.h"

/* The longest address that any family has; what a program passes beyond is of no meaning. */
#define CONNECTEX__NAME_SIZE ((int) sizeof(struct sockaddr_storage))

union connectex__name {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_storage storage;
};

/* Copies the name, so that what was checked is what is used. */
static int connectex__take_name(union connectex__name* copy, const struct sockaddr* name,
                                int* length) {
    int needed;

    if (*length > CONNECTEX__NAME_SIZE)
        *length = CONNECTEX__NAME_SIZE;
    if (*length < (int) sizeof name->sa_family || !memory_is_readable(name, (size_t) *length))
        return WSAEFAULT;
    memset(copy, 0, sizeof *copy);
    memcpy(copy, name, (size_t) *length);

    switch (copy->any.sa_family) {
        case AF_INET:
            needed = sizeof copy->in;
            break;
        case AF_INET6:
            needed = sizeof copy->in6;
            break;
        case AF_UNSPEC:
            /* To the socket functions of other systems this family means: disconnect. */
            return WSAEAFNOSUPPORT;
        default:
            return 0;
    }
    if (*length < needed)
        return WSAEFAULT;
    *length = needed;
    return 0;
}

/* Address 0 or port 0 is no remote address (Microsoft's Winsock error list, WSAEADDRNOTAVAIL). */
static int connectex__check_address(const union connectex__name* name) {
    static const struct in6_addr any6;
    static const unsigned char mapped_any[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    switch (name->any.sa_family) {
        case AF_INET:
            if (name->in.sin_addr.s_addr == 0 || name->in.sin_port == 0)
                return WSAEADDRNOTAVAIL;
            return 0;
        case AF_INET6:
            if (memcmp(&name->in6.sin6_addr, &any6, sizeof any6) == 0 ||
                memcmp(&name->in6.sin6_addr, mapped_any, sizeof mapped_any) == 0 ||
                name->in6.sin6_port == 0)
                return WSAEADDRNOTAVAIL;
            return 0;
        default:
            return 0;
    }
}

unsigned connectex_digest(const struct sockaddr* name) {
    const union connectex__name* address = (const union connectex__name*) name;
    const unsigned char* bytes;
    size_t length, i;
    unsigned digest = 2166136261u;

    if (name->sa_family == AF_INET) {
        bytes = (const unsigned char*) &address->in.sin_addr;
        length = sizeof address->in.sin_addr;
    } else if (name->sa_family == AF_INET6) {
        bytes = (const unsigned char*) &address->in6.sin6_addr;
        length = sizeof address->in6.sin6_addr;
    } else {
        return 0;
    }
    /* The port lies at the same place for both families. */
    digest = (digest ^ address->in.sin_port) * 16777619u;
    for (i = 0; i < length; i++)
        digest = (digest ^ bytes[i]) * 16777619u;
    return digest;
}

/* The host's WSAEINVAL for a socket on which a connect was begun, by any means, is said of a
 * connect that is still in progress, unless it is decided already. */
int connectex_is_in_progress(SOCKET s) {
    const struct socket* socket;
    int is_begun;
    if (!caps_has(CAP_CONNECT_INVAL))
        return 0;
    socket = socket_find(s);
    is_begun = (table_flags(s) & TABLE_BEGUN) ||
               (socket != NULL && lifecycle_is_begun(&socket->lifecycle));
    socket_release(s);
    return is_begun && dial_is_undecided(s);
}

static int connectex__is_of_family(SOCKET s, int family) {
    struct sockaddr_storage local;
    int length = sizeof local;
    return !caps_has(CAP_CONNECT_INVAL) ||
           host.getsockname(s, (struct sockaddr*) &local, &length) != 0 ||
           local.ss_family == family;
}

/* The host's error in the document's terms, where the host lumps several reasons together. */
static int connectex__explain(SOCKET s, const struct sockaddr* name, int error) {
    switch (error) {
        case WSAEOPNOTSUPP:
            return WSAEAFNOSUPPORT;
        case ERROR_NOT_SUPPORTED:
            /* That is ours: there is no way that works on this host. */
            return WSAEOPNOTSUPP;
        case WSAEADDRNOTAVAIL:
            /* Wine answers so for a family that it cannot translate at all. For an address that was
             * found valid, Linux means the local one: its port is taken for this very peer. */
            if (name->sa_family == AF_INET)
                return WSAEADDRINUSE;
            return name->sa_family == AF_INET6 ? error : WSAEAFNOSUPPORT;
        case WSAEINVAL:
            if (!connectex__is_of_family(s, name->sa_family))
                return WSAEAFNOSUPPORT;
            return connectex_is_in_progress(s) ? WSAEALREADY : error;
        default:
            return error;
    }
}

/* An operation that has already ended is reported as pending all the same, as Windows does and
 * programs expect, as long as its packet comes. In skip mode there is none, and a socket that we
 * did not see being set up may be in skip mode. */
static int connectex__verdict(unsigned flags, int error) {
    return error == 0 && (flags & TABLE_SEEN) && !(flags & TABLE_SKIP) ? ERROR_IO_PENDING : error;
}

/* Of a call that is refused at once, Windows says in the status block that it is pending, and
 * leaves the count alone, as Wine's tests show. One that made its caller wait has told its end
 * there, and while a connect is in progress the status block may be that connect's. */
static int connectex__refuse(const struct connect_request* request, unsigned flags, ULONG_PTR count,
                             int error) {
    if (error != WSAEALREADY && !(flags & TABLE_SYNCHRONOUS)) {
        request->overlapped->Internal = STATUS__PENDING;
        request->overlapped->InternalHigh = count;
    }
    return error;
}

static int connectex__run(const struct connect_request* request, DWORD* bytes_sent) {
    SOCKET s = request->handle;
    int error = kind_check_stream(s);
    unsigned flags = table_flags(s); /* Another thread may close the socket before we return. */
    ULONG_PTR count = request->overlapped->InternalHigh;

    if (error != 0)
        return error;
    /* Who takes the completion may use the place again before we return. */
    if (bytes_sent != NULL)
        *bytes_sent = 0;
    error = connect_begin(request);
    if (error != 0 && error != ERROR_IO_PENDING)
        return connectex__refuse(request, flags, count,
                                 connectex__explain(s, request->name, error));
    error = connectex__verdict(flags, error);
    if (error == 0 && bytes_sent != NULL)
        *bytes_sent = request->length;
    return error;
}

static int connectex__check(const struct connect_request* request, const DWORD* bytes_sent) {
    if (!memory_is_writable(request->overlapped, sizeof *request->overlapped) ||
        !memory_is_readable(request->payload, request->length))
        return WSAEFAULT;
    if (bytes_sent != NULL && !memory_is_writable(bytes_sent, sizeof *bytes_sent))
        return WSAEFAULT;
    return 0;
}

static int connectex__checked(SOCKET s, const struct sockaddr* name, int namelen, char* payload,
                              DWORD length, DWORD* bytes_sent, OVERLAPPED* overlapped) {
    struct connect_request request;
    union connectex__name copy;
    int error;

    if (overlapped == NULL)
        return ERROR_INVALID_PARAMETER;
    if (host_is_shut())
        return WSANOTINITIALISED;

    if (caps_find(CAPS_OPERATIONS | CAP_CONNECT_INVAL) != 0)
        return WSAENOBUFS;
    request.handle = s;
    request.name = &copy.any;
    request.name_length = namelen;
    request.payload = length != 0 ? payload : NULL;
    request.length = request.payload != NULL ? length : 0;
    request.overlapped = overlapped;
    error = connectex__take_name(&copy, name, &request.name_length);
    if (error == 0)
        error = connectex__check(&request, bytes_sent);
    if (error == 0)
        error = connectex__check_address(&copy);
    request.peer = error == 0 ? connectex_digest(&copy.any) : 0;
    return error != 0 ? error : connectex__run(&request, bytes_sent);
}

BOOL PASCAL connectex_call(SOCKET s, const struct sockaddr* name, int namelen, PVOID send_buffer,
                           DWORD send_length, DWORD* bytes_sent, OVERLAPPED* overlapped) {
    /* Without a buffer, the length and the place for the number of bytes are ignored. */
    int error = connectex__checked(s, name, namelen, send_buffer, send_length,
                                   send_buffer != NULL ? bytes_sent : NULL, overlapped);
    stats_count_call(STATS_CONNECTEX, error, send_buffer != NULL ? send_length : 0);
    if (error != 0 && error != ERROR_IO_PENDING)
        log_info("socket %#Ix ConnectEx fails with %s (%d)", (size_t) s, status_error_name(error),
                 error);
    WSASetLastError(error);
    return error == 0;
}
