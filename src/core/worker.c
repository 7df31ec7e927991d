/* SPDX-License-Identifier: MIT */
#include "core/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "base/once.h"
#include "base/status.h"
#include "core/loop.h"
#include "host/caps.h"

#define WORKER__FEW 16
#define WORKER__MANY 512
#define WORKER__AT_ONCE 32
#define WORKER__PATIENCE 50 /* In milliseconds, that a queue may stand still. */
#define WORKER__IDLE 10000  /* In milliseconds, after which a worker without work ends. */
#define WORKER__SLICE 250   /* In milliseconds, after which a cancel is noticed at the latest. */
#define WORKER__LEAVE 500   /* In milliseconds, that a close waits if nothing ends a call. */

/* What is copied and sent at once: as much as ReactOS takes of a send. */
#define WORKER__PIECE 8192

/* The program's DLLs run their thread start-up on it, too. */
#define WORKER__STACK_SIZE ((SIZE_T) 128 * 1024)

static struct once worker__once;
static struct once worker__work_once;
static lock_t worker__lock;
static HANDLE worker__work; /* A semaphore that counts what was put into the queue. */

/* Under the lock. */
static struct op* worker__queue;
static struct op** worker__queue_end = &worker__queue;
static struct worker_name* worker__named;
static unsigned worker__count;
static unsigned worker__idle;
static unsigned worker__queued;
static unsigned worker__taken;
static unsigned worker__seen_taken; /* What was taken when the queue was last looked at. */

static void worker__tend(void);
static struct loop_timer worker__timer = {worker__tend, NULL, 0, 0, 0, 0};

static void worker__init(void) {
    lock_init(&worker__lock);
}

static int worker__make_semaphore(void) {
    worker__work = CreateSemaphoreW(NULL, 0, MAXLONG, NULL);
    return worker__work != NULL ? 0 : -1;
}

int worker_prepare(void) {
    once_run(&worker__once, worker__init);
    return once_try(&worker__work_once, worker__make_semaphore);
}

/* Under the lock. */
static void worker__note(struct worker_name* name, SOCKET handle) {
    name->handle = handle;
    name->next = worker__named;
    lock_store_pointer(&worker__named, name);
}

/* Under the lock. */
static void worker__forget(const struct worker_name* name) {
    struct worker_name** place = &worker__named;
    while (*place != name)
        place = &(*place)->next;
    lock_store_pointer(place, name->next);
}

void worker_name(struct worker_name* name, SOCKET handle) {
    once_run(&worker__once, worker__init);
    lock_acquire(&worker__lock);
    worker__note(name, handle);
    lock_release(&worker__lock);
}

void worker_unname(const struct worker_name* name) {
    lock_acquire(&worker__lock);
    worker__forget(name);
    lock_release(&worker__lock);
}

int worker_names(SOCKET handle) {
    const struct worker_name* name;
    if (lock_load_pointer(&worker__named) == NULL)
        return 0;
    lock_acquire(&worker__lock);
    for (name = worker__named; name != NULL && name->handle != handle; name = name->next) {
    }
    lock_release(&worker__lock);
    return name != NULL;
}

/* Both sides, as a shutdown of the sending side alone leaves a connect as it is. The call may be
 * just about to begin, so that it is said again. Where the host takes it the call ends; where it
 * does not, there may be none that it could end. */
void worker_leave(SOCKET handle) {
    DWORD begun = GetTickCount();
    int is_ending = 0;
    if (caps_has(CAP_STEPS))
        return;
    while (worker_names(handle) && (is_ending || GetTickCount() - begun < WORKER__LEAVE)) {
        is_ending |= host.shutdown(handle, SD_BOTH) == 0;
        Sleep(1);
    }
}

/* Under the lock: takes the next operation, whose handle is named from then on. */
static struct op* worker__pop(struct worker_name* name) {
    struct op* op = worker__queue;
    if (op == NULL)
        return NULL;
    worker__queue = op->next;
    if (worker__queue == NULL)
        worker__queue_end = &worker__queue;
    worker__queued--;
    worker__taken++;
    worker__note(name, op->handle);
    return op;
}

/* Waits for an operation; NULL tells the worker to end. */
static struct op* worker__wait_for_work(struct worker_name* name) {
    struct op* op;
    for (;;) {
        DWORD wait = WaitForSingleObject(worker__work, WORKER__IDLE);
        lock_acquire(&worker__lock);
        op = worker__pop(name);
        if (op != NULL)
            worker__idle--;
        if (op != NULL || wait != WAIT_OBJECT_0)
            break;
        /* Another one, whose wait had timed out, was faster. */
        lock_release(&worker__lock);
    }
    if (op == NULL) {
        worker__idle--;
        worker__count--;
    }
    lock_release(&worker__lock);
    return op;
}

static void worker__let_go(const struct worker_name* name) {
    lock_acquire(&worker__lock);
    worker__forget(name);
    worker__idle++;
    lock_release(&worker__lock);
}

static DWORD WINAPI worker__run(void* unused) {
    struct worker_name name;
    struct op* op;
    (void) unused;
    while ((op = worker__wait_for_work(&name)) != NULL) {
        if (op_run(op) == OP_LATER)
            loop_add(op);
        worker__let_go(&name);
        /* Others may have waited for their turn behind it. */
        loop_wake();
    }
    return 0;
}

