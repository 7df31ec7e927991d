/* SPDX-License-Identifier: MIT */

/* What the test of the followed children starts: tells by its exit code what it finds.
 *
 *     followed served              whether the shim is in it
 *     followed start DEPTH FORM    starts itself, with an environment of its own in that FORM
 * (wide, bytes, cleared), until DEPTH is 0, and then as "served" followed write HANDLE writes into
 * an inherited handle followed signal NAME         sets the event, and then as "served" followed
 * wait NAME           waits for the event, and then as "served" followed environment whether its
 * environment is what the test gave it */

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "followed.h"

#define FOLLOWED__LIMIT 20000

/* Runs before the program's own code, and in whatever thread the loader's work is done. */
static void WINAPI followed__attach(void* instance, DWORD reason, void* reserved) {
    wchar_t name[64];
    (void) instance;
    (void) reserved;
    if (reason != DLL_PROCESS_ATTACH)
        return;
    if (GetEnvironmentVariableW(L"FOLLOWED_DIES", name, 64) > 0)
        TerminateProcess(GetCurrentProcess(), FOLLOWED_DEAD);
    if (GetEnvironmentVariableW(L"FOLLOWED_WAITS", name, 64) > 0)
        WaitForSingleObject(OpenEventW(SYNCHRONIZE, FALSE, name), FOLLOWED__LIMIT);
}

extern PIMAGE_TLS_CALLBACK followed_callback;
__attribute__((section(".CRT$XLM"), used)) PIMAGE_TLS_CALLBACK followed_callback =
    (PIMAGE_TLS_CALLBACK) followed__attach;

static int followed__served(void) {
    HMODULE module = GetModuleHandleW(L"wsext.dll");
    return module != NULL && GetProcAddress(module, "wsext_report") != NULL ? FOLLOWED_SERVED
                                                                            : FOLLOWED_PLAIN;
}

/* Without the system's folder Wine finds no DLLs. */
static void* followed__environment(const char* form, DWORD* flags) {
    static wchar_t wide[] = L"A=1\0SystemRoot=C:\\windows\0";
    static char bytes[] = "A=1\0SystemRoot=C:\\windows\0";
    *flags = 0;
    if (strcmp(form, "bytes") == 0)
        return bytes;
    if (strcmp(form, "cleared") == 0) {
        SetEnvironmentVariableW(L"WSEXT_FOLLOW", NULL);
        return NULL;
    }
    *flags = CREATE_UNICODE_ENVIRONMENT;
    return wide;
}

static int followed__create(wchar_t* line, DWORD flags, void* environment) {
    PROCESS_INFORMATION child;
    STARTUPINFOW startup;
    DWORD code = FOLLOWED_FAILED;
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, flags, environment, NULL, &startup, &child))
        return FOLLOWED_FAILED;
    WaitForSingleObject(child.hProcess, FOLLOWED__LIMIT);
    GetExitCodeProcess(child.hProcess, &code);
    return (int) code;
}

static int followed__start(int depth, const char* form) {
    wchar_t line[2048];
    wchar_t path[1024];
    DWORD flags;
    void* environment = followed__environment(form, &flags);
    if (depth == 0)
        return followed__served();
    GetModuleFileNameW(NULL, path, 1024);
    _snwprintf(line, 2048, L"\"%ls\" start %d %hs", path, depth - 1, form);
    return followed__create(line, flags, environment);
}

/* The rest of the command line is that of the program. */
static int followed__run(void) {
    wchar_t* place = wcsstr(GetCommandLineW(), L" run ");
    return place != NULL ? followed__create(_wcsdup(place + 5), 0, NULL) : FOLLOWED_FAILED;
}

static int followed__check_environment(void) {
    wchar_t value[64];
    if (GetEnvironmentVariableW(L"PATH", value, 64) != 0)
        return FOLLOWED_FAILED;
    if (GetEnvironmentVariableW(L"FOLLOWED_VALUE", value, 64) == 0 ||
        wcscmp(value, FOLLOWED_VALUE) != 0)
        return FOLLOWED_FAILED;
    return followed__served();
}

int main(int count, char** arguments) {
    char name[64];
    HANDLE event;
    DWORD done;
    if (count == 2 && strcmp(arguments[1], "served") == 0)
        return followed__served();
    if (count == 2 && strcmp(arguments[1], "environment") == 0)
        return followed__check_environment();
    if (count == 4 && strcmp(arguments[1], "start") == 0)
        return followed__start(atoi(arguments[2]), arguments[3]);
    if (count > 2 && strcmp(arguments[1], "run") == 0)
        return followed__run();
    if (count != 3)
        return FOLLOWED_FAILED;
    if (strcmp(arguments[1], "write") == 0) {
        HANDLE handle = (HANDLE) (ULONG_PTR) strtoul(arguments[2], NULL, 0);
        return WriteFile(handle, "x", 1, &done, NULL) ? followed__served() : FOLLOWED_FAILED;
    }
    if (strcmp(arguments[1], "announce") == 0)
        snprintf(name, sizeof name, "%s-%d", arguments[2], followed__served());
    else
        snprintf(name, sizeof name, "%s", arguments[2]);
    event = OpenEventA(SYNCHRONIZE | EVENT_MODIFY_STATE, FALSE, name);
    if (event == NULL)
        return FOLLOWED_FAILED;
    if (strcmp(arguments[1], "wait") != 0)
        SetEvent(event);
    else if (WaitForSingleObject(event, FOLLOWED__LIMIT) != WAIT_OBJECT_0)
        return FOLLOWED_FAILED;
    return followed__served();
}
