/* SPDX-License-Identifier: MIT */
#include "base/module.h"

#include <string.h>

typedef HMODULE(module__real_fn)(void);

#define MODULE__MAX_PATH 1024

/* The full path, as another one of that name, beside the program, may be found first; NULL where it
 * has no room. */
static const char* module__path(const char* name, char* path) {
    UINT length = GetSystemDirectoryA(path, MODULE__MAX_PATH);
    if (length == 0 || length + strlen(name) + 2 > MODULE__MAX_PATH)
        return NULL;
    path[length] = '\\';
    strcpy(path + length + 1, name);
    return path;
}

static HMODULE module__find_in_system(const char* name) {
    char path[MODULE__MAX_PATH];
    return module__path(name, path) != NULL ? GetModuleHandleA(path) : NULL;
}

HMODULE module_load(const char* name) {
    char path[MODULE__MAX_PATH];
    return module__path(name, path) != NULL ? LoadLibraryA(path) : NULL;
}

HMODULE module_find(const char* name) {
    HMODULE module = module__find_in_system(name);
    module__real_fn* real = NULL;
    if (module == NULL)
        module = GetModuleHandleA(name);
    if (module != NULL)
        real = (module__real_fn*) (void*) GetProcAddress(module, "wsext_real_ws2_32");
    return real != NULL ? real() : module;
}

/* Wine marks its builtin modules behind the DOS header, the file as well as the loaded module. */
int module_is_builtin(const void* base) {
    static const char mark[] = "Wine builtin DLL";
    const char* place = (const char*) base + sizeof(IMAGE_DOS_HEADER);
    char found[sizeof mark - 1];
    SIZE_T done = 0;
    return ReadProcessMemory(GetCurrentProcess(), place, found, sizeof found, &done) &&
           done == sizeof found && memcmp(found, mark, sizeof found) == 0;
}
