/* SPDX-License-Identifier: MIT */
#include "hooks/follow.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>
#include <wchar.h>

#include "base/environment.h"
#include "base/log.h"
#include "base/memory.h"
#include "hooks/inject.h"
#include "hooks/interpose.h"
#include "host/host.h"

#define FOLLOW__MAX_PATH 1024
#define FOLLOW__PAGE 4096u

/* A child whose DLLs wait in their initialization for the program, which waits in CreateProcess for
 * us, would wait for ever. The launcher has the same limit. */
#define FOLLOW__LIMIT 30000u

#ifdef _WIN64
#define FOLLOW__NO_OTHER "it is a 32-bit program, and there is no folder i686 with the 32-bit build"
#else
#define FOLLOW__NO_OTHER \
    "it is a 64-bit program, and there is no folder x86_64 with the 64-bit build"
#endif

static wchar_t follow__dll[FOLLOW__MAX_PATH];

/* The WSEXT_ variables as they were when this process started. */
static wchar_t* follow__settings;

/* A call that makes a process, with what it passes to the host in place of the program's values. */
struct follow__call {
    DWORD asked;
    DWORD flags;
    void* environment;
    wchar_t* copy; /* To be freed. */
};

/* The host makes the same of a block of bytes. */
static wchar_t* follow__widen(const char* block) {
    const char* end = block;
    wchar_t* wide;
    int size, length;
    while (*end != '\0')
        end += strlen(end) + 1;
    size = (int) (end - block) + 1;
    length = MultiByteToWideChar(CP_ACP, 0, block, size, NULL, 0);
    wide = malloc((size_t) length * sizeof *wide);
    if (wide != NULL)
        MultiByteToWideChar(CP_ACP, 0, block, size, wide, length);
    return wide;
}

static int follow__is_zero(const char* place, size_t width) {
    return place[0] == 0 && (width == 1 || place[1] == 0);
}

/* A block that has no end, or cannot be read up to it, is the host's to answer. */
static int follow__has_end(const char* block, size_t width) {
    int was_zero = 1;
    for (;; block += width) {
        int is_zero;
        if ((was_zero || (uintptr_t) block % FOLLOW__PAGE < width) &&
            !memory_is_readable(block, width))
            return 0;
        is_zero = follow__is_zero(block, width);
        if (is_zero && was_zero)
            return 1;
        was_zero = is_zero;
    }
}

/* The switch, and the other variables, have to reach a child that gets an environment of its own,
 * and the child of a program that has cleared its own. They go into the block and not by a call
 * into the child, as there they also reach a copy of the DLL that the child finds by itself, and a
 * child that another build's launcher serves. */
static wchar_t* follow__add_settings(const void* environment, DWORD flags) {
    const size_t width = flags & CREATE_UNICODE_ENVIRONMENT ? sizeof(wchar_t) : 1;
    wchar_t* made = NULL;
    wchar_t* result;
    if (environment != NULL && !follow__has_end(environment, width))
        return NULL;
    if (environment != NULL && width != 1)
        return environment_add(environment, follow__settings, L"");
    made = environment != NULL ? follow__widen(environment) : GetEnvironmentStringsW();
    if (made == NULL)
        return NULL;
    result = environment_add(made, follow__settings, L"");
    if (environment != NULL)
        free(made);
    else
        FreeEnvironmentStringsW(made);
    return result;
}

/* A debugger wants to see its child from the first event on, and there is no thread of ours in it.
 */
static int follow__is_debugged(const struct follow__call* call) {
    return (call->asked & (DEBUG_PROCESS | DEBUG_ONLY_THIS_PROCESS)) != 0;
}

static void follow__begin(struct follow__call* call, DWORD flags, void* environment) {
    DWORD error = GetLastError();
    call->asked = call->flags = flags;
    call->environment = environment;
    call->copy = NULL;
    if (!follow__is_debugged(call)) {
        call->flags |= CREATE_SUSPENDED;
        call->copy = follow__add_settings(environment, flags);
    }
    if (call->copy != NULL) {
        call->flags |= CREATE_UNICODE_ENVIRONMENT;
        call->environment = call->copy;
    }
    SetLastError(error);
}

