/* SPDX-License-Identifier: MIT */
#include "ext/controls.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "core/endless.h"
#include "core/table.h"

/* Of Microsoft's mstcpip.h, mswsock.h and ws2ipdef.h; older headers lack them. */
#ifndef SIO_UDP_CONNRESET
#define SIO_UDP_CONNRESET _WSAIOW(IOC_VENDOR, 12)
#endif
#ifndef SIO_UDP_NETRESET
#define SIO_UDP_NETRESET _WSAIOW(IOC_VENDOR, 15)
#endif
#ifndef SIO_LOOPBACK_FAST_PATH
#define SIO_LOOPBACK_FAST_PATH _WSAIOW(IOC_VENDOR, 16)
#endif
#ifndef SIO_TCP_INITIAL_RTO
#define SIO_TCP_INITIAL_RTO _WSAIOW(IOC_VENDOR, 17)
#endif
#ifndef SIO_BASE_HANDLE
#define SIO_BASE_HANDLE _WSAIOR(IOC_WS2, 34)
#endif
#ifndef SIO_BSP_HANDLE
#define SIO_BSP_HANDLE _WSAIOR(IOC_WS2, 27)
#define SIO_BSP_HANDLE_SELECT _WSAIOR(IOC_WS2, 28)
#define SIO_BSP_HANDLE_POLL _WSAIOR(IOC_WS2, 29)
#endif
#ifndef SIO_IDEAL_SEND_BACKLOG_QUERY
#define SIO_IDEAL_SEND_BACKLOG_QUERY _IOR('t', 123, ULONG)
#define SIO_IDEAL_SEND_BACKLOG_CHANGE _IO('t', 122)
#endif

#define CONTROLS__ANY 0

/* TCP_INITIAL_RTO_PARAMETERS, which older headers lack, too. */
struct controls__rto {
    USHORT rtt; /* In milliseconds. */
    UCHAR max_retries;
};
#define CONTROLS__RTT_DEFAULT 0
#define CONTROLS__RTT_UNSPECIFIED 0xFFFF
#define CONTROLS__RETRIES_DEFAULT 0
#define CONTROLS__RETRIES_UNSPECIFIED 0xFF

struct controls__call {
    SOCKET s;
    DWORD code;
    void* in;
    DWORD in_length;
    void* out;
    DWORD out_length;
    DWORD* returned;
    WSAOVERLAPPED* overlapped;
    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine;
};

struct controls__row {
    DWORD code;
    int type; /* The kind of socket that it is for. */
    DWORD in_length, out_length;
    int (*answer)(const struct controls__call* call);
};

/* Asks the host without the OVERLAPPED, which it would complete even where it refuses. The codes
 * that are asked for so are answered at once by each host. */
static int controls__ask(const struct controls__call* call, DWORD code, void* out,
                         DWORD out_length) {
    DWORD bytes = 0;
    return host.WSAIoctl(call->s, code, call->in, call->in_length, out, out_length, &bytes, NULL,
                         NULL) == 0
               ? 0
               : WSAGetLastError();
}

static int controls__is_refusal(int error) {
    return error == WSAEOPNOTSUPP || error == WSAEINVAL || error == WSAENOPROTOOPT;
}

/* A success. The OVERLAPPED is completed by a request that the host answers at once and that
 * changes nothing, so status block, event, packet, skip mode and completion routine are the host's
 * own. */
static int controls__succeed(const struct controls__call* call, DWORD bytes) {
    static void* place;
    GUID guid = WSAID_ACCEPTEX;
    DWORD ignored = 0;

    *call->returned = bytes;
    if (call->overlapped == NULL)
        return 0;
    return host.WSAIoctl(call->s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &place,
                         sizeof place, &ignored, call->overlapped, call->routine) == 0
               ? 0
               : WSAGetLastError();
}

static int controls__host(const struct controls__call* call) {
    return host.WSAIoctl(call->s, call->code, call->in, call->in_length, call->out,
                         call->out_length, call->returned, call->overlapped, call->routine) == 0
               ? 0
               : WSAGetLastError();
}

