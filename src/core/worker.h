/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_WORKER_H
#define WSEXT_CORE_WORKER_H

#include "core/op.h"

/* The executor for a host where an overlapped step of ours would show in the program's port or cut
 * data short, or where only connect() itself leaves a socket in a sound state, such as ReactOS:
 * threads of a bounded pool, which make blocking calls.
 *
 * A few workers are started as there is work; more only where those wait for peers that do not
 * answer and the queue stands still, and never more than 512. Beyond that an operation waits for
 * its turn, at the longest until the host gives up one of those before it. What a worker sends it
 * has copied before, so that an operation that is cancelled ends at once, and the worker when the
 * host lets it. */

/* For the loop's thread: hands an operation that is due to the workers. Returns 1, or 0 where it is
 * not due. */
int worker_take(struct op* op);

/* The verb op_send() of a worker; and of a caller that waits, where an overlapped step of ours
 * would show as well. */
enum op_verdict worker_send(struct op* op, const WSABUF* buffers, DWORD count);

/* Waits until a connect or a send of a socket that the program made non-blocking may go on; for a
 * worker, without a lock. Returns 0, WSA_OPERATION_ABORTED where the operation is over, or an
 * error. *has_failed is whether the host says so of a connect. */
int worker_wait(struct op* op, int* has_failed);

/* Makes the workers' semaphore. Returns 0, or -1 where it cannot be created now. To be called
 * before an operation is given to OP_WORKER. */
int worker_prepare(void);

/* A handle that a thread may name to the host in a blocking call of ours: a worker's, or a caller's
 * that waits. Of the former the workers say so themselves; a caller does it before and after. The
 * place is the caller's until then. */
struct worker_name {
    struct worker_name* next;
    SOCKET handle;
};
void worker_name(struct worker_name* name, SOCKET handle);
void worker_unname(const struct worker_name* name);

/* Whether somebody may still be about to name this handle to the host. Of a new socket that means
 * that the value was another's, whose close has not been noticed yet: the program must not get it.
 * Costs one test while no worker is at work. */
int worker_names(SOCKET handle);

/* Before a socket is closed, without a lock, when its operations were told: makes the host let go
 * of the blocking calls of ours on it, and waits until they are out of it; half a second at the
 * most where the host cannot be made to. ReactOS's msafd frees what it keeps of a socket though
 * another thread's call still uses it, and then the process crashes. Does nothing on a host whose
 * overlapped calls are used instead. */
void worker_leave(SOCKET handle);

#endif
