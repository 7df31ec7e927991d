/* SPDX-License-Identifier: MIT */
#include "core/connect.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/once.h"
#include "base/status.h"
#include "core/cancel.h"
#include "core/dial.h"
#include "core/issue.h"
#include "core/loop.h"
#include "core/native.h"
#include "core/ride.h"
#include "core/table.h"
#include "core/watch.h"
#include "core/way.h"
#include "core/witness.h"
#include "core/worker.h"
#include "host/caps.h"

/* How often it is waited in the call for a connect within this machine. */
#define CONNECT__WAITS 3

enum connect__stage { CONNECT__NEW, CONNECT__CONNECTING, CONNECT__UP, CONNECT__SENDING };

struct connect {
    struct op op; /* Its step is the host's ConnectEx, or the poll, and then the payload. */
    enum connect__stage stage;
    int has_native; /* The host's own ConnectEx is to be used, by a caller. */
    int is_known;   /* It can be told how many bytes were sent. */
    int is_in_call; /* The issuing thread goes on with it. */
    int* ended;     /* Where that thread is told that the host has ended the send at once. */
    WSABUF payload; /* What is still to be sent; buf is NULL without one. */
    struct dial_name name;
};

/* Nobody waits for this event: a call of ours needs one, so that its low bit can keep the call's
 * packet out of the program's completion port. */
static struct once connect__once;
static HANDLE connect__ignored;

static int connect__make_event(void) {
    connect__ignored = CreateEventW(NULL, TRUE, FALSE, NULL);
    return connect__ignored != NULL ? 0 : -1;
}

/* The kind */

/* The host cancels our call when the thread that made it ends. Where the operation outlives that
 * thread, the connect goes on, and its end has to be watched for. Returns whether it is. */
static int connect__watch_on(struct connect* self) {
    struct op* op = &self->op;
    int is_watched = 0;
    if (!caps_has(CAP_POLL) || watch_has(op))
        return 0;
    socket_find(op->handle);
    is_watched = op_begin_quietly(op) == 0;
    socket_release(op->handle);
    if (is_watched)
        watch_for(op);
    return is_watched;
}

/* Has the host send the payload with the program's OVERLAPPED, which the host then completes: where
 * the program's own thread is there to do it, which saves the loop a turn, and where only the host
 * knows the port that the socket reports to. */
static enum op_verdict connect__hand_over(struct connect* self) {
    struct op* op = &self->op;
    struct socket* socket = socket_find(op->handle);
    DWORD sent;
    int error = WSA_OPERATION_ABORTED;

    if (op_is_live(op)) {
        error = host.WSASend(op->handle, &self->payload, 1, &sent, 0, op->overlapped, NULL) == 0
                    ? 0
                    : WSAGetLastError();
        if (error == 0 || error == WSA_IO_PENDING)
            op_hand_over(socket, op, error == 0);
    }
    socket_release(op->handle);
    if (error == 0 && self->ended != NULL)
        *self->ended = 1;
    return error == 0 || error == WSA_IO_PENDING ? OP_ENDS : op_fail(op, error);
}

/* The second half, whoever has connected: sends the payload, or ends. */
static enum op_verdict connect__send(struct connect* self) {
    struct op* op = &self->op;
    if (self->payload.buf == NULL)
        return op_end(op, STATUS__SUCCESS);
    if (!way_is_by_workers() && (self->is_in_call || !self->is_known))
        return connect__hand_over(self);
    /* What the loop can send is sent in one, and from where it is. */
    if (op->executor == OP_WORKER && !way_is_by_workers()) {
        op->executor = OP_LOOP;
        self->stage = CONNECT__UP;
        return OP_LATER;
    }
    self->stage = CONNECT__SENDING;
    return op_send(op, &self->payload, 1);
}

static enum op_verdict connect__connected(struct connect* self, uint32_t status) {
    struct op* op = &self->op;
    struct socket* socket;
    struct target target;

