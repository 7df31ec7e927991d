/* SPDX-License-Identifier: MIT */

/* follow_test served | plain FOLLOWED: starts FOLLOWED in all ways that programs have. Everything
 * that a program can see must be the same with the shim that follows ("served") and without it. */

#include <windows.h>
#include <shellapi.h>

#include <process.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "followed.h"

#define FOLLOW__LIMIT 20000
#define FOLLOW__PATH 1024
#define FOLLOW__LINE 2048

static int follow__is_served;
static DWORD follow__wanted; /* The exit code of a child as it has to be. */
static char follow__program[FOLLOW__PATH];
static wchar_t follow__program_wide[FOLLOW__PATH];

static wchar_t* follow__line(const wchar_t* arguments, wchar_t* line) {
    swprintf(line, FOLLOW__LINE, L"\"%ls\" %ls", follow__program_wide, arguments);
    return line;
}

static DWORD follow__end(PROCESS_INFORMATION* child) {
    DWORD code = 0;
    assert_int_equal(WaitForSingleObject(child->hProcess, FOLLOW__LIMIT), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(child->hProcess, &code));
    assert_true(CloseHandle(child->hProcess));
    assert_true(CloseHandle(child->hThread));
    return code;
}

static void follow__create(const wchar_t* arguments, BOOL inherit, DWORD flags, void* environment,
                           PROCESS_INFORMATION* child) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    wchar_t line[FOLLOW__LINE];
    assert_true(CreateProcessW(NULL, follow__line(arguments, line), NULL, NULL, inherit, flags,
                               environment, NULL, &startup, child));
}

static DWORD follow__run(const wchar_t* arguments, DWORD flags, void* environment) {
    PROCESS_INFORMATION child;
    follow__create(arguments, FALSE, flags, environment, &child);
    return follow__end(&child);
}

static void follow__expect_information(const PROCESS_INFORMATION* child) {
    assert_int_equal(GetProcessId(child->hProcess), child->dwProcessId);
    assert_int_equal(GetThreadId(child->hThread), child->dwThreadId);
}

static void follow__expect_same_error(const char* file, DWORD flags, DWORD error) {
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    SetLastError(1234);
    assert_false(
        CreateProcessA(file, NULL, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &child));
    assert_int_equal(GetLastError(), error);
}

/* Without the switch the functions are the system's own, so that it costs nothing. */
static void interposed_only_where_asked_for(void** state) {
    static const char* const names[] = {"CreateProcessA", "CreateProcessW"};
    const DWORD flags =
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    size_t i;
    (void) state;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        HMODULE owner = NULL;
        FARPROC function = GetProcAddress(kernel, names[i]);
        BOOL is_in_module = GetModuleHandleExW(flags, (LPCWSTR) (void*) function, &owner);
        assert_int_equal(is_in_module && owner == kernel, !follow__is_served);
    }
}

static void create_process_w(void** state) {
    PROCESS_INFORMATION child;
    (void) state;
    follow__create(L"served", FALSE, 0, NULL, &child);
    follow__expect_information(&child);
    assert_int_equal(follow__end(&child), follow__wanted);
}

static void create_process_a(void** state) {
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    char line[] = "followed served";
    (void) state;
    assert_true(
        CreateProcessA(follow__program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    follow__expect_information(&child);
    assert_int_equal(follow__end(&child), follow__wanted);
}

static void create_process_as_user(void** state) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    STARTUPINFOA startup_a = {.cb = sizeof startup_a};
    PROCESS_INFORMATION child;
    wchar_t line[FOLLOW__LINE];
    char line_a[] = "followed served";
    HANDLE token;
    (void) state;
    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token));
    assert_true(CreateProcessAsUserW(token, NULL, follow__line(L"served", line), NULL, NULL, FALSE,
                                     0, NULL, NULL, &startup, &child));
    assert_int_equal(follow__end(&child), follow__wanted);
    assert_true(CreateProcessAsUserA(token, follow__program, line_a, NULL, NULL, FALSE, 0, NULL,
                                     NULL, &startup_a, &child));
    assert_int_equal(follow__end(&child), follow__wanted);
    assert_true(CreateProcessWithTokenW(token, 0, NULL, follow__line(L"served", line), 0, NULL,
                                        NULL, &startup, &child));
    assert_int_equal(follow__end(&child), follow__wanted);
    CloseHandle(token);
}

