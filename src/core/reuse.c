/* SPDX-License-Identifier: MIT */
#include "core/reuse.h"

#include <string.h>
#include <ws2tcpip.h>

#include "base/log.h"
#include "base/once.h"
#include "base/retry.h"
#include "base/status.h"
#include "core/afd.h"
#include "core/flush.h"
#include "core/table.h"

/* Wine's request to make the Unix socket of a socket, and what it takes. */
#define REUSE__CREATE 0x00120320u

struct reuse__kind {
    int family;
    int type;
    int protocol;
    unsigned flags;
};

/* The options that a program may have set on a stream socket and that live in the Unix socket; Wine
 * keeps the others with the handle. */
struct reuse__option {
    int level;
    int name;
};

#ifndef IP_DONTFRAGMENT
#define IP_DONTFRAGMENT 14
#endif
#define REUSE__IPV6_DONTFRAG 14

static const struct reuse__option reuse__options[] = {
    {SOL_SOCKET, SO_KEEPALIVE},
    {SOL_SOCKET, SO_OOBINLINE},
    {SOL_SOCKET, SO_RCVBUF},
    {SOL_SOCKET, SO_SNDBUF},
    {SOL_SOCKET, SO_LINGER},
    {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_IP, IP_TOS},
    {IPPROTO_IP, IP_TTL},
    {IPPROTO_IP, IP_DONTFRAGMENT},
    {IPPROTO_IPV6, IPV6_V6ONLY},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {IPPROTO_IPV6, REUSE__IPV6_DONTFRAG},
};

/* More than a receive buffer holds. */
#define REUSE__DRAINED_AT_MOST (16u << 20)

#define REUSE__OPTION_COUNT (sizeof reuse__options / sizeof reuse__options[0])

union reuse__value {
    DWORD number;
    struct linger linger;
};

struct reuse__settings {
    int lengths[REUSE__OPTION_COUNT]; /* 0 where the host does not know the option. */
    union reuse__value values[REUSE__OPTION_COUNT];
};

static struct once reuse__once;
static int reuse__available;

static int reuse__replace(SOCKET s, const struct reuse__kind* kind) {
    struct reuse__kind asked = *kind;
    IO_STATUS_BLOCK block;
    host_status status;
    unsigned tries = 0;
    do {
        status = host.NtDeviceIoControlFile((HANDLE) s, NULL, NULL, NULL, &block, REUSE__CREATE,
                                            &asked, sizeof asked, NULL, 0);
    } while (status < 0 && retry_shortage(&tries, status_to_error((uint32_t) status)));
    return status == 0;
}

/* Returns 0 or a Winsock error. */
static int reuse__ask_listening(SOCKET s, int* listening) {
    int length = sizeof *listening;
    if (host.getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, (char*) listening, &length) == 0)
        return 0;
    return WSAGetLastError();
}

/* Whether a socket that listens does not any more after the request. Returns 0, or the error that
 * was in the way. */
static int reuse__try(SOCKET s) {
    static const struct reuse__kind kind = {AF_INET, SOCK_STREAM, IPPROTO_TCP, 0};
    struct sockaddr_in name = {0};
    int before = 0, after = 0;
    int error;

    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (host.bind(s, (struct sockaddr*) &name, sizeof name) != 0 || host.listen(s, 1) != 0)
        return WSAGetLastError();
    error = reuse__ask_listening(s, &before);
    if (error != 0 || !before || !reuse__replace(s, &kind))
        return error;
    error = reuse__ask_listening(s, &after);
    reuse__available = error == 0 && !after;
    return error;
}

static int reuse__probe(void) {
    SOCKET s;
    int error;

    if (host.wine_get_version == NULL)
        return 0;
    s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    error = s != INVALID_SOCKET ? reuse__try(s) : WSAGetLastError();
    if (s != INVALID_SOCKET)
        host.closesocket(s);
    return status_is_shortage(error) ? -1 : 0;
}

