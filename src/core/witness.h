/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_WITNESS_H
#define WSEXT_CORE_WITNESS_H

#include "core/socket.h"

/* A ConnectEx that the host carries as a whole, or an AcceptEx, ends without us. But most programs
 * ask for the end by a function that we stand in for, and what that has told the program need not
 * be asked of the host again, when the socket's context is updated.
 *
 * The place where an OVERLAPPED's socket is found has no lock, as every dequeue looks there, and
 * may lose what it was told where very many are under way: then the host is asked.
 *
 * A program may also look at the status block alone, and use the OVERLAPPED again. So it counts as
 * the connect's only where it says success, with as many bytes, and came with the socket's handle
 * or key; for an AcceptEx with no more bytes than there is room for, and with the handle of either
 * socket or the listener's key. What is left is a program that learns of a failure in that way, has
 * another operation of the same key succeed with the same OVERLAPPED and as many bytes, and then
 * updates the socket that has failed: it gets 0, as it does from Wine. */

/* What carried->length says of an AcceptEx with more room than can be noted there. */
#define WITNESS_ANY_LENGTH 0xFFFFu

/* Before the host is given such a ConnectEx, or an AcceptEx onto the handle: it is expected to end,
 * and the bytes that it may count stand in carried->length. One that is not found in
 * socket->carried when its end comes by counts for nothing, so a refused call need not be undone.
 */
void witness_expect(SOCKET handle, const OVERLAPPED* overlapped);

/* Without a lock: the program has been told that an operation with this OVERLAPPED has succeeded:
 * by the socket's handle, or by a packet with the key, where s is 0. Notes that the connection is
 * up if that operation was the socket's ConnectEx or AcceptEx. Keeps the last error. */
void witness_see(const OVERLAPPED* overlapped, SOCKET s, ULONG_PTR key);

/* The same where it has failed: nothing is to be expected any more. */
void witness_give_up(const OVERLAPPED* overlapped);

#endif
