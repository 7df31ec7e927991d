/* SPDX-License-Identifier: MIT */

/* A host that behaves as ReactOS does, on top of Wine: it takes the place of src/host/host.c in a
 * DLL that is otherwise the product. Each deviation names what was read in ReactOS's public
 * sources, or says that it was measured: on a system built from sources of August 2025.
 *
 * Some of what was measured is played only where the variable REACTOS_HOST names it, one word after
 * the other, as what the product has to do about it is not done yet, or as sources differ:
 *   blocking  a non-blocking connect blocks, with and without a port; sources after that date have
 *             an asynchronous one, which is played otherwise
 *   lowbit    the low bit of hEvent says nothing, and a packet comes
 *   name      getsockname() after a connect that failed brings the system down
 *   window    a send, overlapped or not, ends after 8 KiB
 *
 * The program sees it wherever a hook leads to the host: options, connecting, blocking mode,
 * ioctls, making and closing sockets, associating ports, CancelIoEx. Its calls that no hook stands
 * for (bind, listen, send, recv, select, GetQueuedCompletionStatus…) are Wine's, and so are the
 * network, the errors of a connect, the order of completions, and the defects that Wine's sends
 * have. */

#define host_init reactos__find_functions
#include "host/host.c"
#undef host_init

#include <mswsock.h>
#include <stdio.h>
#include <time.h>
#include <ws2tcpip.h>

#define REACTOS__SOCKETS 16384
#define REACTOS__AFD_POLL 0x00012024u
#define REACTOS__INVALID_PARAMETER ((host_status) 0xC000000D)
#define REACTOS__NOT_SUPPORTED ((host_status) 0xC00000BB)
#define REACTOS__NEVER 0xFFFFFFFFu
#define REACTOS__WINDOW 8192u        /* AFD's send window. */
#define REACTOS__LARGEST (64u << 20) /* What no MDL describes. */
#define REACTOS__BUFFERS 64

#ifndef SIO_KEEPALIVE_VALS
#define SIO_KEEPALIVE_VALS 0x98000004
#endif

/* What msafd and the I/O manager keep of a socket, by its handle. */
struct reactos__socket {
    volatile LONG nonblocking;
    volatile LONG has_port;
    volatile LONG connecting;
    volatile LONG has_failed; /* To connect. */
    OVERLAPPED* sending;      /* Of the last send that was pending. */
    int peer_length;          /* Of a socket that msafd takes for connected; 0 otherwise. */
    struct sockaddr_storage peer;
};

static struct host real;
static struct reactos__socket reactos__sockets[REACTOS__SOCKETS];

static struct reactos__socket* reactos__of(SOCKET s) {
    static struct reactos__socket beyond;
    return s / 4 < REACTOS__SOCKETS ? &reactos__sockets[s / 4] : &beyond;
}

static int reactos__fail(int error) {
    WSASetLastError(error);
    return SOCKET_ERROR;
}

static int reactos__plays(const char* word) {
    static char words[128];
    if (words[0] == 0 && GetEnvironmentVariableA("REACTOS_HOST", words, sizeof words) == 0)
        strcpy(words, "-");
    return strstr(words, word) != NULL;
}

/* The kernel, and with it the test. */
static void reactos__go_down(const char* why) {
    printf("WHAT: the system goes down: %s\n", why);
    fflush(stdout);
    TerminateProcess(GetCurrentProcess(), 1);
}

static int reactos__is_socket(SOCKET s) {
    int type, length = sizeof type;
    return real.getsockopt(s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) == 0;
}

static int reactos__is_stream(SOCKET s) {
    int type, length = sizeof type;
    return real.getsockopt(s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) == 0 &&
           type == SOCK_STREAM;
}

static int reactos__is_connected(SOCKET s) {
    DWORD seconds = REACTOS__NEVER;
    int length = sizeof seconds;
    return real.getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length) == 0 &&
           seconds != REACTOS__NEVER;
}

/* Making and closing. The catalog has no protocol of IPv6 (nettcpip.inf). */

static SOCKET reactos__made(SOCKET s) {
    if (s != INVALID_SOCKET)
        memset(reactos__of(s), 0, sizeof(struct reactos__socket));
    return s;
}

static SOCKET WSAAPI reactos__socket(int family, int type, int protocol) {
    if (family == AF_INET6) {
        WSASetLastError(WSAEAFNOSUPPORT);
        return INVALID_SOCKET;
    }
    return reactos__made(real.socket(family, type, protocol));
}

