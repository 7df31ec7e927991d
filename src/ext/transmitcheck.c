/* SPDX-License-Identifier: MIT */
#include "ext/transmitcheck.h"

#include "core/record.h"
#include "ext/kind.h"
#include "host/memory.h"
#include "host/seconds.h"

#define TRANSMITCHECK__FLAGS \
    ((DWORD) (TF_DISCONNECT | TF_REUSE_SOCKET | TF_WRITE_BEHIND | TF_USE_DEFAULT_WORKER | \
              TF_USE_SYSTEM_THREAD | TF_USE_KERNEL_APC))

/* What a send says of a connection that is gone: whether the peer has reset it, or the program has
 * ended it by shutdown(). */
static int transmitcheck__ask_send(SOCKET s) {
    WSABUF nothing = {0, NULL};
    DWORD sent;
    return host.WSASend(s, &nothing, 1, &sent, 0, NULL, NULL) == 0 ? WSAECONNRESET
                                                                   : WSAGetLastError();
}

/* Of a connection that is gone the host knows no peer any more, as of one that never was. */
static int transmitcheck__connection(SOCKET s) {
    struct sockaddr_storage name;
    DWORD seconds;
    int length = sizeof name;
    struct record* record;
    int is_gone;

    if (host.getpeername(s, (struct sockaddr*) &name, &length) == 0)
        return 0;
    if (seconds_connected(s, &seconds) != 0 || seconds == SECONDS_NEVER)
        return WSAENOTCONN;
    record = record_find(s);
    is_gone = record == NULL || record->machine.state != MACHINE_REUSABLE;
    record_release(s);
    return is_gone ? transmitcheck__ask_send(s) : WSAENOTCONN;
}

int transmitcheck_call(SOCKET s, const OVERLAPPED* overlapped, DWORD flags, int* is_message) {
    int error;

    if (host_is_shut())
        return WSANOTINITIALISED;
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
