/* SPDX-License-Identifier: MIT */
#include "core/stall.h"

#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "base/log.h"
#include "base/once.h"
#include "core/loop.h"
#include "core/table.h"
#include "host/caps.h"
#include "host/requests.h"

struct stall__entry {
    SOCKET handle;
    ULONGLONG serial;
};

static struct once stall__once;
static lock_t stall__lock; /* Of what follows. */
static struct stall__entry* stall__list;
static size_t stall__count;
static size_t stall__room;

/* The loop's thread's own. */
static DWORD stall__interval = STALL_FIRST_INTERVAL;

static void stall__run(void);
static struct loop_timer stall__timer = {stall__run, NULL, 0, 0, 0, 0};

static void stall__init(void) {
    lock_init(&stall__lock);
}

/* Under the lock. Returns 0, or -1 where there is no memory. */
static int stall__grow(void) {
    size_t room = stall__room != 0 ? stall__room * 2 : REQUEST_GROUP;
    struct stall__entry* list = realloc(stall__list, room * sizeof *list);
    if (list == NULL)
        return -1;
    stall__list = list;
    stall__room = room;
    return 0;
}

static int stall__append(const struct stall__entry* entry) {
    if (stall__count == stall__room && stall__grow() != 0)
        return -1;
    stall__list[stall__count++] = *entry;
    return 0;
}

/* The last one is most often the same. */
static int stall__is_last(SOCKET handle, ULONGLONG serial) {
    return stall__count > 0 && stall__list[stall__count - 1].handle == handle &&
           stall__list[stall__count - 1].serial == serial;
}

void stall_add(SOCKET handle, ULONGLONG serial) {
    struct stall__entry entry;
    int result = 0;

    if (!caps_has(CAP_LOSES_RESETS))
        return;
    entry.handle = handle;
    entry.serial = serial;
    once_run(&stall__once, stall__init);
    lock_acquire(&stall__lock);
    if (!stall__is_last(handle, serial))
        result = stall__append(&entry);
    lock_release(&stall__lock);
    if (result != 0)
        log_warn("socket %#Ix: out of memory; a reset may be lost", (size_t) handle);
    loop_start_timer(&stall__timer, STALL_FIRST_INTERVAL);
}

/* Takes a group out of those that are left. */
static unsigned stall__take(struct stall__entry* group, size_t* left) {
    unsigned count = 0;
    lock_acquire(&stall__lock);
    while (*left > 0 && count < REQUEST_GROUP) {
        group[count++] = stall__list[0];
        stall__list[0] = stall__list[--stall__count];
        --*left;
    }
    lock_release(&stall__lock);
    return count;
}

/* With all of the table locked, so that none of them is closed while it is named: keeps those that
 * are there still, and are not being closed. */
static unsigned stall__keep_open(struct stall__entry* group, unsigned count, SOCKET* sockets) {
    unsigned i, kept = 0;
    for (i = 0; i < count; i++) {
        const struct socket* socket = table_record(group[i].handle);
        if (socket == NULL || socket->serial != group[i].serial ||
            lifecycle_is_closed(&socket->lifecycle))
            continue;
        sockets[kept] = group[i].handle;
        group[kept++] = group[i];
    }
    return kept;
}

/* One that is no socket any more, or is one that cannot be polled, spoils the look at the others.
 */
static void stall__ask(const SOCKET* sockets, unsigned* events, unsigned count) {
    unsigned i;
    if (request_look(sockets, REQUEST_SEND, events, count) == 0)
        return;
    memset(events, 0, count * sizeof *events);
    for (i = 0; count > 1 && i < count; i++) {
        if (request_look(&sockets[i], REQUEST_SEND, &events[i], 1) < 0)
            events[i] = REQUEST_SEND;
    }
    if (count == 1)
        events[0] = REQUEST_SEND;
}

/* No send is queued, so what the host carried of the socket has ended. */
static void stall__note_end(const struct stall__entry* entry) {
    struct socket* socket = table_record(entry->handle);
    if (socket->carried.is_send)
        socket->carried.finished = 1;
}

static void stall__look_at(struct stall__entry* group, unsigned count) {
    SOCKET sockets[REQUEST_GROUP];
    unsigned events[REQUEST_GROUP];
    unsigned i, kept = 0;

    table_lock_all();
    count = stall__keep_open(group, count, sockets);
    if (count > 0)
        stall__ask(sockets, events, count);
    for (i = 0; i < count; i++) {
        if (events[i] & REQUEST_SEND)
            stall__note_end(&group[i]);
        else
            group[kept++] = group[i];
    }
    table_unlock_all();
    lock_acquire(&stall__lock);
    for (i = 0; i < kept; i++)
        stall__append(&group[i]);
    lock_release(&stall__lock);
}

static void stall__run(void) {
    struct stall__entry group[REQUEST_GROUP];
    size_t left, count;
    unsigned taken;

    lock_acquire(&stall__lock);
    left = stall__count;
    lock_release(&stall__lock);
    while ((taken = stall__take(group, &left)) > 0)
        stall__look_at(group, taken);
    lock_acquire(&stall__lock);
    count = stall__count;
    lock_release(&stall__lock);
    if (count == 0)
        stall__interval = STALL_FIRST_INTERVAL;
    else if (stall__interval < STALL_LAST_INTERVAL)
        stall__interval *= 2;
    if (count > 0)
        loop_start_timer(&stall__timer, stall__interval);
}

void stall_look(SOCKET handle, ULONGLONG serial) {
    unsigned events;
    const struct socket* socket;
    if (!caps_has(CAP_LOSES_RESETS))
        return;
    socket = socket_find_same(handle, serial);
    if (socket != NULL && !lifecycle_is_closed(&socket->lifecycle))
        request_look(&handle, REQUEST_SEND, &events, 1);
    socket_release(handle);
}
