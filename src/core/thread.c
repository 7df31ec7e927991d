/* SPDX-License-Identifier: MIT */
#include "core/thread.h"

#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "base/once.h"
#include "base/retry.h"
#include "base/status.h"
#include "core/delivery.h"
#include "core/driver.h"
#include "core/engine.h"
#include "core/table.h"
#include "host/seconds.h"

/* The driver for a host where only connect() itself leaves a socket in a sound state, such as
 * ReactOS: there a socket's state, SO_CONNECT_TIME and SO_ERROR are kept by the call, in the
 * process. It is made by a worker thread, which may wait for the peer.
 *
 * A few workers are started as there is work; more only where those wait for peers that do not
 * answer and the queue stands still, and never more than THREAD__MANY. Beyond that a connect waits
 * for its turn, at the longest until the host gives up one of those before it. */

#define THREAD__FEW 16
#define THREAD__MANY 512
#define THREAD__AT_ONCE 32
#define THREAD__PATIENCE 50 /* In milliseconds, that a queue may stand still. */
#define THREAD__IDLE 10000  /* In milliseconds, after which a worker without work ends. */
#define THREAD__SLICE 250   /* In milliseconds, after which a cancel is noticed at the latest. */

/* The program's DLLs run their thread start-up on it, too. */
#define THREAD__STACK_SIZE (128 * 1024)

struct thread_job {
    struct thread_job* next;
    struct operation* operation;
    SOCKET handle;
    int name_length;
    struct sockaddr_storage name;
};

static struct once thread__once;
static struct once thread__work_once;
static lock_t thread__lock;
static HANDLE thread__work; /* A semaphore that counts what was put into the queue. */

/* Under the lock. */
static struct thread_job* thread__queue;
static struct thread_job** thread__queue_end = &thread__queue;
static struct thread_job* thread__running;
static unsigned thread__workers;
static unsigned thread__idle;
static unsigned thread__queued;
static unsigned thread__taken;
static unsigned thread__seen_taken; /* What was taken when the queue was last looked at, */
static DWORD thread__seen;          /* and when it was last seen to move, or got workers. */

static void thread__init(void) {
    lock_init(&thread__lock);
}

static int thread__make_semaphore(void) {
    thread__work = CreateSemaphoreW(NULL, 0, MAXLONG, NULL);
    return thread__work != NULL ? 0 : -1;
}

int thread_is_named(SOCKET handle) {
    const struct thread_job* job;
    if (lock_load_pointer(&thread__running) == NULL)
        return 0;
    lock_acquire(&thread__lock);
    for (job = thread__running; job != NULL && job->handle != handle; job = job->next) {
    }
    lock_release(&thread__lock);
    return job != NULL;
}

static struct thread_job* thread__pop(void) {
    struct thread_job* job = thread__queue;
    if (job == NULL)
        return NULL;
    thread__queue = job->next;
    if (thread__queue == NULL)
        thread__queue_end = &thread__queue;
    thread__queued--;
    thread__taken++;
    job->next = thread__running;
    lock_store_pointer(&thread__running, job);
    return job;
}

/* Waits for a job; NULL tells the worker to end. */
static struct thread_job* thread__take(void) {
    struct thread_job* job;
    for (;;) {
        DWORD wait = WaitForSingleObject(thread__work, THREAD__IDLE);
        lock_acquire(&thread__lock);
        job = thread__pop();
        if (job != NULL)
            thread__idle--;
        if (job != NULL || wait != WAIT_OBJECT_0)
            break;
        /* Another one, whose wait had timed out, was faster. */
        lock_release(&thread__lock);
    }
    if (job == NULL) {
        thread__idle--;
        thread__workers--;
    }
    lock_release(&thread__lock);
    return job;
}

static void thread__let_go(const struct thread_job* job) {
    struct thread_job** place = &thread__running;
    lock_acquire(&thread__lock);
    while (*place != job)
        place = &(*place)->next;
    lock_store_pointer(place, job->next);
    thread__idle++;
    lock_release(&thread__lock);
}

/* Operations are freed by the engine only, which gets them from their worker, so the address of one
 * that was cancelled does not come back meanwhile, even where the handle's value does. */
static int thread__is_wanted(struct thread_job* job) {
    struct socket* socket = socket_find(job->handle);
    int wanted = socket != NULL && socket->operation == job->operation;
    if (wanted)
        socket->worker = job;
    socket_release(job->handle);
    return wanted;
}

/* Makes the socket blocking, while what the program wants meanwhile is only noted. Where events of
 * the socket are selected for, it has to stay non-blocking, so they are not, for that time. */
static int thread__make_blocking(struct thread_job* job) {
    struct socket* socket = socket_find(job->handle);
    u_long nonblocking = 0;
    int done = 0;
    if (socket != NULL && socket->worker == job) {
        if (socket->selection != NULL)
            host.WSAEventSelect(job->handle, NULL, 0);
        done = host.ioctlsocket(job->handle, FIONBIO, &nonblocking) == 0;
        socket->keeps_mode = (unsigned char) done;
    }
    socket_release(job->handle);
    return done;
}

