/* SPDX-License-Identifier: MIT */
#include "core/task.h"

#include "base/log.h"
#include "base/status.h"
#include "core/delivery.h"
#include "core/engine.h"
#include "core/looks.h"
#include "core/table.h"

enum { TASK__LIVE, TASK__CANCELLED, TASK__CLOSED };

/* The engine's thread's own. Those that were begun first come first, so that operations that have
 * ended are reported in their order. */
static struct task* task__first;
static struct task** task__last = &task__first;

static HANDLE task__own_event;
static HANDLE task__foreign_event;

static volatile LONG task__count;

/* The steps that threads of the program have begun and that the engine's thread is to see the end
 * of. */
static volatile LONG task__foreign_steps;

void task_init(HANDLE own, HANDLE foreign) {
    task__own_event = own;
    task__foreign_event = foreign;
}

static int task__step_is_done(const struct task* task) {
    return *(const volatile ULONG_PTR*) &task->step.Internal != STATUS__PENDING;
}

static void task__note(struct socket* socket, struct task* task) {
    const OVERLAPPED* overlapped = task->overlapped;
    task->handle = socket->handle;
    task->owner = GetCurrentThreadId();
    /* As for ConnectEx: Windows cancels at its thread's end what is not bound to a port. */
    task->survives = overlapped->hEvent == NULL &&
                     (socket->port.handle != NULL || !(table_flags(socket->handle) & TABLE_SEEN));
    task->number = (unsigned) InterlockedIncrement(&task__count);
    task->sibling = socket->tasks;
    socket->tasks = task;
    log_info("socket %#Ix task %u %s is begun", (size_t) task->handle, task->number,
             stats_name(task->kind->function));
}

static void task__unlink(struct socket* socket, const struct task* task) {
    struct task** place = &socket->tasks;
    while (*place != task)
        place = &(*place)->sibling;
    *place = task->sibling;
}

int task_start(struct socket* socket, struct task* task) {
    task__note(socket, task);
    delivery_begin(task->overlapped);
    if (engine_adopt_task(task) == 0)
        return 0;
    task__unlink(socket, task);
    return WSAENOBUFS;
}

enum task_verdict task_end(struct task* task, uint32_t status, ULONGLONG bytes) {
    task->status = status;
    task->bytes = bytes;
    return TASK_ENDS;
}

/* A step is begun under the record's lock, so that a cancel or a close either forbids it or finds
 * it under way. The handle is the socket's as long as nobody has said that it is closed. */
static int task__may_begin(struct task* task, int is_send) {
    HANDLE event = task->in_call ? task__foreign_event : task__own_event;
    if (!task->is_waiting)
        socket_find(task->handle);
    if (task->ending == TASK__LIVE) {
        task->is_send = (unsigned char) is_send;
        task->has_more = task->more;
        task->step.Internal = STATUS__PENDING;
        task->step.InternalHigh = 0;
        /* With its low bit set, the event keeps the step's packet out of the program's port. */
        if (!task->is_waiting)
            task->step.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
        return 1;
    }
    socket_release(task->handle);
    return 0;
}

static enum task_verdict task__begun(struct task* task, int result) {
    int error = result == 0 ? 0 : WSAGetLastError();
    int begun = error == 0 || error == WSA_IO_PENDING;
    if (!begun)
        task->step.Internal = 0;
    if (!task->is_waiting)
        socket_release(task->handle);
    if (begun)
        return TASK_WAITS;
    task->error = error;
    return task_end(task, status_from_error(error), task->bytes);
}

enum task_verdict task_send(struct task* task, WSABUF* buffers, DWORD count) {
    DWORD sent;
    if (!task__may_begin(task, 1))
        return task_end(task, STATUS__CANCELLED, task->bytes);
    return task__begun(task,
                       host.WSASend(task->handle, buffers, count, &sent, 0, &task->step, NULL));
}

