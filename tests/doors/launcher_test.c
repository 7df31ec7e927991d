/* SPDX-License-Identifier: MIT */

/* launcher_test WSEXT_RUN LAUNCHED: starts the launcher as a shell would and compares what comes
 * out with what the launched program would give without it. */

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#define LAUNCHER__LIMIT 30000
#define LAUNCHER__FAILED 127
#define LAUNCHER__PATH 2048

static wchar_t launcher__run[LAUNCHER__PATH];
static wchar_t launcher__program[LAUNCHER__PATH];
static wchar_t launcher__work[LAUNCHER__PATH];

struct launcher__result {
    DWORD code;
    char output[16384];
    char errors[16384];
};

static HANDLE launcher__open(const wchar_t* name, DWORD how) {
    wchar_t path[LAUNCHER__PATH + 32];
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    swprintf(path, LAUNCHER__PATH + 32, L"%ls\\%ls", launcher__work, name);
    HANDLE file =
        CreateFileW(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                    &inherit, how, FILE_ATTRIBUTE_NORMAL, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    return file;
}

static void launcher__read(HANDLE file, char* text, size_t room) {
    DWORD done = 0;
    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    assert_true(ReadFile(file, text, (DWORD) room - 1, &done, NULL));
    text[done] = 0;
    CloseHandle(file);
}

static void launcher__spawn(const wchar_t* launcher, const wchar_t* tail, DWORD flags,
                            HANDLE* files, PROCESS_INFORMATION* child) {
    static wchar_t line[32768];
    STARTUPINFOW startup;
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = files[0];
    startup.hStdOutput = files[1];
    startup.hStdError = files[2];
    swprintf(line, 32768, L"\"%ls\" %ls", launcher, tail);
    assert_true(
        CreateProcessW(NULL, line, NULL, NULL, TRUE, flags, NULL, launcher__work, &startup, child));
}

static void launcher__open_files(HANDLE* files) {
    static const char input[] = "a line of input\n";
    DWORD done;
    files[0] = launcher__open(L"input", CREATE_ALWAYS);
    assert_true(WriteFile(files[0], input, sizeof input - 1, &done, NULL));
    SetFilePointer(files[0], 0, NULL, FILE_BEGIN);
    files[1] = launcher__open(L"output", CREATE_ALWAYS);
    files[2] = launcher__open(L"errors", CREATE_ALWAYS);
}

static void launcher__start(const wchar_t* launcher, const wchar_t* tail,
                            struct launcher__result* result) {
    PROCESS_INFORMATION child;
    HANDLE files[3];
    launcher__open_files(files);
    launcher__spawn(launcher, tail, 0, files, &child);
    DWORD waited = WaitForSingleObject(child.hProcess, LAUNCHER__LIMIT);
    if (waited != WAIT_OBJECT_0)
        TerminateProcess(child.hProcess, 99);
    assert_int_equal(waited, WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(child.hProcess, &result->code));
    CloseHandle(child.hProcess);
    CloseHandle(child.hThread);
    CloseHandle(files[0]);
    launcher__read(files[1], result->output, sizeof result->output);
    launcher__read(files[2], result->errors, sizeof result->errors);
}

/* The arguments after the launched program's quoted name. */
static void launcher__start_program(const wchar_t* arguments, struct launcher__result* result) {
    static wchar_t tail[32768];
    swprintf(tail, 32768, L"\"%ls\"%ls", launcher__program, arguments);
    launcher__start(launcher__run, tail, result);
}

static void usage_and_version(void** state) {
    static const char* const variables[] = {"WSEXT_DRIVER=", "WSEXT_CONTEXT=",  "WSEXT_FOLLOW=",
                                            "WSEXT_LOG=",    "WSEXT_LOG_FILE=", "WSEXT_STATS="};
    (void) state;
    static struct launcher__result result;
    launcher__start(launcher__run, L"", &result);
    assert_int_equal(result.code, LAUNCHER__FAILED);
    assert_non_null(strstr(result.errors, "Usage: wsext-run [--follow] PROGRAM"));
    launcher__start(launcher__run, L"--follow", &result);
    assert_int_equal(result.code, LAUNCHER__FAILED);
    assert_non_null(strstr(result.errors, "Usage: wsext-run [--follow] PROGRAM"));
    launcher__start(launcher__run, L"--help", &result);
    assert_int_equal(result.code, 0);
    assert_non_null(strstr(result.output, "Usage: wsext-run [--follow] PROGRAM"));
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        assert_non_null(strstr(result.output, variables[i]));
    launcher__start(launcher__run, L"--version", &result);
    assert_int_equal(result.code, 0);
    assert_int_equal(strncmp(result.output, "wsext-run ", 10), 0);
}

static void exit_codes(void** state) {
    (void) state;
    static struct launcher__result result;
    static const DWORD codes[] = {0, 1, 42, 127, 256, 0xc0000005};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        wchar_t arguments[64];
        swprintf(arguments, 64, L" exit 0x%lx", codes[i]);
        launcher__start_program(arguments, &result);
        assert_int_equal(result.code, codes[i]);
        assert_string_equal(result.errors, "");
    }
}

