/* SPDX-License-Identifier: MIT */
#include "rio/request.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "core/gate.h"
#include "core/stats.h"

/* What Wine has room for itself. */
#define RIO_REQUEST__CONTROL_SIZE 512

/* IP_PKTINFO and IPV6_PKTINFO of ws2ipdef.h; their data begin with the address. */
#define RIO_REQUEST__PKTINFO 19

/* WSACMSGHDR: the length counts the header and the data, not what pads them. */
struct rio_request__header {
    SIZE_T length;
    INT level;
    INT type;
};

/* Where the messages begin behind the length: at their own alignment. */
#define RIO_REQUEST__CONTROL_START sizeof(SIZE_T)

#define RIO_REQUEST__SEND_FLAGS (RIO_MSG_DONT_NOTIFY | RIO_MSG_DEFER)
#define RIO_REQUEST__RECEIVE_FLAGS (RIO_REQUEST__SEND_FLAGS | RIO_MSG_WAITALL)

/* From the arguments */

/* Copies one argument and checks that its memory is there. */
static int rio_request__take_part(struct rio_request* request, enum rio_part part,
                                  const RIO_BUF* argument, ULONG least, int written, char** start) {
    int error;
    if (argument == NULL)
        return 0;
    if (!memory_is_readable(argument, sizeof *argument))
        return WSAEFAULT;
    request->parts[part] = *argument;
    rio_lock();
    error = rio_locate(&request->parts[part], start);
    rio_unlock();
    if (error != 0)
        return error;
    if (request->parts[part].Length < least)
        return WSAEINVAL;
    if (!(written ? memory_is_writable : memory_is_readable)(*start, request->parts[part].Length))
        return WSAEFAULT;
    return 0;
}

static int rio_request__take_data(struct rio_request* request, const struct rio_socket* socket,
                                  const struct rio_arguments* arguments) {
    char* start = NULL;
    int error;
    if (arguments->count != (arguments->data != NULL))
        return WSAEINVAL;
    /* Only a datagram can be without data. */
    if (arguments->data == NULL)
        return socket->is_stream ? WSAEINVAL : 0;
    error = rio_request__take_part(request, RIO_DATA, arguments->data, 0,
                                   request->direction == RIO_RECEIVE, &start);
    if (error != 0)
        return error;
    request->has_data = 1;
    request->data.buf = start;
    request->data.len = request->parts[RIO_DATA].Length;
    return 0;
}

/* The address that a datagram goes to is copied, so that only its family's length has to be there.
 */
static int rio_request__take_target(struct rio_request* request, const RIO_BUF* argument) {
    char* start = NULL;
    ADDRESS_FAMILY family;
    int error = rio_request__take_part(request, RIO_REMOTE, argument, sizeof(struct sockaddr_in), 0,
                                       &start);
    if (error != 0 || argument == NULL)
        return error;
    memcpy(&family, start, sizeof family);
    if (family != AF_INET && family != AF_INET6)
        return WSAEINVAL;
    request->remote_length =
        family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (request->parts[RIO_REMOTE].Length < (ULONG) request->remote_length)
        return WSAEINVAL;
    memcpy(&request->remote, start, (size_t) request->remote_length);
    return 0;
}

/* As WSASendMsg does, which Wine's would not. */
static int rio_request__take_options(struct rio_request* request, const struct rio_socket* socket,
                                     char* start) {
    const struct sockaddr* target = request->remote_length != 0 ? &request->remote.name : NULL;
    WSABUF control;
    ULONG length;
    memcpy(&length, start, sizeof length);
    if (length > request->parts[RIO_CONTROL].Length)
        return WSAEINVAL;
    if (length <= RIO_REQUEST__CONTROL_START)
        return 0;
    control.buf = start + RIO_REQUEST__CONTROL_START;
    control.len = length - (ULONG) RIO_REQUEST__CONTROL_START;
    request->options = (struct msgoptions*) request->control;
    return msgoptions_plan(socket->handle, &control, target, request->remote_length,
                           request->parts[RIO_DATA].Length, request->options);
}

