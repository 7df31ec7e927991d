/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_PORT_H
#define WSEXT_CORE_PORT_H

#include <stdint.h>

#include "host/host.h"

/* A completion port of the program, named by its handle. The program may close that while sockets
 * still report to the port, and its value may become another port's: that one must not hear of
 * them. A duplicate of ours would name the port for good, but who waits on a port that the program
 * closes has to be woken, and the port goes only with its last handle.
 *
 * A program that goes on with a duplicate of its own gets no packet that is to be posted to the
 * handle that it has closed. */

/* Equal contents name the same port; handle is NULL where none is known. */
struct port {
    HANDLE handle;
    ULONGLONG serial;
};

/* The program has a socket report to the port. To be called without a record's lock. Returns the
 * port's name, or one of no port where memory is short. */
struct port port_note(HANDLE handle);

/* The handle is about to be closed, or is a new port's: no name of before is good from then on. To
 * be called without a record's lock. Costs a look at each port that is noted. */
void port_forget(HANDLE handle);

/* Post a packet, or have a socket report to the port, if the name is still good. A host that is
 * short of memory is asked again for a while, as nothing else would tell the program. The latter
 * returns 0, or -1 where that was in vain. */
void port_post(const struct port* port, ULONG_PTR key, OVERLAPPED* overlapped, uint32_t status,
               DWORD bytes);
int port_associate(const struct port* port, SOCKET s, ULONG_PTR key);

#endif
