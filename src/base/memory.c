/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdint.h>
#include <windows.h>

/* The thread's block lies at address 0 of a segment, which the compiler takes for no object's. */
#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Warray-bounds"
#endif

#define MEMORY__WRITABLE \
    (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define MEMORY__READABLE (MEMORY__WRITABLE | PAGE_READONLY | PAGE_EXECUTE_READ)

/* Below this there is never anything for a program. */
#define MEMORY__LOWEST 0x10000

/* What programs pass lies on their stack more often than not, and between these limits that is
 * there and writable, so that the host need not be asked, which takes some 200 ns. */
static int memory__is_on_stack(uintptr_t address, uintptr_t end) {
    const NT_TIB* block = (const NT_TIB*) NtCurrentTeb();
    return address >= (uintptr_t) block->StackLimit && end <= (uintptr_t) block->StackBase;
}

/* The regions are asked for instead of touched, since C11 has no way to survive a fault and
 * touching would trip the guard page of another thread's stack. */
static int memory__allows(const void* start, size_t length, DWORD protections) {
    uintptr_t address = (uintptr_t) start;
    uintptr_t end = address + length;

    if (length == 0)
        return 1;
    if (end < address || address < MEMORY__LOWEST)
        return 0;
    if (memory__is_on_stack(address, end))
        return 1;

    while (address < end) {
        MEMORY_BASIC_INFORMATION region;
        if (VirtualQuery((const void*) address, &region, sizeof region) == 0)
            return 0;
        if (region.State != MEM_COMMIT || (region.Protect & (PAGE_GUARD | PAGE_NOACCESS)))
            return 0;
        if (!(region.Protect & protections))
            return 0;
        address = (uintptr_t) region.BaseAddress + region.RegionSize;
        if (address == 0)
            break;
    }
    return 1;
}

int memory_is_readable(const void* start, size_t length) {
    return memory__allows(start, length, MEMORY__READABLE);
}

int memory_is_writable(const void* start, size_t length) {
    return memory__allows(start, length, MEMORY__WRITABLE);
}

/* The page is the unit of protection; to ask again in every one of them is enough. */
#define MEMORY__PAGE 4096

static int memory__is_new_page(const void* place, size_t size) {
    return (uintptr_t) place % MEMORY__PAGE < size;
}

size_t memory_string_length(const char* text, size_t most) {
    size_t i;
    for (i = 0; i <= most; i++) {
        if ((i == 0 || memory__is_new_page(text + i, 1)) && !memory_is_readable(text + i, 1))
            return MEMORY__UNREADABLE;
        if (text[i] == '\0')
            return i;
    }
    return most + 1;
}

size_t memory_wide_length(const wchar_t* text, size_t most) {
    size_t i;
    for (i = 0; i <= most; i++) {
        /* A character at an odd address may reach into the next page. */
        if ((i == 0 || memory__is_new_page((const char*) (text + i) + 1, 2)) &&
            !memory_is_readable(text + i, sizeof text[i]))
            return MEMORY__UNREADABLE;
        if (text[i] == 0)
            return i;
    }
    return most + 1;
}

size_t memory_module_size(const void* base) {
    MEMORY_BASIC_INFORMATION region;
    const char* end = base;
    while (VirtualQuery(end, &region, sizeof region) != 0 && region.AllocationBase == base &&
           region.State == MEM_COMMIT && (region.Protect & MEMORY__READABLE) != 0 &&
           (region.Protect & PAGE_GUARD) == 0)
        end = (const char*) region.BaseAddress + region.RegionSize;
    return (size_t) (end - (const char*) base);
}
