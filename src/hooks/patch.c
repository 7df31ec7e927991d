/* SPDX-License-Identifier: MIT */
#include "hooks/patch.h"

#include <windows.h>

#define PATCH__WRITABLE \
    (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define PATCH__EXECUTABLE \
    (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)

bool patch_open(void* place, size_t size, unsigned long* restore) {
    MEMORY_BASIC_INFORMATION info;
    *restore = 0;
    if (VirtualQuery(place, &info, sizeof info) == 0)
        return false;
    if ((info.Protect & PATCH__WRITABLE) != 0)
        return true;
    bool executable = (info.Protect & PATCH__EXECUTABLE) != 0;
    DWORD protect = executable ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    return VirtualProtect(place, size, protect, restore) != 0;
}

void patch_close(void* place, size_t size, unsigned long restore) {
    DWORD old;
    if (restore != 0)
        VirtualProtect(place, size, restore, &old);
}
