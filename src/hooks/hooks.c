/* SPDX-License-Identifier: MIT */
#include "hooks/hooks.h"

#include <stdbool.h>
#include <string.h>
#include <ws2tcpip.h>

#include "base/module.h"
#include "core/alias.h"
#include "core/cancel.h"
#include "core/gate.h"
#include "core/socket.h"
#include "core/table.h"
#include "ext/connectex.h"
#include "ext/disconnectex.h"
#include "ext/listener.h"
#include "ext/options.h"
#include "hooks/creation.h"
#include "hooks/duplication.h"
#include "hooks/fileio.h"
#include "hooks/interpose.h"
#include "hooks/ioctl.h"
#include "hooks/overlapped.h"
#include "hooks/receiving.h"
#include "hooks/results.h"
#include "hooks/sending.h"
#include "host/seconds.h"
#include "rio/types.h"

/* A success leaves no last error behind, as on Windows and Wine, whatever came before and whatever
 * the host may have refused that was then done in its place. */
static int hooks__answer(int error) {
    WSASetLastError(error);
    return error == 0 ? 0 : SOCKET_ERROR;
}

/* A success leaves the last error that was there before the call: of a connect, and where Wine
 * ignores an option. */
static int hooks__answer_from(DWORD before, int error) {
    WSASetLastError(error == 0 ? (int) before : error);
    return error == 0 ? 0 : SOCKET_ERROR;
}

static void hooks__change_flags(SOCKET s, unsigned set, unsigned clear) {
    socket_find(s);
    table_change_flags(s, set, clear);
    socket_release(s);
}

/* Starting and ending */

static int WSAAPI hook_WSAStartup(WORD version, WSADATA* data) {
    int error = host.WSAStartup(version, data);
    host_look_shut();
    return error;
}

static int WSAAPI hook_WSACleanup(void) {
    int result = host.WSACleanup();
    host_look_shut();
    return result;
}

/* Closing */

static int WSAAPI hook_closesocket(SOCKET s) {
    struct cancel_closing closing;
    lock_count_t* gate;
    int result;
    /* After the last WSACleanup the host refuses, and the socket lives on. */
    if (table_flags(s) == 0 || host_is_shut())
        return host.closesocket(s);
    gate = gate_enter_closing(s);
    /* Wine's closesocket is a success where the handle is protected, and no call that knows sockets
     * takes it then, though it lives on: what is pending could not be carried to its end. */
    if (cancel_before_close(s, &closing) != 0) {
        gate_leave_closing(gate);
        return 0;
    }
    result = host.closesocket(s);
    cancel_after_close(&closing, result == 0);
    gate_leave_closing(gate);
    return result;
}

BOOL WINAPI hook_CloseHandle(HANDLE handle) {
    unsigned flags = table_flags((SOCKET) handle);
    struct cancel_closing closing;
    lock_count_t* gate;
    BOOL result;
    if (flags & TABLE_PORT)
        port_forget(handle);
    if ((flags & ~(unsigned) TABLE_PORT) == 0)
        return host.CloseHandle(handle);
    gate = gate_enter_closing((SOCKET) handle);
    /* Wine refuses to close a protected handle, but forgets what it keeps of the handle in the
     * process all the same, which another thread's call may be about to use. */
    if (cancel_before_close((SOCKET) handle, &closing) != 0) {
        gate_leave_closing(gate);
        SetLastError(ERROR_INVALID_HANDLE);
        return FALSE;
    }
    result = host.CloseHandle(handle);
    cancel_after_close(&closing, result);
    gate_leave_closing(gate);
    return result;
}

/* A local port or address that is the program's own choice cannot be kept when the socket is used
 * again; the wildcard and the loopback address are what it would have without. */
static int hooks__is_choice(const struct sockaddr* name) {
    /* IN6ADDR_LOOPBACK_INIT has too few braces in ReactOS's header. */
    static const struct in6_addr loopback6 = {{{[15] = 1}}};
    static const struct in6_addr any6;
    const struct sockaddr_in* in = (const struct sockaddr_in*) name;
    const struct sockaddr_in6* in6 = (const struct sockaddr_in6*) name;
    switch (name->sa_family) {
        case AF_INET:
            return in->sin_port != 0 || (in->sin_addr.s_addr != htonl(INADDR_ANY) &&
                                         in->sin_addr.s_addr != htonl(INADDR_LOOPBACK));
        case AF_INET6:
            return in6->sin6_port != 0 ||
                   (memcmp(&in6->sin6_addr, &any6, sizeof any6) != 0 &&
                    memcmp(&in6->sin6_addr, &loopback6, sizeof loopback6) != 0);
        default:
            return 1;
    }
}

