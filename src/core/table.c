/* SPDX-License-Identifier: MIT */
#include "core/table.h"

#include <stdlib.h>

#include "base/lock.h"

/* Handles are multiples of four and stay below 2^24 (the system's limit for a process), which makes
 * 4,096 pages of 1,024 handles. */
#define TABLE__PAGE_BITS 10
#define TABLE__PAGE_SIZE (1u << TABLE__PAGE_BITS)
#define TABLE__PAGE_COUNT 4096u
#define TABLE__STRIPE_COUNT 64u

struct table__page {
    unsigned flags[TABLE__PAGE_SIZE];
    lock_count_t gates[TABLE__PAGE_SIZE];
    void* records[TABLE__PAGE_SIZE];
};

static void* table__pages[TABLE__PAGE_COUNT];
static lock_t table__stripes[TABLE__STRIPE_COUNT];
static lock_t table__growth;

void table_init(void) {
    unsigned i;
    for (i = 0; i < TABLE__STRIPE_COUNT; i++)
        lock_init(&table__stripes[i]);
    lock_init(&table__growth);
}

static lock_t* table__stripe(uintptr_t handle) {
    return &table__stripes[(handle >> 2) % TABLE__STRIPE_COUNT];
}

static struct table__page* table__find_page(uintptr_t handle) {
    uintptr_t index = handle >> (2 + TABLE__PAGE_BITS);
    return index < TABLE__PAGE_COUNT ? lock_load_pointer(&table__pages[index]) : NULL;
}

static unsigned table__slot(uintptr_t handle) {
    return (unsigned) (handle >> 2) & (TABLE__PAGE_SIZE - 1);
}

static struct table__page* table__need_page(uintptr_t handle) {
    uintptr_t index = handle >> (2 + TABLE__PAGE_BITS);
    struct table__page* page = table__find_page(handle);
    if (page != NULL || index >= TABLE__PAGE_COUNT)
        return page;

    /* Handles of one page are spread over all stripes, so pages have a lock of their own. */
    lock_acquire(&table__growth);
    page = lock_load_pointer(&table__pages[index]);
    if (page == NULL) {
        page = calloc(1, sizeof *page);
        lock_store_pointer(&table__pages[index], page);
    }
    lock_release(&table__growth);
    return page;
}

unsigned table_flags(uintptr_t handle) {
    const struct table__page* page = table__find_page(handle);
    return page != NULL ? lock_load_flags(&page->flags[table__slot(handle)]) : 0;
}

lock_count_t* table_find_gate(uintptr_t handle) {
    struct table__page* page = table__find_page(handle);
    return page != NULL ? &page->gates[table__slot(handle)] : NULL;
}

lock_count_t* table_need_gate(uintptr_t handle) {
    struct table__page* page = table__need_page(handle);
    return page != NULL ? &page->gates[table__slot(handle)] : NULL;
}

void* table_lock(uintptr_t handle) {
    const struct table__page* page;
    lock_acquire(table__stripe(handle));
    page = table__find_page(handle);
    return page != NULL ? page->records[table__slot(handle)] : NULL;
}

void table_unlock(uintptr_t handle) {
    lock_release(table__stripe(handle));
}

int table_change_flags(uintptr_t handle, unsigned set, unsigned clear) {
    unsigned* flags;
    struct table__page* page = set ? table__need_page(handle) : table__find_page(handle);
    if (page == NULL)
        return set ? -1 : 0;
    flags = &page->flags[table__slot(handle)];
    lock_store_flags(flags, (lock_load_flags(flags) & ~clear) | set);
    return 0;
}

int table_set_record(uintptr_t handle, void* socket) {
    struct table__page* page = socket != NULL ? table__need_page(handle) : table__find_page(handle);
    if (page == NULL)
        return socket != NULL ? -1 : 0;
    page->records[table__slot(handle)] = socket;
    return table_change_flags(handle, socket != NULL ? TABLE_SOCKET : 0,
                              socket != NULL ? 0 : TABLE_SOCKET);
}

void table_lock_all(void) {
    unsigned i;
    for (i = 0; i < TABLE__STRIPE_COUNT; i++)
        lock_acquire(&table__stripes[i]);
}

void table_unlock_all(void) {
    unsigned i;
    for (i = TABLE__STRIPE_COUNT; i > 0; i--)
        lock_release(&table__stripes[i - 1]);
}

void* table_record(uintptr_t handle) {
    const struct table__page* page = table__find_page(handle);
    return page != NULL ? page->records[table__slot(handle)] : NULL;
}

unsigned table_drop_flags(uintptr_t handle) {
    struct table__page* page = table__find_page(handle);
    unsigned* place = page != NULL ? &page->flags[table__slot(handle)] : NULL;
    unsigned flags = place != NULL ? lock_load_flags(place) : 0;
    if (flags != 0)
        lock_store_flags(place, 0);
    return flags;
}

void table_restore_flags(uintptr_t handle, unsigned flags) {
    struct table__page* page = table__find_page(handle);
    if (page != NULL)
        lock_store_flags(&page->flags[table__slot(handle)], flags);
}

void table_for_each(void (*visit)(uintptr_t handle, void* socket, void* context), void* context) {
    uintptr_t index, slot;
    for (index = 0; index < TABLE__PAGE_COUNT; index++) {
        if (lock_load_pointer(&table__pages[index]) == NULL)
            continue;
        for (slot = 0; slot < TABLE__PAGE_SIZE; slot++) {
            uintptr_t handle = ((index << TABLE__PAGE_BITS) | slot) << 2;
            void* socket;
            if (!(table_flags(handle) & TABLE_SOCKET))
                continue;
            socket = table_lock(handle);
            if (socket != NULL)
                visit(handle, socket, context);
            table_unlock(handle);
        }
    }
}
