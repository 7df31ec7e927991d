/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <windows.h>

#include "base/log.h"

static char written[8192];

/* What was written since the last call. */
static void read_log(void) {
    static DWORD seen;
    wchar_t path[MAX_PATH];
    DWORD done = 0;
    GetEnvironmentVariableW(L"WSEXT_LOG_FILE", path, MAX_PATH);
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    SetFilePointer(file, (LONG) seen, NULL, FILE_BEGIN);
    assert_true(ReadFile(file, written, sizeof written - 1, &done, NULL));
    written[done] = '\0';
    seen += done;
    CloseHandle(file);
}

static void lines_as_they_are(void** state) {
    (void) state;
    log_say("%s %d", "some", 1);
    read_log();
    assert_string_equal(written, "wsext: some 1\n");
    log_event("info", "%u", 2u);
    read_log();
    assert_non_null(strstr(written, " info 2\n"));
}

/* It is cut, and is a line all the same. */
static void line_too_long(void** state) {
    static char text[3000];
    size_t length;
    (void) state;
    for (length = 490; length < 530; length++) {
        memset(text, 'x', length);
        text[length] = '\0';
        log_say("%s", text);
        read_log();
        assert_int_equal(strncmp(written, "wsext: xxx", 10), 0);
        assert_int_equal(strcspn(written, "\n"), length + 7 < 510 ? length + 7 : 510);
        assert_int_equal(strlen(written), strcspn(written, "\n") + 1);
    }
    memset(text, 'y', sizeof text - 1);
    log_event("trace", "%s", text);
    read_log();
    assert_non_null(strstr(written, " trace yyyy"));
    assert_int_equal(strlen(written), 511);
}

static void last_error_stays(void** state) {
    (void) state;
    SetLastError(1234);
    log_say("something");
    assert_int_equal(GetLastError(), 1234);
    read_log();
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_as_they_are),
        cmocka_unit_test(line_too_long),
        cmocka_unit_test(last_error_stays),
    };
    wchar_t folder[MAX_PATH], path[MAX_PATH];
    GetTempPathW(MAX_PATH, folder);
    GetTempFileNameW(folder, L"log", 0, path);
    SetEnvironmentVariableW(L"WSEXT_LOG_FILE", path);
    log_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    /* The log has it open still, so it goes at the end. */
    MoveFileExW(path, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
    return failed;
}
