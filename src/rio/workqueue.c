/* SPDX-License-Identifier: MIT */
#include "rio/workqueue.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/status.h"
#include "core/loop.h"
#include "core/stall.h"
#include "ext/sendlock.h"

static struct rio_queue* rio_workqueue__handed_over; /* Under the lock. */
static struct rio_queue* rio_workqueue__served;      /* The loop's own. */

static void rio_list__init(struct rio_list* list) {
    list->first = NULL;
    list->end = &list->first;
}

void rio_list_append(struct rio_list* list, struct rio_request* request) {
    request->next = NULL;
    *list->end = request;
    list->end = &request->next;
}

static struct rio_request* rio_list__pop(struct rio_list* list) {
    struct rio_request* request = list->first;
    list->first = request->next;
    if (list->first == NULL)
        list->end = &list->first;
    return request;
}

static void rio_list__move(struct rio_list* to, struct rio_list* from) {
    if (from->first == NULL)
        return;
    *to->end = from->first;
    to->end = from->end;
    rio_list__init(from);
}

void rio_workqueues_init(struct rio_queue* queue) {
    int i;
    for (i = 0; i < RIO_DIRECTIONS; i++) {
        rio_list__init(&queue->workqueues[i].deferred);
        rio_list__init(&queue->workqueues[i].ready);
        rio_list__init(&queue->workqueues[i].flight);
    }
}

/* The loop takes all queues at once, so the first that is handed over wakes it for all. */
static int rio_workqueue__hand_over(struct rio_queue* queue) {
    int first = rio_workqueue__handed_over == NULL;
    if (queue->is_handed_over)
        return 0;
    queue->is_handed_over = 1;
    queue->next_handed_over = rio_workqueue__handed_over;
    rio_workqueue__handed_over = queue;
    return first;
}

int rio_workqueues_commit(struct rio_queue* queue, enum rio_direction direction) {
    struct rio_workqueue* workqueue = &queue->workqueues[direction];
    if (workqueue->deferred.first == NULL)
        return 0;
    rio_list__move(&workqueue->ready, &workqueue->deferred);
    return rio_workqueue__hand_over(queue);
}

void rio_workqueues_release(struct rio_completion* completion) {
    struct rio_request* request = (struct rio_request*) completion;
    struct rio_queue* queue = request->queue;
    struct rio_workqueue* workqueue = &queue->workqueues[request->direction];
    workqueue->used--;
    if (queue->is_closed)
        rio_completions_take_back(workqueue->completions, 1);
    free(request);
    rio_queue_free_if_unused(queue);
}

enum stats_function rio_workqueue_function(enum rio_direction direction) {
    return direction == RIO_SEND ? STATS_RIOSEND : STATS_RIORECEIVE;
}

static int rio_workqueue__uses(const struct rio_request* request, RIO_BUFFERID id) {
    return request->has_data && request->parts[RIO_DATA].BufferId == id;
}

static unsigned rio_workqueue__cancel(const struct rio_list* list, RIO_BUFFERID id) {
    struct rio_request* request;
    unsigned count = 0;
    for (request = list->first; request != NULL; request = request->next) {
        if (!rio_workqueue__uses(request, id))
            continue;
        request->is_cancelled = 1;
        count++;
    }
    return count;
}

unsigned rio_workqueues_cancel_receives(struct rio_queue* queue, RIO_BUFFERID id, int* wakes) {
    struct rio_workqueue* workqueue = &queue->workqueues[RIO_RECEIVE];
    unsigned count;
    rio_workqueue__cancel(&workqueue->deferred, id);
    rio_workqueue__cancel(&workqueue->ready, id);
    count = rio_workqueue__cancel(&workqueue->flight, id);
    if (count > 0) {
        queue->has_cancelled = 1;
        *wakes |= rio_workqueue__hand_over(queue);
    }
    return count;
}

unsigned rio_workqueues_count_receives(const struct rio_queue* queue, RIO_BUFFERID id) {
    const struct rio_request* request;
    unsigned count = 0;
    for (request = queue->workqueues[RIO_RECEIVE].flight.first; request != NULL;
         request = request->next)
        count += rio_workqueue__uses(request, id) && !rio_request_is_done(request);
    return count;
}

/* What follows runs on the loop's thread. It alone begins requests and takes them out of flight,
 * so that it may look at those without the lock. */

/* A request is begun under the record's lock, so that a close either forbids it or finds it under
 * way. */
