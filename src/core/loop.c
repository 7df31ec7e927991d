/* SPDX-License-Identifier: MIT */
#include "core/loop.h"

#include "base/lock.h"
#include "base/log.h"
#include "base/once.h"
#include "core/watch.h"
#include "core/worker.h"

/* The thread's own needs are small; the program's DLLs run their thread start-up on it, too. */
#define LOOP__STACK_SIZE ((SIZE_T) 256 * 1024)

#define LOOP__RETRY 5         /* In milliseconds, for what can only be found out by looking. */
#define LOOP__FIRST_LOOK 1    /* The same for connects that no event tells of; it grows */
#define LOOP__LAST_LOOK 32    /* up to this. */
#define LOOP__LINGERING 1000  /* The same for what has been completed already. */
#define LOOP__AFTER_FAILURE 1 /* And after a wait that has failed. */

enum { LOOP__HANDED_OVER, LOOP__OWN, LOOP__FOREIGN, LOOP__EVENTS };

static struct once loop__once;
static struct once loop__events_once;
static lock_t loop__lock; /* Of what follows. */
static HANDLE loop__thread;
static HANDLE loop__events[LOOP__EVENTS];
static struct op* loop__inbox;
static struct op** loop__inbox_end = &loop__inbox;
static struct loop_timer* loop__timers;

static const struct loop_service* volatile loop__service;
static volatile LONG loop__foreign_steps;

/* The thread's own. Operations that were begun first come first, so that those that have ended are
 * reported in their order. */
static struct op* loop__ops;
static struct op** loop__ops_end = &loop__ops;
static DWORD loop__look;
static int loop__is_to_retry;
static int loop__is_unsure; /* An event was replaced: steps may end unheard. */

static void loop__init(void) {
    lock_init(&loop__lock);
}

/* A program that closes a handle twice must not hit one of ours meanwhile. */
static HANDLE loop__make_event(BOOL is_set) {
    HANDLE event = CreateEventW(NULL, FALSE, is_set, NULL);
    if (event != NULL)
        SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE);
    return event;
}

/* Otherwise it was closed by force, and the value may be another's. */
static int loop__is_own(HANDLE event) {
    DWORD flags;
    return GetHandleInformation(event, &flags) && (flags & HANDLE_FLAG_PROTECT_FROM_CLOSE);
}

static int loop__make_events(void) {
    int i;
    for (i = 0; i < LOOP__EVENTS; i++) {
        if (loop__events[i] == NULL)
            loop__events[i] = loop__make_event(FALSE);
        if (loop__events[i] == NULL)
            return -1;
    }
    return 0;
}

int loop_is_running(void) {
    return *(HANDLE volatile*) &loop__thread != NULL;
}

HANDLE loop_own_event(void) {
    return loop__events[LOOP__OWN];
}

HANDLE loop_foreign_event(void) {
    return loop__events[LOOP__FOREIGN];
}

void loop_count_foreign(int change) {
    InterlockedExchangeAdd(&loop__foreign_steps, change);
}

void loop_wake(void) {
    if (loop_is_running())
        SetEvent(loop__events[LOOP__HANDED_OVER]);
}

void loop_wake_for_foreign(void) {
    if (loop__foreign_steps > 0)
        loop_wake();
}

/* Operations */

static void loop__take_inbox(void) {
    struct op* first;
    struct op** end;

    lock_acquire(&loop__lock);
    first = loop__inbox;
    end = loop__inbox_end;
    loop__inbox = NULL;
    loop__inbox_end = &loop__inbox;
    lock_release(&loop__lock);
    if (first == NULL)
        return;
    *loop__ops_end = first;
    loop__ops_end = end;
    loop__look = LOOP__FIRST_LOOK;
}

/* Gives each operation that is due its turn, and returns how many had one. A worker's is taken out
 * when the worker gets it. */
static unsigned loop__run_ops(void) {
    struct op** place = &loop__ops;
    unsigned turns = 0;

    while (*place != NULL) {
        struct op* op = *place;
        struct op* next = op->next;
        int is_gone = 0;
        if (op->executor == OP_WORKER) {
            is_gone = worker_take(op);
            turns += (unsigned) is_gone;
        } else if (op_is_stepped(op)) {
            enum op_verdict verdict = op_run(op);
            is_gone = verdict == OP_ENDS;
            turns += verdict != OP_LATER;
        }
        if (!is_gone) {
            place = &op->next;
            continue;
        }
        *place = next;
        if (next == NULL)
            loop__ops_end = place;
    }
    return turns;
}

/* After how many milliseconds the operation has to be looked at, as no event tells of it. */
static DWORD loop__interval(const struct op* op) {
    switch (op->state.phase) {
        case OPSTATE_QUIET:
            if (watch_has(op))
                return INFINITE;
            /* Only its memory waits. */
            return op_is_live(op) ? loop__look : LOOP__LINGERING;
        case OPSTATE_WAITING:
            return op->retry != 0 ? op->retry : INFINITE;
        default:
            return loop__is_unsure ? LOOP__LAST_LOOK : INFINITE;
    }
}