static SOCKET WSAAPI reactos__WSASocketA(int family, int type, int protocol,
                                         WSAPROTOCOL_INFOA* info, GROUP group, DWORD flags) {
    if (family == AF_INET6) {
        WSASetLastError(WSAEAFNOSUPPORT);
        return INVALID_SOCKET;
    }
    return reactos__made(real.WSASocketA(family, type, protocol, info, group, flags));
}

static SOCKET WSAAPI reactos__WSASocketW(int family, int type, int protocol,
                                         WSAPROTOCOL_INFOW* info, GROUP group, DWORD flags) {
    if (family == AF_INET6) {
        WSASetLastError(WSAEAFNOSUPPORT);
        return INVALID_SOCKET;
    }
    return reactos__made(real.WSASocketW(family, type, protocol, info, group, flags));
}

/* AfdCleanup cancels what is queued on the socket; Wine would call it STATUS_HANDLES_CLOSED. */
static void reactos__closing(SOCKET s) {
    OVERLAPPED* sending = s != INVALID_SOCKET ? reactos__of(s)->sending : NULL;
    if (sending != NULL && reactos__is_socket(s))
        real.CancelIoEx((HANDLE) s, sending);
}

static int WSAAPI reactos__closesocket(SOCKET s) {
    reactos__closing(s);
    return real.closesocket(s);
}

static BOOL WINAPI reactos__CloseHandle(HANDLE handle) {
    reactos__closing((SOCKET) handle);
    return real.CloseHandle(handle);
}

/* WSPIoctl: stubs are given out as a success, except for one that is given out as a failure with
 * the last error 0 (PR #5102), and leave the last error as it was. */

static BOOL PASCAL reactos__connect_ex(SOCKET s, const struct sockaddr* name, int length,
                                       void* buffer, DWORD size, DWORD* sent,
                                       OVERLAPPED* overlapped) {
    (void) s, (void) name, (void) length, (void) buffer, (void) size, (void) sent;
    (void) overlapped;
    return FALSE;
}

static BOOL PASCAL reactos__disconnect_ex(SOCKET s, OVERLAPPED* overlapped, DWORD flags,
                                          DWORD reserved) {
    (void) s, (void) overlapped, (void) flags, (void) reserved;
    return FALSE;
}

/* GetAcceptExSockaddrs takes as many arguments and returns nothing. */
static BOOL PASCAL reactos__accept_ex(SOCKET listener, SOCKET acceptor, void* buffer, DWORD size,
                                      DWORD local, DWORD remote, DWORD* received,
                                      OVERLAPPED* overlapped) {
    (void) listener, (void) acceptor, (void) buffer, (void) size, (void) local, (void) remote;
    (void) received, (void) overlapped;
    return FALSE;
}

static int reactos__get_function(const GUID* guid, void* out) {
    static const struct {
        GUID guid;
        const void* stub;
        int error;
    } rows[] = {{WSAID_ACCEPTEX, (const void*) reactos__accept_ex, 0},
                {WSAID_CONNECTEX, (const void*) reactos__connect_ex, 0},
                {WSAID_DISCONNECTEX, (const void*) reactos__disconnect_ex, 0},
                {WSAID_GETACCEPTEXSOCKADDRS, (const void*) reactos__accept_ex, -1}};
    size_t i;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (memcmp(guid, &rows[i].guid, sizeof *guid) == 0) {
            memcpy(out, &rows[i].stub, sizeof rows[i].stub);
            return rows[i].error;
        }
    }
    return WSAEOPNOTSUPP;
}

static int reactos__check_get(const void* in, DWORD in_length, const void* out, DWORD out_length,
                              DWORD* returned) {
    if (in == NULL || out == NULL || out_length == 0) {
        *returned = sizeof(void*);
        return WSAEFAULT;
    }
    return in_length < sizeof(GUID) || out_length < sizeof(void*) ? WSAEINVAL : 0;
}

/* With an OVERLAPPED the error goes there, as it is, and the packet to where there is no port. */
static int reactos__answer(int error, DWORD bytes, DWORD* returned, WSAOVERLAPPED* overlapped,
                           LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    int result = error == 0 ? 0 : SOCKET_ERROR;
    if (returned != NULL)
        *returned = bytes;
    if (overlapped != NULL) {
        overlapped->Internal = (ULONG_PTR) (error < 0 ? 0 : error);
        overlapped->InternalHigh = bytes;
        if (routine != NULL)
            routine((DWORD) error, bytes, overlapped, 0);
        if (overlapped->hEvent != NULL)
            SetEvent(overlapped->hEvent);
        return 0;
    }
    if (error != 0)
        WSASetLastError(error < 0 ? 0 : error);
    return result;
}