    if (status == STATUS__CANCELLED && op->executor == OP_LOOP && connect__watch_on(self))
        return OP_WAITS;
    /* It was closed by a way that does not lead through us. */
    if (status == STATUS__INVALID_HANDLE) {
        cancel_lost_socket(op->handle, op->serial);
        return op_end(op, STATUS__CANCELLED);
    }
    if (status != STATUS__SUCCESS)
        return op_end(op, status);
    socket = socket_find_same(op->handle, op->serial);
    if (socket != NULL) {
        socket_step(socket, LIFECYCLE_UP);
        target = socket_target(socket);
        self->is_known = complete_can_count(&target, op->overlapped);
    }
    socket_release(op->handle);
    return connect__send(self);
}

static enum op_verdict connect__sent(struct connect* self, uint32_t status, DWORD bytes) {
    self->op.bytes += bytes;
    self->payload.buf += bytes;
    self->payload.len -= bytes;
    /* A host may take less than it is given. */
    if (status == STATUS__SUCCESS && bytes > 0 && self->payload.len > 0)
        return op_send(&self->op, &self->payload, 1);
    return op_end(&self->op, status);
}

static void connect__leave_worker(struct op* op) {
    struct socket* socket = socket_find(op->handle);
    if (socket != NULL && socket->worker == op) {
        socket->worker = NULL;
        socket->keeps_mode = 0;
    }
    socket_release(op->handle);
}

/* By a worker. The program's OVERLAPPED may be completed as cancelled while this goes on. */
static enum op_verdict connect__dial(struct connect* self) {
    struct op* op = &self->op;
    int is_over;

    socket_find(op->handle);
    is_over = op_begin_quietly(op);
    socket_release(op->handle);
    if (!is_over)
        op->error = dial_connect(op, &self->name);
    connect__leave_worker(op);
    if (is_over || op_leave_step(op) != 0)
        return op_end(op, STATUS__CANCELLED);
    return connect__connected(self, status_from_error(op->error));
}

/* On a socket whose I/O makes its caller wait. */
static enum op_verdict connect__wait(struct connect* self) {
    struct op* op = &self->op;
    const struct sockaddr* name = (const struct sockaddr*) &self->name.name;
    const struct socket* socket = socket_find(op->handle);
    LPFN_CONNECTEX function = socket != NULL && self->has_native ? native_function(socket) : NULL;
    int error;

    socket_release(op->handle);
    if (op_begin_step(op) != 0)
        return op_end(op, STATUS__CANCELLED);
    if (function != NULL)
        return op_begun(
            op, native_connect(function, op->handle, name, self->name.length, NULL, &op->step));
    error = dial_call(op->handle, name, self->name.length);
    op->step.Internal = STATUS__SUCCESS;
    return op_begun(op, error);
}

static enum op_verdict connect__begin(struct connect* self) {
    self->stage = CONNECT__CONNECTING;
    return self->op.executor == OP_WORKER ? connect__dial(self) : connect__wait(self);
}

static enum op_verdict connect__advance(struct op* op, uint32_t status, DWORD bytes) {
    struct connect* self = (struct connect*) op;
    switch (self->stage) {
        case CONNECT__NEW:
            return connect__begin(self);
        case CONNECT__UP:
            return connect__send(self);
        case CONNECT__CONNECTING:
            return connect__connected(self, status);
        default:
            return connect__sent(self, status, bytes);
    }
}

static void connect__settle(struct socket* socket, struct op* op) {
    if (op->status != STATUS__SUCCESS)
        socket_step(socket, LIFECYCLE_DOWN);
}

static void connect__destroy(struct op* op) {
    free(op);
}

static const struct op_kind connect__kind = {STATS_CONNECTEX, connect__advance, NULL,
                                             connect__settle, connect__destroy};

/* Its beginning */

static struct connect* connect__new(const struct connect_request* request,
                                    enum op_executor executor, int* error) {
    struct connect* self = calloc(1, sizeof *self);
    *error = WSAENOBUFS;
    if (self == NULL)
        return NULL;
    self->payload.buf = request->payload;
    self->payload.len = request->length;
    self->name.length = request->name_length;
    memcpy(&self->name.name, request->name, (size_t) request->name_length);
    self->op.handle = request->handle;
    *error = op_init(&self->op, &connect__kind, executor, request->overlapped);
    if (*error == 0)
        return self;
    free(self);
    return NULL;
}

static void connect__discard(struct connect* self) {
    op_discard(&self->op);
    free(self);
}

