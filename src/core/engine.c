/* SPDX-License-Identifier: MIT */
#include "core/engine.h"

#include "base/lock.h"
#include "base/once.h"
#include "base/status.h"
#include "core/afd.h"
#include "core/delivery.h"
#include "core/guard.h"
#include "core/looks.h"
#include "core/socket.h"
#include "core/table.h"
#include "core/thread.h"

/* The thread's own needs are small; the program's DLLs run their thread start-up on it, too. */
#define ENGINE__STACK_SIZE (256 * 1024)

static struct once engine__once;
static struct once engine__events_once;
static lock_t engine__lock;
static HANDLE engine__thread;

/* Starting an operation with an event resets the event, so an event may be shared by the operations
 * of one thread only, and only if that thread looks at all of them after the last start and before
 * it waits: the polls' event is the engine's own, and who hands over an operation has another. */
static HANDLE engine__handed_over;
static HANDLE engine__polled;

/* For the steps that threads of the program begin; they see to it that none is missed (task.c). */
static HANDLE engine__stepped;

/* Whether a record may say that its send is to be cancelled. */
static volatile LONG engine__has_cancels;

/* Under the lock. Tasks are taken in the order in which they were begun. */
static struct operation* engine__inbox;
static struct task* engine__tasks;
static struct task** engine__last_task = &engine__tasks;

/* Changed under the lock; a function that is added is woken for when it has something to do. */
#define ENGINE__SERVICES 2
static const struct engine_service* volatile engine__services[ENGINE__SERVICES];

/* Connects whose early send was refused: the connect is decided, and the host is about to say how.
 * Its operation was started by a thread of the program, so no event can tell; the thread looks
 * instead, at intervals in milliseconds that grow from the first to the last. */
#define ENGINE__FIRST_LOOK 1
#define ENGINE__LAST_LOOK 32
static struct operation* engine__connects;
static DWORD engine__look;

/* The same for a service that has to look at something. */
#define ENGINE__RETRY 5
static int engine__retries;

static void engine__init(void) {
    lock_init(&engine__lock);
}

static void engine__make_event(HANDLE* event) {
    if (*event == NULL)
        *event = CreateEventW(NULL, FALSE, FALSE, NULL);
}

static int engine__make_events(void) {
    engine__make_event(&engine__handed_over);
    engine__make_event(&engine__polled);
    engine__make_event(&engine__stepped);
    if (engine__handed_over == NULL || engine__polled == NULL || engine__stepped == NULL)
        return -1;
    task_init(engine__polled, engine__stepped);
    return 0;
}

int engine_is_running(void) {
    return *(HANDLE volatile*) &engine__thread != NULL;
}

/* Sends the payload of a connect that is up. The error of a send that was tried early comes first:
 * it is the connection's, and what the host says afterwards only follows from it. An early send
 * that failed for want of a connection says nothing of the kind. */
static uint32_t engine__send(struct socket* socket, const struct operation* operation) {
    OVERLAPPED* overlapped = operation->overlapped;
    int packet = delivery_wants_packet(overlapped);
    int finished = 0;
    int error;

    /* Of a connect by a thread the host has not seen the program's OVERLAPPED yet; an empty send
     * has it complete it by its own ways. */
    if (operation->payload == NULL && operation->watch != OPERATION_WATCH_THREAD) {
        socket_step(socket, MACHINE_HANDED);
        socket->finished = 1;
        delivery_complete(socket, overlapped, STATUS__SUCCESS, 0);
        return STATUS__SUCCESS;
    }
    error = delivery_send(operation->handle, operation->payload, operation->length, overlapped,
                          &finished);
    if (error != 0) {
        int first = operation->error;
        return status_from_error(first != 0 && first != WSAENOTCONN ? first : error);
    }
    socket_step(socket, MACHINE_HANDED);
    socket->is_send = 1;
    socket->by_engine = 1;
    socket->finished = (unsigned char) finished;
    if (finished && packet && (table_flags(operation->handle) & TABLE_SKIP))
        delivery_post_skipped(socket, overlapped, operation->length);
    return STATUS__SUCCESS;
}

static void engine__settle(struct socket* socket, struct operation* operation,
                           enum machine_event event, uint32_t status) {
    unsigned actions = socket_step(socket, event);

    if (actions & MACHINE_SEND) {
        status = engine__send(socket, operation);
        if (status != STATUS__SUCCESS)
            actions = socket_step(socket, MACHINE_DOWN);
    }
    socket->operation = NULL;
    if (actions & MACHINE_FAIL)
        delivery_complete(socket, operation->overlapped, status, 0);
}

/* Whether the record is still about the operation. Both the handle's value and the address of the
 * program's OVERLAPPED may have come back with another one. */
