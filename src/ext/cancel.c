/* SPDX-License-Identifier: MIT */
#include "ext/cancel.h"

#include "core/engine.h"
#include "core/record.h"
#include "core/stats.h"
#include "core/status.h"
#include "core/table.h"
#include "core/task.h"
#include "drivers/afd.h"
#include "drivers/delivery.h"
#include "host/log.h"

/* Has the host cancel what it carries. The OVERLAPPED is only named here: if the operation has
 * ended, the host does not find it. */
static void cancel__carried(struct record* record) {
    if (record->finished)
        return;
    if (host.CancelIoEx != NULL)
        host.CancelIoEx((HANDLE) record->handle, record->overlapped);
    else if (record->by_engine)
        engine_cancel(record);
    else
        host.CancelIo((HANDLE) record->handle);
}

/* Whether the engine's thread alone could cancel what the host carries, for want of CancelIoEx. */
static int cancel__is_only_by_engine(const struct record* record) {
    return host.CancelIoEx == NULL && record->by_engine && !record->finished &&
           machine_is_carried(&record->machine);
}

/* The same where the socket lives on. A program may use an OVERLAPPED again as soon as its
 * operation has ended, which we need not have noticed, so the socket is asked first: it reports
 * that it can be written to only while no send is queued. */
static void cancel__carried_if_sending(struct record* record) {
    unsigned events = 0;
    if (afd_is_available() && afd_look(&record->handle, AFD_EVENT_SEND, &events, 1) == 0 &&
        (events & AFD_EVENT_SEND))
        record->finished = 1;
    cancel__carried(record);
}

/* Under the record's lock; returns whether an operation in our hands was completed. */
static int cancel__step(struct record* record, enum machine_event event) {
    unsigned actions = record_step(record, event);
    if (!(actions & MACHINE_ABORT))
        return 0;
    record->operation = NULL;
    delivery_complete(record, record->overlapped, STATUS__CANCELLED, 0);
    return 1;
}

int cancel_operation(SOCKET s, const OVERLAPPED* overlapped) {
    struct record* record = record_find(s);
    int done = 0;
    if (record != NULL && machine_is_connecting(&record->machine) &&
        (overlapped == NULL || overlapped == record->overlapped))
        done = cancel__step(record, MACHINE_CANCEL);
    if (record != NULL && (overlapped == NULL || overlapped == record->overlapped) &&
        cancel__is_only_by_engine(record)) {
        engine_cancel(record);
        done = 1;
    }
    if (record != NULL && task_cancel(record, overlapped, 0) > 0)
        done = 1;
    record_release(s);
    return done;
}

int cancel_own_operation(SOCKET s) {
    struct record* record = record_find(s);
    int done = 0;
    if (record != NULL && record->owner == GetCurrentThreadId()) {
        unsigned carried = machine_is_carried(&record->machine) && record->by_engine;
        done = cancel__step(record, MACHINE_CANCEL);
        /* The host counts the send as the engine's thread's, so CancelIo would not find it. */
        if (carried)
            cancel__carried_if_sending(record);
    }
    if (record != NULL && task_cancel(record, NULL, GetCurrentThreadId()) > 0)
        done = 1;
    record_release(s);
    return done;
}

void cancel_for_close(SOCKET s) {
    struct record* record = record_find(s);
    if (record != NULL) {
        unsigned actions;
        log_info("socket %#Ix #%u closed while %s", (size_t) s, record->number,
                 machine_state_name((enum machine_state) record->machine.state));
        stats_count_close(record);
        actions = record_step(record, MACHINE_CLOSE);
        record->operation = NULL;
        if (actions & MACHINE_ABORT)
            delivery_complete(record, record->overlapped, STATUS__CANCELLED, 0);
        /* A ConnectEx that the host has as a whole it cancels by itself when the socket closes. */
        if ((actions & MACHINE_CANCEL_HOST) && record->is_send)
            cancel__carried(record);
        /* The others of the socket's operations end with it in any case. */
        if (record->endless && host.CancelIoEx != NULL)
            host.CancelIoEx((HANDLE) s, NULL);
        record_close(record, 0);
    } else {
        table_change_flags(s, 0, TABLE_ALL);
    }
    record_release(s);
}

void cancel_after_close(SOCKET s) {
    struct record* record = record_find(s);
    if (record != NULL && record->machine.state == MACHINE_CLOSED)
        record_forget(record);
    record_release(s);
}

void cancel_for_lost_handle(SOCKET s) {
    struct record* record = record_find(s);
    if (record != NULL) {
        if (record_step(record, MACHINE_CLOSE) & MACHINE_ABORT)
            delivery_complete_closed(record, record->overlapped, STATUS__CANCELLED, 0);
        record_forget(record);
    } else {
        table_change_flags(s, 0, TABLE_ALL);
    }
    record_release(s);
}

static void cancel__visit(uintptr_t handle, void* place, void* context) {
    struct record* record = place;
    (void) handle;
    task_thread_exits(record, *(const DWORD*) context);
    if (record->owner != *(const DWORD*) context || record->survives)
        return;
    if (record->by_engine && machine_is_carried(&record->machine))
        cancel__carried_if_sending(record);
    else
        cancel__step(record, MACHINE_THREAD_EXIT);
}

void cancel_for_thread_exit(void) {
    DWORD thread = GetCurrentThreadId();
    /* What the host carries for the thread itself it cancels by itself. */
    if (engine_is_running())
        table_for_each(cancel__visit, &thread);
}