/* The launched program must see the very text that follows the launcher's own name. */
static void arguments_pass_verbatim(void** state) {
    (void) state;
    static struct launcher__result result;
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
        launcher__start_program(arguments[i], &result);
        assert_int_equal(result.code, 0);
        swprintf(line, 4096, L"\"%ls\"%ls", launcher__program, arguments[i]);
        WideCharToMultiByte(CP_UTF8, 0, line, -1, expected, sizeof expected, NULL, NULL);
        char* end = strpbrk(result.output, "\r\n");
        assert_non_null(end);
        *end = 0;
        assert_string_equal(result.output, expected);
    }
}

static void surroundings_pass(void** state) {
    (void) state;
    static struct launcher__result result;
    static char directory[LAUNCHER__PATH * 3];
    SetEnvironmentVariableW(L"LAUNCHED_VARIABLE", L"some value");
    launcher__start_program(L" input", &result);
    WideCharToMultiByte(CP_UTF8, 0, launcher__work, -1, directory, sizeof directory, NULL, NULL);
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
    static struct launcher__result result;
    static wchar_t tail[LAUNCHER__PATH + 64];
    swprintf(tail, LAUNCHER__PATH + 64, L"  --follow  \"%ls\" --follow  x", launcher__program);
    launcher__start(launcher__run, tail, &result);
    assert_int_equal(result.code, 0);
    assert_non_null(strstr(result.output, "launched.exe\" --follow  x\r\n"));
    assert_non_null(strstr(result.output, "\nfollows\r\n"));
    launcher__start_program(L"", &result);
    assert_null(strstr(result.output, "\nfollows\r\n"));
}

/* Into a program that runs already. */
static void into_a_process(void** state) {
    (void) state;
    static struct launcher__result result;
    PROCESS_INFORMATION child;
    STARTUPINFOW startup = {.cb = sizeof startup};
    wchar_t line[LAUNCHER__PATH + 32];
    swprintf(line, LAUNCHER__PATH + 32, L"\"%ls\" wait 20000", launcher__program);
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child));
    swprintf(line, LAUNCHER__PATH + 32, L"--into %lu", child.dwProcessId);
    launcher__start(launcher__run, line, &result);
    assert_int_equal(result.code, 0);
    assert_string_equal(result.errors, "");
    TerminateProcess(child.hProcess, 0);
    WaitForSingleObject(child.hProcess, LAUNCHER__LIMIT);
    launcher__start(launcher__run, line, &result);
    assert_int_not_equal(result.code, 0);
    assert_int_not_equal(strlen(result.errors), 0);
    CloseHandle(child.hProcess);
    CloseHandle(child.hThread);
    launcher__start(launcher__run, L"--into", &result);
    assert_int_equal(result.code, LAUNCHER__FAILED);
    launcher__start(launcher__run, L"--into nonsense", &result);
    assert_int_equal(result.code, LAUNCHER__FAILED);
    assert_non_null(strstr(result.errors, "nonsense: no such process"));
}

static void names_without_path_and_extension(void** state) {
    (void) state;
    static struct launcher__result result;
    static wchar_t path[LAUNCHER__PATH];
    static wchar_t old[32768];
    wcscpy(path, launcher__program);
    *wcsrchr(path, L'\\') = 0;
    GetEnvironmentVariableW(L"PATH", old, 32768);
    SetEnvironmentVariableW(L"PATH", path);
    launcher__start(launcher__run, L"launched exit 9", &result);
    SetEnvironmentVariableW(L"PATH", old);
    assert_int_equal(result.code, 9);
}

static void missing_program(void** state) {
    (void) state;
    static struct launcher__result result;
    launcher__start(launcher__run, L"no-such-program x", &result);
    assert_int_equal(result.code, LAUNCHER__FAILED);
    assert_non_null(strstr(result.errors, "no-such-program: not found"));
}

static void not_a_program(void** state) {
    (void) state;
    static struct launcher__result result;
    launcher__start(launcher__run, L".\\input", &result);
    assert_int_equal(result.code, LAUNCHER__FAILED);
    assert_non_null(strstr(result.errors, "cannot be started"));
}

