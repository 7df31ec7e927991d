/* SPDX-License-Identifier: MIT */
#include "ext/rio_lane.h"

#include <stdlib.h>

#include "core/engine.h"
#include "core/looks.h"
#include "core/status.h"
#include "ext/turn.h"
#include "host/log.h"

static struct rio_queue* rio_lane__handed_over; /* Under the lock. */
static struct rio_queue* rio_lane__served;      /* The engine's own. */

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

void rio_lanes_init(struct rio_queue* queue) {
    int i;
    for (i = 0; i < RIO_DIRECTIONS; i++) {
        rio_list__init(&queue->lanes[i].deferred);
        rio_list__init(&queue->lanes[i].ready);
        rio_list__init(&queue->lanes[i].flight);
    }
}

/* The engine takes all queues at once, so the first that is handed over wakes it for all. */
static int rio_lane__hand_over(struct rio_queue* queue) {
    int first = rio_lane__handed_over == NULL;
    if (queue->is_handed_over)
        return 0;
    queue->is_handed_over = 1;
    queue->next_handed_over = rio_lane__handed_over;
    rio_lane__handed_over = queue;
    return first;
}

int rio_lanes_commit(struct rio_queue* queue, enum rio_direction direction) {
    struct rio_lane* lane = &queue->lanes[direction];
    if (lane->deferred.first == NULL)
        return 0;
    rio_list__move(&lane->ready, &lane->deferred);
    return rio_lane__hand_over(queue);
}

void rio_lanes_release(struct rio_completion* completion) {
    struct rio_request* request = (struct rio_request*) completion;
    struct rio_queue* queue = request->queue;
    struct rio_lane* lane = &queue->lanes[request->direction];
    lane->used--;
    if (queue->is_closed)
        rio_completions_take_back(lane->completions, 1);
    free(request);
    rio_queue_free_if_unused(queue);
}

enum stats_function rio_lane_function(enum rio_direction direction) {
    return direction == RIO_SEND ? STATS_RIOSEND : STATS_RIORECEIVE;
}

static int rio_lane__uses(const struct rio_request* request, RIO_BUFFERID id) {
    return request->has_data && request->parts[RIO_DATA].BufferId == id;
}

static unsigned rio_lane__cancel(const struct rio_list* list, RIO_BUFFERID id) {
    struct rio_request* request;
    unsigned count = 0;
    for (request = list->first; request != NULL; request = request->next) {
        if (!rio_lane__uses(request, id))
            continue;
        request->is_cancelled = 1;
        count++;
    }
    return count;
}

unsigned rio_lanes_cancel_receives(struct rio_queue* queue, RIO_BUFFERID id, int* wakes) {
    struct rio_lane* lane = &queue->lanes[RIO_RECEIVE];
    unsigned count;
    rio_lane__cancel(&lane->deferred, id);
    rio_lane__cancel(&lane->ready, id);
    count = rio_lane__cancel(&lane->flight, id);
    if (count > 0) {
        queue->has_cancelled = 1;
        *wakes |= rio_lane__hand_over(queue);
    }
    return count;
}

unsigned rio_lanes_count_receives(const struct rio_queue* queue, RIO_BUFFERID id) {
    const struct rio_request* request;
    unsigned count = 0;
    for (request = queue->lanes[RIO_RECEIVE].flight.first; request != NULL; request = request->next)
        count += rio_lane__uses(request, id) && !rio_request_is_done(request);
    return count;
}

/* What follows runs on the engine's thread. It alone begins requests and takes them out of flight,
 * so that it may look at those without the lock. */

/* A request is begun under the record's lock, so that a close either forbids it or finds it under
 * way. */
static void rio_lane__begin(struct rio_queue* queue, struct rio_request* request, HANDLE event) {
    SOCKET handle = queue->socket.handle;
    struct record* record = record_find(handle);
    if (record == NULL || record->rio != queue || request->is_cancelled)
        rio_request_refuse(request, WSA_OPERATION_ABORTED);
    else
        rio_request_begin(request, &queue->socket, event);
    record_release(handle);
    if (request->direction == RIO_SEND)
        looks_begin();
}