static DWORD loop__next_look(void) {
    const struct op* op;
    DWORD timeout = loop__is_to_retry ? LOOP__RETRY : INFINITE;
    for (op = loop__ops; op != NULL; op = op->next) {
        DWORD interval = loop__interval(op);
        if (interval < timeout)
            timeout = interval;
    }
    if (loop__look < LOOP__LAST_LOOK)
        loop__look *= 2;
    loop__is_to_retry = 0;
    return timeout;
}

/* Timers */

void loop_start_timer(struct loop_timer* timer, DWORD interval) {
    int is_new;
    once_run(&loop__once, loop__init);
    lock_acquire(&loop__lock);
    is_new = !timer->is_running;
    if (is_new) {
        timer->since = GetTickCount();
        timer->interval = interval;
        timer->is_running = 1;
    }
    if (!timer->is_listed) {
        timer->is_listed = 1;
        timer->next = loop__timers;
        loop__timers = timer;
    }
    lock_release(&loop__lock);
    if (is_new)
        loop_wake();
}

/* Takes one whose time has come, or gives the time until the next. */
static struct loop_timer* loop__take_timer(DWORD* timeout) {
    struct loop_timer* timer;
    DWORD now = GetTickCount();

    *timeout = INFINITE;
    lock_acquire(&loop__lock);
    for (timer = loop__timers; timer != NULL; timer = timer->next) {
        DWORD elapsed = now - timer->since;
        if (!timer->is_running)
            continue;
        if (elapsed >= timer->interval) {
            timer->is_running = 0;
            break;
        }
        if (timer->interval - elapsed < *timeout)
            *timeout = timer->interval - elapsed;
    }
    lock_release(&loop__lock);
    return timer;
}

/* Returns the time until the next. */
static DWORD loop__run_timers(void) {
    struct loop_timer* timer;
    DWORD timeout;
    while ((timer = loop__take_timer(&timeout)) != NULL)
        timer->run();
    return timeout;
}

/* The service */

int loop_serve(const struct loop_service* service) {
    if (loop_prepare() != 0)
        return -1;
    InterlockedExchangePointer((void* volatile*) &loop__service, (void*) service);
    return 0;
}

void loop_retry(void) {
    loop__is_to_retry = 1;
}

void loop_close(struct socket* socket, int is_closed) {
    if (socket->rio != NULL && loop__service != NULL)
        loop__service->close(socket, is_closed);
}

/* The thread */

/* An operation whose outcome is known at once ends while it is begun; it is taken up here and now,
 * without another wait. Nothing is begun between the last look and the wait. */
static void loop__work(void) {
    unsigned turns;
    do {
        loop__take_inbox();
        turns = watch_run(loop__events[LOOP__OWN]);
        turns += loop__run_ops();
        if (loop__service != NULL)
            turns += loop__service->run(loop__events[LOOP__OWN]);
    } while (turns > 0);
}

/* The end of a step that was begun with an event which is gone is found by looking. */
static void loop__repair(void) {
    int i;
    log_error("the wait for operations has failed (error %lu); going on", GetLastError());
    for (i = 0; i < LOOP__EVENTS; i++) {
        HANDLE event;
        if (loop__is_own(loop__events[i]))
            continue;
        loop__is_unsure = 1;
        event = loop__make_event(TRUE);
        if (event != NULL)
            InterlockedExchangePointer((void* volatile*) &loop__events[i], event);
    }
    /* Should it go on failing, the thread must not run all the time. */
    Sleep(LOOP__AFTER_FAILURE);
}

static DWORD WINAPI loop__run(void* is_endless) {
    while (is_endless != NULL) {
        DWORD timeout, look;
        loop__work();
        timeout = loop__run_timers();
        look = loop__next_look();
        if (WaitForMultipleObjects(LOOP__EVENTS, loop__events, FALSE,
                                   look < timeout ? look : timeout) == WAIT_FAILED)
            loop__repair();
    }
    return 0;
}

int loop_prepare(void) {
    int is_running;
    if (loop_is_running())
        return 0;
    once_run(&loop__once, loop__init);
    if (once_try(&loop__events_once, loop__make_events) != 0)
        return -1;
    lock_acquire(&loop__lock);
    if (loop__thread == NULL)
        loop__thread = CreateThread(NULL, LOOP__STACK_SIZE, loop__run, loop__events,
                                    STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    is_running = loop__thread != NULL;
    lock_release(&loop__lock);
    return is_running ? 0 : -1;
}

void loop_add(struct op* op) {
    int is_first;
    op->next = NULL;
    lock_acquire(&loop__lock);
    is_first = loop__inbox == NULL;
    *loop__inbox_end = op;
    loop__inbox_end = &op->next;
    lock_release(&loop__lock);
    /* The thread takes all of the inbox at once, so one signal serves all that is in it. */
    if (is_first)
        SetEvent(loop__events[LOOP__HANDED_OVER]);
}