static void folder(void** state) {
    (void) state;
    static struct launcher__result result;
    launcher__start(launcher__run, L"..", &result);
    assert_int_equal(result.code, LAUNCHER__FAILED);
    assert_non_null(strstr(result.errors, "..: is a folder"));
}

/* Wine starts it, and tells nothing that we could wait for. */
static void unix_program(void** state) {
    (void) state;
    static struct launcher__result result;
    if (GetFileAttributesW(L"Z:\\bin\\true") == INVALID_FILE_ATTRIBUTES) {
        print_message("SKIP: this host has no Unix programs\n");
        skip();
    }
    launcher__start(launcher__run, L"/bin/true", &result);
    assert_int_equal(result.code, LAUNCHER__FAILED);
    assert_non_null(strstr(result.errors, "/bin/true: is no Windows program"));
}

static void missing_and_unusable_dll(void** state) {
    (void) state;
    static struct launcher__result result;
    static wchar_t copy[LAUNCHER__PATH + 32];
    static wchar_t dll[LAUNCHER__PATH + 32];
    static wchar_t tail[LAUNCHER__PATH + 32];
    DWORD done;
    swprintf(copy, LAUNCHER__PATH + 32, L"%ls\\wsext-run.exe", launcher__work);
    swprintf(dll, LAUNCHER__PATH + 32, L"%ls\\mswsock.dll", launcher__work);
    swprintf(tail, LAUNCHER__PATH + 32, L"\"%ls\" exit 0", launcher__program);
    assert_true(CopyFileW(launcher__run, copy, FALSE));
    DeleteFileW(dll);
    launcher__start(copy, tail, &result);
    assert_int_equal(result.code, LAUNCHER__FAILED);
    assert_non_null(strstr(result.errors, "mswsock.dll: not found"));

    HANDLE file = launcher__open(L"mswsock.dll", CREATE_ALWAYS);
    assert_true(WriteFile(file, "no DLL", 6, &done, NULL));
    CloseHandle(file);
    launcher__start(copy, tail, &result);
    assert_int_equal(result.code, LAUNCHER__FAILED);
    assert_int_not_equal(strlen(result.errors), 0);
    DeleteFileW(dll);
    DeleteFileW(copy);
}

/* Waits until the launched program wrote that it is ready. */
static void launcher__wait_ready(HANDLE output) {
    for (int i = 0; i < 300; i++) {
        if (GetFileSize(output, NULL) >= 5)
            return;
        Sleep(50);
    }
    fail_msg("the launched program does not get ready");
}

/* Test runners have no console, so the program gets one of its own: what is written to its input
 * is what the keyboard would give. The types are looked up, as older headers have none of this. */
typedef HRESULT(WINAPI launcher__create_fn)(COORD, HANDLE, HANDLE, DWORD, void**);
typedef void(WINAPI launcher__close_fn)(void*);

#define LAUNCHER__PSEUDO_CONSOLE 0x20016 /* PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE */

static DWORD WINAPI launcher__drain(void* pipe) {
    char bytes[512];
    DWORD done;
    while (ReadFile((HANDLE) pipe, bytes, sizeof bytes, &done, NULL) && done > 0)
        continue;
    return 0;
}

static void launcher__spawn_in_console(wchar_t* line, void* console, PROCESS_INFORMATION* child) {
    STARTUPINFOEXW startup;
    SIZE_T size = 0;
    memset(&startup, 0, sizeof startup);
    startup.StartupInfo.cb = sizeof startup;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    startup.lpAttributeList = malloc(size);
    assert_non_null(startup.lpAttributeList);
    assert_true(InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size));
    assert_true(UpdateProcThreadAttribute(startup.lpAttributeList, 0, LAUNCHER__PSEUDO_CONSOLE,
                                          console, sizeof console, NULL, NULL));
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, EXTENDED_STARTUPINFO_PRESENT, NULL,
                               launcher__work, &startup.StartupInfo, child));
    free(startup.lpAttributeList);
}

/* Starts the command in a console, presses Ctrl-C when it is ready, and gives its exit code. */
static DWORD launcher__press_ctrl_c(launcher__create_fn* create, launcher__close_fn* close,
                                    wchar_t* line) {
    PROCESS_INFORMATION child;
    HANDLE keys[2], screen[2];
    void* console = NULL;
    const COORD size = {80, 25};
    DWORD code, done;
    assert_true(CreatePipe(&keys[0], &keys[1], NULL, 0));
    assert_true(CreatePipe(&screen[0], &screen[1], NULL, 0));
    assert_int_equal(create(size, keys[0], screen[1], 0, &console), 0);
    HANDLE ready = CreateEventW(NULL, TRUE, FALSE, L"wsext-launched-ready");
    HANDLE drain = CreateThread(NULL, 0, launcher__drain, screen[0], 0, NULL);
    launcher__spawn_in_console(line, console, &child);
    assert_int_equal(WaitForSingleObject(ready, LAUNCHER__LIMIT), WAIT_OBJECT_0);
    assert_true(WriteFile(keys[1], "\x03", 1, &done, NULL));
    assert_int_equal(WaitForSingleObject(child.hProcess, LAUNCHER__LIMIT), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(child.hProcess, &code));
    close(console);
    CloseHandle(screen[1]);
    WaitForSingleObject(drain, LAUNCHER__LIMIT);
    CloseHandle(ready);
    return code;
}

