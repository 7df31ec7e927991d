/* SPDX-License-Identifier: MIT */
#include "tools/probe/probe.h"

#include "rio/types.h"

#include <mstcpip.h>
#include <mswsock.h>
#include <stdio.h>
#include <string.h>

#ifndef SIO_UDP_NETRESET
#define SIO_UDP_NETRESET _WSAIOW(IOC_VENDOR, 15)
#endif
#ifndef SIO_BASE_HANDLE
#define SIO_BASE_HANDLE _WSAIOR(IOC_WS2, 34)
#endif
#ifndef SIO_IDEAL_SEND_BACKLOG_QUERY
#define SIO_IDEAL_SEND_BACKLOG_QUERY _IOR('t', 123, ULONG)
#define SIO_IDEAL_SEND_BACKLOG_CHANGE _IO('t', 122)
#endif

/* Of Microsoft's mswsock.h; older headers lack them. */
static const GUID ask__connect_ex = WSAID_CONNECTEX;
static const GUID ask__accept_ex = WSAID_ACCEPTEX;
static const GUID ask__sockaddrs = WSAID_GETACCEPTEXSOCKADDRS;
static const GUID ask__disconnect_ex = WSAID_DISCONNECTEX;
static const GUID ask__transmit_file = WSAID_TRANSMITFILE;
static const GUID ask__transmit_packets = WSAID_TRANSMITPACKETS;
static const GUID ask__recv_msg = WSAID_WSARECVMSG;
static const GUID ask__send_msg = {
    0xa441e712, 0x754f, 0x43ca, {0x84, 0xa7, 0x0d, 0xee, 0x44, 0xcf, 0x60, 0x6d}};
static const GUID ask__rio = WSAID_MULTIPLE_RIO;

/* An error that no function gives; one that is still there tells that nothing was done. */
#define ASK__UNTOUCHED 0x5AFE

void probe_take_api(struct probe_api* api) {
    HMODULE winsock = GetModuleHandleW(L"ws2_32.dll");
    FARPROC functions[3];
    functions[0] = GetProcAddress(winsock, "WSAIoctl");
    functions[1] = GetProcAddress(winsock, "setsockopt");
    functions[2] = GetProcAddress(winsock, "getsockopt");
    memcpy(&api->WSAIoctl, &functions[0], sizeof functions[0]);
    memcpy(&api->setsockopt, &functions[1], sizeof functions[1]);
    memcpy(&api->getsockopt, &functions[2], sizeof functions[2]);
}

static struct probe_answer* ask__row(struct probe_answers* answers, const char* kind,
                                     const char* name) {
    struct probe_answer* row = &answers->rows[answers->count++];
    memset(row, 0, sizeof *row);
    row->kind = kind;
    row->name = name;
    return row;
}

static void ask__set(struct probe_answer* row, int is_provided, const char* text) {
    row->is_provided = is_provided;
    snprintf(row->text, sizeof row->text, "%s", text);
}

static void ask__find_module(struct probe_answer* row, const void* function) {
    HMODULE module = NULL;
    row->has_module = GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                             GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                                         function, &module);
    row->is_ours = row->has_module && probe_find_report(module) != NULL;
}

/* Calls the function for no socket: a real one says so, while a stub leaves the last error alone.
 * No success is believed, as ReactOS hands out stubs with one. */
static int ask__is_real(const GUID* guid, void* function) {
    OVERLAPPED overlapped = {0};
    struct sockaddr_in name = {0};
    WSAMSG message = {0};
    DWORD bytes = 0;
    char buffer[64] = {0};
    int ok;

    name.sin_family = AF_INET;
    name.sin_port = htons(9);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    WSASetLastError(ASK__UNTOUCHED);
    if (guid == &ask__connect_ex)
        ok = ((LPFN_CONNECTEX) function)(INVALID_SOCKET, (struct sockaddr*) &name, sizeof name,
                                         NULL, 0, NULL, &overlapped);
    else if (guid == &ask__accept_ex)
        ok = ((LPFN_ACCEPTEX) function)(INVALID_SOCKET, INVALID_SOCKET, buffer, 0, 32, 32, &bytes,
                                        &overlapped);
    else if (guid == &ask__disconnect_ex)
        ok = ((LPFN_DISCONNECTEX) function)(INVALID_SOCKET, NULL, 0, 0);
    else if (guid == &ask__transmit_file)
        ok = ((LPFN_TRANSMITFILE) function)(INVALID_SOCKET, NULL, 0, 0, NULL, NULL, 0);
    else if (guid == &ask__transmit_packets)
        ok = ((LPFN_TRANSMITPACKETS) function)(INVALID_SOCKET, NULL, 0, 0, NULL, 0);
    else if (guid == &ask__recv_msg)
        ok = ((LPFN_WSARECVMSG) function)(INVALID_SOCKET, &message, &bytes, NULL, NULL) == 0;
    else
        ok = ((LPFN_WSASENDMSG) function)(INVALID_SOCKET, &message, 0, &bytes, NULL, NULL) == 0;
    return !ok && WSAGetLastError() != ASK__UNTOUCHED && WSAGetLastError() != 0;
}

