/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_RIO_OBJECTS_H
#define WSEXT_RIO_OBJECTS_H

#include <stdint.h>

#include "host/host.h"
#include "rio/types.h"

/* What a program holds of registered I/O: buffers, completion queues and request queues, each named
 * by a value that is looked up and never followed. All of them are under one lock, since a request
 * touches one of each; it is held for the changes to our own lists only, and for the calls that
 * signal an event or post to a port, which neither block nor call back. It may be taken under a
 * record's lock, and no record's lock is taken under it. */

enum rio_kind { RIO_BUFFER = 1, RIO_COMPLETIONS, RIO_REQUESTS };

void rio_lock(void);
void rio_unlock(void);

/* Under the lock, as ids_add(), ids_find() and ids_remove(). */
uintptr_t rio_add(enum rio_kind kind, void* object);
void* rio_find(enum rio_kind kind, const void* id);
void* rio_remove(enum rio_kind kind, const void* id);

/* Registers a buffer and returns its name, or RIO_INVALID_BUFFERID with *error set: WSAEINVAL for a
 * length of 0, WSAEFAULT for memory that cannot be read, WSAENOBUFS. Source: RIORegisterBuffer.
 * Windows locks the pages into memory, which we do not. */
RIO_BUFFERID rio_register(char* start, DWORD length, int* error);

/* Under the lock: forgets the buffer; its name is unknown from then on. Returns whether there was
 * one. */
int rio_deregister(RIO_BUFFERID id);

/* Under the lock: finds the memory that a part of a buffer stands for. Returns 0; WSAEFAULT for a
 * buffer that is not registered or not any more; or WSAEINVAL for a part that is not all in its
 * buffer. Source: RIOSend and RIO_BUF. Whether the memory is still there is not looked at. */
int rio_locate(const RIO_BUF* part, char** start);

#endif
