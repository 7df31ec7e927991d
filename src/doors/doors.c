/* SPDX-License-Identifier: MIT */
#include "doors/doors.h"

#include <stdbool.h>
#include <string.h>
#include <ws2tcpip.h>

#include "core/record.h"
#include "core/table.h"
#include "doors/creation.h"
#include "doors/endings.h"
#include "doors/interpose.h"
#include "doors/overlapped.h"
#include "doors/sends.h"
#include "ext/cancel.h"
#include "ext/connectex.h"
#include "ext/controls.h"
#include "ext/extensions.h"
#include "ext/listener.h"
#include "ext/options.h"
#include "ext/rio_types.h"
#include "host/memory.h"
#include "host/module.h"
#include "host/seconds.h"

/* The last error of a call that succeeds is left as it is. */
static int doors__answer(int error) {
    if (error == 0)
        return 0;
    WSASetLastError(error);
    return SOCKET_ERROR;
}

/* The same where the host may have refused what was then done in its place. */
static int doors__answer_from(DWORD before, int error) {
    SetLastError(before);
    return doors__answer(error);
}

static int doors__has_record(SOCKET s) {
    return (table_flags(s) & TABLE_RECORD) != 0;
}

static void doors__change_flags(SOCKET s, unsigned set, unsigned clear) {
    record_find(s);
    table_change_flags(s, set, clear);
    record_release(s);
}

/* Starting and ending */

static int WSAAPI door_WSAStartup(WORD version, WSADATA* data) {
    int error = host.WSAStartup(version, data);
    host_look_shut();
    return error;
}

static int WSAAPI door_WSACleanup(void) {
    int result = host.WSACleanup();
    host_look_shut();
    return result;
}

/* Closing */

/* Ending what is pending makes calls of its own, which the program's last error must survive. The
 * caller holds the handles until the socket is closed. */
static void doors__closing(SOCKET s) {
    DWORD error = GetLastError();
    record_hold_handles();
    cancel_for_close(s);
    SetLastError(error);
}

static void doors__closed(SOCKET s) {
    DWORD error = GetLastError();
    cancel_after_close(s);
    record_release_handles();
    SetLastError(error);
}

static int WSAAPI door_closesocket(SOCKET s) {
    int result;
    /* After the last WSACleanup the host refuses, and the socket lives on. */
    if (table_flags(s) == 0 || host_is_shut())
        return host.closesocket(s);
    doors__closing(s);
    result = host.closesocket(s);
    doors__closed(s);
    return result;
}

static BOOL WINAPI door_CloseHandle(HANDLE handle) {
    unsigned flags = table_flags((SOCKET) handle);
    BOOL result;
    if (flags & TABLE_PORT)
        port_forget(handle);
    if ((flags & ~(unsigned) TABLE_PORT) == 0)
        return host.CloseHandle(handle);
    doors__closing((SOCKET) handle);
    result = host.CloseHandle(handle);
    doors__closed((SOCKET) handle);
    return result;
}

/* A local port or address that is the program's own choice cannot be kept when the socket is used
 * again; the wildcard and the loopback address are what it would have without. */
