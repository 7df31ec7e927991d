/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_OPSTATE_H
#define WSEXT_CORE_OPSTATE_H

/* That an operation completes exactly once is decided here: pure, so that all paths can be walked
 * (tests/unit/opstate_test.c). The caller holds the lock of the operation's socket and does what it
 * is told at once. */

enum opstate_phase {
    OPSTATE_WAITING, /* Nobody is at work on it: it waits for its turn, or for a time. */
    OPSTATE_RUNNING, /* A thread is at work on it, and may look at the program's memory. */
    OPSTATE_STEP,    /* A host call of it is under way that uses the program's memory. */
    OPSTATE_QUIET,   /* A host call of it is under way that uses nothing of the program's. */
    OPSTATE_DONE     /* Completed, with nothing of it left in the host. */
};

enum opstate_event {
    OPSTATE_RUN,         /* A thread takes it up. */
    OPSTATE_BEGIN,       /* That thread begins a host call, */
    OPSTATE_BEGIN_QUIET, /* or one that uses nothing of the program's. */
    OPSTATE_ENDED,       /* The host call has ended. */
    OPSTATE_PUT_OFF,     /* The thread leaves it for later. */
    OPSTATE_HAND_OVER,   /* The host has taken the program's OVERLAPPED, and completes it. */
    OPSTATE_FINISH,      /* The thread has come to the operation's end. */
    OPSTATE_CANCEL,      /* The program cancels it, or its thread ends. */
    OPSTATE_CLOSE,       /* Its socket is being closed. */
    OPSTATE_EVENT_COUNT
};

/* What the caller has to do; any number of these. */
enum opstate_action {
    OPSTATE_COMPLETE = 1,    /* Complete the program's OVERLAPPED: asked for once in its life. */
    OPSTATE_CANCEL_STEP = 2, /* Have the host cancel the call that is under way. */
    OPSTATE_DESTROY = 4,     /* Nobody needs the operation any more: asked for once, last. */
    OPSTATE_REFUSED = 8      /* Not now: it is cancelled, or has ended. */
};

struct opstate {
    unsigned char phase;
    unsigned char is_cancelled;
    unsigned char is_closed; /* Its handle may be another's: it is completed by what was noted. */
    unsigned char is_completed; /* It only waits for a quiet call, or a thread, to let go of it. */
};

void opstate_init(struct opstate* state);

/* Takes an event and returns the actions that it asks for. */
unsigned opstate_step(struct opstate* state, enum opstate_event event);

/* Whether it goes on: neither cancelled nor at its end. */
int opstate_is_live(const struct opstate* state);

#endif
