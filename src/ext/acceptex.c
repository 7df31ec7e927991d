/* SPDX-License-Identifier: MIT */
#include "ext/acceptex.h"

#include <ws2tcpip.h>

#include "base/lock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/socket.h"
#include "core/stats.h"
#include "core/table.h"
#include "core/witness.h"
#include "ext/acceptors.h"
#include "ext/listener.h"
#include "host/caps.h"
#include "host/seconds.h"

/* What the page demands for each address beyond its own size. */
#define ACCEPTEX__EXTRA 16

struct acceptex__request {
    SOCKET listener;
    SOCKET acceptor;
    void* buffer;
    DWORD receive_length;
    DWORD local_length;
    DWORD remote_length;
    OVERLAPPED* overlapped;
};

/* A stub leaves the last error as it was, and ReactOS hands out stubs with a success. A real
 * function says that no handle is no socket. */
static int acceptex__is_real(LPFN_ACCEPTEX function) {
    static const int untouched = 0x5AFE;
    char buffer[2 * (sizeof(struct sockaddr_in) + ACCEPTEX__EXTRA)];
    OVERLAPPED overlapped = {0};
    DWORD received;

    WSASetLastError(untouched);
    return !function(INVALID_SOCKET, INVALID_SOCKET, buffer, 0, sizeof buffer / 2,
                     sizeof buffer / 2, &received, &overlapped) &&
           WSAGetLastError() == WSAENOTSOCK;
}

/* Pointers belong to a provider, and a process may have several, so each listener's is asked for;
 * Wine tells its server of that, so that it is done once. The first that is real is the usual one;
 * whoever has another is asked, and has it probed, each time. Returns NULL where there is none, and
 * why in *error. */
static LPFN_ACCEPTEX acceptex__host_function(SOCKET s, const struct listener* listener,
                                             int* error) {
    static void* usual;
    static const GUID guid = WSAID_ACCEPTEX;
    LPFN_ACCEPTEX function;

    if (listener->is_usual)
        return (LPFN_ACCEPTEX) lock_load_pointer(&usual);
    function = (LPFN_ACCEPTEX) host_ask_function(s, &guid);
    *error = WSAEOPNOTSUPP;
    if (function == NULL) {
        if (status_is_shortage(WSAGetLastError()))
            *error = WSAENOBUFS;
        return NULL;
    }
    if (lock_load_pointer(&usual) != (void*) function && !acceptex__is_real(function))
        return NULL;
    InterlockedCompareExchangePointer(&usual, (void*) function, NULL);
    if (lock_load_pointer(&usual) == (void*) function)
        listener_is_usual(s, listener);
    return function;
}

static int acceptex__refusal(int error) {
    if (error == WSAENOTSOCK)
        return error; /* What we knew of the handle is of a socket that has gone. */
    return status_is_shortage(error) ? WSAENOBUFS : WSAEINVAL;
}

/* A socket that is reused counts as bound on Wine, and so does one that was given to AcceptEx then;
 * what tells is whether it is connected. */
static int acceptex__check_unused(SOCKET s, int is_reused) {
    struct sockaddr_storage name;
    DWORD seconds = 0;
    int length = sizeof name;
    int error;

    if (is_reused) {
        error = seconds_connected(s, &seconds);
        return error == 0 && seconds == SECONDS_NEVER ? 0 : acceptex__refusal(error);
    }
    /* What is connected or listens is bound, too. ReactOS must not be asked after a connect that
     * failed, which is noted as well. */
    if (table_flags(s) & TABLE_BOUND)
        return WSAEINVAL;
    if (host.getsockname(s, (struct sockaddr*) &name, &length) == 0)
        return WSAEINVAL;
    error = WSAGetLastError();
    return error == WSAEINVAL ? 0 : acceptex__refusal(error);
}

/* The two versions of IP may be mixed: what is accepted becomes a socket of the listener's family,
 * and servers that make all their sockets for one version have relied on it on Windows. */
