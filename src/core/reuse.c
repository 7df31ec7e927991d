/* SPDX-License-Identifier: MIT */
#include "core/reuse.h"

#include "base/config.h"
#include "base/log.h"
#include "base/retry.h"
#include "base/status.h"
#include "core/gate.h"
#include "core/queues.h"
#include "core/renewal.h"
#include "core/settings.h"
#include "core/table.h"
#include "host/caps.h"
#include "host/requests.h"

/* Wine's request for a change of the list of addresses, with a word of whether the socket's mode is
 * to be overridden. */
#define REUSE__ADDRESS_LIST_CHANGE 0x00120340u

/* How long is waited instead where the host cannot be asked, and the program's user wants it so. */
#define REUSE__BLIND_WAIT 200

/* More than a receive buffer holds. */
#define REUSE__DRAINED_AT_MOST (16u << 20)

/* What the record says of the socket. */
struct reuse__socket {
    SOCKET handle;
    unsigned flags;
    struct port port;
    ULONG_PTR key;
    unsigned modes;
    int has_endless; /* Operations that end by being cancelled only were begun. */
    u_long is_nonblocking;
    struct settings_keepalive keepalive;
    int has_keepalive;
};

int reuse_check(void) {
    int error = renewal_check();
    if (error == 0 && !config.reuse_blindly)
        error = queues_check();
    return error;
}

/* Looks without waiting. */
static int reuse__is_reset(SOCKET s) {
    unsigned events = 0, tries = 0;
    if (!caps_has(CAP_POLL))
        return 0;
    while (request_look(&s, REQUEST_RESET, &events, 1) > 0 && retry_shortage(&tries, WSAENOBUFS)) {
    }
    return (events & REQUEST_RESET) != 0;
}

/* Wine remembers with the handle which events it has reported, as long as any are selected. */
static int reuse__read_record(const struct reuse* reuse, struct reuse__socket* self) {
    const struct socket* socket = socket_find_same(reuse->handle, reuse->serial);
    int error = socket != NULL ? 0 : WSAENOTSOCK;
    self->handle = reuse->handle;
    self->flags = table_flags(reuse->handle);
    if (socket != NULL) {
        self->port = socket->port;
        self->key = socket->key;
        self->modes = socket->modes;
        self->has_endless = socket->cancels_all;
        self->has_keepalive = socket->keepalive != NULL;
        if (self->has_keepalive)
            self->keepalive = *socket->keepalive;
        if ((self->flags & TABLE_CHOSEN) || socket->selection != NULL ||
            !port_can_associate(&socket->port))
            error = WSAEOPNOTSUPP;
    }
    socket_release(reuse->handle);
    return error;
}

/* The mode of a socket that was not created under our eyes. In a non-blocking one Wine refuses to
 * wait for a change of the addresses. On a socket whose I/O makes its caller wait, which has no
 * completion notification modes, nobody can ask. */
static int reuse__ask_mode(struct reuse__socket* self) {
    HANDLE s = (HANDLE) self->handle;
    int overrides = 0, error = 0;
    IO_STATUS_BLOCK block;
    host_status status;
    HANDLE event;
    if (host.CancelIoEx == NULL || host_set_modes(s, 0) < 0)
        return WSAEOPNOTSUPP;
    event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (event == NULL)
        return WSAENOBUFS;
    status = host.NtDeviceIoControlFile(s, event, NULL, NULL, &block, REUSE__ADDRESS_LIST_CHANGE,
                                        &overrides, sizeof overrides, NULL, 0);
    if ((uint32_t) status == STATUS__PENDING) {
        host.CancelIoEx(s, (OVERLAPPED*) &block);
        WaitForSingleObject(event, INFINITE);
        self->is_nonblocking = 0;
    } else {
        error = status_to_error((uint32_t) status);
        self->is_nonblocking = error == WSAEWOULDBLOCK;
        if (self->is_nonblocking)
            error = 0;
        else if (!status_is_shortage(error))
            error = WSAEOPNOTSUPP;
    }
    host.CloseHandle(event);
    return error;
}

