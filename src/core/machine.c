/* SPDX-License-Identifier: MIT */
#include "core/machine.h"

void machine_init(struct machine* machine) {
    machine->state = MACHINE_UNCONNECTED;
    machine->owed = 0;
    machine->handed = 0;
    machine->origin = MACHINE_ORIGIN_UNKNOWN;
}

static unsigned machine__settle(struct machine* machine, enum machine_state state,
                                unsigned action) {
    unsigned actions = machine->owed ? action : 0;
    machine->state = (unsigned char) state;
    machine->owed = 0;
    return actions;
}

static unsigned machine__cancel(struct machine* machine) {
    switch (machine->state) {
        case MACHINE_CONNECTING:
            return machine__settle(machine, MACHINE_FAILED, MACHINE_ABORT);
        case MACHINE_SENDING:
            /* The state stays: the host may have completed the operation before the cancel. */
            return MACHINE_CANCEL_HOST;
        default:
            return 0;
    }
}

static unsigned machine__close(struct machine* machine) {
    /* A host that closes a socket need not report its operations as cancelled (Wine 8 completes a
     * pending send with STATUS_HANDLES_CLOSED), so it is told to cancel them first. */
    unsigned carried = machine_is_carried(machine) ? MACHINE_CANCEL_HOST : 0;
    return machine__settle(machine, MACHINE_CLOSED, MACHINE_ABORT) | carried;
}

static unsigned machine__accept(struct machine* machine) {
    if (!machine_may_accept(machine))
        return MACHINE_FORBIDDEN;
    machine->handed = 0;
    machine->origin = MACHINE_ORIGIN_ACCEPT;
    return machine__settle(machine, MACHINE_ACCEPTING, 0);
}

static unsigned machine__disconnect(struct machine* machine) {
    switch (machine->state) {
        case MACHINE_CONNECTING:
        case MACHINE_DISCONNECTING:
        case MACHINE_REUSABLE:
            return MACHINE_FORBIDDEN;
        default:
            machine->state = MACHINE_DISCONNECTING;
            return 0;
    }
}

static unsigned machine__disconnected(struct machine* machine, enum machine_state state) {
    if (machine->state != MACHINE_DISCONNECTING)
        return MACHINE_FORBIDDEN;
    machine->state = (unsigned char) state;
    machine->handed = 0;
    return 0;
}

unsigned machine_step(struct machine* machine, enum machine_event event) {
    /* The handle is gone, and what its last host calls still report concerns nobody. */
    if (machine->state == MACHINE_CLOSED)
        return 0;

    switch (event) {
        case MACHINE_WATCHED:
            if (!machine_may_connect(machine))
                return MACHINE_FORBIDDEN;
            machine->state = MACHINE_CONNECTING;
            machine->owed = 1;
            machine->handed = 0;
            machine->origin = MACHINE_ORIGIN_CONNECT;
            return 0;

        case MACHINE_HANDED:
            if (!machine_may_connect(machine))
                return MACHINE_FORBIDDEN;
            machine->handed = 1;
            machine->origin = MACHINE_ORIGIN_CONNECT;
            return machine__settle(machine, MACHINE_SENDING, 0);

        case MACHINE_UP:
            if (machine->state != MACHINE_CONNECTING)
                return 0;
            /* The completion stays owed until the host has accepted the send. */
            machine->state = MACHINE_SENDING;
            return MACHINE_SEND;

        case MACHINE_DOWN:
            if (!machine->owed)
                return 0;
            return machine__settle(machine, MACHINE_FAILED, MACHINE_FAIL);

        case MACHINE_CANCEL:
        case MACHINE_THREAD_EXIT:
            return machine__cancel(machine);

        case MACHINE_CLOSE:
            return machine__close(machine);

        case MACHINE_SEEN_UP:
            if (machine->state == MACHINE_SENDING || machine->state == MACHINE_ACCEPTING)
                machine->state = MACHINE_CONNECTED;
            return 0;

        case MACHINE_UPDATE:
            /* Only who has seen the connection up may declare it an ordinary one. */
            if (machine->state != MACHINE_CONNECTED && machine->state != MACHINE_UPDATED)
                return MACHINE_FORBIDDEN;
            machine->state = MACHINE_UPDATED;
            return 0;

        case MACHINE_PLAIN:
            if (!machine_may_connect(machine))
                return MACHINE_FORBIDDEN;
            machine->state = MACHINE_UNCONNECTED;
            machine->handed = 0;
            machine->origin = MACHINE_ORIGIN_CONNECT;
            return 0;

        case MACHINE_ACCEPT:
            return machine__accept(machine);

        case MACHINE_DISCONNECT:
            return machine__disconnect(machine);

        case MACHINE_DISCONNECTED:
            return machine__disconnected(machine, MACHINE_UNCONNECTED);

        case MACHINE_REUSED:
            return machine__disconnected(machine, MACHINE_REUSABLE);

        default:
            return 0;
    }
}

int machine_is_connecting(const struct machine* machine) {
    return machine->state == MACHINE_CONNECTING;
}

int machine_may_connect(const struct machine* machine) {
    switch (machine->state) {
        case MACHINE_CONNECTING:
        case MACHINE_DISCONNECTING:
            return 0;
        case MACHINE_REUSABLE:
            return machine->origin != MACHINE_ORIGIN_ACCEPT;
        default:
            return 1;
    }
}

int machine_is_accepting(const struct machine* machine) {
    return machine->state == MACHINE_ACCEPTING;
}

int machine_is_reusable(const struct machine* machine) {
    return machine->state == MACHINE_REUSABLE;
}

int machine_may_accept(const struct machine* machine) {
    switch (machine->state) {
        case MACHINE_UNCONNECTED:
        case MACHINE_ACCEPTING: /* Unless the last one goes on, which the host knows. */
            return 1;
        case MACHINE_REUSABLE:
            return machine->origin != MACHINE_ORIGIN_CONNECT;
        default:
            return 0;
    }
}

int machine_is_carried(const struct machine* machine) {
    return machine->handed && !machine->owed &&
           (machine_is_default_state(machine) || machine->state == MACHINE_UPDATED ||
            machine->state == MACHINE_DISCONNECTING);
}

int machine_is_default_state(const struct machine* machine) {
    return machine->state == MACHINE_SENDING || machine->state == MACHINE_CONNECTED;
}

int machine_is_connected(const struct machine* machine) {
    return machine_is_default_state(machine) || machine->state == MACHINE_UPDATED;
}

const char* machine_state_name(enum machine_state state) {
    static const char* const names[MACHINE_STATE_COUNT] = {
        "unconnected", "connecting", "sending",       "connected", "updated",
        "failed",      "accepting",  "disconnecting", "reusable",  "closed"};
    return state < MACHINE_STATE_COUNT ? names[state] : "?";
}

const char* machine_event_name(enum machine_event event) {
    static const char* const names[MACHINE_EVENT_COUNT] = {
        "watched",     "handed",     "up",           "down",   "cancel",
        "thread exit", "close",      "seen up",      "update", "plain connect",
        "accept",      "disconnect", "disconnected", "reused"};
    return event < MACHINE_EVENT_COUNT ? names[event] : "?";
}
