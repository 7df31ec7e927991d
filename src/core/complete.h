/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_COMPLETE_H
#define WSEXT_CORE_COMPLETE_H

#include <stdint.h>

#include "core/port.h"

/* Completing the program's OVERLAPPED. */

/* Where the operations of a socket are reported. */
struct target {
    SOCKET handle;
    struct port port; /* Its handle is NULL where none is known; by port_hold(), perhaps. */
    ULONG_PTR key;
    unsigned char is_open;  /* The handle is the socket's still. */
    unsigned char is_known; /* We have seen all that was associated: no port then means none. */
    unsigned char skips;    /* FILE_SKIP_COMPLETION_PORT_ON_SUCCESS is set. */
};

/* Takes a reference to the OVERLAPPED's event and resets it, as the host does: the program may
 * close its handle as soon as it has what it needs, and the value may be another's then. *event is
 * NULL where there is none. Returns 0; WSAENOTSOCK for what is no event, as the host's functions
 * do; or WSAENOBUFS. The other gives it back, NULL included. */
int complete_take_event(const OVERLAPPED* overlapped, HANDLE* event);
void complete_give_event_back(HANDLE event);

/* Makes the OVERLAPPED that of an operation in progress, as the host does when it accepts one. */
void complete_begin(OVERLAPPED* overlapped);

/* Whether the OVERLAPPED asks for a packet, where its socket has a port: the low bit of its event
 * says that it does not (GetQueuedCompletionStatus). */
int complete_wants_packet(const OVERLAPPED* overlapped);

/* Whether complete() can tell of this OVERLAPPED how many bytes were transferred: not to a port
 * that is not known. */
int complete_can_count(const struct target* target, const OVERLAPPED* overlapped);

/* Completes the OVERLAPPED with any status and byte count: status block, event and completion
 * packet, as for an operation that was pending, so also in skip mode. Nothing of the program's is
 * touched afterwards. Uses up what the target holds of its port. To a target that is not known, 0
 * bytes are told whatever the count. May be called with a socket's lock held, and by any thread;
 * never waits. */
void complete(const struct target* target, OVERLAPPED* overlapped, HANDLE event, uint32_t status,
              DWORD bytes);

/* The same for a success within the call that issued it, in skip mode, which has no packet. */
void complete_without_packet(OVERLAPPED* overlapped, HANDLE event, DWORD bytes);

#endif