static int doors__is_choice(const struct sockaddr* name) {
    static const struct in6_addr loopback6 = IN6ADDR_LOOPBACK_INIT;
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

static int WSAAPI door_bind(SOCKET s, const struct sockaddr* name, int length) {
    int result = host.bind(s, name, length);
    if (result == 0 && doors__is_choice(name))
        doors__change_flags(s, TABLE_CHOSEN, 0);
    return result;
}

/* Connecting by other means */

typedef int (*doors__connect)(SOCKET s, const void* arguments);

struct doors__connect_arguments {
    const struct sockaddr* name;
    int length;
    WSABUF* caller;
    WSABUF* callee;
    QOS* sending;
    QOS* group;
};

static int doors__call_connect(SOCKET s, const void* arguments) {
    const struct doors__connect_arguments* a = arguments;
    return host.connect(s, a->name, a->length);
}

static int doors__call_wsa_connect(SOCKET s, const void* arguments) {
    const struct doors__connect_arguments* a = arguments;
    return host.WSAConnect(s, a->name, a->length, a->caller, a->callee, a->sending, a->group);
}

static int doors__forbids_connect(SOCKET s, ULONGLONG* serial) {
    struct record* record = record_find(s);
    DWORD seconds;
    int error = 0;
    *serial = record != NULL ? record->serial : 0;
    /* To ReactOS a connect on a connected socket is a success. */
    if (record != NULL && machine_is_connected(&record->machine) &&
        seconds_connected(s, &seconds) == 0 && seconds != SECONDS_NEVER)
        error = WSAEISCONN;
    else if (record != NULL && !machine_may_connect(&record->machine))
        error = machine_is_connecting(&record->machine) ? WSAEALREADY : WSAEINVAL;
    else if (record != NULL && record->worker != NULL)
        error = WSAEALREADY; /* Cancelled, and still at work. */
    record_release(s);
    return error;
}

static void doors__connected_plainly(SOCKET s, ULONGLONG serial, int is_pending) {
    struct record* record = record_find_same(s, serial);
    if (record != NULL) {
        record_step(record, MACHINE_PLAIN);
        record->is_plain = (unsigned char) is_pending;
    }
    record_release(s);
}

/* A connect of the program on a socket that ConnectEx was used on. It may block, so no lock is
 * held, and the socket may be closed meanwhile; a failed ConnectEx makes Linux refuse the next
 * connect once, on Wine 8. */
static int doors__connect_known(SOCKET s, doors__connect call, const void* arguments) {
    ULONGLONG serial;
    int error = doors__forbids_connect(s, &serial);
    if (error != 0)
        return doors__answer(error);
    if (call(s, arguments) == 0) {
        doors__connected_plainly(s, serial, 0);
        return 0;
    }
    error = WSAGetLastError();
    if (error == WSAECONNABORTED && call(s, arguments) == 0) {
        doors__connected_plainly(s, serial, 0);
        return 0;
    }
    if (error == WSAECONNABORTED)
        error = WSAGetLastError();
    if (error == WSAEINVAL && connectex_is_in_progress(s))
        error = WSAEALREADY;
    if (error == WSAEWOULDBLOCK)
        doors__connected_plainly(s, serial, 1);
    return doors__answer(error);
}

static int WSAAPI door_connect(SOCKET s, const struct sockaddr* name, int length) {
    struct doors__connect_arguments arguments = {name, length, NULL, NULL, NULL, NULL};
    if (!doors__has_record(s))
        return host.connect(s, name, length);
    return doors__connect_known(s, doors__call_connect, &arguments);
}

static int WSAAPI door_WSAConnect(SOCKET s, const struct sockaddr* name, int length, WSABUF* caller,
                                  WSABUF* callee, QOS* sending, QOS* group) {
    struct doors__connect_arguments arguments = {name, length, caller, callee, sending, group};
    if (!doors__has_record(s))
        return host.WSAConnect(s, name, length, caller, callee, sending, group);
    return doors__connect_known(s, doors__call_wsa_connect, &arguments);
}

/* The state that ConnectEx and AcceptEx leave a socket in */

static int WSAAPI door_shutdown(SOCKET s, int how) {
    if (options_is_default_state(s))
        return doors__answer(WSAENOTCONN);
    return host.shutdown(s, how);
}

static int WSAAPI door_getpeername(SOCKET s, struct sockaddr* name, int* length) {
    if (options_is_default_state(s))
        return doors__answer(WSAENOTCONN);
    return host.getpeername(s, name, length);
}

/* Options and controls */

static int WSAAPI door_setsockopt(SOCKET s, int level, int option, const char* value, int length) {
    DWORD before = GetLastError();
    int result;
    if (level == SOL_SOCKET && option == SO_UPDATE_CONNECT_CONTEXT)
        return doors__answer_from(before, options_update_connect_context(s, value, length));
    if (level == SOL_SOCKET && option == SO_UPDATE_ACCEPT_CONTEXT)
        return doors__answer_from(before, options_update_accept_context(s, value, length));
    if (level == IPPROTO_TCP && option == TCP_FASTOPEN)
        return doors__answer_from(before, options_set_fast_open(s, value, length));
    result = host.setsockopt(s, level, option, value, length);
    if (result == 0 && doors__has_record(s))
        listener_changed(s);
    return result;
}

static int WSAAPI door_getsockopt(SOCKET s, int level, int option, char* value, int* length) {
    DWORD before = GetLastError();
    if (level == SOL_SOCKET && option == SO_CONNECT_TIME)
        return doors__answer_from(before, options_get_connect_time(s, value, length));
    if (level == IPPROTO_TCP && option == TCP_FASTOPEN)
        return doors__answer_from(before, options_get_fast_open(s, value, length));
    return host.getsockopt(s, level, option, value, length);
}

static void doors__set_nonblocking(SOCKET s, int nonblocking) {
    doors__change_flags(s, nonblocking ? TABLE_NONBLOCKING : 0,
                        nonblocking ? 0 : TABLE_NONBLOCKING);
}

/* While a worker of the thread driver has made the socket blocking, what the program wants is only
 * noted, for afterwards. */
static int doors__change_mode(SOCKET s, u_long* nonblocking) {
    struct record* record = record_find(s);
    int result = 0;
    if (record == NULL || !record->keeps_mode)
        result = host.ioctlsocket(s, FIONBIO, nonblocking);
    if (result == 0)
        doors__set_nonblocking(s, *nonblocking != 0);
    record_release(s);
    return result;
}

static int doors__is_change_of_mode(SOCKET s, DWORD code, const void* argument, DWORD length) {
    return code == (DWORD) FIONBIO && doors__has_record(s) && length >= sizeof(u_long) &&
           memory_is_readable(argument, sizeof(u_long));
}

static int WSAAPI door_ioctlsocket(SOCKET s, long code, u_long* argument) {
    int result;
    if (doors__is_change_of_mode(s, (DWORD) code, argument, sizeof *argument))
        return doors__change_mode(s, argument);
    result = host.ioctlsocket(s, code, argument);
    if (result == 0 && (DWORD) code == (DWORD) FIONBIO)
        doors__set_nonblocking(s, *argument != 0);
    return result;
}

/* A code that is the host's. Wine writes the length, the OVERLAPPED and some codes' buffers without
 * a look. A code may have no use for a buffer, and Windows then takes any address, so that what
 * cannot be touched becomes what every host knows as missing. */
static int doors__host_ioctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                             DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                             LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    DWORD before = GetLastError();
    int result;
    if (!memory_is_writable(returned, sizeof *returned) ||
        (overlapped != NULL && !memory_is_writable(overlapped, sizeof *overlapped)))
        return doors__answer(WSAEFAULT);
    if (overlapped == NULL && doors__is_change_of_mode(s, code, in, in_length)) {
        *returned = 0;
        return doors__change_mode(s, in);
    }
    if (!memory_is_readable(in, in_length))
        in = NULL;
    if (!memory_is_writable(out, out_length))
        out = NULL;
    SetLastError(before);
    result = host.WSAIoctl(s, code, in, in_length, out, out_length, returned, overlapped, routine);
    if (result == 0 && code == (DWORD) FIONBIO)
        doors__set_nonblocking(s, *(const u_long*) in != 0);
    return result;
}

