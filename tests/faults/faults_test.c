/* SPDX-License-Identifier: MIT */

/* faults_test SCENARIO [STYLE]: runs the scenario again and again, with its first, second, third…
 * call of the host failing, until a run has no such call; then the same with what the core
 * allocates. The DLL is the product above tests/faults/faults.c. In every run: nobody crashes or
 * hangs; what was pending ends once, and with an error that says what happened; what was refused
 * leaves nothing pending; and the next run, without a failure, does all. In the end no handle and
 * no memory is missing.
 *
 * The scenario is run without failures first, as much is made and probed once in a process' life.
 * faults_test SCENARIO first MOST has a process of its own for each of the first calls of the first
 * run. faults_test waiting-errors: see waiting.c. */

#include "series.h"

#include "../handles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In milliseconds: a worker lets go of a connect that was cancelled within a quarter of a second.
 */
#define TEST__PATIENCE 3000

/* The exit code of a process that had fewer calls. */
#define TEST__NO_SUCH_CALL 3

static const struct test__row {
    const char* name;
    run_scenario* run;
} test__rows[] = {
    {"connect-payload", connect_payload},
    {"connect-plain", connect_plain},
    {"connect-cancelled", connect_cancelled},
    {"connect-closed", connect_closed},
    {"association", association},
    {"accept-data", accept_data},
    {"accept-update", accept_update},
    {"accept-closed", accept_closed},
    {"disconnect-plain", disconnect_plain},
    {"disconnect-reuse", disconnect_reuse},
    {"disconnect-twice", disconnect_twice},
    {"disconnect-waiting", disconnect_waiting},
    {"transmit-file", transmit_file},
    {"transmit-small-file", transmit_small_file},
    {"transmit-disconnect", transmit_disconnect},
    {"transmit-reuse", transmit_reuse},
    {"transmit-packets", transmit_packets},
    {"transmit-closed", transmit_closed},
    {"message-sent", message_sent},
    {"message-sent-overlapped", message_sent_overlapped},
    {"message-received", message_received},
    {"message-received-overlapped", message_received_overlapped},
    {"large-payload", large_payload},
    {"large-transmission", large_transmission},
    {"rio-echo", rio_echo},
    {"rio-closed", rio_closed},
};

static const struct test__row test__errors = {"waiting-errors", NULL};

static const struct test__row* test__row;
static int test__dishonest;

static int test__is_honest(int error) {
    return error == 0 || error == WSAENOBUFS || error == ERROR_NOT_ENOUGH_MEMORY ||
           error == ERROR_NO_SYSTEM_RESOURCES;
}

static void test__print(long nth, int error) {
    printf("  %ld %s: %d%s\n", nth, run_failed_name(), error,
           test__is_honest(error) ? "" : " FAIL: that says something else than what happened");
    test__dishonest |= !test__is_honest(error);
}

/* Waits until nobody is at work on what the last run has begun. */
static long test__settled_blocks(void) {
    long before, blocks = run_blocks();
    do {
        before = blocks;
        Sleep(20);
        blocks = run_blocks();
    } while (blocks != before);
    return blocks;
}

/* Whether there is more than before. What the host has not let go of yet may be missing for a
 * moment. */
static int test__has_leaked(long blocks, int handles) {
    int wait;
    for (wait = 0; wait < TEST__PATIENCE && run_blocks() > blocks; wait += 10)
        Sleep(10);
    return run_blocks() > blocks || handles_count() > handles;
}

/* Returns how many calls there were to fail. */
static int test__fail_each(int kind, int* errors) {
    int nth;
    *errors = 0;
    for (nth = 1;; nth++) {
        int error = run_once(kind, nth);
        if (!run_has_failed())
            return nth - 1;
        test__print(nth, error);
        *errors += error != 0;
        run_once(FAULTS_NONE, nth);
    }
}

