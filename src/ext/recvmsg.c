/* SPDX-License-Identifier: MIT */
#include "ext/recvmsg.h"

#include <limits.h>
#include <string.h>

#include "base/memory.h"
#include "core/gate.h"
#include "core/stats.h"
#include "ext/kind.h"

/* As much as Wine itself takes from the system. */
#define RECVMSG__CONTROL 512

static int recvmsg__check(const WSAMSG* message, const DWORD* received,
                          const WSAOVERLAPPED* overlapped) {
    if (!memory_is_writable(message, sizeof *message) ||
        message->dwBufferCount > INT_MAX / sizeof *message->lpBuffers ||
        !memory_is_readable(message->lpBuffers,
                            message->dwBufferCount * sizeof *message->lpBuffers))
        return WSAEFAULT;
    if (message->name != NULL &&
        (message->namelen < 0 || !memory_is_writable(message->name, (size_t) message->namelen)))
        return WSAEFAULT;
    if (!memory_is_writable(message->Control.buf, message->Control.len))
        return WSAEFAULT;
    if (received == NULL ? overlapped == NULL : !memory_is_writable(received, sizeof *received))
        return WSAEFAULT;
    if (overlapped != NULL && !memory_is_writable(overlapped, sizeof *overlapped))
        return WSAEFAULT;
    return 0;
}

/* Pointers belong to a provider, so the socket's is asked for each time. */
static LPFN_WSARECVMSG recvmsg__host_function(SOCKET s, int* error) {
    static const GUID guid = WSAID_WSARECVMSG;
    LPFN_WSARECVMSG function = (LPFN_WSARECVMSG) host_ask_function(s, &guid);

    *error = 0;
    if (function == NULL)
        *error = WSAGetLastError() == WSAEINVAL ? WSAEOPNOTSUPP : WSAGetLastError();
    return function;
}

static DWORD recvmsg__room(const WSAMSG* message) {
    DWORD i, room = 0;
    for (i = 0; i < message->dwBufferCount; i++)
        room += message->lpBuffers[i].len;
    return room;
}

/* Wine does not tell the count of a message that was cut, so the control data come to a place of
 * ours that is large enough, and the data alone can be cut: to what the buffers hold. */
static int recvmsg__at_once(LPFN_WSARECVMSG function, SOCKET s, WSAMSG* message, DWORD* received) {
    union {
        SIZE_T alignment; /* As of a WSACMSGHDR, which not every header has right. */
        char data[RECVMSG__CONTROL];
    } control;
    WSAMSG copy = *message;
    DWORD count = 0, flags = 0;
    int error = 0;

    copy.Control.buf = control.data;
    copy.Control.len = sizeof control.data;
    if (function(s, &copy, &count, NULL, NULL) != 0)
        error = WSAGetLastError();
    if (error != 0 && error != WSAEMSGSIZE)
        return error;
    if (error == WSAEMSGSIZE) {
        count = recvmsg__room(message);
        flags = MSG_TRUNC;
    }
    if (copy.Control.len > message->Control.len) {
        copy.Control.len = 0;
        flags |= MSG_CTRUNC;
        error = WSAEMSGSIZE;
    }
    memcpy(message->Control.buf, control.data, copy.Control.len);
    message->Control.len = copy.Control.len;
    message->namelen = copy.namelen;
    message->dwFlags = flags;
    *received = count;
    return error;
}

int WSAAPI recvmsg_call(SOCKET s, WSAMSG* message, DWORD* received, WSAOVERLAPPED* overlapped,
                        LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    LPFN_WSARECVMSG function;
    lock_count_t* gate;
    int error = recvmsg__check(message, received, overlapped);

    if (error == 0) {
        function = recvmsg__host_function(s, &error);
        gate = gate_enter(s);
        if (error == 0 && overlapped == NULL)
            error = recvmsg__at_once(function, s, message, received);
        else if (error == 0 && function(s, message, received, overlapped, routine) != 0)
            error = WSAGetLastError();
        gate_leave(gate);
    } else {
        error = kind_blame(s, error);
    }
    stats_count_call(STATS_RECVMSG, error, 0);
    if (error == 0)
        return 0;
    WSASetLastError(error);
    return SOCKET_ERROR;
}

int recvmsg_receive(SOCKET s, char* buffer, int length, int* flags) {
    WSABUF vector;
    DWORD received = 0, how = 0;
    lock_count_t* gate;
    int result, error = 0;

    if (!memory_is_writable(flags, sizeof *flags))
        error = WSAEFAULT;
    else if (length < 0 || (length == 0 && kind_check_stream(s) == 0))
        error = WSAEINVAL;
    if (error != 0) {
        WSASetLastError(error);
        return SOCKET_ERROR;
    }
    vector.buf = buffer;
    vector.len = (ULONG) length;
    gate = gate_enter(s);
    result = host.WSARecv(s, &vector, 1, &received, &how, NULL, NULL);
    gate_leave(gate);
    if (result == 0) {
        *flags = 0;
        return (int) received;
    }
    if (WSAGetLastError() != WSAEMSGSIZE)
        return SOCKET_ERROR;
    *flags = MSG_PARTIAL;
    return length;
}
