/* SPDX-License-Identifier: MIT */
#include "ext/turn.h"

#include <stdlib.h>

#include "core/engine.h"
#include "core/lock.h"
#include "core/once.h"
#include "core/record.h"
#include "core/table.h"
#include "drivers/afd.h"

struct turn {
    struct turn* next;
    SOCKET handle;
    ULONGLONG serial; /* Of the socket's record. */
    unsigned users;   /* Who has the turn and who waits for it. */
    int is_awaited;   /* The engine is to be woken when there are none. */
    lock_t lock;
};

static struct once turn__once;
static lock_t turn__lock; /* Of the lists. */
static struct turn* turn__first;
static struct turn* turn__free;

static void turn__init(void) {
    lock_init(&turn__lock);
}

/* The flag ends with the socket: the next one with the handle's value may be a stream, whose sends
 * may block and must not wait for each other. Of what was sent before, nobody has noted whether the
 * host has queued it. Returns the record's serial number, or 0. */
static ULONGLONG turn__note(SOCKET s) {
    const struct record* record = record_need(s);
    unsigned flags = table_flags(s) & TABLE_TURNS ? 0 : TABLE_TURNS | TABLE_QUEUED;
    ULONGLONG serial = 0;
    if (record != NULL && table_change_flags(s, flags, 0) == 0)
        serial = record->serial;
    record_release(s);
    return serial;
}

/* Those that nobody uses are kept for the next that is needed, with their locks. */
static struct turn* turn__need(SOCKET s, ULONGLONG serial) {
    struct turn* turn = turn__first;
    while (turn != NULL && (turn->handle != s || turn->serial != serial))
        turn = turn->next;
    if (turn != NULL)
        return turn;
    turn = turn__free;
    if (turn != NULL) {
        turn__free = turn->next;
    } else {
        turn = calloc(1, sizeof *turn);
        if (turn == NULL)
            return NULL;
        lock_init(&turn->lock);
    }
    turn->handle = s;
    turn->serial = serial;
    turn->users = 0;
    turn->is_awaited = 0;
    turn->next = turn__first;
    turn__first = turn;
    return turn;
}

static struct turn* turn__take(SOCKET s, ULONGLONG serial) {
    struct turn* turn;

    if (serial == 0)
        return NULL;
    once_run(&turn__once, turn__init);
    lock_acquire(&turn__lock);
    turn = turn__need(s, serial);
    if (turn != NULL)
        turn->users++;
    lock_release(&turn__lock);
    if (turn != NULL)
        lock_acquire(&turn->lock);
    return turn;
}

struct turn* turn_begin(SOCKET s) {
    return turn__take(s, turn__note(s));
}

/* The record's serial number, or 0 where no turn is needed. */
static ULONGLONG turn__find(SOCKET s) {
    const struct record* record;
    ULONGLONG serial = 0;

    if (!(table_flags(s) & TABLE_TURNS))
        return 0;
    record = record_find(s);
    if (record != NULL)
        serial = record->serial;
    record_release(s);
    return serial;
}

struct turn* turn_begin_plain(SOCKET s) {
    return turn__take(s, turn__find(s));
}

/* Who gives a turn back does so under the lock of the lists, so that it can be had at once where
 * nobody uses it. */
static int turn__try(SOCKET s, ULONGLONG serial, struct turn** taken) {
    struct turn* turn;

    *taken = NULL;
    if (serial == 0)
        return 0;
    once_run(&turn__once, turn__init);
    lock_acquire(&turn__lock);
    turn = turn__need(s, serial);
    if (turn != NULL && turn->users == 0) {
        turn->users = 1;
        lock_acquire(&turn->lock);
        *taken = turn;
    } else if (turn != NULL) {
        turn->is_awaited = 1;
    }
    lock_release(&turn__lock);
    return turn == *taken ? 0 : -1;
}

int turn_try(SOCKET s, struct turn** taken) {
    return turn__try(s, turn__note(s), taken);
}

int turn_try_plain(SOCKET s, struct turn** taken) {
    return turn__try(s, turn__find(s), taken);
}

int turn_hold(const struct turn* turn) {
    return record_find_same(turn->handle, turn->serial) != NULL;
}

void turn_let_go(const struct turn* turn) {
    record_release(turn->handle);
}

static void turn__note_queued(const struct turn* turn, int is_queued) {
    if (turn_hold(turn))
        table_change_flags(turn->handle, is_queued ? TABLE_QUEUED : 0,
                           is_queued ? 0 : TABLE_QUEUED);
    turn_let_go(turn);
}

void turn_end(struct turn* turn, int is_queued) {
    struct turn** place = &turn__first;
    int wakes = 0;

    if (is_queued)
        turn__note_queued(turn, 1);
    lock_acquire(&turn__lock);
    lock_release(&turn->lock);
    turn->users--;
    if (turn->users == 0) {
        wakes = turn->is_awaited;
        while (*place != turn)
            place = &(*place)->next;
        *place = turn->next;
        turn->next = turn__free;
        turn__free = turn;
    }
    lock_release(&turn__lock);
    if (wakes)
        engine_wake();
}

/* A socket reports that it can be written to only while no send is queued. */
static int turn__is_queued(const struct turn* turn) {
    unsigned events = 0;
    int is_queued = turn_hold(turn) && afd_look(&turn->handle, AFD_EVENT_SEND, &events, 1) >= 0 &&
                    !(events & AFD_EVENT_SEND);
    turn_let_go(turn);
    return is_queued;
}

int turn_is_drained(struct turn* turn, int is_queued) {
    int was_queued = (table_flags(turn->handle) & TABLE_QUEUED) != 0;
    if (!is_queued && !was_queued)
        return 1;
    if (afd_is_available() && turn__is_queued(turn))
        return 0;
    if (was_queued)
        turn__note_queued(turn, 0);
    return 1;
}

void turn_drain(struct turn* turn, int is_queued) {
    while (!turn_is_drained(turn, is_queued))
        Sleep(1);
}