static int rio_request__take_send(struct rio_request* request, const struct rio_socket* socket,
                                  const struct rio_arguments* arguments) {
    char* start = NULL;
    int error;
    if (arguments->local != NULL)
        return WSAEINVAL;
    error = rio_request__take_target(request, arguments->remote);
    if (error == 0)
        error = rio_request__take_part(request, RIO_CONTROL, arguments->control, sizeof(ULONG), 0,
                                       &start);
    if (error == 0 && arguments->control != NULL)
        error = rio_request__take_options(request, socket, start);
    if (error == 0)
        error = rio_request__take_part(request, RIO_FLAGS, arguments->flags_out, sizeof(ULONG), 1,
                                       &start);
    return error;
}

static int rio_request__take_receive(struct rio_request* request,
                                     const struct rio_arguments* arguments) {
    char* start = NULL;
    int error = rio_request__take_part(request, RIO_LOCAL, arguments->local,
                                       sizeof(union rio_address), 1, &start);
    if (error == 0)
        error = rio_request__take_part(request, RIO_REMOTE, arguments->remote,
                                       sizeof(union rio_address), 1, &start);
    if (error == 0)
        error = rio_request__take_part(request, RIO_CONTROL, arguments->control,
                                       RIO_REQUEST__CONTROL_START, 1, &start);
    if (error == 0)
        error = rio_request__take_part(request, RIO_FLAGS, arguments->flags_out, sizeof(ULONG), 1,
                                       &start);
    request->remote_length = sizeof request->remote;
    return error;
}

/* The local address of a datagram comes with its control data. */
static int rio_request__need_messages(struct rio_socket* socket, int addresses) {
    static const GUID guid = WSAID_WSARECVMSG;
    DWORD on = 1;
    if (socket->receive_message == NULL)
        socket->receive_message = (LPFN_WSARECVMSG) host_ask_function(socket->handle, &guid);
    if (socket->receive_message == NULL)
        return WSAEOPNOTSUPP;
    if (!addresses || socket->tells_addresses)
        return 0;
    if (host.setsockopt(socket->handle, socket->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
                        RIO_REQUEST__PKTINFO, (const char*) &on, sizeof on) != 0)
        return WSAEOPNOTSUPP;
    socket->tells_addresses = 1;
    return 0;
}

int rio_request_new(struct rio_socket* socket, enum rio_direction direction,
                    const struct rio_arguments* arguments, struct rio_request** made) {
    int messages =
        direction == RIO_RECEIVE && !socket->is_stream &&
        (arguments->local != NULL || arguments->control != NULL || arguments->flags_out != NULL);
    size_t size = sizeof(struct rio_request);
    struct rio_request* request;
    int error;

    if (arguments->flags &
        ~(DWORD) (direction == RIO_SEND ? RIO_REQUEST__SEND_FLAGS : RIO_REQUEST__RECEIVE_FLAGS))
        return WSAEINVAL;
    if ((arguments->flags & RIO_MSG_WAITALL) && !socket->is_stream)
        return WSAEINVAL;
    if (messages)
        size += RIO_REQUEST__CONTROL_SIZE;
    else if (direction == RIO_SEND && arguments->control != NULL)
        size += sizeof *request->options;
    request = calloc(1, size);
    if (request == NULL)
        return WSAENOBUFS;

    request->direction = (unsigned char) direction;
    request->started = stats_now();
    request->waits_for_all = (arguments->flags & RIO_MSG_WAITALL) != 0;
    request->completion.is_quiet = (arguments->flags & RIO_MSG_DONT_NOTIFY) != 0;
    request->completion.result.RequestContext = (ULONG_PTR) arguments->context;
    error = rio_request__take_data(request, socket, arguments);
    if (error == 0)
        error = direction == RIO_SEND ? rio_request__take_send(request, socket, arguments)
                                      : rio_request__take_receive(request, arguments);
    if (error == 0 && messages)
        error = rio_request__need_messages(socket, arguments->local != NULL);
    if (error != 0) {
        free(request);
        return error;
    }
    if (messages) {
        request->receive_message = socket->receive_message;
        request->message.Control.len = RIO_REQUEST__CONTROL_SIZE;
    }
    *made = request;
    return 0;
}

