/* SPDX-License-Identifier: MIT */

/* A host that behaves as ReactOS does, on top of Wine: it takes the place of src/host/host.c in a
 * DLL that is otherwise the product. Each deviation names what was read in ReactOS's public
 * sources, or says that it was measured: on a system built from sources of August 2025.
 *
 * The variable REACTOS_HOST can name another system, for what differs between sources:
 *   async     a non-blocking connect goes on by itself, which it does on a socket without a
 *             completion port only, as in sources after that date; otherwise it blocks
 *
 * The program sees it wherever a hook leads to the host: options, connecting, sending, shutting
 * down, blocking mode, ioctls, making and closing sockets, associating ports, CancelIoEx. Its calls
 * that no hook stands for (bind, listen, recv, select, GetQueuedCompletionStatus…) are Wine's, and
 * so are the network, the errors of a connect, the order of completions, and the defects that
 * Wine's sends have. */

#define host_init reactos__find_functions
#include "host/host.c"
#undef host_init

#include "reactos.h"

#include <mswsock.h>
#include <stdio.h>
#include <time.h>

#define REACTOS__SOCKETS 16384
#define REACTOS__AFD_POLL 0x00012024u
#define REACTOS__INVALID_PARAMETER ((host_status) 0xC000000D)
#define REACTOS__NOT_SUPPORTED ((host_status) 0xC00000BB)
#define REACTOS__NEVER 0xFFFFFFFFu

struct host real;
static struct reactos_socket reactos__sockets[REACTOS__SOCKETS];

struct reactos_socket* reactos_of(SOCKET s) {
    static struct reactos_socket beyond;
    return s / 4 < REACTOS__SOCKETS ? &reactos__sockets[s / 4] : &beyond;
}

int reactos_fail(int error) {
    WSASetLastError(error);
    return SOCKET_ERROR;
}

int reactos_plays(const char* word) {
    static char words[128];
    if (words[0] == 0 && GetEnvironmentVariableA("REACTOS_HOST", words, sizeof words) == 0)
        strcpy(words, "-");
    return strstr(words, word) != NULL;
}

/* The kernel, and with it the test. */
void reactos_go_down(const char* why) {
    printf("WHAT: the system goes down: %s\n", why);
    fflush(stdout);
    TerminateProcess(GetCurrentProcess(), 1);
}

int reactos_is_socket(SOCKET s) {
    int type, length = sizeof type;
    return real.getsockopt(s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) == 0;
}

int reactos_is_stream(SOCKET s) {
    struct reactos_socket* socket = reactos_of(s);
    int type, length = sizeof type;
    if (socket->type == 0 && real.getsockopt(s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) == 0)
        socket->type = type;
    return socket->type == SOCK_STREAM;
}

int reactos_is_connected(SOCKET s) {
    DWORD seconds = REACTOS__NEVER;
    int length = sizeof seconds;
    return real.getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length) == 0 &&
           seconds != REACTOS__NEVER;
}

/* Making and closing. The catalog has no protocol of IPv6 (nettcpip.inf). */

static SOCKET reactos__made(SOCKET s) {
    if (s != INVALID_SOCKET)
        memset(reactos_of(s), 0, sizeof(struct reactos_socket));
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

static int WSAAPI reactos__closesocket(SOCKET s) {
    reactos_begin_close(s);
    return real.closesocket(s);
}

static BOOL WINAPI reactos__CloseHandle(HANDLE handle) {
    reactos_begin_close((SOCKET) handle);
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

    if (!reactos_is_socket(s))
        return reactos_fail(WSAENOTSOCK);
    if (returned == NULL && overlapped == NULL)
        return reactos_fail(WSAEFAULT);
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
            if (real.WSAIoctl(s, code, in, in_length, out, out_length, returned, overlapped,
                              routine) != 0)
                return SOCKET_ERROR;
            if (code == (DWORD) FIONBIO)
                reactos_of(s)->nonblocking = *(const u_long*) in != 0;
            return 0;
        default:
            return reactos_fail(WSAEINVAL);
    }
}

/* Options. WSPSetSockOpt takes no NULL, what SO_UPDATE_CONNECT_CONTEXT says has no effect, and
 * measured is that any option at IPPROTO_TCP can be set, of any socket; WSPGetSockOpt knows
 * SOL_SOCKET only, counts the time from 1970 where there was no connect, and leaves the length as
 * it was. */

