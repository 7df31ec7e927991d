/* SPDX-License-Identifier: MIT */
#include "core/socket.h"

#include <stdlib.h>

#include "base/lock.h"
#include "base/log.h"
#include "base/once.h"
#include "core/stats.h"
#include "core/table.h"
#include "core/task.h"

static struct once socket__once;
static lock_t socket__handles;
static lock_t socket__count_lock;
static ULONGLONG socket__count;

static void socket__init(void) {
    lock_init(&socket__handles);
    lock_init(&socket__count_lock);
}

void socket_hold_handles(void) {
    once_run(&socket__once, socket__init);
    lock_acquire(&socket__handles);
}

void socket_release_handles(void) {
    lock_release(&socket__handles);
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
    machine_init(&socket->machine);
    if (table_set_record(handle, socket) != 0) {
        free(socket);
        return NULL;
    }
    return socket;
}

void socket_release(SOCKET handle) {
    table_unlock(handle);
}

unsigned socket_step(struct socket* socket, enum machine_event event) {
    enum machine_state before = (enum machine_state) socket->machine.state;
    unsigned actions = machine_step(&socket->machine, event);
    enum machine_state after = (enum machine_state) socket->machine.state;

    if (before != after)
        log_trace("socket %#Ix #%u %s -> %s by %s", (size_t) socket->handle, socket->number,
                  machine_state_name(before), machine_state_name(after), machine_event_name(event));
    if (after != MACHINE_CONNECTING && after != MACHINE_SENDING && after != MACHINE_ACCEPTING)
        stats_end(socket, event != MACHINE_CLOSE);
    return actions;
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

void socket_close(struct socket* socket, int is_closed) {
    task_close(socket, is_closed);
    if (socket->rio != NULL)
        socket->close_rio(socket, is_closed);
}

void socket_forget(struct socket* socket) {
    socket_close(socket, 1);
    table_set_record(socket->handle, NULL);
    table_change_flags(socket->handle, 0, TABLE_ALL);
    free(socket->selection);
    free(socket->keepalive);
    free(socket);
}
