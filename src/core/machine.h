/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_MACHINE_H
#define WSEXT_CORE_MACHINE_H

/* The state machine of one socket. It is pure: it is given an event, changes its state and says
 * what is to be done; it calls nothing and locks nothing. The caller holds the socket's lock from
 * the event until the actions are carried out, so that no event falls between the two.
 *
 * A completion is *owed* while the program waits for an operation whose OVERLAPPED is in our hands:
 * the machine then asks for exactly one of MACHINE_SEND (followed by MACHINE_HANDED or
 * MACHINE_DOWN), MACHINE_FAIL and MACHINE_ABORT. Once the host carries the OVERLAPPED, the host
 * completes it. */

enum machine_state {
    MACHINE_UNCONNECTED,   /* Whether the socket is connected is not ours to know: ask the host. */
    MACHINE_CONNECTING,    /* A connect is under way whose outcome is reported to us. */
    MACHINE_SENDING,       /* The host carries the program's OVERLAPPED: we do not see it end. */
    MACHINE_CONNECTED,     /* The connection is known to be up; the context is not updated yet. */
    MACHINE_UPDATED,       /* SO_UPDATE_CONNECT_CONTEXT or SO_UPDATE_ACCEPT_CONTEXT was set: an
                            * ordinary connected socket. */
    MACHINE_FAILED,        /* The operation ended without a connection and may be tried again. */
    MACHINE_ACCEPTING,     /* The host carries out an AcceptEx onto it: we do not see it end. */
    MACHINE_DISCONNECTING, /* DisconnectEx, or the end of TransmitFile, is at work. */
    MACHINE_REUSABLE,      /* The socket was made as good as new, to be connected once more. */
    MACHINE_CLOSED,
    MACHINE_STATE_COUNT
};

enum machine_event {
    MACHINE_WATCHED,      /* A connect was started, and its outcome will be reported. */
    MACHINE_HANDED,       /* The host took the program's OVERLAPPED, with the send or as a whole. */
    MACHINE_UP,           /* The watched connect succeeded. */
    MACHINE_DOWN,         /* The watched connect, or the send that followed it, failed. */
    MACHINE_CANCEL,       /* The program cancels its operation. */
    MACHINE_THREAD_EXIT,  /* The thread that owns the operation ends. */
    MACHINE_CLOSE,        /* The program closes the socket. */
    MACHINE_SEEN_UP,      /* The host, asked, says that the socket is connected. */
    MACHINE_UPDATE,       /* SO_UPDATE_CONNECT_CONTEXT or SO_UPDATE_ACCEPT_CONTEXT is set. */
    MACHINE_PLAIN,        /* The program itself connected the socket by other means. */
    MACHINE_ACCEPT,       /* The host took an AcceptEx onto the socket. */
    MACHINE_DISCONNECT,   /* The connection is to be ended. */
    MACHINE_DISCONNECTED, /* It was ended without making the socket reusable, or could not be. */
    MACHINE_REUSED,       /* It was ended, and the socket is reusable. */
    MACHINE_EVENT_COUNT
};

/* What the caller has to do; any number of these at once. */
enum machine_action {
    MACHINE_SEND = 1,        /* Send the payload with the program's OVERLAPPED. */
    MACHINE_FAIL = 2,        /* Complete the program's OVERLAPPED with the reported failure. */
    MACHINE_ABORT = 4,       /* Complete the program's OVERLAPPED as cancelled. */
    MACHINE_CANCEL_HOST = 8, /* Have the host cancel the OVERLAPPED that it carries. */
    MACHINE_FORBIDDEN = 16   /* The event is not allowed now: fail the program's call. */
};

/* Where the connection came from: a socket that was connected by one way can be used again by that
 * way only (Microsoft's page on LPFN_CONNECTEX). */
enum machine_origin { MACHINE_ORIGIN_UNKNOWN, MACHINE_ORIGIN_CONNECT, MACHINE_ORIGIN_ACCEPT };

struct machine {
    unsigned char state;  /* enum machine_state */
    unsigned char owed;   /* 1 while a completion is owed by us. */
    unsigned char handed; /* 1 since the host was handed an OVERLAPPED for this connection. */
    unsigned char origin; /* enum machine_origin */
};

void machine_init(struct machine* machine);

/* Takes an event and returns the actions it asks for. An event that has no meaning in the state,
 * such as the outcome of a connect that was cancelled meanwhile, changes nothing and returns 0. */
unsigned machine_step(struct machine* machine, enum machine_event event);

/* Whether a connect of ours is in progress, so that another one is WSAEALREADY. */
int machine_is_connecting(const struct machine* machine);

/* Whether the socket may be connected now, as far as that is ours to know: not while it is being
 * disconnected, and not one that is to be used again by AcceptEx. */
int machine_may_connect(const struct machine* machine);

/* Whether the host was handed an OVERLAPPED, which it may still carry: a program may update the
 * context of a connection whose payload is being sent. */
int machine_is_carried(const struct machine* machine);

/* Whether ConnectEx connected the socket, or may have, and its context is still to be updated. */
int machine_is_default_state(const struct machine* machine);

/* The same for AcceptEx, which may have ended in any way, or not yet. */
int machine_is_accepting(const struct machine* machine);

/* Whether AcceptEx may be given the socket, as far as that is ours to know. */
int machine_may_accept(const struct machine* machine);

/* Whether the socket was made reusable, and not connected since. */
int machine_is_reusable(const struct machine* machine);

/* Whether ConnectEx connected the socket, or may have, and nothing has ended that since. */
int machine_is_connected(const struct machine* machine);

/* The state's and the event's name, for the log. */
const char* machine_state_name(enum machine_state state);
const char* machine_event_name(enum machine_event event);

#endif
