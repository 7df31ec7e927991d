/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_CONNECT_H
#define WSEXT_CORE_CONNECT_H

#include "core/op.h"

/* A ConnectEx whose arguments were checked. */
struct connect_request {
    SOCKET handle;
    const struct sockaddr* name;
    int name_length;
    unsigned peer; /* A digest of the address, to know the connection again by. */
    char* payload; /* NULL without a payload; the program's buffer, used in place. */
    DWORD length;  /* In bytes. */
    OVERLAPPED* overlapped;
};

/* Connects the socket, and then sends the payload, in one of four ways. By the host's own ConnectEx
 * (`native`), which without a payload, or with a small one (ride.h), gets the program's OVERLAPPED
 * and does everything; with a larger one it connects on an OVERLAPPED of ours, and the payload is
 * sent when it is up. By a non-blocking connect in the place of the host's ConnectEx (`poll`). By
 * connect() on a worker thread, which sends the payload itself (`thread`). Or in the calling
 * thread, on a socket whose I/O makes its caller wait.
 *
 * Without a lock. Returns ERROR_IO_PENDING where the OVERLAPPED is or will be completed; 0 where
 * the host has ended the operation at once, and its packet is the host's affair; or an error, with
 * the OVERLAPPED not used: the host's, WSAEALREADY while one of ours is in progress, WSAEINVAL for
 * a socket that may not be connected now, ERROR_NOT_SUPPORTED where no way is allowed that works on
 * this host, WSAENOBUFS. */
int connect_begin(const struct connect_request* request);

#endif