/* A BOOL, of which many .NET programs pass the first byte only; Windows takes that. */
static int controls__truth(const struct controls__call* call) {
    DWORD value = 0;
    memcpy(&value, call->in, call->in_length < sizeof value ? call->in_length : sizeof value);
    return value != 0;
}

/* Whether the end of a datagram at a closed port is reported. A host that knows the code does what
 * it does; Wine accepts both values and reports to connected sockets only, whichever was set. TRUE,
 * in which each socket starts, asks for no more than what the network happens to tell. */
static int controls__connreset(const struct controls__call* call) {
    int error = controls__ask(call, call->code, NULL, 0);
    return error != 0 ? error : controls__succeed(call, 0);
}

/* Whether datagrams whose time to live ran out are reported. A host that refuses the code has no
 * such reports: Linux gives them to sockets with IP_RECVERR only, which Wine never sets. To switch
 * them off is then done already, and to switch them on cannot be done. */
static int controls__netreset(const struct controls__call* call) {
    int error = controls__ask(call, call->code, NULL, 0);
    if (controls__is_refusal(error) && !controls__truth(call))
        error = 0;
    return error != 0 ? error : controls__succeed(call, 0);
}

/* A shorter way for TCP within the machine, which Windows has and no program can see but by a
 * clock. The loopback of a host that refuses the code has one way only, without a network card's
 * driver or timers in it, so there is nothing left to switch, either way. */
static int controls__fast_path(const struct controls__call* call) {
    int error = controls__ask(call, call->code, NULL, 0);
    if (controls__is_refusal(error))
        error = 0;
    return error != 0 ? error : controls__succeed(call, 0);
}

/* How long and how often a SYN is sent again. Where the host refuses, only to leave both as they
 * are can be done; programs that want connects on the loopback to fail faster (libuv) ignore a
 * refusal, and a refused connect fails at once there. */
static int controls__initial_rto(const struct controls__call* call) {
    struct controls__rto rto;
    int error = controls__ask(call, call->code, NULL, 0);

    memcpy(&rto, call->in, sizeof rto);
    if (controls__is_refusal(error)) {
        if ((rto.rtt == CONTROLS__RTT_DEFAULT || rto.rtt == CONTROLS__RTT_UNSPECIFIED) &&
            (rto.max_retries == CONTROLS__RETRIES_DEFAULT ||
             rto.max_retries == CONTROLS__RETRIES_UNSPECIFIED)) {
            error = 0;
        } else {
            log_info("socket %#Ix SIO_TCP_INITIAL_RTO with %u ms, %u retries is refused",
                     (size_t) call->s, rto.rtt, rto.max_retries);
            error = WSAEOPNOTSUPP;
        }
    }
    return error != 0 ? error : controls__succeed(call, 0);
}

static int controls__is_base_socket(SOCKET s) {
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    return host.getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &length) == 0 &&
           (info.dwServiceFlags1 & XP1_IFS_HANDLES) != 0;
}

/* The socket of the provider that stands lowest, for WSASendMsg, select and WSAPoll. Layered
 * providers alone can make it another one than that of SIO_BASE_HANDLE or the socket itself, and
 * they answer for themselves. */
static int controls__bsp_handle(const struct controls__call* call) {
    SOCKET base = call->s;
    int error;

    if (call->overlapped != NULL)
        return controls__host(call);
    error = controls__ask(call, call->code, &base, sizeof base);
    if (controls__is_refusal(error))
        error = controls__ask(call, SIO_BASE_HANDLE, &base, sizeof base);
    if (controls__is_refusal(error) && controls__is_base_socket(call->s)) {
        base = call->s;
        error = 0;
    }
    if (error != 0)
        return error;
    memcpy(call->out, &base, sizeof base);
    return controls__succeed(call, sizeof base);
}

/* Wine answers it, but leaves an OVERLAPPED for ever as it is. */
static int controls__backlog_query(const struct controls__call* call) {
    ULONG backlog = 0;
    int error = controls__ask(call, call->code, &backlog, sizeof backlog);
    if (error != 0)
        return error;
    memcpy(call->out, &backlog, sizeof backlog);
    return controls__succeed(call, sizeof backlog);
}

/* Wine's backlog is a constant, so no change is ever to be told and the notification is pending
 * until it is cancelled or the socket closed. Other hosts know better. */