static int reuse__find_mode(struct reuse__socket* self) {
    if (!(self->flags & TABLE_SEEN))
        return reuse__ask_mode(self);
    self->is_nonblocking = (self->flags & TABLE_NONBLOCKING) != 0;
    return 0;
}

/* Returns 0 or a Winsock error. */
static int reuse__set_mode(const struct reuse__socket* self, u_long nonblocking) {
    unsigned tries = 0;
    int error;
    if (self->is_nonblocking)
        return 0;
    do {
        error = host.ioctlsocket(self->handle, (long) FIONBIO, &nonblocking) == 0
                    ? 0
                    : WSAGetLastError();
    } while (error != 0 && retry_shortage(&tries, error));
    return error;
}

/* Whether nothing of the program's or of ours is in the socket's queues. */
static int reuse__ask_queues(const struct reuse__socket* self) {
    unsigned handles, operations;
    int error = queues_count(self->handle, &handles, &operations);
    if (error != 0)
        return error;
    if (handles > 1) {
        log_warn("socket %#Ix cannot be made reusable, as %u handles name it",
                 (size_t) self->handle, handles);
        return WSAEOPNOTSUPP;
    }
    error = queues_ask_receives(self->handle);
    if (error == 0 && operations > 0)
        error = self->has_endless ? WSAEWOULDBLOCK : queues_ask_sends(self->handle);
    if (error == WSAESHUTDOWN)
        error = WSAEOPNOTSUPP;
    return status_is_shortage(error) ? WSAENOBUFS : error;
}

/* A handle can have one completion port. That a socket of which we know none takes another shows
 * that it has none, and the fresh Unix socket forgets the other. Returns 0 or a Winsock error. */
static int reuse__check_port(const struct reuse__socket* self) {
    host_status status;
    HANDLE port;
    if (self->port.handle != NULL || (self->flags & TABLE_SYNCHRONOUS))
        return 0;
    port = host.CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (port == NULL)
        return WSAENOBUFS;
    status = host_associate((HANDLE) self->handle, port, 0);
    host.CloseHandle(port);
    if (status >= 0)
        return 0;
    return status_is_shortage(status_to_error((uint32_t) status)) ? WSAENOBUFS : WSAEOPNOTSUPP;
}

/* What was received and not read makes the system reset a connection that is closed. A peer that
 * does not stop sending gets its reset in any case. Returns 0, or the reason why the socket cannot
 * be used again. */
static int reuse__drain(SOCKET s) {
    static char sink[65536]; /* What is written here nobody reads. */
    WSABUF buffer = {sizeof sink, sink};
    DWORD received, drained = 0;
    int error = 0;

    while (drained < REUSE__DRAINED_AT_MOST && error == 0) {
        u_long waiting = 0;
        DWORD flags = 0;
        if (host.ioctlsocket(s, FIONREAD, &waiting) != 0)
            return status_is_shortage(WSAGetLastError()) ? WSAENOBUFS : 0;
        if (waiting == 0)
            break;
        if (host.WSARecv(s, &buffer, 1, &received, &flags, NULL, NULL) != 0)
            error = WSAGetLastError();
        else if (received == 0)
            break;
        else
            drained += received;
    }
    if (error == 0 || error == WSAEWOULDBLOCK)
        return 0;
    if (status_is_shortage(error))
        return WSAENOBUFS;
    return error == WSAESHUTDOWN ? WSAEOPNOTSUPP : WSAECONNRESET;
}

/* Without it nobody would hear of what the socket does next. Returns 0, or WSAENOBUFS. */
static int reuse__report_to_port(const struct reuse__socket* self) {
    unsigned tries = 0;
    host_status status;
    if (self->port.handle != NULL && port_associate(&self->port, self->handle, self->key) != 0)
        return WSAENOBUFS;
    if (self->modes == 0)
        return 0;
    do {
        status = host_set_modes((HANDLE) self->handle, (UCHAR) self->modes);
    } while (status < 0 && retry_shortage(&tries, status_to_error((uint32_t) status)));
    return status < 0 ? WSAENOBUFS : 0;
}

/* With lingering on, the server would wait in the midst of its work until all was sent. */
static void reuse__stop_lingering(SOCKET s) {
    static const struct linger off = {0, 0};
    host.setsockopt(s, SOL_SOCKET, SO_LINGER, (const char*) &off, sizeof off);
}