static int WSAAPI hook_bind(SOCKET s, const struct sockaddr* name, int length) {
    int result = host.bind(s, name, length);
    if (result == 0)
        hooks__change_flags(s, TABLE_BOUND | (hooks__is_choice(name) ? TABLE_CHOSEN : 0u), 0);
    return result;
}

/* Connecting by other means */

typedef int (*hooks__connect_call)(SOCKET s, const void* arguments);

struct hooks__connect_arguments {
    const struct sockaddr* name;
    int length;
    WSABUF* caller;
    WSABUF* callee;
    QOS* sending;
    QOS* group;
};

static int hooks__call_connect(SOCKET s, const void* arguments) {
    const struct hooks__connect_arguments* a = arguments;
    return host.connect(s, a->name, a->length);
}

static int hooks__call_wsa_connect(SOCKET s, const void* arguments) {
    const struct hooks__connect_arguments* a = arguments;
    return host.WSAConnect(s, a->name, a->length, a->caller, a->callee, a->sending, a->group);
}

static int hooks__forbids_connect(SOCKET s, ULONGLONG* serial) {
    struct socket* socket = socket_find(s);
    enum lifecycle_answer answer =
        socket != NULL ? lifecycle_may_connect(&socket->lifecycle) : LIFECYCLE_HOST;
    DWORD seconds;
    int error = 0;
    *serial = socket != NULL ? socket->serial : 0;
    /* To ReactOS a connect on a connected socket is a success. */
    if (answer == LIFECYCLE_HOST && seconds_connected(s, &seconds) == 0 && seconds != SECONDS_NEVER)
        error = WSAEISCONN;
    else if (answer == LIFECYCLE_BUSY || (socket != NULL && socket->worker != NULL))
        error = WSAEALREADY; /* Perhaps it was cancelled, and a worker is at it still. */
    else if (answer == LIFECYCLE_NO)
        error = WSAEINVAL;
    socket_release(s);
    return error;
}

static void hooks__connected_plainly(SOCKET s, ULONGLONG serial, int is_pending) {
    struct socket* socket = socket_find_same(s, serial);
    if (socket != NULL)
        socket_step(socket, is_pending ? LIFECYCLE_PLAIN_BEGUN : LIFECYCLE_PLAIN);
    socket_release(s);
}

/* A connect of the program on a socket that ConnectEx was used on. It may block, so no lock is
 * held, and the socket may be closed meanwhile; a failed ConnectEx makes Linux refuse the next
 * connect once, on Wine 8. */
static int hooks__connect_known(SOCKET s, hooks__connect_call call, const void* arguments) {
    DWORD before = GetLastError();
    ULONGLONG serial;
    int error = hooks__forbids_connect(s, &serial);
    if (error != 0)
        return hooks__answer(error);
    SetLastError(before);
    error = call(s, arguments) == 0 ? 0 : WSAGetLastError();
    if (error == WSAECONNABORTED)
        error = call(s, arguments) == 0 ? 0 : WSAGetLastError();
    if (error == WSAEINVAL && connectex_is_in_progress(s))
        error = WSAEALREADY;
    if (error == 0 || error == WSAEWOULDBLOCK)
        hooks__connected_plainly(s, serial, error != 0);
    return hooks__answer_from(before, error);
}

/* On any other socket it is noted that a connect was begun, as the host does not say so to whoever
 * tries the next, and that the socket is bound since, as the host must not be asked after a
 * failure, and need not be after a success. */
static int hooks__connect(SOCKET s, hooks__connect_call call, const void* arguments) {
    int result, error;
    if (table_flags(s) & TABLE_USED)
        return hooks__connect_known(s, call, arguments);
    result = call(s, arguments);
    error = result != 0 ? WSAGetLastError() : 0;
    if (error == WSAEWOULDBLOCK)
        hooks__change_flags(s, TABLE_BOUND | TABLE_BEGUN, 0);
    else if (table_flags(s) != 0 && error != WSAENOTSOCK)
        hooks__change_flags(s, TABLE_BOUND, 0);
    if (result != 0)
        WSASetLastError(error);
    return result;
}

static int WSAAPI hook_connect(SOCKET s, const struct sockaddr* name, int length) {
    struct hooks__connect_arguments arguments = {name, length, NULL, NULL, NULL, NULL};
    return hooks__connect(s, hooks__call_connect, &arguments);
}

static int WSAAPI hook_WSAConnect(SOCKET s, const struct sockaddr* name, int length, WSABUF* caller,
                                  WSABUF* callee, QOS* sending, QOS* group) {
    struct hooks__connect_arguments arguments = {name, length, caller, callee, sending, group};
    return hooks__connect(s, hooks__call_wsa_connect, &arguments);
}

