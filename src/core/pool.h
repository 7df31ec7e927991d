/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_POOL_H
#define WSEXT_CORE_POOL_H

#include "core/port.h"

/* I/O objects of a thread pool (CreateThreadpoolIo, TpAllocIoCompletion) that sockets report to.
 * The program says of each operation that it begins (StartThreadpoolIo), and the object then waits
 * for a packet at a port that only the system knows. Where the end is ours to report, the program's
 * callback is called as a work item of the same pool, and the operation is taken back from the
 * object (CancelThreadpoolIo) after it: so the program's waiting for callbacks covers ours, too. */

/* The program has made an object for a socket, with what it has passed. To be called without a
 * record's lock. Returns the object's name, or one of no port where memory is short or the host's
 * pool has not all that we need. */
struct port pool_note(void* io, nt_pool_io* callback, void* context,
                      const struct nt_pool_environment* environment);

/* The program closes an object, any one: the host's is closed now, or after the last call and the
 * last operation of ours. */
void pool_release(void* io);

/* The program waits for the callbacks of an object, any one, and may cancel those that have not
 * begun, which takes back the operations in progress as well. */
void pool_wait(void* io, BOOL cancel);

/* The program closes all that belongs to a cleanup group, with what it has passed. */
void pool_release_group(void* group, BOOL cancel, void* context);

#endif
