/* SPDX-License-Identifier: MIT */
#include "launchertest.h"

wchar_t launcher_run[LAUNCHER_PATH];
wchar_t launcher_program[LAUNCHER_PATH];
wchar_t launcher_work[LAUNCHER_PATH];

HANDLE launcher_open(const wchar_t* name, DWORD how) {
    wchar_t path[LAUNCHER_PATH + 32];
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    swprintf(path, LAUNCHER_PATH + 32, L"%ls\\%ls", launcher_work, name);
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

void launcher_spawn(const wchar_t* launcher, const wchar_t* tail, DWORD flags, HANDLE* files,
                    PROCESS_INFORMATION* child) {
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
        CreateProcessW(NULL, line, NULL, NULL, TRUE, flags, NULL, launcher_work, &startup, child));
}

void launcher_open_files(HANDLE* files) {
    static const char input[] = "a line of input\n";
    DWORD done;
    files[0] = launcher_open(L"input", CREATE_ALWAYS);
    assert_true(WriteFile(files[0], input, sizeof input - 1, &done, NULL));
    SetFilePointer(files[0], 0, NULL, FILE_BEGIN);
    files[1] = launcher_open(L"output", CREATE_ALWAYS);
    files[2] = launcher_open(L"errors", CREATE_ALWAYS);
}

void launcher_start(const wchar_t* launcher, const wchar_t* tail, struct launcher_result* result) {
    PROCESS_INFORMATION child;
    HANDLE files[3];
    launcher_open_files(files);
    launcher_spawn(launcher, tail, 0, files, &child);
    DWORD waited = WaitForSingleObject(child.hProcess, LAUNCHER_LIMIT);
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

void launcher_start_program(const wchar_t* arguments, struct launcher_result* result) {
    static wchar_t tail[32768];
    swprintf(tail, 32768, L"\"%ls\"%ls", launcher_program, arguments);
    launcher_start(launcher_run, tail, result);
}

int launcher_begin(int count, char** arguments) {
    wchar_t temporary[LAUNCHER_PATH - 64];
    if (count != 3)
        return 0;
    MultiByteToWideChar(CP_UTF8, 0, arguments[1], -1, launcher_run, LAUNCHER_PATH);
    MultiByteToWideChar(CP_UTF8, 0, arguments[2], -1, launcher_program, LAUNCHER_PATH);
    for (wchar_t* p = launcher_program; *p != 0; p++) {
        if (*p == L'/')
            *p = L'\\';
    }
    GetTempPathW(LAUNCHER_PATH - 64, temporary);
    swprintf(launcher_work, LAUNCHER_PATH, L"%lswsext launcher %lu", temporary,
             GetCurrentProcessId());
    /* Wine gives the same process ids again, so a run that was killed may have left it behind. */
    if (!CreateDirectoryW(launcher_work, NULL) && GetLastError() != ERROR_ALREADY_EXISTS) {
        fprintf(stderr, "cannot make a directory to work in (error %lu)\n", GetLastError());
        return 0;
    }
    return 1;
}

void launcher_finish(void) {
    static const wchar_t* const names[] = {L"input", L"output", L"errors"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        wchar_t path[LAUNCHER_PATH + 32];
        swprintf(path, LAUNCHER_PATH + 32, L"%ls\\%ls", launcher_work, names[i]);
        DeleteFileW(path);
    }
    RemoveDirectoryW(launcher_work);
}
