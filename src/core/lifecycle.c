/* SPDX-License-Identifier: MIT */
#include "core/lifecycle.h"

enum lifecycle__state {
    LIFECYCLE__FRESH,      /* What the socket is, only the host knows. */
    LIFECYCLE__PLAIN,      /* A non-blocking connect of the program's own may be under way. */
    LIFECYCLE__CONNECTING, /* A connect is owned by wsext, which will be told of its end. */
    LIFECYCLE__CARRIED,    /* A ConnectEx is pending in the host, or has ended unseen. */
    LIFECYCLE__DEFAULT,    /* Connected, and the context is not updated yet. */
    LIFECYCLE__OPEN,       /* An ordinary connected socket. */
    LIFECYCLE__FAILED,     /* The connect failed or was given up, and may be tried again. */
    LIFECYCLE__ACCEPTING,  /* An AcceptEx is pending in the host, or has ended unseen. */
    LIFECYCLE__DISCONNECTING,
    LIFECYCLE__REUSABLE,
    LIFECYCLE__CLOSED
};

enum lifecycle__origin { LIFECYCLE__UNKNOWN, LIFECYCLE__BY_CONNECT, LIFECYCLE__BY_ACCEPT };

void lifecycle_init(struct lifecycle* lifecycle) {
    lifecycle->state = LIFECYCLE__FRESH;
    lifecycle->before = LIFECYCLE__FRESH;
    lifecycle->origin = LIFECYCLE__UNKNOWN;
}

static int lifecycle__go(struct lifecycle* lifecycle, enum lifecycle__state state) {
    lifecycle->state = (unsigned char) state;
    return 0;
}

static int lifecycle__connect(struct lifecycle* lifecycle, enum lifecycle__state state) {
    enum lifecycle_answer answer = lifecycle_may_connect(lifecycle);
    /* HOST: the host was asked, by the very call that has succeeded. */
    if (answer != LIFECYCLE_YES && answer != LIFECYCLE_HOST)
        return -1;
    lifecycle->origin = LIFECYCLE__BY_CONNECT;
    return lifecycle__go(lifecycle, state);
}

static int lifecycle__accept(struct lifecycle* lifecycle) {
    if (lifecycle_may_accept(lifecycle) == LIFECYCLE_NO)
        return -1;
    lifecycle->origin = LIFECYCLE__BY_ACCEPT;
    return lifecycle__go(lifecycle, LIFECYCLE__ACCEPTING);
}

static int lifecycle__up(struct lifecycle* lifecycle) {
    switch (lifecycle->state) {
        case LIFECYCLE__CONNECTING:
        case LIFECYCLE__CARRIED:
        case LIFECYCLE__ACCEPTING:
            return lifecycle__go(lifecycle, LIFECYCLE__DEFAULT);
        case LIFECYCLE__DISCONNECTING:
            /* The program may not have waited for the end of the connect. */
            if (lifecycle->before != LIFECYCLE__CARRIED &&
                lifecycle->before != LIFECYCLE__ACCEPTING)
                return -1;
            lifecycle->before = LIFECYCLE__DEFAULT;
            return 0;
        default:
            return -1; /* It was given up meanwhile. */
    }
}

static int lifecycle__down(struct lifecycle* lifecycle) {
    if (lifecycle->state != LIFECYCLE__CONNECTING)
        return -1; /* It was given up meanwhile. */
    return lifecycle__go(lifecycle, LIFECYCLE__FAILED);
}

static int lifecycle__update(struct lifecycle* lifecycle) {
    /* Only who has seen the connection up may declare it an ordinary one. */
    if (lifecycle->state != LIFECYCLE__DEFAULT && lifecycle->state != LIFECYCLE__OPEN)
        return -1;
    return lifecycle__go(lifecycle, LIFECYCLE__OPEN);
}

static int lifecycle__disconnect(struct lifecycle* lifecycle) {
    if (lifecycle_may_disconnect(lifecycle) != LIFECYCLE_YES)
        return -1;
    lifecycle->before = lifecycle->state;
    return lifecycle__go(lifecycle, LIFECYCLE__DISCONNECTING);
}