static volatile LONG connect__count;

/* Under the socket's lock: notes an operation that is under way, or has ended already. */
static void connect__note(struct socket* socket, const struct connect_request* request,
                          enum lifecycle_event event, const char* how) {
    socket->number = (unsigned) InterlockedIncrement(&connect__count);
    socket->peer = request->peer;
    table_change_flags(socket->handle, TABLE_BOUND, TABLE_BEGUN);
    stats_begin(socket, STATS_CONNECTEX);
    log_info("socket %#Ix #%u ConnectEx with %lu bytes %s", (size_t) socket->handle, socket->number,
             request->length, how);
    socket_step(socket, event);
}

static int connect__carried(struct socket* socket, const struct connect_request* request,
                            int ended) {
    socket_carry(socket, request->overlapped, 0, ended);
    socket->carried.length = (unsigned short) request->length;
    connect__note(socket, request, LIFECYCLE_CONNECT_HOST,
                  ended ? "has ended in the host" : "is pending in the host");
    if (!ended)
        return ERROR_IO_PENDING;
    socket_step(socket, LIFECYCLE_UP);
    stats_count_end(STATS_CONNECTEX, 0);
    return 0;
}

/* Under the socket's lock: begins the connect, of which the loop is to see the end, unless it is
 * decided before the call returns: then no thread is to be woken by an event. */
static int connect__start(struct socket* socket, const struct connect_request* request,
                          struct connect* self, int is_native) {
    HANDLE event = self->is_in_call ? connect__ignored : loop_foreign_event();
    int error;

    self->op.step.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    error = is_native ? native_connect(native_function(socket), request->handle, request->name,
                                       request->name_length, NULL, &self->op.step)
                      : dial_begin(request->handle, request->name, request->name_length);
    if (error != 0 && error != ERROR_IO_PENDING)
        return error;
    self->stage = CONNECT__CONNECTING;
    op_attach(socket, &self->op);
    op_begin_quietly(&self->op);
    op_leave_call(&self->op, is_native && !self->is_in_call);
    if (!is_native)
        self->op.step.Internal = STATUS__PENDING;
    if (request->payload != NULL)
        table_change_flags(request->handle, TABLE_HOLDS, 0);
    connect__note(socket, request, LIFECYCLE_CONNECT, "is owned by wsext");
    return ERROR_IO_PENDING;
}

/* Waits a little for what is to be decided nearly at once: mostly the first wait brings it, so that
 * no other thread is needed. */
static void connect__wait_a_little(struct connect* self, int is_native) {
    int i;
    if (!is_native)
        watch_look(&self->op);
    for (i = 0; is_native && i < CONNECT__WAITS && !op_is_stepped(&self->op); i++)
        WaitForSingleObject(connect__ignored, i == 0 ? 0 : 1);
}

static int connect__go_on(struct connect* self, int is_native) {
    int has_ended = 0;
    if (self->is_in_call) {
        connect__wait_a_little(self, is_native);
        if (op_is_stepped(&self->op)) {
            /* Nobody names it after op_run(), which may have freed the operation. */
            /* cppcheck-suppress autoVariables */
            self->ended = &has_ended;
            if (op_run(&self->op) == OP_ENDS)
                return has_ended ? 0 : ERROR_IO_PENDING;
            self->ended = NULL;
        }
        self->is_in_call = 0;
    }
    if (!is_native && self->stage == CONNECT__CONNECTING && !op_is_stepped(&self->op))
        watch_for(&self->op);
    loop_add(&self->op);
    return ERROR_IO_PENDING;
}

/* Under the socket's lock: whether it may be connected, as far as that is ours to know. */
static int connect__check(const struct socket* socket) {
    switch (lifecycle_may_connect(&socket->lifecycle)) {
        case LIFECYCLE_BUSY:
            return WSAEALREADY;
        case LIFECYCLE_NO:
            return WSAEINVAL;
        case LIFECYCLE_GONE:
            /* Another thread is closing the socket, and what it could report to is noted there. */
            return WSAENOTSOCK;
        default:
            return 0;
    }
}

