/* SPDX-License-Identifier: MIT */
#include "doors/inject.h"

#include <stdint.h>
#include <tlhelp32.h>
#include <wchar.h>

#include "host/module.h"

bool inject_has_own_bits(HANDLE process) {
    BOOL own = FALSE;
    BOOL other = FALSE;
    return !IsWow64Process(GetCurrentProcess(), &own) || !IsWow64Process(process, &other) ||
           own == other;
}

/* A thread's exit code is 32 bits of what LoadLibrary returned, or of anything if it crashed, so
 * the list of modules has to say what was loaded. Even a 0 can be the lower half of an address. */
static const uint8_t* inject__find_module(DWORD process_id, DWORD low_base, const wchar_t* name) {
    MODULEENTRY32W module;
    const uint8_t* base = NULL;
    HANDLE snapshot;
    do /* The documented answer to a list that changed meanwhile is to try again. */
        snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, process_id);
    while (snapshot == INVALID_HANDLE_VALUE && GetLastError() == ERROR_BAD_LENGTH);
    if (snapshot == INVALID_HANDLE_VALUE)
        return NULL;
    module.dwSize = sizeof module;
    for (BOOL more = Module32FirstW(snapshot, &module); more && base == NULL;
         more = Module32NextW(snapshot, &module)) {
        if ((DWORD) (uintptr_t) module.modBaseAddr == low_base &&
            _wcsicmp(module.szModule, name) == 0)
            base = module.modBaseAddr;
    }
    CloseHandle(snapshot);
    return base;
}

/* Runs LoadLibraryW in the process, and gives its result's lower half, or 0. The system has
 * kernel32 at one address in all processes of the same kind. False where the time is over. */
static bool inject__call_load_library(HANDLE process, const wchar_t* dll, DWORD limit,
                                      DWORD* low_base) {
    SIZE_T size = (wcslen(dll) + 1) * sizeof(wchar_t);
    LPTHREAD_START_ROUTINE load = (LPTHREAD_START_ROUTINE) (void*) GetProcAddress(
        GetModuleHandleW(L"kernel32.dll"), "LoadLibraryW");
    void* path = VirtualAllocEx(process, NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    *low_base = 0;
    if (path == NULL || !WriteProcessMemory(process, path, dll, size, NULL))
        return true;
    HANDLE thread = CreateRemoteThread(process, NULL, 0, load, path, 0, NULL);
    if (thread == NULL)
        return true;
    /* Nothing promises that a thread counts as ended when its process is killed. */
    HANDLE ends[] = {thread, process};
    DWORD waited = WaitForMultipleObjects(2, ends, FALSE, limit);
    if (!GetExitCodeThread(thread, low_base))
        *low_base = 0;
    CloseHandle(thread);
    /* The thread may still read it. */
    if (waited == WAIT_TIMEOUT)
        return false;
    VirtualFreeEx(process, path, 0, MEM_RELEASE);
    return true;
}

enum inject_result inject_load(HANDLE process, DWORD process_id, const wchar_t* dll, DWORD limit) {
    const wchar_t* name = wcsrchr(dll, L'\\');
    const uint8_t* base;
    DWORD low_base;
    DWORD code;
    if (!inject__call_load_library(process, dll, limit, &low_base))
        return INJECT_TIMEOUT;
    base = inject__find_module(process_id, low_base, name != NULL ? name + 1 : dll);
    if (base == NULL && GetExitCodeProcess(process, &code) && code != STILL_ACTIVE)
        return INJECT_ENDED;
    if (base == NULL)
        return INJECT_FAILED;
    return module_is_builtin(process, base) ? INJECT_BUILTIN : INJECT_DONE;
}