/* Wine tells of an event once, until the program has done something about it, and remembers with
 * the handle what it has told of: of the next connection's end nobody would hear. Only a selection
 * for a window makes it forget; there is no such window, and nothing is selected. Both make the
 * socket non-blocking. */
static void reuse__forget_events(SOCKET s) {
    static const HWND nobody = (HWND) 1;
    host.WSAAsyncSelect(s, nobody, 0, 0);
    host.WSAEventSelect(s, NULL, 0);
}

/* A reset may come until the connection is gone, and Wine tells of it only of a socket that could
 * receive; so the socket becomes one of datagrams in between. */
static int reuse__renew(const struct reuse__socket* self) {
    static const struct renewal_kind datagrams = {AF_INET, SOCK_DGRAM, IPPROTO_UDP, 0};
    SOCKET s = self->handle;
    struct settings settings;
    struct renewal_kind kind;
    int error = renewal_get_kind(s, &kind);

    if (error == 0)
        error = settings_save(s, &settings);
    if (error == 0)
        error = reuse__drain(s);
    if (error == 0)
        error = reuse__check_port(self);
    if (error != 0)
        return error;
    reuse__stop_lingering(s);
    if (renewal_replace(s, &datagrams) != 0) {
        settings_restore(s, &settings, NULL);
        return WSAENOBUFS;
    }
    error = reuse__is_reset(s) ? WSAECONNRESET : 0;
    if (renewal_replace(s, &kind) != 0)
        error = WSAENOBUFS;
    renewal_forget_descriptor(s);
    settings_restore(s, &settings, self->has_keepalive ? &self->keepalive : NULL);
    reuse__forget_events(s);
    if (reuse__report_to_port(self) != 0)
        error = WSAENOBUFS;
    return error;
}

/* With the gate shut and nobody inside. The socket is made non-blocking for the questions: nobody
 * is there to notice. */
static int reuse__renew_if_idle(struct reuse__socket* self, int is_overdue) {
    int error = reuse__is_reset(self->handle) ? WSAECONNRESET : reuse__find_mode(self);
    if (error == 0)
        error = reuse__set_mode(self, 1);
    if (error != 0)
        return error;
    if (queues_check() == 0)
        error = reuse__ask_queues(self);
    else if (!is_overdue)
        error = WSAEWOULDBLOCK;
    if (error == WSAEWOULDBLOCK && is_overdue)
        error = 0;
    if (error == 0)
        error = reuse__renew(self);
    reuse__set_mode(self, 0);
    return error;
}

/* With the gate shut. */
static int reuse__attempt(const struct reuse* reuse, int is_overdue) {
    struct reuse__socket self;
    int error = reuse__read_record(reuse, &self);
    if (error != 0)
        return error;
    if (host.CancelIoEx != NULL)
        host.CancelIoEx((HANDLE) self.handle, NULL);
    if (!gate_is_empty(self.handle) && !is_overdue)
        return WSAEWOULDBLOCK;
    return reuse__renew_if_idle(&self, is_overdue);
}

void reuse_begin(struct reuse* reuse, SOCKET s, ULONGLONG serial) {
    reuse->handle = s;
    reuse->serial = serial;
    reuse->began = GetTickCount();
    reuse->tries = 0;
}

int reuse_try(struct reuse* reuse) {
    DWORD limit = queues_check() == 0 ? REUSE_LIMIT : REUSE__BLIND_WAIT;
    int is_over = GetTickCount() - reuse->began >= limit;
    int error = WSAEWOULDBLOCK;

    reuse->tries++;
    if (gate_shut(reuse->handle) == 0) {
        error = reuse__attempt(reuse, is_over && config.reuse_blindly);
        gate_open(reuse->handle);
    }
    if (error == WSAEWOULDBLOCK && is_over) {
        log_warn("socket %#Ix cannot be made reusable, as operations on it have not ended in %u ms",
                 (size_t) reuse->handle, (unsigned) limit);
        error = WSAEOPNOTSUPP;
    }
    return error;
}
