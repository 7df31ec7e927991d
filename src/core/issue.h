/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_ISSUE_H
#define WSEXT_CORE_ISSUE_H

#include "core/op.h"

/* What the thread of the program does that issues an operation. */

/* Begins an operation that was attached to its socket, without a lock. By OP_LOOP the thread makes
 * as many steps as end at once, by OP_CALLER all of them, and by OP_WORKER none. Returns
 *     ERROR_IO_PENDING  it goes on, or has ended with success and is reported as if it had gone on
 *     0                 it has ended with success and without a packet: skip mode, or a caller
 *     a Winsock error   it has failed, and its OVERLAPPED was not used
 * The operation is not the caller's any more. */
int issue_op(struct op* op);

/* Who is to carry out an operation that sends: the caller itself where it waits, or makes its
 * socket's I/O wait. */
enum op_executor issue_executor(SOCKET s, const OVERLAPPED* overlapped);

/* To be called before op_attach() and before the host is asked for anything, so that an operation
 * that was begun finds its thread. Returns 0, or WSAENOBUFS. */
int issue_prepare(enum op_executor executor);

#endif
