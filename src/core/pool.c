/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "core/destination.h"

struct pool {
    struct destination destination; /* By the address of the host's object. */
    struct pool* next;              /* Of those that belong to a cleanup group. */
    void* group;
    nt_pool_io* callback;
    void* context;
    struct nt_pool_environment environment; /* As the work items need it. */
    VOID(NTAPI* finalization)(void* instance, void* context);
    struct pool__call* calls;
    unsigned holds;          /* The operations in progress whose end is ours to report. */
    unsigned waits;          /* Threads of the program in pool_wait(). */
    unsigned char is_closed; /* By the program. */
    unsigned char is_gone;   /* The host's object is closed without us. */
    unsigned char is_named;  /* It is registered. */
};

/* A work item that calls the program's callback, or is to. */
struct pool__call {
    struct pool__call* next;
    struct pool* pool;
    OVERLAPPED* overlapped;
    IO_STATUS_BLOCK block;
    DWORD thread; /* That it runs on, or 0. */
    /* The host's object counts the operation, which is to be taken back when the call has ended. */
    unsigned char is_counted;
    unsigned char is_dropped; /* The program has cancelled it. */
    unsigned char is_awaited; /* A thread waits for it, but the host's object does not count it. */
};

/* Under the lock of core/destination.h, as is all of struct pool. */
static struct pool* pool__grouped;

static void* pool__io(const struct pool* pool) {
    return pool->destination.name.handle;
}

static void pool__uncount(struct pool__call* call) {
    if (call->is_counted)
        host.TpCancelAsyncIoOperation(pool__io(call->pool));
    call->is_counted = 0;
}

static void pool__unname(struct pool* pool) {
    struct pool** place = &pool__grouped;
    if (pool->is_named)
        destination_remove(&pool->destination);
    pool->is_named = 0;
    while (*place != NULL && *place != pool)
        place = &(*place)->next;
    if (*place != NULL)
        *place = pool->next;
}

/* Under the lock: gives up what is not needed any more. Returns the host's object, for the caller
 * to close without a lock, or NULL: what the program has it unload may be gone with it. */
static void* pool__end(struct pool* pool) {
    void* io = pool->is_gone ? NULL : pool__io(pool);
    if (!pool->is_closed || pool->calls != NULL || pool->holds > 0 || pool->waits > 0)
        return NULL;
    pool__unname(pool);
    free(pool);
    return io;
}

static void pool__close(void* io) {
    if (io != NULL)
        host.TpReleaseIoCompletion(io);
}

static void pool__unlink(struct pool__call* call) {
    struct pool__call** place = &call->pool->calls;
    while (*place != call)
        place = &(*place)->next;
    *place = call->next;
}

static int pool__may_begin(struct pool__call* call) {
    int may;
    destination_acquire();
    may = !call->is_dropped;
    if (may)
        call->thread = GetCurrentThreadId();
    destination_release();
    return may;
}

static void pool__finish(struct pool__call* call) {
    void* io;
    destination_acquire();
    pool__unlink(call);
    pool__uncount(call);
    io = pool__end(call->pool);
    destination_release();
    free(call);
    pool__close(io);
}

static VOID NTAPI pool__run(void* instance, void* context) {
    struct pool__call* call = context;
    const struct pool* pool = call->pool;
    if (pool__may_begin(call)) {
        pool->callback(instance, pool->context, call->overlapped, &call->block, pool__io(pool));
        if (pool->finalization != NULL)
            pool->finalization(instance, pool->context);
    }
    pool__finish(call);
}

static host_status pool__post(struct destination* destination, const struct destination_end* end) {
    struct pool* pool = (struct pool*) destination;
    struct pool__call* call = calloc(1, sizeof *call);
    host_status status = (host_status) STATUS__INSUFFICIENT_RESOURCES;
    if (call == NULL)
        return status;
    call->pool = pool;
    call->overlapped = end->overlapped;
    call->block.Status = end->status;
    call->block.Information = end->bytes;
    call->is_counted = 1;
    call->next = pool->calls;
    pool->calls = call;
    status = host.TpSimpleTryPost(pool__run, call, &pool->environment);
    if (status < 0) {
        pool__unlink(call);
        free(call);
    } else if (end->is_held) {
        pool->holds--;
    }
    return status;
}

static DWORD WINAPI pool__close_later(void* io) {
    pool__close(io);
    return 0;
}

/* Called under a record's lock. An object that there is no memory to close is left. */
static void pool__hold(struct destination* destination, int change) {
    struct pool* pool = (struct pool*) destination;
    void* io;
    pool->holds += (unsigned) change;
    io = pool__end(pool);
    if (io != NULL)
        host.QueueUserWorkItem(pool__close_later, io, WT_EXECUTEDEFAULT);
}

static const struct destination_kind pool__kind = {pool__post, NULL, pool__hold};

static struct pool* pool__find(void* io) {
    return (struct pool*) destination_find(&pool__kind, io);
}

/* An object whose address is another's was closed by a way that does not lead through us. */
static void pool__lose(void* io) {
    struct pool* pool = pool__find(io);
    if (pool == NULL)
        return;
    pool__unname(pool);
    pool->is_closed = pool->is_gone = 1;
    pool->holds = 0;
    pool__end(pool);
}

/* A work item is no member of the cleanup group, which would wait for it by itself, and its
 * finalization would get our context. */
