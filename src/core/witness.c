/* SPDX-License-Identifier: MIT */
#include "core/witness.h"

#include <stdint.h>

#include "base/lock.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/stats.h"

/* Room for 16,384 connects at once, of which those with one digest share a row. */
#define WITNESS__ROW_BITS 12
#define WITNESS__ROWS (1u << WITNESS__ROW_BITS)
#define WITNESS__ROOM 4u

/* Two threads that fill one at once may mix what they write, so it is a hint and no more. */
struct witness__place {
    void* overlapped; /* NULL while it is free. */
    void* handle;
};

static struct witness__place witness__places[WITNESS__ROWS][WITNESS__ROOM];
static lock_count_t witness__turn;

static struct witness__place* witness__row(const OVERLAPPED* overlapped) {
    uint32_t digest = (uint32_t) ((uintptr_t) overlapped >> 3) * 2654435761u;
    return witness__places[digest >> (32 - WITNESS__ROW_BITS)];
}

static struct witness__place* witness__find(const OVERLAPPED* overlapped) {
    struct witness__place* row = witness__row(overlapped);
    unsigned i;
    for (i = 0; i < WITNESS__ROOM; i++) {
        if (lock_load_pointer(&row[i].overlapped) == (const void*) overlapped)
            return &row[i];
    }
    return NULL;
}

/* Where a row is full, one whose end was never seen is the likeliest to be overwritten if all are
 * in turn. */
static struct witness__place* witness__make_room(const OVERLAPPED* overlapped) {
    struct witness__place* row = witness__row(overlapped);
    unsigned i;
    for (i = 0; i < WITNESS__ROOM; i++) {
        if (lock_load_pointer(&row[i].overlapped) == NULL)
            return &row[i];
    }
    return &row[(unsigned) lock_add(&witness__turn, 1) % WITNESS__ROOM];
}

void witness_expect(SOCKET handle, const OVERLAPPED* overlapped) {
    struct witness__place* place = witness__find(overlapped);
    if (place == NULL)
        place = witness__make_room(overlapped);
    lock_store_pointer(&place->handle, (void*) handle);
    lock_store_pointer(&place->overlapped, (void*) overlapped);
}

/* Under the socket's lock. A ConnectEx is asked for by its socket, an AcceptEx by its listener. */
static int witness__is_its(const struct socket* socket, const OVERLAPPED* overlapped, SOCKET s) {
    if (socket == NULL || socket->carried.overlapped != overlapped ||
        lifecycle_may_update(&socket->lifecycle) != LIFECYCLE_HOST)
        return 0;
    return s == 0 || s == socket->handle ||
           (lifecycle_by_accept(&socket->lifecycle) && s == socket->listener);
}

static int witness__has_key(SOCKET s, ULONGLONG serial, ULONG_PTR key) {
    const struct socket* socket = socket_find_same(s, serial);
    int has = socket != NULL && socket->port.handle != NULL && socket->key == key;
    socket_release(s);
    return has;
}

/* A packet without the key of the socket that reports, which is the listener where there is one, is
 * about another file, or was posted by the program. One socket is locked at a time, so the serial
 * number of the one that was looked at is returned, or 0 where it does not count. */
static ULONGLONG witness__told_by_key(SOCKET handle, const OVERLAPPED* overlapped, ULONG_PTR key) {
    const struct socket* socket = socket_find(handle);
    SOCKET reporter = handle;
    ULONGLONG serial = 0, reporter_serial = 0;
    if (witness__is_its(socket, overlapped, 0)) {
        serial = reporter_serial = socket->serial;
        if (lifecycle_by_accept(&socket->lifecycle)) {
            reporter = socket->listener;
            reporter_serial = socket->listener_serial;
        }
    }
    socket_release(handle);
    return serial != 0 && witness__has_key(reporter, reporter_serial, key) ? serial : 0;
}

static int witness__is_count(const struct socket* socket, ULONG_PTR count) {
    ULONG_PTR length = socket->carried.length;
    if (!lifecycle_by_accept(&socket->lifecycle))
        return count == length;
    return count <= length || length == WITNESS_ANY_LENGTH;
}

/* The program may have had a look at the status block instead of waiting, and use the OVERLAPPED
 * for something else since, or no more. */
static int witness__shows_success(const OVERLAPPED* overlapped, const struct socket* socket) {
    return memory_is_readable(overlapped, sizeof *overlapped) &&
           (uint32_t) overlapped->Internal == STATUS__SUCCESS &&
           witness__is_count(socket, overlapped->InternalHigh);
}

static void witness__look(struct witness__place* place, const OVERLAPPED* overlapped, SOCKET s,
                          ULONG_PTR key) {
    SOCKET handle = (SOCKET) lock_load_pointer(&place->handle);
    ULONGLONG serial = s == 0 ? witness__told_by_key(handle, overlapped, key) : 0;
    struct socket* socket;

    if (s == 0 && serial == 0)
        return;
    socket = s == 0 ? socket_find_same(handle, serial) : socket_find(handle);
    if (witness__is_its(socket, overlapped, s) && witness__shows_success(overlapped, socket)) {
        int is_accept = lifecycle_by_accept(&socket->lifecycle);
        lock_store_pointer(&place->overlapped, NULL);
        socket_step(socket, LIFECYCLE_UP);
        stats_count_end(is_accept ? STATS_ACCEPTEX : STATS_CONNECTEX, 0);
    }
    socket_release(handle);
}

void witness_see(const OVERLAPPED* overlapped, SOCKET s, ULONG_PTR key) {
    struct witness__place* place = overlapped != NULL ? witness__find(overlapped) : NULL;
    if (place != NULL) {
        DWORD error = GetLastError();
        witness__look(place, overlapped, s, key);
        SetLastError(error);
    }
}

void witness_give_up(const OVERLAPPED* overlapped) {
    struct witness__place* place = overlapped != NULL ? witness__find(overlapped) : NULL;
    if (place != NULL)
        lock_store_pointer(&place->overlapped, NULL);
}
