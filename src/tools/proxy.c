/* SPDX-License-Identifier: MIT */

/* The forwarding ws2_32.dll. Put beside a program, with wsext.dll, it is what the program finds for
 * ws2_32.dll; it loads the system's own and the shim, and leads every export to the system's or,
 * where the shim has interposed it, to the shim's. */

#include <windows.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/module.h"
#include "hooks/image.h"
#include "proxy-exports.h"

#define PROXY__MAX_PATH 1024

/* "Entry point not found" as an exception, with which the system's own loader ends a program. */
#define PROXY__ENTRYPOINT_NOT_FOUND 0xC0000139u

/* In proxy.S. Exported as wsext_ws2_32_table: where each export leads, up to a NULL. The interposer
 * rewrites it like a program's import slots, whichever of the two DLLs is ready first. */
extern void* proxy_table[PROXY_COUNT + 1];
void proxy_lacks(unsigned index);

/* Exported as wsext_real_ws2_32, see base/module.h. */
HMODULE proxy_real(void);

struct proxy__export {
    unsigned ordinal; /* 0 where only the name is fixed. */
    const char* name;
};

#define PROXY__ROW(ordinal, name) {ordinal, #name},

static const struct proxy__export proxy__exports[PROXY_COUNT] = {PROXY_EXPORTS(PROXY__ROW)};
static bool proxy__lacking[PROXY_COUNT];
static HMODULE proxy__system;

HMODULE proxy_real(void) {
    return proxy__system;
}

/* What was linked by name to an export that the system's ws2_32 lacks ends here when it is called,
 * and only then. */
void proxy_lacks(unsigned index) {
    log_error("the system's ws2_32.dll has no %s", proxy__exports[index].name);
    RaiseException(PROXY__ENTRYPOINT_NOT_FOUND, EXCEPTION_NONCONTINUABLE, 0, NULL);
    ExitProcess(PROXY__ENTRYPOINT_NOT_FOUND);
}

/* Puts name behind the folder of this DLL; false where there is no room. */
static bool proxy__beside(HINSTANCE instance, const wchar_t* name, wchar_t* path) {
    DWORD length = GetModuleFileNameW(instance, path, PROXY__MAX_PATH);
    if (length == 0 || length >= PROXY__MAX_PATH)
        return false;
    while (length > 0 && path[length - 1] != L'\\')
        length--;
    if (length + wcslen(name) >= PROXY__MAX_PATH)
        return false;
    wcscpy(path + length, name);
    return true;
}

/* Where wsext is installed for a whole prefix, a DLL of this kind has taken the place of the
 * system's own, which then lies in a folder below. That is so for one beside a program, too. */
static HMODULE proxy__load(void) {
    static const wchar_t* const names[] = {L"\\wsext\\ws2_32.dll", L"\\ws2_32.dll"};
    wchar_t path[PROXY__MAX_PATH];
    UINT length = GetSystemDirectoryW(path, PROXY__MAX_PATH - 32);
    size_t i;

    if (length == 0 || length >= PROXY__MAX_PATH - 32)
        return NULL;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        wcscpy(path + length, names[i]);
        if (GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES)
            break;
    }
    return LoadLibraryExW(path, NULL, 0);
}

/* The system's own, or NULL and a message. Where somebody has copied our files into its place by
 * hand, what is found is this very DLL, and there is no other. */
static HMODULE proxy__load_system(void) {
    HMODULE found = proxy__load();
    DWORD error = GetLastError();
    if (found == NULL) {
        log_error("the system's ws2_32.dll cannot be loaded (error %lu)", error);
        return NULL;
    }
    if (GetProcAddress(found, "wsext_real_ws2_32") != NULL) {
        log_error("the system's own ws2_32.dll is missing, and wsext's lies in its place: put it "
                  "back by wsext-setup uninstall PREFIX, and install by wsext-setup");
        return NULL;
    }
    return found;
}

