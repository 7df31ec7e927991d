/* SPDX-License-Identifier: MIT */
#include "core/looks.h"

#include "core/afd.h"
#include "core/guard.h"
#include "core/socket.h"

#define LOOKS__FIRST_INTERVAL 10
#define LOOKS__LAST_INTERVAL 250

static DWORD looks__interval = LOOKS__LAST_INTERVAL;
static DWORD looks__last;
static int looks__is_idle = 1; /* Nothing was under way at the last look. */

/* The group that is looked at next. */
static SOCKET looks__sockets[AFD_GROUP_SIZE];
static unsigned looks__count;

static void looks__look(void) {
    unsigned events[AFD_GROUP_SIZE];
    unsigned i;
    /* One that is no socket any more spoils the look at the others. */
    if (looks__count > 0 && afd_look(looks__sockets, AFD_EVENT_SEND, events, looks__count) != 0 &&
        looks__count > 1) {
        for (i = 0; i < looks__count; i++)
            afd_look(&looks__sockets[i], AFD_EVENT_SEND, events, 1);
    }
    looks__count = 0;
}

void looks_add(SOCKET handle) {
    looks__is_idle = 0;
    looks__sockets[looks__count++] = handle;
    if (looks__count == AFD_GROUP_SIZE)
        looks__look();
}

void looks_begin(void) {
    if (looks__interval != LOOKS__FIRST_INTERVAL || looks__is_idle)
        looks__last = GetTickCount();
    looks__interval = LOOKS__FIRST_INTERVAL;
    looks__is_idle = 0;
}

DWORD looks_sweep(void (*name)(void)) {
    DWORD elapsed = GetTickCount() - looks__last;
    if (looks__is_idle || !guard_is_needed())
        return INFINITE;
    if (elapsed < looks__interval)
        return looks__interval - elapsed;

    looks__is_idle = 1;
    socket_hold_handles();
    name();
    looks__look();
    socket_release_handles();
    if (looks__is_idle)
        return INFINITE;
    looks__last = GetTickCount();
    if (looks__interval < LOOKS__LAST_INTERVAL)
        looks__interval *= 2;
    return looks__interval;
}
