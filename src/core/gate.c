/* SPDX-License-Identifier: MIT */
#include "core/gate.h"

#include <stddef.h>

#include "core/table.h"

/* What one place counts: calls inside, those among them that close the handle, and whether it is
 * shut. Neither count can come near the next one's place, as each is one of threads. */
#define GATE__CALL 1
#define GATE__CALLS 0xFFFF
#define GATE__CLOSING 0x10000
#define GATE__CLOSINGS 0xFFF0000
#define GATE__SHUT 0x40000000

/* Who finds the gate shut has not been inside: what was added is taken back first. */
static lock_count_t* gate__enter(lock_count_t* gate, lock_count_t what) {
    while (gate != NULL && (lock_add(gate, what) & GATE__SHUT)) {
        lock_add(gate, -what);
        lock_pause();
    }
    return gate;
}

lock_count_t* gate_enter(uintptr_t handle) {
    return gate__enter(table_need_gate(handle), GATE__CALL);
}

lock_count_t* gate_enter_file(uintptr_t handle) {
    return gate__enter(table_find_gate(handle), GATE__CALL);
}

lock_count_t* gate_enter_closing(uintptr_t handle) {
    return gate__enter(table_find_gate(handle), GATE__CLOSING);
}

void gate_leave(lock_count_t* gate) {
    if (gate != NULL)
        lock_add(gate, -GATE__CALL);
}

void gate_leave_closing(lock_count_t* gate) {
    if (gate != NULL)
        lock_add(gate, -GATE__CLOSING);
}

int gate_shut(uintptr_t handle) {
    lock_count_t* gate = table_need_gate(handle);
    lock_count_t seen, found;
    if (gate == NULL)
        return -1;
    found = lock_load_count(gate);
    do {
        seen = found;
        if (seen & (GATE__SHUT | GATE__CLOSINGS))
            return -1;
        found = lock_exchange_if(gate, seen, seen | GATE__SHUT);
    } while (found != seen);
    return 0;
}

int gate_is_empty(uintptr_t handle) {
    const lock_count_t* gate = table_find_gate(handle);
    return gate == NULL || (lock_load_count(gate) & GATE__CALLS) == 0;
}

void gate_open(uintptr_t handle) {
    lock_count_t* gate = table_find_gate(handle);
    if (gate != NULL)
        lock_add(gate, -GATE__SHUT);
}