static int WSAAPI reactos__WSAIoctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                                    DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                                    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    DWORD bytes = sizeof(void*);
    int error;

    if (!reactos__is_socket(s))
        return reactos__fail(WSAENOTSOCK);
    if (returned == NULL && overlapped == NULL)
        return reactos__fail(WSAEFAULT);
    switch (code) {
        case SIO_GET_EXTENSION_FUNCTION_POINTER:
            error = reactos__check_get(in, in_length, out, out_length, &bytes);
            if (error == 0)
                error = reactos__get_function(in, out);
            return reactos__answer(error, bytes, returned, overlapped, routine);
        case (DWORD) FIONBIO:
        case (DWORD) FIONREAD:
        case (DWORD) SIOCATMARK:
        case SIO_ADDRESS_LIST_QUERY:
        case SIO_GET_INTERFACE_LIST:
        case SIO_KEEPALIVE_VALS:
            if (real.WSAIoctl(s, code, in, in_length, out, out_length, returned, overlapped,
                              routine) != 0)
                return SOCKET_ERROR;
            if (code == (DWORD) FIONBIO)
                reactos__of(s)->nonblocking = *(const u_long*) in != 0;
            return 0;
        default:
            return reactos__fail(WSAEINVAL);
    }
}

/* Options. WSPSetSockOpt takes no NULL, and what SO_UPDATE_CONNECT_CONTEXT says has no effect;
 * WSPGetSockOpt knows SOL_SOCKET only, counts the time from 1970 where there was no connect, and
 * leaves the length as it was. */

static int WSAAPI reactos__setsockopt(SOCKET s, int level, int option, const char* value,
                                      int length) {
    if (value == NULL)
        return reactos__fail(WSAEFAULT);
    if (level == SOL_SOCKET &&
        (option == SO_UPDATE_CONNECT_CONTEXT || option == SO_UPDATE_ACCEPT_CONTEXT))
        return reactos__is_socket(s) ? 0 : reactos__fail(WSAENOTSOCK);
    return real.setsockopt(s, level, option, value, length);
}

static int WSAAPI reactos__getsockopt(SOCKET s, int level, int option, char* value, int* length) {
    DWORD seconds = 0;
    int own_length = sizeof seconds;
    if (level != SOL_SOCKET)
        return reactos__fail(reactos__is_socket(s) ? WSAEINVAL : WSAENOTSOCK);
    if (option != SO_CONNECT_TIME)
        return real.getsockopt(s, level, option, value, length);
    if (*length < own_length)
        return reactos__fail(WSAEFAULT);
    if (real.getsockopt(s, level, option, (char*) &seconds, &own_length) != 0)
        return SOCKET_ERROR;
    if (seconds == REACTOS__NEVER)
        seconds = (DWORD) time(NULL);
    memcpy(value, &seconds, sizeof seconds);
    return 0;
}

/* Connecting. A non-blocking connect uses an APC, which the I/O manager refuses on a file that has
 * a completion port (IopDeviceFsIoControl). A second connect joins the one in progress, and one on
 * a connected socket succeeds (AfdConnect). A host that plays `blocking` has no such connect. */

static int reactos__is_undecided(SOCKET s) {
    struct timeval no_time = {0, 0};
    fd_set up, down;
    up.fd_count = down.fd_count = 1;
    up.fd_array[0] = down.fd_array[0] = s;
    return real.select(0, NULL, &up, &down, &no_time) == 0;
}

/* To Wine a second connect is invalid as long as there is a first. */
static int reactos__join(SOCKET s, const struct sockaddr* name, int length) {
    if (reactos__of(s)->nonblocking)
        return reactos__fail(WSAEWOULDBLOCK);
    while (real.connect(s, name, length) != 0) {
        if (WSAGetLastError() == WSAEISCONN)
            return 0;
        if (WSAGetLastError() != WSAEINVAL)
            return SOCKET_ERROR;
        Sleep(1);
    }
    return 0;
}

/* Measured: the socket's mode does not matter. Wine's mode cannot be changed while its events are
 * selected, so that the end is waited for. */
static int reactos__connect_blocking(SOCKET s, const struct sockaddr* name, int length) {
    int error, size = sizeof error;
    if (real.connect(s, name, length) == 0)
        return 0;
    if (WSAGetLastError() != WSAEWOULDBLOCK)
        return SOCKET_ERROR;
    while (reactos__is_undecided(s))
        Sleep(1);
    real.getsockopt(s, SOL_SOCKET, SO_ERROR, (char*) &error, &size);
    return error == 0 ? 0 : reactos__fail(error);
}

