/* SPDX-License-Identifier: MIT */
#include "ext/sockaddrs.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/once.h"
#include "base/status.h"
#include "host/caps.h"

/* The layout is the affair of whose AcceptEx wrote the buffer. Wine writes each address with its
 * length before it, as an int; on another host its own function has to be asked. */

static struct once sockaddrs__once;
static LPFN_GETACCEPTEXSOCKADDRS sockaddrs__host;

/* The function has no socket argument, and its pointer is to be had from a socket only. */
static int sockaddrs__ask(void) {
    static const GUID guid = WSAID_GETACCEPTEXSOCKADDRS;
    int error = 0;
    SOCKET s;

    if (caps_find(CAP_ACCEPT_PREFIX) != 0)
        return -1;
    if (caps_has(CAP_ACCEPT_PREFIX))
        return 0;
    s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (s == INVALID_SOCKET)
        return status_is_shortage(WSAGetLastError()) ? -1 : 0;
    sockaddrs__host = (LPFN_GETACCEPTEXSOCKADDRS) host_ask_function(s, &guid);
    if (sockaddrs__host == NULL)
        error = WSAGetLastError();
    host.closesocket(s);
    return status_is_shortage(error) ? -1 : 0;
}

/* The place need not be aligned: it lies behind data of any length. */
static struct sockaddr* sockaddrs__read(char* place, DWORD room, int* size) {
    int length;

    *size = 0;
    if (room < sizeof length)
        return NULL;
    memcpy(&length, place, sizeof length);
    if (length < (int) sizeof(((struct sockaddr*) 0)->sa_family) ||
        (DWORD) length > room - sizeof length)
        return NULL;
    *size = length;
    return (struct sockaddr*) (place + sizeof length);
}

static void sockaddrs__put(struct sockaddr* address, int size, struct sockaddr** address_place,
                           int* size_place) {
    if (address_place != NULL && memory_is_writable(address_place, sizeof *address_place))
        *address_place = address;
    if (size_place != NULL && memory_is_writable(size_place, sizeof *size_place))
        *size_place = size;
}

void PASCAL sockaddrs_call(PVOID buffer, DWORD receive_length, DWORD local_length,
                           DWORD remote_length, struct sockaddr** local, int* local_size,
                           struct sockaddr** remote, int* remote_size) {
    ULONGLONG whole = (ULONGLONG) receive_length + local_length + remote_length;
    struct sockaddr* addresses[2] = {NULL, NULL};
    int sizes[2] = {0, 0};
    DWORD error = GetLastError();
    char* place;

    once_try(&sockaddrs__once, sockaddrs__ask);
    if (buffer != NULL && whole <= SIZE_MAX - (uintptr_t) buffer &&
        memory_is_readable(buffer, (size_t) whole)) {
        place = (char*) buffer + receive_length;
        if (sockaddrs__host != NULL) {
            sockaddrs__host(buffer, receive_length, local_length, remote_length, &addresses[0],
                            &sizes[0], &addresses[1], &sizes[1]);
        } else {
            addresses[0] = sockaddrs__read(place, local_length, &sizes[0]);
            addresses[1] = sockaddrs__read(place + local_length, remote_length, &sizes[1]);
        }
    }
    if (local_length != 0)
        sockaddrs__put(addresses[0], sizes[0], local, local_size);
    if (remote_length != 0)
        sockaddrs__put(addresses[1], sizes[1], remote, remote_size);
    SetLastError(error);
}
