/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_TABLE_H
#define WSEXT_CORE_TABLE_H

#include <stdint.h>

#include "base/lock.h"

/* What we know of handles, found by their value: flags that are read without a lock, so
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
    TABLE_PORT = 2048,      /* Not a socket: a completion port that sockets report to. */
    TABLE_ALIAS = 4096,     /* The socket has had other handles, too. */
    TABLE_USED = 8192,      /* The lifecycle of the socket has begun. */
    TABLE_LISTENS = 16384,  /* The record says what the socket listens with. */
    TABLE_BOUND = 32768,    /* The socket is known to be bound. */
    TABLE_BEGUN = 65536,    /* The program itself began a non-blocking connect on it. */
    TABLE_HOLDS = 131072,   /* A payload is to be sent before what the program sends. */
    TABLE_BUFFER = 262144,  /* The program chose the size of the socket's send buffer. */
    TABLE_IP = 524288       /* The socket was created for one of the versions of IP. */
};

#define TABLE_ALL 0xFFFFFFFFu

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

/* Locks all of it, for who names many sockets to the host in one call: none that has a record is
 * closed meanwhile. For the loop's thread alone, which holds no other lock then; what others do
 * under a lock never waits for that thread. Under it table_record() tells a handle's record. */
void table_lock_all(void);
void table_unlock_all(void);
void* table_record(uintptr_t handle);

/* Forgets the flags of a handle that has no record, without a lock, and returns what they were. For
 * who closes it; table_restore_flags() brings them back where the host has refused that. */
unsigned table_drop_flags(uintptr_t handle);
void table_restore_flags(uintptr_t handle, unsigned flags);

/* Calls visit with each record in turn, under its lock. */
void table_for_each(void (*visit)(uintptr_t handle, void* socket, void* context), void* context);

#endif
