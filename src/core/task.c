/* SPDX-License-Identifier: MIT */
#include "core/task.h"

#include "core/engine.h"
#include "core/status.h"
#include "core/table.h"
#include "drivers/delivery.h"
#include "host/log.h"

enum { TASK__LIVE, TASK__CANCELLED, TASK__CLOSED };

/* Both are the engine's thread's own. */
static struct task* task__first;
static HANDLE task__event;

static volatile LONG task__count;

static int task__step_is_done(const struct task* task) {
    return *(const volatile ULONG_PTR*) &task->step.Internal != STATUS__PENDING;
}

int task_start(struct record* record, struct task* task) {
    OVERLAPPED* overlapped = task->overlapped;
    task->handle = record->handle;
    task->owner = GetCurrentThreadId();
    /* As for ConnectEx: Windows cancels at its thread's end what is not bound to a port. */
    task->survives = overlapped->hEvent == NULL &&
                     (record->port != NULL || !(table_flags(record->handle) & TABLE_SEEN));
    task->number = (unsigned) InterlockedIncrement(&task__count);
    task->sibling = record->tasks;
    record->tasks = task;
    delivery_begin(overlapped);
    log_info("socket %#Ix task %u %s is begun", (size_t) task->handle, task->number,
             stats_name(task->kind->function));
    if (engine_adopt_task(task) == 0)
        return 0;
    record->tasks = task->sibling;
    return WSAENOBUFS;
}

enum task_verdict task_end(struct task* task, uint32_t status, ULONGLONG bytes) {
    task->status = status;
    task->bytes = bytes;
    return TASK_ENDS;
}

/* A step is begun under the record's lock, so that a cancel or a close either forbids it or finds
 * it under way. The handle is the socket's as long as nobody has said that it is closed. */
static int task__may_begin(struct task* task) {
    record_find(task->handle);
    if (task->ending == TASK__LIVE) {
        task->step.Internal = STATUS__PENDING;
        task->step.InternalHigh = 0;
        /* With its low bit set, the event keeps the step's packet out of the program's port. */
        task->step.hEvent = (HANDLE) ((ULONG_PTR) task__event | 1);
        return 1;
    }
    record_release(task->handle);
    return 0;
}

static enum task_verdict task__begun(struct task* task, int result) {
    int error = result == 0 ? 0 : WSAGetLastError();
    if (error == 0 || error == WSA_IO_PENDING) {
        record_release(task->handle);
        return TASK_WAITS;
    }
    task->step.Internal = 0;
    record_release(task->handle);
    return task_end(task, status_from_error(error), task->bytes);
}

enum task_verdict task_send(struct task* task, WSABUF* buffers, DWORD count) {
    DWORD sent;
    if (!task__may_begin(task))
        return task_end(task, STATUS__CANCELLED, task->bytes);
    return task__begun(task,
                       host.WSASend(task->handle, buffers, count, &sent, 0, &task->step, NULL));
}

enum task_verdict task_receive(struct task* task, WSABUF* buffers, DWORD count, DWORD flags) {
    DWORD received;
    if (!task__may_begin(task))
        return task_end(task, STATUS__CANCELLED, task->bytes);
    return task__begun(
        task, host.WSARecv(task->handle, buffers, count, &received, &flags, &task->step, NULL));
}

static void task__cancel_step(struct task* task) {
    if (task__step_is_done(task))
        return;
    if (host.CancelIoEx != NULL)
        host.CancelIoEx((HANDLE) task->handle, &task->step);
}

unsigned task_cancel(struct record* record, const OVERLAPPED* overlapped, DWORD owner) {
    struct task* task;
    unsigned count = 0;
    for (task = record->tasks; task != NULL; task = task->sibling) {
        if ((overlapped != NULL && overlapped != task->overlapped) ||
            (owner != 0 && owner != task->owner) || task->ending != TASK__LIVE)
            continue;
        task->ending = TASK__CANCELLED;
        task__cancel_step(task);
        count++;
    }
    if (count > 0)
        engine_wake();
    return count;
}

void task_thread_exits(struct record* record, DWORD owner) {
    struct task* task;
    for (task = record->tasks; task != NULL; task = task->sibling) {
        if (task->owner == owner && !task->survives)
            task_cancel(record, task->overlapped, owner);
    }
}

void task_close(struct record* record, int is_closed) {
    struct task* task = record->tasks;
    record->tasks = NULL;
    if (task == NULL)
        return;
    for (; task != NULL; task = task->sibling) {
        task->port = record->port;
        task->key = record->key;
        task->ending = TASK__CLOSED;
        if (!is_closed)
            task__cancel_step(task);
    }
    engine_wake();
}

static void task__unlink(struct record* record, const struct task* task) {
    struct task** place = &record->tasks;
    while (*place != task)
        place = &(*place)->sibling;
    *place = task->sibling;
}

static void task__finish(struct task* task) {
    struct record* record = record_find(task->handle);

    log_info("socket %#Ix task %u %s ends with %s (%#x), %lu bytes", (size_t) task->handle,
             task->number, stats_name(task->kind->function), status_name(task->status),
             (unsigned) task->status, (unsigned long) task->bytes);
    stats_count_end(task->kind->function, status_to_error(task->status));
    if (task->ending == TASK__CLOSED) {
        struct record closed = {0};
        closed.port = task->port;
        closed.key = task->key;
        delivery_complete_closed(&closed, task->overlapped, task->status, (DWORD) task->bytes);
    } else {
        task__unlink(record, task);
        if (task->kind->settle != NULL)
            task->kind->settle(record, task);
        delivery_complete(record, task->overlapped, task->status, (DWORD) task->bytes);
    }
    record_release(task->handle);
    task->kind->release(task);
}

void task_adopt(struct task* task, HANDLE event) {
    task__event = event;
    task->next = task__first;
    task__first = task;
}

static enum task_verdict task__advance(struct task* task) {
    uint32_t status = (uint32_t) task->step.Internal;
    if (task->ending != TASK__LIVE)
        return task_end(task, STATUS__CANCELLED, task->bytes);
    return task->kind->advance(task, status, (DWORD) task->step.InternalHigh);
}

unsigned task_run(void) {
    struct task** place = &task__first;
    unsigned turns = 0;

    while (*place != NULL) {
        struct task* task = *place;
        if (!task__step_is_done(task)) {
            place = &task->next;
            continue;
        }
        turns++;
        if (task__advance(task) == TASK_WAITS) {
            place = &task->next;
            continue;
        }
        *place = task->next;
        task__finish(task);
    }
    return turns;
}
