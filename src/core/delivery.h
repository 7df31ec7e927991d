/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_DELIVERY_H
#define WSEXT_CORE_DELIVERY_H

#include <stdint.h>

#include "core/socket.h"

/* Completing the program's OVERLAPPED. All are called under the record's lock. */

/* Makes the OVERLAPPED that of an operation in progress, as the host does when it accepts one. */
void delivery_begin(OVERLAPPED* overlapped);

/* Completes the OVERLAPPED with any status and byte count: status block, event and completion
 * packet, as for an operation that was pending, so also in skip mode. Nothing of the program's is
 * touched afterwards. To a port that was associated before we were loaded only 0 bytes can be
 * reported. */
void delivery_complete(const struct socket* socket, OVERLAPPED* overlapped, uint32_t status,
                       DWORD bytes);

/* The same for a socket that is closed already, whose handle may be another's by now: only what was
 * noted of it is used. */
void delivery_complete_closed(const struct socket* socket, OVERLAPPED* overlapped, uint32_t status,
                              DWORD bytes);

/* Sends the payload with the program's OVERLAPPED, which the host then completes. Returns 0 where
 * the send was accepted, or the Winsock error with which it was refused; *finished says whether it
 * ended at once. The packet of a send that ended at once is the host's to post, unless the socket
 * is in skip mode: then there is none. */
int delivery_send(SOCKET handle, char* payload, DWORD length, OVERLAPPED* overlapped,
                  int* finished);

/* Under the record's lock: whether delivery_complete() can tell of this OVERLAPPED how many bytes
 * were transferred. */
int delivery_can_count(const struct socket* socket, const OVERLAPPED* overlapped);

/* Whether the host has a request that completes an OVERLAPPED with any status. */
int delivery_has_request(void);

/* Whether the OVERLAPPED asks for a packet, where its socket has a port. */
int delivery_wants_packet(const OVERLAPPED* overlapped);

/* Posts the packet that the host left out because of skip mode; the status block and the event are
 * done already. */
void delivery_post_skipped(const struct socket* socket, OVERLAPPED* overlapped, DWORD bytes);

#endif
