/* SPDX-License-Identifier: MIT */
#include "core/opstate.h"

void opstate_init(struct opstate* state) {
    state->phase = OPSTATE_WAITING;
    state->is_cancelled = 0;
    state->is_closed = 0;
    state->is_completed = 0;
}

int opstate_is_live(const struct opstate* state) {
    return !state->is_cancelled && !state->is_completed;
}

/* It is completed at most once, whoever comes first. */
static unsigned opstate__complete(struct opstate* state) {
    if (state->is_completed)
        return 0;
    state->is_completed = 1;
    return OPSTATE_COMPLETE;
}

static unsigned opstate__end(struct opstate* state) {
    unsigned actions = opstate__complete(state);
    state->phase = OPSTATE_DONE;
    return actions | OPSTATE_DESTROY;
}

static unsigned opstate__cancel(struct opstate* state) {
    if (state->is_cancelled || state->is_completed)
        return 0;
    state->is_cancelled = 1;
    switch (state->phase) {
        case OPSTATE_WAITING:
            /* The thread that would have taken it up finds it done, and destroys it. */
            return opstate__complete(state);
        case OPSTATE_QUIET:
            return opstate__complete(state) | OPSTATE_CANCEL_STEP;
        case OPSTATE_STEP:
            /* The program gets its memory back when the host has let go of it. */
            return OPSTATE_CANCEL_STEP;
        default:
            /* Who is at work on it finds out before it begins anything, or at the end. */
            return 0;
    }
}

static unsigned opstate__close(struct opstate* state) {
    /* A cancelled one is not cancelled again, but its end must not go to another's handle. */
    unsigned actions = opstate__cancel(state);
    state->is_closed = 1;
    return actions;
}

unsigned opstate_step(struct opstate* state, enum opstate_event event) {
    if (state->phase == OPSTATE_DONE)
        return OPSTATE_REFUSED;
    switch (event) {
        case OPSTATE_RUN:
            if (state->phase != OPSTATE_WAITING)
                return OPSTATE_REFUSED;
            if (state->is_completed)
                return opstate__end(state) | OPSTATE_REFUSED;
            state->phase = OPSTATE_RUNNING;
            return 0;
        case OPSTATE_BEGIN:
        case OPSTATE_BEGIN_QUIET:
            if (state->phase != OPSTATE_RUNNING || !opstate_is_live(state))
                return OPSTATE_REFUSED;
            state->phase = event == OPSTATE_BEGIN ? OPSTATE_STEP : OPSTATE_QUIET;
            return 0;
        case OPSTATE_ENDED:
            if (state->phase != OPSTATE_STEP && state->phase != OPSTATE_QUIET)
                return OPSTATE_REFUSED;
            if (state->is_completed)
                return opstate__end(state);
            state->phase = OPSTATE_RUNNING;
            return 0;
        case OPSTATE_PUT_OFF:
            if (state->phase != OPSTATE_RUNNING)
                return OPSTATE_REFUSED;
            state->phase = OPSTATE_WAITING;
            /* What was cancelled meanwhile need not wait for anything. */
            return state->is_cancelled ? opstate__complete(state) : 0;
        case OPSTATE_HAND_OVER:
            if (state->phase != OPSTATE_RUNNING || !opstate_is_live(state))
                return OPSTATE_REFUSED;
            state->is_completed = 1;
            return 0;
        case OPSTATE_FINISH:
            if (state->phase != OPSTATE_RUNNING)
                return OPSTATE_REFUSED;
            return opstate__end(state);
        case OPSTATE_CANCEL:
            return opstate__cancel(state);
        case OPSTATE_CLOSE:
            return opstate__close(state);
        default:
            return OPSTATE_REFUSED;
    }
}