static int acceptex__is_ip(int family) {
    return family == AF_INET || family == AF_INET6;
}

static int acceptex__is_family_for(int acceptor, int listener) {
    return acceptex__is_ip(listener) ? acceptex__is_ip(acceptor) : acceptor == listener;
}

/* Which version of IP it is makes no difference, so that nothing has to be asked of a socket that
 * was seen to be created for one. */
static int acceptex__check_kind(SOCKET s, int family) {
    static const unsigned ip_stream = TABLE_STREAM | TABLE_IP;
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;

    if (acceptex__is_ip(family) && (table_flags(s) & ip_stream) == ip_stream)
        return 0;
    if (host.getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &length) != 0)
        return WSAGetLastError();
    return info.iSocketType == SOCK_DGRAM || info.iSocketType == SOCK_RAW ||
                   !acceptex__is_family_for(info.iAddressFamily, family)
               ? WSAEINVAL
               : 0;
}

/* The hooks see what binds or connects a socket, but for what is done by another of its handles. An
 * acceptor that a child has bound which inherited it, or a pointer to bind() which is older than we
 * are, is taken as by plain Wine: no program that works has one. */
static int acceptex__is_known_unused(SOCKET s) {
    return (table_flags(s) & (TABLE_SEEN | TABLE_BOUND | TABLE_USED | TABLE_ALIAS)) == TABLE_SEEN;
}

/* Wine looks at nothing of this, and replaces what the acceptor was by the connection; only that it
 * is a socket at all the host sees for itself. */
static int acceptex__check_acceptor(SOCKET s, int family) {
    const struct socket* socket;
    int is_allowed, is_reused;
    int error = acceptex__check_kind(s, family);

    if (error != 0 || acceptex__is_known_unused(s))
        return error;
    socket = socket_find(s);
    is_allowed = socket == NULL || lifecycle_may_accept(&socket->lifecycle) != LIFECYCLE_NO;
    is_reused = socket != NULL && !lifecycle_is_fresh(&socket->lifecycle);
    socket_release(s);
    return is_allowed ? acceptex__check_unused(s, is_reused) : WSAEINVAL;
}

static int acceptex__check_memory(const struct acceptex__request* request, const DWORD* received) {
    ULONGLONG size =
        (ULONGLONG) request->receive_length + request->local_length + request->remote_length;

    if (request->buffer == NULL || request->remote_length == 0 || size > MAXDWORD ||
        !memory_is_writable(request->buffer, (size_t) size))
        return WSAEFAULT;
    if (received != NULL && !memory_is_writable(received, sizeof *received))
        return WSAEFAULT;
    return 0;
}

static int acceptex__is_too_small(const struct acceptex__request* request, int family) {
    DWORD needed;
    switch (family) {
        case AF_INET:
            needed = sizeof(struct sockaddr_in) + ACCEPTEX__EXTRA;
            break;
        case AF_INET6:
            needed = sizeof(struct sockaddr_in6) + ACCEPTEX__EXTRA;
            break;
        default:
            return 0;
    }
    return request->remote_length < needed ||
           (request->local_length != 0 && request->local_length < needed);
}

/* Returns 0 where the operation has ended with success, ERROR_IO_PENDING where the host goes on
 * with it, or a Winsock error. The host is not given the place for the number of bytes: Wine reads
 * the number from an OVERLAPPED that may have ended, and be gone, by then. */
static int acceptex__call_host(LPFN_ACCEPTEX function, const struct acceptex__request* request,
                               int family) {
    /* Wine is content with an address and four bytes, and fails as Windows does for want of these
     * four only. It writes nothing then, and not at all to this. */
    static char unused[2 * (sizeof(struct sockaddr_in6) + ACCEPTEX__EXTRA)];
    BOOL done;

    if (caps_has(CAP_ACCEPT_SHORT) && acceptex__is_too_small(request, family))
        done = function(request->listener, request->acceptor, unused, 0, sizeof(int) - 1,
                        sizeof unused / 2, NULL, request->overlapped);
    else
        done =
            function(request->listener, request->acceptor, request->buffer, request->receive_length,
                     request->local_length, request->remote_length, NULL, request->overlapped);
    return done ? 0 : WSAGetLastError();
}

