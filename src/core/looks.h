/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_LOOKS_H
#define WSEXT_CORE_LOOKS_H

#include "host/host.h"

/* Has the host look at the sockets whose sends are under way, at intervals that grow to a quarter
 * of a second, for the reason that is told in core/guard.h. Looking is enough: that a send has
 * ended, its OVERLAPPED tells. Only the engine's thread calls these. */

/* A send was begun: the next look comes soon. */
void looks_begin(void);

/* Looks if it is time to: calls name(), with the handles held, which calls looks_add() for each
 * socket that has a send under way. Returns the time until the next look in milliseconds, INFINITE
 * where nothing is under way or the host does not need this. */
DWORD looks_sweep(void (*name)(void));
void looks_add(SOCKET handle);

#endif