int WSAAPI door_WSAIoctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                         DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                         LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    DWORD before = GetLastError();
    if (code == SIO_GET_EXTENSION_FUNCTION_POINTER)
        return doors__answer_from(before, extensions_get_function(s, in, in_length, out, out_length,
                                                                  returned, overlapped, routine));
    if (code == SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER)
        return doors__answer_from(before,
                                  extensions_get_functions(s, in, in_length, out, out_length,
                                                           returned, overlapped, routine));
    if (controls_is_ours(code))
        return doors__answer_from(before, controls_call(s, code, in, in_length, out, out_length,
                                                        returned, overlapped, routine));
    return doors__host_ioctl(s, code, in, in_length, out, out_length, returned, overlapped,
                             routine);
}

/* Both make the socket non-blocking, and switching them off leaves it so. */
static void doors__selected(SOCKET s, HANDLE event, HWND window, u_int message, long events) {
    const struct record_selection selection = {event, window, message, events};
    struct record* record;
    doors__set_nonblocking(s, 1);
    record = record_need(s);
    if (record != NULL)
        record_select(record, &selection);
    record_release(s);
}

static int WSAAPI door_WSAEventSelect(SOCKET s, WSAEVENT event, long events) {
    int result = host.WSAEventSelect(s, event, events);
    if (result == 0)
        doors__selected(s, event, NULL, 0, events);
    return result;
}