/* Notes that the host carries the operation out. The OVERLAPPED is a name from now on. */
static void acceptex__note(struct socket* socket, const struct acceptex__request* request,
                           const struct listener* listener) {
    socket_carry(socket, request->overlapped, 0, 1);
    socket->carried.length = request->receive_length < WITNESS_ANY_LENGTH
                                 ? (unsigned short) request->receive_length
                                 : WITNESS_ANY_LENGTH;
    socket->listener = request->listener;
    socket->listener_serial = listener->serial;
    socket->local_port = listener->port;
    stats_begin(socket, STATS_ACCEPTEX);
    socket_step(socket, LIFECYCLE_ACCEPT);
}

/* Whether the socket's last AcceptEx was given that OVERLAPPED, and nothing has come after it. */
static int acceptex__has(const struct socket* socket, const void* overlapped) {
    return socket != NULL && lifecycle_is_accepting(&socket->lifecycle) &&
           socket->carried.overlapped == overlapped;
}

static int acceptex__is_current(const void* overlapped, uintptr_t acceptor) {
    int is_current = acceptex__has(socket_find(acceptor), overlapped);
    socket_release(acceptor);
    return is_current;
}

/* The acceptor is locked, so that nobody who hears of the end can be here before it is noted that
 * the operation began. A listener whose I/O makes the caller wait gets no lock for that time, and
 * its acceptors are left to the host altogether. */
static int acceptex__start(LPFN_ACCEPTEX function, const struct acceptex__request* request,
                           const struct listener* listener) {
    struct socket* socket;
    int error;

    if (table_flags(request->listener) & TABLE_SYNCHRONOUS)
        return acceptex__call_host(function, request, listener->family);
    acceptors_begin(request->overlapped, request->acceptor, acceptex__is_current);
    socket = socket_need(request->acceptor);
    if (socket == NULL) {
        error = WSAENOBUFS;
    } else if (lifecycle_may_accept(&socket->lifecycle) == LIFECYCLE_NO) {
        error = WSAEINVAL;
    } else {
        witness_expect(request->acceptor, request->overlapped);
        error = acceptex__call_host(function, request, listener->family);
        if (error == 0 || error == ERROR_IO_PENDING)
            acceptex__note(socket, request, listener);
    }
    socket_release(request->acceptor);
    acceptors_begun(request->overlapped);
    return error;
}

static int acceptex__run(const struct acceptex__request* request, DWORD* received) {
    LPFN_ACCEPTEX function;
    struct listener listener;
    int error = listener_look(request->listener, &listener);

    if (error == 0)
        error = acceptex__check_acceptor(request->acceptor, listener.family);
    if (error == 0)
        error = acceptex__check_memory(request, received);
    if (error != 0)
        return error;
    function = acceptex__host_function(request->listener, &listener, &error);
    if (function == NULL)
        return error;

    error = acceptex__start(function, request, &listener);
    if (error == 0 && received != NULL)
        *received = (DWORD) request->overlapped->InternalHigh;
    return error;
}

static int acceptex__checked(const struct acceptex__request* request, DWORD* received) {
    if (request->overlapped == NULL)
        return ERROR_INVALID_PARAMETER;
    if (host_is_shut())
        return WSANOTINITIALISED;
    if (!memory_is_writable(request->overlapped, sizeof *request->overlapped))
        return WSAEFAULT;
    if (caps_find(CAP_CONNECT_TIME | CAP_ACCEPT_SHORT) != 0)
        return WSAENOBUFS;
    request->overlapped->Internal = STATUS__PENDING;
    request->overlapped->InternalHigh = 0;
    return acceptex__run(request, received);
}

