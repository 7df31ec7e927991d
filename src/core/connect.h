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

/* Connects the socket, and then sends the payload, in one of four ways:
 *     native  by the host's own ConnectEx, which without a payload gets the program's OVERLAPPED
 * and does everything. With one it connects on an OVERLAPPED of ours, and the payload is sent right
 * behind, with the program's: Wine holds such a send until the connect is decided, and completes it
 * with the connect's failure or with what becomes of the send. poll    the same with a non-blocking
 * connect in the place of the host's ConnectEx worker  by connect() on a worker thread, which sends
 * the payload itself caller  in the calling thread, on a socket whose I/O makes its caller wait
 * Where the host does not take a send behind a connect, the loop learns the connect's outcome and
 * goes on with it.
 *
 * Without a lock. Returns ERROR_IO_PENDING where the OVERLAPPED is or will be completed; 0 where
 * the host has ended the operation at once, and its packet is the host's affair; or an error, with
 * the OVERLAPPED not used: the host's, WSAEALREADY while one of ours is in progress, WSAEINVAL for
 * a socket that may not be connected now, ERROR_NOT_SUPPORTED where no way is allowed that works on
 * this host, WSAENOBUFS. */
int connect_begin(const struct connect_request* request);

#endif