static int WSAAPI door_WSAAsyncSelect(SOCKET s, HWND window, u_int message, long events) {
    int result = host.WSAAsyncSelect(s, window, message, events);
    if (result == 0)
        doors__selected(s, NULL, window, message, events);
    return result;
}

#define DOORS__ENTRY(module, name) \
    { module, #name, (void*) door_##name, false }

/* kernelbase is where kernel32's functions live since Windows 7, and programs may call either. */
#define DOORS__KERNEL_ENTRY(name) \
    DOORS__ENTRY("kernel32.dll", name), DOORS__ENTRY("kernelbase.dll", name)

static const struct interpose_entry doors__entries[] = {
    DOORS__ENTRY("ws2_32.dll", WSAStartup),
    DOORS__ENTRY("ws2_32.dll", WSACleanup),
    DOORS__ENTRY("ws2_32.dll", socket),
    DOORS__ENTRY("ws2_32.dll", WSASocketA),
    DOORS__ENTRY("ws2_32.dll", WSASocketW),
    DOORS__ENTRY("ws2_32.dll", accept),
    DOORS__ENTRY("ws2_32.dll", WSAAccept),
    DOORS__ENTRY("ws2_32.dll", closesocket),
    DOORS__ENTRY("ws2_32.dll", bind),
    DOORS__ENTRY("ws2_32.dll", connect),
    DOORS__ENTRY("ws2_32.dll", WSAConnect),
    DOORS__ENTRY("ws2_32.dll", shutdown),
    DOORS__ENTRY("ws2_32.dll", getpeername),
    DOORS__ENTRY("ws2_32.dll", setsockopt),
    DOORS__ENTRY("ws2_32.dll", getsockopt),
    DOORS__ENTRY("ws2_32.dll", ioctlsocket),
    DOORS__ENTRY("ws2_32.dll", WSAIoctl),
    DOORS__ENTRY("ws2_32.dll", send),
    DOORS__ENTRY("ws2_32.dll", sendto),
    DOORS__ENTRY("ws2_32.dll", WSASend),
    DOORS__ENTRY("ws2_32.dll", WSASendTo),
    DOORS__ENTRY("ws2_32.dll", WSASendMsg),
    DOORS__ENTRY("ws2_32.dll", WSAGetOverlappedResult),
    DOORS__ENTRY("ws2_32.dll", WSAEventSelect),
    DOORS__ENTRY("ws2_32.dll", WSAAsyncSelect),
    DOORS__KERNEL_ENTRY(CloseHandle),
    DOORS__KERNEL_ENTRY(CreateIoCompletionPort),
    DOORS__KERNEL_ENTRY(SetFileCompletionNotificationModes),
    DOORS__KERNEL_ENTRY(CancelIo),
    DOORS__KERNEL_ENTRY(CancelIoEx),
    DOORS__KERNEL_ENTRY(GetOverlappedResult),
    DOORS__KERNEL_ENTRY(GetQueuedCompletionStatus),
    DOORS__KERNEL_ENTRY(GetQueuedCompletionStatusEx),
};

#define DOORS__COUNT (sizeof doors__entries / sizeof doors__entries[0])

int doors_install(void) {
    return interpose_install(doors__entries, DOORS__COUNT);
}

void doors_count(DWORD* all, DWORD* installed) {
    size_t i;
    *all = *installed = 0;
    for (i = 0; i < DOORS__COUNT; i++) {
        HMODULE module = module_find(doors__entries[i].module);
        *all += module != NULL && GetProcAddress(module, doors__entries[i].name) != NULL;
        *installed += interpose_is_installed(doors__entries[i].module, doors__entries[i].name);
    }
}