static int lifecycle__disconnected(struct lifecycle* lifecycle, enum lifecycle__state state) {
    if (lifecycle->state != LIFECYCLE__DISCONNECTING)
        return -1;
    return lifecycle__go(lifecycle, state);
}

int lifecycle_step(struct lifecycle* lifecycle, enum lifecycle_event event) {
    /* The handle is gone, and what its last host calls still tell concerns nobody. */
    if (lifecycle->state == LIFECYCLE__CLOSED)
        return -1;
    switch (event) {
        case LIFECYCLE_CONNECT:
            return lifecycle__connect(lifecycle, LIFECYCLE__CONNECTING);
        case LIFECYCLE_CONNECT_HOST:
            return lifecycle__connect(lifecycle, LIFECYCLE__CARRIED);
        case LIFECYCLE_UP:
            return lifecycle__up(lifecycle);
        case LIFECYCLE_DOWN:
            return lifecycle__down(lifecycle);
        case LIFECYCLE_UPDATE:
            return lifecycle__update(lifecycle);
        case LIFECYCLE_PLAIN:
            return lifecycle__connect(lifecycle, LIFECYCLE__FRESH);
        case LIFECYCLE_PLAIN_BEGUN:
            return lifecycle__connect(lifecycle, LIFECYCLE__PLAIN);
        case LIFECYCLE_ACCEPT:
            return lifecycle__accept(lifecycle);
        case LIFECYCLE_DISCONNECT:
            return lifecycle__disconnect(lifecycle);
        case LIFECYCLE_STAYS:
            return lifecycle__disconnected(lifecycle, (enum lifecycle__state) lifecycle->before);
        case LIFECYCLE_DISCONNECTED:
            return lifecycle__disconnected(lifecycle, LIFECYCLE__FRESH);
        case LIFECYCLE_REUSED:
            return lifecycle__disconnected(lifecycle, LIFECYCLE__REUSABLE);
        case LIFECYCLE_CLOSE:
            return lifecycle__go(lifecycle, LIFECYCLE__CLOSED);
        default:
            return -1;
    }
}

enum lifecycle_answer lifecycle_may_connect(const struct lifecycle* lifecycle) {
    switch (lifecycle->state) {
        case LIFECYCLE__CONNECTING:
            return LIFECYCLE_BUSY;
        case LIFECYCLE__DISCONNECTING:
            return LIFECYCLE_NO;
        case LIFECYCLE__REUSABLE:
            return lifecycle->origin == LIFECYCLE__BY_ACCEPT ? LIFECYCLE_NO : LIFECYCLE_YES;
        case LIFECYCLE__CLOSED:
            return LIFECYCLE_GONE;
        case LIFECYCLE__FAILED:
            return LIFECYCLE_YES;
        default:
            return LIFECYCLE_HOST;
    }
}

enum lifecycle_answer lifecycle_may_accept(const struct lifecycle* lifecycle) {
    switch (lifecycle->state) {
        case LIFECYCLE__FRESH:
            return LIFECYCLE_YES;
        case LIFECYCLE__ACCEPTING: /* Unless the last one goes on. */
            return LIFECYCLE_HOST;
        case LIFECYCLE__DEFAULT: /* The handle's value may have come back, as long as it waits. */
            return lifecycle->origin == LIFECYCLE__BY_ACCEPT ? LIFECYCLE_HOST : LIFECYCLE_NO;
        case LIFECYCLE__REUSABLE:
            return lifecycle->origin == LIFECYCLE__BY_CONNECT ? LIFECYCLE_NO : LIFECYCLE_YES;
        default:
            return LIFECYCLE_NO;
    }
}

