/* SPDX-License-Identifier: MIT */

/* follow_child_test served | plain FOLLOWED: what a program does with its child, and sees of it.
 * That must be the same with the shim that follows ("served") and without it. */

#include "followtest.h"

#include "../handles.h"

static void follow__expect_same_error(const char* file, DWORD flags, DWORD error) {
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    SetLastError(1234);
    assert_false(
        CreateProcessA(file, NULL, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &child));
    assert_int_equal(GetLastError(), error);
}

static void suspended_stays_suspended(void** state) {
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"wsext-follow-suspended");
    PROCESS_INFORMATION child;
    (void) state;
    follow_create(L"signal wsext-follow-suspended", FALSE, CREATE_SUSPENDED, NULL, &child);
    assert_int_equal(WaitForSingleObject(event, 200), WAIT_TIMEOUT);
    assert_int_equal(SuspendThread(child.hThread), 1);
    assert_int_equal(ResumeThread(child.hThread), 2);
    assert_int_equal(ResumeThread(child.hThread), 1);
    assert_int_equal(WaitForSingleObject(event, FOLLOW_LIMIT), WAIT_OBJECT_0);
    assert_int_equal(follow_end(&child), follow_wanted);
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
    follow_create(arguments, TRUE, 0, NULL, &child);
    assert_int_equal(follow_end(&child), follow_wanted);
    assert_true(PeekNamedPipe(pipe[0], NULL, 0, NULL, &count, NULL));
    assert_int_equal(count, 1);
    assert_true(ReadFile(pipe[0], &byte, 1, &count, NULL));
    follow_create(arguments, FALSE, 0, NULL, &child);
    assert_int_equal(follow_end(&child), FOLLOWED_FAILED);
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
    wchar_t line[FOLLOW_LINE], arguments[64];
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
        assert_true(CreateProcessW(NULL, follow_line(arguments, line), NULL, NULL, TRUE,
                                   EXTENDED_STARTUPINFO_PRESENT, NULL, NULL, &startup.StartupInfo,
                                   &child));
        assert_int_equal(follow_end(&child), is_listed ? follow_wanted : FOLLOWED_FAILED);
    }
    DeleteProcThreadAttributeList(startup.lpAttributeList);
    free(startup.lpAttributeList);
    for (int i = 0; i < 2; i++) {
        CloseHandle(listed[i]);
        CloseHandle(other[i]);
    }
}

static void last_error_and_handles_are_left_alone(void** state) {
    int i, before;
    (void) state;
    assert_int_equal(follow_run(L"served", 0, NULL), follow_wanted);
    before = handles_count();
    for (i = 0; i < 10; i++) {
        PROCESS_INFORMATION child;
        STARTUPINFOW startup = {.cb = sizeof startup};
        wchar_t line[FOLLOW_LINE];
        follow_line(L"served", line);
        SetLastError(1234);
        assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
        /* Wine clears it. */
        assert_true(GetLastError() == 0 || GetLastError() == 1234);
        assert_int_equal(follow_end(&child), follow_wanted);
    }
    assert_int_equal(handles_count(), before);
}

static void failures_keep_their_errors(void** state) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    wchar_t line[FOLLOW_LINE], folder[FOLLOW_PATH], file[FOLLOW_PATH + 32];
    char name[FOLLOW_PATH * 3];
    FILE* nonsense;
    (void) state;
    follow__expect_same_error("C:\\no such program.exe", 0, ERROR_FILE_NOT_FOUND);
    follow__expect_same_error("C:\\no such program.exe", CREATE_SUSPENDED, ERROR_FILE_NOT_FOUND);

    GetTempPathW(FOLLOW_PATH, folder);
    swprintf(file, FOLLOW_PATH + 32, L"%lswsext follow %lu.exe", folder, GetCurrentProcessId());
    nonsense = _wfopen(file, L"w");
    assert_non_null(nonsense);
    fprintf(nonsense, "no program\n");
    fclose(nonsense);
    WideCharToMultiByte(CP_ACP, 0, file, -1, name, sizeof name, NULL, NULL);
    follow__expect_same_error(name, 0, ERROR_BAD_EXE_FORMAT);
    DeleteFileW(file);

    SetLastError(1234);
    assert_false(CreateProcessW(NULL, follow_line(L"served", line), NULL, NULL, FALSE, 0, NULL,
                                L"C:\\no such folder", &startup, &child));
    assert_int_equal(GetLastError(), ERROR_DIRECTORY);
}

