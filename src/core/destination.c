/* SPDX-License-Identifier: MIT */
#include "core/destination.h"

#include "base/lock.h"
#include "base/once.h"

/* A thread pool's object serves one socket, so there may be as many of these as sockets. */
#define DESTINATION__BUCKETS 1024u

static struct once destination__once;
static lock_t destination__lock;
static struct destination* destination__buckets[DESTINATION__BUCKETS];
static ULONGLONG destination__count;

static void destination__init(void) {
    lock_init(&destination__lock);
}

void destination_acquire(void) {
    once_run(&destination__once, destination__init);
    lock_acquire(&destination__lock);
}

void destination_release(void) {
    lock_release(&destination__lock);
}

ULONGLONG destination_next_serial(void) {
    return ++destination__count;
}

/* Handles are multiples of four, and what is allocated lies at multiples of 16. */
static struct destination** destination__bucket(HANDLE handle) {
    uintptr_t value = (uintptr_t) handle;
    return &destination__buckets[((value >> 2) ^ (value >> 12)) % DESTINATION__BUCKETS];
}

void destination_add(struct destination* destination, const struct destination_kind* kind,
                     HANDLE handle) {
    struct destination** bucket = destination__bucket(handle);
    destination->kind = kind;
    destination->name.handle = handle;
    destination->name.serial = destination_next_serial();
    destination->next = *bucket;
    *bucket = destination;
}

void destination_remove(struct destination* destination) {
    struct destination** place = destination__bucket(destination->name.handle);
    while (*place != destination)
        place = &(*place)->next;
    *place = destination->next;
}

struct destination* destination_find(const struct destination_kind* kind, HANDLE handle) {
    struct destination* found = *destination__bucket(handle);
    while (found != NULL && (found->kind != kind || found->name.handle != handle))
        found = found->next;
    return found;
}

struct destination* destination_named(const struct port* name) {
    struct destination* found = *destination__bucket(name->handle);
    while (found != NULL && (found->name.handle != name->handle ||
                             (found->name.serial != name->serial && found->held != name->serial)))
        found = found->next;
    return found;
}