/* To the host and back */

static int rio_request__receive(struct rio_request* request, const struct rio_socket* socket) {
    OVERLAPPED* step = &request->step;
    lock_count_t* gate;
    DWORD bytes;
    int result;
    if (request->receive_message != NULL) {
        request->message.name = &request->remote.name;
        request->message.namelen = request->remote_length;
        request->message.lpBuffers = &request->data;
        request->message.dwBufferCount = 1;
        request->message.Control.buf = (char*) request->control;
        return request->receive_message(socket->handle, &request->message, &bytes, step, NULL);
    }
    if (request->parts[RIO_REMOTE].Length != 0 && !socket->is_stream)
        return host.WSARecvFrom(socket->handle, &request->data, 1, &bytes, &request->message_flags,
                                &request->remote.name, &request->remote_length, step, NULL);
    gate = gate_enter(socket->handle);
    result = host.WSARecv(socket->handle, &request->data, 1, &bytes, &request->message_flags, step,
                          NULL);
    gate_leave(gate);
    return result;
}

/* A stream is connected and takes no address, as WSASendTo says. */
static int rio_request__send(struct rio_request* request, const struct rio_socket* socket) {
    lock_count_t* gate;
    DWORD bytes;
    int result;
    if (request->remote_length != 0 && !socket->is_stream)
        return host.WSASendTo(socket->handle, &request->data, 1, &bytes, 0, &request->remote.name,
                              request->remote_length, &request->step, NULL);
    gate = gate_enter(socket->handle);
    result = host.WSASend(socket->handle, &request->data, 1, &bytes, 0, &request->step, NULL);
    gate_leave(gate);
    return result;
}

void rio_request_begin(struct rio_request* request, const struct rio_socket* socket, HANDLE event) {
    int result,
        error = request->options != NULL ? msgoptions_set(socket->handle, request->options) : 0;
    if (error != 0) {
        rio_request_refuse(request, error);
        return;
    }
    request->step.Internal = STATUS__PENDING;
    request->step.InternalHigh = 0;
    /* With its low bit set, the event keeps the packet out of the program's port. */
    request->step.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    result = request->direction == RIO_SEND ? rio_request__send(request, socket)
                                            : rio_request__receive(request, socket);
    if (result != 0 && WSAGetLastError() != WSA_IO_PENDING)
        rio_request_refuse(request, WSAGetLastError());
}

void rio_request_refuse(struct rio_request* request, int error) {
    request->is_refused = 1;
    request->error = error;
}

int rio_request_is_done(const struct rio_request* request) {
    return request->is_refused ||
           *(const volatile ULONG_PTR*) &request->step.Internal != STATUS__PENDING;
}

/* Writes to the program's memory if it is still registered and there. */
static void rio_request__give(const struct rio_request* request, enum rio_part part, ULONG offset,
                              const void* bytes, size_t length) {
    char* start;
    if (request->parts[part].Length == 0)
        return;
    rio_lock();
    if (rio_locate(&request->parts[part], &start) == 0 &&
        memory_is_writable(start + offset, length))
        memcpy(start + offset, bytes, length);
    rio_unlock();
}

