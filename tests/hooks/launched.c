/* SPDX-License-Identifier: MIT */

/* What the launcher's test has launched: tells what it finds around it, one thing a line. */

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static HANDLE launched__event;

static BOOL WINAPI launched__on_control(DWORD event) {
    (void) event;
    SetEvent(launched__event);
    return TRUE;
}

static void launched__tell(const wchar_t* text) {
    static char bytes[65536];
    WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
    printf("%s\n", bytes);
}

/* Waits for Ctrl-C and says so by its exit code. */
static int launched__wait(DWORD limit) {
    launched__event = CreateEventW(NULL, TRUE, FALSE, NULL);
    SetConsoleCtrlHandler(launched__on_control, TRUE);
    printf("ready\n");
    fflush(stdout);
    HANDLE ready = OpenEventW(EVENT_MODIFY_STATE, FALSE, L"wsext-launched-ready");
    if (ready != NULL)
        SetEvent(ready);
    return WaitForSingleObject(launched__event, limit) == WAIT_OBJECT_0 ? 55 : 56;
}

/* The ways to end that a process' DLLs are not told of. */
static void launched__end(const char* how) {
    if (strcmp(how, "terminate") == 0)
        TerminateProcess(GetCurrentProcess(), 5);
    if (strcmp(how, "crash") == 0) {
        SetErrorMode(SEM_NOGPFAULTERRORBOX);
        RaiseException(EXCEPTION_ACCESS_VIOLATION, EXCEPTION_NONCONTINUABLE, 0, NULL);
    }
}

int main(int count, char** arguments) {
    static wchar_t text[32768];
    static char input[256];
    if (count >= 2)
        launched__end(arguments[1]);
    if (count >= 3 && strcmp(arguments[1], "exit") == 0)
        ExitProcess((UINT) strtoul(arguments[2], NULL, 0));
    if (count >= 3 && strcmp(arguments[1], "wait") == 0)
        return launched__wait(strtoul(arguments[2], NULL, 0));
    launched__tell(GetCommandLineW());
    GetCurrentDirectoryW(32768, text);
    launched__tell(text);
    text[0] = 0;
    GetEnvironmentVariableW(L"LAUNCHED_VARIABLE", text, 32768);
    launched__tell(text);
    /* The probe is there and is ours, or the launcher failed silently. */
    HMODULE module = GetModuleHandleW(L"wsext.dll");
    launched__tell(module != NULL && GetProcAddress(module, "probe_calls") != NULL ? L"probe"
                                                                                   : L"no probe");
    if (GetEnvironmentVariableW(L"WSEXT_FOLLOW", text, 32768) > 0 && wcscmp(text, L"1") == 0)
        launched__tell(L"follows");
    if (count >= 2 && strcmp(arguments[1], "input") == 0 && fgets(input, sizeof input, stdin))
        printf("input: %s", input);
    fprintf(stderr, "error stream\n");
    return 0;
}