int reuse_check(void) {
    int error = WSAGetLastError();
    int is_undecided = once_try(&reuse__once, reuse__probe) != 0;
    WSASetLastError(error);
    if (is_undecided)
        return WSAENOBUFS;
    return reuse__available ? 0 : WSAEOPNOTSUPP;
}

/* Returns 0 or a Winsock error. */
static int reuse__get_kind(SOCKET s, struct reuse__kind* kind) {
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    if (host.getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &length) != 0)
        return status_is_shortage(WSAGetLastError()) ? WSAENOBUFS : WSAEOPNOTSUPP;
    kind->family = info.iAddressFamily;
    kind->type = info.iSocketType;
    kind->protocol = info.iProtocol;
    kind->flags = 0;
    return 0;
}

/* Returns 0, or WSAENOBUFS where nobody can say what the option is. */
static int reuse__get_option(SOCKET s, size_t i, struct reuse__settings* settings) {
    int length = sizeof settings->values[i];
    int error = 0;
    memset(&settings->values[i], 0, sizeof settings->values[i]);
    if (host.getsockopt(s, reuse__options[i].level, reuse__options[i].name,
                        (char*) &settings->values[i], &length) != 0) {
        error = status_is_shortage(WSAGetLastError()) ? WSAENOBUFS : 0;
        length = 0;
    } else if (length <= 0 || (size_t) length > sizeof settings->values[i]) {
        /* Wine 10 tells anything for SO_LINGER in a 32-bit program, where it has no 32-bit half. */
        length = sizeof settings->values[i];
    }
    settings->lengths[i] = length;
    return error;
}

static int reuse__save(SOCKET s, struct reuse__settings* settings) {
    size_t i;
    int error = 0;
    for (i = 0; i < REUSE__OPTION_COUNT && error == 0; i++)
        error = reuse__get_option(s, i, settings);
    return error;
}

static int reuse__set_option(SOCKET s, size_t i, const struct reuse__settings* settings) {
    unsigned tries = 0;
    int error;
    do {
        error = host.setsockopt(s, reuse__options[i].level, reuse__options[i].name,
                                (const char*) &settings->values[i], settings->lengths[i]) == 0
                    ? 0
                    : WSAGetLastError();
    } while (error != 0 && retry_shortage(&tries, error));
    return error;
}

/* Only what differs from a new socket's is set: a buffer's size, once set, is no longer the
 * system's to adapt. */
static void reuse__restore(SOCKET s, const struct reuse__settings* saved) {
    struct reuse__settings fresh;
    size_t i;
    for (i = 0; i < REUSE__OPTION_COUNT; i++) {
        int is_known = reuse__get_option(s, i, &fresh) == 0;
        int error;
        if (saved->lengths[i] == 0 || (is_known && (saved->lengths[i] != fresh.lengths[i] ||
                                                    memcmp(&saved->values[i], &fresh.values[i],
                                                           sizeof fresh.values[i]) == 0)))
            continue;
        error = reuse__set_option(s, i, saved);
        if (error != 0)
            log_warn("socket %#Ix: option %d of level %d could not be kept (error %d)", (size_t) s,
                     reuse__options[i].name, reuse__options[i].level, error);
    }
}

/* The process remembers the Unix socket of a handle until the handle is closed. A handle that is
 * protected from being closed stays open, and what was remembered is forgotten all the same. */
static void reuse__forget_descriptor(SOCKET s) {
    DWORD flags = 0;
    if (!GetHandleInformation((HANDLE) s, &flags) ||
        !SetHandleInformation((HANDLE) s, HANDLE_FLAG_PROTECT_FROM_CLOSE,
                              HANDLE_FLAG_PROTECT_FROM_CLOSE))
        return;
    NtClose((HANDLE) s);
    if (!(flags & HANDLE_FLAG_PROTECT_FROM_CLOSE))
        SetHandleInformation((HANDLE) s, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0);
}