static void run_time_functions(void** state) {
    char quoted[FOLLOW__LINE];
    (void) state;
    snprintf(quoted, sizeof quoted, "\"%s\"", follow__program);
    assert_int_equal(_spawnl(_P_WAIT, follow__program, quoted, "served", NULL), follow__wanted);
    assert_int_equal(_wspawnl(_P_WAIT, follow__program_wide, L"followed", L"served", NULL),
                     follow__wanted);
    snprintf(quoted, sizeof quoted, "\"%s\" served", follow__program);
    assert_int_equal(system(quoted), follow__wanted);
}

/* It tells nothing of the child but that it was started. */
static void win_exec(void** state) {
    char line[FOLLOW__LINE], name[64];
    HANDLE event;
    (void) state;
    snprintf(name, sizeof name, "wsext-follow-exec-%lu", follow__wanted);
    event = CreateEventA(NULL, TRUE, FALSE, name);
    snprintf(line, sizeof line, "\"%s\" announce wsext-follow-exec", follow__program);
    assert_true(WinExec(line, SW_HIDE) > 31);
    assert_int_equal(WaitForSingleObject(event, FOLLOW__LIMIT), WAIT_OBJECT_0);
    CloseHandle(event);
    assert_int_equal(WinExec("no such program", SW_HIDE), ERROR_FILE_NOT_FOUND);
}

static void shell_execute(void** state) {
    SHELLEXECUTEINFOW info = {.cbSize = sizeof info};
    DWORD code;
    (void) state;
    info.fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_FLAG_NO_UI | SEE_MASK_NOASYNC;
    info.lpFile = follow__program_wide;
    info.lpParameters = L"served";
    info.nShow = SW_HIDE;
    assert_true(ShellExecuteExW(&info));
    assert_int_equal(WaitForSingleObject(info.hProcess, FOLLOW__LIMIT), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(info.hProcess, &code));
    assert_int_equal(code, follow__wanted);
    CloseHandle(info.hProcess);
}

/* A command interpreter, and a file for it that is started by its own name. */
static void through_cmd(void** state) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    wchar_t folder[FOLLOW__PATH], file[FOLLOW__PATH + 32], line[FOLLOW__LINE];
    FILE* batch;
    (void) state;
    swprintf(line, FOLLOW__LINE, L"cmd.exe /c \"\"%ls\" served\"", follow__program_wide);
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    assert_int_equal(follow__end(&child), follow__wanted);

    GetTempPathW(FOLLOW__PATH, folder);
    swprintf(file, FOLLOW__PATH + 32, L"%lswsext follow %lu.cmd", folder, GetCurrentProcessId());
    batch = _wfopen(file, L"w");
    assert_non_null(batch);
    fprintf(batch, "@\"%s\" served\n@exit /b %%errorlevel%%\n", follow__program);
    fclose(batch);
    swprintf(line, FOLLOW__LINE, L"\"%ls\"", file);
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    assert_int_equal(follow__end(&child), follow__wanted);
    DeleteFileW(file);
}

static void grandchildren(void** state) {
    (void) state;
    assert_int_equal(follow__run(L"start 3 wide", 0, NULL), follow__wanted);
    assert_int_equal(follow__run(L"start 2 bytes", 0, NULL), follow__wanted);
    assert_int_equal(follow__run(L"start 2 cleared", 0, NULL), follow__wanted);
}

static void environment_of_its_own(void** state) {
    static const wchar_t variables[] =
        L"FOLLOWED_VALUE=" FOLLOWED_VALUE L"\0SystemRoot=C:\\windows\0";
    char bytes[sizeof variables * 2];
    (void) state;
    assert_int_equal(follow__run(L"environment", CREATE_UNICODE_ENVIRONMENT, (void*) variables),
                     follow__wanted);
    assert_int_not_equal(WideCharToMultiByte(CP_ACP, 0, variables,
                                             sizeof variables / sizeof variables[0], bytes,
                                             sizeof bytes, NULL, NULL),
                         0);
    assert_int_equal(follow__run(L"environment", 0, bytes), follow__wanted);
}

