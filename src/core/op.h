/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_OP_H
#define WSEXT_CORE_OP_H

#include <stdint.h>

#include "core/opstate.h"
#include "core/socket.h"
#include "core/stats.h"

/* One operation of the program that wsext carries out, by host calls that it makes one after the
 * other: the steps. It belongs to a socket and to the program's OVERLAPPED, which is completed
 * once, also when it is cancelled, the socket is closed or the thread that issued it ends.
 *
 * A kind says what comes after what. An executor makes the steps:
 *     loop    the completion core's thread; overlapped, with an OVERLAPPED of ours
 *     worker  a thread of a bounded pool; by blocking calls
 *     caller  the calling thread, which waits; no other thread is needed
 * What the host carries as a whole is no op: see struct carried in socket.h. */

struct op;

enum op_executor { OP_LOOP, OP_WORKER, OP_CALLER };

enum op_verdict {
    OP_WAITS, /* A step was begun. */
    OP_LATER, /* None can be begun yet: the kind is asked again when the loop is woken, or after
               * op->retry milliseconds where that is not 0. */
    OP_ENDS   /* The operation has ended, by op_end() or op_fail(). */
};

struct op_kind {
    enum stats_function function;
    /* Without a lock, by the executor's thread, and at first by the caller of issue_op(): first
     * with STATUS__SUCCESS and 0 bytes, then each time a step has ended with what came of it, and
     * again after OP_LATER. */
    enum op_verdict (*advance)(struct op* op, uint32_t status, DWORD bytes);
    /* Before the OVERLAPPED is completed: gives back what the program must have by then. May be
     * called under the socket's lock. May be NULL. */
    void (*give_back)(struct op* op);
    /* Under the socket's lock, before the OVERLAPPED is completed, unless the socket was closed.
     * May be NULL. */
    void (*settle)(struct socket* socket, struct op* op);
    /* Frees the operation. */
    void (*destroy)(struct op* op);
};

/* The head of each operation; the kind's own members follow in a struct of its own. */
struct op {
    OVERLAPPED step; /* Ours, for the host's call. */
    const struct op_kind* kind;
    OVERLAPPED* overlapped; /* The program's, or NULL for a caller that waits. */
    struct op* next;        /* In the list of who carries it out. */
    struct op* sibling;     /* Of the socket: one that was issued before. */
    SOCKET handle;
    ULONGLONG serial; /* Of the socket's record. */
    HANDLE event;     /* Our reference to the program's event. */
    HANDLE waiter;    /* What a caller waits by for the end of a step. */
    ULONGLONG bytes;  /* What the operation ends with, */
    uint32_t status;
    int error;              /* and the Winsock error, where the status stands for several. */
    DWORD owner;            /* The thread that issued the operation. */
    DWORD retry;            /* See OP_LATER; */
    DWORD put_off;          /* and when it was said. */
    unsigned number;        /* Grows with each operation that is issued. */
    struct target target;   /* Where it is reported once the socket is closed. */
    struct port held;       /* What the socket reported to when it was issued. */
    struct opstate state;   /* This and what follows is under the socket's lock. */
    unsigned char executor; /* enum op_executor */
    unsigned char survives; /* It outlives its owner. */
    unsigned char more;     /* Set by the kind before it begins a step: there is more to come behind
                             * it, so that later operations of the socket have to wait. */
    unsigned char has_more; /* The same of the step under way. */
    unsigned char is_behind;   /* It waits for an earlier operation of the socket. */
    unsigned char is_ended;    /* It waits to be reported after earlier ones. */
    unsigned char is_send;     /* The step is a send. */
    unsigned char never_skips; /* Set by the kind: it has a packet in any case. */
    unsigned char is_message;  /* Set by the kind: what it sends in a step is one message. */
    unsigned char in_call;     /* The caller of issue_op() is at work on it. */
    unsigned char from_call;   /* The step under way was begun by a thread of the program. */
};

