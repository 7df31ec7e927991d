/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_ALIAS_H
#define WSEXT_CORE_ALIAS_H

#include "core/socket.h"

/* The handles of one socket. DuplicateHandle and WSADuplicateSocket give it more than one, and each
 * has a record of its own; but where the operations are reported, the completion notification modes
 * and whether the socket blocks belong to the socket: what a program sets by one handle is noted
 * for all. None of these functions may be called under a record's lock, except where it says so. */

/* The second handle is a duplicate of the first, in this process; what is known of that is noted
 * for it. Where memory is short, both count as not seen. */
void alias_link(SOCKET s, SOCKET duplicate);

/* Calls visit with the record of each handle of the socket, one after the other, under its lock;
 * makes the one of the handle given where it has none. Returns 0, or -1 where no record could be
 * made. */
int alias_visit(SOCKET s, void (*visit)(struct socket* socket, void* context), void* context);

/* Changes the flags of each handle of the socket. */
void alias_change_flags(SOCKET s, unsigned set, unsigned clear);

/* Under the record's lock: whether the socket has another handle in this process. One that was
 * closed by a way that does not lead through us still counts. */
int alias_exists(const struct socket* socket);

/* Under the record's lock: the record is about to go. */
void alias_leave(struct socket* socket);

#endif