/* A request is finished under the record's lock, too, since the host may be asked about its socket.
 */
static int rio_lane__finish(struct rio_queue* queue, struct rio_request* request) {
    SOCKET handle = queue->socket.handle;
    const struct record* record = record_find(handle);
    int is_closed = record == NULL || record->rio != queue;
    int is_over = rio_request_finish(request, &queue->socket, is_closed);
    if (request->turn != NULL) {
        if (!is_closed)
            msgoptions_restore(handle, request->options);
        turn_end(request->turn, 0);
    }
    record_release(handle);
    return is_over;
}

/* Behind a receive that waits for all nothing is begun: it would get what belongs to that one. */
static struct rio_request* rio_lane__next_ready(struct rio_lane* lane) {
    struct rio_request* request = NULL;
    rio_lock();
    if (lane->ready.first != NULL && !lane->is_barred) {
        request = rio_list__pop(&lane->ready);
        rio_list_append(&lane->flight, request);
        lane->is_barred = request->waits_for_all;
    }
    rio_unlock();
    return request;
}

static struct rio_request* rio_lane__begin_next(struct rio_queue* queue, struct rio_lane* lane,
                                                HANDLE event) {
    struct rio_request* request = rio_lane__next_ready(lane);
    if (request != NULL)
        rio_lane__begin(queue, request, event);
    return request;
}

/* What is next of the ready sends: -1 for nothing. */
static int rio_lane__has_options(const struct rio_lane* lane) {
    int has;
    rio_lock();
    has = lane->ready.first != NULL ? lane->ready.first->options != NULL : -1;
    rio_unlock();
    return has;
}

/* Returns whether the next message may be sent now. */
static int rio_lane__take_turn(SOCKET handle, int has_options, struct turn** turn) {
    if (!has_options)
        return turn_try_plain(handle, turn) == 0;
    if (turn_try(handle, turn) != 0)
        return 0;
    if (*turn != NULL && turn_is_drained(*turn, 0))
        return 1;
    /* Or memory was short. */
    if (*turn != NULL)
        turn_end(*turn, 0);
    *turn = NULL;
    engine_retry();
    return 0;
}

/* The options that were changed for a message which the host has queued stay until it is out, and
 * its turn goes on as long. */
static void rio_lane__give_turn_back(struct rio_request* request, struct turn* turn,
                                     SOCKET handle) {
    int is_queued = !rio_request_is_done(request);
    if (request->options != NULL && request->options->is_changed) {
        if (is_queued) {
            request->turn = turn;
            return;
        }
        msgoptions_restore(handle, request->options);
    }
    turn_end(turn, is_queued);
}

/* Messages take turns with those that options are changed for. Under the record's lock nobody
 * begins to need turns between the question and the send. */
static int rio_lane__begin_message(struct rio_queue* queue, HANDLE event) {
    SOCKET handle = queue->socket.handle;
    struct rio_lane* lane = &queue->lanes[RIO_SEND];
    int has_options = rio_lane__has_options(lane);
    struct rio_request* request = NULL;
    const struct record* record;
    struct turn* turn = NULL;

    if (has_options < 0)
        return 0;
    record = record_find(handle);
    if (record == NULL || record->rio != queue)
        request = rio_lane__begin_next(queue, lane, event);
    else if (rio_lane__take_turn(handle, has_options, &turn))
        request = rio_lane__begin_next(queue, lane, event);
    if (turn != NULL)
        rio_lane__give_turn_back(request, turn, handle);
    record_release(handle);
    return request != NULL;
}

static unsigned rio_lane__begin_ready(struct rio_queue* queue, enum rio_direction direction,
                                      HANDLE event) {
    int is_message = direction == RIO_SEND && !queue->socket.is_stream;
    unsigned count = 0;
    while (is_message ? rio_lane__begin_message(queue, event)
                      : rio_lane__begin_next(queue, &queue->lanes[direction], event) != NULL)
        count++;
    return count;
}

