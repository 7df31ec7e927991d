/* SPDX-License-Identifier: MIT */
#include "hooks/interpose.h"

#include <windows.h>

#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/module.h"
#include "hooks/image.h"
#include "hooks/patch.h"
#include "hooks/thunk.h"
#include "host/nt.h"

#define INTERPOSE__MAX_EXPORTS 128

/* Exported by every Windows NT since 5.1, but declared by no public header. It holds the loader's
 * lock while it runs, so that no module comes or goes meanwhile, and may be called in DllMain. */
typedef VOID NTAPI interpose__module_fn(LDR_DATA_TABLE_ENTRY* module, PVOID context, BOOLEAN* stop);
NTSYSAPI NTSTATUS NTAPI LdrEnumerateLoadedModules(ULONG flags, interpose__module_fn* callback,
                                                  PVOID context);

struct interpose__export {
    uint8_t* base; /* Of the module, which stays loaded. */
    const char* name;
    /* Where the export forwards to another module's, the name that its importers use: by the
     * address alone they could not be told from the importers of that other one. */
    const char* importers_name;
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

static struct interpose__export interpose__exports[INTERPOSE__MAX_EXPORTS];
static size_t interpose__export_count;

static struct interpose__export* interpose__find(const uint8_t* base, const char* name) {
    for (size_t i = 0; i < interpose__export_count; i++) {
        struct interpose__export* export = &interpose__exports[i];
        if (export->base == base && strcmp(export->name, name) == 0)
            return export;
    }
    return NULL;
}

static bool interpose__is_aligned(const void* address, size_t width) {
    return (uintptr_t) address % width == 0;
}

/* Looks the export up and notes its original, which must be done for all of them before the first
 * is changed, because an export may forward to another. */
static void interpose__prepare(uint8_t* base, const struct interpose_entry* entry,
                               const char* importers_name) {
    struct image_export found;
    if (base == NULL || interpose__export_count == INTERPOSE__MAX_EXPORTS ||
        !image_find_export(base, memory_module_size(base), entry->name, &found))
        return;
    uint8_t* original = base + found.rva;
    if (found.is_forwarder)
        original = (uint8_t*) (uintptr_t) GetProcAddress((HMODULE) base, entry->name);
    if (original == NULL || !interpose__is_aligned(base + found.slot, sizeof(uint32_t)))
        return;

    struct interpose__export* export = &interpose__exports[interpose__export_count++];
    export->base = base;
    export->name = entry->name;
    export->importers_name = found.is_forwarder ? importers_name : NULL;
    export->hook = entry->hook;
    export->original = original;
    export->thunk = NULL;
    export->slot = (uint32_t*) (base + found.slot);
    export->is_for_system = entry->is_for_system;
    export->is_installed = false;
}

static void interpose__install_export(struct interpose__export* export) {
    unsigned long restore;
    if (export->thunk == NULL)
        export->thunk = thunk_make(export->base, export->hook);
    if (export->thunk == NULL || !patch_open(export->slot, sizeof *export->slot, &restore))
        return;
    uintptr_t rva = (uintptr_t) export->thunk - (uintptr_t) export->base;
    InterlockedExchange((volatile LONG*) export->slot, (LONG) (uint32_t) rva);
    patch_close(export->slot, sizeof *export->slot, restore);
    export->is_installed = true;
}

static bool interpose__is_imported(const struct interpose__export* export, const char* module) {
    return export->importers_name == NULL ||
           (module != NULL && _stricmp(module, export->importers_name) == 0);
}

static void interpose__visit_slot(void* context, const char* name, size_t offset) {
    const struct interpose__module* module = context;
    void** slot = (void**) (module->base + offset);
    if (!interpose__is_aligned(slot, sizeof *slot))
        return;
    for (size_t i = 0; i < interpose__export_count; i++) {
        const struct interpose__export* export = &interpose__exports[i];
        unsigned long restore;
        if (*slot != export->original || (module->is_system && !export->is_for_system) ||
            !interpose__is_imported(export, name))
            continue;
        if (patch_open(slot, sizeof *slot, &restore)) {
            /* The thunk is also what GetProcAddress gives, and programs compare pointers. */
            void* target = export->thunk != NULL ? export->thunk : export->hook;
            InterlockedExchangePointer((PVOID volatile*) slot, target);
            patch_close(slot, sizeof *slot, restore);
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
        interpose__visit_slot(&visited, NULL, slot);
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

/* With a module of its own, or with those that the entries name. */
static uint8_t* interpose__base(void* module, const struct interpose_entry* entry) {
    return module != NULL ? module : (uint8_t*) module_find(entry->module);
}

static int interpose__install(void* module, const struct interpose_entry* entries, size_t count) {
    int installed = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t* base = interpose__base(module, &entries[i]);
        if (interpose__find(base, entries[i].name) == NULL)
            interpose__prepare(base, &entries[i], module != NULL ? entries[i].module : NULL);
    }
    for (size_t i = 0; i < interpose__export_count; i++) {
        if (!interpose__exports[i].is_installed)
            interpose__install_export(&interpose__exports[i]);
    }
    /* Only now, so that a module loaded between the two steps would be missed by neither. */
    LdrEnumerateLoadedModules(0, interpose__visit_module, NULL);

    for (size_t i = 0; i < count; i++) {
        const struct interpose__export* export =
            interpose__find(interpose__base(module, &entries[i]), entries[i].name);
        if (export != NULL && export->is_installed)
            installed++;
    }
    return installed;
}

int interpose_install(const struct interpose_entry* entries, size_t count) {
    return interpose__install(NULL, entries, count);
}

int interpose_install_module(void* module, const struct interpose_entry* entries, size_t count) {
    return interpose__install(module, entries, count);
}

bool interpose_is_installed(const char* module, const char* name) {
    const struct interpose__export* export =
        interpose__find((const uint8_t*) module_find(module), name);
    return export != NULL && export->is_installed;
}