/* These call the host's own connect() for each address of the name, and may bind before. */
static BOOL hooks__connected_by_name(SOCKET s, BOOL result) {
    DWORD error = GetLastError();
    struct sockaddr_storage name;
    int length = sizeof name;
    if (table_flags(s) != 0 &&
        (result || host.getsockname(s, (struct sockaddr*) &name, &length) == 0))
        hooks__change_flags(s, TABLE_BOUND, 0);
    SetLastError(error);
    return result;
}

static BOOL WSAAPI hook_WSAConnectByNameA(SOCKET s, const char* node, const char* service,
                                          DWORD* local_length, struct sockaddr* local,
                                          DWORD* remote_length, struct sockaddr* remote,
                                          const struct timeval* timeout, WSAOVERLAPPED* reserved) {
    return hooks__connected_by_name(s, host.WSAConnectByNameA(s, node, service, local_length, local,
                                                              remote_length, remote, timeout,
                                                              reserved));
}

static BOOL WSAAPI hook_WSAConnectByNameW(SOCKET s, WCHAR* node, WCHAR* service,
                                          DWORD* local_length, struct sockaddr* local,
                                          DWORD* remote_length, struct sockaddr* remote,
                                          const struct timeval* timeout, WSAOVERLAPPED* reserved) {
    return hooks__connected_by_name(s, host.WSAConnectByNameW(s, node, service, local_length, local,
                                                              remote_length, remote, timeout,
                                                              reserved));
}

/* The state that ConnectEx and AcceptEx leave a socket in */

static int WSAAPI hook_shutdown(SOCKET s, int how) {
    /* ReactOS would end a connect in progress by it. */
    if (options_is_default_state(s) || options_is_connecting(s))
        return hooks__answer(WSAENOTCONN);
    /* What is sent already by the program's understanding goes out before. */
    if ((table_flags(s) & TABLE_HOLDS) && how != SD_RECEIVE && disconnectex_shut_later(s, how))
        return hooks__answer(0);
    return host.shutdown(s, how);
}

static int WSAAPI hook_getpeername(SOCKET s, struct sockaddr* name, int* length) {
    if (options_is_default_state(s))
        return hooks__answer(WSAENOTCONN);
    return host.getpeername(s, name, length);
}

/* Options and controls */

static int WSAAPI hook_setsockopt(SOCKET s, int level, int option, const char* value, int length) {
    DWORD before = GetLastError();
    int result;
    if (level == SOL_SOCKET && option == SO_UPDATE_CONNECT_CONTEXT)
        return hooks__answer_from(before, options_update_connect_context(s, value, length));
    if (level == SOL_SOCKET && option == SO_UPDATE_ACCEPT_CONTEXT)
        return hooks__answer_from(before, options_update_accept_context(s, value, length));
    if (level == IPPROTO_TCP && option == TCP_FASTOPEN)
        return hooks__answer(options_set_fast_open(s, value, length));
    if (level == SOL_SOCKET && option == SO_SNDBUF && table_flags(s) != 0)
        alias_change_flags(s, TABLE_BUFFER, 0);
    result = host.setsockopt(s, level, option, value, length);
    if (result == 0 && (table_flags(s) & TABLE_LISTENS))
        listener_changed(s);
    return result;
}

static int WSAAPI hook_getsockopt(SOCKET s, int level, int option, char* value, int* length) {
    if (level == SOL_SOCKET && option == SO_CONNECT_TIME)
        return hooks__answer(options_get_connect_time(s, value, length));
    if (level == IPPROTO_TCP && option == TCP_FASTOPEN)
        return hooks__answer(options_get_fast_open(s, value, length));
    return host.getsockopt(s, level, option, value, length);
}

