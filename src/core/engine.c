/* SPDX-License-Identifier: MIT */
#include "core/engine.h"

#include "core/guard.h"
#include "core/lock.h"
#include "core/once.h"
#include "core/record.h"
#include "core/status.h"
#include "core/table.h"
#include "drivers/afd.h"
#include "drivers/delivery.h"

/* The thread calls the host's socket functions and no code of the program. */
#define ENGINE__STACK_SIZE (64 * 1024)

static struct once engine__once;
static lock_t engine__lock;
static HANDLE engine__wake;
static HANDLE engine__thread;
static struct operation* engine__inbox; /* Under the lock. */
static struct operation* engine__connects; /* The thread's own, as is all that it watches. */

static void engine__init(void) {
    lock_init(&engine__lock);
    engine__wake = CreateEventW(NULL, FALSE, FALSE, NULL);
}

HANDLE engine_event(void) {
    once_run(&engine__once, engine__init);
    return engine__wake;
}

int engine_is_running(void) {
    return *(HANDLE volatile*) &engine__thread != NULL;
}

/* Sends the payload of a connect that is up. The error of a send that was tried early comes first:
 * it is the connection's, and what the host says afterwards only follows from it. An early send that
 * failed for want of a connection says nothing of the kind. */
static uint32_t engine__send(struct record* record, const struct operation* operation) {
    OVERLAPPED* overlapped = operation->overlapped;
    int packet = delivery_wants_packet(overlapped);
    int finished = 0;
    int error = delivery_send(operation->handle, operation->payload, operation->length, overlapped,
                              &finished);

    if (error != 0) {
        int first = operation->error;
        return status_from_error(first != 0 && first != WSAENOTCONN ? first : error);
    }
    machine_step(&record->machine, MACHINE_HANDED);
    record->is_send = 1;
    record->by_engine = 1;
    record->finished = (unsigned char) finished;
    if (finished && packet && (table_flags(operation->handle) & TABLE_SKIP))
        delivery_post_skipped(record, overlapped, operation->length);
    return STATUS__SUCCESS;
}

static void engine__settle(struct record* record, struct operation* operation,
                           enum machine_event event, uint32_t status) {
    unsigned actions = machine_step(&record->machine, event);

    if (actions & MACHINE_SEND) {
        status = engine__send(record, operation);
        if (status != STATUS__SUCCESS)
            actions = machine_step(&record->machine, MACHINE_DOWN);
    }
    record->operation = NULL;
    if (actions & MACHINE_FAIL)
        delivery_fail(record, operation->overlapped, status);
    if (actions & MACHINE_ABORT)
        delivery_fail(record, operation->overlapped, STATUS__CANCELLED);
}

/* Whether the host still carries the send of an operation that is under guard. */
static int engine__is_sending(const struct operation* operation) {
    struct record* record = record_find(operation->handle);
    int sending = record != NULL && record->overlapped == operation->overlapped &&
                  record->is_send && !record->finished &&
                  machine_is_default_state(&record->machine);
    record_release(operation->handle);
    return sending;
}

/* An operation that was cancelled meanwhile is in no record any more, even where its handle's value
 * has a new one: operations are freed only here, so their addresses do not come back before. */
static int engine__is_wanted(struct operation* operation) {
    struct record* record = record_find(operation->handle);
    int wanted = record != NULL && record->operation == operation;
    record_release(operation->handle);
    if (operation->watch == OPERATION_WATCH_SEND)
        wanted = engine__is_sending(operation);
    if (!wanted)
        operation_release(operation);
    return wanted;
}

static void engine__report(struct operation* operation, enum afd_outcome outcome,
                           uint32_t status) {
    static const enum machine_event events[] = {MACHINE_UP, MACHINE_DOWN, MACHINE_CLOSE};
    struct record* record = record_find(operation->handle);
    if (record != NULL && record->operation == operation)
        engine__settle(record, operation, events[outcome], status);
    record_release(operation->handle);

    if (outcome == AFD_UP && guard_is_needed() && engine__is_sending(operation))
        guard_add(operation);
    else
        operation_release(operation);
}

static void engine__take_inbox(void) {
    struct operation* operation;
    struct operation* next;

    lock_acquire(&engine__lock);
    operation = engine__inbox;
    engine__inbox = NULL;
    lock_release(&engine__lock);

    for (; operation != NULL; operation = next) {
        next = operation->next;
        if (operation->watch == OPERATION_WATCH_CONNECT) {
            operation->next = engine__connects;
            engine__connects = operation;
        } else {
            /* A send under guard is watched for its connect first: before, it cannot get lost. */
            afd_add(operation);
        }
    }
}

static void engine__collect_connects(void) {
    struct operation** place = &engine__connects;
    while (*place != NULL) {
        struct operation* operation = *place;
        uint32_t status;
        if (!operation_is_done(operation)) {
            place = &operation->next;
            continue;
        }
        *place = operation->next;
        status = (uint32_t) operation->connect.Internal;
        engine__report(operation, status == STATUS__SUCCESS ? AFD_UP : AFD_DOWN, status);
    }
}

static DWORD WINAPI engine__run(void* unused) {
    DWORD timeout = INFINITE;
    (void) unused;
    while (WaitForSingleObject(engine__wake, timeout) != WAIT_FAILED) {
        /* A poll whose outcome is known at once ends while it is submitted; it is collected here
         * and now, without another wait. */
        do {
            engine__take_inbox();
            engine__collect_connects();
            afd_submit(engine__wake, engine__report);
        } while (afd_collect(engine__is_wanted, engine__report) > 0);
        timeout = guard_sweep(engine__is_sending);
    }
    return 0;
}

int engine_adopt(struct operation* operation) {
    int first, running;
    if (engine_event() == NULL)
        return -1;

    lock_acquire(&engine__lock);
    if (engine__thread == NULL)
        engine__thread = CreateThread(NULL, ENGINE__STACK_SIZE, engine__run, NULL,
                                      STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    running = engine__thread != NULL;
    first = engine__inbox == NULL;
    if (running) {
        operation->next = engine__inbox;
        engine__inbox = operation;
    }
    lock_release(&engine__lock);

    /* The thread takes all of the inbox at once, so one signal serves all that is in it. */
    if (running && first)
        SetEvent(engine__wake);
    return running ? 0 : -1;
}