static int engine__is_about(const struct socket* socket, const struct operation* operation) {
    return socket != NULL && socket->number == operation->number;
}

/* Whether the host still carries the send of an operation that is under guard. */
static int engine__is_sending(const struct operation* operation) {
    struct socket* socket = socket_find(operation->handle);
    int sending = engine__is_about(socket, operation) && socket->is_send && !socket->finished &&
                  machine_is_carried(&socket->machine);
    socket_release(operation->handle);
    return sending;
}

/* An operation that was cancelled meanwhile is in no record any more, even where its handle's value
 * has a new one: operations are freed only here, so their addresses do not come back before. */
static int engine__is_wanted(struct operation* operation) {
    struct socket* socket = socket_find(operation->handle);
    int wanted = socket != NULL && socket->operation == operation;
    socket_release(operation->handle);
    if (operation->watch == OPERATION_WATCH_SEND)
        wanted = engine__is_sending(operation);
    if (!wanted)
        operation_release(operation);
    return wanted;
}

/* The socket was closed by a way that does not lead through us. What we owe is completed by what
 * was noted of the socket; so is a send that was queued behind a connect, which Wine forgets then.
 */
static void engine__lose(struct operation* operation) {
    struct socket* socket = socket_find(operation->handle);
    int ours = socket != NULL && socket->operation == operation;
    int queued = operation->watch == OPERATION_WATCH_SEND && engine__is_sending(operation);

    if (ours || queued) {
        socket_step(socket, MACHINE_CLOSE);
        delivery_complete_closed(socket, operation->overlapped, STATUS__CANCELLED, 0);
        socket_forget(socket);
    }
    socket_release(operation->handle);
    operation_release(operation);
}

static void engine__report(struct operation* operation, enum afd_outcome outcome, uint32_t status) {
    struct socket* socket;
    if (outcome == AFD_CLOSED) {
        engine__lose(operation);
        return;
    }
    socket = socket_find(operation->handle);
    if (socket != NULL && socket->operation == operation)
        engine__settle(socket, operation, outcome == AFD_UP ? MACHINE_UP : MACHINE_DOWN, status);
    socket_release(operation->handle);

    /* For want of memory nothing is known of the connect, and the send goes on. */
    if ((outcome == AFD_UP || status == STATUS__INSUFFICIENT_RESOURCES) && guard_is_needed() &&
        engine__is_sending(operation))
        guard_add(operation);
    else
        operation_release(operation);
}

/* The guard has seen that a send has ended. */
static void engine__let_go(struct operation* operation) {
    struct socket* socket = socket_find(operation->handle);
    if (engine__is_about(socket, operation) && socket->is_send)
        socket->finished = 1;
    socket_release(operation->handle);
    operation_release(operation);
}

/* The connect has ended on the operation's own OVERLAPPED. */
static void engine__report_connect(struct operation* operation) {
    uint32_t status = (uint32_t) operation->connect.Internal;
    /* The host cancels our operation when the thread that started it ends, and that tells nothing
     * of the connect; the early send does. */
    if (status == STATUS__CANCELLED)
        status = status_from_error(operation->error);
    if (status == STATUS__INVALID_HANDLE)
        engine__report(operation, AFD_CLOSED, STATUS__CANCELLED);
    else
        engine__report(operation, status == STATUS__SUCCESS ? AFD_UP : AFD_DOWN, status);
}