static int WSAAPI reactos__setsockopt(SOCKET s, int level, int option, const char* value,
                                      int length) {
    if (value == NULL)
        return reactos_fail(WSAEFAULT);
    if (level == SOL_SOCKET &&
        (option == SO_UPDATE_CONNECT_CONTEXT || option == SO_UPDATE_ACCEPT_CONTEXT))
        return reactos_is_socket(s) ? 0 : reactos_fail(WSAENOTSOCK);
    if (level == IPPROTO_TCP && option != TCP_NODELAY)
        return reactos_is_socket(s) ? 0 : reactos_fail(WSAENOTSOCK);
    return real.setsockopt(s, level, option, value, length);
}

static int WSAAPI reactos__getsockopt(SOCKET s, int level, int option, char* value, int* length) {
    DWORD seconds = 0;
    int own_length = sizeof seconds;
    if (level != SOL_SOCKET)
        return reactos_fail(reactos_is_socket(s) ? WSAEINVAL : WSAENOTSOCK);
    if (option != SO_CONNECT_TIME)
        return real.getsockopt(s, level, option, value, length);
    if (*length < own_length)
        return reactos_fail(WSAEFAULT);
    if (real.getsockopt(s, level, option, (char*) &seconds, &own_length) != 0)
        return SOCKET_ERROR;
    if (seconds == REACTOS__NEVER)
        seconds = (DWORD) time(NULL);
    memcpy(value, &seconds, sizeof seconds);
    return 0;
}

/* The blocking mode, which select-like calls change, and the port. */

static int WSAAPI reactos__ioctlsocket(SOCKET s, long code, u_long* argument) {
    int result = real.ioctlsocket(s, code, argument);
    if (result == 0 && (DWORD) code == (DWORD) FIONBIO)
        reactos_of(s)->nonblocking = *argument != 0;
    return result;
}

static int WSAAPI reactos__WSAEventSelect(SOCKET s, WSAEVENT event, long events) {
    int result = real.WSAEventSelect(s, event, events);
    if (result == 0)
        reactos_of(s)->nonblocking = 1;
    return result;
}

static int WSAAPI reactos__WSAAsyncSelect(SOCKET s, HWND window, u_int message, long events) {
    int result = real.WSAAsyncSelect(s, window, message, events);
    if (result == 0)
        reactos_of(s)->nonblocking = 1;
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
        reactos_of((SOCKET) file)->has_port = 1;
    return status;
}

/* Measured, of sockets. */
static BOOL WINAPI reactos__WriteFile(HANDLE file, const void* buffer, DWORD length, DWORD* written,
                                      OVERLAPPED* overlapped) {
    if (!reactos_is_socket((SOCKET) file))
        return real.WriteFile(file, buffer, length, written, overlapped);
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return FALSE;
}

/* None of Wine's own requests; AFD_POLL_INFO has a ULONG_PTR in the middle, so that on 64 bits the
 * sockets begin at another place. */
static host_status NTAPI reactos__NtDeviceIoControlFile(HANDLE file, HANDLE event,
                                                        PIO_APC_ROUTINE apc, void* context,
                                                        IO_STATUS_BLOCK* block, ULONG code,
                                                        void* in, ULONG in_length, void* out,
                                                        ULONG out_length) {
    /* IopDeviceFsIoControl: no routine of the caller's where there is a completion port. */
    if (apc != NULL && reactos_of((SOCKET) file)->has_port)
        return REACTOS__INVALID_PARAMETER;
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
    REACTOS__TAKE(WSAGetOverlappedResult);
    REACTOS__TAKE(ioctlsocket);
    REACTOS__TAKE(WSAEventSelect);
    REACTOS__TAKE(WSAAsyncSelect);
    REACTOS__TAKE(NtSetInformationFile);
    REACTOS__TAKE(NtDeviceIoControlFile);
    REACTOS__TAKE(WriteFile);
#undef REACTOS__TAKE
    reactos_take_calls();
    /* Exported by newer builds only, as stubs. */
    host.CancelIoEx = NULL;
    host.LdrRegisterDllNotification = NULL;
    host.wine_get_version = NULL;
    return 0;
}
