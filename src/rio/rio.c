/* SPDX-License-Identifier: MIT */
#include "rio/rio.h"

#include "rio/queue.h"

/* The last error of a call that succeeds is left as it is. */
static BOOL rio__answer(int error) {
    if (error == 0)
        return TRUE;
    WSASetLastError(error);
    return FALSE;
}

/* RIO_MSG_COMMIT_ONLY stands alone. */
static int rio__request(RIO_RQ id, enum rio_direction direction,
                        const struct rio_arguments* arguments) {
    if (!(arguments->flags & RIO_MSG_COMMIT_ONLY))
        return rio_queue_request(id, direction, arguments);
    if (arguments->flags != RIO_MSG_COMMIT_ONLY || arguments->data != NULL ||
        arguments->count != 0 || arguments->local != NULL || arguments->remote != NULL ||
        arguments->control != NULL || arguments->flags_out != NULL || arguments->context != NULL)
        return WSAEINVAL;
    return rio_queue_commit(id, direction);
}

static int PASCAL rio__ReceiveEx(RIO_RQ id, RIO_BUF* data, ULONG count, RIO_BUF* local,
                                 RIO_BUF* remote, RIO_BUF* control, RIO_BUF* flags_out, DWORD flags,
                                 void* context) {
    const struct rio_arguments arguments = {data,    count,     local, remote,
                                            control, flags_out, flags, context};
    return rio__answer(rio__request(id, RIO_RECEIVE, &arguments));
}

static BOOL PASCAL rio__Receive(RIO_RQ id, RIO_BUF* data, ULONG count, DWORD flags, void* context) {
    return rio__ReceiveEx(id, data, count, NULL, NULL, NULL, NULL, flags, context);
}

static BOOL PASCAL rio__SendEx(RIO_RQ id, RIO_BUF* data, ULONG count, RIO_BUF* local,
                               RIO_BUF* remote, RIO_BUF* control, RIO_BUF* flags_out, DWORD flags,
                               void* context) {
    const struct rio_arguments arguments = {data,    count,     local, remote,
                                            control, flags_out, flags, context};
    return rio__answer(rio__request(id, RIO_SEND, &arguments));
}

static BOOL PASCAL rio__Send(RIO_RQ id, RIO_BUF* data, ULONG count, DWORD flags, void* context) {
    return rio__SendEx(id, data, count, NULL, NULL, NULL, NULL, flags, context);
}

static void PASCAL rio__CloseCompletionQueue(RIO_CQ id) {
    rio_completions_close(id);
}

static RIO_CQ PASCAL rio__CreateCompletionQueue(DWORD size,
                                                RIO_NOTIFICATION_COMPLETION* notification) {
    int error;
    RIO_CQ id = rio_completions_create(size, notification, &error);
    rio__answer(error);
    return id;
}

static RIO_RQ PASCAL rio__CreateRequestQueue(SOCKET socket, ULONG receives, ULONG receive_buffers,
                                             ULONG sends, ULONG send_buffers, RIO_CQ receive_queue,
                                             RIO_CQ send_queue, void* context) {
    const ULONG limits[RIO_DIRECTIONS] = {receives, sends};
    const ULONG buffers[RIO_DIRECTIONS] = {receive_buffers, send_buffers};
    const RIO_CQ completions[RIO_DIRECTIONS] = {receive_queue, send_queue};
    int error;
    RIO_RQ id = rio_queue_create(socket, limits, buffers, completions, context, &error);
    rio__answer(error);
    return id;
}

static ULONG PASCAL rio__DequeueCompletion(RIO_CQ id, RIORESULT* results, ULONG count) {
    int error;
    ULONG taken = rio_completions_take(id, results, count, &error);
    rio__answer(error);
    return taken;
}

static void PASCAL rio__DeregisterBuffer(RIO_BUFFERID id) {
    rio_queue_deregister(id);
}

static int PASCAL rio__Notify(RIO_CQ id) {
    return rio_completions_notify(id);
}

static RIO_BUFFERID PASCAL rio__RegisterBuffer(char* start, DWORD length) {
    int error = 0;
    RIO_BUFFERID id = rio_register(start, length, &error);
    rio__answer(error);
    return id;
}

static BOOL PASCAL rio__ResizeCompletionQueue(RIO_CQ id, DWORD size) {
    return rio__answer(rio_completions_resize(id, size));
}

static BOOL PASCAL rio__ResizeRequestQueue(RIO_RQ id, DWORD receives, DWORD sends) {
    const ULONG limits[RIO_DIRECTIONS] = {receives, sends};
    return rio__answer(rio_queue_resize(id, limits));
}

const RIO_EXTENSION_FUNCTION_TABLE* rio_table(void) {
    static const RIO_EXTENSION_FUNCTION_TABLE table = {
        sizeof table,
        rio__Receive,
        rio__ReceiveEx,
        rio__Send,
        rio__SendEx,
        rio__CloseCompletionQueue,
        rio__CreateCompletionQueue,
        rio__CreateRequestQueue,
        rio__DequeueCompletion,
        rio__DeregisterBuffer,
        rio__Notify,
        rio__RegisterBuffer,
        rio__ResizeCompletionQueue,
        rio__ResizeRequestQueue,
    };
    return &table;
}