/* The DLL is in it, and goes no further. */
static void switched_off_for_a_child(void** state) {
    static const wchar_t variables[] = L"SystemRoot=C:\\windows\0WSEXT_FOLLOW=0\0";
    (void) state;
    assert_int_equal(follow__run(L"served", CREATE_UNICODE_ENVIRONMENT, (void*) variables),
                     follow__wanted);
    SetEnvironmentVariableW(L"WSEXT_FOLLOW", L"0");
    assert_int_equal(follow__run(L"start 1 inherited", 0, NULL), FOLLOWED_PLAIN);
    SetEnvironmentVariableW(L"WSEXT_FOLLOW", follow__is_served ? L"1" : NULL);
}

static void suspended_stays_suspended(void** state) {
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"wsext-follow-suspended");
    PROCESS_INFORMATION child;
    (void) state;
    follow__create(L"signal wsext-follow-suspended", FALSE, CREATE_SUSPENDED, NULL, &child);
    assert_int_equal(WaitForSingleObject(event, 200), WAIT_TIMEOUT);
    assert_int_equal(SuspendThread(child.hThread), 1);
    assert_int_equal(ResumeThread(child.hThread), 2);
    assert_int_equal(ResumeThread(child.hThread), 1);
    assert_int_equal(WaitForSingleObject(event, FOLLOW__LIMIT), WAIT_OBJECT_0);
    assert_int_equal(follow__end(&child), follow__wanted);
    CloseHandle(event);
}

static void handles_are_inherited_as_asked(void** state) {
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    PROCESS_INFORMATION child;
    wchar_t arguments[64];
    HANDLE pipe[2];
    DWORD count;
    char byte;
    (void) state;
    assert_true(CreatePipe(&pipe[0], &pipe[1], &inherit, 0));
    swprintf(arguments, 64, L"write %lu", (unsigned long) (ULONG_PTR) pipe[1]);
    follow__create(arguments, TRUE, 0, NULL, &child);
    assert_int_equal(follow__end(&child), follow__wanted);
    assert_true(PeekNamedPipe(pipe[0], NULL, 0, NULL, &count, NULL));
    assert_int_equal(count, 1);
    assert_true(ReadFile(pipe[0], &byte, 1, &count, NULL));
    follow__create(arguments, FALSE, 0, NULL, &child);
    assert_int_equal(follow__end(&child), FOLLOWED_FAILED);
    assert_true(PeekNamedPipe(pipe[0], NULL, 0, NULL, &count, NULL));
    assert_int_equal(count, 0);
    CloseHandle(pipe[0]);
    CloseHandle(pipe[1]);
}

/* As browsers and .NET do: of the handles that may be inherited, only these. */
static void listed_handles_are_inherited(void** state) {
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    STARTUPINFOEXW startup;
    PROCESS_INFORMATION child;
    wchar_t line[FOLLOW__LINE], arguments[64];
    HANDLE listed[2], other[2];
    SIZE_T size = 0;
    (void) state;
    memset(&startup, 0, sizeof startup);
    startup.StartupInfo.cb = sizeof startup;
    assert_true(CreatePipe(&listed[0], &listed[1], &inherit, 0));
    assert_true(CreatePipe(&other[0], &other[1], &inherit, 0));
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    startup.lpAttributeList = malloc(size);
    assert_non_null(startup.lpAttributeList);
    assert_true(InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size));
    assert_true(UpdateProcThreadAttribute(startup.lpAttributeList, 0,
                                          PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &listed[1],
                                          sizeof listed[1], NULL, NULL));
    for (int is_listed = 0; is_listed < 2; is_listed++) {
        swprintf(arguments, 64, L"write %lu",
                 (unsigned long) (ULONG_PTR) (is_listed ? listed[1] : other[1]));
        assert_true(CreateProcessW(NULL, follow__line(arguments, line), NULL, NULL, TRUE,
                                   EXTENDED_STARTUPINFO_PRESENT, NULL, NULL, &startup.StartupInfo,
                                   &child));
        assert_int_equal(follow__end(&child), is_listed ? follow__wanted : FOLLOWED_FAILED);
    }
    DeleteProcThreadAttributeList(startup.lpAttributeList);
    free(startup.lpAttributeList);
    for (int i = 0; i < 2; i++) {
        CloseHandle(listed[i]);
        CloseHandle(other[i]);
    }
}

