/* SPDX-License-Identifier: MIT */
#include "ext/turn.h"

#include <stdlib.h>

#include "core/lock.h"
#include "core/once.h"
#include "core/record.h"
#include "core/table.h"
#include "drivers/afd.h"

struct turn__socket {
    struct turn__socket* next;
    SOCKET handle;
    unsigned users; /* Who has the turn and who waits for it. */
    lock_t turn;
};

static struct once turn__once;
static lock_t turn__lock; /* Of the lists. */
static struct turn__socket* turn__sockets;
static struct turn__socket* turn__free;

static void turn__init(void) {
    lock_init(&turn__lock);
}

/* The flags end with the socket: the next one with the handle's value may be a stream, whose sends
 * may block and must not wait for each other. */
static int turn__change(SOCKET s, unsigned set, unsigned clear) {
    int result;
    record_find(s);
    result = table_change_flags(s, set, clear);
    record_release(s);
    return result;
}

int turn_is_used(SOCKET s) {
    return (table_flags(s) & TABLE_TURNS) != 0;
}

static struct turn__socket* turn__find(SOCKET s) {
    struct turn__socket* socket = turn__sockets;
    while (socket != NULL && socket->handle != s)
        socket = socket->next;
    return socket;
}

/* Those that nobody uses are kept for the next that is needed, with their locks. */
static struct turn__socket* turn__need(SOCKET s) {
    struct turn__socket* socket = turn__find(s);
    if (socket != NULL)
        return socket;
    socket = turn__free;
    if (socket != NULL) {
        turn__free = socket->next;
    } else {
        socket = calloc(1, sizeof *socket);
        if (socket == NULL)
            return NULL;
        lock_init(&socket->turn);
    }
    socket->handle = s;
    socket->users = 0;
    socket->next = turn__sockets;
    turn__sockets = socket;
    return socket;
}

int turn_begin(SOCKET s) {
    struct turn__socket* socket;

    once_run(&turn__once, turn__init);
    if (!turn_is_used(s) && turn__change(s, TABLE_TURNS, 0) != 0)
        return WSAENOBUFS;
    lock_acquire(&turn__lock);
    socket = turn__need(s);
    if (socket != NULL)
        socket->users++;
    lock_release(&turn__lock);
    if (socket == NULL)
        return WSAENOBUFS;
    lock_acquire(&socket->turn);
    return 0;
}

void turn_end(SOCKET s) {
    struct turn__socket** place = &turn__sockets;
    struct turn__socket* socket;

    lock_acquire(&turn__lock);
    while ((*place)->handle != s)
        place = &(*place)->next;
    socket = *place;
    lock_release(&socket->turn);
    socket->users--;
    if (socket->users == 0) {
        *place = socket->next;
        socket->next = turn__free;
        turn__free = socket;
    }
    lock_release(&turn__lock);
}

void turn_end_queued(SOCKET s, int is_queued) {
    if (is_queued)
        turn__change(s, TABLE_QUEUED, 0);
    turn_end(s);
}

/* A socket reports that it can be written to only while no send is queued. */
static int turn__wait(SOCKET s) {
    unsigned events = 0;
    int result = 0;

    if (!afd_is_available())
        return 0;
    for (;;) {
        record_hold_handles();
        result = afd_look(&s, AFD_EVENT_SEND, &events, 1);
        record_release_handles();
        if (result < 0 || (events & AFD_EVENT_SEND))
            return result;
        Sleep(1);
    }
}

int turn_drain(SOCKET s, int is_queued) {
    int was_queued = (table_flags(s) & TABLE_QUEUED) != 0;
    int result = is_queued || was_queued ? turn__wait(s) : 0;
    if (was_queued)
        turn__change(s, 0, TABLE_QUEUED);
    return result;
}
