/* SPDX-License-Identifier: MIT */
#include "hooks/thunk.h"

#include <windows.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "hooks/image.h"
#include "hooks/patch.h"

#if !defined(_M_X64) && !defined(_M_IX86) && !defined(__x86_64__) && !defined(__i386__)
#error "No jump is known for this processor."
#endif

#define THUNK__MAX_AREAS 32
#define THUNK__BEFORE 8u
#define THUNK__SLOT (THUNK__BEFORE + THUNK_ROOM)
#define THUNK__BLOCK_SIZE 4096u
#define THUNK__SEARCH_STEP 0x100000u

#define THUNK__FILLER 0xcc /* int3 */

/* What neither a register nor the stack notices is what Wine's functions that may be patched begin
 * with; on x86 it is what Windows' have begun with since XP, taken back again. The register that
 * the hook's address is loaded into is nobody's while a function is called. */
#ifdef _WIN64
static const uint8_t thunk__before_hook[] = {0x48, 0x8d, 0xa4, 0x24,
                                             0,    0,    0,    0, /* lea rsp, [rsp + 0] */
                                             0x48, 0xb8};         /* mov rax, hook */
#else
static const uint8_t thunk__before_hook[] = {0x8b, 0xff, /* mov edi, edi */
                                             0x55,       /* push ebp */
                                             0x8b, 0xec, /* mov ebp, esp */
                                             0x5d,       /* pop ebp */
                                             0xb8};      /* mov eax, hook */
#endif
static const uint8_t thunk__behind_hook[] = {0xff, 0xe0}; /* jmp rax or eax */

#define THUNK__HOOK (sizeof thunk__before_hook)

/* Where thunks are put: what a section has left over, or a block of memory of our own. */
struct thunk__area {
    uint8_t* module; /* NULL for a block. */
    uint8_t* next;
    uint8_t* end;
};

static struct thunk__area thunk__areas[THUNK__MAX_AREAS];
static size_t thunk__area_count;

/* With 32-bit addresses offsets wrap around and reach everything. */
static bool thunk__is_in_reach(const uint8_t* base, const uint8_t* address) {
#ifdef _WIN64
    return address > base && (uintptr_t) (address - base) <= UINT32_MAX;
#else
    (void) base;
    (void) address;
    return true;
#endif
}

static uint8_t* thunk__allocate_at(uint8_t* address) {
    return VirtualAlloc(address, THUNK__BLOCK_SIZE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READ);
}

#ifdef _WIN64
/* What VirtualQuery calls free can still be in use by Wine's host, hence the many attempts. */
static uint8_t* thunk__allocate(uint8_t* base) {
    MEMORY_BASIC_INFORMATION info;
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    uintptr_t unit = system.dwAllocationGranularity;
    uintptr_t last = (uintptr_t) base + (UINT32_MAX - THUNK__BLOCK_SIZE);
    uintptr_t at = (uintptr_t) base;
    while (at < last && VirtualQuery((void*) at, &info, sizeof info) != 0) {
        uintptr_t end = (uintptr_t) info.BaseAddress + info.RegionSize;
        if (info.State == MEM_FREE) {
            at = (at + unit - 1) / unit * unit;
            for (; at < last && at + THUNK__BLOCK_SIZE <= end; at += THUNK__SEARCH_STEP) {
                uint8_t* block = thunk__allocate_at((uint8_t*) at);
                if (block != NULL)
                    return block;
            }
        }
        at = end;
    }
    return NULL;
}
#else
static uint8_t* thunk__allocate(uint8_t* base) {
    (void) base;
    return thunk__allocate_at(NULL);
}
#endif

static bool thunk__has_room(const struct thunk__area* area) {
    return (size_t) (area->end - area->next) >= THUNK__SLOT;
}

static struct thunk__area* thunk__add(uint8_t* module, uint8_t* start, uint8_t* end) {
    uintptr_t skipped = (THUNK__SLOT - (uintptr_t) start % THUNK__SLOT) % THUNK__SLOT;
    if (thunk__area_count == THUNK__MAX_AREAS || (uintptr_t) (end - start) < skipped)
        return NULL;
    struct thunk__area* area = &thunk__areas[thunk__area_count++];
    area->module = module;
    area->next = start + skipped;
    area->end = end;
    return area;
}

/* The sections of a module are looked at when its first export comes. */
static void thunk__look_at(uint8_t* base) {
    size_t size = memory_module_size(base);
    struct image_range left;
    for (size_t i = 0; i < thunk__area_count; i++) {
        if (thunk__areas[i].module == base)
            return;
    }
    for (uint32_t i = 0; image_find_left_over(base, size, i, &left); i++)
        thunk__add(base, base + left.offset, base + left.offset + left.size);
}

/* Whether the slot is what the loader has made it: nobody else has put anything there. */
static bool thunk__is_untouched(const uint8_t* slot) {
    MEMORY_BASIC_INFORMATION info;
    if (VirtualQuery(slot, &info, sizeof info) == 0 || info.State != MEM_COMMIT ||
        (info.Protect & (PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)) == 0)
        return false;
    for (size_t i = 0; i < THUNK__SLOT; i++) {
        if (slot[i] != 0)
            return false;
    }
    return true;
}

static struct thunk__area* thunk__find_area(uint8_t* base) {
    thunk__look_at(base);
    for (size_t i = 0; i < thunk__area_count; i++) {
        struct thunk__area* area = &thunk__areas[i];
        if (area->module != base)
            continue;
        while (thunk__has_room(area) && !thunk__is_untouched(area->next))
            area->next += THUNK__SLOT;
        if (thunk__has_room(area))
            return area;
    }
    for (size_t i = 0; i < thunk__area_count; i++) {
        struct thunk__area* area = &thunk__areas[i];
        if (area->module == NULL && thunk__has_room(area) && thunk__is_in_reach(base, area->next) &&
            thunk__is_in_reach(base, area->end))
            return area;
    }
    uint8_t* block = thunk__allocate(base);
    return block != NULL ? thunk__add(NULL, block, block + THUNK__BLOCK_SIZE) : NULL;
}

void* thunk_make(void* base, void* hook) {
    uint8_t slot[THUNK__SLOT];
    uint8_t* code = slot + THUNK__BEFORE;
    unsigned long restore;
    struct thunk__area* area = thunk__find_area(base);
    if (area == NULL || !patch_open(area->next, sizeof slot, &restore))
        return NULL;

    memset(slot, THUNK__FILLER, sizeof slot);
    memcpy(code, thunk__before_hook, sizeof thunk__before_hook);
    memcpy(code + THUNK__HOOK, &hook, sizeof hook);
    memcpy(code + THUNK__HOOK + sizeof hook, thunk__behind_hook, sizeof thunk__behind_hook);

    uint8_t* place = area->next;
    memcpy(place, slot, sizeof slot);
    patch_close(place, sizeof slot, restore);
    FlushInstructionCache(GetCurrentProcess(), place, sizeof slot);
    area->next += THUNK__SLOT;
    return place + THUNK__BEFORE;
}