static int controls__backlog_change(const struct controls__call* call) {
    struct sockaddr_storage peer;
    int length = sizeof peer;

    if (call->out_length != 0)
        return WSAEINVAL;
    if (host.getpeername(call->s, (struct sockaddr*) &peer, &length) != 0)
        return WSAGetLastError();
    if (!endless_is_available())
        return controls__host(call);
    if (call->overlapped == NULL && (table_flags(call->s) & TABLE_NONBLOCKING))
        return WSAEWOULDBLOCK;
    *call->returned = 0;
    return call->overlapped == NULL ? endless_wait(call->s)
                                    : endless_begin(call->s, call->overlapped, call->routine);
}

static const struct controls__row controls__rows[] = {
    {SIO_UDP_CONNRESET, SOCK_DGRAM, 1, 0, controls__connreset},
    {SIO_UDP_NETRESET, SOCK_DGRAM, 1, 0, controls__netreset},
    {SIO_BASE_HANDLE, CONTROLS__ANY, 0, sizeof(SOCKET), controls__host},
    {SIO_BSP_HANDLE, CONTROLS__ANY, 0, sizeof(SOCKET), controls__bsp_handle},
    {SIO_BSP_HANDLE_SELECT, CONTROLS__ANY, 0, sizeof(SOCKET), controls__bsp_handle},
    {SIO_BSP_HANDLE_POLL, CONTROLS__ANY, 0, sizeof(SOCKET), controls__bsp_handle},
    {SIO_TCP_INITIAL_RTO, SOCK_STREAM, sizeof(struct controls__rto), 0, controls__initial_rto},
    {SIO_LOOPBACK_FAST_PATH, SOCK_STREAM, sizeof(DWORD), 0, controls__fast_path},
    {SIO_IDEAL_SEND_BACKLOG_QUERY, SOCK_STREAM, 0, sizeof(ULONG), controls__backlog_query},
    {(DWORD) SIO_IDEAL_SEND_BACKLOG_CHANGE, SOCK_STREAM, 0, 0, controls__backlog_change},
};

static const struct controls__row* controls__find(DWORD code) {
    size_t i;
    for (i = 0; i < sizeof controls__rows / sizeof controls__rows[0]; i++) {
        if (controls__rows[i].code == code)
            return &controls__rows[i];
    }
    return NULL;
}

int controls_is_ours(DWORD code) {
    return controls__find(code) != NULL;
}

/* More may be passed than is needed, and is looked at up to a DWORD (controls__truth). */
static DWORD controls__in_used(const struct controls__row* row, DWORD in_length) {
    if (row->in_length == 0 || row->in_length >= sizeof(DWORD))
        return row->in_length;
    return in_length < sizeof(DWORD) ? in_length : sizeof(DWORD);
}

static int controls__check(const struct controls__row* row, const struct controls__call* call) {
    int type = 0, length = sizeof type;

    if (call->in_length < row->in_length ||
        !memory_is_readable(call->in, controls__in_used(row, call->in_length)) ||
        call->out_length < row->out_length || !memory_is_writable(call->out, row->out_length) ||
        !memory_is_writable(call->returned, sizeof *call->returned))
        return WSAEFAULT;
    if (call->overlapped != NULL && !memory_is_writable(call->overlapped, sizeof *call->overlapped))
        return WSAEFAULT;
    if (host.getsockopt(call->s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) != 0)
        return WSAGetLastError();
    return row->type != CONTROLS__ANY && row->type != type ? WSAEOPNOTSUPP : 0;
}

int controls_call(SOCKET s, DWORD code, void* in, DWORD in_length, void* out, DWORD out_length,
                  DWORD* returned, WSAOVERLAPPED* overlapped,
                  LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    const struct controls__row* row = controls__find(code);
    struct controls__call call;
    int error;

    call.s = s;
    call.code = code;
    call.in = in;
    call.in_length = in_length;
    call.out = out;
    call.out_length = out_length;
    call.returned = returned;
    call.overlapped = overlapped;
    call.routine = routine;
    error = controls__check(row, &call);
    return error != 0 ? error : row->answer(&call);
}
