/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_RIO_WORKQUEUE_H
#define WSEXT_RIO_WORKQUEUE_H

#include "core/loop.h"
#include "core/stats.h"
#include "rio/queue.h"

/* The two directions of a request queue, and the loop's side of them. */

struct rio_list {
    struct rio_request* first;
    struct rio_request** end;
};

struct rio_workqueue {
    struct rio_completions* completions;
    ULONG limit;
    ULONG used;                              /* Requests whose completion was not taken yet. */
    struct rio_list deferred, ready, flight; /* Not committed; not begun; begun. */
    unsigned char is_barred; /* One in flight waits for all, and what follows must not be its. */
};

/* All of it is under rio_lock(). The record's lock covers the handle: as long as the record names
 * the queue, the handle is the socket's. */
struct rio_queue {
    uintptr_t id;
    struct rio_socket socket;
    ULONGLONG context;
    struct rio_workqueue workqueues[RIO_DIRECTIONS];
    struct rio_queue* next; /* Of all, with the place that points here. */
    struct rio_queue** place;
    struct rio_queue* next_handed_over;
    struct rio_queue* next_served; /* The loop's own. */
    unsigned char is_closed;
    unsigned char is_handed_over;
    unsigned char is_served;
    unsigned char has_cancelled;
};

void rio_workqueues_init(struct rio_queue* queue);

void rio_list_append(struct rio_list* list, struct rio_request* request);

/* Moves what was deferred to what is ready and hands the queue to the loop. Returns whether the
 * loop must be woken, without the lock. */
int rio_workqueues_commit(struct rio_queue* queue, enum rio_direction direction);

/* What the requests of a direction are counted as. */
enum stats_function rio_workqueue_function(enum rio_direction direction);

/* The completion of a request was taken or dropped. */
void rio_workqueues_release(struct rio_completion* completion);

/* Marks the receives that are under way to that buffer for cancelling; returns how many the host
 * has, and sets *wakes as above. */
unsigned rio_workqueues_cancel_receives(struct rio_queue* queue, RIO_BUFFERID id, int* wakes);
unsigned rio_workqueues_count_receives(const struct rio_queue* queue, RIO_BUFFERID id);

/* Under a socket's lock: its request queue, if it has one, is closed with it. */
void rio_queue_close(struct socket* socket, int is_closed);

/* Frees a queue whose socket is closed once nothing of it is left. */
void rio_queue_free_if_unused(struct rio_queue* queue);

/* What the loop's thread does for all queues: begins what is ready and reports what has ended. */
extern const struct loop_service rio_workqueues_service;

#endif
