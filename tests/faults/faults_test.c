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
 * run. */

#include "run.h"

#include <winternl.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"

#define TEST__LIMIT 10000 /* In milliseconds, for each run. */
#define TEST__OPERATIONS 4096
#define TEST__POISON 0xA5

/* What is made once, or kept for the next: pages of the table, spare OVERLAPPEDs that the host has
 * not let go of yet. A leak grows with the runs, of which there are more than twice as many. */
#define TEST__SLACK 6

/* In milliseconds: a worker lets go of a connect that was cancelled within a quarter of a second.
 */
#define TEST__PATIENCE 3000

/* The exit code of a process that had fewer calls. */
#define TEST__NO_SUCH_CALL 3

enum test__style { TEST__PORT, TEST__EVENT, TEST__STYLES };

static const struct test__row {
    const char* name;
    run_scenario* run;
    int also; /* An error that is honest in this scenario beside the want of memory, or 0. */
} test__rows[] = {
    {"connect-payload", connect_payload, 0},
    {"connect-plain", connect_plain, 0},
    {"connect-cancelled", connect_cancelled, 0},
    {"connect-closed", connect_closed, 0},
    {"association", association, 0},
    {"accept-data", accept_data, 0},
    {"accept-update", accept_update, 0},
    {"accept-closed", accept_closed, 0},
    {"disconnect-plain", disconnect_plain, 0},
    {"disconnect-reuse", disconnect_reuse, 0},
    {"disconnect-twice", disconnect_twice, 0},
    {"disconnect-waiting", disconnect_waiting, 0},
    {"transmit-file", transmit_file, 0},
    {"transmit-small-file", transmit_small_file, 0},
    {"transmit-disconnect", transmit_disconnect, 0},
    {"transmit-reuse", transmit_reuse, 0},
    {"transmit-packets", transmit_packets, 0},
    {"transmit-closed", transmit_closed, 0},
    {"message-sent", message_sent, 0},
    {"message-sent-overlapped", message_sent_overlapped, 0},
    {"message-received", message_received, 0},
    {"message-received-overlapped", message_received_overlapped, 0},
    {"rio-echo", rio_echo, 0},
    {"rio-closed", rio_closed, 0},
};

static faults_arm_fn* test__arm;
static faults_disarm_fn* test__disarm;
static faults_blocks_fn* test__blocks;

static const struct test__row* test__row;
static enum test__style test__style;
static int test__kind;
static long test__nth;
static const char* test__failed;
static const char* volatile test__step;
static volatile DWORD test__started;

static unsigned test__dishonest;

static HANDLE test__port;
static OVERLAPPED test__operations[TEST__OPERATIONS];
static unsigned char test__ended[TEST__OPERATIONS];
static unsigned test__count;

static const char* test__style_name(void) {
    return test__style == TEST__PORT ? "port" : "event";
}

static const char* test__kind_name(void) {
    return test__kind == FAULTS_HOST ? "host call" : "allocation";
}

void run_die(const char* format, ...) {
    const char* failed = test__disarm();
    va_list arguments;
    printf("FAIL %s, by %s, ", test__row->name, test__style_name());
    if (failed == NULL)
        failed = test__failed;
    if (test__kind == FAULTS_NONE)
        printf("without a failure before the series or after %s %ld: ", "run", test__nth);
    else
        printf("%s %ld (%s) fails: ", test__kind_name(), test__nth, failed ? failed : "not yet");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
    TerminateProcess(GetCurrentProcess(), 1);
}

static LONG WINAPI test__crashed(EXCEPTION_POINTERS* pointers) {
    run_die("crash with %#lx at %p while %s", pointers->ExceptionRecord->ExceptionCode,
            pointers->ExceptionRecord->ExceptionAddress, test__step);
    return EXCEPTION_EXECUTE_HANDLER;
}

static DWORD WINAPI test__watch(void* unused) {
    (void) unused;
    while (GetTickCount() - test__started <= TEST__LIMIT)
        Sleep(100);
    run_die("hangs while %s", test__step);
    return 0;
}

void run_step(const char* what) {
    test__step = what;
}

void run_arm(void) {
    test__failed = NULL;
    run_step("calling");
    test__arm(test__kind, test__nth);
}

void run_disarm(void) {
    test__failed = test__disarm();
}

int run_has_failed(void) {
    return test__failed != NULL;
}

OVERLAPPED* run_overlapped(void) {
    OVERLAPPED* overlapped = &test__operations[test__count];
    CHECK(test__count < TEST__OPERATIONS);
    memset(overlapped, 0, sizeof *overlapped);
    if (test__style == TEST__EVENT)
        CHECK((overlapped->hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)) != NULL);
    test__count++;
    return overlapped;
}

void run_associate(SOCKET s) {
    if (test__style == TEST__PORT)
        CHECK(CreateIoCompletionPort((HANDLE) s, test__port, RUN_KEY, 0) == test__port);
}

