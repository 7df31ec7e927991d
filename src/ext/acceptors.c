/* SPDX-License-Identifier: MIT */
#include "ext/acceptors.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/lock.h"

#define ACCEPTORS__SMALLEST 64

struct acceptors__entry {
    const void* overlapped; /* NULL where the place is free. */
    uintptr_t acceptor;
    unsigned beginning; /* How many calls are under way, as another may overtake the first's end. */
};

/* A table with open addressing, of a power of two of places, of which a quarter at least are free.
 * Entries are never taken out but when it is made anew. */
static struct {
    lock_t lock;
    struct acceptors__entry* entries;
    size_t size;
    size_t used;
    int is_short;
} acceptors__;

void acceptors_init(void) {
    lock_init(&acceptors__.lock);
}

/* OVERLAPPEDs lie in arrays or in blocks of one size, so all bits of the address have to count. */
static size_t acceptors__hash(const void* overlapped) {
    uint64_t bits = (uint64_t) (uintptr_t) overlapped * 0x9E3779B97F4A7C15u;
    return (size_t) (bits >> 32);
}

/* The entry of the OVERLAPPED, or the free place where it belongs. */
static struct acceptors__entry* acceptors__place(struct acceptors__entry* entries, size_t size,
                                                 const void* overlapped) {
    size_t i = acceptors__hash(overlapped) & (size - 1);
    while (entries[i].overlapped != NULL && entries[i].overlapped != overlapped)
        i = (i + 1) & (size - 1);
    return &entries[i];
}

/* Counts those that still hold, and marks the others by an acceptor of 0. */
static size_t acceptors__sift(acceptors_is_current* is_current) {
    size_t i, count = 0;
    for (i = 0; i < acceptors__.size; i++) {
        struct acceptors__entry* entry = &acceptors__.entries[i];
        if (entry->overlapped == NULL)
            continue;
        if (entry->beginning == 0 && !is_current(entry->overlapped, entry->acceptor))
            entry->acceptor = 0;
        count += entry->acceptor != 0;
    }
    return count;
}

/* Half of the new table is free at least, so that it is not made anew for each that comes. Where
 * memory is short the old one goes on as it is. Returns 0 or -1. */
static int acceptors__renew(acceptors_is_current* is_current) {
    size_t size = ACCEPTORS__SMALLEST, count = acceptors__sift(is_current), i;
    struct acceptors__entry* entries;

    while (size < 2 * (count + 1))
        size *= 2;
    entries = calloc(size, sizeof *entries);
    if (entries == NULL)
        return -1;
    for (i = 0; i < acceptors__.size; i++) {
        const struct acceptors__entry* entry = &acceptors__.entries[i];
        if (entry->overlapped != NULL && entry->acceptor != 0)
            *acceptors__place(entries, size, entry->overlapped) = *entry;
    }
    free(acceptors__.entries);
    acceptors__.entries = entries;
    acceptors__.size = size;
    acceptors__.used = count;
    return 0;
}

void acceptors_begin(const void* overlapped, uintptr_t acceptor, acceptors_is_current* is_current) {
    struct acceptors__entry* entry;
    lock_acquire(&acceptors__.lock);
    if (4 * (acceptors__.used + 1) > 3 * acceptors__.size && acceptors__renew(is_current) != 0) {
        /* One place has to stay free, or looking would not end. */
        acceptors__.is_short = 1;
        if (acceptors__.used + 1 >= acceptors__.size) {
            lock_release(&acceptors__.lock);
            return;
        }
    }
    entry = acceptors__place(acceptors__.entries, acceptors__.size, overlapped);
    acceptors__.used += entry->overlapped == NULL;
    entry->overlapped = overlapped;
    entry->acceptor = acceptor;
    entry->beginning++;
    lock_release(&acceptors__.lock);
}

void acceptors_begun(const void* overlapped) {
    struct acceptors__entry* entry;
    lock_acquire(&acceptors__.lock);
    if (acceptors__.size != 0) {
        entry = acceptors__place(acceptors__.entries, acceptors__.size, overlapped);
        entry->beginning -= entry->beginning != 0;
    }
    lock_release(&acceptors__.lock);
}

uintptr_t acceptors_find(const void* overlapped) {
    uintptr_t acceptor = 0;
    lock_acquire(&acceptors__.lock);
    if (acceptors__.size != 0)
        acceptor = acceptors__place(acceptors__.entries, acceptors__.size, overlapped)->acceptor;
    lock_release(&acceptors__.lock);
    return acceptor;
}

int acceptors_is_short(void) {
    int is_short;
    lock_acquire(&acceptors__.lock);
    is_short = acceptors__.is_short;
    lock_release(&acceptors__.lock);
    return is_short;
}