/* It has no result and no error, but what it is to set; in a buffer that no AcceptEx has filled it
 * may find nothing. */
static int ask__sets_addresses(void* function) {
    char buffer[256] = {0};
    struct sockaddr* const mark = (struct sockaddr*) &buffer[200];
    struct sockaddr *local = mark, *remote = mark;
    int local_length = 0, remote_length = 0;
    ((LPFN_GETACCEPTEXSOCKADDRS) function)(buffer, 0, 64, 64, &local, &local_length, &remote,
                                           &remote_length);
    return local != mark && remote != mark;
}

/* Sends to itself with control data of a kind that there is not, and forgets what arrives. A
 * function that looks at them refuses. */
static int ask__reads_control(void* function) {
    SOCKET s = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    struct sockaddr_in name = {0};
    int length = sizeof name, result;
    WSACMSGHDR control = {sizeof control, IPPROTO_IP, 0x5AFE};
    WSABUF buffer = {0, NULL};
    WSAMSG message = {0};
    DWORD sent;

    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* Where it cannot be bound the message goes nowhere, and is not received. */
    (void) bind(s, (struct sockaddr*) &name, sizeof name);
    getsockname(s, (struct sockaddr*) &name, &length);
    message.name = (struct sockaddr*) &name;
    message.namelen = sizeof name;
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    message.Control.buf = (char*) &control;
    message.Control.len = sizeof control;
    result = ((LPFN_WSASENDMSG) function)(s, &message, 0, &sent, NULL, NULL);
    closesocket(s);
    return result != 0;
}

static void ask__function(const struct probe_api* api, SOCKET s, struct probe_answers* answers,
                          const char* name, const GUID* guid) {
    struct probe_answer* row = ask__row(answers, "function", name);
    GUID asked = *guid;
    void* function = NULL;
    DWORD bytes = 0;

    if (api->WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &asked, sizeof asked, &function,
                      sizeof function, &bytes, NULL, NULL) != 0) {
        ask__set(row, 0, probe_error(WSAGetLastError()));
        return;
    }
    if (function == NULL) {
        ask__set(row, 0, "success without a pointer");
        return;
    }
    ask__find_module(row, function);
    if (guid == &ask__send_msg && !ask__reads_control(function)) {
        ask__set(row, 0, "drops control data");
        return;
    }
    if (guid == &ask__sockaddrs ? ask__sets_addresses(function) : ask__is_real(guid, function))
        ask__set(row, 1, "yes");
    else
        ask__set(row, 0, "a stub that does nothing");
}

/* Given as a whole table. A completion queue of no size is refused by what is real. */
static void ask__registered_io(const struct probe_api* api, SOCKET s,
                               struct probe_answers* answers) {
    struct probe_answer* row = ask__row(answers, "function", "Registered I/O");
    RIO_EXTENSION_FUNCTION_TABLE table = {0};
    GUID asked = ask__rio;
    DWORD bytes = 0;

    if (api->WSAIoctl(s, SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER, &asked, sizeof asked, &table,
                      sizeof table, &bytes, NULL, NULL) != 0) {
        ask__set(row, 0, probe_error(WSAGetLastError()));
        return;
    }
    if (table.RIOCreateCompletionQueue == NULL) {
        ask__set(row, 0, "success without a table");
        return;
    }
    ask__find_module(row, (const void*) table.RIOCreateCompletionQueue);
    WSASetLastError(ASK__UNTOUCHED);
    if (table.RIOCreateCompletionQueue(0, NULL) == RIO_INVALID_CQ && WSAGetLastError() == WSAEINVAL)
        ask__set(row, 1, "yes");
    else
        ask__set(row, 0, "a stub that does nothing");
}

static void ask__ioctl(const struct probe_api* api, SOCKET s, struct probe_answers* answers,
                       const char* name, DWORD code, const void* in, DWORD in_length,
                       DWORD out_length) {
    struct probe_answer* row = ask__row(answers, "ioctl", name);
    char input[32] = {0}, output[512] = {0};
    DWORD bytes = 0;
    if (in_length != 0)
        memcpy(input, in, in_length);
    if (api->WSAIoctl(s, code, in_length != 0 ? input : NULL, in_length,
                      out_length != 0 ? output : NULL, out_length, &bytes, NULL, NULL) == 0)
        ask__set(row, 1, "yes");
    else if (WSAGetLastError() == WSAENOTCONN)
        ask__set(row, 1, "yes, when connected");
    else
        ask__set(row, 0, probe_error(WSAGetLastError()));
}

/* On a socket that is not connected both have to refuse, and a host that accepts looks at nothing.
 */
static void ask__update(const struct probe_api* api, SOCKET s, struct probe_answers* answers,
                        const char* name, int option, SOCKET listener) {
    struct probe_answer* row = ask__row(answers, "option", name);
    int has_value = listener != INVALID_SOCKET;
    if (api->setsockopt(s, SOL_SOCKET, option, has_value ? (const char*) &listener : NULL,
                        has_value ? (int) sizeof listener : 0) == 0)
        ask__set(row, 0, "accepts an unconnected socket");
    else if (WSAGetLastError() == WSAENOPROTOOPT || WSAGetLastError() == WSAEFAULT)
        ask__set(row, 0, probe_error(WSAGetLastError()));
    else
        ask__set(row, 1, "yes");
}

