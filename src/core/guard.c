/* SPDX-License-Identifier: MIT */
#include "core/guard.h"

#include "core/afd.h"
#include "core/socket.h"

#define GUARD__FIRST_INTERVAL 10
#define GUARD__LAST_INTERVAL 250

static struct operation* guard__first;
static DWORD guard__interval;
static DWORD guard__looked;

int guard_is_needed(void) {
    return host.wine_get_version != NULL && afd_is_available();
}

void guard_add(struct operation* operation) {
    operation->next = guard__first;
    guard__first = operation;
    guard__interval = GUARD__FIRST_INTERVAL;
    guard__looked = GetTickCount();
}

/* A socket that can be written to and has no send queued reports so; while a send is queued, the
 * host keeps the writability to itself. */
static int guard__is_over(unsigned events) {
    return (events & AFD_EVENT_SEND) != 0;
}

/* Looks at a group and gives back whether each is over; a group with a dead socket is looked at one
 * by one. */
static void guard__look(const SOCKET* sockets, unsigned* over, unsigned count) {
    int result = afd_look(sockets, AFD_EVENT_SEND, over, count);
    unsigned i;
    if (result == 0) {
        for (i = 0; i < count; i++)
            over[i] = guard__is_over(over[i]);
    } else if (count == 1) {
        over[0] = result < 0;
    } else {
        for (i = 0; i < count; i++)
            guard__look(&sockets[i], &over[i], 1);
    }
}

static unsigned guard__take(struct operation** operations,
                            int (*is_wanted)(const struct operation* operation)) {
    unsigned count = 0;
    while (guard__first != NULL && count < AFD_GROUP_SIZE) {
        struct operation* operation = guard__first;
        guard__first = operation->next;
        if (is_wanted(operation))
            operations[count++] = operation;
        else
            operation_release(operation);
    }
    return count;
}

static void guard__look_at_all(int (*is_wanted)(const struct operation* operation),
                               void (*let_go)(struct operation* operation)) {
    struct operation* operations[AFD_GROUP_SIZE];
    SOCKET sockets[AFD_GROUP_SIZE];
    unsigned over[AFD_GROUP_SIZE];
    struct operation* kept = NULL;
    unsigned count, i;

    for (;;) {
        socket_hold_handles();
        count = guard__take(operations, is_wanted);
        for (i = 0; i < count; i++)
            sockets[i] = operations[i]->handle;
        if (count > 0)
            guard__look(sockets, over, count);
        socket_release_handles();
        if (count == 0)
            break;
        for (i = 0; i < count; i++) {
            if (over[i]) {
                let_go(operations[i]);
            } else {
                operations[i]->next = kept;
                kept = operations[i];
            }
        }
    }
    guard__first = kept;
}

DWORD guard_sweep(int (*is_wanted)(const struct operation* operation),
                  void (*let_go)(struct operation* operation)) {
    DWORD elapsed;
    if (guard__first == NULL)
        return INFINITE;

    elapsed = GetTickCount() - guard__looked;
    if (elapsed < guard__interval)
        return guard__interval - elapsed;

    guard__look_at_all(is_wanted, let_go);
    guard__looked = GetTickCount();
    if (guard__interval < GUARD__LAST_INTERVAL)
        guard__interval *= 2;
    return guard__first != NULL ? guard__interval : INFINITE;
}
