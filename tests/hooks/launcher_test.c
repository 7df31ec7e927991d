/* SPDX-License-Identifier: MIT */

/* launcher_test WSEXT_RUN LAUNCHED: starts the launcher as a shell would and compares what comes
 * out with what the launched program would give without it. */

#include "launchertest.h"

static void usage_and_version(void** state) {
    static const char* const variables[] = {"WSEXT_DRIVER=auto|native|poll|thread ",
                                            "WSEXT_CONTEXT=",
                                            "WSEXT_FOLLOW=",
                                            "WSEXT_REUSE=",
                                            "WSEXT_LOG=",
                                            "WSEXT_LOG_FILE=",
                                            "WSEXT_STATS=",
                                            "--stats",
                                            "--log=LEVEL"};
    (void) state;
    static struct launcher_result result;
    launcher_start(launcher_run, L"", &result);
    assert_int_equal(result.code, LAUNCHER_FAILED);
    assert_non_null(strstr(result.errors, "Usage: wsext-run [OPTIONS] PROGRAM"));
    launcher_start(launcher_run, L"--follow", &result);
    assert_int_equal(result.code, LAUNCHER_FAILED);
    assert_non_null(strstr(result.errors, "Usage: wsext-run [OPTIONS] PROGRAM"));
    launcher_start(launcher_run, L"--help", &result);
    assert_int_equal(result.code, 0);
    assert_non_null(strstr(result.output, "Usage: wsext-run [OPTIONS] PROGRAM"));
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        assert_non_null(strstr(result.output, variables[i]));
    launcher_start(launcher_run, L"--version", &result);
    assert_int_equal(result.code, 0);
    assert_int_equal(strncmp(result.output, "wsext-run ", 10), 0);
}

static void exit_codes(void** state) {
    (void) state;
    static struct launcher_result result;
    static const DWORD codes[] = {0, 1, 42, 127, 256, 0xc0000005};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        wchar_t arguments[64];
        swprintf(arguments, 64, L" exit 0x%lx", codes[i]);
        launcher_start_program(arguments, &result);
        assert_int_equal(result.code, codes[i]);
        assert_string_equal(result.errors, "");
    }
}

/* The launched program must see the very text that follows the launcher's own name. */
static void arguments_pass_verbatim(void** state) {
    (void) state;
    static struct launcher_result result;
    static const wchar_t* const arguments[] = {
        L"",
        L" plain",
        L" \"with spaces\"  two  blanks\t\ttabs",
        L" \"in \\\"quotes\\\"\" \\\\share\\x\\ \"end\\\\\" \"\"",
        L" 100% ^caret & | > < *.?",
        L" \u00fcml\u00e4ut \u4f60\u597d \U0001f600",
        L" --help --version",
        L" trailing ",
    };
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        static wchar_t line[4096];
        static char expected[16384];
        launcher_start_program(arguments[i], &result);
        assert_int_equal(result.code, 0);
        swprintf(line, 4096, L"\"%ls\"%ls", launcher_program, arguments[i]);
        WideCharToMultiByte(CP_UTF8, 0, line, -1, expected, sizeof expected, NULL, NULL);
        char* end = strpbrk(result.output, "\r\n");
        assert_non_null(end);
        *end = 0;
        assert_string_equal(result.output, expected);
    }
}

static void surroundings_pass(void** state) {
    (void) state;
    static struct launcher_result result;
    static char directory[LAUNCHER_PATH * 3];
    SetEnvironmentVariableW(L"LAUNCHED_VARIABLE", L"some value");
    launcher_start_program(L" input", &result);
    WideCharToMultiByte(CP_UTF8, 0, launcher_work, -1, directory, sizeof directory, NULL, NULL);
    assert_int_equal(result.code, 0);
    assert_non_null(strstr(result.output, directory));
    assert_non_null(strstr(result.output, "some value"));
    assert_non_null(strstr(result.output, "\nprobe"));
    assert_non_null(strstr(result.output, "input: a line of input"));
    assert_non_null(strstr(result.errors, "error stream"));
}

/* The switch for children, and what comes behind it is passed as it is. */
static void follow_is_passed_on(void** state) {
    (void) state;
    static struct launcher_result result;
    static wchar_t tail[LAUNCHER_PATH + 64];
    swprintf(tail, LAUNCHER_PATH + 64, L"  --follow  \"%ls\" --follow  x", launcher_program);
    launcher_start(launcher_run, tail, &result);
    assert_int_equal(result.code, 0);
    assert_non_null(strstr(result.output, "launched.exe\" --follow  x\r\n"));
    assert_non_null(strstr(result.output, "\nfollows\r\n"));
    launcher_start_program(L"", &result);
    assert_null(strstr(result.output, "\nfollows\r\n"));
}

