/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_TABLE_H
#define WSEXT_CORE_TABLE_H

#include <stdint.h>

#include "base/lock.h"

/* What we know of handles, found by their value: 16 flags that are read without a lock, so
 * that a call on a socket that we do not know costs a look-up and no more, and a record for the
 * sockets that we do know.
 *
 * Handle values are small multiples of four, so the table is an array of pages that are allocated
 * when first needed and kept. A value beyond its reach has no flags and cannot have a record. */

enum table_flag {
    TABLE_STREAM = 1,      /* The socket was created as a stream socket. */
    TABLE_NOT_STREAM = 2,  /* The socket was created as another kind. */
    TABLE_NONBLOCKING = 4, /* The program made the socket non-blocking. */
    TABLE_SKIP = 8,        /* FILE_SKIP_COMPLETION_PORT_ON_SUCCESS is set. */
    TABLE_SEEN = 16,   /* The socket was created under our eyes: the flags above are complete. */
    TABLE_SOCKET = 32, /* There is a record. */
    TABLE_SYNCHRONOUS =
        64,             /* The socket was created without WSA_FLAG_OVERLAPPED: I/O on it waits. */
    TABLE_CHOSEN = 128, /* The program chose the socket's local port or network address. */
    TABLE_REGISTERED = 256, /* The socket was created with WSA_FLAG_REGISTERED_IO. */
    TABLE_TURNS = 512,      /* Sends on the socket take turns. */
    TABLE_QUEUED = 1024,    /* One of them may be queued by the host. */
    TABLE_PORT = 2048       /* Not a socket: a completion port that sockets report to. */
};

#define TABLE_ALL 0xFFFFu

/* Prepares the table. To be called once, first. */
void table_init(void);

/* The flags of a handle, without a lock; 0 for a handle that was never mentioned. */
unsigned table_flags(uintptr_t handle);

/* The place of the handle's gate (core/gate.h), which is 0 at first and stays where it is. NULL
 * where memory is short, where the handle is beyond the table's reach or, by the former, where
 * nothing near it was ever mentioned. */
lock_count_t* table_find_gate(uintptr_t handle);
lock_count_t* table_need_gate(uintptr_t handle);

/* Locks the part of the table that holds the handle and returns the handle's record or NULL. Each
 * call is followed by table_unlock(); one thread locks one handle at a time. */
void* table_lock(uintptr_t handle);
void table_unlock(uintptr_t handle);

/* Under table_lock(): sets the record (NULL takes it out; the caller frees it) and changes flags.
 * Return 0, or -1 where memory is short or the handle is beyond the table's reach. */
int table_set_record(uintptr_t handle, void* socket);
int table_change_flags(uintptr_t handle, unsigned set, unsigned clear);

/* Calls visit with each record in turn, under its lock. */
void table_for_each(void (*visit)(uintptr_t handle, void* socket, void* context), void* context);

#endif