static void last_error_and_handles_are_left_alone(void** state) {
    DWORD before, after;
    int i;
    (void) state;
    assert_int_equal(follow__run(L"served", 0, NULL), follow__wanted);
    assert_true(GetProcessHandleCount(GetCurrentProcess(), &before));
    for (i = 0; i < 10; i++) {
        PROCESS_INFORMATION child;
        STARTUPINFOW startup = {.cb = sizeof startup};
        wchar_t line[FOLLOW__LINE];
        follow__line(L"served", line);
        SetLastError(1234);
        assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
        /* Wine clears it. */
        assert_true(GetLastError() == 0 || GetLastError() == 1234);
        assert_int_equal(follow__end(&child), follow__wanted);
    }
    assert_true(GetProcessHandleCount(GetCurrentProcess(), &after));
    assert_int_equal(after, before);
}

static void failures_keep_their_errors(void** state) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    wchar_t line[FOLLOW__LINE], folder[FOLLOW__PATH], file[FOLLOW__PATH + 32];
    char name[FOLLOW__PATH * 3];
    FILE* nonsense;
    (void) state;
    follow__expect_same_error("C:\\no such program.exe", 0, ERROR_FILE_NOT_FOUND);
    follow__expect_same_error("C:\\no such program.exe", CREATE_SUSPENDED, ERROR_FILE_NOT_FOUND);

    GetTempPathW(FOLLOW__PATH, folder);
    swprintf(file, FOLLOW__PATH + 32, L"%lswsext follow %lu.exe", folder, GetCurrentProcessId());
    nonsense = _wfopen(file, L"w");
    assert_non_null(nonsense);
    fprintf(nonsense, "no program\n");
    fclose(nonsense);
    WideCharToMultiByte(CP_ACP, 0, file, -1, name, sizeof name, NULL, NULL);
    follow__expect_same_error(name, 0, ERROR_BAD_EXE_FORMAT);
    DeleteFileW(file);

    SetLastError(1234);
    assert_false(CreateProcessW(NULL, follow__line(L"served", line), NULL, NULL, FALSE, 0, NULL,
                                L"C:\\no such folder", &startup, &child));
    assert_int_equal(GetLastError(), ERROR_DIRECTORY);
}

/* Its exit code is its own, though it never comes to its first instruction. */
static void child_that_dies_at_once(void** state) {
    (void) state;
    SetEnvironmentVariableW(L"FOLLOWED_DIES", L"1");
    assert_int_equal(follow__run(L"served", 0, NULL), FOLLOWED_DEAD);
    SetEnvironmentVariableW(L"FOLLOWED_DIES", NULL);
}

static void flags_of_all_kinds(void** state) {
    static const DWORD flags[] = {DETACHED_PROCESS, CREATE_NO_WINDOW, CREATE_NEW_PROCESS_GROUP,
                                  CREATE_DEFAULT_ERROR_MODE | IDLE_PRIORITY_CLASS,
                                  CREATE_BREAKAWAY_FROM_JOB};
    size_t i;
    (void) state;
    for (i = 0; i < sizeof flags / sizeof flags[0]; i++)
        assert_int_equal(follow__run(L"served", flags[i], NULL), follow__wanted);
}

/* As browsers do: into a job before it runs, and then killed with it. */
static void job_takes_it(void** state) {
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"wsext-follow-job");
    HANDLE job = CreateJobObjectW(NULL, NULL);
    PROCESS_INFORMATION child;
    BOOL is_in = FALSE;
    (void) state;
    follow__create(L"wait wsext-follow-job", FALSE, CREATE_SUSPENDED, NULL, &child);
    assert_true(AssignProcessToJobObject(job, child.hProcess));
    assert_true(IsProcessInJob(child.hProcess, job, &is_in));
    assert_true(is_in);
    assert_int_equal(ResumeThread(child.hThread), 1);
    assert_int_equal(WaitForSingleObject(child.hProcess, 100), WAIT_TIMEOUT);
    assert_true(TerminateJobObject(job, 77));
    assert_int_equal(follow__end(&child), 77);
    CloseHandle(job);
    CloseHandle(event);
}