/* Into a program that runs already. */
static void into_a_process(void** state) {
    (void) state;
    static struct launcher_result result;
    PROCESS_INFORMATION child;
    STARTUPINFOW startup = {.cb = sizeof startup};
    wchar_t line[LAUNCHER_PATH + 32];
    swprintf(line, LAUNCHER_PATH + 32, L"\"%ls\" wait 20000", launcher_program);
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    swprintf(line, LAUNCHER_PATH + 32, L"--into %lu", child.dwProcessId);
    launcher_start(launcher_run, line, &result);
    assert_int_equal(result.code, 0);
    assert_string_equal(result.errors, "");
    TerminateProcess(child.hProcess, 0);
    WaitForSingleObject(child.hProcess, LAUNCHER_LIMIT);
    launcher_start(launcher_run, line, &result);
    assert_int_not_equal(result.code, 0);
    assert_int_not_equal(strlen(result.errors), 0);
    CloseHandle(child.hProcess);
    CloseHandle(child.hThread);
    launcher_start(launcher_run, L"--into", &result);
    assert_int_equal(result.code, LAUNCHER_FAILED);
    launcher_start(launcher_run, L"--into nonsense", &result);
    assert_int_equal(result.code, LAUNCHER_FAILED);
    assert_non_null(strstr(result.errors, "nonsense: is no process id"));
}

static void names_without_path_and_extension(void** state) {
    (void) state;
    static struct launcher_result result;
    static wchar_t path[LAUNCHER_PATH];
    static wchar_t old[32768];
    wcscpy(path, launcher_program);
    *wcsrchr(path, L'\\') = 0;
    GetEnvironmentVariableW(L"PATH", old, 32768);
    SetEnvironmentVariableW(L"PATH", path);
    launcher_start(launcher_run, L"launched exit 9", &result);
    SetEnvironmentVariableW(L"PATH", old);
    assert_int_equal(result.code, 9);
}

static void missing_program(void** state) {
    (void) state;
    static struct launcher_result result;
    launcher_start(launcher_run, L"no-such-program x", &result);
    assert_int_equal(result.code, LAUNCHER_FAILED);
    assert_non_null(strstr(result.errors, "no-such-program: not found"));
}

static void not_a_program(void** state) {
    (void) state;
    static struct launcher_result result;
    launcher_start(launcher_run, L".\\input", &result);
    assert_int_equal(result.code, LAUNCHER_FAILED);
    assert_non_null(strstr(result.errors, "cannot be started"));
}

static void folder(void** state) {
    (void) state;
    static struct launcher_result result;
    launcher_start(launcher_run, L"..", &result);
    assert_int_equal(result.code, LAUNCHER_FAILED);
    assert_non_null(strstr(result.errors, "..: is a folder"));
}

/* Wine starts it, and tells nothing that we could wait for. */
static void unix_program(void** state) {
    (void) state;
    static struct launcher_result result;
    if (GetFileAttributesW(L"Z:\\bin\\true") == INVALID_FILE_ATTRIBUTES) {
        print_message("SKIP: this host has no Unix programs\n");
        skip();
    }
    launcher_start(launcher_run, L"/bin/true", &result);
    assert_int_equal(result.code, LAUNCHER_FAILED);
    assert_non_null(strstr(result.errors, "/bin/true: is no Windows program"));
}

static void missing_and_unusable_dll(void** state) {
    (void) state;
    static struct launcher_result result;
    static wchar_t copy[LAUNCHER_PATH + 32];
    static wchar_t dll[LAUNCHER_PATH + 32];
    static wchar_t tail[LAUNCHER_PATH + 32];
    DWORD done;
    swprintf(copy, LAUNCHER_PATH + 32, L"%ls\\wsext-run.exe", launcher_work);
    swprintf(dll, LAUNCHER_PATH + 32, L"%ls\\wsext.dll", launcher_work);
    swprintf(tail, LAUNCHER_PATH + 32, L"\"%ls\" exit 0", launcher_program);
    assert_true(CopyFileW(launcher_run, copy, FALSE));
    DeleteFileW(dll);
    launcher_start(copy, tail, &result);
    assert_int_equal(result.code, LAUNCHER_FAILED);
    assert_non_null(strstr(result.errors, "wsext.dll: not found"));

    HANDLE file = launcher_open(L"wsext.dll", CREATE_ALWAYS);
    assert_true(WriteFile(file, "no DLL", 6, &done, NULL));
    CloseHandle(file);
    launcher_start(copy, tail, &result);
    assert_int_equal(result.code, LAUNCHER_FAILED);
    assert_int_not_equal(strlen(result.errors), 0);
    DeleteFileW(dll);
    DeleteFileW(copy);
}

int main(int count, char** arguments) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_and_version),
        cmocka_unit_test(exit_codes),
        cmocka_unit_test(arguments_pass_verbatim),
        cmocka_unit_test(surroundings_pass),
        cmocka_unit_test(follow_is_passed_on),
        cmocka_unit_test(into_a_process),
        cmocka_unit_test(names_without_path_and_extension),
        cmocka_unit_test(missing_program),
        cmocka_unit_test(not_a_program),
        cmocka_unit_test(folder),
        cmocka_unit_test(unix_program),
        cmocka_unit_test(missing_and_unusable_dll),
    };
    if (!launcher_begin(count, arguments))
        return 2;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    launcher_finish();
    return failed;
}
