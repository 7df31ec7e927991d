/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_IDS_H
#define WSEXT_BASE_IDS_H

#include <stdint.h>

/* Objects that a program names by an opaque value. The value is looked up and never followed, so
 * whatever the program passes is either the object's or nothing; a value whose object is gone stays
 * unknown until its place was used again 4,095 times. The caller brings the lock. */

struct ids__slot;

struct ids {
    struct ids__slot* slots;
    uint32_t count; /* Of the slots that were ever used. */
    uint32_t size;  /* Of the array. */
    uint32_t first_free, last_free;
};

/* Names an object. The kind, 1 to 255, keeps values of different objects apart. Returns a value of
 * 32 bits that is neither 0 nor 0xFFFFFFFF, or 0 where memory is short or 2^20 - 2 objects exist.
 * A structure that is all zero is an empty one. */
uintptr_t ids_add(struct ids* ids, unsigned char kind, void* object);

/* The object of that kind and value, or NULL. */
void* ids_find(const struct ids* ids, unsigned char kind, uintptr_t id);

/* Forgets the value; returns the object, or NULL where the value is unknown. */
void* ids_remove(struct ids* ids, unsigned char kind, uintptr_t id);

#endif
