/* SPDX-License-Identifier: MIT */
#include "core/watch.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/lock.h"
#include "base/once.h"
#include "base/status.h"
#include "core/table.h"
#include "host/requests.h"

/* Many small polls are joined when they are this many. */
#define WATCH__SMALL_GROUP (REQUEST_GROUP / 4)
#define WATCH__SMALL_GROUPS_AT_MOST 32u

/* What marks the step of an operation that is watched; the host does not touch it. */
#define WATCH__MARK ((HANDLE) (ULONG_PTR) 1)

/* The operation stays where it is until its step has ended, which is only told here, last. */
struct watch__poll {
    IO_STATUS_BLOCK block;
    struct watch__poll* next;
    unsigned count;
    int is_cancelled;
    struct op** ops; /* Lies behind the request. */
    struct request_poll request;
};

static struct once watch__once;
static lock_t watch__lock; /* Of the list that follows, and its links. */
static struct op** watch__fresh;
static size_t watch__fresh_count;
static size_t watch__fresh_room;

/* The loop's thread's own. */
static struct watch__poll* watch__polls;

static void watch__init(void) {
    lock_init(&watch__lock);
}

static void watch__tell(struct op* op, uint32_t status) {
    InterlockedExchangePointer((void* volatile*) &op->step.Internal, (void*) (ULONG_PTR) status);
}

int watch_has(const struct op* op) {
    return op->step.hEvent == WATCH__MARK;
}

/* Under the lock. Returns 0, or -1 where there is no memory. */
static int watch__append(struct op* op) {
    if (watch__fresh_count == watch__fresh_room) {
        size_t room = watch__fresh_room != 0 ? watch__fresh_room * 2 : REQUEST_GROUP;
        struct op** fresh = realloc(watch__fresh, room * sizeof *fresh);
        if (fresh == NULL)
            return -1;
        watch__fresh = fresh;
        watch__fresh_room = room;
    }
    watch__fresh[watch__fresh_count++] = op;
    return 0;
}

static void watch__add(struct op* op) {
    int result;
    lock_acquire(&watch__lock);
    result = watch__append(op);
    lock_release(&watch__lock);
    if (result != 0)
        watch__tell(op, STATUS__INSUFFICIENT_RESOURCES);
}

void watch_for(struct op* op) {
    once_run(&watch__once, watch__init);
    op->step.hEvent = WATCH__MARK;
    op->step.Internal = STATUS__PENDING;
    watch__add(op);
}

void watch_look(struct op* op) {
    unsigned events = 0;
    socket_find(op->handle);
    if (op_is_live(op) &&
        request_look(&op->handle, REQUEST_CONNECT | REQUEST_CONNECT_FAIL, &events, 1) == 0 &&
        events == REQUEST_CONNECT)
        watch__tell(op, STATUS__SUCCESS);
    socket_release(op->handle);
}

static unsigned watch__take_fresh(struct op** ops) {
    unsigned count = 0;
    once_run(&watch__once, watch__init);
    lock_acquire(&watch__lock);
    while (watch__fresh_count > 0 && count < REQUEST_GROUP)
        ops[count++] = watch__fresh[--watch__fresh_count];
    lock_release(&watch__lock);
    return count;
}

/* With all of the table locked. What was cancelled need not be watched any more, and what was
 * closed must not be named. */
static unsigned watch__keep_wanted(struct op** ops, unsigned count) {
    unsigned i, kept = 0;
    for (i = 0; i < count; i++) {
        const struct socket* socket = table_record(ops[i]->handle);
        if (op_is_live(ops[i]) && socket != NULL && socket->serial == ops[i]->serial &&
            !lifecycle_is_closed(&socket->lifecycle))
            ops[kept++] = ops[i];
        else
            watch__tell(ops[i], STATUS__CANCELLED);
    }
    return kept;
}