static void rio_workqueue__begin(struct rio_queue* queue, struct rio_request* request,
                                 HANDLE event) {
    SOCKET handle = queue->socket.handle;
    struct socket* socket = socket_find(handle);
    if (socket == NULL || socket->rio != queue || request->is_cancelled)
        rio_request_refuse(request, WSA_OPERATION_ABORTED);
    else
        rio_request_begin(request, &queue->socket, event);
    socket_release(handle);
    if (request->direction == RIO_SEND && socket != NULL && !rio_request_is_done(request))
        stall_add(handle, socket->serial);
}

/* A request is finished under the record's lock, too, since the host may be asked about its socket.
 */
static int rio_workqueue__finish(struct rio_queue* queue, struct rio_request* request) {
    SOCKET handle = queue->socket.handle;
    const struct socket* socket = socket_find(handle);
    int is_closed = socket == NULL || socket->rio != queue;
    int is_over = rio_request_finish(request, &queue->socket, is_closed);
    if (request->sendlock != NULL) {
        if (!is_closed)
            msgoptions_restore(handle, request->options);
        sendlock_end(request->sendlock, 0);
    }
    socket_release(handle);
    return is_over;
}

/* Behind a receive that waits for all nothing is begun: it would get what belongs to that one. */
static struct rio_request* rio_workqueue__next_ready(struct rio_workqueue* workqueue) {
    struct rio_request* request = NULL;
    rio_lock();
    if (workqueue->ready.first != NULL && !workqueue->is_barred) {
        request = rio_list__pop(&workqueue->ready);
        rio_list_append(&workqueue->flight, request);
        workqueue->is_barred = request->waits_for_all;
    }
    rio_unlock();
    return request;
}

static struct rio_request*
rio_workqueue__begin_next(struct rio_queue* queue, struct rio_workqueue* workqueue, HANDLE event) {
    struct rio_request* request = rio_workqueue__next_ready(workqueue);
    if (request != NULL)
        rio_workqueue__begin(queue, request, event);
    return request;
}

/* What is next of the ready sends: -1 for nothing. */
static int rio_workqueue__has_options(const struct rio_workqueue* workqueue) {
    int has;
    rio_lock();
    has = workqueue->ready.first != NULL ? workqueue->ready.first->options != NULL : -1;
    rio_unlock();
    return has;
}

/* Returns whether the next message may be sent now. */
static int rio_workqueue__take_turn(SOCKET handle, int has_options, struct sendlock** sendlock) {
    if (!has_options)
        return sendlock_try_plain(handle, sendlock) == 0;
    if (sendlock_try(handle, sendlock) != 0)
        return 0;
    if (*sendlock != NULL && sendlock_is_drained(*sendlock, 0))
        return 1;
    /* Or memory was short. */
    if (*sendlock != NULL)
        sendlock_end(*sendlock, 0);
    *sendlock = NULL;
    loop_retry();
    return 0;
}

/* The options that were changed for a message which the host has queued stay until it is out, and
 * its turn goes on as long. */
static void rio_workqueue__give_turn_back(struct rio_request* request, struct sendlock* sendlock,
                                          SOCKET handle) {
    int is_queued = !rio_request_is_done(request);
    if (request->options != NULL && request->options->is_changed) {
        if (is_queued) {
            request->sendlock = sendlock;
            return;
        }
        msgoptions_restore(handle, request->options);
    }
    sendlock_end(sendlock, is_queued);
}

/* Messages take turns with those that options are changed for. Under the record's lock nobody
 * begins to need turns between the question and the send. */
static int rio_workqueue__begin_message(struct rio_queue* queue, HANDLE event) {
    SOCKET handle = queue->socket.handle;
    struct rio_workqueue* workqueue = &queue->workqueues[RIO_SEND];
    int has_options = rio_workqueue__has_options(workqueue);
    struct rio_request* request = NULL;
    const struct socket* socket;
    struct sendlock* sendlock = NULL;

    if (has_options < 0)
        return 0;
    socket = socket_find(handle);
    if (socket == NULL || socket->rio != queue)
        request = rio_workqueue__begin_next(queue, workqueue, event);
    else if (rio_workqueue__take_turn(handle, has_options, &sendlock))
        request = rio_workqueue__begin_next(queue, workqueue, event);
    if (sendlock != NULL)
        rio_workqueue__give_turn_back(request, sendlock, handle);
    socket_release(handle);
    return request != NULL;
}