/* Under the lock; returns whether there is one more worker. */
static int worker__add(void) {
    HANDLE thread = CreateThread(NULL, WORKER__STACK_SIZE, worker__run, NULL,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (thread == NULL)
        return 0;
    host.CloseHandle(thread);
    worker__count++;
    worker__idle++;
    return 1;
}

/* Adds workers where the queue does not move, since those that there are wait for peers. */
static void worker__tend(void) {
    unsigned i, queued;
    lock_acquire(&worker__lock);
    queued = worker__queued;
    if (worker__taken == worker__seen_taken) {
        for (i = 0;
             i < WORKER__AT_ONCE && i < queued && worker__count < WORKER__MANY && worker__add();
             i++) {
        }
    }
    worker__seen_taken = worker__taken;
    lock_release(&worker__lock);
    if (queued > 0)
        loop_start_timer(&worker__timer, WORKER__PATIENCE);
}

int worker_take(struct op* op) {
    int must_wait;
    if (!op_is_due(op))
        return 0;
    lock_acquire(&worker__lock);
    if (worker__queued >= worker__idle && worker__count < WORKER__FEW)
        worker__add();
    op->next = NULL;
    *worker__queue_end = op;
    worker__queue_end = &op->next;
    worker__queued++;
    must_wait = worker__queued > worker__idle;
    lock_release(&worker__lock);
    ReleaseSemaphore(worker__work, 1, NULL);
    /* Also where no thread could be created: it is tried again. */
    if (must_wait)
        loop_start_timer(&worker__timer, WORKER__PATIENCE);
    return 1;
}

int worker_wait(struct op* op, int* has_failed) {
    *has_failed = 0;
    while (op_is_live(op)) {
        struct timeval slice = {0, WORKER__SLICE * 1000};
        fd_set ready, failed;
        ready.fd_count = failed.fd_count = 1;
        ready.fd_array[0] = failed.fd_array[0] = op->handle;
        if (host.select(0, NULL, &ready, &failed, &slice) == SOCKET_ERROR)
            return WSAGetLastError();
        if (failed.fd_count != 0)
            *has_failed = 1;
        if (failed.fd_count != 0 || ready.fd_count != 0)
            return 0;
    }
    return WSA_OPERATION_ABORTED;
}

/* Sending */

/* The place in a list of buffers up to which is sent. */
struct worker__place {
    const WSABUF* buffers;
    DWORD count;
    DWORD offset;
};

static DWORD worker__copy(struct worker__place* place, char* piece) {
    DWORD copied = 0;
    while (place->count > 0 && copied < WORKER__PIECE) {
        DWORD length = place->buffers->len - place->offset;
        if (length > WORKER__PIECE - copied)
            length = WORKER__PIECE - copied;
        memcpy(piece + copied, place->buffers->buf + place->offset, length);
        copied += length;
        place->offset += length;
        if (place->offset < place->buffers->len)
            continue;
        place->buffers++;
        place->count--;
        place->offset = 0;
    }
    return copied;
}

/* The program's memory is only read under the lock under which its operation cannot end. Returns
 * -1 where it has. */
static int worker__take_piece(struct op* op, struct worker__place* place, char* piece,
                              DWORD* length) {
    int result;
    socket_find(op->handle);
    result = op_begin_quietly(op);
    if (result == 0)
        *length = worker__copy(place, piece);
    socket_release(op->handle);
    return result;
}

/* The step has ended. */
static enum op_verdict worker__sent(struct op* op, int error, DWORD total) {
    op->error = error;
    op->step.Internal = error == 0 ? STATUS__SUCCESS : status_from_error(error);
    op->step.InternalHigh = total;
    return OP_WAITS;
}

/* Sends all of it, as a host may take less than it is given. Returns 0 or a Winsock error. */
static int worker__send_piece(struct op* op, const char* piece, DWORD length, DWORD* total) {
    DWORD sent = 0;
    do {
        int has_failed, error;
        int result = host.send(op->handle, piece + sent, (int) (length - sent), 0);
        /* ReactOS says that nothing was sent where another thread has shut the socket down. */
        if (result == 0 && sent < length)
            return WSAECONNRESET;
        if (result >= 0) {
            sent += (DWORD) result;
            *total += (DWORD) result;
            continue;
        }
        error = WSAGetLastError();
        if (error == WSAEWOULDBLOCK)
            error = worker_wait(op, &has_failed);
        if (error != 0)
            return error;
    } while (sent < length);
    return 0;
}

static DWORD worker__length(const WSABUF* buffers, DWORD count) {
    DWORD length = 0;
    while (count > 0)
        length += buffers[--count].len;
    return length;
}

/* A message goes out in one, however long. */
static enum op_verdict worker__send_message(struct op* op, const WSABUF* buffers, DWORD count) {
    struct worker__place place = {buffers, count, 0};
    DWORD length = worker__length(buffers, count), copied = 0, total = 0;
    char* message = malloc(length != 0 ? length : 1);
    int error = WSAENOBUFS;
    int is_over = 0;

    if (message == NULL)
        return op_fail(op, error);
    socket_find(op->handle);
    is_over = op_begin_quietly(op);
    while (is_over == 0 && place.count > 0)
        copied += worker__copy(&place, message + copied);
    socket_release(op->handle);
    if (is_over == 0)
        error = worker__send_piece(op, message, length, &total);
    free(message);
    if (is_over != 0 || op_leave_step(op) != 0)
        return op_end(op, STATUS__CANCELLED);
    return worker__sent(op, error, total);
}

enum op_verdict worker_send(struct op* op, const WSABUF* buffers, DWORD count) {
    struct worker__place place = {buffers, count, 0};
    char piece[WORKER__PIECE];
    DWORD length = 0, total = 0;
    int error;

    if (op->is_message)
        return worker__send_message(op, buffers, count);
    do {
        if (worker__take_piece(op, &place, piece, &length) != 0)
            return op_end(op, STATUS__CANCELLED);
        error = worker__send_piece(op, piece, length, &total);
        if (op_leave_step(op) != 0)
            return op_end(op, STATUS__CANCELLED);
    } while (error == 0 && place.count > 0);
    return worker__sent(op, error, total);
}
