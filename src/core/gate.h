/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_GATE_H
#define WSEXT_CORE_GATE_H

#include <stdint.h>

#include "base/lock.h"

/* One gate for each handle value, by which the program's calls on the handle go in and come out.
 * Shut for a moment, it keeps from the handle whoever would be in the way of what is then done to
 * it: calls that could queue an operation, and calls that close it. Nothing else is held meanwhile,
 * and nobody else is kept from anything.
 *
 * The count lies in the table (core/table.h), at a place that stays as long as the process does:
 * who comes out names the place and not the handle, which may be another's by then. Going in and
 * coming out are an atomic addition each; no lock is taken, and any thread may call. */

/* A call that may queue an operation on the handle goes in before the host is called, and comes out
 * when the host has returned, however long that takes. Waits while the gate is shut, which takes
 * milliseconds, so that no lock may be held that who has shut it needs: no record's. Who has shut
 * it must not go in. Returns what gate_leave() is given; NULL, which it takes, where the handle has
 * no gate. */
lock_count_t* gate_enter(uintptr_t handle);

/* The same for a call that would be made for files and pipes as well. A handle that has no gate yet
 * gets none by it. */
lock_count_t* gate_enter_file(uintptr_t handle);
void gate_leave(lock_count_t* gate);

/* The same for a call that closes the handle. */
lock_count_t* gate_enter_closing(uintptr_t handle);
void gate_leave_closing(lock_count_t* gate);

/* Shuts the gate: until gate_open() nobody goes in, and the handle is not closed. Does not wait.
 * Returns 0, or -1 where the handle is being closed, its gate is shut already or it has none. Who
 * went in before may still be inside; gate_is_empty() tells. */
int gate_shut(uintptr_t handle);
int gate_is_empty(uintptr_t handle);
void gate_open(uintptr_t handle);

#endif
