/* SPDX-License-Identifier: MIT */

/* follow_test served | plain FOLLOWED: starts FOLLOWED in all ways that programs have. Everything
 * that a program can see must be the same with the shim that follows ("served") and without it. */

#include "followtest.h"

#include <process.h>
#include <shellapi.h>

static void follow__expect_information(const PROCESS_INFORMATION* child) {
    assert_int_equal(GetProcessId(child->hProcess), child->dwProcessId);
    assert_int_equal(GetThreadId(child->hThread), child->dwThreadId);
}

/* Whether it lies within what the module's file has brought. */
static int follow__is_own_code(HMODULE module, FARPROC function) {
    const char* base = (const char*) module;
    const IMAGE_NT_HEADERS* headers =
        (const IMAGE_NT_HEADERS*) (base + ((const IMAGE_DOS_HEADER*) base)->e_lfanew);
    const IMAGE_SECTION_HEADER* section = IMAGE_FIRST_SECTION(headers);
    size_t offset = (size_t) ((const char*) (void*) function - base);
    int i;
    for (i = 0; i < headers->FileHeader.NumberOfSections; i++, section++) {
        if (offset >= section->VirtualAddress &&
            offset - section->VirtualAddress < section->Misc.VirtualSize)
            return 1;
    }
    return 0;
}

/* Without the switch the functions are the system's own, so that it costs nothing. */
static void interposed_only_where_asked_for(void** state) {
    static const char* const names[] = {"CreateProcessA", "CreateProcessW"};
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    size_t i;
    (void) state;
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(follow__is_own_code(kernel, GetProcAddress(kernel, names[i])),
                         !follow_is_served);
}

static void create_process_w(void** state) {
    PROCESS_INFORMATION child;
    (void) state;
    follow_create(L"served", FALSE, 0, NULL, &child);
    follow__expect_information(&child);
    assert_int_equal(follow_end(&child), follow_wanted);
}

static void create_process_a(void** state) {
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    char line[] = "followed served";
    (void) state;
    assert_true(
        CreateProcessA(follow_program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    follow__expect_information(&child);
    assert_int_equal(follow_end(&child), follow_wanted);
}

static void create_process_as_user(void** state) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    STARTUPINFOA startup_a = {.cb = sizeof startup_a};
    PROCESS_INFORMATION child;
    wchar_t line[FOLLOW_LINE];
    char line_a[] = "followed served";
    HANDLE token;
    (void) state;
    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token));
    assert_true(CreateProcessAsUserW(token, NULL, follow_line(L"served", line), NULL, NULL, FALSE,
                                     0, NULL, NULL, &startup, &child));
    assert_int_equal(follow_end(&child), follow_wanted);
    assert_true(CreateProcessAsUserA(token, follow_program, line_a, NULL, NULL, FALSE, 0, NULL,
                                     NULL, &startup_a, &child));
    assert_int_equal(follow_end(&child), follow_wanted);
    assert_true(CreateProcessWithTokenW(token, 0, NULL, follow_line(L"served", line), 0, NULL, NULL,
                                        &startup, &child));
    assert_int_equal(follow_end(&child), follow_wanted);
    CloseHandle(token);
}

static void run_time_functions(void** state) {
    char quoted[FOLLOW_LINE];
    (void) state;
    snprintf(quoted, sizeof quoted, "\"%s\"", follow_program);
    assert_int_equal(_spawnl(_P_WAIT, follow_program, quoted, "served", NULL), follow_wanted);
    assert_int_equal(_wspawnl(_P_WAIT, follow_program_wide, L"followed", L"served", NULL),
                     follow_wanted);
    snprintf(quoted, sizeof quoted, "\"%s\" served", follow_program);
    assert_int_equal(system(quoted), follow_wanted);
}