static void ask__options(const struct probe_api* api, SOCKET s, struct probe_answers* answers) {
    struct probe_answer* row;
    DWORD seconds = 0;
    int length = sizeof seconds, one = 1;

    ask__update(api, s, answers, "SO_UPDATE_CONNECT_CONTEXT", SO_UPDATE_CONNECT_CONTEXT,
                INVALID_SOCKET);
    ask__update(api, s, answers, "SO_UPDATE_ACCEPT_CONTEXT", SO_UPDATE_ACCEPT_CONTEXT, s);
    row = ask__row(answers, "option", "SO_CONNECT_TIME");
    if (api->getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length) != 0)
        ask__set(row, 0, probe_error(WSAGetLastError()));
    else if (seconds != 0xFFFFFFFFu)
        ask__set(row, 0, "wrong for an unconnected socket");
    else
        ask__set(row, 1, "yes");
    row = ask__row(answers, "option", "TCP_FASTOPEN");
    if (api->setsockopt(s, IPPROTO_TCP, 15, (const char*) &one, sizeof one) == 0)
        ask__set(row, 1, "yes");
    else
        ask__set(row, 0, probe_error(WSAGetLastError()));
}

static void ask__ioctls(const struct probe_api* api, SOCKET tcp, SOCKET udp,
                        struct probe_answers* answers) {
    static const struct tcp_keepalive keepalive = {1, 60000, 1000};
    static const TCP_INITIAL_RTO_PARAMETERS rto = {
        TCP_INITIAL_RTO_UNSPECIFIED_RTT, TCP_INITIAL_RTO_UNSPECIFIED_MAX_SYN_RETRANSMISSIONS};
    static const DWORD off = 0, on = 1;

    ask__ioctl(api, tcp, answers, "SIO_BASE_HANDLE", SIO_BASE_HANDLE, NULL, 0, sizeof(SOCKET));
    ask__ioctl(api, tcp, answers, "SIO_BSP_HANDLE", SIO_BSP_HANDLE, NULL, 0, sizeof(SOCKET));
    ask__ioctl(api, tcp, answers, "SIO_BSP_HANDLE_SELECT", SIO_BSP_HANDLE_SELECT, NULL, 0,
               sizeof(SOCKET));
    ask__ioctl(api, tcp, answers, "SIO_BSP_HANDLE_POLL", SIO_BSP_HANDLE_POLL, NULL, 0,
               sizeof(SOCKET));
    ask__ioctl(api, tcp, answers, "SIO_KEEPALIVE_VALS", SIO_KEEPALIVE_VALS, &keepalive,
               sizeof keepalive, 0);
    ask__ioctl(api, tcp, answers, "SIO_LOOPBACK_FAST_PATH", SIO_LOOPBACK_FAST_PATH, &on, sizeof on,
               0);
    ask__ioctl(api, tcp, answers, "SIO_TCP_INITIAL_RTO", SIO_TCP_INITIAL_RTO, &rto, sizeof rto, 0);
    ask__ioctl(api, tcp, answers, "SIO_IDEAL_SEND_BACKLOG_QUERY", SIO_IDEAL_SEND_BACKLOG_QUERY,
               NULL, 0, sizeof(ULONG));
    ask__ioctl(api, tcp, answers, "SIO_IDEAL_SEND_BACKLOG_CHANGE", SIO_IDEAL_SEND_BACKLOG_CHANGE,
               NULL, 0, 0);
    ask__ioctl(api, udp, answers, "SIO_UDP_CONNRESET", SIO_UDP_CONNRESET, &off, sizeof off, 0);
    ask__ioctl(api, udp, answers, "SIO_UDP_NETRESET", SIO_UDP_NETRESET, &off, sizeof off, 0);
}

void probe_ask(const struct probe_api* api, struct probe_answers* answers) {
    SOCKET tcp = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    SOCKET udp = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);

    answers->count = 0;
    ask__function(api, tcp, answers, "ConnectEx", &ask__connect_ex);
    ask__function(api, tcp, answers, "AcceptEx", &ask__accept_ex);
    ask__function(api, tcp, answers, "GetAcceptExSockaddrs", &ask__sockaddrs);
    ask__function(api, tcp, answers, "DisconnectEx", &ask__disconnect_ex);
    ask__function(api, tcp, answers, "TransmitFile", &ask__transmit_file);
    ask__function(api, tcp, answers, "TransmitPackets", &ask__transmit_packets);
    ask__function(api, udp, answers, "WSARecvMsg", &ask__recv_msg);
    ask__function(api, udp, answers, "WSASendMsg", &ask__send_msg);
    ask__registered_io(api, tcp, answers);
    ask__ioctls(api, tcp, udp, answers);
    ask__options(api, tcp, answers);
    closesocket(tcp);
    closesocket(udp);
}
