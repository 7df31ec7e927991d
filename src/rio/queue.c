/* SPDX-License-Identifier: MIT */
#include "rio/queue.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/status.h"
#include "core/loop.h"
#include "core/table.h"
#include "host/caps.h"
#include "rio/workqueue.h"

static struct rio_queue* rio_queue__first; /* Of all; under the lock. */

/* To registered I/O what is no socket of its kinds is none at all. */
static int rio_queue__no_socket(int error) {
    return error == WSANOTINITIALISED || status_is_shortage(error) ? error : WSAENOTSOCK;
}

static int rio_queue__describe(SOCKET handle, struct rio_socket* socket) {
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    if (host.getsockopt(handle, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &length) != 0)
        return rio_queue__no_socket(WSAGetLastError());
    if (!(table_flags(handle) & TABLE_REGISTERED) ||
        (info.iAddressFamily != AF_INET && info.iAddressFamily != AF_INET6) ||
        (info.iSocketType != SOCK_STREAM && info.iSocketType != SOCK_DGRAM))
        return WSAEOPNOTSUPP;
    socket->handle = handle;
    socket->family = info.iAddressFamily;
    socket->is_stream = info.iSocketType == SOCK_STREAM;
    return 0;
}

static int rio_queue__check_limits(const ULONG limits[], const ULONG buffers[]) {
    int i;
    if (limits[RIO_RECEIVE] == 0 && limits[RIO_SEND] == 0)
        return WSAEINVAL;
    for (i = 0; i < RIO_DIRECTIONS; i++) {
        if (buffers[i] > 1 || (buffers[i] == 0 && limits[i] != 0))
            return WSAEINVAL;
    }
    return 0;
}

/* Under the lock: gets room for both directions, which may be in one completion queue, or none. */
static int rio_queue__promise(struct rio_queue* queue, const ULONG more[]) {
    int error =
        rio_completions_promise(queue->workqueues[RIO_RECEIVE].completions, more[RIO_RECEIVE]);
    if (error != 0)
        return error;
    error = rio_completions_promise(queue->workqueues[RIO_SEND].completions, more[RIO_SEND]);
    if (error != 0)
        rio_completions_take_back(queue->workqueues[RIO_RECEIVE].completions, more[RIO_RECEIVE]);
    return error;
}

static void rio_queue__link(struct rio_queue* queue) {
    queue->next = rio_queue__first;
    queue->place = &rio_queue__first;
    if (queue->next != NULL)
        queue->next->place = &queue->next;
    rio_queue__first = queue;
}

void rio_queue_free_if_unused(struct rio_queue* queue) {
    int i;
    if (!queue->is_closed || queue->is_served || queue->is_handed_over ||
        queue->workqueues[RIO_RECEIVE].used != 0 || queue->workqueues[RIO_SEND].used != 0)
        return;
    for (i = 0; i < RIO_DIRECTIONS; i++)
        rio_completions_let_go(queue->workqueues[i].completions);
    *queue->place = queue->next;
    if (queue->next != NULL)
        queue->next->place = queue->place;
    free(queue);
}

/* Under the record's lock. */
void rio_queue_close(struct socket* socket, int is_closed) {
    struct rio_queue* queue = socket->rio;
    int i, busy = 0, wakes = 0;
    socket->rio = NULL;
    log_info("socket %#Ix with RIO request queue %#Ix is closed", (size_t) socket->handle,
             (size_t) queue->id);
    rio_lock();
    rio_remove(RIO_REQUESTS, (void*) queue->id);
    queue->is_closed = 1;
    for (i = 0; i < RIO_DIRECTIONS; i++) {
        struct rio_workqueue* workqueue = &queue->workqueues[i];
        rio_completions_take_back(workqueue->completions, workqueue->limit - workqueue->used);
        busy |= workqueue->flight.first != NULL;
        wakes |= rio_workqueues_commit(queue, (enum rio_direction) i);
    }
    rio_queue_free_if_unused(queue);
    rio_unlock();
    /* Everything of the socket is about to end, so all of it may be named at once. */
    if (busy && !is_closed && host.CancelIoEx != NULL)
        host.CancelIoEx((HANDLE) socket->handle, NULL);
    if (wakes)
        loop_wake();
}