static void follow__name(DWORD process_id, char* name, int size) {
    PROCESSENTRY32W entry = {0};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    BOOL more;
    strcpy(name, "?");
    if (snapshot == INVALID_HANDLE_VALUE)
        return;
    entry.dwSize = sizeof entry;
    for (more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
        if (entry.th32ProcessID == process_id)
            WideCharToMultiByte(CP_UTF8, 0, entry.szExeFile, -1, name, size, NULL, NULL);
    }
    CloseHandle(snapshot);
}

static void follow__tell(DWORD process_id, const char* reason) {
    char name[MAX_PATH * 3];
    if (log_level < (reason != NULL ? LOG_WARN : LOG_INFO))
        return;
    follow__name(process_id, name, sizeof name);
    if (reason != NULL)
        log_warn("process %04lx (%s) runs without wsext: %s", process_id, name, reason);
    else
        log_info("process %04lx (%s) gets wsext", process_id, name);
}

static enum inject_result follow__inject(const PROCESS_INFORMATION* child) {
    if (inject_has_own_bits(child->hProcess))
        return inject_load(child->hProcess, child->dwProcessId, follow__dll, FOLLOW__LIMIT);
    return inject_load_other(child->dwProcessId, follow__dll, FOLLOW__LIMIT, host.CreateProcessW);
}

/* Why it runs without us, or NULL. */
static const char* follow__serve(const PROCESS_INFORMATION* child) {
    switch (follow__inject(child)) {
        case INJECT_DONE:
            return NULL;
        case INJECT_ENDED:
            return "it ended while it was started";
        case INJECT_TIMEOUT:
            return "it has not loaded wsext.dll within 30 seconds";
        case INJECT_NO_OTHER:
            return FOLLOW__NO_OTHER;
        default:
            return "wsext.dll could not be loaded into it";
    }
}

static void follow__end(struct follow__call* call, BOOL result, const PROCESS_INFORMATION* child) {
    DWORD error = GetLastError();
    free(call->copy);
    if (result && inject_is_process(child)) {
        if (follow__is_debugged(call)) {
            follow__tell(child->dwProcessId, "it is started for a debugger");
        } else {
            follow__tell(child->dwProcessId, follow__serve(child));
            if (!(call->asked & CREATE_SUSPENDED))
                ResumeThread(child->hThread);
        }
    }
    SetLastError(error);
}

static BOOL WINAPI hook_CreateProcessA(const char* program, char* line,
                                       SECURITY_ATTRIBUTES* process, SECURITY_ATTRIBUTES* thread,
                                       BOOL inherit, DWORD flags, void* environment,
                                       const char* directory, STARTUPINFOA* startup,
                                       PROCESS_INFORMATION* child) {
    struct follow__call call;
    BOOL result;
    follow__begin(&call, flags, environment);
    result = host.CreateProcessA(program, line, process, thread, inherit, call.flags,
                                 call.environment, directory, startup, child);
    follow__end(&call, result, child);
    return result;
}

static BOOL WINAPI hook_CreateProcessW(const WCHAR* program, WCHAR* line,
                                       SECURITY_ATTRIBUTES* process, SECURITY_ATTRIBUTES* thread,
                                       BOOL inherit, DWORD flags, void* environment,
                                       const WCHAR* directory, STARTUPINFOW* startup,
                                       PROCESS_INFORMATION* child) {
    struct follow__call call;
    BOOL result;
    follow__begin(&call, flags, environment);
    result = host.CreateProcessW(program, line, process, thread, inherit, call.flags,
                                 call.environment, directory, startup, child);
    follow__end(&call, result, child);
    return result;
}