/* Control data; what does not fit is left out and said to be, as WSARecvMsg does. */
static void rio_request__give_control(struct rio_request* request) {
    ULONG room = request->parts[RIO_CONTROL].Length;
    ULONG length = request->message.Control.len;
    ULONG total;
    if (room == 0)
        return;
    if (length > room - RIO_REQUEST__CONTROL_START) {
        request->message.dwFlags |= MSG_CTRUNC;
        length = 0;
    }
    total = (ULONG) RIO_REQUEST__CONTROL_START + length;
    rio_request__give(request, RIO_CONTROL, RIO_REQUEST__CONTROL_START, request->control, length);
    rio_request__give(request, RIO_CONTROL, 0, &total, sizeof total);
}

static void rio_request__find_packet_address(const struct rio_request* request,
                                             union rio_address* local) {
    const char* place = (const char*) request->control;
    size_t left = request->message.Control.len;
    struct rio_request__header header;

    while (left >= sizeof header) {
        size_t whole;
        memcpy(&header, place, sizeof header);
        if (header.length < sizeof header || header.length > left)
            return;
        whole = header.length - sizeof header;
        if (header.type == RIO_REQUEST__PKTINFO && header.level == IPPROTO_IP &&
            whole >= sizeof local->in.sin_addr)
            memcpy(&local->in.sin_addr, place + sizeof header, sizeof local->in.sin_addr);
        else if (header.type == RIO_REQUEST__PKTINFO && header.level == IPPROTO_IPV6 &&
                 whole >= sizeof local->in6.sin6_addr)
            memcpy(&local->in6.sin6_addr, place + sizeof header, sizeof local->in6.sin6_addr);
        whole = (header.length + sizeof(SIZE_T) - 1) & ~(sizeof(SIZE_T) - 1);
        if (whole >= left)
            return;
        place += whole;
        left -= whole;
    }
}

static void rio_request__give_addresses(struct rio_request* request,
                                        const struct rio_socket* socket, int is_closed) {
    if (request->parts[RIO_LOCAL].Length != 0 && !is_closed) {
        union rio_address local;
        int length = sizeof local;
        memset(&local, 0, sizeof local);
        host.getsockname(socket->handle, &local.name, &length);
        if (request->receive_message != NULL)
            rio_request__find_packet_address(request, &local);
        rio_request__give(request, RIO_LOCAL, 0, &local, sizeof local);
    }
    if (request->parts[RIO_REMOTE].Length != 0 && !(socket->is_stream && is_closed)) {
        int length = sizeof request->remote;
        if (socket->is_stream)
            host.getpeername(socket->handle, &request->remote.name, &length);
        rio_request__give(request, RIO_REMOTE, 0, &request->remote, sizeof request->remote);
    }
}

static void rio_request__give_all(struct rio_request* request, const struct rio_socket* socket,
                                  int is_closed, int error) {
    ULONG flags;
    if (request->direction == RIO_RECEIVE) {
        rio_request__give_addresses(request, socket, is_closed);
        rio_request__give_control(request);
    }
    flags = request->message_flags | request->message.dwFlags;
    if (error == WSAEMSGSIZE)
        flags |= MSG_TRUNC;
    rio_request__give(request, RIO_FLAGS, 0, &flags, sizeof flags);
}

int rio_request_finish(struct rio_request* request, const struct rio_socket* socket,
                       int is_closed) {
    ULONG bytes = (ULONG) request->step.InternalHigh;
    int error =
        request->is_refused ? request->error : status_to_error((uint32_t) request->step.Internal);
    /* Wine looks a queued send's handle up anew when there is room, and a close may come first. */
    if (is_closed && error == WSAENOTSOCK)
        error = WSA_OPERATION_ABORTED;
    request->bytes += bytes;
    request->step.InternalHigh = 0;
    if (request->waits_for_all && error == 0 && bytes != 0 && bytes < request->data.len) {
        request->data.buf += bytes;
        request->data.len -= bytes;
        return 0;
    }
    if (error == 0 || error == WSAEMSGSIZE)
        rio_request__give_all(request, socket, is_closed, error);
    request->completion.result.Status = error;
    request->completion.result.BytesTransferred = request->bytes;
    return 1;
}