/* Ctrl-C ends the program by its own decision, while the launcher goes on waiting for it. */
static void control_c_is_the_programs(void** state) {
    (void) state;
    static wchar_t line[32768];
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    launcher__create_fn* create =
        (launcher__create_fn*) (void*) GetProcAddress(kernel, "CreatePseudoConsole");
    launcher__close_fn* close =
        (launcher__close_fn*) (void*) GetProcAddress(kernel, "ClosePseudoConsole");
    if (create == NULL || close == NULL) {
        print_message("SKIP: this host makes no pseudo console to press Ctrl-C in\n");
        skip();
    }
    swprintf(line, 32768, L"\"%ls\" wait 5000", launcher__program);
    if (launcher__press_ctrl_c(create, close, line) != 55) {
        print_message("SKIP: Ctrl-C in a pseudo console reaches no program on this host, with "
                      "the launcher or without\n");
        skip();
    }
    swprintf(line, 32768, L"\"%ls\" \"%ls\" wait 5000", launcher__run, launcher__program);
    assert_int_equal(launcher__press_ctrl_c(create, close, line), 55);
}

static void program_ends_with_a_killed_launcher(void** state) {
    (void) state;
    PROCESS_INFORMATION child;
    HANDLE files[3];
    wchar_t tail[LAUNCHER__PATH + 32];
    DWORD old_count;
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION accounting;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    assert_non_null(job);
    swprintf(tail, LAUNCHER__PATH + 32, L"\"%ls\" wait 20000", launcher__program);
    launcher__open_files(files);
    launcher__spawn(launcher__run, tail, CREATE_SUSPENDED, files, &child);
    /* A job around both counts the processes that are left. */
    assert_true(AssignProcessToJobObject(job, child.hProcess));
    ResumeThread(child.hThread);
    launcher__wait_ready(files[1]);
    assert_true(QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &accounting,
                                          sizeof accounting, NULL));
    old_count = accounting.ActiveProcesses;
    assert_int_equal(old_count, 2);
    assert_true(TerminateProcess(child.hProcess, 1));
    for (int i = 0; i < 200 && accounting.ActiveProcesses > 0; i++) {
        Sleep(50);
        assert_true(QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &accounting,
                                              sizeof accounting, NULL));
    }
    assert_int_equal(accounting.ActiveProcesses, 0);
    for (int i = 0; i < 3; i++)
        CloseHandle(files[i]);
    CloseHandle(job);
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
        cmocka_unit_test(control_c_is_the_programs),
        cmocka_unit_test(program_ends_with_a_killed_launcher),
    };
    wchar_t temporary[LAUNCHER__PATH - 64];
    if (count != 3)
        return 2;
    MultiByteToWideChar(CP_UTF8, 0, arguments[1], -1, launcher__run, LAUNCHER__PATH);
    MultiByteToWideChar(CP_UTF8, 0, arguments[2], -1, launcher__program, LAUNCHER__PATH);
    for (wchar_t* p = launcher__program; *p != 0; p++) {
        if (*p == L'/')
            *p = L'\\';
    }
    GetTempPathW(LAUNCHER__PATH - 64, temporary);
    swprintf(launcher__work, LAUNCHER__PATH, L"%lswsext launcher %lu", temporary,
             GetCurrentProcessId());
    /* Wine gives the same process ids again, so a run that was killed may have left it behind. */
    if (!CreateDirectoryW(launcher__work, NULL) && GetLastError() != ERROR_ALREADY_EXISTS) {
        fprintf(stderr, "cannot make a directory to work in (error %lu)\n", GetLastError());
        return 2;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const wchar_t* const names[] = {L"input", L"output", L"errors"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        wchar_t path[LAUNCHER__PATH + 32];
        swprintf(path, LAUNCHER__PATH + 32, L"%ls\\%ls", launcher__work, names[i]);
        DeleteFileW(path);
    }
    RemoveDirectoryW(launcher__work);
    return failed;
}