/* It tells nothing of the child but that it was started. */
static void win_exec(void** state) {
    char line[FOLLOW_LINE], name[64];
    HANDLE event;
    (void) state;
    snprintf(name, sizeof name, "wsext-follow-exec-%lu", follow_wanted);
    event = CreateEventA(NULL, TRUE, FALSE, name);
    snprintf(line, sizeof line, "\"%s\" announce wsext-follow-exec", follow_program);
    assert_true(WinExec(line, SW_HIDE) > 31);
    assert_int_equal(WaitForSingleObject(event, FOLLOW_LIMIT), WAIT_OBJECT_0);
    CloseHandle(event);
    assert_int_equal(WinExec("no such program", SW_HIDE), ERROR_FILE_NOT_FOUND);
}

static void shell_execute(void** state) {
    SHELLEXECUTEINFOW info = {.cbSize = sizeof info};
    DWORD code;
    (void) state;
    info.fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_FLAG_NO_UI | SEE_MASK_NOASYNC;
    info.lpFile = follow_program_wide;
    info.lpParameters = L"served";
    info.nShow = SW_HIDE;
    assert_true(ShellExecuteExW(&info));
    assert_int_equal(WaitForSingleObject(info.hProcess, FOLLOW_LIMIT), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(info.hProcess, &code));
    assert_int_equal(code, follow_wanted);
    CloseHandle(info.hProcess);
}

/* A command interpreter, and a file for it that is started by its own name. */
static void through_cmd(void** state) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    wchar_t folder[FOLLOW_PATH], file[FOLLOW_PATH + 32], line[FOLLOW_LINE];
    FILE* batch;
    (void) state;
    swprintf(line, FOLLOW_LINE, L"cmd.exe /c \"\"%ls\" served\"", follow_program_wide);
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    assert_int_equal(follow_end(&child), follow_wanted);

    GetTempPathW(FOLLOW_PATH, folder);
    swprintf(file, FOLLOW_PATH + 32, L"%lswsext follow %lu.cmd", folder, GetCurrentProcessId());
    batch = _wfopen(file, L"w");
    assert_non_null(batch);
    fprintf(batch, "@\"%s\" served\n@exit /b %%errorlevel%%\n", follow_program);
    fclose(batch);
    swprintf(line, FOLLOW_LINE, L"\"%ls\"", file);
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    assert_int_equal(follow_end(&child), follow_wanted);
    DeleteFileW(file);
}

static void grandchildren(void** state) {
    (void) state;
    assert_int_equal(follow_run(L"start 3 wide", 0, NULL), follow_wanted);
    assert_int_equal(follow_run(L"start 2 bytes", 0, NULL), follow_wanted);
    assert_int_equal(follow_run(L"start 2 cleared", 0, NULL), follow_wanted);
}

static void environment_of_its_own(void** state) {
    static const wchar_t variables[] =
        L"FOLLOWED_VALUE=" FOLLOWED_VALUE L"\0SystemRoot=C:\\windows\0";
    char bytes[sizeof variables * 2];
    (void) state;
    assert_int_equal(follow_run(L"environment", CREATE_UNICODE_ENVIRONMENT, (void*) variables),
                     follow_wanted);
    assert_int_not_equal(WideCharToMultiByte(CP_ACP, 0, variables,
                                             sizeof variables / sizeof variables[0], bytes,
                                             sizeof bytes, NULL, NULL),
                         0);
    assert_int_equal(follow_run(L"environment", 0, bytes), follow_wanted);
}

/* The DLL is in it, and goes no further. */
static void switched_off_for_a_child(void** state) {
    static const wchar_t variables[] = L"SystemRoot=C:\\windows\0WSEXT_FOLLOW=0\0";
    (void) state;
    assert_int_equal(follow_run(L"served", CREATE_UNICODE_ENVIRONMENT, (void*) variables),
                     follow_wanted);
    SetEnvironmentVariableW(L"WSEXT_FOLLOW", L"0");
    assert_int_equal(follow_run(L"start 1 inherited", 0, NULL), FOLLOWED_PLAIN);
    SetEnvironmentVariableW(L"WSEXT_FOLLOW", follow_is_served ? L"1" : NULL);
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
        cmocka_unit_test(unix_program),
    };
    if (!follow_begin(count, arguments))
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