static void proxy__fill(void) {
    unsigned i;
    for (i = 0; i < PROXY_COUNT; i++) {
        FARPROC function = GetProcAddress(proxy__system, proxy__exports[i].name);
        proxy__lacking[i] = function == NULL;
        if (function != NULL)
            memcpy(&proxy_table[i], &function, sizeof function);
    }
}

/* A program that asks by GetProcAddress whether there is a function shall get the system's answer,
 * so what the system lacks is taken out of the export table. */
static void proxy__hide(HINSTANCE instance, const char* name) {
    uint8_t* base = (uint8_t*) instance;
    struct image_export found;
    DWORD before;

    if (!image_find_export(base, memory_module_size(base), name, &found) ||
        !VirtualProtect(base + found.slot, sizeof(uint32_t), PAGE_READWRITE, &before))
        return;
    memset(base + found.slot, 0, sizeof(uint32_t));
    VirtualProtect(base + found.slot, sizeof(uint32_t), before, &before);
}

static void proxy__hide_lacking(HINSTANCE instance) {
    unsigned i;
    for (i = 0; i < PROXY_COUNT; i++) {
        if (proxy__lacking[i])
            proxy__hide(instance, proxy__exports[i].name);
    }
}

/* Ordinals are how old programs link, so they have to mean here what they mean there. */
static void proxy__check_ordinals(void) {
    unsigned i;
    for (i = 0; i < PROXY_COUNT; i++) {
        const struct proxy__export* export = &proxy__exports[i];
        if (export->ordinal == 0 || proxy__lacking[i])
            continue;
        if (GetProcAddress(proxy__system, (LPCSTR) (uintptr_t) export->ordinal) !=
            GetProcAddress(proxy__system, export->name))
            log_warn("the system's ws2_32.dll has not %s for ordinal %u", export->name,
                     export->ordinal);
    }
}

static bool proxy__knows(const char* name) {
    unsigned i;
    for (i = 0; i < PROXY_COUNT; i++) {
        if (strcmp(proxy__exports[i].name, name) == 0)
            return true;
    }
    return false;
}

/* A program cannot link to what the system has learnt since this DLL was built. That is so for most
 * versions of Wine but one, and hardly ever matters. */
static void proxy__check_names(void) {
    size_t size = memory_module_size(proxy__system);
    const char* name;
    uint32_t i;
    for (i = 0; (name = image_export_name(proxy__system, size, i)) != NULL; i++) {
        if (!proxy__knows(name))
            log_info("the system's ws2_32.dll has %s, which is not forwarded", name);
    }
}

/* Without the shim the program runs as it would without us. */
static void proxy__load_shim(HINSTANCE instance) {
    wchar_t path[PROXY__MAX_PATH];
    HMODULE shim;

    if (!proxy__beside(instance, L"wsext.dll", path))
        return;
    shim = LoadLibraryW(path);
    if (shim == NULL)
        log_warn("no wsext.dll could be loaded from the folder of ws2_32.dll (error %lu)",
                 GetLastError());
}

static void proxy__pin(HINSTANCE instance) {
    HMODULE module;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                       (const wchar_t*) instance, &module);
}

/* What is wrong with them is said by the shim, which reads them all. */
static void proxy__read_settings(void) {
    char value[16];
    DWORD length = GetEnvironmentVariableA("WSEXT_LOG", value, sizeof value);
    log_init();
    if (length > 0 && length < sizeof value && log_find_level(value) >= 0)
        log_level = (enum log_level) log_find_level(value);
}

/* All is done here, as static imports call us as soon as it is over; the system allows loading a
 * DLL here as long as that DLL does not wait for another thread, and neither of these two does. */
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void* reserved) {
    (void) reserved;
    if (reason != DLL_PROCESS_ATTACH)
        return TRUE;
    proxy__read_settings();
    proxy__system = proxy__load_system();
    if (proxy__system == NULL)
        return FALSE;
    proxy__pin(instance);
    /* The shim's own imports come through us, so they have to lead somewhere first. */
    proxy__fill();
    proxy__check_ordinals();
    proxy__check_names();
    proxy__load_shim(instance);
    proxy__hide_lacking(instance);
    return TRUE;
}
