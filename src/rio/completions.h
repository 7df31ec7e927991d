/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_RIO_COMPLETIONS_H
#define WSEXT_RIO_COMPLETIONS_H

#include "rio/objects.h"

/* Completion queues: what has ended and waits to be taken, who is to be told of it, and how much
 * room the request queues that report here have been promised. */

struct rio_completions;

/* What waits to be taken; the head of a request. */
struct rio_completion {
    struct rio_completion* next;
    RIORESULT result;
    unsigned char is_quiet; /* RIO_MSG_DONT_NOTIFY. */
    /* Under the lock: the completion was taken or dropped. */
    void (*release)(struct rio_completion* completion);
};

/* Creates a queue and returns its name, or RIO_INVALID_CQ with *error set: WSAEINVAL for a size
 * that is 0 or above RIO_MAX_CQ_SIZE, for a type that is not known, a handle that is none of the
 * type's, and a NULL Overlapped; WSAEFAULT for a structure that cannot be read; WSAENOBUFS. Without
 * a structure the queue is polled only. Source: RIOCreateCompletionQueue. */
RIO_CQ rio_completions_create(DWORD size, const RIO_NOTIFICATION_COMPLETION* notification,
                              int* error);

/* Closes the queue: what waits in it and what is still to come is dropped. An unknown name is
 * ignored. Source: RIOCloseCompletionQueue. */
void rio_completions_close(RIO_CQ id);

/* Returns 0, WSAEINVAL for an unknown name or a wrong size, or WSAETOOMANYREFS for a size that is
 * smaller than the room promised. Source: RIOResizeCompletionQueue. */
int rio_completions_resize(RIO_CQ id, DWORD size);

/* Asks to be told once that a completion is there or has come. Returns 0; WSAEALREADY while one
 * that was asked for is still to come; WSAEINVAL for an unknown name and for a queue that is polled
 * only. Source: RIONotify. */
int rio_completions_notify(RIO_CQ id);

/* Takes up to count completions, the oldest first, and returns how many; RIO_CORRUPT_CQ for an
 * unknown name or results that cannot be written, with *error set. Source: RIODequeueCompletion. */
ULONG rio_completions_take(RIO_CQ id, RIORESULT* results, ULONG count, int* error);

/* The rest is for request queues, under the lock. */

struct rio_completions* rio_completions_find(RIO_CQ id);

/* Whether the program has not closed the queue. */
int rio_completions_is_open(const struct rio_completions* completions);

/* Promises room for that many more completions; returns 0, or WSAENOBUFS where the queue is not
 * large enough. */
int rio_completions_promise(struct rio_completions* completions, ULONG count);
void rio_completions_take_back(struct rio_completions* completions, ULONG count);

/* Keeps the structure, but not the program's queue, for one request queue. */
void rio_completions_hold(struct rio_completions* completions);
void rio_completions_let_go(struct rio_completions* completions);

/* A request has ended; the result is filled in. */
void rio_completions_put(struct rio_completions* completions, struct rio_completion* completion);

#endif
