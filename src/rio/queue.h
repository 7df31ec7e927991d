/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_RIO_QUEUE_H
#define WSEXT_RIO_QUEUE_H

#include "core/socket.h"
#include "rio/request.h"

/* Request queues. A queue belongs to a socket, whose record names it, until the socket is closed:
 * then its name is unknown, its requests end with WSA_OPERATION_ABORTED, and what room they do not
 * need is free. It takes requests up to the limits that its completion queues have promised room
 * for, and counts each until its completion was taken; requests of one direction are carried out
 * and reported in the order in which they were made. */

/* Creates the socket's queue and returns its name, or RIO_INVALID_RQ with *error set: WSAEINVAL for
 * a completion queue that is unknown, for limits that are both 0, for a number of data buffers
 * other than 1 (or 0 where the limit is 0), and for a socket that has a queue; WSAENOTSOCK;
 * WSAEOPNOTSUPP for a socket without WSA_FLAG_REGISTERED_IO and one that is not of TCP or UDP;
 * WSAENOBUFS where a completion queue has no room for the limits. Source: RIOCreateRequestQueue. */
RIO_RQ rio_queue_create(SOCKET handle, const ULONG limits[RIO_DIRECTIONS],
                        const ULONG buffers[RIO_DIRECTIONS],
                        const RIO_CQ completions[RIO_DIRECTIONS], void* context, int* error);

/* Returns 0; WSAEINVAL for an unknown name or limits that are both 0; WSAETOOMANYREFS for a limit
 * below the number of requests there are; WSAENOBUFS as above. Source: RIOResizeRequestQueue. */
int rio_queue_resize(RIO_RQ id, const ULONG limits[RIO_DIRECTIONS]);

/* Takes a request; with RIO_MSG_DEFER it may wait for one without. Returns 0, or what
 * rio_request_new() does; WSAEINVAL for an unknown name or where the completion queue was closed;
 * WSAENOBUFS where the limit is reached. Source: RIOSend and RIOReceive. */
int rio_queue_request(RIO_RQ id, enum rio_direction direction,
                      const struct rio_arguments* arguments);

/* Has the requests that wait carried out; RIO_MSG_COMMIT_ONLY. Returns 0, or WSAEINVAL for an
 * unknown name. */
int rio_queue_commit(RIO_RQ id, enum rio_direction direction);

/* Forgets a buffer; an unknown one is ignored. Receives that it is still in use for end with
 * WSA_OPERATION_ABORTED, and the host has let go of them on return, where it can: the program may
 * free the memory, which Windows has locked and we have not. Sends run to their end. Source:
 * RIODeregisterBuffer, by which the results are undefined. */
void rio_queue_deregister(RIO_BUFFERID id);

#endif
