/* SPDX-License-Identifier: MIT */
#include "ext/sendlock.h"

#include <stdlib.h>

#include "base/lock.h"
#include "base/once.h"
#include "core/loop.h"
#include "core/socket.h"
#include "core/table.h"
#include "host/caps.h"
#include "host/requests.h"

struct sendlock {
    struct sendlock* next;
    SOCKET handle;
    ULONGLONG serial; /* Of the socket's record. */
    unsigned users;   /* Who has the turn and who waits for it. */
    int is_awaited;   /* The loop is to be woken when there are none. */
    lock_t lock;
};

static struct once sendlock__once;
static lock_t sendlock__lock; /* Of the lists. */
static struct sendlock* sendlock__first;
static struct sendlock* sendlock__free;

static void sendlock__init(void) {
    lock_init(&sendlock__lock);
}

/* The flag ends with the socket: the next one with the handle's value may be a stream, whose sends
 * may block and must not wait for each other. Of what was sent before, nobody has noted whether the
 * host has queued it. Returns the record's serial number, or 0. */
static ULONGLONG sendlock__note(SOCKET s) {
    const struct socket* socket = socket_need(s);
    unsigned flags = table_flags(s) & TABLE_TURNS ? 0 : TABLE_TURNS | TABLE_QUEUED;
    ULONGLONG serial = 0;
    if (socket != NULL && table_change_flags(s, flags, 0) == 0)
        serial = socket->serial;
    socket_release(s);
    return serial;
}

/* Those that nobody uses are kept for the next that is needed, with their locks. */
static struct sendlock* sendlock__need(SOCKET s, ULONGLONG serial) {
    struct sendlock* sendlock = sendlock__first;
    while (sendlock != NULL && (sendlock->handle != s || sendlock->serial != serial))
        sendlock = sendlock->next;
    if (sendlock != NULL)
        return sendlock;
    sendlock = sendlock__free;
    if (sendlock != NULL) {
        sendlock__free = sendlock->next;
    } else {
        sendlock = calloc(1, sizeof *sendlock);
        if (sendlock == NULL)
            return NULL;
        lock_init(&sendlock->lock);
    }
    sendlock->handle = s;
    sendlock->serial = serial;
    sendlock->users = 0;
    sendlock->is_awaited = 0;
    sendlock->next = sendlock__first;
    sendlock__first = sendlock;
    return sendlock;
}

static struct sendlock* sendlock__take(SOCKET s, ULONGLONG serial) {
    struct sendlock* sendlock;

    if (serial == 0)
        return NULL;
    once_run(&sendlock__once, sendlock__init);
    lock_acquire(&sendlock__lock);
    sendlock = sendlock__need(s, serial);
    if (sendlock != NULL)
        sendlock->users++;
    lock_release(&sendlock__lock);
    if (sendlock != NULL)
        lock_acquire(&sendlock->lock);
    return sendlock;
}

struct sendlock* sendlock_begin(SOCKET s) {
    return sendlock__take(s, sendlock__note(s));
}

/* The record's serial number, or 0 where no turn is needed. */
static ULONGLONG sendlock__find(SOCKET s) {
    const struct socket* socket;
    ULONGLONG serial = 0;

    if (!(table_flags(s) & TABLE_TURNS))
        return 0;
    socket = socket_find(s);
    if (socket != NULL)
        serial = socket->serial;
    socket_release(s);
    return serial;
}

struct sendlock* sendlock_begin_plain(SOCKET s) {
    return sendlock__take(s, sendlock__find(s));
}

/* Who gives a turn back does so under the lock of the lists, so that it can be had at once where
 * nobody uses it. */
static int sendlock__try(SOCKET s, ULONGLONG serial, struct sendlock** taken) {
    struct sendlock* sendlock;

    *taken = NULL;
    if (serial == 0)
        return 0;
    once_run(&sendlock__once, sendlock__init);
    lock_acquire(&sendlock__lock);
    sendlock = sendlock__need(s, serial);
    if (sendlock != NULL && sendlock->users == 0) {
        sendlock->users = 1;
        lock_acquire(&sendlock->lock);
        *taken = sendlock;
    } else if (sendlock != NULL) {
        sendlock->is_awaited = 1;
    }
    lock_release(&sendlock__lock);
    return sendlock == *taken ? 0 : -1;
}

int sendlock_try(SOCKET s, struct sendlock** taken) {
    return sendlock__try(s, sendlock__note(s), taken);
}

int sendlock_try_plain(SOCKET s, struct sendlock** taken) {
    return sendlock__try(s, sendlock__find(s), taken);
}

int sendlock_hold(const struct sendlock* sendlock) {
    return socket_find_same(sendlock->handle, sendlock->serial) != NULL;
}

void sendlock_let_go(const struct sendlock* sendlock) {
    socket_release(sendlock->handle);
}

static void sendlock__note_queued(const struct sendlock* sendlock, int is_queued) {
    if (sendlock_hold(sendlock))
        table_change_flags(sendlock->handle, is_queued ? TABLE_QUEUED : 0,
                           is_queued ? 0 : TABLE_QUEUED);
    sendlock_let_go(sendlock);
}

void sendlock_end(struct sendlock* sendlock, int is_queued) {
    struct sendlock** place = &sendlock__first;
    int wakes = 0;

    if (is_queued)
        sendlock__note_queued(sendlock, 1);
    lock_acquire(&sendlock__lock);
    lock_release(&sendlock->lock);
    sendlock->users--;
    if (sendlock->users == 0) {
        wakes = sendlock->is_awaited;
        while (*place != sendlock)
            place = &(*place)->next;
        *place = sendlock->next;
        sendlock->next = sendlock__free;
        sendlock__free = sendlock;
    }
    lock_release(&sendlock__lock);
    if (wakes)
        loop_wake();
}

/* A socket reports that it can be written to only while no send is queued. */
static int sendlock__is_queued(const struct sendlock* sendlock) {
    unsigned events = 0;
    int is_queued = sendlock_hold(sendlock) &&
                    request_look(&sendlock->handle, REQUEST_SEND, &events, 1) >= 0 &&
                    !(events & REQUEST_SEND);
    sendlock_let_go(sendlock);
    return is_queued;
}

int sendlock_is_drained(struct sendlock* sendlock, int is_queued) {
    int was_queued = (table_flags(sendlock->handle) & TABLE_QUEUED) != 0;
    if (!is_queued && !was_queued)
        return 1;
    if (caps_has(CAP_POLL) && sendlock__is_queued(sendlock))
        return 0;
    if (was_queued)
        sendlock__note_queued(sendlock, 0);
    return 1;
}

void sendlock_drain(struct sendlock* sendlock, int is_queued) {
    while (!sendlock_is_drained(sendlock, is_queued))
        Sleep(1);
}
