/* SPDX-License-Identifier: MIT */
#include "followtest.h"

int follow_is_served;
DWORD follow_wanted;
char follow_program[FOLLOW_PATH];
wchar_t follow_program_wide[FOLLOW_PATH];

wchar_t* follow_line(const wchar_t* arguments, wchar_t* line) {
    swprintf(line, FOLLOW_LINE, L"\"%ls\" %ls", follow_program_wide, arguments);
    return line;
}

DWORD follow_end(PROCESS_INFORMATION* child) {
    DWORD code = 0;
    assert_int_equal(WaitForSingleObject(child->hProcess, FOLLOW_LIMIT), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(child->hProcess, &code));
    assert_true(CloseHandle(child->hProcess));
    assert_true(CloseHandle(child->hThread));
    return code;
}

void follow_create(const wchar_t* arguments, BOOL inherit, DWORD flags, void* environment,
                   PROCESS_INFORMATION* child) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    wchar_t line[FOLLOW_LINE];
    assert_true(CreateProcessW(NULL, follow_line(arguments, line), NULL, NULL, inherit, flags,
                               environment, NULL, &startup, child));
}

DWORD follow_run(const wchar_t* arguments, DWORD flags, void* environment) {
    PROCESS_INFORMATION child;
    follow_create(arguments, FALSE, flags, environment, &child);
    return follow_end(&child);
}

int follow_begin(int count, char** arguments) {
    char* place;
    if (count != 3)
        return 0;
    follow_is_served = strcmp(arguments[1], "served") == 0;
    follow_wanted = follow_is_served ? FOLLOWED_SERVED : FOLLOWED_PLAIN;
    snprintf(follow_program, sizeof follow_program, "%s", arguments[2]);
    for (place = follow_program; *place != '\0'; place++) {
        if (*place == '/')
            *place = '\\';
    }
    MultiByteToWideChar(CP_ACP, 0, follow_program, -1, follow_program_wide, FOLLOW_PATH);
    return 1;
}