static int thread__select(SOCKET handle, const struct socket_selection* selection) {
    if (selection == NULL)
        return 0;
    if (selection->window == NULL)
        return host.WSAEventSelect(handle, selection->event, selection->events);
    return host.WSAAsyncSelect(handle, selection->window, selection->message, selection->events);
}

static void thread__restore_mode(struct thread_job* job) {
    struct socket* socket = socket_find(job->handle);
    unsigned flags = table_flags(job->handle);
    u_long nonblocking = !(flags & TABLE_SEEN) || (flags & TABLE_NONBLOCKING);
    unsigned tries = 0;

    if (socket != NULL && socket->worker == job) {
        socket->keeps_mode = 0;
        while (host.ioctlsocket(job->handle, FIONBIO, &nonblocking) != 0 &&
               retry_shortage(&tries, WSAGetLastError())) {
        }
        while (thread__select(job->handle, socket->selection) != 0 &&
               retry_shortage(&tries, WSAGetLastError())) {
        }
    }
    socket_release(job->handle);
}

static int thread__call(const struct thread_job* job) {
    if (host.connect(job->handle, (const struct sockaddr*) &job->name, job->name_length) == 0)
        return 0;
    return WSAGetLastError();
}

static int thread__failure(const struct thread_job* job) {
    int error = 0, length = sizeof error;
    if (host.getsockopt(job->handle, SOL_SOCKET, SO_ERROR, (char*) &error, &length) != 0)
        return WSAGetLastError();
    /* A failure without a reason is the refusal, the one that needs no more words. */
    return error != 0 ? error : WSAECONNREFUSED;
}

/* Waits for a connect that the host goes on with, as the program made the socket non-blocking.
 * ReactOS notes the outcome when the thread that began the connect asks for it in this way. */
static int thread__wait(struct thread_job* job) {
    while (thread__is_wanted(job)) {
        struct timeval slice = {0, THREAD__SLICE * 1000};
        fd_set up, down;
        up.fd_count = down.fd_count = 1;
        up.fd_array[0] = down.fd_array[0] = job->handle;
        if (host.select(0, NULL, &up, &down, &slice) == SOCKET_ERROR)
            return WSAGetLastError();
        if (down.fd_count != 0)
            return thread__failure(job);
        if (up.fd_count != 0)
            return 0;
    }
    return WSA_OPERATION_ABORTED;
}

/* The mode that the program chose is left as it is where the host goes on with such a connect.
 * ReactOS refuses it (WSAEINVAL) on a socket that has a completion port; only there the socket is
 * made blocking until the connect is decided. */
static int thread__connect(struct thread_job* job) {
    unsigned flags = table_flags(job->handle);
    int error = thread__call(job);

    /* After a connect that failed, Linux answers the next one with this error once, on Wine 8. */
    if (error == WSAECONNABORTED)
        error = thread__call(job);
    if (error == WSAEINVAL && (!(flags & TABLE_SEEN) || (flags & TABLE_NONBLOCKING))) {
        if (thread__make_blocking(job))
            error = thread__call(job);
        thread__restore_mode(job);
    }
    return error == WSAEWOULDBLOCK ? thread__wait(job) : error;
}

/* For an address that was found valid, Linux means the local one: its port is taken for this very
 * peer. */
static int thread__explain(const struct thread_job* job, int error) {
    if (error == WSAEADDRNOTAVAIL && job->name.ss_family == AF_INET)
        return WSAEADDRINUSE;
    return error;
}

/* Whoever closed the socket by a way that does not lead through us left the operation to us. */
static uint32_t thread__status(const struct thread_job* job, int error) {
    int type, length = sizeof type;
    if (error != 0 &&
        host.getsockopt(job->handle, SOL_SOCKET, SO_TYPE, (char*) &type, &length) != 0 &&
        WSAGetLastError() == WSAENOTSOCK)
        return STATUS__INVALID_HANDLE;
    return status_from_error(thread__explain(job, error));
}

static void thread__forget(struct thread_job* job) {
    struct socket* socket = socket_find(job->handle);
    if (socket != NULL && socket->worker == job) {
        socket->worker = NULL;
        socket->keeps_mode = 0;
    }
    socket_release(job->handle);
}

static void thread__finish(struct thread_job* job, uint32_t status) {
    struct operation* operation = job->operation;
    thread__let_go(job);
    thread__forget(job);
    free(job);
    operation->connect.Internal = status;
    engine_adopt(operation);
}

static DWORD WINAPI thread__run(void* unused) {
    struct thread_job* job;
    (void) unused;
    while ((job = thread__take()) != NULL) {
        uint32_t status = STATUS__CANCELLED;
        if (thread__is_wanted(job))
            status = thread__status(job, thread__connect(job));
        thread__finish(job, status);
    }
    return 0;
}

