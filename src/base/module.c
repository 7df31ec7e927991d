/* SPDX-License-Identifier: MIT */
#include "base/module.h"

#include <string.h>

typedef HMODULE(module__real_fn)(void);

HMODULE module_find(const char* name) {
    HMODULE module = GetModuleHandleA(name);
    module__real_fn* real = NULL;
    if (module != NULL)
        real = (module__real_fn*) (void*) GetProcAddress(module, "wsext_real_ws2_32");
    return real != NULL ? real() : module;
}

/* Wine marks its builtin modules behind the DOS header, the file as well as the loaded module. */
int module_is_builtin(HANDLE process, const void* base) {
    static const char mark[] = "Wine builtin DLL";
    const char* place = (const char*) base + sizeof(IMAGE_DOS_HEADER);
    char found[sizeof mark - 1];
    SIZE_T done = 0;
    return ReadProcessMemory(process, place, found, sizeof found, &done) && done == sizeof found &&
           memcmp(found, mark, sizeof found) == 0;
}
