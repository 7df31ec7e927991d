/* SPDX-License-Identifier: MIT */
#include "hooks/inject.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <tlhelp32.h>
#include <wchar.h>

#define INJECT__MAX_PATH 1024
#define INJECT__MAX_LINE (INJECT__MAX_PATH + 32)

#ifdef _WIN64
#define INJECT__OTHER L"i686"
#else
#define INJECT__OTHER L"x86_64"
#endif

bool inject_is_process(const PROCESS_INFORMATION* child) {
    return child->dwProcessId != 0 && GetProcessId(child->hProcess) == child->dwProcessId;
}

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
    LPTHREAD_START_ROUTINE load = (LPTHREAD_START_ROUTINE) (void*) LoadLibraryW;
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
    return INJECT_DONE;
}

/* Puts a name behind the folder of the DLL; false where there is no such file. */
static bool inject__find_beside(const wchar_t* dll, const wchar_t* name, wchar_t* path) {
    const wchar_t* last = wcsrchr(dll, L'\\');
    size_t length = last != NULL ? (size_t) (last + 1 - dll) : 0;
    DWORD attributes;
    if (length + wcslen(name) >= INJECT__MAX_PATH)
        return false;
    wmemcpy(path, dll, length);
    wcscpy(path + length, name);
    attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

/* Without a console, as it would get one of its own where we have none. */
static enum inject_result inject__run(const wchar_t* launcher, wchar_t* line, DWORD limit,
                                      inject_create_fn* create) {
    enum inject_result result = INJECT_FAILED;
    STARTUPINFOW startup;
    PROCESS_INFORMATION child;
    DWORD code;
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    if (!create(launcher, line, NULL, NULL, FALSE, DETACHED_PROCESS, NULL, NULL, &startup, &child))
        return INJECT_FAILED;
    if (WaitForSingleObject(child.hProcess, limit) == WAIT_TIMEOUT) {
        TerminateProcess(child.hProcess, INJECT_TIMEOUT);
        result = INJECT_TIMEOUT;
    } else if (GetExitCodeProcess(child.hProcess, &code) && code < INJECT_FAILED) {
        result = (enum inject_result) code;
    }
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return result;
}

enum inject_result inject_load_other(DWORD process_id, const wchar_t* dll, DWORD limit,
                                     inject_create_fn* create) {
    wchar_t launcher[INJECT__MAX_PATH];
    wchar_t line[INJECT__MAX_LINE];
    if (!inject__find_beside(dll, L"..\\" INJECT__OTHER L"\\wsext-run.exe", launcher) &&
        !inject__find_beside(dll, L"..\\..\\" INJECT__OTHER L"\\bin\\wsext-run.exe", launcher))
        return INJECT_NO_OTHER;
    _snwprintf(line, INJECT__MAX_LINE, L"\"%ls\" --into %lu", launcher, process_id);
    return inject__run(launcher, line, limit, create);
}
