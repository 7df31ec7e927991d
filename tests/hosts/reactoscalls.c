/* SPDX-License-Identifier: MIT */

/* How the pretend ReactOS connects, sends, shuts down and ends; see reactos.h. */

#include "reactos.h"

#include <string.h>

#define REACTOS__WINDOW 8192u        /* AFD's send window. */
#define REACTOS__LARGEST (64u << 20) /* What no MDL describes. */
#define REACTOS__BUFFERS 64
#define REACTOS__GRACE 100
#define REACTOS__LOOK 250 /* In milliseconds, between two looks at a socket. */

/* How a socket was shut down, while it was in such a call. */
#define REACTOS__SEND 1
#define REACTOS__BOTH 2

/* WaitOnAddress() and WakeByAddressAll(), for which no handle is needed. */
static BOOL(WINAPI* reactos__wait)(volatile void* place, void* value, SIZE_T size, DWORD limit);
static void(WINAPI* reactos__wake)(volatile void* place);

/* Calls that end with the peer only */

static int reactos__is_undecided(SOCKET s) {
    struct timeval no_time = {0, 0};
    fd_set up, down;
    up.fd_count = down.fd_count = 1;
    up.fd_array[0] = down.fd_array[0] = s;
    return real.select(0, NULL, &up, &down, &no_time) == 0;
}

/* Measured: msafd frees what it keeps of a socket though another thread's call still uses it. */
void reactos_begin_close(SOCKET s) {
    struct reactos_socket* socket = reactos_of(s);
    if (s == INVALID_SOCKET || !reactos_is_socket(s))
        return;
    if (socket->inside > 0)
        reactos_go_down("a socket is closed while another thread is in connect() or send()");
    /* AfdCleanup cancels what is queued on the socket; Wine would call it STATUS_HANDLES_CLOSED. */
    if (socket->sending != NULL)
        real.CancelIoEx((HANDLE) s, socket->sending);
    /* The next socket with the handle's value may come by accept(), which is Wine's. */
    memset(socket, 0, sizeof *socket);
}

/* Measured: a connect in progress has no sending side that could be shut down; to shut down both
 * sides ends a connect, and a send, which has sent nothing then, within 45 ms. */
static int reactos__end_calls(struct reactos_socket* socket, SOCKET s, int how) {
    if (how != SD_BOTH && socket->connecting)
        return reactos_fail(WSAENOTCONN);
    /* That of the sending side gives a send a tenth of a second more. */
    if (how == SD_SEND)
        Sleep(REACTOS__GRACE);
    if (socket->inside == 0)
        return 0;
    socket->is_shut = how == SD_BOTH ? REACTOS__BOTH : REACTOS__SEND;
    real.CancelIoEx((HANDLE) s, NULL);
    reactos__wake(&socket->is_shut);
    return 0;
}

static int WSAAPI reactos__shutdown(SOCKET s, int how) {
    struct reactos_socket* socket = reactos_of(s);
    if (!reactos_is_socket(s))
        return reactos_fail(WSAENOTSOCK);
    if (socket->connecting || (socket->inside > 0 && how != SD_RECEIVE))
        return reactos__end_calls(socket, s, how);
    /* Measured. */
    if (how == SD_SEND && socket->is_ended)
        return reactos_fail(WSAENOTCONN);
    if (real.shutdown(s, how) != 0)
        return SOCKET_ERROR;
    socket->is_ended = how != SD_RECEIVE;
    return 0;
}

/* Connecting. A second connect joins the one in progress, and one on a connected socket succeeds
 * (AfdConnect). */

/* To Wine a second connect is invalid as long as there is a first. */
static int reactos__join(SOCKET s, const struct sockaddr* name, int length) {
    if (reactos_of(s)->nonblocking && reactos_plays("async"))
        return reactos_fail(WSAEWOULDBLOCK);
    while (real.connect(s, name, length) != 0) {
        if (WSAGetLastError() == WSAEISCONN)
            return 0;
        if (WSAGetLastError() != WSAEINVAL)
            return SOCKET_ERROR;
        Sleep(1);
    }
    return 0;
}

/* Measured: a connect to all hosts stays pending, as nobody answers. */
static int reactos__is_to_all(const struct sockaddr* name) {
    const struct sockaddr_in* in = (const struct sockaddr_in*) name;
    return in->sin_family == AF_INET && in->sin_addr.s_addr == INADDR_BROADCAST;
}