static void engine__take_inbox(void) {
    struct operation* operation;
    struct operation* next;
    struct task* task;
    struct task* next_task;

    lock_acquire(&engine__lock);
    operation = engine__inbox;
    engine__inbox = NULL;
    task = engine__tasks;
    engine__tasks = NULL;
    engine__last_task = &engine__tasks;
    lock_release(&engine__lock);

    for (; task != NULL; task = next_task) {
        next_task = task->next;
        task_adopt(task);
    }

    for (; operation != NULL; operation = next) {
        next = operation->next;
        if (operation->watch == OPERATION_WATCH_CONNECT) {
            operation->next = engine__connects;
            engine__connects = operation;
            engine__look = ENGINE__FIRST_LOOK;
        } else if (operation->watch == OPERATION_WATCH_THREAD) {
            engine__report_connect(operation);
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
        struct operation* next = operation->next;
        if (!operation_is_done(operation)) {
            if (engine__is_wanted(operation))
                place = &operation->next;
            else
                *place = next;
            continue;
        }
        *place = next;
        engine__report_connect(operation);
    }
}

static DWORD engine__next_look(void) {
    DWORD look = engine__look;
    if (engine__connects == NULL)
        return INFINITE;
    if (engine__look < ENGINE__LAST_LOOK)
        engine__look *= 2;
    return look;
}

static unsigned engine__run_services(void) {
    unsigned turns = 0;
    int i;
    for (i = 0; i < ENGINE__SERVICES && engine__services[i] != NULL; i++)
        turns += engine__services[i]->run(engine__polled);
    return turns;
}

void engine_retry(void) {
    engine__retries = 1;
}

static void engine__name_sends(void) {
    int i;
    task_name_sends();
    for (i = 0; i < ENGINE__SERVICES && engine__services[i] != NULL; i++)
        engine__services[i]->name_sends();
}

/* Whether the send is still under way is looked at under the record's lock, so that the socket
 * cannot be closed meanwhile. */
static void engine__cancel_send(uintptr_t handle, void* place, void* unused) {
    struct socket* socket = place;
    (void) unused;
    if (socket->to_cancel && socket->by_engine && !socket->finished &&
        machine_is_carried(&socket->machine))
        host.CancelIo((HANDLE) handle);
    socket->to_cancel = 0;
}

static void engine__take_cancels(void) {
    if (InterlockedExchange(&engine__has_cancels, 0))
        table_for_each(engine__cancel_send, NULL);
}

static DWORD WINAPI engine__run(void* unused) {
    HANDLE events[] = {engine__handed_over, engine__polled, engine__stepped};
    DWORD timeout = INFINITE;
    (void) unused;

    while (WaitForMultipleObjects(3, events, FALSE, timeout) != WAIT_FAILED) {
        unsigned turns, ended;
        DWORD look;
        /* A poll or a step whose outcome is known at once ends while it is begun; it is collected
         * here and now, without another wait. Nothing is begun between the last look at the polls
         * and steps and the wait. */
        do {
            engine__take_cancels();
            engine__take_inbox();
            engine__collect_connects();
            socket_hold_handles();
            afd_submit(engine__polled, engine__is_wanted, engine__report);
            socket_release_handles();
            turns = task_run();
            turns += engine__run_services();
            ended = (unsigned) afd_collect(engine__is_wanted, engine__report);
        } while (turns + ended > 0);

        timeout = guard_sweep(engine__is_sending, engine__let_go);
        look = engine__next_look();
        if (look < timeout)
            timeout = look;
        look = thread_tend();
        if (look < timeout)
            timeout = look;
        look = looks_sweep(engine__name_sends);
        if (look < timeout)
            timeout = look;
        if (engine__retries && timeout > ENGINE__RETRY)
            timeout = ENGINE__RETRY;
        engine__retries = 0;
    }
    return 0;
}

/* Returns with the lock held where the thread runs, or -1. */
static int engine__need_thread(void) {
    once_run(&engine__once, engine__init);
    if (once_try(&engine__events_once, engine__make_events) != 0)
        return -1;
    lock_acquire(&engine__lock);
    if (engine__thread == NULL)
        engine__thread = CreateThread(NULL, ENGINE__STACK_SIZE, engine__run, NULL,
                                      STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (engine__thread != NULL)
        return 0;
    lock_release(&engine__lock);
    return -1;
}

int engine_prepare(void) {
    if (engine__need_thread() != 0)
        return -1;
    lock_release(&engine__lock);
    return 0;
}

int engine_adopt(struct operation* operation) {
    int first;
    if (engine__need_thread() != 0)
        return -1;
    first = engine__inbox == NULL;
    operation->next = engine__inbox;
    engine__inbox = operation;
    lock_release(&engine__lock);

    /* The thread takes all of the inbox at once, so one signal serves all that is in it. */
    if (first)
        SetEvent(engine__handed_over);
    return 0;
}

int engine_adopt_task(struct task* task) {
    int first;
    if (engine__need_thread() != 0)
        return -1;
    first = engine__tasks == NULL;
    task->next = NULL;
    *engine__last_task = task;
    engine__last_task = &task->next;
    lock_release(&engine__lock);
    if (first)
        SetEvent(engine__handed_over);
    return 0;
}

void engine_cancel(struct socket* socket) {
    socket->to_cancel = 1;
    InterlockedExchange(&engine__has_cancels, 1);
    engine_wake();
}

int engine_serve(const struct engine_service* service) {
    int i = 0;
    if (engine__need_thread() != 0)
        return -1;
    while (i < ENGINE__SERVICES && engine__services[i] != NULL && engine__services[i] != service)
        i++;
    if (i < ENGINE__SERVICES)
        engine__services[i] = service;
    lock_release(&engine__lock);
    return i < ENGINE__SERVICES ? 0 : -1;
}

void engine_wake(void) {
    if (engine_is_running())
        SetEvent(engine__handed_over);
}
