/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_DESTINATION_H
#define WSEXT_CORE_DESTINATION_H

#include <stdint.h>

#include "core/port.h"

/* The register of all that sockets report to: completion ports and the functions that the system's
 * thread pools call. For port.c and pool.c; everybody else goes by the names of port.h. */

struct destination;

struct destination_end {
    ULONG_PTR key;
    OVERLAPPED* overlapped;
    host_status status;
    DWORD bytes;
    int is_held; /* By a name of port_hold(), which ends with it. */
};

/* All are called under the lock, in which the destination cannot go. */
struct destination_kind {
    /* Has the end of an operation reported. Returns a status below 0 where the host refuses. */
    host_status (*post)(struct destination* destination, const struct destination_end* end);
    /* The same for having a socket report there. NULL where no second one can. */
    host_status (*associate)(struct destination* destination, SOCKET s, ULONG_PTR key);
    /* Counts the operations in progress that will report there, as post() does for one that is
     * held. NULL where nobody asks. */
    void (*hold)(struct destination* destination, int change);
};

/* The head of each destination. */
struct destination {
    struct destination* next;
    const struct destination_kind* kind;
    struct port name;
    ULONGLONG held; /* The serial number in the names that port_hold() gives out, or 0. */
};

/* The one lock of all destinations; taken under a record's lock, never the other way round. */
void destination_acquire(void);
void destination_release(void);

/* The others are called under the lock. */

/* A number that no destination has had. */
ULONGLONG destination_next_serial(void);

/* Names the destination by what the system knows it by, and registers it. */
void destination_add(struct destination* destination, const struct destination_kind* kind,
                     HANDLE handle);

/* Takes it out of the register; no name of before is good from then on. */
void destination_remove(struct destination* destination);

/* The one of that kind with that handle, or the one with that name; or NULL. */
struct destination* destination_find(const struct destination_kind* kind, HANDLE handle);
struct destination* destination_named(const struct port* name);

#endif
