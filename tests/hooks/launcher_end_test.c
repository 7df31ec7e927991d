/* SPDX-License-Identifier: MIT */

/* launcher_end_test WSEXT_RUN LAUNCHED: how the launcher and the program that it has launched end
 * together. */

#include "launchertest.h"

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
                               launcher_work, &startup.StartupInfo, child));
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
    assert_int_equal(WaitForSingleObject(ready, LAUNCHER_LIMIT), WAIT_OBJECT_0);
    assert_true(WriteFile(keys[1], "\x03", 1, &done, NULL));
    assert_int_equal(WaitForSingleObject(child.hProcess, LAUNCHER_LIMIT), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(child.hProcess, &code));
    close(console);
    CloseHandle(screen[1]);
    WaitForSingleObject(drain, LAUNCHER_LIMIT);
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
    swprintf(line, 32768, L"\"%ls\" wait 5000", launcher_program);
    if (launcher__press_ctrl_c(create, close, line) != 55) {
        print_message("SKIP: Ctrl-C in a pseudo console reaches no program on this host, with "
                      "the launcher or without\n");
        skip();
    }
    swprintf(line, 32768, L"\"%ls\" \"%ls\" wait 5000", launcher_run, launcher_program);
    assert_int_equal(launcher__press_ctrl_c(create, close, line), 55);
}

static void program_ends_with_a_killed_launcher(void** state) {
    (void) state;
    PROCESS_INFORMATION child;
    HANDLE files[3];
    wchar_t tail[LAUNCHER_PATH + 32];
    DWORD old_count;
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION accounting;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    assert_non_null(job);
    swprintf(tail, LAUNCHER_PATH + 32, L"\"%ls\" wait 20000", launcher_program);
    launcher_open_files(files);
    launcher_spawn(launcher_run, tail, CREATE_SUSPENDED, files, &child);
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
        cmocka_unit_test(control_c_is_the_programs),
        cmocka_unit_test(program_ends_with_a_killed_launcher),
    };
    if (!launcher_begin(count, arguments))
        return 2;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    launcher_finish();
    return failed;
}
