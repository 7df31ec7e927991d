/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_TASK_H
#define WSEXT_CORE_TASK_H

#include <stdint.h>

#include "core/socket.h"
#include "core/stats.h"

/* An overlapped operation of the program that takes several host calls, which the engine's thread
 * makes one after the other: the steps. A task belongs to a socket and to the program's OVERLAPPED
 * until it ends, and its OVERLAPPED is completed once, also when it is cancelled, the socket is
 * closed or the thread that issued it ends. */

struct task;

enum task_verdict {
    TASK_WAITS, /* A step was begun. */
    TASK_LATER, /* None can be begun yet; who has set it so wakes the engine when one may. */
    TASK_ENDS   /* The operation has ended, with task->status and task->bytes. */
};

struct task_kind {
    enum stats_function function;
    /* Called by the engine's thread, without a lock: first with STATUS__SUCCESS and 0 bytes, then
     * each time a step has ended with what came of it, and again after TASK_LATER. Must not wait
     * for the network or a peer. */
    enum task_verdict (*advance)(struct task* task, uint32_t status, DWORD bytes);
    /* Without a lock, before the OVERLAPPED is completed: gives back what the program must have by
     * then. May be NULL. */
    void (*let_go)(struct task* task);
    /* Under the record's lock, before the OVERLAPPED is completed, unless the socket was closed;
     * may be NULL. */
    void (*settle)(struct socket* socket, struct task* task);
    /* Frees the task, which the engine does not touch any more. The OVERLAPPED is completed. */
    void (*release)(struct task* task);
};

/* The head of each task; the kind's own members follow in a struct of its own. All but kind,
 * overlapped, status, bytes, error, more, is_behind, in_call, handle and is_waiting is for task.c.
 */
struct task {
    OVERLAPPED step; /* Ours, for the host's call. */
    const struct task_kind* kind;
    OVERLAPPED* overlapped; /* The program's. */
    uint32_t status;        /* What the operation ends with: the advance function sets them. */
    ULONGLONG bytes;
    int error; /* The Winsock error with which the host refused a step, or 0. */
    /* Set by the advance function before it begins a step: whether there is more to do after that
     * step, so that later tasks of the socket that begin with task_begin() wait for this one. */
    unsigned char more;
    unsigned char in_call; /* The advance function is called by task_begin(), under a lock. */
    SOCKET handle;
    unsigned number;
    struct task* next;    /* Of the engine. */
    struct task* sibling; /* Of the socket. */
    DWORD owner;          /* The thread that issued the operation. */
    unsigned char survives;
    unsigned char ending;      /* Under the record's lock. */
    unsigned char has_more;    /* As the step under way was begun with; under the record's lock. */
    unsigned char is_behind;   /* Waits for an earlier task of the socket. */
    unsigned char is_send;     /* The step is a send. */
    unsigned char is_waiting;  /* The socket's I/O makes its caller wait: task_carry_out(). */
    unsigned char from_caller; /* The step was begun by a thread of the program. */
    struct port port;          /* Where the socket's operations were reported when it was closed. */
    ULONG_PTR key;
};

/* Under the record's lock: makes the OVERLAPPED one of an operation in progress and has the
 * engine's thread begin. kind and overlapped are set by the caller, and the rest is zero. Returns
 * 0, or WSAENOBUFS where no thread can be had; the task is then still the caller's. Where
 * is_behind was set, it begins after the earlier tasks of the socket have sent all that is theirs.
 */
int task_start(struct socket* socket, struct task* task);

/* Under the record's lock: whether a task of the socket has more to send than the step under way.
 */
int task_has_more(const struct socket* socket);

/* The same for an operation that sends: the calling thread itself begins the first step, so that
 * the program may send more right after the call. The advance function is called with in_call set.
 * An operation that has nothing more to do when that step has ended at once is completed here.
 * Returns
 *     ERROR_IO_PENDING  it goes on, or has ended with success and is reported as if it had gone on
 *     0                 it has ended with success, its packet is left out because of skip mode, and
 *                       the task is released
 *     a Winsock error   it has failed, its OVERLAPPED is not used, and the task is the caller's */
int task_begin(struct socket* socket, struct task* task);

/* Carries out all of an operation in the calling thread, without a lock and without the engine: for
 * a socket that was created without WSA_FLAG_OVERLAPPED, whose host calls wait. Its overlapped is
 * not used, and the task stays the caller's. The advance function is called with is_waiting set,
 * and waits where it would put the step off else. Returns 0 or a Winsock error. */
int task_carry_out(SOCKET handle, struct task* task);

/* Begins a step of the kind's advance function: an overlapped send or receive on the task's socket
 * with its step OVERLAPPED. Returns TASK_WAITS, or TASK_ENDS with the task's status set where the
 * host refuses or the operation is to end. What the buffers name must live until the step ends. */
enum task_verdict task_send(struct task* task, WSABUF* buffers, DWORD count);
enum task_verdict task_receive(struct task* task, WSABUF* buffers, DWORD count, DWORD flags);

/* Ends the operation: sets the task's status and bytes, and returns TASK_ENDS. */
enum task_verdict task_end(struct task* task, uint32_t status, ULONGLONG bytes);

/* Under the record's lock: cancels those of the socket's tasks that have this OVERLAPPED (any for
 * NULL) and this owner (any for 0). They end as soon as the host has let go of their buffers.
 * Returns how many there were. */
unsigned task_cancel(struct socket* socket, const OVERLAPPED* overlapped, DWORD owner);

/* Under the record's lock: cancels all tasks of the socket but those that have sent everything and
 * are only to be reported yet. */
void task_cancel_unsent(struct socket* socket);

/* Under the record's lock: the thread ends; as task_cancel(), for the tasks that go with it. */
void task_thread_exits(struct socket* socket, DWORD owner);

/* Under the record's lock: the socket is about to be closed, or is closed already, and its handle
 * may be another's; its tasks end as cancelled without the record. */
void task_close(struct socket* socket, int is_closed);

/* The events that are signalled when a step ends: one for the steps that the engine's thread
 * begins, and one for those that others do. To be called once, first. */
void task_init(HANDLE own, HANDLE foreign);

/* For the engine's thread: takes a task over; gives each task whose step has ended its turn and
 * returns how many had one. */
void task_adopt(struct task* task);
unsigned task_run(void);

/* For the engine's thread: names the sockets whose steps are sends under way by looks_add(). */
void task_name_sends(void);

#endif