static void pool__take_environment(struct pool* pool,
                                   const struct nt_pool_environment* environment) {
    struct nt_pool_environment* copy = &pool->environment;
    copy->version = 1;
    if (environment != NULL)
        memcpy(copy, environment,
               environment->version == 1 ? offsetof(struct nt_pool_environment, priority)
                                         : sizeof *copy);
    pool->group = copy->cleanup_group;
    pool->finalization = copy->finalization;
    copy->cleanup_group = NULL;
    copy->cleanup_callback = NULL;
    copy->finalization = NULL;
}

struct port pool_note(void* io, nt_pool_io* callback, void* context,
                      const struct nt_pool_environment* environment) {
    struct pool* pool = NULL;
    struct port name = {0};

    if (host.TpSimpleTryPost != NULL && host.TpReleaseIoCompletion != NULL &&
        host.TpStartAsyncIoOperation != NULL && host.TpCancelAsyncIoOperation != NULL)
        pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return name;
    pool->callback = callback;
    pool->context = context;
    pool__take_environment(pool, environment);
    destination_acquire();
    pool__lose(io);
    destination_add(&pool->destination, &pool__kind, io);
    pool->destination.held = destination_next_serial();
    pool->is_named = 1;
    if (pool->group != NULL) {
        pool->next = pool__grouped;
        pool__grouped = pool;
    }
    name = pool->destination.name;
    destination_release();
    return name;
}

void pool_release(void* io) {
    struct pool* pool;
    destination_acquire();
    pool = pool__find(io);
    if (pool != NULL) {
        pool->is_closed = 1;
        io = pool__end(pool);
    }
    destination_release();
    pool__close(io);
}

/* A call that waits for the calls of its object would wait for itself; the program may have told
 * the system not to count it any more. */
static void pool__uncount_own(const struct pool* pool) {
    struct pool__call* call;
    for (call = pool->calls; call != NULL; call = call->next) {
        if (call->thread == GetCurrentThreadId())
            pool__uncount(call);
    }
}

/* The host, which is about to cancel the operations that it counts, must not take these for them:
 * neither calls that have not begun, which are dropped, nor operations of ours, whose names are
 * not good any more, nor calls that have begun, which it is then to wait for. */
static void pool__cancel(struct pool* pool) {
    struct pool__call* call;
    for (call = pool->calls; call != NULL; call = call->next) {
        call->is_dropped = call->thread == 0;
        call->is_awaited |= call->thread != 0 && call->is_counted;
        pool__uncount(call);
    }
    for (; pool->holds > 0; pool->holds--)
        host.TpCancelAsyncIoOperation(pool__io(pool));
    pool->destination.held = destination_next_serial();
}

/* Returns whether any call has still to be waited for. */
static int pool__count_again(const struct pool* pool) {
    struct pool__call* call;
    int any = 0;
    for (call = pool->calls; call != NULL; call = call->next) {
        if (!call->is_awaited)
            continue;
        host.TpStartAsyncIoOperation(pool__io(pool));
        call->is_awaited = 0;
        call->is_counted = 1;
        any = 1;
    }
    return any;
}

/* Called with the lock, which is let go meanwhile; the caller has seen to it that the pool stays.
 */
static void pool__wait(struct pool* pool, BOOL cancel) {
    int again = 0;
    pool__uncount_own(pool);
    if (cancel)
        pool__cancel(pool);
    destination_release();
    host.TpWaitForIoCompletion(pool__io(pool), cancel);
    destination_acquire();
    if (cancel)
        again = pool__count_again(pool);
    destination_release();
    if (again)
        host.TpWaitForIoCompletion(pool__io(pool), FALSE);
    destination_acquire();
}

void pool_wait(void* io, BOOL cancel) {
    struct pool* pool;
    destination_acquire();
    pool = pool__find(io);
    if (pool == NULL) {
        destination_release();
        host.TpWaitForIoCompletion(io, cancel);
        return;
    }
    pool->waits++;
    pool__wait(pool, cancel);
    pool->waits--;
    io = pool__end(pool);
    destination_release();
    pool__close(io);
}

/* Under the lock: takes those that belong to the group out of the list, into one of their own. */
static struct pool* pool__take_group(const void* group) {
    struct pool** place = &pool__grouped;
    struct pool* taken = NULL;
    while (*place != NULL) {
        struct pool* pool = *place;
        if (pool->group != group) {
            place = &pool->next;
            continue;
        }
        *place = pool->next;
        pool->next = taken;
        taken = pool;
        pool->is_gone = 1;
        pool->waits++;
    }
    return taken;
}

/* Once nothing is reported to an object any more and no call of it goes on, the host may close it.
 */
void pool_release_group(void* group, BOOL cancel, void* context) {
    struct pool* taken;
    struct pool* pool;
    struct pool* next;

    destination_acquire();
    taken = pool__take_group(group);
    for (pool = taken; pool != NULL; pool = pool->next) {
        pool__wait(pool, cancel);
        pool__unname(pool);
        pool__wait(pool, TRUE);
    }
    destination_release();
    host.TpReleaseCleanupGroupMembers(group, cancel, context);
    destination_acquire();
    for (pool = taken; pool != NULL; pool = next) {
        next = pool->next;
        pool->waits--;
        pool->is_closed = 1;
        pool__end(pool);
    }
    destination_release();
}