#define HOOKS__ENTRY(module, name) \
    { module, #name, (void*) hook_##name, false }

/* kernelbase is where kernel32's functions live since Windows 7, and programs may call either. */
#define HOOKS__KERNEL_ENTRY(name) \
    HOOKS__ENTRY("kernel32.dll", name), HOOKS__ENTRY("kernelbase.dll", name)

/* ntdll has two names for each of its functions. */
#define HOOKS__NT_PAIR(name, is_for_system) \
    {"ntdll.dll", "Nt" #name, (void*) hook_Nt##name, is_for_system}, { \
        "ntdll.dll", "Zw" #name, (void*) hook_Nt##name, is_for_system \
    }
#define HOOKS__NT_ENTRIES(name) HOOKS__NT_PAIR(name, false)

/* What kernel32 and kernelbase are made of: also for their calls. Their own functions, got from the
 * host's table, lead to such a hook. */
#define HOOKS__SYSTEM_ENTRIES(name) HOOKS__NT_PAIR(name, true)
#define HOOKS__SYSTEM_ENTRY(name) \
    { "ntdll.dll", #name, (void*) hook_##name, true }

static const struct interpose_entry hooks__entries[] = {
    HOOKS__ENTRY("ws2_32.dll", WSAStartup),
    HOOKS__ENTRY("ws2_32.dll", WSACleanup),
    HOOKS__ENTRY("ws2_32.dll", socket),
    HOOKS__ENTRY("ws2_32.dll", WSASocketA),
    HOOKS__ENTRY("ws2_32.dll", WSASocketW),
    HOOKS__ENTRY("ws2_32.dll", accept),
    HOOKS__ENTRY("ws2_32.dll", WSAAccept),
    HOOKS__ENTRY("ws2_32.dll", closesocket),
    HOOKS__ENTRY("ws2_32.dll", bind),
    HOOKS__ENTRY("ws2_32.dll", connect),
    HOOKS__ENTRY("ws2_32.dll", WSAConnect),
    HOOKS__ENTRY("ws2_32.dll", WSAConnectByNameA),
    HOOKS__ENTRY("ws2_32.dll", WSAConnectByNameW),
    HOOKS__ENTRY("ws2_32.dll", shutdown),
    HOOKS__ENTRY("ws2_32.dll", getpeername),
    HOOKS__ENTRY("ws2_32.dll", setsockopt),
    HOOKS__ENTRY("ws2_32.dll", getsockopt),
    HOOKS__ENTRY("ws2_32.dll", ioctlsocket),
    HOOKS__ENTRY("ws2_32.dll", WSAIoctl),
    HOOKS__ENTRY("ws2_32.dll", send),
    HOOKS__ENTRY("ws2_32.dll", sendto),
    HOOKS__ENTRY("ws2_32.dll", WSASend),
    HOOKS__ENTRY("ws2_32.dll", WSASendTo),
    HOOKS__ENTRY("ws2_32.dll", WSASendMsg),
    HOOKS__ENTRY("ws2_32.dll", recv),
    HOOKS__ENTRY("ws2_32.dll", recvfrom),
    HOOKS__ENTRY("ws2_32.dll", WSARecv),
    HOOKS__ENTRY("ws2_32.dll", WSARecvFrom),
    HOOKS__ENTRY("ws2_32.dll", select),
    HOOKS__ENTRY("ws2_32.dll", WSAPoll),
    HOOKS__ENTRY("ws2_32.dll", WSAGetOverlappedResult),
    HOOKS__ENTRY("ws2_32.dll", WSAEventSelect),
    HOOKS__ENTRY("ws2_32.dll", WSAAsyncSelect),
    HOOKS__KERNEL_ENTRY(CloseHandle),
    HOOKS__KERNEL_ENTRY(ReadFile),
    HOOKS__KERNEL_ENTRY(ReadFileEx),
    HOOKS__KERNEL_ENTRY(WriteFile),
    HOOKS__KERNEL_ENTRY(WriteFileEx),
    HOOKS__KERNEL_ENTRY(CancelIo),
    HOOKS__KERNEL_ENTRY(CancelIoEx),
    HOOKS__KERNEL_ENTRY(GetOverlappedResult),
    HOOKS__KERNEL_ENTRY(GetOverlappedResultEx),
    HOOKS__KERNEL_ENTRY(GetQueuedCompletionStatus),
    HOOKS__KERNEL_ENTRY(GetQueuedCompletionStatusEx),
    HOOKS__NT_ENTRIES(ReadFile),
    HOOKS__NT_ENTRIES(WriteFile),
    HOOKS__SYSTEM_ENTRIES(SetInformationFile),
    HOOKS__SYSTEM_ENTRIES(CreateIoCompletion),
    HOOKS__SYSTEM_ENTRIES(DuplicateObject),
    HOOKS__SYSTEM_ENTRY(RtlSetIoCompletionCallback),
    HOOKS__SYSTEM_ENTRY(TpAllocIoCompletion),
    HOOKS__SYSTEM_ENTRY(TpReleaseIoCompletion),
    HOOKS__SYSTEM_ENTRY(TpWaitForIoCompletion),
    HOOKS__SYSTEM_ENTRY(TpReleaseCleanupGroupMembers),
};

#define HOOKS__COUNT (sizeof hooks__entries / sizeof hooks__entries[0])

int hooks_install(void) {
    return interpose_install(hooks__entries, HOOKS__COUNT);
}

void hooks_count(DWORD* all, DWORD* installed) {
    size_t i;
    *all = *installed = 0;
    for (i = 0; i < HOOKS__COUNT; i++) {
        HMODULE module = module_find(hooks__entries[i].module);
        *all += module != NULL && GetProcAddress(module, hooks__entries[i].name) != NULL;
        *installed += interpose_is_installed(hooks__entries[i].module, hooks__entries[i].name);
    }
}