/* With nothing to send, or little, the host's ConnectEx has it all. */
static int connect__whole(const struct connect_request* request) {
    WSABUF payload = {request->length, request->payload};
    struct socket* socket = socket_need(request->handle);
    int error = socket != NULL ? connect__check(socket) : WSAENOBUFS;
    if (error == 0) {
        witness_expect(request->handle, request->overlapped);
        error = native_connect(native_function(socket), request->handle, request->name,
                               request->name_length, &payload, request->overlapped);
        if (error == 0 || error == ERROR_IO_PENDING)
            error = connect__carried(socket, request, error == 0);
    }
    socket_release(request->handle);
    return error;
}

static int connect__by_loop(const struct connect_request* request, int is_native) {
    struct connect* self;
    struct socket* socket;
    int error;

    if (once_try(&connect__once, connect__make_event) != 0 || issue_prepare(OP_LOOP) != 0)
        return WSAENOBUFS;
    self = connect__new(request, OP_LOOP, &error);
    if (self == NULL)
        return error;
    /* What does not leave this machine is decided nearly at once. */
    self->is_in_call = ride_is_near(request->name);
    socket = socket_need(request->handle);
    error = socket != NULL ? connect__check(socket) : WSAENOBUFS;
    if (error == 0)
        error = connect__start(socket, request, self, is_native);
    socket_release(request->handle);
    if (error == ERROR_IO_PENDING)
        return connect__go_on(self, is_native);
    connect__discard(self);
    return error;
}

static int connect__by_worker(const struct connect_request* request) {
    struct connect* self;
    struct socket* socket;
    int error;

    if (issue_prepare(OP_WORKER) != 0)
        return WSAENOBUFS;
    self = connect__new(request, OP_WORKER, &error);
    if (self == NULL)
        return error;
    socket = socket_need(request->handle);
    error = socket != NULL ? connect__check(socket) : WSAENOBUFS;
    if (error == 0)
        error = dial_check(socket, &self->name);
    if (error == 0) {
        op_attach(socket, &self->op);
        socket->worker = &self->op;
        connect__note(socket, request, LIFECYCLE_CONNECT, "is queued for a worker");
    }
    socket_release(request->handle);
    if (error == 0)
        return issue_op(&self->op);
    connect__discard(self);
    return error;
}

/* On a socket whose I/O makes the caller wait. Nothing is locked meanwhile. */
static int connect__by_caller(const struct connect_request* request, int has_native) {
    struct connect* self = NULL;
    struct socket* socket = socket_need(request->handle);
    int error = socket != NULL ? connect__check(socket) : WSAENOBUFS;
    ULONGLONG serial = socket != NULL ? socket->serial : 0;
    LPFN_CONNECTEX function = socket != NULL ? native_function(socket) : NULL;

    socket_release(request->handle);
    if (error == 0 && (!has_native || request->payload != NULL))
        self = connect__new(request, OP_CALLER, &error);
    if (error != 0)
        return error;
    if (self != NULL)
        self->has_native = has_native;
    socket = socket_find_same(request->handle, serial);
    if (socket == NULL)
        error = WSAENOTSOCK;
    else if (self != NULL)
        op_attach(socket, &self->op);
    socket_release(request->handle);
    if (error != 0) {
        if (self != NULL)
            connect__discard(self);
        return error;
    }
    error = self != NULL ? issue_op(&self->op)
                         : native_connect(function, request->handle, request->name,
                                          request->name_length, NULL, request->overlapped);
    if (error != 0 && error != ERROR_IO_PENDING)
        return error;
    socket = socket_find_same(request->handle, serial);
    if (socket != NULL)
        connect__carried(socket, request, error == 0);
    socket_release(request->handle);
    return error;
}

int connect_begin(const struct connect_request* request) {
    int error = 0;
    unsigned way = way_choose(request->handle, &error);

    if (way == 0)
        return error;
    if (table_flags(request->handle) & TABLE_SYNCHRONOUS)
        return connect__by_caller(request, way == WAY_NATIVE);
    if (way == WAY_WORKER)
        return connect__by_worker(request);
    if (way == WAY_NATIVE && (request->payload == NULL || ride_is_allowed(request)))
        return connect__whole(request);
    return connect__by_loop(request, way == WAY_NATIVE);
}