/* A debugger sees its child from the first event on, and nothing of ours in it. */
static void debugged_is_left_alone(void** state) {
    PROCESS_INFORMATION child;
    DEBUG_EVENT event;
    int count = 0;
    (void) state;
    follow__create(L"served", FALSE, DEBUG_ONLY_THIS_PROCESS, NULL, &child);
    do {
        assert_true(WaitForDebugEvent(&event, FOLLOW__LIMIT));
        assert_true(count > 0 || event.dwDebugEventCode == CREATE_PROCESS_DEBUG_EVENT);
        count++;
        ContinueDebugEvent(event.dwProcessId, event.dwThreadId, DBG_CONTINUE);
    } while (event.dwDebugEventCode != EXIT_PROCESS_DEBUG_EVENT);
    assert_int_equal(event.u.ExitProcess.dwExitCode, FOLLOWED_PLAIN);
    assert_int_equal(follow__end(&child), FOLLOWED_PLAIN);
}

/* Wine starts programs of its host, too, and tells no process for them. */
static void unix_program(void** state) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    wchar_t line[] = L"Z:\\bin\\true";
    (void) state;
    if (GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") == NULL ||
        GetFileAttributesW(line) == INVALID_FILE_ATTRIBUTES) {
        print_message("SKIP: this host has no Unix programs\n");
        skip();
    }
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
}

static DWORD WINAPI follow__start_many(void* failures) {
    int i;
    for (i = 0; i < 13; i++) {
        STARTUPINFOW startup = {.cb = sizeof startup};
        PROCESS_INFORMATION child;
        wchar_t line[FOLLOW__LINE];
        DWORD code = 0;
        if (!CreateProcessW(NULL, follow__line(L"served", line), NULL, NULL, FALSE, 0, NULL, NULL,
                            &startup, &child) ||
            WaitForSingleObject(child.hProcess, FOLLOW__LIMIT) != WAIT_OBJECT_0 ||
            !GetExitCodeProcess(child.hProcess, &code) || code != follow__wanted)
            InterlockedIncrement(failures);
        CloseHandle(child.hProcess);
        CloseHandle(child.hThread);
    }
    return 0;
}

static void many_at_once(void** state) {
    LONG failures = 0;
    HANDLE threads[4];
    int i;
    (void) state;
    for (i = 0; i < 4; i++)
        threads[i] = CreateThread(NULL, 0, follow__start_many, &failures, 0, NULL);
    assert_int_equal(WaitForMultipleObjects(4, threads, TRUE, FOLLOW__LIMIT * 2), WAIT_OBJECT_0);
    for (i = 0; i < 4; i++)
        CloseHandle(threads[i]);
    assert_int_equal(failures, 0);
}

int main(int count, char** arguments) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(interposed_only_where_asked_for),
        cmocka_unit_test(create_process_w),
        cmocka_unit_test(create_process_a),
        cmocka_unit_test(create_process_as_user),
        cmocka_unit_test(run_time_functions),
        cmocka_unit_test(win_exec),
        cmocka_unit_test(shell_execute),
        cmocka_unit_test(through_cmd),
        cmocka_unit_test(grandchildren),
        cmocka_unit_test(environment_of_its_own),
        cmocka_unit_test(switched_off_for_a_child),
        cmocka_unit_test(suspended_stays_suspended),
        cmocka_unit_test(handles_are_inherited_as_asked),
        cmocka_unit_test(listed_handles_are_inherited),
        cmocka_unit_test(last_error_and_handles_are_left_alone),
        cmocka_unit_test(failures_keep_their_errors),
        cmocka_unit_test(child_that_dies_at_once),
        cmocka_unit_test(flags_of_all_kinds),
        cmocka_unit_test(job_takes_it),
        cmocka_unit_test(debugged_is_left_alone),
        cmocka_unit_test(unix_program),
        cmocka_unit_test(many_at_once),
    };
    char* place;
    if (count != 3)
        return 2;
    follow__is_served = strcmp(arguments[1], "served") == 0;
    follow__wanted = follow__is_served ? FOLLOWED_SERVED : FOLLOWED_PLAIN;
    snprintf(follow__program, sizeof follow__program, "%s", arguments[2]);
    for (place = follow__program; *place != '\0'; place++) {
        if (*place == '/')
            *place = '\\';
    }
    MultiByteToWideChar(CP_ACP, 0, follow__program, -1, follow__program_wide, FOLLOW__PATH);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
