/* SPDX-License-Identifier: MIT */

/* inject_test FOLLOWED DLL: loads the DLL into FOLLOWED in all its states. */

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>

#include <cmocka.h>

#include "hooks/inject.h"
#include "followed.h"

#define INJECT__LIMIT 20000
#define INJECT__PATH 1024

static wchar_t inject__program[INJECT__PATH];
static wchar_t inject__dll[INJECT__PATH];

static void inject__create(const wchar_t* arguments, PROCESS_INFORMATION* child) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    wchar_t line[INJECT__PATH + 64];
    swprintf(line, INJECT__PATH + 64, L"\"%ls\" %ls", inject__program, arguments);
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
                               &startup, child));
}

static DWORD inject__end(PROCESS_INFORMATION* child) {
    DWORD code = 0;
    ResumeThread(child->hThread);
    assert_int_equal(WaitForSingleObject(child->hProcess, INJECT__LIMIT), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(child->hProcess, &code));
    CloseHandle(child->hProcess);
    CloseHandle(child->hThread);
    return code;
}

static void loaded_before_the_program(void** state) {
    PROCESS_INFORMATION child;
    (void) state;
    inject__create(L"served", &child);
    assert_true(inject_has_own_bits(child.hProcess));
    assert_int_equal(inject_load(child.hProcess, child.dwProcessId, inject__dll, INFINITE),
                     INJECT_DONE);
    assert_int_equal(inject_load(child.hProcess, child.dwProcessId, inject__dll, INJECT__LIMIT),
                     INJECT_DONE);
    assert_int_equal(inject__end(&child), FOLLOWED_SERVED);
}

static void dll_that_is_not_there(void** state) {
    PROCESS_INFORMATION child;
    (void) state;
    inject__create(L"served", &child);
    assert_int_equal(
        inject_load(child.hProcess, child.dwProcessId, L"C:\\no\\wsext.dll", INJECT__LIMIT),
        INJECT_FAILED);
    assert_int_equal(inject__end(&child), FOLLOWED_PLAIN);
}

static void process_that_is_no_more(void** state) {
    PROCESS_INFORMATION child;
    (void) state;
    SetEnvironmentVariableW(L"FOLLOWED_DIES", L"1");
    inject__create(L"served", &child);
    SetEnvironmentVariableW(L"FOLLOWED_DIES", NULL);
    assert_int_equal(inject_load(child.hProcess, child.dwProcessId, inject__dll, INJECT__LIMIT),
                     INJECT_ENDED);
    assert_int_equal(inject_load(child.hProcess, child.dwProcessId, inject__dll, INJECT__LIMIT),
                     INJECT_ENDED);
    assert_int_equal(inject__end(&child), FOLLOWED_DEAD);
}

/* It waits in its initialization for something that comes only when we are back. Then both go on,
 * and the DLL comes late. */
static void process_that_waits_for_us(void** state) {
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"wsext-inject-wait");
    PROCESS_INFORMATION child;
    (void) state;
    SetEnvironmentVariableW(L"FOLLOWED_WAITS", L"wsext-inject-wait");
    inject__create(L"served", &child);
    SetEnvironmentVariableW(L"FOLLOWED_WAITS", NULL);
    assert_int_equal(inject_load(child.hProcess, child.dwProcessId, inject__dll, 200),
                     INJECT_TIMEOUT);
    SetEvent(event);
    DWORD code = inject__end(&child);
    assert_true(code == FOLLOWED_SERVED || code == FOLLOWED_PLAIN);
    CloseHandle(event);
}

static void other_build_that_is_not_there(void** state) {
    PROCESS_INFORMATION child;
    (void) state;
    inject__create(L"served", &child);
    assert_int_equal(
        inject_load_other(child.dwProcessId, inject__dll, INJECT__LIMIT, CreateProcessW),
        INJECT_NO_OTHER);
    assert_int_equal(
        inject_load_other(child.dwProcessId, L"wsext.dll", INJECT__LIMIT, CreateProcessW),
        INJECT_NO_OTHER);
    assert_int_equal(inject__end(&child), FOLLOWED_PLAIN);
}

int main(int count, char** arguments) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(loaded_before_the_program),
        cmocka_unit_test(dll_that_is_not_there),
        cmocka_unit_test(process_that_is_no_more),
        cmocka_unit_test(process_that_waits_for_us),
        cmocka_unit_test(other_build_that_is_not_there),
    };
    if (count != 3)
        return 2;
    MultiByteToWideChar(CP_ACP, 0, arguments[1], -1, inject__program, INJECT__PATH);
    MultiByteToWideChar(CP_ACP, 0, arguments[2], -1, inject__dll, INJECT__PATH);
    for (wchar_t* place = inject__dll; *place != 0; place++) {
        if (*place == L'/')
            *place = L'\\';
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