static struct watch__poll* watch__new_poll(struct op** ops, unsigned count) {
    /* The reply is written over the request, so the operations are kept apart from it. */
    size_t head = offsetof(struct watch__poll, request) + request_poll_size(count);
    struct watch__poll* poll = calloc(1, head + count * sizeof *ops);
    unsigned i;
    if (poll == NULL)
        return NULL;
    poll->ops = (struct op**) (void*) ((char*) poll + head);
    poll->count = count;
    for (i = 0; i < count; i++) {
        poll->ops[i] = ops[i];
        poll->request.sockets[i].handle = (HANDLE) ops[i]->handle;
        poll->request.sockets[i].events = REQUEST_CLOSE | REQUEST_CONNECT | REQUEST_CONNECT_FAIL;
    }
    return poll;
}

/* Issues one poll for the given operations. A single socket that the driver does not know fails the
 * poll of its whole group, so a refused group is tried one by one, which needs less memory, too. */
static void watch__issue(struct op** ops, unsigned count, HANDLE event) {
    struct watch__poll* poll = watch__new_poll(ops, count);
    host_status status = (host_status) STATUS__INSUFFICIENT_RESOURCES;
    unsigned i;

    if (poll != NULL) {
        status = request_begin_poll(&poll->request, count, &poll->block, event);
        if (status >= 0) {
            poll->next = watch__polls;
            watch__polls = poll;
            return;
        }
        free(poll);
    }
    if (count == 1)
        watch__tell(ops[0], status_is_shortage(status_to_error((uint32_t) status))
                                ? STATUS__INSUFFICIENT_RESOURCES
                                : STATUS__INVALID_HANDLE);
    for (i = 0; count > 1 && i < count; i++)
        watch__issue(&ops[i], 1, event);
}

static void watch__submit(HANDLE event) {
    struct op* ops[REQUEST_GROUP];
    unsigned count;
    while ((count = watch__take_fresh(ops)) > 0) {
        table_lock_all();
        count = watch__keep_wanted(ops, count);
        if (count > 0)
            watch__issue(ops, count, event);
        table_unlock_all();
    }
}

/* Cancels the small polls where they are many; they come back and are issued again as one. */
static void watch__join_small_polls(void) {
    struct watch__poll* poll;
    unsigned small = 0;

    for (poll = watch__polls; poll != NULL; poll = poll->next)
        small += poll->count < WATCH__SMALL_GROUP && !poll->is_cancelled;
    if (small < WATCH__SMALL_GROUPS_AT_MOST)
        return;
    for (poll = watch__polls; poll != NULL; poll = poll->next) {
        if (poll->count < WATCH__SMALL_GROUP && !poll->is_cancelled) {
            poll->is_cancelled = 1;
            request_cancel_poll(&poll->block);
        }
    }
}

static void watch__report(const struct watch__poll* poll) {
    unsigned i;
    for (i = 0; i < poll->count; i++) {
        struct op* op = poll->ops[i];
        const struct request_socket* reply =
            request_reply(&poll->request, poll->count, &poll->block, op->handle);
        if (reply == NULL || reply->events == 0) {
            watch__add(op);
        } else if (reply->events & REQUEST_CLOSE) {
            watch__tell(op, STATUS__INVALID_HANDLE);
        } else if (reply->events & REQUEST_CONNECT_FAIL) {
            /* A failure without a reason is the refusal, the one that needs no more words. */
            watch__tell(op,
                        reply->status != 0 ? (uint32_t) reply->status : STATUS__CONNECTION_REFUSED);
        } else {
            watch__tell(op, STATUS__SUCCESS);
        }
    }
}

static unsigned watch__collect(void) {
    struct watch__poll** place = &watch__polls;
    unsigned ended = 0;

    while (*place != NULL) {
        struct watch__poll* poll = *place;
        if (*(volatile host_status*) &poll->block.Status == (host_status) STATUS__PENDING) {
            place = &poll->next;
            continue;
        }
        *place = poll->next;
        watch__report(poll);
        free(poll);
        ended++;
    }
    watch__join_small_polls();
    return ended;
}

unsigned watch_run(HANDLE event) {
    unsigned ended;
    watch__submit(event);
    ended = watch__collect();
    return ended;
}
