/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_TASK_H
#define WSEXT_CORE_TASK_H

#include <stdint.h>

#include "core/record.h"
#include "core/stats.h"

/* An overlapped operation of the program that takes several host calls, which the engine's thread
 * makes one after the other: the steps. A task belongs to a socket and to the program's OVERLAPPED
 * until it ends, and its OVERLAPPED is completed once, also when it is cancelled, the socket is
 * closed or the thread that issued it ends. */

struct task;

enum task_verdict {
    TASK_WAITS, /* A step was begun. */
    TASK_ENDS   /* The operation has ended, with task->status and task->bytes. */
};

struct task_kind {
    enum stats_function function;
    /* Called by the engine's thread, without a lock: first with STATUS__SUCCESS and 0 bytes, then
     * each time a step has ended with what came of it. Must not wait for the network or a peer. */
    enum task_verdict (*advance)(struct task* task, uint32_t status, DWORD bytes);
    /* Under the record's lock, before the OVERLAPPED is completed, unless the socket was closed; may
     * be NULL. */
    void (*settle)(struct record* record, struct task* task);
    /* Frees the task, which the engine does not touch any more. The OVERLAPPED is completed. */
    void (*release)(struct task* task);
};

/* The head of each task; the kind's own members follow in a struct of its own. All but kind,
 * overlapped, status and bytes is for task.c. */
struct task {
    OVERLAPPED step; /* Ours, for the host's call. */
    const struct task_kind* kind;
    OVERLAPPED* overlapped; /* The program's. */
    uint32_t status;        /* What the operation ends with: the advance function sets them. */
    ULONGLONG bytes;
    SOCKET handle;
    unsigned number;
    struct task* next;    /* Of the engine. */
    struct task* sibling; /* Of the socket. */
    DWORD owner;          /* The thread that issued the operation. */
    unsigned char survives;
    unsigned char ending; /* Under the record's lock. */
    HANDLE port;          /* Where the socket's operations were reported when it was closed. */
    ULONG_PTR key;
};

/* Under the record's lock: makes the OVERLAPPED one of an operation in progress and has the
 * engine's thread begin. kind and overlapped are set by the caller, and the rest is zero. Returns
 * 0, or WSAENOBUFS where no thread can be had; the task is then still the caller's. */
int task_start(struct record* record, struct task* task);

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
unsigned task_cancel(struct record* record, const OVERLAPPED* overlapped, DWORD owner);

/* Under the record's lock: the thread ends; as task_cancel(), for the tasks that go with it. */
void task_thread_exits(struct record* record, DWORD owner);

/* Under the record's lock: the socket is about to be closed, or is closed already, and its handle
 * may be another's; its tasks end as cancelled without the record. */
void task_close(struct record* record, int is_closed);

/* For the engine's thread: takes a task over; gives each task whose step has ended its turn and
 * returns how many had one. The event, which is that thread's own, is signalled when a step ends.
 */
void task_adopt(struct task* task, HANDLE event);
unsigned task_run(void);

#endif
