/* SPDX-License-Identifier: MIT */
#include "core/socket.h"

#include <stdlib.h>

#include "base/lock.h"
#include "base/log.h"
#include "base/once.h"
#include "core/alias.h"
#include "core/stats.h"
#include "core/table.h"

static struct once socket__once;
static lock_t socket__count_lock;
static ULONGLONG socket__count;

static void socket__init(void) {
    lock_init(&socket__count_lock);
}

struct socket* socket_find(SOCKET handle) {
    return table_lock(handle);
}

struct socket* socket_find_same(SOCKET handle, ULONGLONG serial) {
    struct socket* socket = table_lock(handle);
    return socket != NULL && socket->serial == serial ? socket : NULL;
}

/* NT 5.2 counts to 64 bits by no call of its own. */
static ULONGLONG socket__next_serial(void) {
    ULONGLONG serial;
    once_run(&socket__once, socket__init);
    lock_acquire(&socket__count_lock);
    serial = ++socket__count;
    lock_release(&socket__count_lock);
    return serial;
}

struct socket* socket_need(SOCKET handle) {
    struct socket* socket = table_lock(handle);
    if (socket != NULL)
        return socket;

    socket = calloc(1, sizeof *socket);
    if (socket == NULL)
        return NULL;
    socket->handle = handle;
    socket->serial = socket__next_serial();
    lifecycle_init(&socket->lifecycle);
    if (table_set_record(handle, socket) != 0) {
        free(socket);
        return NULL;
    }
    return socket;
}

void socket_release(SOCKET handle) {
    table_unlock(handle);
}

int socket_step(struct socket* socket, enum lifecycle_event event) {
    const char* before = lifecycle_state_name(&socket->lifecycle);
    const char* after;

    if (lifecycle_step(&socket->lifecycle, event) != 0)
        return -1;
    after = lifecycle_state_name(&socket->lifecycle);
    if (before != after)
        log_trace("socket %#Ix #%u %s -> %s by %s", (size_t) socket->handle, socket->number, before,
                  after, lifecycle_event_name(event));
    if (!lifecycle_is_connecting(&socket->lifecycle) && !lifecycle_is_begun(&socket->lifecycle) &&
        !lifecycle_is_accepting(&socket->lifecycle))
        stats_end(socket, event != LIFECYCLE_CLOSE);
    if (!(table_flags(socket->handle) & TABLE_USED))
        table_change_flags(socket->handle, TABLE_USED, 0);
    return 0;
}

struct target socket_target(const struct socket* socket) {
    unsigned flags = table_flags(socket->handle);
    struct target target;
    target.handle = socket->handle;
    target.port = socket->port;
    target.key = socket->key;
    target.is_open = 1;
    target.is_known = (flags & TABLE_SEEN) != 0;
    target.skips = (flags & TABLE_SKIP) != 0;
    return target;
}

void socket_carry(struct socket* socket, OVERLAPPED* overlapped, int is_send, int finished) {
    socket->carried.overlapped = overlapped;
    socket->carried.owner = GetCurrentThreadId();
    socket->carried.length = 0;
    socket->carried.is_send = (unsigned char) is_send;
    socket->carried.finished = (unsigned char) finished;
}

void socket_select(struct socket* socket, const struct socket_selection* selection) {
    free(socket->selection);
    socket->selection = NULL;
    if (selection->events == 0)
        return;
    socket->selection = malloc(sizeof *selection);
    if (socket->selection != NULL)
        *socket->selection = *selection;
}

void socket_forget(struct socket* socket) {
    table_set_record(socket->handle, NULL);
    table_change_flags(socket->handle, 0, TABLE_ALL);
    alias_leave(socket);
    free(socket->selection);
    free(socket->keepalive);
    free(socket);
}
