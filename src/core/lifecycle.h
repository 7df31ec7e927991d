/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_LIFECYCLE_H
#define WSEXT_CORE_LIFECYCLE_H

/* The state machine of one socket: pure, it calls nothing and locks nothing, and it is the only
 * place that knows states. It takes events, says whether they are allowed, and answers questions;
 * who asks honours the answer. The caller holds the socket's lock.
 *
 *     fresh ─▶ connecting ─▶ default ─▶ open          ConnectEx
 *     fresh ─▶ accepting ──▶ default ─▶ open          AcceptEx
 *     connecting ─▶ failed ─▶ connecting              it may be tried again
 *     any of these ─▶ disconnecting ─▶ fresh          DisconnectEx, or
 *                                   ─▶ reusable       with TF_REUSE_SOCKET, or back again
 *
 * A connect or accept that is pending in the host ends unseen, unless the program is told of it by
 * a way that leads through us (witness.h): who needs to know asks the host, and tells by
 * LIFECYCLE_UP. */

enum lifecycle_event {
    LIFECYCLE_CONNECT,      /* A connect was begun whose end will be told. */
    LIFECYCLE_CONNECT_HOST, /* The host took a ConnectEx of which it tells the program alone. */
    LIFECYCLE_UP,           /* The connection is up. */
    LIFECYCLE_DOWN,         /* The connect has failed, or was given up. */
    LIFECYCLE_UPDATE,       /* SO_UPDATE_CONNECT_CONTEXT or SO_UPDATE_ACCEPT_CONTEXT is set. */
    LIFECYCLE_PLAIN,        /* The program connected the socket by other means, */
    LIFECYCLE_PLAIN_BEGUN,  /* or began to. */
    LIFECYCLE_ACCEPT,       /* The host took an AcceptEx onto the socket. */
    LIFECYCLE_DISCONNECT,   /* The connection is to be ended. */
    LIFECYCLE_STAYS,        /* It was not ended: the socket is what it was before. */
    LIFECYCLE_DISCONNECTED, /* It was ended. */
    LIFECYCLE_REUSED,       /* It was ended, and the socket is ready for reuse. */
    LIFECYCLE_CLOSE,
    LIFECYCLE_EVENT_COUNT
};

/* The origin of a connection is part of the state, as a socket that was connected by one way can be
 * used again by that way only (Microsoft's page on LPFN_CONNECTEX). */
struct lifecycle {
    unsigned char state;
    unsigned char before; /* The state that disconnecting goes back to. */
    unsigned char origin;
};

void lifecycle_init(struct lifecycle* lifecycle);

/* Takes an event. Returns 0, or -1 where it is not allowed now and has changed nothing. */
int lifecycle_step(struct lifecycle* lifecycle, enum lifecycle_event event);

/* What is known of a question without asking the host. */
enum lifecycle_answer {
    LIFECYCLE_NO,
    LIFECYCLE_YES,
    LIFECYCLE_HOST, /* Only the host knows. */
    LIFECYCLE_BUSY, /* No, because a connect is in progress. */
    LIFECYCLE_GONE  /* No, because the socket is being closed. */
};

/* Whether the socket may be connected: NO while it is being disconnected, and for one that is to be
 * used again by AcceptEx; HOST where the host has a connect under way or a connection, perhaps. */
enum lifecycle_answer lifecycle_may_connect(const struct lifecycle* lifecycle);

/* Whether AcceptEx may be given the socket. HOST where an AcceptEx was, whose end is not seen. */
enum lifecycle_answer lifecycle_may_accept(const struct lifecycle* lifecycle);

/* Whether a disconnect may begin. */
enum lifecycle_answer lifecycle_may_disconnect(const struct lifecycle* lifecycle);

/* Whether the socket is in the state that ConnectEx, or AcceptEx, leaves until its context is
 * updated: connected, but not for shutdown and getpeername. HOST where that is so if the host says
 * that it is connected; it stays so while it is being disconnected. */
enum lifecycle_answer lifecycle_is_default(const struct lifecycle* lifecycle);

/* Whether the context may be updated: HOST where that is so if the host says that the socket is
 * connected, NO where a connect of ours has not got that far. */
enum lifecycle_answer lifecycle_may_update(const struct lifecycle* lifecycle);

/* Whether nothing is known of the socket, so that all about it is the host's. */
int lifecycle_is_fresh(const struct lifecycle* lifecycle);

/* Whether a connect was begun, by any means, of which no end is known. */
int lifecycle_is_begun(const struct lifecycle* lifecycle);

/* Whether the socket has an AcceptEx of which no end is known. */
int lifecycle_is_accepting(const struct lifecycle* lifecycle);

/* Whether the connection, or the one before, came by AcceptEx. */
int lifecycle_by_accept(const struct lifecycle* lifecycle);

/* Whether a connect whose end will be told is under way. */
int lifecycle_is_connecting(const struct lifecycle* lifecycle);

/* Whether the socket was made ready for reuse, and not used since. */
int lifecycle_is_reusable(const struct lifecycle* lifecycle);

/* Whether it is being disconnected, or closed. */
int lifecycle_is_disconnecting(const struct lifecycle* lifecycle);
int lifecycle_is_closed(const struct lifecycle* lifecycle);

/* Names for the log. */
const char* lifecycle_state_name(const struct lifecycle* lifecycle);
const char* lifecycle_event_name(enum lifecycle_event event);

/* The number of states, and the state as one of them, for the test that walks all paths. */
#define LIFECYCLE_STATE_COUNT 11

#endif