static BOOL WINAPI hook_CreateProcessAsUserA(HANDLE token, const char* program, char* line,
                                             SECURITY_ATTRIBUTES* process,
                                             SECURITY_ATTRIBUTES* thread, BOOL inherit, DWORD flags,
                                             void* environment, const char* directory,
                                             STARTUPINFOA* startup, PROCESS_INFORMATION* child) {
    struct follow__call call;
    BOOL result;
    follow__begin(&call, flags, environment);
    result = host.CreateProcessAsUserA(token, program, line, process, thread, inherit, call.flags,
                                       call.environment, directory, startup, child);
    follow__end(&call, result, child);
    return result;
}

static BOOL WINAPI hook_CreateProcessAsUserW(HANDLE token, const WCHAR* program, WCHAR* line,
                                             SECURITY_ATTRIBUTES* process,
                                             SECURITY_ATTRIBUTES* thread, BOOL inherit, DWORD flags,
                                             void* environment, const WCHAR* directory,
                                             STARTUPINFOW* startup, PROCESS_INFORMATION* child) {
    struct follow__call call;
    BOOL result;
    follow__begin(&call, flags, environment);
    result = host.CreateProcessAsUserW(token, program, line, process, thread, inherit, call.flags,
                                       call.environment, directory, startup, child);
    follow__end(&call, result, child);
    return result;
}

#define FOLLOW__ENTRY(name) \
    {"kernel32.dll", #name, (void*) hook_##name, false}, { \
        "kernelbase.dll", #name, (void*) hook_##name, true \
    }

/* kernel32's own WinExec calls kernelbase. What other modules offer (the C run-times' spawn and
 * system, ShellExecute, COM's local servers, CreateProcessWithTokenW) ends in these as well. */
static const struct interpose_entry follow__entries[] = {
    FOLLOW__ENTRY(CreateProcessA),
    FOLLOW__ENTRY(CreateProcessW),
    FOLLOW__ENTRY(CreateProcessAsUserA),
    FOLLOW__ENTRY(CreateProcessAsUserW),
};

/* Installed for a whole prefix, the DLL comes into every process by itself. */
static int follow__is_everywhere(DWORD length) {
    wchar_t system[FOLLOW__MAX_PATH];
    UINT system_length = GetSystemDirectoryW(system, FOLLOW__MAX_PATH);
    return system_length > 0 && system_length < length &&
           _wcsnicmp(system, follow__dll, system_length) == 0 &&
           wcschr(follow__dll + system_length + 1, L'\\') == NULL;
}

/* Where we were loaded as mswsock.dll, Wine would give a child its builtin of that name. */
static int follow__choose_dll(void) {
    static const wchar_t name[] = L"wsext.dll";
    wchar_t own[FOLLOW__MAX_PATH];
    wchar_t* place = wcsrchr(follow__dll, L'\\');
    wcscpy(own, follow__dll);
    if (place == NULL || place + sizeof name / sizeof name[0] >= follow__dll + FOLLOW__MAX_PATH)
        return 0;
    wcscpy(place + 1, name);
    if (GetFileAttributesW(follow__dll) != INVALID_FILE_ATTRIBUTES)
        return 1;
    wcscpy(follow__dll, own);
    return host.wine_get_version == NULL;
}

void follow_install(HINSTANCE instance) {
    static const size_t count = sizeof follow__entries / sizeof follow__entries[0];
    DWORD length = GetModuleFileNameW(instance, follow__dll, FOLLOW__MAX_PATH);
    wchar_t* variables;
    if (length < FOLLOW__MAX_PATH && follow__is_everywhere(length))
        return;
    if (length < FOLLOW__MAX_PATH && !follow__choose_dll()) {
        log_warn("there is no wsext.dll beside mswsock.dll: the program's children run without "
                 "wsext");
        return;
    }
    variables = GetEnvironmentStringsW();
    if (variables != NULL) {
        follow__settings = environment_add(L"", variables, L"WSEXT_");
        FreeEnvironmentStringsW(variables);
    }
    if (length == 0 || length >= FOLLOW__MAX_PATH || follow__settings == NULL ||
        interpose_install(follow__entries, count) == 0)
        log_warn("the functions that make processes could not be interposed: the program's "
                 "children run without wsext");
}
