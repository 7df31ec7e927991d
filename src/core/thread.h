/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_THREAD_H
#define WSEXT_CORE_THREAD_H

#include "host/host.h"

/* The workers of the thread driver, as far as others have to know of them. */

/* Whether a worker may still be about to name this handle to the host. Of a new socket that means
 * that the value was another's, whose close the worker has not noticed yet: the program must not
 * get it. Costs one test while no worker is at work. */
int thread_is_named(SOCKET handle);

/* For the engine's thread: adds workers where the queue does not move, since those that there are
 * wait for peers. Returns the time until the next look in milliseconds, INFINITE where nothing
 * waits. */
DWORD thread_tend(void);

#endif
