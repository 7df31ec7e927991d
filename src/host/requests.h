/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOST_REQUESTS_H
#define WSEXT_HOST_REQUESTS_H

#include <stdint.h>

#include "host/host.h"

/* Requests of the socket driver that no function of Winsock makes: polls, in the layout that
 * wepoll, mio and Wine have, and one of Wine's own. What they do is found out by caps.h before they
 * are relied on. */

/* What a socket can be asked for; the values are the socket driver's. */
#define REQUEST_SEND 0x4u
#define REQUEST_RESET 0x10u
#define REQUEST_CLOSE 0x20u
#define REQUEST_CONNECT 0x40u
#define REQUEST_CONNECT_FAIL 0x100u

/* Sockets in one poll at most: a poll is walked for each event of any of its sockets. */
#define REQUEST_GROUP 128u

struct request_socket {
    HANDLE handle;
    ULONG events;
    host_status status;
};

/* The driver's request, over which it writes its reply. */
struct request_poll {
    LARGE_INTEGER timeout;
    ULONG count;
    ULONG exclusive;
    struct request_socket sockets[1];
};

/* The size in bytes of a poll of so many sockets. */
ULONG request_poll_size(unsigned count);

/* Opens the poll device, where that was not done. Returns 1, 0 where the host has none, or -1 where
 * it is out of memory. */
int request_open_device(void);

/* Begins a poll, whose sockets are filled in, that waits for as long as it takes; the event is set
 * at its end. The poll and the block must live until then. Returns the driver's status. */
host_status request_begin_poll(struct request_poll* poll, unsigned count, IO_STATUS_BLOCK* block,
                               HANDLE event);

/* Ends it early; its block tells. */
void request_cancel_poll(IO_STATUS_BLOCK* block);

/* The reply for a socket, or NULL where nothing holds for it: only those that something holds for
 * are named on Windows and Wine. */
const struct request_socket* request_reply(const struct request_poll* poll, unsigned count,
                                           const IO_STATUS_BLOCK* block, SOCKET handle);

/* Looks without waiting which of the wanted events hold for each of at most REQUEST_GROUP sockets.
 * Returns 0, or -1 where one of them is no socket any more, or 1 where the host is out of memory
 * and has not looked. Any thread may call it, if nobody can close the sockets meanwhile: Wine 8's
 * server dies of a poll that names a handle whose value has come back for a socket that is still
 * being made. */
int request_look(const SOCKET* sockets, unsigned wanted, unsigned* events, unsigned count);

/* Begins a poll on the socket's own handle, with the arguments of NtDeviceIoControlFile(), that
 * nothing ends but cancelling and closing. Any thread may call it. Returns the driver's status. */
host_status request_pend(SOCKET s, HANDLE event, PIO_APC_ROUTINE apc, void* context,
                         IO_STATUS_BLOCK* block);

/* Wine's own: completes an operation of the socket with any status, 0 bytes, by block, event and,
 * where packet is not NULL, a completion packet to the port that the socket has, known to us or
 * not; in skip mode without. Measured on Wine 8.0 and 10.0. Returns the status given where the host
 * has done it. */
host_status request_complete(SOCKET s, HANDLE event, OVERLAPPED* packet, void* block,
                             uint32_t status);

/* Whether the file is known to report to no completion port, associated by whomever: NT refuses a
 * request with a routine of its caller on a file that does, whatever is requested. What is
 * requested is nothing that a driver knows, and the routine is not called. Not for Wine. Returns 1
 * or 0. */
int request_has_no_port(SOCKET s);

#endif