static int reactos__begin_connect(SOCKET s, const struct sockaddr* name, int length) {
    int error;
    if (reactos__is_to_all(name))
        return WSAEWOULDBLOCK;
    error = real.connect(s, name, length) == 0 ? 0 : WSAGetLastError();
    /* What Linux says once after a connect that failed, through Wine 8. */
    if (error == WSAECONNABORTED)
        error = real.connect(s, name, length) == 0 ? 0 : WSAGetLastError();
    return error;
}

/* Until the socket is shut down, or closed by a way that msafd does not see, which AfdCleanup does.
 */
static void reactos__wait_for_nobody(SOCKET s) {
    struct reactos_socket* socket = reactos_of(s);
    LONG open = 0;
    while (!socket->is_shut && reactos_is_socket(s))
        reactos__wait(&socket->is_shut, &open, sizeof open, REACTOS__LOOK);
}

/* Measured: the socket's mode does not matter. Wine's cannot be changed while its events are
 * selected, so that the end of a connect that it goes on with is waited for. */
static int reactos__connect_blocking(SOCKET s, const struct sockaddr* name, int length) {
    struct reactos_socket* socket = reactos_of(s);
    int error = reactos__begin_connect(s, name, length), size = sizeof error;
    if (error == WSAEWOULDBLOCK) {
        if (reactos__is_to_all(name))
            reactos__wait_for_nobody(s);
        while (!socket->is_shut && reactos__is_undecided(s))
            Sleep(1);
        real.getsockopt(s, SOL_SOCKET, SO_ERROR, (char*) &error, &size);
    }
    if (socket->is_shut)
        error = WSAECONNRESET;
    return error == 0 ? 0 : reactos_fail(error);
}

/* Sources with an asynchronous connect use an APC for it, which the I/O manager refuses on a file
 * that has a completion port (IopDeviceFsIoControl). */
static int reactos__call_connect(SOCKET s, const struct sockaddr* name, int length) {
    struct reactos_socket* socket = reactos_of(s);
    int error;
    if (!socket->nonblocking || !reactos_plays("async"))
        return reactos__connect_blocking(s, name, length);
    if (socket->has_port)
        return reactos_fail(WSAEINVAL);
    error = reactos__begin_connect(s, name, length);
    return error == 0 ? 0 : reactos_fail(error);
}

static int reactos__connect_first(SOCKET s, const struct sockaddr* name, int length) {
    struct reactos_socket* socket = reactos_of(s);
    int result, error;
    InterlockedIncrement(&socket->inside);
    socket->connecting = 1;
    result = reactos__call_connect(s, name, length);
    error = result != 0 ? WSAGetLastError() : 0;
    if (error != WSAEWOULDBLOCK) {
        socket->connecting = 0;
        socket->has_failed = result != 0;
    }
    if (result == 0) {
        socket->peer_length = sizeof socket->peer;
        real.getpeername(s, (struct sockaddr*) &socket->peer, &socket->peer_length);
    }
    InterlockedDecrement(&socket->inside);
    return error == 0 ? 0 : reactos_fail(error);
}

static int WSAAPI reactos__connect(SOCKET s, const struct sockaddr* name, int length) {
    struct reactos_socket* socket = reactos_of(s);
    if (!reactos_is_socket(s))
        return reactos_fail(WSAENOTSOCK);
    if (reactos_is_connected(s))
        return 0;
    if (socket->connecting && (socket->inside > 0 || reactos__is_undecided(s)))
        return reactos__join(s, name, length);
    return reactos__connect_first(s, name, length);
}

static int WSAAPI reactos__WSAConnect(SOCKET s, const struct sockaddr* name, int length,
                                      WSABUF* caller, WSABUF* callee, QOS* sending, QOS* group) {
    (void) caller;
    (void) callee;
    (void) sending;
    (void) group;
    return reactos__connect(s, name, length);
}

/* Names. To msafd a socket stays connected when the peer has gone. */
static int WSAAPI reactos__getpeername(SOCKET s, struct sockaddr* name, int* length) {
    const struct reactos_socket* socket = reactos_of(s);
    if (real.getpeername(s, name, length) == 0)
        return 0;
    if (WSAGetLastError() != WSAENOTCONN || socket->peer_length == 0)
        return SOCKET_ERROR;
    if (*length < socket->peer_length)
        return reactos_fail(WSAEFAULT);
    *length = socket->peer_length;
    memcpy(name, &socket->peer, (size_t) *length);
    return 0;
}