enum task_verdict task_receive(struct task* task, WSABUF* buffers, DWORD count, DWORD flags) {
    DWORD received;
    if (!task__may_begin(task, 0))
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

/* A host without CancelIoEx cancels for the calling thread only. This is the engine's, which began
 * the step unless the program's thread did in its call; other sends that it began on the socket go
 * with it. */
static void task__cancel_here(struct task* task) {
    if (host.CancelIoEx != NULL || task->ending == TASK__LIVE)
        return;
    socket_find(task->handle);
    if (task->ending == TASK__CANCELLED && !task__step_is_done(task))
        host.CancelIo((HANDLE) task->handle);
    socket_release(task->handle);
}

static void task__cancel(struct task* task) {
    task->ending = TASK__CANCELLED;
    task__cancel_step(task);
}

unsigned task_cancel(struct socket* socket, const OVERLAPPED* overlapped, DWORD owner) {
    struct task* task;
    unsigned count = 0;
    for (task = socket->tasks; task != NULL; task = task->sibling) {
        if ((overlapped != NULL && overlapped != task->overlapped) ||
            (owner != 0 && owner != task->owner) || task->ending != TASK__LIVE)
            continue;
        task__cancel(task);
        count++;
    }
    if (count > 0)
        engine_wake();
    return count;
}

/* Whether all that is left to do is to report that everything was sent. */
static int task__is_sent(const struct task* task) {
    return task->is_send && !task->has_more && !task->is_behind && task__step_is_done(task) &&
           (uint32_t) task->step.Internal == STATUS__SUCCESS;
}

void task_cancel_unsent(struct socket* socket) {
    struct task* task;
    for (task = socket->tasks; task != NULL; task = task->sibling) {
        if (task->ending == TASK__LIVE && !task__is_sent(task))
            task__cancel(task);
    }
    engine_wake();
}

void task_thread_exits(struct socket* socket, DWORD owner) {
    struct task* task;
    for (task = socket->tasks; task != NULL; task = task->sibling) {
        if (task->owner == owner && !task->survives)
            task_cancel(socket, task->overlapped, owner);
    }
}

void task_close(struct socket* socket, int is_closed) {
    struct task* task = socket->tasks;
    socket->tasks = NULL;
    if (task == NULL)
        return;
    for (; task != NULL; task = task->sibling) {
        task->port = socket->port;
        task->key = socket->key;
        task->ending = TASK__CLOSED;
        if (!is_closed)
            task__cancel_step(task);
    }
    engine_wake();
}

static void task__log_end(const struct task* task) {
    log_info("socket %#Ix task %u %s ends with %s (%#x), %lu bytes", (size_t) task->handle,
             task->number, stats_name(task->kind->function), status_name(task->status),
             (unsigned) task->status, (unsigned long) task->bytes);
}

static void task__finish(struct task* task) {
    struct socket* socket;

    /* What it came upon where its socket had been is not the program's concern. */
    if (task->ending == TASK__CLOSED && task->status != STATUS__SUCCESS)
        task->status = STATUS__CANCELLED;
    task__log_end(task);
    if (task->kind->let_go != NULL)
        task->kind->let_go(task);
    socket = socket_find(task->handle);
    stats_count_end(task->kind->function, status_to_error(task->status));
    if (task->ending == TASK__CLOSED) {
        struct socket closed = {0};
        closed.port = task->port;
        closed.key = task->key;
        delivery_complete_closed(&closed, task->overlapped, task->status, (DWORD) task->bytes);
    } else {
        task__unlink(socket, task);
        if (task->kind->settle != NULL)
            task->kind->settle(socket, task);
        delivery_complete(socket, task->overlapped, task->status, (DWORD) task->bytes);
    }
    socket_release(task->handle);
    task->kind->release(task);
}

/* Whether an earlier task of the socket has still to send, which may be known to wait itself. */
static int task__has_to_wait(const struct socket* socket, const struct task* task) {
    const struct task* other;
    for (other = socket->tasks; other != NULL; other = other->sibling) {
        if (other != task && (int) (other->number - task->number) < 0 &&
            other->ending == TASK__LIVE && (other->has_more || other->is_behind))
            return 1;
    }
    return 0;
}

int task_has_more(const struct socket* socket) {
    const struct task* task;
    for (task = socket->tasks; task != NULL; task = task->sibling) {
        if (task->ending == TASK__LIVE && (task->has_more || task->is_behind))
            return 1;
    }
    return 0;
}

static int task__error(const struct task* task) {
    if (task->status == STATUS__SUCCESS)
        return 0;
    return task->error != 0 ? task->error : status_to_error(task->status);
}

/* The operation has ended in the call that issued it; returns what the call is to return. */
static int task__end_in_call(struct socket* socket, struct task* task) {
    int skip = (table_flags(task->handle) & TABLE_SKIP) != 0;

    /* Starting a step resets the event that tells of all of them. */
    if (task__foreign_steps > 0)
        engine_wake();
    task__unlink(socket, task);
    if (task->status != STATUS__SUCCESS)
        return task__error(task);

    task__log_end(task);
    if (task->kind->let_go != NULL)
        task->kind->let_go(task);
    stats_count_end(task->kind->function, 0);
    delivery_begin(task->overlapped);
    if (skip) {
        struct socket portless = {0};
        delivery_complete_closed(&portless, task->overlapped, task->status, (DWORD) task->bytes);
    } else {
        delivery_complete(socket, task->overlapped, task->status, (DWORD) task->bytes);
    }
    task->kind->release(task);
    return skip ? 0 : ERROR_IO_PENDING;
}

int task_begin(struct socket* socket, struct task* task) {
    enum task_verdict verdict = TASK_WAITS;

    if (engine_prepare() != 0)
        return WSAENOBUFS;
    task__note(socket, task);
    task->in_call = 1;
    task->is_behind = (unsigned char) task__has_to_wait(socket, task);
    if (!task->is_behind)
        verdict = task->kind->advance(task, STATUS__SUCCESS, 0);
    if (verdict == TASK_WAITS && !task->is_behind && !task->more && task__step_is_done(task))
        verdict = task->kind->advance(task, (uint32_t) task->step.Internal,
                                      (DWORD) task->step.InternalHigh);
    task->in_call = 0;
    if (verdict == TASK_ENDS)
        return task__end_in_call(socket, task);

    delivery_begin(task->overlapped);
    task->has_more = task->more || verdict == TASK_LATER;
    task->from_caller = 1;
    InterlockedIncrement(&task__foreign_steps);
    engine_adopt_task(task); /* The thread runs, so it cannot fail. */
    return ERROR_IO_PENDING;
}

int task_carry_out(SOCKET handle, struct task* task) {
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    enum task_verdict verdict;

    if (event == NULL)
        return WSAENOBUFS;
    task->handle = handle;
    task->is_waiting = 1;
    task->step.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    verdict = task->kind->advance(task, STATUS__SUCCESS, 0);
    while (verdict == TASK_WAITS) {
        if (!task__step_is_done(task))
            WaitForSingleObject(event, INFINITE);
        verdict = task->kind->advance(task, (uint32_t) task->step.Internal,
                                      (DWORD) task->step.InternalHigh);
    }
    host.CloseHandle(event);
    return task__error(task);
}

void task_adopt(struct task* task) {
    task->next = NULL;
    *task__last = task;
    task__last = &task->next;
    looks_begin();
}

/* Later tasks of the socket wait for this one meanwhile. */
static enum task_verdict task__put_off(struct task* task) {
    socket_find(task->handle);
    task->has_more = 1;
    socket_release(task->handle);
    return TASK_LATER;
}

static enum task_verdict task__advance(struct task* task) {
    uint32_t status = (uint32_t) task->step.Internal;
    enum task_verdict verdict;
    if (task->ending != TASK__LIVE)
        return task_end(task, STATUS__CANCELLED, task->bytes);
    /* The host cancels what a thread has begun when it ends, also where the operation is to go on.
     */
    if (status == STATUS__CANCELLED && !task->survives)
        return task_end(task, status, task->bytes);
    verdict = task->kind->advance(task, status, (DWORD) task->step.InternalHigh);
    return verdict == TASK_LATER ? task__put_off(task) : verdict;
}

/* Whether it is the turn of a task whose step has ended, or that waits for another. */
static int task__is_due(struct task* task) {
    struct socket* socket;
    if (!task__step_is_done(task))
        return 0;
    if (task->is_behind && task->ending == TASK__LIVE) {
        socket = socket_find(task->handle);
        if (task->ending == TASK__LIVE)
            task->is_behind = (unsigned char) task__has_to_wait(socket, task);
        socket_release(task->handle);
        return !task->is_behind || task->ending != TASK__LIVE;
    }
    return 1;
}

unsigned task_run(void) {
    struct task** place = &task__first;
    unsigned turns = 0;

    while (*place != NULL) {
        struct task* task = *place;
        enum task_verdict verdict;
        if (!task__is_due(task)) {
            task__cancel_here(task);
            place = &task->next;
            continue;
        }
        if (task->from_caller) {
            task->from_caller = 0;
            InterlockedDecrement(&task__foreign_steps);
        }
        verdict = task__advance(task);
        turns += verdict != TASK_LATER;
        if (verdict != TASK_ENDS) {
            place = &task->next;
            looks_begin();
            continue;
        }
        *place = task->next;
        if (task__last == &task->next)
            task__last = place;
        task__finish(task);
    }
    return turns;
}

void task_name_sends(void) {
    const struct task* task;
    for (task = task__first; task != NULL; task = task->next) {
        if (task->is_send && !task__step_is_done(task) && task->ending != TASK__CLOSED)
            looks_add(task->handle);
    }
}