/* Under the record's lock and ours. */
static uintptr_t rio_queue__add(struct socket* socket, struct rio_queue* queue,
                                const ULONG limits[], const RIO_CQ completions[], int* error) {
    int i;
    for (i = 0; i < RIO_DIRECTIONS; i++) {
        queue->workqueues[i].completions = rio_completions_find(completions[i]);
        queue->workqueues[i].limit = limits[i];
    }
    *error = WSAEINVAL;
    if (queue->workqueues[RIO_RECEIVE].completions == NULL ||
        queue->workqueues[RIO_SEND].completions == NULL)
        return 0;
    *error = rio_queue__promise(queue, limits);
    if (*error != 0)
        return 0;
    queue->id = rio_add(RIO_REQUESTS, queue);
    for (i = 0; i < RIO_DIRECTIONS; i++) {
        if (queue->id != 0)
            rio_completions_hold(queue->workqueues[i].completions);
        else
            rio_completions_take_back(queue->workqueues[i].completions, limits[i]);
    }
    if (queue->id == 0) {
        *error = WSAENOBUFS;
        return 0;
    }
    rio_queue__link(queue);
    socket->rio = queue;
    return queue->id;
}

RIO_RQ rio_queue_create(SOCKET handle, const ULONG limits[RIO_DIRECTIONS],
                        const ULONG buffers[RIO_DIRECTIONS],
                        const RIO_CQ completions[RIO_DIRECTIONS], void* context, int* error) {
    struct rio_queue* queue;
    struct socket* socket;
    uintptr_t id = 0;

    *error = rio_queue__check_limits(limits, buffers);
    if (*error != 0)
        return RIO_INVALID_RQ;
    *error = WSAENOBUFS;
    queue = calloc(1, sizeof *queue);
    if (queue == NULL)
        return RIO_INVALID_RQ;
    rio_workqueues_init(queue);
    queue->context = (ULONG_PTR) context;
    *error = rio_queue__describe(handle, &queue->socket);
    if (*error == 0 &&
        (caps_find(CAPS_OPERATIONS) != 0 || loop_serve(&rio_workqueues_service) != 0))
        *error = WSAENOBUFS;
    if (*error != 0) {
        free(queue);
        return RIO_INVALID_RQ;
    }

    socket = socket_need(handle);
    *error = socket == NULL ? WSAENOBUFS : WSAEINVAL;
    if (socket != NULL && socket->rio == NULL) {
        rio_lock();
        id = rio_queue__add(socket, queue, limits, completions, error);
        rio_unlock();
    }
    socket_release(handle);
    if (id == 0)
        free(queue);
    else
        log_info("socket %#Ix has RIO request queue %#Ix for %lu receives and %lu sends",
                 (size_t) handle, (size_t) id, limits[RIO_RECEIVE], limits[RIO_SEND]);
    return (RIO_RQ) id;
}

/* Under the lock. What one direction gives up may be what the other needs, and is taken back
 * where that is not enough. */
static int rio_queue__resize(struct rio_queue* queue, const ULONG limits[]) {
    ULONG more[RIO_DIRECTIONS], less[RIO_DIRECTIONS];
    int error, i;

    for (i = 0; i < RIO_DIRECTIONS; i++) {
        const struct rio_workqueue* workqueue = &queue->workqueues[i];
        if (limits[i] < workqueue->used)
            return WSAETOOMANYREFS;
        more[i] = limits[i] > workqueue->limit ? limits[i] - workqueue->limit : 0;
        less[i] = limits[i] < workqueue->limit ? workqueue->limit - limits[i] : 0;
    }
    for (i = 0; i < RIO_DIRECTIONS; i++)
        rio_completions_take_back(queue->workqueues[i].completions, less[i]);
    error = rio_queue__promise(queue, more);
    if (error != 0) {
        rio_queue__promise(queue, less);
        return error;
    }
    for (i = 0; i < RIO_DIRECTIONS; i++)
        queue->workqueues[i].limit = limits[i];
    return 0;
}