static unsigned rio_lane__report_done(struct rio_queue* queue, enum rio_direction direction,
                                      HANDLE event) {
    enum stats_function function = rio_lane_function(direction);
    struct rio_lane* lane = &queue->lanes[direction];
    struct rio_request* request;
    unsigned count = 0;
    while ((request = lane->flight.first) != NULL && rio_request_is_done(request)) {
        count++;
        if (!rio_lane__finish(queue, request)) {
            rio_lane__begin(queue, request, event);
            continue;
        }
        stats_count_end(function, request->completion.result.Status);
        stats_count_time(function, request->started);
        log_trace("socket %#Ix %s of %lu bytes ended with %s (%ld)", (size_t) queue->socket.handle,
                  stats_name(function), request->completion.result.BytesTransferred,
                  status_error_name(request->completion.result.Status),
                  request->completion.result.Status);
        rio_lock();
        rio_list__pop(&lane->flight);
        if (request->waits_for_all)
            lane->is_barred = 0;
        rio_completions_put(lane->completions, &request->completion);
        rio_unlock();
    }
    return count;
}

static void rio_lane__cancel_marked(struct rio_queue* queue) {
    SOCKET handle = queue->socket.handle;
    struct record* record;
    struct rio_request* request;

    if (!queue->has_cancelled)
        return;
    queue->has_cancelled = 0;
    record = record_find(handle);
    for (request = queue->lanes[RIO_RECEIVE].flight.first; request != NULL;
         request = request->next) {
        if (!request->is_cancelled || request->is_cancelling || rio_request_is_done(request))
            continue;
        request->is_cancelling = 1;
        if (record != NULL && record->rio == queue && host.CancelIoEx != NULL)
            host.CancelIoEx((HANDLE) handle, &request->step);
    }
    record_release(handle);
}

static unsigned rio_lane__serve(struct rio_queue* queue, HANDLE event) {
    unsigned count = 0;
    int i;
    rio_lane__cancel_marked(queue);
    for (i = 0; i < RIO_DIRECTIONS; i++) {
        enum rio_direction direction = (enum rio_direction) i;
        count += rio_lane__report_done(queue, direction, event);
        count += rio_lane__begin_ready(queue, direction, event);
    }
    return count;
}

static int rio_lane__is_idle(const struct rio_queue* queue) {
    return queue->lanes[RIO_RECEIVE].ready.first == NULL &&
           queue->lanes[RIO_RECEIVE].flight.first == NULL &&
           queue->lanes[RIO_SEND].ready.first == NULL &&
           queue->lanes[RIO_SEND].flight.first == NULL;
}

/* Under the lock. */
static void rio_lane__take_handed_over(void) {
    while (rio_lane__handed_over != NULL) {
        struct rio_queue* queue = rio_lane__handed_over;
        rio_lane__handed_over = queue->next_handed_over;
        queue->is_handed_over = 0;
        if (queue->is_served)
            continue;
        queue->is_served = 1;
        queue->next_served = rio_lane__served;
        rio_lane__served = queue;
    }
}

static unsigned rio_lanes__run(HANDLE event) {
    struct rio_queue** place = &rio_lane__served;
    unsigned count = 0;

    rio_lock();
    rio_lane__take_handed_over();
    rio_unlock();
    while (*place != NULL) {
        struct rio_queue* queue = *place;
        count += rio_lane__serve(queue, event);
        rio_lock();
        if (rio_lane__is_idle(queue)) {
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

/* Of a queue whose socket is open while the handles are held, nobody closes it. */
static void rio_lanes__name_sends(void) {
    const struct rio_queue* queue;
    for (queue = rio_lane__served; queue != NULL; queue = queue->next_served) {
        const struct rio_request* request = queue->lanes[RIO_SEND].flight.first;
        if (request != NULL && !queue->is_closed && !rio_request_is_done(request))
            looks_add(queue->socket.handle);
    }
}

const struct engine_service rio_lanes_service = {rio_lanes__run, rio_lanes__name_sends};