BOOL PASCAL acceptex_call(SOCKET listener, SOCKET acceptor, PVOID buffer, DWORD receive_length,
                          DWORD local_length, DWORD remote_length, DWORD* received,
                          OVERLAPPED* overlapped) {
    struct acceptex__request request = {listener,     acceptor,      buffer,    receive_length,
                                        local_length, remote_length, overlapped};
    int error = acceptex__checked(&request, received);

    stats_count_call(STATS_ACCEPTEX, error, 0);
    if (error == 0 || error == ERROR_IO_PENDING)
        log_info("socket %#Ix AcceptEx onto %#Ix with room for %lu bytes %s", (size_t) listener,
                 (size_t) acceptor, receive_length,
                 error == 0 ? "ended at once" : "is handed to the host");
    else
        log_info("socket %#Ix AcceptEx onto %#Ix fails with %s (%d)", (size_t) listener,
                 (size_t) acceptor, status_error_name(error), error);
    WSASetLastError(error);
    return error == 0;
}

/* Acceptors that have the OVERLAPPED noted, from the handle on that comes after the last. More than
 * one have where the operations of the others have ended. Looked for one by one only where memory
 * was too short to note which it is. */
struct acceptex__search {
    const OVERLAPPED* overlapped;
    SOCKET acceptor;
    SOCKET listener;
    ULONGLONG serial;
    int is_found;
};

static void acceptex__visit(uintptr_t handle, void* place, void* context) {
    const struct socket* socket = place;
    struct acceptex__search* search = context;
    if (search->is_found || handle <= search->acceptor ||
        !acceptex__has(socket, search->overlapped))
        return;
    search->acceptor = handle;
    search->listener = socket->listener;
    search->serial = socket->listener_serial;
    search->is_found = 1;
}

/* Where s is 0 the OVERLAPPED came in a packet. A port that was given to the listener before we
 * were loaded has a key that is not known. */
static int acceptex__is_about(const struct acceptex__search* found, SOCKET s, ULONG_PTR key) {
    const struct socket* listener = socket_find_same(found->listener, found->serial);
    int is_about = 0;
    if (listener != NULL && s != 0)
        is_about = s == found->listener || s == found->acceptor;
    else if (listener != NULL)
        is_about = listener->port.handle == NULL || listener->key == key;
    socket_release(found->listener);
    return is_about;
}

/* The one that is noted for the OVERLAPPED. */
static int acceptex__recall(struct acceptex__search* search) {
    const struct socket* socket;
    search->acceptor = acceptors_find(search->overlapped);
    if (search->acceptor == 0)
        return 0;
    socket = socket_find(search->acceptor);
    if (acceptex__has(socket, search->overlapped)) {
        search->listener = socket->listener;
        search->serial = socket->listener_serial;
        search->is_found = 1;
    }
    socket_release(search->acceptor);
    return search->is_found;
}

static int acceptex__knows(const OVERLAPPED* overlapped, SOCKET s, ULONG_PTR key) {
    struct acceptex__search search = {overlapped, 0, 0, 0, 0};
    if (acceptex__recall(&search) && acceptex__is_about(&search, s, key))
        return 1;
    if (!acceptors_is_short())
        return 0;
    search.acceptor = 0;
    do {
        search.is_found = 0;
        table_for_each(acceptex__visit, &search);
    } while (search.is_found && !acceptex__is_about(&search, s, key));
    return search.is_found;
}

/* The OVERLAPPED is not looked at before it is known for one of ours. */
int acceptex_mend(OVERLAPPED* overlapped, SOCKET s, ULONG_PTR key) {
    DWORD error = GetLastError();
    int is_known = overlapped != NULL && acceptex__knows(overlapped, s, key);

    if (is_known && memory_is_writable(overlapped, sizeof *overlapped) &&
        (uint32_t) overlapped->Internal == STATUS__INVALID_CONNECTION)
        overlapped->Internal = STATUS__CONNECTION_RESET;
    SetLastError(error);
    return is_known;
}
