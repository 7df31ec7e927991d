/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_WAY_H
#define WSEXT_CORE_WAY_H

#include "host/host.h"

/* The ways to carry out operations that a host is fit for: connect.h says what they are. */
enum { WAY_NATIVE = 1, WAY_POLL = 2, WAY_WORKER = 4 };

/* All that the host is fit for, found by its behaviour, with a socket to ask about; 0 where it is
 * out of memory. Without a lock. */
unsigned ways_of(SOCKET handle);

/* The way for this socket that the settings and the host allow. Returns 0 where there is none, with
 * ERROR_NOT_SUPPORTED in *error, or WSAENOBUFS where it may be another answer the next time.
 * Without a lock. */
unsigned way_choose(SOCKET handle, int* error);

/* Whether operations have to be carried out by workers. After way_choose(), or caps_find() with
 * CAPS_OPERATIONS. */
int way_is_by_workers(void);

#endif
