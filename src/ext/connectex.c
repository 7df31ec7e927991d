/* SPDX-License-Identifier: MIT */
#include "ext/connectex.h"

#include <string.h>
#include <ws2tcpip.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/delivery.h"
#include "core/driver.h"
#include "core/engine.h"
#include "core/guard.h"
#include "core/native.h"
#include "core/stats.h"
#include "core/synchronous.h"
#include "core/table.h"
#include "ext/kind.h"
#include "host/seconds.h"

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
    switch (name->any.sa_family) {
        case AF_INET:
            if (name->in.sin_addr.s_addr == 0 || name->in.sin_port == 0)
                return WSAEADDRNOTAVAIL;
            return 0;
        case AF_INET6:
            if (memcmp(&name->in6.sin6_addr, &any6, sizeof any6) == 0 || name->in6.sin6_port == 0)
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

static int connectex__is_listening(SOCKET s) {
    int listening = 0, length = sizeof listening;
    return host.getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, (char*) &listening, &length) == 0 &&
           listening;
}

int connectex_is_in_progress(SOCKET s) {
    struct sockaddr_storage name;
    int length = sizeof name;
    DWORD seconds;
    return host.wine_get_version != NULL &&
           host.getsockname(s, (struct sockaddr*) &name, &length) == 0 &&
           !connectex__is_listening(s) && seconds_connected(s, &seconds) == 0 &&
           seconds == SECONDS_NEVER;
}

/* The host's error in the document's terms, where the host lumps several reasons together. */
static int connectex__explain(SOCKET s, const struct sockaddr* name, int error) {
    struct sockaddr_storage local;
    int length = sizeof local;

    switch (error) {
        case WSAEOPNOTSUPP:
            return WSAEAFNOSUPPORT;
        case ERROR_NOT_SUPPORTED:
            /* That is ours: there is no driver that works on this host. */
            return WSAEOPNOTSUPP;
        case WSAEADDRNOTAVAIL:
            /* Wine answers so for a family that it cannot translate at all. For an address that was
             * found valid, Linux means the local one: its port is taken for this very peer. */
            if (name->sa_family == AF_INET)
                return WSAEADDRINUSE;
            return name->sa_family == AF_INET6 ? error : WSAEAFNOSUPPORT;
        case WSAEINVAL:
            if (host.getsockname(s, (struct sockaddr*) &local, &length) != 0)
                return error;
            if (local.ss_family != name->sa_family)
                return WSAEAFNOSUPPORT;
            return connectex_is_in_progress(s) ? WSAEALREADY : error;
        default:
            return error;
    }
}

/* Whether the operation goes on when its thread ends: Windows cancels what is not bound to a port,
 * and Wine also what has an event. A port that was associated before we were loaded is not known to
 * us; an operation without an event is then taken for one that has a port. */
static int connectex__survives(const struct socket* socket, const OVERLAPPED* overlapped) {
    return overlapped->hEvent == NULL &&
           (socket->port.handle != NULL || !(table_flags(socket->handle) & TABLE_SEEN));
}

/* A payload that the host is still sending is looked after, where the host needs that. */
static void connectex__guard(struct operation* operation, enum driver_result result) {
    if (operation == NULL)
        return;
    operation->watch = OPERATION_WATCH_SEND;
    if (result != DRIVER_HANDED || !guard_is_needed() || engine_adopt(operation) != 0)
        operation_release(operation);
}

static volatile LONG connectex__count;

static const char* connectex__result_name(enum driver_result result) {
    switch (result) {
        case DRIVER_HANDED:
            return "handed to the host";
        case DRIVER_ENDED:
            return "ended by the host at once";
        case DRIVER_COMPLETED:
            return "completed at once";
        case DRIVER_WATCHED:
            return "watched";
        default:
            return "refused";
    }
}

/* Notes an operation that is under way, or has ended already. */
static void connectex__note(struct socket* socket, const struct driver_request* request,
                            enum driver_result result, int survives, int is_send) {
    socket->overlapped = request->overlapped;
    socket->owner = GetCurrentThreadId();
    socket->peer = connectex_digest(request->name);
    socket->survives = (unsigned char) survives;
    socket->finished = result == DRIVER_ENDED || result == DRIVER_COMPLETED;
    socket->is_send = (unsigned char) is_send;
    socket->by_engine = 0;
    socket->to_cancel = 0;
    socket->is_plain = 0;
    socket->number = (unsigned) InterlockedIncrement(&connectex__count);
    stats_begin(socket, STATS_CONNECTEX);
    log_info("socket %#Ix #%u ConnectEx with %lu bytes is %s", (size_t) socket->handle,
             socket->number, request->length, connectex__result_name(result));
    socket_step(socket, result == DRIVER_WATCHED ? MACHINE_WATCHED : MACHINE_HANDED);
}

