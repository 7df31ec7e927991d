/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_ACCEPTORS_H
#define WSEXT_EXT_ACCEPTORS_H

#include <stdint.h>

/* Onto which socket an AcceptEx was last begun with an OVERLAPPED, which is a name here, found
 * without a look at each socket. Nobody says when an operation has ended: whether an entry still
 * holds is what the socket's record says, and those that do not are dropped when room is needed. No
 * function may be called under a record's lock. */

/* Whether the acceptor's record says that this is its operation. It may take the record's lock. */
typedef int acceptors_is_current(const void* overlapped, uintptr_t acceptor);

/* Prepares the list. To be called once, first. */
void acceptors_init(void);

/* An AcceptEx is about to be given to the host; what is known of the OVERLAPPED from before is
 * forgotten. The entry is kept until acceptors_begun(), whatever the record says. */
void acceptors_begin(const void* overlapped, uintptr_t acceptor, acceptors_is_current* is_current);

/* It was given to the host, and stands in the record, or was refused. */
void acceptors_begun(const void* overlapped);

/* The acceptor, or 0 where the OVERLAPPED is not known. */
uintptr_t acceptors_find(const void* overlapped);

/* Whether memory was short once, so that there may be operations that are not known. */
int acceptors_is_short(void);

#endif