/* The memory is the program's again. */
static void test__is_over(OVERLAPPED* overlapped) {
    unsigned index = (unsigned) (overlapped - test__operations);
    if (test__ended[index])
        run_die("an operation has ended twice");
    test__ended[index] = 1;
    if (overlapped->hEvent != NULL)
        CloseHandle(overlapped->hEvent);
    memset(overlapped, TEST__POISON, sizeof *overlapped);
}

int run_is_begun(OVERLAPPED* overlapped, BOOL result, int* error) {
    *error = WSAGetLastError();
    if (result || *error == ERROR_IO_PENDING)
        return 1;
    run_disarm();
    if (*error == 0)
        run_die("a call fails without an error");
    test__is_over(overlapped);
    return 0;
}

/* What is not ours is an operation of before that has ended twice, or late. */
static int test__dequeue(HANDLE port, const OVERLAPPED* overlapped, DWORD* bytes, DWORD limit) {
    OVERLAPPED* got = NULL;
    ULONG_PTR key = 0;
    BOOL done = GetQueuedCompletionStatus(port, bytes, &key, &got, limit);
    int error = done ? 0 : (int) GetLastError();
    if (got != overlapped)
        run_die(got == NULL ? "no completion came" : "a completion came that nobody waits for");
    if (got != NULL && key != RUN_KEY)
        run_die("the completion has key %lu", (unsigned long) key);
    return error;
}

static int test__wait_for_event(SOCKET s, OVERLAPPED* overlapped, DWORD* bytes) {
    DWORD flags;
    if (WaitForSingleObject(overlapped->hEvent, TEST__LIMIT / 2) != WAIT_OBJECT_0)
        run_die("no completion came");
    *bytes = (DWORD) overlapped->InternalHigh;
    if (s == INVALID_SOCKET) {
        if ((ULONG) overlapped->Internal == STATUS_PENDING)
            run_die("the event is set and the operation pending");
        return overlapped->Internal == 0 ? 0
                                         : (int) RtlNtStatusToDosError((LONG) overlapped->Internal);
    }
    return WSAGetOverlappedResult(s, overlapped, bytes, FALSE, &flags) ? 0 : WSAGetLastError();
}

int run_end(SOCKET s, OVERLAPPED* overlapped, DWORD* bytes) {
    int error;
    run_step("waiting for the end of the operation");
    error = test__style == TEST__PORT
                ? test__dequeue(test__port, overlapped, bytes, TEST__LIMIT / 2)
                : test__wait_for_event(s, overlapped, bytes);
    run_disarm();
    test__is_over(overlapped);
    return error;
}

int run_end_at(HANDLE port, OVERLAPPED* overlapped, DWORD* bytes) {
    int error;
    run_step("waiting at a port of the run's own");
    error = test__dequeue(port, overlapped, bytes, TEST__LIMIT / 2);
    run_disarm();
    test__is_over(overlapped);
    return error;
}

int run_end_cancelled(SOCKET s, OVERLAPPED* overlapped) {
    DWORD bytes;
    int error = run_end(s, overlapped, &bytes);
    if (error == 0)
        run_die("an operation that cannot succeed ends with success");
    return error == ERROR_OPERATION_ABORTED ? 0 : error;
}

/* Which of them ended, or the given one where that is told by its event. */
static OVERLAPPED* test__wait_any(OVERLAPPED* expected, int* error) {
    OVERLAPPED* got = NULL;
    ULONG_PTR key;
    DWORD bytes;
    if (test__style == TEST__EVENT) {
        *error = test__wait_for_event(INVALID_SOCKET, expected, &bytes);
        return expected;
    }
    *error = GetQueuedCompletionStatus(test__port, &bytes, &key, &got, TEST__LIMIT / 2)
                 ? 0
                 : (int) GetLastError();
    return got;
}

int run_end_all_cancelled(OVERLAPPED** overlapped, int count) {
    int i, j, error, first = 0;
    run_step("waiting for the end of all operations");
    for (i = 0; i < count; i++) {
        OVERLAPPED* got = test__wait_any(overlapped[i], &error);
        for (j = 0; j < count && overlapped[j] != got; j++) {
        }
        if (j == count)
            run_die(got == NULL ? "no completion came" : "a foreign completion came");
        if (error == 0)
            run_die("an operation that cannot succeed ends with success");
        if (first == 0 && error != ERROR_OPERATION_ABORTED)
            first = error;
        test__is_over(got);
    }
    run_disarm();
    return first;
}

void run_forget(OVERLAPPED* overlapped) {
    test__is_over(overlapped);
}

static int test__is_honest(int error) {
    return error == 0 || error == WSAENOBUFS || error == ERROR_NOT_ENOUGH_MEMORY ||
           error == ERROR_NO_SYSTEM_RESOURCES || error == test__row->also;
}

static int test__run(int kind, long nth) {
    DWORD bytes;
    int error;
    test__kind = kind;
    test__nth = nth;
    test__started = GetTickCount();
    error = test__row->run();
    run_step("looking for what nobody waits for");
    if (test__style == TEST__PORT)
        test__dequeue(test__port, NULL, &bytes, 0);
    if (error != 0 && !run_has_failed())
        run_die("the operation fails with %d, though nothing has failed", error);
    return error;
}

