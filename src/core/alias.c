/* SPDX-License-Identifier: MIT */
#include "core/alias.h"

#include <stdlib.h>

#include "base/lock.h"
#include "base/once.h"
#include "core/table.h"

/* What a duplicate has in common with its source from the start. */
#define ALIAS__FLAGS \
    (TABLE_STREAM | TABLE_NOT_STREAM | TABLE_NONBLOCKING | TABLE_SKIP | TABLE_SEEN | \
     TABLE_SYNCHRONOUS | TABLE_CHOSEN | TABLE_REGISTERED | TABLE_BUFFER | TABLE_IP)

#define ALIAS__ROOM 4u

/* A handle whose record has gone, or is another's, is passed over. */
struct alias__member {
    SOCKET handle;
    ULONGLONG serial;
};

/* All handles of one socket; the list is touched under the lock below. */
struct alias_ring {
    volatile LONG references; /* The records, and who goes through them. */
    volatile LONG records;
    unsigned count;
    unsigned room;
    struct alias__member* members;
};

/* Taken before a record's lock, never under one: leaving a ring needs atomic counts only. */
static struct once alias__once;
static lock_t alias__lock;

static void alias__init(void) {
    lock_init(&alias__lock);
}

static void alias__acquire(void) {
    once_run(&alias__once, alias__init);
    lock_acquire(&alias__lock);
}

static void alias__drop(struct alias_ring* ring) {
    if (InterlockedDecrement(&ring->references) > 0)
        return;
    free(ring->members);
    free(ring);
}

void alias_leave(struct socket* socket) {
    struct alias_ring* ring = socket->ring;
    socket->ring = NULL;
    if (ring == NULL)
        return;
    InterlockedDecrement(&ring->records);
    alias__drop(ring);
}

int alias_exists(const struct socket* socket) {
    return socket->ring != NULL && socket->ring->records > 1;
}

static int alias__is_gone(const struct alias__member* member) {
    int is_gone = socket_find_same(member->handle, member->serial) == NULL;
    socket_release(member->handle);
    return is_gone;
}

/* Under the lock: a place for one more, or NULL where memory is short. */
static struct alias__member* alias__make_room(struct alias_ring* ring) {
    struct alias__member* more;
    unsigned i;
    for (i = 0; i < ring->count; i++) {
        if (alias__is_gone(&ring->members[i]))
            return &ring->members[i];
    }
    if (ring->count == ring->room) {
        more = realloc(ring->members, (ring->room + ALIAS__ROOM) * sizeof *more);
        if (more == NULL)
            return NULL;
        ring->members = more;
        ring->room += ALIAS__ROOM;
    }
    more = &ring->members[ring->count++];
    more->handle = 0;
    more->serial = 0;
    return more;
}

/* Under the lock. */
static int alias__join(struct alias_ring* ring, SOCKET s) {
    struct alias__member* member = alias__make_room(ring);
    struct socket* socket = socket_need(s);
    int joins = member != NULL && socket != NULL;
    if (joins) {
        alias_leave(socket);
        member->handle = s;
        member->serial = socket->serial;
        socket->ring = ring;
        InterlockedIncrement(&ring->references);
        InterlockedIncrement(&ring->records);
        table_change_flags(s, TABLE_ALIAS, 0);
    }
    socket_release(s);
    return joins ? 0 : -1;
}

/* The ring of the socket, to be dropped again, or NULL where it has none. */
static struct alias_ring* alias__take(SOCKET s) {
    struct socket* socket;
    struct alias_ring* ring = NULL;
    if (!(table_flags(s) & TABLE_ALIAS))
        return NULL;
    socket = socket_find(s);
    if (socket != NULL && socket->ring != NULL) {
        ring = socket->ring;
        InterlockedIncrement(&ring->references);
    }
    socket_release(s);
    return ring;
}

/* Under the lock: the same, which is made where there is none; NULL where memory is short. */
static struct alias_ring* alias__need(SOCKET s) {
    struct alias_ring* ring = alias__take(s);
    if (ring != NULL)
        return ring;
    ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        return NULL;
    ring->references = 1;
    if (alias__join(ring, s) == 0)
        return ring;
    alias__drop(ring);
    return NULL;
}

/* What is known of the one becomes known of the other, which is new. */
static void alias__copy(SOCKET from, SOCKET to) {
    struct socket* socket = socket_find(from);
    struct socket known = {0};
    unsigned flags = table_flags(from) & ALIAS__FLAGS;
    if (socket != NULL)
        known = *socket;
    socket_release(from);

    socket = socket_find(to);
    if (socket != NULL) {
        socket->port = known.port;
        socket->key = known.key;
        socket->modes = known.modes;
        table_change_flags(to, flags, 0);
    }
    socket_release(to);
}

void alias_link(SOCKET s, SOCKET duplicate) {
    struct alias_ring* ring;
    int linked;

    alias__acquire();
    ring = alias__need(s);
    linked = ring != NULL && alias__join(ring, duplicate) == 0;
    if (linked)
        alias__copy(s, duplicate);
    if (ring != NULL)
        alias__drop(ring);
    lock_release(&alias__lock);
    if (!linked)
        alias_change_flags(s, 0, TABLE_SEEN);
}

/* Goes through a ring, which has a record of each handle. */
static void alias__each(const struct alias_ring* ring,
                        void (*visit)(struct socket* socket, void* context), void* context) {
    unsigned i;
    for (i = 0; i < ring->count; i++) {
        const struct alias__member* member = &ring->members[i];
        struct socket* socket = socket_find_same(member->handle, member->serial);
        if (socket != NULL)
            visit(socket, context);
        socket_release(member->handle);
    }
}

static int alias__visit_all(SOCKET s, void (*visit)(struct socket* socket, void* context),
                            void* context) {
    struct alias_ring* ring = alias__take(s);
    if (ring == NULL)
        return 0;
    alias__acquire();
    alias__each(ring, visit, context);
    lock_release(&alias__lock);
    alias__drop(ring);
    return 1;
}

int alias_visit(SOCKET s, void (*visit)(struct socket* socket, void* context), void* context) {
    struct socket* socket;
    if (alias__visit_all(s, visit, context))
        return 0;
    socket = socket_need(s);
    if (socket != NULL)
        visit(socket, context);
    socket_release(s);
    return socket != NULL ? 0 : -1;
}

struct alias__change {
    unsigned set;
    unsigned clear;
};

static void alias__change(struct socket* socket, void* context) {
    const struct alias__change* change = context;
    table_change_flags(socket->handle, change->set, change->clear);
}

void alias_change_flags(SOCKET s, unsigned set, unsigned clear) {
    struct alias__change change = {set, clear};
    if (alias__visit_all(s, alias__change, &change))
        return;
    socket_find(s);
    table_change_flags(s, set, clear);
    socket_release(s);
}
