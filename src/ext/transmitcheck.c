/* SPDX-License-Identifier: MIT */
#include "ext/transmitcheck.h"

#include "base/memory.h"
#include "base/status.h"
#include "core/flush.h"
#include "core/socket.h"
#include "core/table.h"
#include "ext/kind.h"
#include "host/caps.h"
#include "host/seconds.h"

#define TRANSMITCHECK__FLAGS \
    ((DWORD) (TF_DISCONNECT | TF_REUSE_SOCKET | TF_WRITE_BEHIND | TF_USE_DEFAULT_WORKER | \
              TF_USE_SYSTEM_THREAD | TF_USE_KERNEL_APC))

/* Of a connection that is gone the host knows no peer any more, as of one that never was. A send
 * tells whether the peer has reset it or the program has ended it by shutdown(); where one is in
 * line the transmission's own finds out, behind it. */
static int transmitcheck__connection(SOCKET s) {
    struct sockaddr_storage name;
    DWORD seconds;
    int length = sizeof name;
    struct socket* socket;
    ULONGLONG serial = 0;
    int error;

    if (host.getpeername(s, (struct sockaddr*) &name, &length) == 0)
        return 0;
    if (status_is_shortage(WSAGetLastError()))
        return WSAENOBUFS;
    error = seconds_connected(s, &seconds);
    if (error != 0 || seconds == SECONDS_NEVER)
        return status_is_shortage(error) ? WSAENOBUFS : WSAENOTCONN;
    socket = socket_need(s);
    if (socket != NULL && !lifecycle_is_reusable(&socket->lifecycle))
        serial = socket->serial;
    socket_release(s);
    if (serial == 0)
        return socket != NULL ? WSAENOTCONN : WSAENOBUFS;
    error = table_flags(s) & TABLE_SYNCHRONOUS ? WSAEWOULDBLOCK : flush_try(s, serial);
    if (error == WSAEWOULDBLOCK)
        return 0;
    return error != 0 ? error : WSAECONNRESET;
}

int transmitcheck_call(SOCKET s, const OVERLAPPED* overlapped, DWORD flags, int* is_message) {
    int error;

    if (host_is_shut())
        return WSANOTINITIALISED;
    if (caps_find(CAPS_OPERATIONS) != 0)
        return WSAENOBUFS;
    if (overlapped != NULL && !memory_is_writable(overlapped, sizeof *overlapped))
        return WSAEFAULT;
    error = kind_check_stream(s);
    *is_message = error == WSAEOPNOTSUPP;
    if (error == 0 || *is_message)
        error = transmitcheck__connection(s);
    if (error != 0)
        return error;
    if ((flags & ~TRANSMITCHECK__FLAGS) ||
        (flags & (TF_DISCONNECT | TF_REUSE_SOCKET)) == TF_REUSE_SOCKET)
        return WSAEINVAL;
    return 0;
}