static unsigned rio_workqueue__begin_ready(struct rio_queue* queue, enum rio_direction direction,
                                           HANDLE event) {
    int is_message = direction == RIO_SEND && !queue->socket.is_stream;
    unsigned count = 0;
    while (is_message
               ? rio_workqueue__begin_message(queue, event)
               : rio_workqueue__begin_next(queue, &queue->workqueues[direction], event) != NULL)
        count++;
    return count;
}

static unsigned rio_workqueue__report_done(struct rio_queue* queue, enum rio_direction direction,
                                           HANDLE event) {
    enum stats_function function = rio_workqueue_function(direction);
    struct rio_workqueue* workqueue = &queue->workqueues[direction];
    struct rio_request* request;
    unsigned count = 0;
    while ((request = workqueue->flight.first) != NULL && rio_request_is_done(request)) {
        count++;
        if (!rio_workqueue__finish(queue, request)) {
            rio_workqueue__begin(queue, request, event);
            continue;
        }
        stats_count_end(function, request->completion.result.Status);
        stats_count_time(function, request->started);
        log_trace("socket %#Ix %s of %lu bytes ended with %s (%ld)", (size_t) queue->socket.handle,
                  stats_name(function), request->completion.result.BytesTransferred,
                  status_error_name(request->completion.result.Status),
                  request->completion.result.Status);
        rio_lock();
        rio_list__pop(&workqueue->flight);
        if (request->waits_for_all)
            workqueue->is_barred = 0;
        rio_completions_put(workqueue->completions, &request->completion);
        rio_unlock();
    }
    return count;
}

static void rio_workqueue__cancel_marked(struct rio_queue* queue) {
    SOCKET handle = queue->socket.handle;
    struct socket* socket;
    struct rio_request* request;

    if (!queue->has_cancelled)
        return;
    queue->has_cancelled = 0;
    socket = socket_find(handle);
    for (request = queue->workqueues[RIO_RECEIVE].flight.first; request != NULL;
         request = request->next) {
        if (!request->is_cancelled || request->is_cancelling || rio_request_is_done(request))
            continue;
        request->is_cancelling = 1;
        if (socket != NULL && socket->rio == queue && host.CancelIoEx != NULL)
            host.CancelIoEx((HANDLE) handle, &request->step);
    }
    socket_release(handle);
}

static unsigned rio_workqueue__serve(struct rio_queue* queue, HANDLE event) {
    unsigned count = 0;
    int i;
    rio_workqueue__cancel_marked(queue);
    for (i = 0; i < RIO_DIRECTIONS; i++) {
        enum rio_direction direction = (enum rio_direction) i;
        count += rio_workqueue__report_done(queue, direction, event);
        count += rio_workqueue__begin_ready(queue, direction, event);
    }
    return count;
}

static int rio_workqueue__is_idle(const struct rio_queue* queue) {
    return queue->workqueues[RIO_RECEIVE].ready.first == NULL &&
           queue->workqueues[RIO_RECEIVE].flight.first == NULL &&
           queue->workqueues[RIO_SEND].ready.first == NULL &&
           queue->workqueues[RIO_SEND].flight.first == NULL;
}

/* Under the lock. */
static void rio_workqueue__take_handed_over(void) {
    while (rio_workqueue__handed_over != NULL) {
        struct rio_queue* queue = rio_workqueue__handed_over;
        rio_workqueue__handed_over = queue->next_handed_over;
        queue->is_handed_over = 0;
        if (queue->is_served)
            continue;
        queue->is_served = 1;
        queue->next_served = rio_workqueue__served;
        rio_workqueue__served = queue;
    }
}

static unsigned rio_workqueues__run(HANDLE event) {
    struct rio_queue** place = &rio_workqueue__served;
    unsigned count = 0;

    rio_lock();
    rio_workqueue__take_handed_over();
    rio_unlock();
    while (*place != NULL) {
        struct rio_queue* queue = *place;
        count += rio_workqueue__serve(queue, event);
        rio_lock();
        if (rio_workqueue__is_idle(queue)) {
            *place = queue->next_served;
            queue->is_served = 0;
            rio_queue_free_if_unused(queue);
        } else {
            place = &queue->next_served;
        }
        rio_unlock();
    }
    return count;
}

const struct loop_service rio_workqueues_service = {rio_workqueues__run, rio_queue_close};
