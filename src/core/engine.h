/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_ENGINE_H
#define WSEXT_CORE_ENGINE_H

#include "core/operation.h"

/* The completion core: one event and one thread, started with the first operation that needs them.
 * The outcomes of all watched connects set the event; the thread then looks through what it watches
 * and feeds each outcome to the socket's state machine. */

/* The event to be set when a host operation ends that the engine watches, or NULL where there is no
 * event to be had. Starts nothing else. */
HANDLE engine_event(void);

/* Hands an operation to the engine's thread, starting it where it does not run. The operation must be
 * in its record, the machine in MACHINE_CONNECTING. Returns 0, or -1 where no thread can be had. */
int engine_adopt(struct operation* operation);

/* Whether the engine's thread was ever started. */
int engine_is_running(void);

#endif
