/* SPDX-License-Identifier: MIT */
#include "base/ids.h"

#include <stdlib.h>

/* A value is a slot's place, counted from 1 so that none is 0, and above it the slot's generation.
 */
#define IDS__PLACE_BITS 20
#define IDS__PLACE_MASK ((1u << IDS__PLACE_BITS) - 1)
#define IDS__GENERATIONS (1u << (32 - IDS__PLACE_BITS))
#define IDS__FIRST_SIZE 64u
#define IDS__MOST (IDS__PLACE_MASK - 1) /* The last place would make a value 0xFFFFFFFF. */

struct ids__slot {
    void* object;
    uint32_t next; /* Of the free ones, a place. */
    uint16_t generation;
    unsigned char kind; /* 0 for a free one. */
};

static int ids__grow(struct ids* ids) {
    uint32_t size = ids->size != 0 ? ids->size * 2 : IDS__FIRST_SIZE;
    struct ids__slot* slots = realloc(ids->slots, size * sizeof *slots);
    if (slots == NULL)
        return -1;
    ids->slots = slots;
    ids->size = size;
    return 0;
}

/* Returns the place of a slot to use, or 0. The one that is free for longest comes first, which
 * keeps values unknown for as long as possible. */
static uint32_t ids__take(struct ids* ids) {
    uint32_t place = ids->first_free;
    if (place != 0) {
        ids->first_free = ids->slots[place - 1].next;
        if (ids->first_free == 0)
            ids->last_free = 0;
        return place;
    }
    if (ids->count == IDS__MOST || (ids->count == ids->size && ids__grow(ids) != 0))
        return 0;
    ids->slots[ids->count].generation = 0;
    return ++ids->count;
}

uintptr_t ids_add(struct ids* ids, unsigned char kind, void* object) {
    uint32_t place = ids__take(ids);
    struct ids__slot* slot;
    if (place == 0)
        return 0;
    slot = &ids->slots[place - 1];
    slot->object = object;
    slot->kind = kind;
    return (uintptr_t) slot->generation << IDS__PLACE_BITS | place;
}

static struct ids__slot* ids__slot(const struct ids* ids, unsigned char kind, uintptr_t id) {
    uintptr_t place = id & IDS__PLACE_MASK;
    struct ids__slot* slot;
    if (place == 0 || place > ids->count)
        return NULL;
    slot = &ids->slots[place - 1];
    return slot->kind == kind && slot->generation == id >> IDS__PLACE_BITS ? slot : NULL;
}

void* ids_find(const struct ids* ids, unsigned char kind, uintptr_t id) {
    struct ids__slot* slot = ids__slot(ids, kind, id);
    return slot != NULL ? slot->object : NULL;
}

void* ids_remove(struct ids* ids, unsigned char kind, uintptr_t id) {
    struct ids__slot* slot = ids__slot(ids, kind, id);
    uint32_t place = (uint32_t) (id & IDS__PLACE_MASK);
    if (slot == NULL)
        return NULL;
    slot->kind = 0;
    slot->generation = (uint16_t) ((slot->generation + 1) % IDS__GENERATIONS);
    slot->next = 0;
    if (ids->last_free != 0)
        ids->slots[ids->last_free - 1].next = place;
    else
        ids->first_free = place;
    ids->last_free = place;
    return slot->object;
}
