/* SPDX-License-Identifier: MIT */
#include "core/operation.h"

#include <stdlib.h>

#include "base/lock.h"
#include "base/once.h"
#include "base/status.h"

/* Each release looks at this many of the operations that wait for the host, so that the list cannot
 * grow for ever and no call pays for all of it. */
#define OPERATION__SWEEP 2

static struct once operation__once;
static lock_t operation__lock;
static struct operation* operation__first;
static struct operation** operation__last = &operation__first;

static void operation__init(void) {
    lock_init(&operation__lock);
}

struct operation* operation_new(SOCKET handle, OVERLAPPED* overlapped, char* payload,
                                DWORD length) {
    struct operation* operation = calloc(1, sizeof *operation);
    if (operation == NULL)
        return NULL;
    operation->handle = handle;
    operation->overlapped = overlapped;
    operation->payload = payload;
    operation->length = length;
    return operation;
}

int operation_is_done(const struct operation* operation) {
    return *(const volatile ULONG_PTR*) &operation->connect.Internal != STATUS__PENDING;
}

static struct operation* operation__pop(void) {
    struct operation* operation = operation__first;
    if (operation == NULL)
        return NULL;
    operation__first = operation->next;
    if (operation__first == NULL)
        operation__last = &operation__first;
    return operation;
}

static void operation__push(struct operation* operation) {
    operation->next = NULL;
    *operation__last = operation;
    operation__last = &operation->next;
}

void operation_release(struct operation* operation) {
    int i;
    once_run(&operation__once, operation__init);
    lock_acquire(&operation__lock);
    operation__push(operation);
    for (i = 0; i < OPERATION__SWEEP && (operation = operation__pop()) != NULL; i++) {
        if (operation_is_done(operation))
            free(operation);
        else
            operation__push(operation);
    }
    lock_release(&operation__lock);
}