enum lifecycle_answer lifecycle_may_disconnect(const struct lifecycle* lifecycle) {
    switch (lifecycle->state) {
        case LIFECYCLE__CONNECTING:
        case LIFECYCLE__DISCONNECTING:
        case LIFECYCLE__REUSABLE:
            return LIFECYCLE_NO;
        case LIFECYCLE__CLOSED:
            return LIFECYCLE_GONE;
        default:
            return LIFECYCLE_YES; /* The host has said that it is connected. */
    }
}

static enum lifecycle__state lifecycle__connection(const struct lifecycle* lifecycle) {
    /* A disconnect that is under way has not ended anything yet. */
    return (enum lifecycle__state)(lifecycle->state == LIFECYCLE__DISCONNECTING ? lifecycle->before
                                                                                : lifecycle->state);
}

enum lifecycle_answer lifecycle_is_default(const struct lifecycle* lifecycle) {
    switch (lifecycle__connection(lifecycle)) {
        case LIFECYCLE__DEFAULT:
        case LIFECYCLE__CONNECTING:
        case LIFECYCLE__CARRIED:
        case LIFECYCLE__ACCEPTING:
            return LIFECYCLE_HOST; /* The handle's value may have come back with another socket. */
        default:
            return LIFECYCLE_NO;
    }
}

enum lifecycle_answer lifecycle_may_update(const struct lifecycle* lifecycle) {
    switch (lifecycle->state) {
        case LIFECYCLE__DEFAULT:
        case LIFECYCLE__OPEN:
            return LIFECYCLE_YES;
        case LIFECYCLE__CARRIED:
        case LIFECYCLE__ACCEPTING:
            return LIFECYCLE_HOST;
        default:
            return LIFECYCLE_NO;
    }
}

int lifecycle_is_fresh(const struct lifecycle* lifecycle) {
    return lifecycle->state == LIFECYCLE__FRESH || lifecycle->state == LIFECYCLE__PLAIN ||
           lifecycle->state == LIFECYCLE__FAILED;
}

int lifecycle_is_begun(const struct lifecycle* lifecycle) {
    return lifecycle->state == LIFECYCLE__PLAIN || lifecycle->state == LIFECYCLE__CONNECTING ||
           lifecycle->state == LIFECYCLE__CARRIED;
}

int lifecycle_is_accepting(const struct lifecycle* lifecycle) {
    return lifecycle__connection(lifecycle) == LIFECYCLE__ACCEPTING;
}

int lifecycle_by_accept(const struct lifecycle* lifecycle) {
    return lifecycle->origin == LIFECYCLE__BY_ACCEPT;
}

int lifecycle_is_connecting(const struct lifecycle* lifecycle) {
    return lifecycle->state == LIFECYCLE__CONNECTING;
}

int lifecycle_is_reusable(const struct lifecycle* lifecycle) {
    return lifecycle->state == LIFECYCLE__REUSABLE;
}

int lifecycle_is_disconnecting(const struct lifecycle* lifecycle) {
    return lifecycle->state == LIFECYCLE__DISCONNECTING;
}

int lifecycle_is_closed(const struct lifecycle* lifecycle) {
    return lifecycle->state == LIFECYCLE__CLOSED;
}

const char* lifecycle_state_name(const struct lifecycle* lifecycle) {
    static const char* const names[LIFECYCLE_STATE_COUNT] = {
        "fresh",  "plain",     "connecting",    "carried",  "default", "open",
        "failed", "accepting", "disconnecting", "reusable", "closed"};
    return lifecycle->state < LIFECYCLE_STATE_COUNT ? names[lifecycle->state] : "?";
}

const char* lifecycle_event_name(enum lifecycle_event event) {
    static const char* const names[LIFECYCLE_EVENT_COUNT] = {"connect",
                                                             "carried connect",
                                                             "up",
                                                             "down",
                                                             "update",
                                                             "plain connect",
                                                             "plain connect begun",
                                                             "accept",
                                                             "disconnect",
                                                             "stays",
                                                             "disconnected",
                                                             "reused",
                                                             "close"};
    return event < LIFECYCLE_EVENT_COUNT ? names[event] : "?";
}
