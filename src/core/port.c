/* SPDX-License-Identifier: MIT */
#include "core/port.h"

#include <stdlib.h>

#include "base/lock.h"
#include "base/log.h"
#include "base/once.h"
#include "base/retry.h"
#include "base/status.h"
#include "core/table.h"

struct port__entry {
    struct port__entry* next;
    struct port port;
};

static struct once port__once;
static lock_t port__lock;
static struct port__entry* port__first;
static ULONGLONG port__count;

static void port__init(void) {
    lock_init(&port__lock);
}

static void port__acquire(void) {
    once_run(&port__once, port__init);
    lock_acquire(&port__lock);
}

/* The system ignores the low two bits of a handle. */
static struct port__entry** port__find(HANDLE handle) {
    struct port__entry** place = &port__first;
    while (*place != NULL && (ULONG_PTR) (*place)->port.handle >> 2 != (ULONG_PTR) handle >> 2)
        place = &(*place)->next;
    return place;
}

static void port__change_flag(HANDLE handle, unsigned set, unsigned clear) {
    table_lock((uintptr_t) handle);
    table_change_flags((uintptr_t) handle, set, clear);
    table_unlock((uintptr_t) handle);
}

static struct port__entry* port__need(HANDLE handle) {
    struct port__entry* entry = *port__find(handle);
    if (entry != NULL)
        return entry;
    entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->port.handle = handle;
    entry->port.serial = ++port__count;
    entry->next = port__first;
    port__first = entry;
    return entry;
}

struct port port_note(HANDLE handle) {
    const struct port__entry* entry;
    struct port port = {0};

    port__acquire();
    entry = port__need(handle);
    if (entry != NULL)
        port = entry->port;
    lock_release(&port__lock);
    if (port.handle != NULL && !(table_flags((uintptr_t) handle) & TABLE_PORT))
        port__change_flag(handle, TABLE_PORT, 0);
    return port;
}

void port_forget(HANDLE handle) {
    struct port__entry** place;
    struct port__entry* entry;

    port__acquire();
    place = port__find(handle);
    entry = *place;
    if (entry != NULL)
        *place = entry->next;
    lock_release(&port__lock);
    free(entry);
    if (table_flags((uintptr_t) handle) & TABLE_PORT)
        port__change_flag(handle, 0, TABLE_PORT);
}

/* With the lock held, under which the handle cannot be forgotten. */
static int port__is_good(const struct port* port) {
    const struct port__entry* entry = *port__find(port->handle);
    return entry != NULL && entry->port.serial == port->serial;
}

void port_post(const struct port* port, ULONG_PTR key, OVERLAPPED* overlapped, uint32_t status,
               DWORD bytes) {
    host_status result = 0;
    unsigned tries = 0;
    do {
        port__acquire();
        if (port__is_good(port))
            result = host.NtSetIoCompletion(port->handle, key, (ULONG_PTR) overlapped,
                                            (host_status) status, bytes);
        lock_release(&port__lock);
    } while (result < 0 && retry_shortage(&tries, status_to_error((uint32_t) result)));
    if (result < 0)
        log_error("a packet for completion port %#Ix is lost (%s)", (size_t) port->handle,
                  status_name((uint32_t) result));
}

int port_associate(const struct port* port, SOCKET s, ULONG_PTR key) {
    unsigned tries = 0;
    int error;
    do {
        error = 0;
        port__acquire();
        if (port__is_good(port) &&
            host.CreateIoCompletionPort((HANDLE) s, port->handle, key, 0) == NULL)
            error = (int) GetLastError();
        lock_release(&port__lock);
    } while (error != 0 && retry_shortage(&tries, error));
    return status_is_shortage(error) ? -1 : 0;
}
