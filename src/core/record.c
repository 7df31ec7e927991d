/* SPDX-License-Identifier: MIT */
#include "core/record.h"

#include <stdlib.h>

#include "core/lock.h"
#include "core/once.h"
#include "core/stats.h"
#include "core/table.h"
#include "core/task.h"
#include "host/log.h"

static struct once record__once;
static lock_t record__handles;
static lock_t record__count_lock;
static ULONGLONG record__count;

static void record__init(void) {
    lock_init(&record__handles);
    lock_init(&record__count_lock);
}

void record_hold_handles(void) {
    once_run(&record__once, record__init);
    lock_acquire(&record__handles);
}

void record_release_handles(void) {
    lock_release(&record__handles);
}

struct record* record_find(SOCKET handle) {
    return table_lock(handle);
}

struct record* record_find_same(SOCKET handle, ULONGLONG serial) {
    struct record* record = table_lock(handle);
    return record != NULL && record->serial == serial ? record : NULL;
}

/* NT 5.2 counts to 64 bits by no call of its own. */
static ULONGLONG record__next_serial(void) {
    ULONGLONG serial;
    once_run(&record__once, record__init);
    lock_acquire(&record__count_lock);
    serial = ++record__count;
    lock_release(&record__count_lock);
    return serial;
}

struct record* record_need(SOCKET handle) {
    struct record* record = table_lock(handle);
    if (record != NULL)
        return record;

    record = calloc(1, sizeof *record);
    if (record == NULL)
        return NULL;
    record->handle = handle;
    record->serial = record__next_serial();
    machine_init(&record->machine);
    if (table_set_record(handle, record) != 0) {
        free(record);
        return NULL;
    }
    return record;
}

void record_release(SOCKET handle) {
    table_unlock(handle);
}

unsigned record_step(struct record* record, enum machine_event event) {
    enum machine_state before = (enum machine_state) record->machine.state;
    unsigned actions = machine_step(&record->machine, event);
    enum machine_state after = (enum machine_state) record->machine.state;

    if (before != after)
        log_trace("socket %#Ix #%u %s -> %s by %s", (size_t) record->handle, record->number,
                  machine_state_name(before), machine_state_name(after), machine_event_name(event));
    if (after != MACHINE_CONNECTING && after != MACHINE_SENDING && after != MACHINE_ACCEPTING)
        stats_end(record, event != MACHINE_CLOSE);
    return actions;
}

void record_select(struct record* record, const struct record_selection* selection) {
    free(record->selection);
    record->selection = NULL;
    if (selection->events == 0)
        return;
    record->selection = malloc(sizeof *selection);
    if (record->selection != NULL)
        *record->selection = *selection;
}

void record_close(struct record* record, int is_closed) {
    task_close(record, is_closed);
    if (record->rio != NULL)
        record->close_rio(record, is_closed);
}

void record_forget(struct record* record) {
    record_close(record, 1);
    table_set_record(record->handle, NULL);
    table_change_flags(record->handle, 0, TABLE_ALL);
    free(record->selection);
    free(record);
}