/* Hands a connect to the engine to be watched; a worker does so itself when it has ended. */
static int connectex__watch(struct socket* socket, struct operation* operation) {
    socket->operation = operation;
    if (operation->watch == OPERATION_WATCH_THREAD || engine_adopt(operation) == 0)
        return 0;
    socket_step(socket, MACHINE_DOWN);
    socket->operation = NULL;
    operation_release(operation);
    return WSAENOBUFS;
}

static int connectex__start(struct socket* socket, const struct driver_request* request,
                            enum driver_result* result) {
    const struct driver* driver;
    struct operation* operation = NULL;
    int survives = connectex__survives(socket, request->overlapped);
    int error = 0;

    /* Another thread is closing the socket, and what it could report to is noted there only. */
    if (socket->machine.state == MACHINE_CLOSED)
        return WSAENOTSOCK;
    if (machine_is_connecting(&socket->machine))
        return WSAEALREADY;
    if (!machine_may_connect(&socket->machine))
        return WSAEINVAL;
    driver = driver_choose(socket, &error);
    if (driver == NULL)
        return error;

    *result = driver->start(socket, request, &operation, &error);
    /* After a connect that failed, Linux answers the next one with this error once, on Wine 8. */
    if (*result == DRIVER_REFUSED && error == WSAECONNABORTED)
        *result = driver->start(socket, request, &operation, &error);
    if (*result == DRIVER_REFUSED)
        return error;

    connectex__note(socket, request, *result, survives,
                    request->payload != NULL || driver == &driver_poll);
    if (operation != NULL)
        operation->number = socket->number;
    if (*result == DRIVER_WATCHED)
        return connectex__watch(socket, operation);
    connectex__guard(operation, *result);
    return 0;
}

/* An operation that has already ended is reported as pending all the same, as Windows does and
 * programs expect, as long as its packet comes. In skip mode there is none, and a socket that we
 * did not see being set up may be in skip mode. */
static int connectex__verdict(unsigned flags, enum driver_result result) {
    if (result == DRIVER_ENDED && (!(flags & TABLE_SEEN) || (flags & TABLE_SKIP)))
        return 0;
    return ERROR_IO_PENDING;
}

/* On a socket whose I/O makes the caller wait, nothing is locked meanwhile. */
static int connectex__run_synchronous(const struct driver_request* request,
                                      enum driver_result* result) {
    struct socket* socket = socket_need(request->handle);
    LPFN_CONNECTEX function = socket != NULL ? native_function(socket) : NULL;
    ULONGLONG serial = socket != NULL ? socket->serial : 0;
    int allowed = socket == NULL || machine_may_connect(&socket->machine);
    int error;

    socket_release(request->handle);
    if (!allowed)
        return WSAEINVAL;
    error = synchronous_connect(request, function);
    if (error == WSAECONNABORTED)
        error = synchronous_connect(request, function);
    if (error != 0 && error != ERROR_IO_PENDING)
        return error;

    *result = error == 0 ? DRIVER_ENDED : DRIVER_HANDED;
    socket = socket_find_same(request->handle, serial);
    if (socket != NULL)
        connectex__note(socket, request, *result, 0, request->payload != NULL);
    socket_release(request->handle);
    return 0;
}

static int connectex__run_overlapped(const struct driver_request* request,
                                     enum driver_result* result) {
    struct socket* socket = socket_need(request->handle);
    int error = socket != NULL ? connectex__start(socket, request, result) : WSAENOBUFS;
    socket_release(request->handle);
    return error;
}

static int connectex__run(const struct driver_request* request, DWORD* bytes_sent) {
    enum driver_result result = DRIVER_REFUSED;
    SOCKET s = request->handle;
    int error = kind_check_stream(s);
    unsigned flags = table_flags(s); /* Another thread may close the socket before we return. */

    if (error != 0)
        return error;
    /* Who takes the completion may use the place again before we return. */
    if (bytes_sent != NULL)
        *bytes_sent = 0;
    if (flags & TABLE_SYNCHRONOUS)
        error = connectex__run_synchronous(request, &result);
    else
        error = connectex__run_overlapped(request, &result);
    if (error != 0)
        return connectex__explain(s, request->name, error);
    error = connectex__verdict(flags, result);
    if (error == 0 && bytes_sent != NULL)
        *bytes_sent = request->length;
    return error;
}

static int connectex__check(const struct driver_request* request, const DWORD* bytes_sent) {
    if (!memory_is_writable(request->overlapped, sizeof *request->overlapped) ||
        !memory_is_readable(request->payload, request->length))
        return WSAEFAULT;
    if (bytes_sent != NULL && !memory_is_writable(bytes_sent, sizeof *bytes_sent))
        return WSAEFAULT;
    return 0;
}

static int connectex__checked(SOCKET s, const struct sockaddr* name, int namelen, char* payload,
                              DWORD length, DWORD* bytes_sent, OVERLAPPED* overlapped) {
    struct driver_request request;
    union connectex__name copy;
    int error;

    if (overlapped == NULL)
        return ERROR_INVALID_PARAMETER;
    if (host_is_shut())
        return WSANOTINITIALISED;

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
