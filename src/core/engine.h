/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_ENGINE_H
#define WSEXT_CORE_ENGINE_H

#include "core/operation.h"
#include "core/socket.h"
#include "core/task.h"

/* The completion core: one thread, started with the first operation that needs it, which learns the
 * outcome of each watched connect and feeds it to the socket's state machine. */

/* Hands an operation to the engine's thread, starting it where it does not run. The operation must
 * be in its record, the machine in MACHINE_CONNECTING, or under guard, or one that a worker of the
 * thread driver has ended. Returns 0, or -1 where no thread can be had. */
int engine_adopt(struct operation* operation);

/* Hands a task to the engine's thread, starting it where it does not run. Returns 0, or -1 where no
 * thread can be had. */
int engine_adopt_task(struct task* task);

/* Starts the thread where it does not run. Returns 0, or -1 where no thread can be had. */
int engine_prepare(void);

/* Has the engine's thread, which is started where it does not run, call the function in each of its
 * rounds, without a lock. It may begin operations with the event, which is that thread's own, and
 * returns how many it began or found ended; there is another round until nobody does either. To be
 * told of more it needs engine_wake(). After it has begun a send it calls looks_begin(), and then
 * name_sends is called as core/looks.h says. Saying it again does nothing. Returns 0, or -1 where
 * no thread can be had. */
struct engine_service {
    unsigned (*run)(HANDLE event);
    void (*name_sends)(void);
};
int engine_serve(const struct engine_service* service);

/* Under the record's lock: has the thread cancel the send that it began with the program's
 * OVERLAPPED. For a host without CancelIoEx, which cancels for the calling thread only, and then
 * all that this thread began on the socket. Takes no memory, so that it cannot fail. */
void engine_cancel(struct socket* socket);

/* Has the thread look at all that it has: something was cancelled. */
void engine_wake(void);

/* For a service, on the engine's thread: something can only be found out by looking, so the service
 * is run again in some milliseconds. */
void engine_retry(void);

/* Whether the engine's thread was ever started. */
int engine_is_running(void);

#endif