/* A handle can have one completion port. One that was given to the socket before we were loaded
 * cannot be given to it again, so such a socket is left alone; that it takes another shows that it
 * had none, and the fresh Unix socket forgets the other. */
static int reuse__has_unknown_port(const struct socket* socket) {
    HANDLE port;
    int has;
    if (socket->port.handle != NULL || (table_flags(socket->handle) & TABLE_SEEN))
        return 0;
    port = host.CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    has = port == NULL || host.CreateIoCompletionPort((HANDLE) socket->handle, port, 0, 0) == NULL;
    if (port != NULL)
        host.CloseHandle(port);
    return has;
}

/* Receives without waiting, even where another thread was faster: locks are held. */
static int reuse__receive(SOCKET s, HANDLE event, WSABUF* buffer, DWORD flags, DWORD* received) {
    OVERLAPPED overlapped = {0};
    int error = 0;

    overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    if (host.WSARecv(s, buffer, 1, received, &flags, &overlapped, NULL) != 0)
        error = WSAGetLastError();
    if (error != WSA_IO_PENDING)
        return error;
    if (host.CancelIoEx != NULL)
        host.CancelIoEx((HANDLE) s, &overlapped);
    error =
        host.WSAGetOverlappedResult(s, &overlapped, received, TRUE, &flags) ? 0 : WSAGetLastError();
    return error == WSA_OPERATION_ABORTED ? WSAEWOULDBLOCK : error;
}

/* What was received and not read makes the system reset a connection that is closed. A peer that
 * does not stop sending gets its reset in any case. Returns 0, or the reason why the socket cannot
 * be used again. */
static int reuse__drain(SOCKET s) {
    static char sink[65536]; /* What is written here nobody reads. */
    WSABUF buffer = {sizeof sink, sink};
    u_long waiting = 0;
    DWORD received, drained = 0;
    HANDLE event = NULL;
    int error = 0;

    while (drained < REUSE__DRAINED_AT_MOST) {
        if (host.ioctlsocket(s, FIONREAD, &waiting) != 0)
            error = status_is_shortage(WSAGetLastError()) ? WSAENOBUFS : 0;
        if (error != 0 || waiting == 0)
            break;
        if (event == NULL)
            event = CreateEventW(NULL, TRUE, FALSE, NULL);
        if (event == NULL)
            return WSAENOBUFS;
        error = reuse__receive(s, event, &buffer, 0, &received);
        if (error != 0 || received == 0)
            break;
        drained += received;
        waiting = 0;
    }
    if (event != NULL)
        host.CloseHandle(event);
    if (error == 0 || error == WSAEWOULDBLOCK)
        return 0;
    if (status_is_shortage(error))
        return WSAENOBUFS;
    return error == WSAESHUTDOWN ? WSAEOPNOTSUPP : WSAECONNRESET;
}

/* A receive of the program's may be pending only where there is nothing to receive, not even the
 * peer's end. */
static int reuse__may_be_received_from(SOCKET s) {
    char byte;
    WSABUF place = {1, &byte};
    DWORD received;
    int error = WSAEWOULDBLOCK;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

    if (event != NULL) {
        error = reuse__receive(s, event, &place, MSG_PEEK, &received);
        host.CloseHandle(event);
    }
    return error == WSAEWOULDBLOCK || status_is_shortage(error);
}

/* Wine takes a socket whose connection was reset for one that stays so, with each connection. */
static int reuse__is_reset(SOCKET s) {
    unsigned events = 0, tries = 0;
    if (!afd_is_available())
        return 0;
    while (afd_look(&s, AFD_EVENT_RESET, &events, 1) > 0 && retry_shortage(&tries, WSAENOBUFS)) {
    }
    return (events & AFD_EVENT_RESET) != 0;
}

/* Whether an operation of another thread may still be in the socket's queues. */
static int reuse__may_be_queued(SOCKET s, ULONGLONG serial) {
    /* There the look itself would wait. */
    if (table_flags(s) & TABLE_SYNCHRONOUS)
        return 1;
    return reuse__may_be_received_from(s) || flush_try(s, serial) == WSAEWOULDBLOCK;
}

