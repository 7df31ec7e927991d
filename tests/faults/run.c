/* SPDX-License-Identifier: MIT */
#include "series.h"

#include <winternl.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN__LIMIT 10000 /* In milliseconds, for each run. */
#define RUN__OPERATIONS 4096
#define RUN__POISON 0xA5

static faults_arm_fn* run__arm;
static faults_disarm_fn* run__disarm;
static faults_blocks_fn* run__blocks;
static faults_refuse_fn* run__refuse;

static const char* run__name;
static run_scenario* run__scenario;
static enum run_style run__style;
static int run__kind;
static long run__nth;
static const char* run__failed;
static const char* volatile run__step;
static volatile DWORD run__started;

static HANDLE run__port;
static OVERLAPPED run__operations[RUN__OPERATIONS];
static unsigned char run__ended[RUN__OPERATIONS];
static unsigned char run__done[RUN__OPERATIONS]; /* In the call, and skipped. */
static unsigned run__count;

const char* run_style_name(void) {
    static const char* const names[] = {"port", "event", "port in skip mode"};
    return names[run__style];
}

const char* run_kind_name(void) {
    return run__kind == FAULTS_HOST ? "host call" : "allocation";
}

void run_die(const char* format, ...) {
    const char* failed = run__disarm();
    va_list arguments;
    printf("FAIL %s, by %s, ", run__name, run_style_name());
    if (failed == NULL)
        failed = run__failed;
    if (run__kind == FAULTS_NONE)
        printf("without a failure before the series or after %s %ld: ", "run", run__nth);
    else
        printf("%s %ld (%s) fails: ", run_kind_name(), run__nth, failed ? failed : "not yet");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
    TerminateProcess(GetCurrentProcess(), 1);
}

static LONG WINAPI run__crashed(EXCEPTION_POINTERS* pointers) {
    run_die("crash with %#lx at %p while %s", pointers->ExceptionRecord->ExceptionCode,
            pointers->ExceptionRecord->ExceptionAddress, run__step);
    return EXCEPTION_EXECUTE_HANDLER;
}

static DWORD WINAPI run__watch(void* unused) {
    (void) unused;
    while (GetTickCount() - run__started <= RUN__LIMIT)
        Sleep(100);
    run_die("hangs while %s", run__step);
    return 0;
}

void run_step(const char* what) {
    run__step = what;
}

void run_watch_anew(void) {
    run__started = GetTickCount();
}

void run_arm(void) {
    run__failed = NULL;
    run_step("calling");
    run__arm(run__kind, run__nth);
}

void run_disarm(void) {
    run__failed = run__disarm();
}

void run_refuse(const char* name, int error) {
    run__refuse(name, error);
}

int run_has_failed(void) {
    return run__failed != NULL;
}

OVERLAPPED* run_overlapped(void) {
    OVERLAPPED* overlapped = &run__operations[run__count];
    CHECK(run__count < RUN__OPERATIONS);
    memset(overlapped, 0, sizeof *overlapped);
    if (run__style == RUN_EVENT)
        CHECK((overlapped->hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)) != NULL);
    run__count++;
    return overlapped;
}

