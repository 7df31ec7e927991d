/* SPDX-License-Identifier: MIT */
#include "host/caps.h"

#include <string.h>

#include "base/log.h"
#include "base/once.h"
#include "base/status.h"
#include "host/requests.h"

/* A probe says whether the host has the capability: 1, 0, or -1 where it is out of memory. */
typedef int (*caps__probe)(void);

#define CAPS__NEVER 0xFFFFFFFFu
#define CAPS__SEND_ROOM 16384 /* In bytes. */
#define CAPS__PATIENCE 1000   /* In milliseconds, for a datagram of one byte on the loopback. */

static volatile LONG caps__known;
static volatile LONG caps__present;

static int caps__from_error(int error) {
    return status_is_shortage(error) ? -1 : 0;
}

/* A socket of ours on the loopback, so that nothing that a probe does leaves the machine. Returns 0
 * or an error. */
static int caps__make_socket(int type, SOCKET* s, struct sockaddr_in* name) {
    int error, length = sizeof *name;
    memset(name, 0, sizeof *name);
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *s = host.socket(AF_INET, type, 0);
    if (*s == INVALID_SOCKET)
        return WSAGetLastError();
    if (host.bind(*s, (struct sockaddr*) name, sizeof *name) == 0 &&
        host.getsockname(*s, (struct sockaddr*) name, &length) == 0)
        return 0;
    error = WSAGetLastError();
    host.closesocket(*s);
    *s = INVALID_SOCKET;
    return error;
}

static int caps__can_complete(void) {
    IO_STATUS_BLOCK block;
    SOCKET s = host.socket(AF_INET, SOCK_DGRAM, 0);
    host_status status;

    if (s == INVALID_SOCKET)
        return caps__from_error(WSAGetLastError());
    block.Status = (host_status) STATUS__PENDING;
    status = request_complete(s, NULL, NULL, &block, STATUS__CANCELLED);
    host.closesocket(s);
    if ((uint32_t) status == STATUS__CANCELLED && (uint32_t) block.Status == STATUS__CANCELLED)
        return 1;
    return caps__from_error(status_to_error((uint32_t) status));
}

/* That the device opens tells nothing of the layout of its requests, which on 64-bit ReactOS is
 * another one. A datagram socket can be written to at any time, and the reply must say so of it. */
static int caps__can_poll(void) {
    unsigned events = 0;
    SOCKET s;
    int result = request_open_device();

    if (result <= 0)
        return result;
    s = host.socket(AF_INET, SOCK_DGRAM, 0);
    if (s == INVALID_SOCKET)
        return caps__from_error(WSAGetLastError());
    result = request_look(&s, REQUEST_SEND, &events, 1);
    host.closesocket(s);
    return result > 0 ? -1 : events == REQUEST_SEND;
}

/* ReactOS tells the seconds since 1970 of a socket that is not connected. */
static int caps__tells_time_of_any(void) {
    DWORD seconds = CAPS__NEVER;
    int error = 0, length = sizeof seconds;
    SOCKET s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

    if (s == INVALID_SOCKET)
        return caps__from_error(WSAGetLastError());
    if (host.getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length) != 0)
        error = WSAGetLastError();
    host.closesocket(s);
    return error != 0 ? caps__from_error(error) : seconds != CAPS__NEVER;
}

/* A completion port that the socket reports to, or NULL. */
static HANDLE caps__make_port(SOCKET s) {
    HANDLE port = host.CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (port == NULL || host_associate((HANDLE) s, port, 0) >= 0)
        return port;
    host.CloseHandle(port);
    SetLastError(WSAENOBUFS);
    return NULL;
}

/* Returns 0 where the host says that the connect goes on, or what it says instead. */
static int caps__begin_connect(SOCKET s, const struct sockaddr_in* name) {
    HANDLE port = caps__make_port(s);
    u_long on = 1;
    int error = ERROR_SUCCESS;

    if (port == NULL)
        return (int) GetLastError();
    if (host.ioctlsocket(s, (long) FIONBIO, &on) != 0)
        error = WSAGetLastError();
    else if (host.connect(s, (const struct sockaddr*) name, sizeof *name) == 0)
        error = WSAEISCONN; /* It was waited for. */
    else if (WSAGetLastError() != WSAEWOULDBLOCK)
        error = WSAGetLastError();
    host.CloseHandle(port);
    return error;
}

/* An older ReactOS waits for the connect and returns 0, and a newer one refuses it on a socket that
 * has a completion port. The peer is a socket of ours that listens. */
static int caps__connects_by_itself(void) {
    struct sockaddr_in name, own;
    SOCKET listener, s = INVALID_SOCKET;
    int error = caps__make_socket(SOCK_STREAM, &listener, &name);

    if (error == 0 && host.listen(listener, 1) != 0)
        error = WSAGetLastError();
    if (error == 0)
        error = caps__make_socket(SOCK_STREAM, &s, &own);
    if (error == 0)
        error = caps__begin_connect(s, &name);
    if (s != INVALID_SOCKET)
        host.closesocket(s);
    if (listener != INVALID_SOCKET)
        host.closesocket(listener);
    return error == 0 ? 1 : caps__from_error(error);
}

/* Sends a byte with an event whose low bit is set, on a socket with a port. Returns 0 or an error.
 */