static DWORD test__handles(void) {
    DWORD count = 0;
    GetProcessHandleCount(GetCurrentProcess(), &count);
    return count;
}

static void test__series(int kind) {
    long blocks = test__blocks();
    DWORD handles = test__handles();
    int nth, wait, errors = 0;

    for (nth = 1;; nth++) {
        int error = test__run(kind, nth);
        if (!run_has_failed())
            break;
        printf("  %d %s: %d%s\n", nth, test__failed, error,
               test__is_honest(error) ? "" : " FAIL: that says something else than what happened");
        test__dishonest += !test__is_honest(error);
        errors += error != 0;
        test__run(FAULTS_NONE, nth);
    }
    for (wait = 0; test__blocks() - blocks > TEST__SLACK && wait < TEST__PATIENCE; wait += 10)
        Sleep(10);
    blocks = test__blocks() - blocks;
    handles = test__handles() - handles;
    printf("%s, by %s: %d %ss failed one by one, of which %d made the operation fail; %ld blocks "
           "and %ld handles more\n",
           test__row->name, test__style_name(), nth - 1, test__kind_name(), errors, blocks,
           (long) handles);
    if (blocks > TEST__SLACK || (int) handles > TEST__SLACK)
        run_die("%ld blocks of memory and %d handles are missing", blocks, (int) handles);
}

static void test__check_memory(void) {
    unsigned i, j;
    Sleep(20);
    for (i = 0; i < test__count; i++) {
        const unsigned char* bytes = (const unsigned char*) &test__operations[i];
        for (j = 0; j < sizeof test__operations[i]; j++) {
            if (test__ended[i] && bytes[j] != TEST__POISON)
                run_die("operation %u is written to after its end", i);
        }
    }
    if (test__style == TEST__PORT) {
        DWORD bytes;
        test__dequeue(test__port, NULL, &bytes, 20);
    }
}

static void test__load(void) {
    HMODULE dll = GetModuleHandleA("mswsock.dll");
    FARPROC functions[3];
    functions[0] = GetProcAddress(dll, "faults_arm");
    functions[1] = GetProcAddress(dll, "faults_disarm");
    functions[2] = GetProcAddress(dll, "faults_blocks");
    if (functions[0] == NULL || functions[1] == NULL || functions[2] == NULL) {
        printf("FAIL: the DLL is not the one with the failing host\n");
        exit(1);
    }
    memcpy(&test__arm, &functions[0], sizeof test__arm);
    memcpy(&test__disarm, &functions[1], sizeof test__disarm);
    memcpy(&test__blocks, &functions[2], sizeof test__blocks);
}

static void test__run_style(enum test__style style) {
    test__style = style;
    test__run(FAULTS_NONE, 0);
    test__run(FAULTS_NONE, 0);
    test__series(FAULTS_HOST);
    test__series(FAULTS_MEMORY);
    test__check_memory();
}

/* The very first run of a process fails, and the second does all. */
static int test__run_first(int kind, long nth) {
    int error = test__run(kind, nth);
    if (!run_has_failed())
        return TEST__NO_SUCH_CALL;
    printf("  %ld %s: %d%s\n", nth, test__failed, error,
           test__is_honest(error) ? "" : " FAIL: that says something else than what happened");
    test__dishonest += !test__is_honest(error);
    test__run(FAULTS_NONE, nth);
    test__check_memory();
    return test__dishonest != 0;
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
        test__kind = kind;
        for (nth = 1; nth <= most; nth++) {
            code = test__run_process(kind, nth);
            if (code == TEST__NO_SUCH_CALL)
                break;
            result |= code;
        }
        printf("%s, in a process of its own each: %ld %ss failed\n", test__row->name, nth - 1,
               test__kind_name());
    }
    return result != 0;
}

static void test__prepare(void) {
    WSADATA data;
    SetUnhandledExceptionFilter(test__crashed);
    test__started = GetTickCount();
    run_step("preparing");
    CloseHandle(CreateThread(NULL, 0, test__watch, NULL, 0, NULL));
    CHECK(WSAStartup(MAKEWORD(2, 2), &data) == 0);
    CHECK((test__port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0)) != NULL);
    run_prepare();
}

int main(int argc, char** argv) {
    const char* how = argc > 2 ? argv[2] : "";
    size_t i;

    for (i = 0; i < sizeof test__rows / sizeof test__rows[0]; i++) {
        if (argc > 1 && strcmp(argv[1], test__rows[i].name) == 0)
            test__row = &test__rows[i];
    }
    if (test__row == NULL) {
        printf("usage: faults_test SCENARIO [port | event | first MOST]\n");
        return 2;
    }
    test__load();
    if (strcmp(how, "first") == 0 && argc == 4)
        return test__run_processes(atol(argv[3]));
    test__prepare();
    if (strcmp(how, "once") == 0 && argc == 5)
        return test__run_first(atoi(argv[3]), atol(argv[4]));
    if (strcmp(how, "event") != 0)
        test__run_style(TEST__PORT);
    if (strcmp(how, "port") != 0)
        test__run_style(TEST__EVENT);
    return test__dishonest != 0;
}