void run_associate(SOCKET s) {
    if (run__style != RUN_EVENT)
        CHECK(CreateIoCompletionPort((HANDLE) s, run__port, RUN_KEY, 0) == run__port);
    if (run__style == RUN_SKIP)
        CHECK(SetFileCompletionNotificationModes((HANDLE) s, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
}

/* The memory is the program's again. */
static void run__is_over(OVERLAPPED* overlapped) {
    unsigned index = (unsigned) (overlapped - run__operations);
    if (run__ended[index])
        run_die("an operation has ended twice");
    run__ended[index] = 1;
    if (overlapped->hEvent != NULL)
        CloseHandle(overlapped->hEvent);
    memset(overlapped, RUN__POISON, sizeof *overlapped);
}

int run_is_begun(OVERLAPPED* overlapped, BOOL result, int* error) {
    *error = WSAGetLastError();
    run__done[overlapped - run__operations] = result && run__style == RUN_SKIP;
    if (result || *error == ERROR_IO_PENDING)
        return 1;
    run_disarm();
    if (*error == 0)
        run_die("a call fails without an error");
    run__is_over(overlapped);
    return 0;
}

/* What is not ours is an operation of before that has ended twice, or late. */
static int run__dequeue(HANDLE port, const OVERLAPPED* overlapped, DWORD* bytes, DWORD limit) {
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

/* What the OVERLAPPED says, of one whose end was told. */
static int run__status(const OVERLAPPED* overlapped, DWORD* bytes) {
    *bytes = (DWORD) overlapped->InternalHigh;
    if ((ULONG) overlapped->Internal == STATUS_PENDING)
        run_die("an operation is said to have ended and is pending");
    return overlapped->Internal == 0 ? 0 : (int) RtlNtStatusToDosError((LONG) overlapped->Internal);
}

static int run__wait_for_event(SOCKET s, OVERLAPPED* overlapped, DWORD* bytes) {
    DWORD flags;
    if (WaitForSingleObject(overlapped->hEvent, RUN__LIMIT / 2) != WAIT_OBJECT_0)
        run_die("no completion came");
    if (s == INVALID_SOCKET)
        return run__status(overlapped, bytes);
    return WSAGetOverlappedResult(s, overlapped, bytes, FALSE, &flags) ? 0 : WSAGetLastError();
}

int run_end(SOCKET s, OVERLAPPED* overlapped, DWORD* bytes) {
    int error;
    run_step("waiting for the end of the operation");
    if (run__done[overlapped - run__operations])
        error = run__status(overlapped, bytes);
    else if (run__style == RUN_EVENT)
        error = run__wait_for_event(s, overlapped, bytes);
    else
        error = run__dequeue(run__port, overlapped, bytes, RUN__LIMIT / 2);
    run_disarm();
    run__is_over(overlapped);
    return error;
}

int run_end_at(HANDLE port, OVERLAPPED* overlapped, DWORD* bytes) {
    int error;
    run_step("waiting at a port of the run's own");
    error = run__dequeue(port, overlapped, bytes, RUN__LIMIT / 2);
    run_disarm();
    run__is_over(overlapped);
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
static OVERLAPPED* run__wait_any(OVERLAPPED* expected, int* error) {
    OVERLAPPED* got = NULL;
    ULONG_PTR key;
    DWORD bytes;
    if (run__style == RUN_EVENT) {
        *error = run__wait_for_event(INVALID_SOCKET, expected, &bytes);
        return expected;
    }
    *error = GetQueuedCompletionStatus(run__port, &bytes, &key, &got, RUN__LIMIT / 2)
                 ? 0
                 : (int) GetLastError();
    return got;
}

int run_end_all_cancelled(OVERLAPPED** overlapped, int count) {
    int i, j, error, first = 0;
    run_step("waiting for the end of all operations");
    for (i = 0; i < count; i++) {
        OVERLAPPED* got = run__wait_any(overlapped[i], &error);
        for (j = 0; j < count && overlapped[j] != got; j++) {
        }
        if (j == count)
            run_die(got == NULL ? "no completion came" : "a foreign completion came");
        if (error == 0)
            run_die("an operation that cannot succeed ends with success");
        if (first == 0 && error != ERROR_OPERATION_ABORTED)
            first = error;
        run__is_over(got);
    }
    run_disarm();
    return first;
}

void run_forget(OVERLAPPED* overlapped) {
    run__is_over(overlapped);
}

int run_once(int kind, long nth) {
    DWORD bytes;
    int error;
    run__kind = kind;
    run__nth = nth;
    run_watch_anew();
    error = run__scenario();
    run_step("looking for what nobody waits for");
    if (run__style != RUN_EVENT)
        run__dequeue(run__port, NULL, &bytes, 0);
    if (error != 0 && !run_has_failed())
        run_die("the operation fails with %d, though nothing has failed", error);
    return error;
}

void run_set_kind(int kind) {
    run__kind = kind;
}

void run_set_style(enum run_style style) {
    run__style = style;
}

const char* run_failed_name(void) {
    return run__failed;
}

long run_blocks(void) {
    return run__blocks();
}

void run_check_operations(void) {
    unsigned i, j;
    DWORD bytes;
    Sleep(20);
    for (i = 0; i < run__count; i++) {
        const unsigned char* place = (const unsigned char*) &run__operations[i];
        if (!run__ended[i])
            run_die("operation %u has not ended", i);
        for (j = 0; j < sizeof run__operations[i]; j++) {
            if (place[j] != RUN__POISON)
                run_die("operation %u is written to after its end", i);
        }
    }
    if (run__style != RUN_EVENT)
        run__dequeue(run__port, NULL, &bytes, 20);
}

void run_load(const char* name, run_scenario* scenario) {
    HMODULE dll = GetModuleHandleA("wsext.dll");
    FARPROC functions[4];
    functions[0] = GetProcAddress(dll, "faults_arm");
    functions[1] = GetProcAddress(dll, "faults_disarm");
    functions[2] = GetProcAddress(dll, "faults_blocks");
    functions[3] = GetProcAddress(dll, "faults_refuse");
    if (functions[0] == NULL || functions[1] == NULL || functions[2] == NULL ||
        functions[3] == NULL) {
        printf("FAIL: the DLL is not the one with the failing host\n");
        exit(1);
    }
    memcpy(&run__arm, &functions[0], sizeof run__arm);
    memcpy(&run__disarm, &functions[1], sizeof run__disarm);
    memcpy(&run__blocks, &functions[2], sizeof run__blocks);
    memcpy(&run__refuse, &functions[3], sizeof run__refuse);
    run__name = name;
    run__scenario = scenario;
}

void run_begin(void) {
    WSADATA data;
    SetUnhandledExceptionFilter(run__crashed);
    run__started = GetTickCount();
    run_step("preparing");
    CloseHandle(CreateThread(NULL, 0, run__watch, NULL, 0, NULL));
    CHECK(WSAStartup(MAKEWORD(2, 2), &data) == 0);
    CHECK((run__port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0)) != NULL);
    run_prepare();
}
