/* SPDX-License-Identifier: MIT */
#include "core/port.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/retry.h"
#include "base/status.h"
#include "core/destination.h"
#include "core/table.h"

/* Completion ports */

static host_status port__post_packet(struct destination* port, const struct destination_end* end) {
    return host.NtSetIoCompletion(port->name.handle, end->key, (ULONG_PTR) end->overlapped,
                                  end->status, end->bytes);
}

static host_status port__associate_packet(struct destination* port, SOCKET s, ULONG_PTR key) {
    return host_associate((HANDLE) s, port->name.handle, key);
}

static const struct destination_kind port__packets = {port__post_packet, port__associate_packet,
                                                      NULL};

/* Functions that the system's thread pool calls */

struct port__call {
    nt_callback* function;
    OVERLAPPED* overlapped;
    DWORD error;
    DWORD bytes;
};

static DWORD WINAPI port__run(void* context) {
    struct port__call call = *(struct port__call*) context;
    free(context);
    call.function(call.error, call.bytes, call.overlapped);
    return 0;
}

static nt_callback* port__function(const struct destination* callback) {
    return (nt_callback*) (uintptr_t) callback->name.handle;
}

static host_status port__post_call(struct destination* callback,
                                   const struct destination_end* end) {
    struct port__call* call = malloc(sizeof *call);
    host_status status = (host_status) STATUS__INSUFFICIENT_RESOURCES;
    if (call == NULL)
        return status;
    call->function = port__function(callback);
    call->overlapped = end->overlapped;
    call->error = host.RtlNtStatusToDosError(end->status);
    call->bytes = end->bytes;
    if (!host.QueueUserWorkItem(port__run, call, WT_EXECUTEDEFAULT)) {
        free(call);
        return status;
    }
    /* port__run() frees it. */
    /* cppcheck-suppress memleak */
    return 0;
}

static host_status port__associate_call(struct destination* callback, SOCKET s, ULONG_PTR key) {
    (void) key;
    return host.RtlSetIoCompletionCallback((HANDLE) s, port__function(callback), 0);
}

static const struct destination_kind port__calls = {port__post_call, port__associate_call, NULL};

/* The names of both */

static struct port port__note(const struct destination_kind* kind, HANDLE handle) {
    struct destination* destination;
    struct port name = {0};

    destination_acquire();
    destination = destination_find(kind, handle);
    if (destination == NULL) {
        destination = calloc(1, sizeof *destination);
        if (destination != NULL)
            destination_add(destination, kind, handle);
    }
    if (destination != NULL)
        name = destination->name;
    destination_release();
    return name;
}

/* The system ignores the low two bits of a handle. */
static HANDLE port__without_tag(HANDLE handle) {
    return (HANDLE) ((ULONG_PTR) handle & ~(ULONG_PTR) 3);
}

static void port__change_flag(HANDLE handle, unsigned set, unsigned clear) {
    table_lock((uintptr_t) handle);
    table_change_flags((uintptr_t) handle, set, clear);
    table_unlock((uintptr_t) handle);
}

struct port port_note(HANDLE handle) {
    struct port port = port__note(&port__packets, port__without_tag(handle));
    if (port.handle != NULL && !(table_flags((uintptr_t) handle) & TABLE_PORT))
        port__change_flag(handle, TABLE_PORT, 0);
    return port;
}

struct port port_note_callback(nt_callback* function) {
    return port__note(&port__calls, (HANDLE) (uintptr_t) function);
}

void port_forget(HANDLE handle) {
    struct destination* port;

    destination_acquire();
    port = destination_find(&port__packets, port__without_tag(handle));
    if (port != NULL)
        destination_remove(port);
    destination_release();
    free(port);
    if (table_flags((uintptr_t) handle) & TABLE_PORT)
        port__change_flag(handle, 0, TABLE_PORT);
}

/* What sockets report to, of any kind */

struct port port_hold(const struct port* port) {
    struct port name = *port;
    struct destination* destination;
    if (port->handle == NULL)
        return name;
    destination_acquire();
    destination = destination_named(port);
    if (destination != NULL && destination->held != 0) {
        name.serial = destination->held;
        destination->kind->hold(destination, 1);
    }
    destination_release();
    return name;
}

void port_let_go(const struct port* port) {
    struct destination* destination;
    if (port->handle == NULL)
        return;
    destination_acquire();
    destination = destination_named(port);
    if (destination != NULL && destination->held == port->serial)
        destination->kind->hold(destination, -1);
    destination_release();
}

void port_post(const struct port* port, ULONG_PTR key, OVERLAPPED* overlapped, uint32_t status,
               DWORD bytes) {
    struct destination_end end = {key, overlapped, (host_status) status, bytes, 0};
    struct destination* destination;
    host_status result = 0;
    unsigned tries = 0;
    do {
        destination_acquire();
        destination = destination_named(port);
        if (destination != NULL) {
            end.is_held = destination->held == port->serial;
            result = destination->kind->post(destination, &end);
        }
        destination_release();
    } while (result < 0 && retry_shortage(&tries, status_to_error((uint32_t) result)));
    if (result < 0) {
        log_error("the end of an operation could not be reported to %#Ix and is lost (%s)",
                  (size_t) port->handle, status_name((uint32_t) result));
        port_let_go(port);
    }
}

int port_can_associate(const struct port* port) {
    struct destination* destination;
    int can;
    destination_acquire();
    destination = destination_named(port);
    can = destination == NULL || destination->kind->associate != NULL;
    destination_release();
    return can;
}

int port_associate(const struct port* port, SOCKET s, ULONG_PTR key) {
    struct destination* destination;
    host_status status = 0;
    unsigned tries = 0;
    int error;
    do {
        destination_acquire();
        destination = destination_named(port);
        if (destination != NULL && destination->kind->associate != NULL)
            status = destination->kind->associate(destination, s, key);
        destination_release();
        error = status < 0 ? status_to_error((uint32_t) status) : 0;
    } while (error != 0 && retry_shortage(&tries, error));
    return status_is_shortage(error) ? -1 : 0;
}
