/* SPDX-License-Identifier: MIT */
#include "rio/objects.h"

#include <stdlib.h>

#include "base/ids.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/once.h"

struct rio_objects__buffer {
    char* start;
    DWORD length;
};

static struct once rio_objects__once;
static lock_t rio_objects__lock;
static struct ids rio_objects__ids; /* Under the lock. */

static void rio_objects__init(void) {
    lock_init(&rio_objects__lock);
}

void rio_lock(void) {
    once_run(&rio_objects__once, rio_objects__init);
    lock_acquire(&rio_objects__lock);
}

void rio_unlock(void) {
    lock_release(&rio_objects__lock);
}

uintptr_t rio_add(enum rio_kind kind, void* object) {
    return ids_add(&rio_objects__ids, (unsigned char) kind, object);
}

void* rio_find(enum rio_kind kind, const void* id) {
    return ids_find(&rio_objects__ids, (unsigned char) kind, (uintptr_t) id);
}

void* rio_remove(enum rio_kind kind, const void* id) {
    return ids_remove(&rio_objects__ids, (unsigned char) kind, (uintptr_t) id);
}

RIO_BUFFERID rio_register(char* start, DWORD length, int* error) {
    struct rio_objects__buffer* buffer;
    uintptr_t id = 0;

    if (length == 0 || !memory_is_readable(start, length)) {
        *error = length == 0 ? WSAEINVAL : WSAEFAULT;
        return RIO_INVALID_BUFFERID;
    }
    buffer = malloc(sizeof *buffer);
    if (buffer != NULL) {
        buffer->start = start;
        buffer->length = length;
        rio_lock();
        id = rio_add(RIO_BUFFER, buffer);
        rio_unlock();
    }
    if (id == 0) {
        free(buffer);
        *error = WSAENOBUFS;
        return RIO_INVALID_BUFFERID;
    }
    return (RIO_BUFFERID) id;
}

int rio_deregister(RIO_BUFFERID id) {
    struct rio_objects__buffer* buffer = rio_remove(RIO_BUFFER, id);
    free(buffer);
    return buffer != NULL;
}

int rio_locate(const RIO_BUF* part, char** start) {
    const struct rio_objects__buffer* buffer = rio_find(RIO_BUFFER, part->BufferId);
    if (buffer == NULL)
        return WSAEFAULT;
    if (part->Offset > buffer->length || part->Length > buffer->length - part->Offset)
        return WSAEINVAL;
    *start = buffer->start + part->Offset;
    return 0;
}
