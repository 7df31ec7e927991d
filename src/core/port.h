/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_PORT_H
#define WSEXT_CORE_PORT_H

#include <stdint.h>

#include "host/host.h"

/* Where a socket reports the ends of its operations, as the program has associated it: a completion
 * port, a function that the system's thread pool calls (BindIoCompletionCallback), or an I/O object
 * of a thread pool (CreateThreadpoolIo, see pool.h). The latter two have a completion port that
 * only the system knows; as we know what it does with a packet, we do the same without it.
 *
 * A port is named by its handle. The program may close that while sockets still report to the port,
 * and its value may become another port's: that one must not hear of them. A duplicate of ours
 * would name the port for good, but who waits on a port that the program closes has to be woken,
 * and the port goes only with its last handle. A program that goes on with a duplicate of its own
 * gets no packet that is to be posted to the handle that it has closed. */

/* Equal contents name the same; handle is NULL where none is known. */
struct port {
    HANDLE handle;
    ULONGLONG serial;
};

/* The program has a socket report to the completion port, or to the function. To be called without
 * a record's lock. Return the name, or one of no port where memory is short. */
struct port port_note(HANDLE handle);
struct port port_note_callback(nt_callback* function);

/* The handle is about to be closed, or is a new port's: no name of before is good from then on. To
 * be called without a record's lock. */
void port_forget(HANDLE handle);

/* An operation that we will report there begins: returns the name to report it by. Each is followed
 * by one port_post() or port_let_go() with that name. Between the two an I/O object of a thread
 * pool lives on, though the program has closed it; and if the program cancels the callbacks of such
 * an object, as WaitForThreadpoolIoCallbacks can, the name is not good any more. */
struct port port_hold(const struct port* port);
void port_let_go(const struct port* port);

/* Has the end of an operation reported, if the name is still good: as a packet with that key, or by
 * a call of the function. A host that is short of memory is asked again for a while, as nothing
 * else would tell the program. */
void port_post(const struct port* port, ULONG_PTR key, OVERLAPPED* overlapped, uint32_t status,
               DWORD bytes);

/* Whether a socket that reports to nobody can be made to report there: an I/O object of a thread
 * pool serves one file only. */
int port_can_associate(const struct port* port);

/* Does so, if the name is still good. Returns 0, or -1 where the host is short of memory. */
int port_associate(const struct port* port, SOCKET s, ULONG_PTR key);

#endif
