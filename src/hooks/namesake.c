/* SPDX-License-Identifier: MIT */
#include "hooks/namesake.h"

#include <string.h>
#include <wchar.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/module.h"
#include "hooks/image.h"
#include "hooks/interpose.h"
#include "host/host.h"

#define NAMESAKE__NAME "mswsock.dll"
#define NAMESAKE__WIDE_NAME L"mswsock.dll"
#define NAMESAKE__MAX_EXPORTS 64
#define NAMESAKE__MAX_PATH 1024
#define NAMESAKE__MAX_LED 4
#define NAMESAKE__LOADED 1 /* LDR_DLL_NOTIFICATION_REASON_LOADED */

/* Documented, though in no header: what the loader tells of a module that it has loaded. */
struct namesake__notification {
    ULONG flags;
    const UNICODE_STRING* full_name;
    const UNICODE_STRING* base_name;
    void* base;
    ULONG size;
};

/* Exported by every Windows NT since 5.1, see hooks/interpose.c. */
typedef VOID NTAPI namesake__module_fn(LDR_DATA_TABLE_ENTRY* module, PVOID context, BOOLEAN* stop);
NTSYSAPI NTSTATUS NTAPI LdrEnumerateLoadedModules(ULONG flags, namesake__module_fn* callback,
                                                  PVOID context);

static HINSTANCE namesake__instance;

/* The modules that are led to us, which stay. */
static HMODULE namesake__led[NAMESAKE__MAX_LED];
static size_t namesake__led_count;

static int namesake__is_named(const UNICODE_STRING* path) {
    const size_t length = sizeof NAMESAKE__WIDE_NAME / sizeof(wchar_t) - 1;
    const size_t has = path->Length / sizeof(wchar_t);
    return has >= length &&
           _wcsnicmp(path->Buffer + has - length, NAMESAKE__WIDE_NAME, length) == 0 &&
           (has == length || path->Buffer[has - length - 1] == L'\\');
}

static int namesake__is_in_system(const UNICODE_STRING* path) {
    wchar_t folder[NAMESAKE__MAX_PATH];
    const UINT length = GetSystemDirectoryW(folder, NAMESAKE__MAX_PATH);
    return length > 0 && length < NAMESAKE__MAX_PATH && path->Length / sizeof(wchar_t) > length &&
           _wcsnicmp(path->Buffer, folder, length) == 0 && path->Buffer[length] == L'\\';
}

static int namesake__is_led(HMODULE module) {
    size_t i;
    for (i = 0; i < namesake__led_count; i++) {
        if (namesake__led[i] == module)
            return 1;
    }
    return 0;
}

/* A mswsock.dll that a program brings along is its own business, and another copy of ours leaves
 * everything to us by itself. */
static int namesake__is_systems(const UNICODE_STRING* path, HMODULE module) {
    if (module == namesake__instance || !namesake__is_named(path) || namesake__is_led(module) ||
        GetProcAddress(module, "wsext_report") != NULL)
        return 0;
    return module_is_builtin(module) || namesake__is_in_system(path);
}

/* From here on its exports lead to us, so it must not go away and another module take its place. */
static void namesake__pin(HMODULE module) {
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                       (const wchar_t*) (const void*) module, &module);
}

static void namesake__lead(HMODULE module) {
    struct interpose_entry entries[NAMESAKE__MAX_EXPORTS];
    const size_t size = memory_module_size(module);
    const char* name;
    size_t count = 0;
    int done;
    uint32_t i;
    for (i = 0; (name = image_export_name(module, size, i)) != NULL; i++) {
        FARPROC function = GetProcAddress(namesake__instance, name);
        if (function == NULL || count == NAMESAKE__MAX_EXPORTS)
            continue;
        entries[count].module = NAMESAKE__NAME;
        entries[count].name = name;
        memcpy(&entries[count].hook, &function, sizeof function);
        entries[count].is_for_system = false;
        count++;
    }
    if (namesake__led_count == NAMESAKE__MAX_LED)
        return;
    namesake__led[namesake__led_count++] = module;
    namesake__pin(module);
    done = interpose_install_module(module, entries, count);
    if ((size_t) done < count)
        log_error("%d of the %d functions of the system's mswsock.dll could be led to wsext", done,
                  (int) count);
    else
        log_info("the system's mswsock.dll is led to wsext");
}

static void namesake__consider(const UNICODE_STRING* path, void* base) {
    DWORD error = GetLastError();
    if (namesake__is_systems(path, base))
        namesake__lead(base);
    SetLastError(error);
}

static VOID NTAPI namesake__visit(LDR_DATA_TABLE_ENTRY* module, PVOID context, BOOLEAN* stop) {
    (void) context;
    (void) stop;
    namesake__consider(&module->FullDllName, module->DllBase);
}

static void NTAPI namesake__notified(ULONG reason, const struct namesake__notification* told,
                                     void* context) {
    (void) context;
    if (reason == NAMESAKE__LOADED)
        namesake__consider(told->full_name, told->base);
}

/* For a system whose loader tells of nothing. The modules that were loaded along with it have been
 * initialized by then. */
static host_status NTAPI hook_LdrLoadDll(WCHAR* path, ULONG* flags, UNICODE_STRING* name,
                                         HMODULE* module) {
    host_status status = host.LdrLoadDll(path, flags, name, module);
    if (status >= 0)
        LdrEnumerateLoadedModules(0, namesake__visit, NULL);
    return status;
}

static int namesake__watch(void) {
    static const struct interpose_entry entry = {"ntdll.dll", "LdrLoadDll", (void*) hook_LdrLoadDll,
                                                 true};
    void* cookie;
    if (host.LdrRegisterDllNotification != NULL)
        return host.LdrRegisterDllNotification(0, (void*) namesake__notified, NULL, &cookie) >= 0;
    return interpose_install(&entry, 1) == 1;
}

void namesake_install(HINSTANCE instance) {
    namesake__instance = instance;
    LdrEnumerateLoadedModules(0, namesake__visit, NULL);
    if (!namesake__watch())
        log_warn("the system's mswsock.dll, if it is loaded from now on, is not led to wsext");
}