/* Under the lock; returns whether there is one more worker. */
static int thread__add_worker(void) {
    HANDLE thread = CreateThread(NULL, THREAD__STACK_SIZE, thread__run, NULL,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (thread == NULL)
        return 0;
    host.CloseHandle(thread);
    thread__workers++;
    thread__idle++;
    return 1;
}

DWORD thread_tend(void) {
    DWORD timeout = INFINITE;
    DWORD now = GetTickCount();
    unsigned i;

    if (*(volatile unsigned*) &thread__queued == 0)
        return INFINITE;
    lock_acquire(&thread__lock);
    if (thread__taken != thread__seen_taken) {
        thread__seen_taken = thread__taken;
        thread__seen = now;
    } else if (now - thread__seen >= THREAD__PATIENCE) {
        for (i = 0; i < THREAD__AT_ONCE && i < thread__queued && thread__workers < THREAD__MANY &&
                    thread__add_worker();
             i++) {
        }
        thread__seen = now;
    }
    if (thread__queued > 0)
        timeout = THREAD__PATIENCE;
    lock_release(&thread__lock);
    return timeout;
}

/* Returns 0, or -1 where no thread can be had. */
static int thread__submit(struct thread_job* job) {
    int must_wait;
    once_run(&thread__once, thread__init);
    if (once_try(&thread__work_once, thread__make_semaphore) != 0 || engine_prepare() != 0)
        return -1;
    lock_acquire(&thread__lock);
    if (thread__queued >= thread__idle && thread__workers < THREAD__FEW && !thread__add_worker() &&
        thread__workers == 0) {
        lock_release(&thread__lock);
        return -1;
    }
    job->next = NULL;
    *thread__queue_end = job;
    thread__queue_end = &job->next;
    thread__queued++;
    must_wait = thread__queued > thread__idle;
    lock_release(&thread__lock);
    ReleaseSemaphore(thread__work, 1, NULL);
    if (must_wait)
        engine_wake();
    return 0;
}

static int thread__is_listening(SOCKET handle) {
    int listening = 0, length = sizeof listening;
    return host.getsockopt(handle, SOL_SOCKET, SO_ACCEPTCONN, (char*) &listening, &length) == 0 &&
           listening;
}

/* Whether a non-blocking connect of the program's own is still under way. */
static int thread__is_undecided(SOCKET handle) {
    struct timeval no_time = {0, 0};
    fd_set up, down;
    up.fd_count = down.fd_count = 1;
    up.fd_array[0] = down.fd_array[0] = handle;
    return host.select(0, NULL, &up, &down, &no_time) == 0;
}

/* What ConnectEx tells its caller, and connect() would tell the worker, or do without a word: it
 * binds an unbound socket, and on ReactOS succeeds on a connected one. */
static int thread__check(const struct socket* socket, const struct driver_request* request) {
    struct sockaddr_storage local;
    int length = sizeof local;
    DWORD seconds;

    if (socket->worker != NULL)
        return WSAEALREADY;
    if (host.getsockname(request->handle, (struct sockaddr*) &local, &length) != 0)
        return WSAGetLastError();
    if (local.ss_family != request->name->sa_family)
        return WSAEAFNOSUPPORT;
    if (thread__is_listening(request->handle))
        return WSAEINVAL;
    if (seconds_connected(request->handle, &seconds) == 0 && seconds != SECONDS_NEVER)
        return WSAEISCONN;
    return socket->is_plain && thread__is_undecided(request->handle) ? WSAEALREADY : 0;
}

static struct thread_job* thread__new_job(const struct driver_request* request,
                                          struct operation* operation) {
    struct thread_job* job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    job->operation = operation;
    job->handle = request->handle;
    job->name_length = request->name_length;
    memcpy(&job->name, request->name, (size_t) request->name_length);
    return job;
}

static int thread__is_available(struct socket* socket) {
    (void) socket;
    return 1;
}

static enum driver_result thread__start(struct socket* socket, const struct driver_request* request,
                                        struct operation** result, int* error) {
    struct operation* operation = NULL;
    struct thread_job* job = NULL;

    *error = thread__check(socket, request);
    if (*error != 0)
        return DRIVER_REFUSED;
    *error = WSAENOBUFS;
    operation =
        operation_new(request->handle, request->overlapped, request->payload, request->length);
    if (operation == NULL)
        return DRIVER_REFUSED;
    operation->watch = OPERATION_WATCH_THREAD;
    job = thread__new_job(request, operation);
    if (job == NULL || thread__submit(job) != 0) {
        free(job);
        operation_release(operation);
        return DRIVER_REFUSED;
    }

    /* The worker waits for the record's lock before it looks at the operation. */
    operation->connect.Internal = STATUS__PENDING;
    delivery_begin(request->overlapped);
    *result = operation;
    *error = 0;
    return DRIVER_WATCHED;
}

const struct driver driver_thread = {thread__is_available, thread__start};