/* A failure may be the first reason for something that is made once and kept, and the thread driver
 * keeps up to sixteen workers, of which it makes one more whenever none has come back yet. So a
 * series after which there is more is run again; what leaks does so each time. */
#define TEST__TURNS 18

static void test__series(int kind) {
    int turn, errors = 0, leaks = 1;
    for (turn = 0; turn < TEST__TURNS && leaks; turn++) {
        long blocks = test__settled_blocks();
        int handles = handles_count();
        int count = test__fail_each(kind, &errors);
        printf("%s, by %s: %d %ss failed one by one, of which %d made the operation fail\n",
               test__row->name, run_style_name(), count, run_kind_name(), errors);
        leaks = test__has_leaked(blocks, handles);
        printf("%ld blocks of memory more, %d handles\n", run_blocks() - blocks,
               handles_count() - handles);
    }
    if (leaks)
        run_die("there is more memory or are more handles after each series");
}

static void test__run_style(enum run_style style) {
    run_set_style(style);
    run_once(FAULTS_NONE, 0);
    run_once(FAULTS_NONE, 0);
    test__series(FAULTS_HOST);
    test__series(FAULTS_MEMORY);
    run_check_operations();
}

/* The very first run of a process fails, and the second does all. */
static int test__run_first(int kind, long nth) {
    int error = run_once(kind, nth);
    if (!run_has_failed())
        return TEST__NO_SUCH_CALL;
    test__print(nth, error);
    run_once(FAULTS_NONE, nth);
    run_check_operations();
    return test__dishonest;
}

/* Returns the exit code of this program with the arguments of one such process. */
static int test__run_process(int kind, long nth) {
    char path[MAX_PATH], line[2 * MAX_PATH];
    STARTUPINFOA startup = {0};
    PROCESS_INFORMATION process;
    DWORD code = 1;

    fflush(stdout);
    startup.cb = sizeof startup;
    CHECK(GetModuleFileNameA(NULL, path, sizeof path) < sizeof path);
    snprintf(line, sizeof line, "\"%s\" %s once %d %ld", path, test__row->name, kind, nth);
    CHECK(CreateProcessA(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process));
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return (int) code;
}

static int test__run_processes(long most) {
    int kind, code, result = 0;
    long nth;
    for (kind = FAULTS_HOST; kind <= FAULTS_MEMORY; kind++) {
        run_set_kind(kind);
        for (nth = 1; nth <= most; nth++) {
            code = test__run_process(kind, nth);
            if (code == TEST__NO_SUCH_CALL)
                break;
            result |= code;
        }
        printf("%s, in a process of its own each: %ld %ss failed\n", test__row->name, nth - 1,
               run_kind_name());
    }
    return result != 0;
}

int main(int argc, char** argv) {
    static const char* const styles[] = {"port", "event", "skip"};
    const char* how = argc > 2 ? argv[2] : "";
    size_t i;

    for (i = 0; i < sizeof test__rows / sizeof test__rows[0]; i++) {
        if (argc > 1 && strcmp(argv[1], test__rows[i].name) == 0)
            test__row = &test__rows[i];
    }
    if (argc == 2 && strcmp(argv[1], test__errors.name) == 0)
        test__row = &test__errors;
    if (test__row == NULL) {
        printf("usage: faults_test SCENARIO [port | event | skip | first MOST] | waiting-errors\n");
        return 2;
    }
    run_load(test__row->name, test__row->run);
    if (strcmp(how, "first") == 0 && argc == 4)
        return test__run_processes(atol(argv[3]));
    run_begin();
    if (test__row == &test__errors)
        return !waiting_keeps_errors();
    if (strcmp(how, "once") == 0 && argc == 5)
        return test__run_first(atoi(argv[3]), atol(argv[4]));
    for (i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        if (*how == '\0' || strcmp(how, styles[i]) == 0)
            test__run_style((enum run_style) i);
    }
    return test__dishonest;
}