static int reactos__call_connect(SOCKET s, const struct sockaddr* name, int length) {
    int result = reactos__plays("blocking") ? reactos__connect_blocking(s, name, length)
                                            : real.connect(s, name, length);
    /* What Linux says once after a connect that failed, through Wine 8. */
    if (result != 0 && WSAGetLastError() == WSAECONNABORTED)
        result = real.connect(s, name, length);
    return result;
}

static int WSAAPI reactos__connect(SOCKET s, const struct sockaddr* name, int length) {
    struct reactos__socket* socket = reactos__of(s);
    int result;

    if (!reactos__is_socket(s))
        return reactos__fail(WSAENOTSOCK);
    if (reactos__is_connected(s))
        return 0;
    if (socket->nonblocking && socket->has_port && !reactos__plays("blocking"))
        return reactos__fail(WSAEINVAL);
    if (socket->connecting && (!socket->nonblocking || reactos__is_undecided(s)))
        return reactos__join(s, name, length);
    socket->connecting = 1;
    result = reactos__call_connect(s, name, length);
    if (result == 0 || WSAGetLastError() != WSAEWOULDBLOCK) {
        socket->connecting = 0;
        socket->has_failed = result != 0;
    }
    if (result == 0) {
        socket->peer_length = sizeof socket->peer;
        real.getpeername(s, (struct sockaddr*) &socket->peer, &socket->peer_length);
    }
    return result;
}

/* To msafd a socket stays connected when the peer has gone. */
static int WSAAPI reactos__getpeername(SOCKET s, struct sockaddr* name, int* length) {
    const struct reactos__socket* socket = reactos__of(s);
    if (real.getpeername(s, name, length) == 0)
        return 0;
    if (WSAGetLastError() != WSAENOTCONN || socket->peer_length == 0)
        return SOCKET_ERROR;
    if (*length < socket->peer_length)
        return reactos__fail(WSAEFAULT);
    *length = socket->peer_length;
    memcpy(name, &socket->peer, (size_t) *length);
    return 0;
}

static int WSAAPI reactos__WSAConnect(SOCKET s, const struct sockaddr* name, int length,
                                      WSABUF* caller, WSABUF* callee, QOS* sending, QOS* group) {
    (void) caller;
    (void) callee;
    (void) sending;
    (void) group;
    return reactos__connect(s, name, length);
}

/* Measured: AfdGetSockName frees an MDL twice. */
static int WSAAPI reactos__getsockname(SOCKET s, struct sockaddr* name, int* length) {
    if (reactos__of(s)->has_failed && reactos__plays("name"))
        reactos__go_down("getsockname() after a connect that failed");
    return real.getsockname(s, name, length);
}

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

static int WSAAPI reactos__send(SOCKET s, const char* buffer, int length, int flags) {
    if (reactos__plays("window") && reactos__is_stream(s)) {
        if (length >= (int) REACTOS__LARGEST)
            return reactos__fail(WSAEFAULT);
        if (length > (int) REACTOS__WINDOW)
            length = REACTOS__WINDOW;
    }
    return real.send(s, buffer, length, flags);
}

/* Measured: the packet comes, whatever the event's low bit says. Wine reads the event within the
 * call. */
static int reactos__send_buffers(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                                 WSAOVERLAPPED* overlapped,
                                 LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    HANDLE event = overlapped != NULL ? overlapped->hEvent : NULL;
    int result;
    if (overlapped == NULL || routine != NULL || !reactos__plays("lowbit"))
        return real.WSASend(s, buffers, count, sent, flags, overlapped, routine);
    overlapped->hEvent = (HANDLE) ((ULONG_PTR) event & ~(ULONG_PTR) 1);
    result = real.WSASend(s, buffers, count, sent, flags, overlapped, routine);
    overlapped->hEvent = event;
    return result;
}

/* AFD sends on a connected socket only, where Wine queues a send behind the connect. */
static int WSAAPI reactos__WSASend(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                                   WSAOVERLAPPED* overlapped,
                                   LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    WSABUF clipped[REACTOS__BUFFERS];
    const int is_stream = reactos__is_stream(s);
    int kept;

    if (is_stream && !reactos__is_connected(s))
        return reactos__fail(WSAENOTCONN);
    if (is_stream && reactos__plays("window")) {
        kept = reactos__clip(clipped, buffers, count);
        if (kept < 0)
            return reactos__fail(WSAEFAULT);
        buffers = clipped;
        count = (DWORD) kept;
    }
    if (reactos__send_buffers(s, buffers, count, sent, flags, overlapped, routine) == 0)
        return 0;
    if (WSAGetLastError() == WSA_IO_PENDING)
        reactos__of(s)->sending = overlapped;
    return SOCKET_ERROR;
}