/* Sets up the head of an operation, which is zero else. Returns 0; or the error with which the call
 * is to be refused, as the OVERLAPPED's event is none or there is no memory: then the operation is
 * the caller's to free. */
int op_init(struct op* op, const struct op_kind* kind, enum op_executor executor,
            OVERLAPPED* overlapped);

/* Gives back what op_init() took, of an operation that was not attached. */
void op_discard(struct op* op);

/* Under the socket's lock: makes it an operation of the socket, of which the caller is at work. */
void op_attach(struct socket* socket, struct op* op);

/* For a kind's advance(): begins to send all of the buffers, as the next step. What they name must
 * live until the step ends. Returns OP_WAITS, or OP_ENDS with the operation's error set where the
 * host refuses, or the operation is to end. */
enum op_verdict op_send(struct op* op, WSABUF* buffers, DWORD count);

/* The same for another call that the caller makes with op->step in between, on a socket that makes
 * its caller wait: the first returns 0, or -1 where the operation is to end; the second is told 0,
 * ERROR_IO_PENDING or the call's error. */
int op_begin_step(struct op* op);
enum op_verdict op_begun(struct op* op, int error);

/* Under the socket's lock: a step that uses nothing of the program's is under way. Returns 0, or
 * -1 where the operation is to end. What is under way ends when step.Internal says so. */
int op_begin_quietly(struct op* op);

/* Without the lock: that step has ended. Returns 0, or -1 where the operation was completed
 * meanwhile, so that op_end() is all that may be done with it. */
int op_leave_step(struct op* op);

/* Ends the operation: with a status, or with a Winsock error, and op->bytes. Return OP_ENDS. */
enum op_verdict op_end(struct op* op, uint32_t status);
enum op_verdict op_fail(struct op* op, int error);

/* Whether the host has ended with the step. */
int op_is_stepped(const struct op* op);

/* Whether it goes on: neither cancelled nor at its end. Without a lock an answer of the past. */
int op_is_live(const struct op* op);

/* Under the socket's lock: cancels an operation, which ends as soon as the host has let go of the
 * program's memory. Returns 1, or 0 where it has ended or is cancelled already. */
int op_cancel(struct socket* socket, struct op* op);

/* Under the socket's lock: the socket is about to be closed, or is closed already and its handle
 * may be another's. The operation ends as cancelled, without the record. */
void op_close(struct socket* socket, struct op* op, int is_closed);

/* For who carries operations out, without a lock: takes up what is due, with what its last step has
 * come to, and makes steps as long as they end at once. Returns OP_LATER for one that is not due or
 * is put off, OP_WAITS for one that waits for a step, OP_ENDS for one that is gone. */
enum op_verdict op_run(struct op* op);

/* Whether its turn has come. Without a lock. */
int op_is_due(struct op* op);

/* What op_run() is made of, for issue.c, without a lock. op_take_up() returns OP_WAITS for one that
 * may go on, OP_LATER, or OP_ENDS for one that is to be destroyed. */
enum op_verdict op_take_up(struct op* op);
enum op_verdict op_advance(struct op* op);
enum op_verdict op_put_off(struct op* op);
void op_destroy(struct op* op);

/* Under the socket's lock: the host has taken the program's OVERLAPPED for a send, which has ended
 * at once or goes on, and completes it. The operation is no more to anybody but who runs it. */
void op_hand_over(struct socket* socket, struct op* op, int has_ended);

/* The error with which it ends, or 0. */
int op_error(const struct op* op);

/* The same, under the socket's lock: whether an earlier operation has still to send, or to be
 * reported; the program's thread leaves it, which has begun a step or not; takes it out of the
 * socket; and completes it, as it was told to. */
int op_has_to_wait(const struct socket* socket, const struct op* op);
int op_is_early(const struct socket* socket, const struct op* op);
void op_leave_call(struct op* op, int is_stepping);
void op_unlink(struct socket* socket, const struct op* op);
void op_let_go(struct op* op);
void op_complete(struct socket* socket, struct op* op);

#endif
