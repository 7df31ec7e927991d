/* SPDX-License-Identifier: MIT */
#include "hooks/interpose.h"

#include <windows.h>

#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/module.h"
#include "hooks/image.h"
#include "host/nt.h"

#if !defined(_M_X64) && !defined(_M_IX86) && !defined(__x86_64__) && !defined(__i386__)
#error "No jump is known for this processor."
#endif

#define INTERPOSE__MAX_EXPORTS 64
#define INTERPOSE__MAX_BLOCKS 8
#define INTERPOSE__BLOCK_SIZE 4096u
#define INTERPOSE__THUNK_SIZE 16u
#define INTERPOSE__THUNKS (INTERPOSE__BLOCK_SIZE / INTERPOSE__THUNK_SIZE)
#define INTERPOSE__SEARCH_STEP 0x100000u

#define INTERPOSE__WRITABLE \
    (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define INTERPOSE__EXECUTABLE \
    (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)

/* Exported by every Windows NT since 5.1, but declared by no public header. It holds the loader's
 * lock while it runs, so that no module comes or goes meanwhile, and may be called in DllMain. */
typedef VOID NTAPI interpose__module_fn(LDR_DATA_TABLE_ENTRY* module, PVOID context, BOOLEAN* stop);
NTSYSAPI NTSTATUS NTAPI LdrEnumerateLoadedModules(ULONG flags, interpose__module_fn* callback,
                                                  PVOID context);

struct interpose__export {
    const char* module;
    const char* name;
    void* hook;
    void* original;
    void* thunk; /* NULL where no memory within reach was found. */
    uint32_t* slot;
    bool is_for_system;
    bool is_installed;
};

struct interpose__module {
    uint8_t* base;
    bool is_system;
};

struct interpose__block {
    uint8_t* base;
    size_t used;
};

static struct interpose__export interpose__exports[INTERPOSE__MAX_EXPORTS];
static size_t interpose__export_count;
static struct interpose__block interpose__blocks[INTERPOSE__MAX_BLOCKS];
static size_t interpose__block_count;

static struct interpose__export* interpose__find(const char* module, const char* name) {
    for (size_t i = 0; i < interpose__export_count; i++) {
        struct interpose__export* export = &interpose__exports[i];
        if (_stricmp(export->module, module) == 0 && strcmp(export->name, name) == 0)
            return export;
    }
    return NULL;
}

static bool interpose__is_aligned(const void* address, size_t width) {
    return (uintptr_t) address % width == 0;
}

/* Makes an aligned slot writable for a moment. Its page may hold code as well, and another thread
 * may be running that code, so the right to execute is kept. */
static bool interpose__unprotect(void* slot, size_t width, DWORD* restore) {
    MEMORY_BASIC_INFORMATION info;
    *restore = 0;
    if (VirtualQuery(slot, &info, sizeof info) == 0)
        return false;
    if ((info.Protect & INTERPOSE__WRITABLE) != 0)
        return true;
    bool executable = (info.Protect & INTERPOSE__EXECUTABLE) != 0;
    DWORD protect = executable ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    return VirtualProtect(slot, width, protect, restore) != 0;
}

static void interpose__protect(void* slot, size_t width, DWORD restore) {
    DWORD old;
    if (restore != 0)
        VirtualProtect(slot, width, restore, &old);
}

/* Whether an export table of the module at base can name the address. Its entries are unsigned
 * 32-bit offsets; with 32-bit addresses they wrap around and reach everything. */
static bool interpose__reaches(const uint8_t* base, const uint8_t* address) {
#ifdef _WIN64
    return address > base && (uintptr_t) (address - base) <= UINT32_MAX;
#else
    (void) base;
    (void) address;
    return true;
#endif
}

static uint8_t* interpose__allocate_at(uint8_t* address) {
    return VirtualAlloc(address, INTERPOSE__BLOCK_SIZE, MEM_RESERVE | MEM_COMMIT,
                        PAGE_EXECUTE_READ);
}

#ifdef _WIN64
/* What VirtualQuery calls free can still be in use by Wine's host, hence the many attempts. */
static uint8_t* interpose__allocate(uint8_t* base) {
    MEMORY_BASIC_INFORMATION info;
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    uintptr_t unit = system.dwAllocationGranularity;
    uintptr_t last = (uintptr_t) base + (UINT32_MAX - INTERPOSE__BLOCK_SIZE);
    uintptr_t at = (uintptr_t) base;
    while (at < last && VirtualQuery((void*) at, &info, sizeof info) != 0) {
        uintptr_t end = (uintptr_t) info.BaseAddress + info.RegionSize;
        if (info.State == MEM_FREE) {
            at = (at + unit - 1) / unit * unit;
            for (; at < last && at + INTERPOSE__BLOCK_SIZE <= end; at += INTERPOSE__SEARCH_STEP) {
                uint8_t* block = interpose__allocate_at((uint8_t*) at);
                if (block != NULL)
                    return block;
            }
        }
        at = end;
    }
    return NULL;
}
#else
static uint8_t* interpose__allocate(uint8_t* base) {
    (void) base;
    return interpose__allocate_at(NULL);
}
#endif

static struct interpose__block* interpose__get_block(uint8_t* base) {
    for (size_t i = 0; i < interpose__block_count; i++) {
        struct interpose__block* block = &interpose__blocks[i];
        if (block->used < INTERPOSE__THUNKS &&
            interpose__reaches(base, block->base + INTERPOSE__BLOCK_SIZE - 1) &&
            interpose__reaches(base, block->base))
            return block;
    }
    if (interpose__block_count == INTERPOSE__MAX_BLOCKS)
        return NULL;
    struct interpose__block* block = &interpose__blocks[interpose__block_count];
    block->base = interpose__allocate(base);
    if (block->base == NULL)
        return NULL;
    block->used = 0;
    interpose__block_count++;
    return block;
}

/* Makes a small piece of code, near enough to the module for its export table, that jumps to the
 * hook through the pointer that is stored 8 bytes further on. */
static void* interpose__make_thunk(uint8_t* base, void* hook) {
    uint8_t code[INTERPOSE__THUNK_SIZE];
    memset(code, 0xcc, sizeof code);
    struct interpose__block* block = interpose__get_block(base);
    if (block == NULL)
        return NULL;
    uint8_t* thunk = block->base + block->used * INTERPOSE__THUNK_SIZE;

    /* jmp [operand], which is relative to the next instruction on x86-64 and absolute on x86. */
#ifdef _WIN64
    uint32_t operand = 2;
#else
    uint32_t operand = (uint32_t) (uintptr_t) (thunk + 8);
#endif
    code[0] = 0xff;
    code[1] = 0x25;
    memcpy(code + 2, &operand, sizeof operand);
    memcpy(code + 8, &hook, sizeof hook);

    DWORD restore;
    if (!interpose__unprotect(thunk, sizeof code, &restore))
        return NULL;
    memcpy(thunk, code, sizeof code);
    interpose__protect(thunk, sizeof code, restore);
    FlushInstructionCache(GetCurrentProcess(), thunk, sizeof code);
    block->used++;
    return thunk;
}

/* Looks the export up and notes its original, which must be done for all of them before the first
 * is changed, because an export may forward to another. */
static void interpose__prepare(const struct interpose_entry* entry) {
    struct image_export found;
    uint8_t* base = (uint8_t*) module_find(entry->module);
    if (base == NULL || interpose__export_count == INTERPOSE__MAX_EXPORTS ||
        !image_find_export(base, memory_module_size(base), entry->name, &found))
        return;
    uint8_t* original = base + found.rva;
    if (found.is_forwarder)
        original = (uint8_t*) (uintptr_t) GetProcAddress((HMODULE) base, entry->name);
    if (original == NULL || !interpose__is_aligned(base + found.slot, sizeof(uint32_t)))
        return;

    struct interpose__export* export = &interpose__exports[interpose__export_count++];
    export->module = entry->module;
    export->name = entry->name;
    export->hook = entry->hook;
    export->original = original;
    export->thunk = NULL;
    export->slot = (uint32_t*) (base + found.slot);
    export->is_for_system = entry->is_for_system;
    export->is_installed = false;
}

static void interpose__install_export(struct interpose__export* export) {
    DWORD restore;
    uint8_t* base = (uint8_t*) module_find(export->module);
    if (export->thunk == NULL)
        export->thunk = interpose__make_thunk(base, export->hook);
    if (export->thunk == NULL ||
        !interpose__unprotect(export->slot, sizeof *export->slot, &restore))
        return;
    uintptr_t rva = (uintptr_t) export->thunk - (uintptr_t) base;
    InterlockedExchange((volatile LONG*) export->slot, (LONG) (uint32_t) rva);
    interpose__protect(export->slot, sizeof *export->slot, restore);
    export->is_installed = true;
}

static void interpose__visit_slot(void* context, size_t offset) {
    const struct interpose__module* module = context;
    void** slot = (void**) (module->base + offset);
    if (!interpose__is_aligned(slot, sizeof *slot))
        return;
    for (size_t i = 0; i < interpose__export_count; i++) {
        const struct interpose__export* export = &interpose__exports[i];
        DWORD restore;
        if (*slot != export->original || (module->is_system && !export->is_for_system))
            continue;
        if (interpose__unprotect(slot, sizeof *slot, &restore)) {
            /* The thunk is also what GetProcAddress gives, and programs compare pointers. */
            void* target = export->thunk != NULL ? export->thunk : export->hook;
            InterlockedExchangePointer((PVOID volatile*) slot, target);
            interpose__protect(slot, sizeof *slot, restore);
        }
        return;
    }
}

/* Our own calls must reach the originals. */
static bool interpose__is_own(HMODULE module) {
    HMODULE own = NULL;
    const DWORD flags =
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    return !GetModuleHandleExW(flags, (LPCWSTR) (const void*) interpose__exports, &own) ||
           own == module;
}

/* So must those of the system modules among each other: Wine's kernel32 exports are stubs that jump
 * through kernel32's own import slots to kernelbase, so with these slots rewritten its originals
 * would lead back to the hooks. */
static bool interpose__is_system(HMODULE module) {
    static const char* const names[] = {"ntdll.dll", "kernelbase.dll", "kernel32.dll",
                                        "ws2_32.dll"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (module_find(names[i]) == module)
            return true;
    }
    return false;
}

/* The table of a forwarding ws2_32.dll of ours is like the import slots of all who come through it.
 */
static void interpose__visit_table(uint8_t* base, size_t size) {
    struct interpose__module visited = {base, false};
    struct image_export table;
    if (!image_find_export(base, size, "wsext_ws2_32_table", &table))
        return;
    for (size_t slot = table.rva; slot + sizeof(void*) <= size; slot += sizeof(void*)) {
        if (*(void**) (base + slot) == NULL)
            return;
        interpose__visit_slot(&visited, slot);
    }
}

static bool interpose__is_named_winsock(const UNICODE_STRING* path) {
    static const wchar_t name[] = L"ws2_32.dll";
    const size_t length = sizeof name / sizeof name[0] - 1;
    return path->Length / sizeof(wchar_t) >= length &&
           _wcsnicmp(path->Buffer + path->Length / sizeof(wchar_t) - length, name, length) == 0;
}

static VOID NTAPI interpose__visit_module(LDR_DATA_TABLE_ENTRY* module, PVOID context,
                                          BOOLEAN* stop) {
    uint8_t* base = module->DllBase;
    size_t size = memory_module_size(base);
    (void) context;
    (void) stop;
    if (image_pointer_size(base, size) == sizeof(void*) && !interpose__is_own((HMODULE) base)) {
        struct interpose__module visited = {base, interpose__is_system((HMODULE) base)};
        image_each_import(base, size, interpose__visit_slot, &visited);
    }
    if (interpose__is_named_winsock(&module->FullDllName))
        interpose__visit_table(base, size);
}

int interpose_install(const struct interpose_entry* entries, size_t count) {
    int installed = 0;
    for (size_t i = 0; i < count; i++) {
        if (interpose__find(entries[i].module, entries[i].name) == NULL)
            interpose__prepare(&entries[i]);
    }
    for (size_t i = 0; i < interpose__export_count; i++) {
        if (!interpose__exports[i].is_installed)
            interpose__install_export(&interpose__exports[i]);
    }
    /* Only now, so that a module loaded between the two steps would be missed by neither. */
    LdrEnumerateLoadedModules(0, interpose__visit_module, NULL);

    for (size_t i = 0; i < count; i++) {
        if (interpose_is_installed(entries[i].module, entries[i].name))
            installed++;
    }
    return installed;
}

bool interpose_is_installed(const char* module, const char* name) {
    const struct interpose__export* export = interpose__find(module, name);
    return export != NULL && export->is_installed;
}