/* The blocking mode, which select-like calls change, and the port. */

static int WSAAPI reactos__ioctlsocket(SOCKET s, long code, u_long* argument) {
    int result = real.ioctlsocket(s, code, argument);
    if (result == 0 && (DWORD) code == (DWORD) FIONBIO)
        reactos__of(s)->nonblocking = *argument != 0;
    return result;
}

static int WSAAPI reactos__WSAEventSelect(SOCKET s, WSAEVENT event, long events) {
    int result = real.WSAEventSelect(s, event, events);
    if (result == 0)
        reactos__of(s)->nonblocking = 1;
    return result;
}

static int WSAAPI reactos__WSAAsyncSelect(SOCKET s, HWND window, u_int message, long events) {
    int result = real.WSAAsyncSelect(s, window, message, events);
    if (result == 0)
        reactos__of(s)->nonblocking = 1;
    return result;
}

/* Measured: msafd does not hand the error on, and ws2_32 sets none. */
static BOOL WSAAPI reactos__WSAGetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped,
                                                   DWORD* bytes, BOOL wait, DWORD* flags) {
    BOOL result = real.WSAGetOverlappedResult(s, overlapped, bytes, wait, flags);
    if (!result)
        WSASetLastError(0);
    return result;
}

static host_status NTAPI reactos__NtSetInformationFile(HANDLE file, IO_STATUS_BLOCK* block,
                                                       void* information, ULONG length,
                                                       FILE_INFORMATION_CLASS kind) {
    host_status status;
    /* Measured. */
    if ((int) kind == NT_FILE_NOTIFICATION_MODES)
        return (host_status) STATUS_INVALID_PARAMETER;
    status = real.NtSetInformationFile(file, block, information, length, kind);
    if (status >= 0 && (int) kind == NT_FILE_COMPLETION)
        reactos__of((SOCKET) file)->has_port = 1;
    return status;
}

/* None of Wine's own requests; AFD_POLL_INFO has a ULONG_PTR in the middle, so that on 64 bits the
 * sockets begin at another place. */
static host_status NTAPI reactos__NtDeviceIoControlFile(HANDLE file, HANDLE event,
                                                        PIO_APC_ROUTINE apc, void* context,
                                                        IO_STATUS_BLOCK* block, ULONG code,
                                                        void* in, ULONG in_length, void* out,
                                                        ULONG out_length) {
    if (code != REACTOS__AFD_POLL)
        return REACTOS__NOT_SUPPORTED;
    if (sizeof(void*) == 8)
        return REACTOS__INVALID_PARAMETER;
    return real.NtDeviceIoControlFile(file, event, apc, context, block, code, in, in_length, out,
                                      out_length);
}

int host_init(void) {
    if (reactos__find_functions() != 0)
        return -1;
    real = host;
#define REACTOS__TAKE(name) host.name = reactos__##name
    REACTOS__TAKE(socket);
    REACTOS__TAKE(WSASocketA);
    REACTOS__TAKE(WSASocketW);
    REACTOS__TAKE(closesocket);
    REACTOS__TAKE(CloseHandle);
    REACTOS__TAKE(WSAIoctl);
    REACTOS__TAKE(setsockopt);
    REACTOS__TAKE(getsockopt);
    REACTOS__TAKE(connect);
    REACTOS__TAKE(WSAConnect);
    REACTOS__TAKE(send);
    REACTOS__TAKE(WSASend);
    REACTOS__TAKE(WSAGetOverlappedResult);
    REACTOS__TAKE(getsockname);
    REACTOS__TAKE(getpeername);
    REACTOS__TAKE(ioctlsocket);
    REACTOS__TAKE(WSAEventSelect);
    REACTOS__TAKE(WSAAsyncSelect);
    REACTOS__TAKE(NtSetInformationFile);
    REACTOS__TAKE(NtDeviceIoControlFile);
#undef REACTOS__TAKE
    /* Exported by newer builds only, as stubs. */
    host.CancelIoEx = NULL;
    host.LdrRegisterDllNotification = NULL;
    host.wine_get_version = NULL;
    return 0;
}