/* Measured: AfdGetSockName frees an MDL twice. */
static int WSAAPI reactos__getsockname(SOCKET s, struct sockaddr* name, int* length) {
    if (reactos_of(s)->has_failed)
        reactos_go_down("getsockname() after a connect that failed");
    return real.getsockname(s, name, length);
}

/* Sending */

/* Measured: of what is to be sent only as much as fits into AFD's window is, and that is told as a
 * success; more than an MDL describes is refused. Returns the number of buffers, or -1. */
static int reactos__clip(WSABUF* clipped, const WSABUF* buffers, DWORD count) {
    ULONGLONG all = 0;
    DWORD i, used = 0;
    int kept = 0;
    for (i = 0; i < count; i++)
        all += buffers[i].len;
    if (all >= REACTOS__LARGEST)
        return -1;
    for (i = 0; i < count && kept < REACTOS__BUFFERS && used < REACTOS__WINDOW; i++) {
        clipped[kept] = buffers[i];
        if (clipped[kept].len > REACTOS__WINDOW - used)
            clipped[kept].len = REACTOS__WINDOW - used;
        used += clipped[kept++].len;
    }
    return kept;
}

/* Measured: a send after the sending side was shut down says that the connection was reset. */
static int reactos__sent(int result) {
    if (result == SOCKET_ERROR && WSAGetLastError() == WSAESHUTDOWN)
        WSASetLastError(WSAECONNRESET);
    return result;
}

static int WSAAPI reactos__send(SOCKET s, const char* buffer, int length, int flags) {
    struct reactos_socket* socket = reactos_of(s);
    int result;
    if (!reactos_is_stream(s))
        return real.send(s, buffer, length, flags);
    if (length >= (int) REACTOS__LARGEST)
        return reactos_fail(WSAEFAULT);
    if (length > (int) REACTOS__WINDOW)
        length = REACTOS__WINDOW;
    InterlockedIncrement(&socket->inside);
    result = socket->is_shut ? reactos_fail(WSAECONNRESET) : real.send(s, buffer, length, flags);
    if (result == SOCKET_ERROR && socket->is_shut == REACTOS__BOTH)
        result = 0;
    InterlockedDecrement(&socket->inside);
    return reactos__sent(result);
}

/* Measured: the packet comes, whatever the event's low bit says. Wine reads the event within the
 * call. */
static int reactos__send_buffers(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                                 OVERLAPPED* overlapped,
                                 LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    struct reactos_socket* socket = reactos_of(s);
    HANDLE event = overlapped != NULL && routine == NULL ? overlapped->hEvent : NULL;
    const int is_quiet = ((ULONG_PTR) event & 1) != 0;
    int result;
    if (is_quiet)
        overlapped->hEvent = (HANDLE) ((ULONG_PTR) event - 1);
    InterlockedIncrement(&socket->inside);
    result = real.WSASend(s, buffers, count, sent, flags, overlapped, routine);
    InterlockedDecrement(&socket->inside);
    if (is_quiet)
        overlapped->hEvent = event;
    return reactos__sent(result);
}

/* AFD sends on a connected socket only, where Wine queues a send behind the connect. */
static int WSAAPI reactos__WSASend(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                                   OVERLAPPED* overlapped,
                                   LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    WSABUF clipped[REACTOS__BUFFERS];
    int kept;

    if (!reactos_is_stream(s))
        return real.WSASend(s, buffers, count, sent, flags, overlapped, routine);
    if (!reactos_is_connected(s))
        return reactos_fail(WSAENOTCONN);
    kept = reactos__clip(clipped, buffers, count);
    if (kept < 0)
        return reactos_fail(WSAEFAULT);
    if (reactos__send_buffers(s, clipped, (DWORD) kept, sent, flags, overlapped, routine) == 0)
        return 0;
    if (WSAGetLastError() == WSA_IO_PENDING)
        reactos_of(s)->sending = overlapped;
    return SOCKET_ERROR;
}

void reactos_take_calls(void) {
    const HMODULE kernel = GetModuleHandleA("kernelbase.dll");
    reactos__wait = (void*) GetProcAddress(kernel, "WaitOnAddress");
    reactos__wake = (void*) GetProcAddress(kernel, "WakeByAddressAll");
#define REACTOS__TAKE(name) host.name = reactos__##name
    REACTOS__TAKE(connect);
    REACTOS__TAKE(WSAConnect);
    REACTOS__TAKE(shutdown);
    REACTOS__TAKE(getpeername);
    REACTOS__TAKE(getsockname);
    REACTOS__TAKE(send);
    REACTOS__TAKE(WSASend);
#undef REACTOS__TAKE
}