/* Without it nobody would hear of what the socket does next. Returns 0, or WSAENOBUFS. */
static int reuse__report_to_port(const struct socket* socket) {
    unsigned tries = 0;
    BOOL done;
    if (socket->port.handle != NULL &&
        port_associate(&socket->port, socket->handle, socket->key) != 0)
        return WSAENOBUFS;
    if (socket->modes == 0 || host.SetFileCompletionNotificationModes == NULL)
        return 0;
    do {
        done = host.SetFileCompletionNotificationModes((HANDLE) socket->handle, socket->modes);
    } while (!done && retry_shortage(&tries, (int) GetLastError()));
    return done ? 0 : WSAENOBUFS;
}

/* With lingering on, the server would wait in the midst of its work until all was sent. */
static void reuse__stop_lingering(SOCKET s) {
    static const struct linger off = {0, 0};
    host.setsockopt(s, SOL_SOCKET, SO_LINGER, (const char*) &off, sizeof off);
}

int reuse_prepare(const struct socket* socket, int* has_to_wait) {
    SOCKET s = socket->handle;
    struct reuse__kind kind;
    int error = reuse_check();

    if (error != 0)
        return error;
    /* Wine remembers with the handle which events it has reported. */
    if ((table_flags(s) & TABLE_CHOSEN) || socket->selection != NULL)
        return WSAEOPNOTSUPP;
    error = reuse__get_kind(s, &kind);
    if (error != 0)
        return error;
    if (reuse__has_unknown_port(socket))
        return WSAEOPNOTSUPP;
    if (reuse__is_reset(s))
        return WSAECONNRESET;
    if (host.CancelIoEx != NULL)
        host.CancelIoEx((HANDLE) s, NULL);
    *has_to_wait = reuse__may_be_queued(s, socket->serial);
    return 0;
}

/* Wine tells of an event once, until the program has done something about it, and remembers with
 * the handle what it has told of: of the next connection's end nobody would hear. Only a selection
 * for a window makes it forget; there is no such window, and nothing is selected. Both make the
 * socket non-blocking, and whether it was is known of sockets that were created under our eyes. */
static void reuse__forget_events(SOCKET s) {
    static const HWND nobody = (HWND) 1;
    unsigned flags = table_flags(s);
    u_long nonblocking = (flags & TABLE_NONBLOCKING) != 0;
    if (!(flags & TABLE_SEEN))
        return;
    host.WSAAsyncSelect(s, nobody, 0, 0);
    host.WSAEventSelect(s, NULL, 0);
    host.ioctlsocket(s, (long) FIONBIO, &nonblocking);
}

/* A reset may come until the connection is gone, and Wine tells of it only of a socket that could
 * receive; so the socket becomes one of datagrams in between. */
int reuse_socket(const struct socket* socket) {
    static const struct reuse__kind datagrams = {AF_INET, SOCK_DGRAM, IPPROTO_UDP, 0};
    SOCKET s = socket->handle;
    struct reuse__settings settings;
    struct reuse__kind kind;
    int error = reuse__get_kind(s, &kind);

    if (error == 0)
        error = reuse__save(s, &settings);
    if (error == 0)
        error = reuse__drain(s);
    if (error != 0)
        return error;
    reuse__stop_lingering(s);
    if (!reuse__replace(s, &datagrams)) {
        reuse__restore(s, &settings);
        return WSAENOBUFS;
    }
    error = reuse__is_reset(s) ? WSAECONNRESET : 0;
    if (!reuse__replace(s, &kind))
        error = WSAENOBUFS;
    reuse__forget_descriptor(s);
    reuse__restore(s, &settings);
    reuse__forget_events(s);
    if (reuse__report_to_port(socket) != 0)
        error = WSAENOBUFS;
    return error;
}