static int caps__send_quietly(SOCKET s, const struct sockaddr_in* name, HANDLE event) {
    char byte = 0;
    WSABUF buffer = {1, &byte};
    OVERLAPPED overlapped;
    DWORD sent;
    int error;

    memset(&overlapped, 0, sizeof overlapped);
    overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    error = host.WSASendTo(s, &buffer, 1, &sent, 0, (const struct sockaddr*) name, sizeof *name,
                           &overlapped, NULL) == 0
                ? 0
                : WSAGetLastError();
    if (error != WSA_IO_PENDING)
        return error;
    return WaitForSingleObject(event, CAPS__PATIENCE) == WAIT_OBJECT_0 ? 0 : WSAETIMEDOUT;
}

static int caps__is_empty(HANDLE port) {
    LONG depth = 0; /* IoCompletionBasicInformation */
    host_status status = host.NtQueryIoCompletion(port, 0, &depth, sizeof depth, NULL);
    return status != 0 ? caps__from_error(status_to_error((uint32_t) status)) : depth == 0;
}

/* ReactOS ignores the low bit, and the packet comes. */
static int caps__steps_are_quiet(void) {
    struct sockaddr_in name;
    SOCKET s;
    HANDLE port, event;
    int result = -1, error = caps__make_socket(SOCK_DGRAM, &s, &name);

    if (error != 0 || host.CancelIoEx == NULL) {
        if (error == 0)
            host.closesocket(s);
        return caps__from_error(error);
    }
    port = caps__make_port(s);
    event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (port != NULL && event != NULL) {
        error = caps__send_quietly(s, &name, event);
        result = error != 0 ? caps__from_error(error) : caps__is_empty(port);
    }
    host.closesocket(s);
    if (port != NULL)
        host.CloseHandle(port);
    if (event != NULL)
        host.CloseHandle(event);
    return result;
}

static int caps__is_wine(void) {
    return host.wine_get_version != NULL;
}

static int caps__lacks_control(void) {
    return host.wine_get_version != NULL || host.WSASendMsg == NULL;
}

/* The administrator may have made it smaller. */
static int caps__has_send_room(void) {
    int room = 0, error = 0, length = sizeof room;
    SOCKET s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

    if (s == INVALID_SOCKET)
        return caps__from_error(WSAGetLastError());
    if (host.getsockopt(s, SOL_SOCKET, SO_SNDBUF, (char*) &room, &length) != 0)
        error = WSAGetLastError();
    host.closesocket(s);
    return error != 0 ? caps__from_error(error) : room >= CAPS__SEND_ROOM;
}

static const struct caps__row {
    caps__probe probe;
    unsigned needs; /* Another capability, without which there is nothing to probe. */
    const char* name;
} caps__rows[CAPS_COUNT] = {
    {caps__can_complete, 0, "a request completes an OVERLAPPED with any status"},
    {caps__can_poll, 0, "sockets can be polled"},
    {caps__tells_time_of_any, 0, "SO_CONNECT_TIME counts without a connection, too"},
    {caps__connects_by_itself, 0, "a non-blocking connect goes on by itself"},
    {caps__steps_are_quiet, 0, "overlapped steps stay out of the program's port"},
    {caps__is_wine, CAP_POLL, "sends lose resets unless they are looked at"},
    {caps__is_wine, 0, "WSAEINVAL stands for a connect in progress"},
    {caps__is_wine, 0, "AcceptEx takes rooms that are too small"},
    {caps__is_wine, 0, "AcceptEx puts lengths before the addresses"},
    {caps__is_wine, 0, "a file's read ends with the call"},
    {caps__lacks_control, 0, "WSASendMsg does without control data"},
    {caps__is_wine, CAP_POLL, "a poll may be made on a socket's own handle"},
    {caps__has_send_room, 0, "a fresh socket has the usual room for what it sends"},
};

/* Returns 0, or -1 where it has to be tried again. */
static int caps__find_one(unsigned bit, const struct caps__row* row) {
    int result;
    if (row->needs != 0 && caps_find(row->needs) != 0)
        return -1;
    result = row->needs == 0 || caps_has((enum cap) row->needs) ? row->probe() : 0;
    if (result < 0)
        return -1;
    if (result > 0)
        InterlockedOr(&caps__present, (LONG) bit);
    InterlockedOr(&caps__known, (LONG) bit);
    log_info("the host: %s: %s", row->name, result ? "yes" : "no");
    return 0;
}

/* Two threads that come at once both ask the host, and find the same. */
int caps_find(unsigned wanted) {
    unsigned missing = wanted & ~(unsigned) caps__known;
    DWORD before;
    int i, result = 0;

    if (missing == 0)
        return 0;
    before = GetLastError();
    for (i = 0; i < CAPS_COUNT; i++) {
        if ((missing & 1u << i) && caps__find_one(1u << i, &caps__rows[i]) != 0)
            result = -1;
    }
    SetLastError(before);
    return result;
}

int caps_has(enum cap cap) {
    return (caps__present & (LONG) cap) != 0;
}

const char* caps_name(enum cap cap) {
    int i = 0;
    while (i < CAPS_COUNT - 1 && !(cap & 1u << i))
        i++;
    return caps__rows[i].name;
}