/* Its exit code is its own, though it never comes to its first instruction. */
static void child_that_dies_at_once(void** state) {
    (void) state;
    SetEnvironmentVariableW(L"FOLLOWED_DIES", L"1");
    assert_int_equal(follow_run(L"served", 0, NULL), FOLLOWED_DEAD);
    SetEnvironmentVariableW(L"FOLLOWED_DIES", NULL);
}

static void flags_of_all_kinds(void** state) {
    static const DWORD flags[] = {DETACHED_PROCESS, CREATE_NO_WINDOW, CREATE_NEW_PROCESS_GROUP,
                                  CREATE_DEFAULT_ERROR_MODE | IDLE_PRIORITY_CLASS,
                                  CREATE_BREAKAWAY_FROM_JOB};
    size_t i;
    (void) state;
    for (i = 0; i < sizeof flags / sizeof flags[0]; i++)
        assert_int_equal(follow_run(L"served", flags[i], NULL), follow_wanted);
}

/* As browsers do: into a job before it runs, and then killed with it. */
static void job_takes_it(void** state) {
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"wsext-follow-job");
    HANDLE job = CreateJobObjectW(NULL, NULL);
    PROCESS_INFORMATION child;
    BOOL is_in = FALSE;
    (void) state;
    follow_create(L"wait wsext-follow-job", FALSE, CREATE_SUSPENDED, NULL, &child);
    assert_true(AssignProcessToJobObject(job, child.hProcess));
    assert_true(IsProcessInJob(child.hProcess, job, &is_in));
    assert_true(is_in);
    assert_int_equal(ResumeThread(child.hThread), 1);
    assert_int_equal(WaitForSingleObject(child.hProcess, 100), WAIT_TIMEOUT);
    assert_true(TerminateJobObject(job, 77));
    assert_int_equal(follow_end(&child), 77);
    CloseHandle(job);
    CloseHandle(event);
}

/* A debugger sees its child from the first event on, and nothing of ours in it. */
static void debugged_is_left_alone(void** state) {
    PROCESS_INFORMATION child;
    DEBUG_EVENT event;
    int count = 0;
    (void) state;
    follow_create(L"served", FALSE, DEBUG_ONLY_THIS_PROCESS, NULL, &child);
    do {
        assert_true(WaitForDebugEvent(&event, FOLLOW_LIMIT));
        assert_true(count > 0 || event.dwDebugEventCode == CREATE_PROCESS_DEBUG_EVENT);
        count++;
        ContinueDebugEvent(event.dwProcessId, event.dwThreadId, DBG_CONTINUE);
    } while (event.dwDebugEventCode != EXIT_PROCESS_DEBUG_EVENT);
    assert_int_equal(event.u.ExitProcess.dwExitCode, FOLLOWED_PLAIN);
    assert_int_equal(follow_end(&child), FOLLOWED_PLAIN);
}

static DWORD WINAPI follow__start_many(void* failures) {
    int i;
    for (i = 0; i < 13; i++) {
        STARTUPINFOW startup = {.cb = sizeof startup};
        PROCESS_INFORMATION child;
        wchar_t line[FOLLOW_LINE];
        DWORD code = 0;
        if (!CreateProcessW(NULL, follow_line(L"served", line), NULL, NULL, FALSE, 0, NULL, NULL,
                            &startup, &child) ||
            WaitForSingleObject(child.hProcess, FOLLOW_LIMIT) != WAIT_OBJECT_0 ||
            !GetExitCodeProcess(child.hProcess, &code) || code != follow_wanted)
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
    assert_int_equal(WaitForMultipleObjects(4, threads, TRUE, FOLLOW_LIMIT * 2), WAIT_OBJECT_0);
    for (i = 0; i < 4; i++)
        CloseHandle(threads[i]);
    assert_int_equal(failures, 0);
}

int main(int count, char** arguments) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(suspended_stays_suspended),
        cmocka_unit_test(handles_are_inherited_as_asked),
        cmocka_unit_test(listed_handles_are_inherited),
        cmocka_unit_test(last_error_and_handles_are_left_alone),
        cmocka_unit_test(failures_keep_their_errors),
        cmocka_unit_test(child_that_dies_at_once),
        cmocka_unit_test(flags_of_all_kinds),
        cmocka_unit_test(job_takes_it),
        cmocka_unit_test(debugged_is_left_alone),
        cmocka_unit_test(many_at_once),
    };
    if (!follow_begin(count, arguments))
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