int rio_queue_resize(RIO_RQ id, const ULONG limits[RIO_DIRECTIONS]) {
    struct rio_queue* queue;
    int error = WSAEINVAL;

    rio_lock();
    queue = rio_find(RIO_REQUESTS, id);
    if (queue != NULL && (limits[RIO_RECEIVE] != 0 || limits[RIO_SEND] != 0))
        error = rio_queue__resize(queue, limits);
    rio_unlock();
    return error;
}

/* Under the lock: whether the queue can take one more. */
static int rio_queue__check(const struct rio_queue* queue, enum rio_direction direction) {
    if (queue == NULL || !rio_completions_is_open(queue->workqueues[direction].completions))
        return WSAEINVAL;
    return queue->workqueues[direction].used < queue->workqueues[direction].limit ? 0 : WSAENOBUFS;
}

/* Under the lock. */
static void rio_queue__take(struct rio_queue* queue, struct rio_request* request) {
    request->queue = queue;
    request->completion.release = rio_workqueues_release;
    request->completion.result.SocketContext = queue->context;
    queue->workqueues[request->direction].used++;
    rio_list_append(&queue->workqueues[request->direction].deferred, request);
}

/* Under the lock: takes over what was found out of the socket for a request. The rest the loop's
 * thread reads without the lock, and two threads may have found out different things. */
static void rio_queue__learn(struct rio_socket* socket, const struct rio_socket* found) {
    socket->tells_addresses |= found->tells_addresses;
    if (found->receive_message != NULL)
        socket->receive_message = found->receive_message;
}

static int rio_queue__request(RIO_RQ id, enum rio_direction direction,
                              const struct rio_arguments* arguments, ULONG* length) {
    struct rio_request* request = NULL;
    struct rio_queue* queue;
    struct rio_socket socket;
    int error, wakes = 0;

    rio_lock();
    queue = rio_find(RIO_REQUESTS, id);
    error = rio_queue__check(queue, direction);
    if (error == 0)
        socket = queue->socket;
    rio_unlock();
    if (error == 0)
        error = rio_request_new(&socket, direction, arguments, &request);
    if (error != 0)
        return error;
    *length = request->data.len;

    /* The queue may have gone while the arguments were looked at. */
    rio_lock();
    queue = rio_find(RIO_REQUESTS, id);
    error = rio_queue__check(queue, direction);
    if (error == 0) {
        rio_queue__learn(&queue->socket, &socket);
        rio_queue__take(queue, request);
        if (!(arguments->flags & RIO_MSG_DEFER))
            wakes = rio_workqueues_commit(queue, direction);
    }
    rio_unlock();
    if (error != 0)
        free(request);
    if (wakes)
        loop_wake();
    return error;
}

int rio_queue_request(RIO_RQ id, enum rio_direction direction,
                      const struct rio_arguments* arguments) {
    ULONG length = 0;
    int error = rio_queue__request(id, direction, arguments, &length);
    stats_count_call(rio_workqueue_function(direction), error, direction == RIO_SEND ? length : 0);
    return error;
}

int rio_queue_commit(RIO_RQ id, enum rio_direction direction) {
    struct rio_queue* queue;
    int wakes = 0;
    rio_lock();
    queue = rio_find(RIO_REQUESTS, id);
    if (queue != NULL)
        wakes = rio_workqueues_commit(queue, direction);
    rio_unlock();
    if (wakes)
        loop_wake();
    return queue != NULL ? 0 : WSAEINVAL;
}

/* How often, at intervals of a millisecond, the host is looked at for having let go of a buffer. */
#define RIO_QUEUE__LOOKS 200

void rio_queue_deregister(RIO_BUFFERID id) {
    struct rio_queue* queue;
    int known, wakes = 0, looks = host.CancelIoEx != NULL ? RIO_QUEUE__LOOKS : 0;
    unsigned uses = 0;

    rio_lock();
    known = rio_deregister(id);
    for (queue = rio_queue__first; known && queue != NULL; queue = queue->next)
        uses += rio_workqueues_cancel_receives(queue, id, &wakes);
    rio_unlock();
    if (wakes)
        loop_wake();

    for (; uses > 0 && looks > 0; looks--) {
        Sleep(1);
        rio_lock();
        for (uses = 0, queue = rio_queue__first; queue != NULL; queue = queue->next)
            uses += rio_workqueues_count_receives(queue, id);
        rio_unlock();
    }
}
