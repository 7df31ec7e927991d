/* SPDX-License-Identifier: MIT */
#include "host/requests.h"

#include <stddef.h>

#include "base/once.h"
#include "base/status.h"

#define REQUESTS__POLL 0x00012024u
#define REQUESTS__COMPLETE 0x00120348u
#define REQUESTS__UNKNOWN 0x00012FFCu
#define REQUESTS__NOT_SUPPORTED 0xC00000BBu
#define REQUESTS__NO_SUCH_REQUEST 0xC0000010u
#define REQUESTS__NEVER 0x7FFFFFFFFFFFFFFFll

static struct once requests__once;
static HANDLE requests__device;
static struct once requests__idle_once;
static SOCKET requests__idle;

static int requests__open(void) {
    static wchar_t path[] = L"\\Device\\Afd\\wsext";
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    host_status status;

    name.Buffer = path;
    name.Length = sizeof path - sizeof path[0];
    name.MaximumLength = sizeof path;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    status = host.NtCreateFile(&requests__device, SYNCHRONIZE, &attributes, &block, NULL, 0,
                               FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0);
    if (status >= 0)
        return 0;
    requests__device = NULL;
    return status_is_shortage(status_to_error((uint32_t) status)) ? -1 : 0;
}

int request_open_device(void) {
    if (once_try(&requests__once, requests__open) != 0)
        return -1;
    return requests__device != NULL;
}

ULONG request_poll_size(unsigned count) {
    return (ULONG) (offsetof(struct request_poll, sockets) + count * sizeof(struct request_socket));
}

static host_status requests__poll(struct request_poll* poll, unsigned count, LONGLONG timeout,
                                  IO_STATUS_BLOCK* block, HANDLE event) {
    ULONG size = request_poll_size(count);
    poll->timeout.QuadPart = timeout;
    poll->count = count;
    poll->exclusive = 0;
    block->Status = (host_status) STATUS__PENDING;
    return host.NtDeviceIoControlFile(requests__device, event, NULL, NULL, block, REQUESTS__POLL,
                                      poll, size, poll, size);
}

host_status request_begin_poll(struct request_poll* poll, unsigned count, IO_STATUS_BLOCK* block,
                               HANDLE event) {
    return requests__poll(poll, count, REQUESTS__NEVER, block, event);
}

void request_cancel_poll(IO_STATUS_BLOCK* block) {
    if (host.CancelIoEx != NULL)
        host.CancelIoEx(requests__device, (OVERLAPPED*) block);
}

const struct request_socket* request_reply(const struct request_poll* poll, unsigned count,
                                           const IO_STATUS_BLOCK* block, SOCKET handle) {
    ULONG i;
    if (block->Status != 0)
        return NULL;
    for (i = 0; i < poll->count && i < count; i++) {
        if ((SOCKET) poll->sockets[i].handle == handle)
            return &poll->sockets[i];
    }
    return NULL;
}

static void requests__ask_for(struct request_socket* socket, SOCKET handle, ULONG events) {
    socket->handle = (HANDLE) handle;
    socket->events = events;
    socket->status = 0;
}

int request_look(const SOCKET* sockets, unsigned wanted, unsigned* events, unsigned count) {
    union {
        struct request_poll poll;
        char room[offsetof(struct request_poll, sockets) +
                  REQUEST_GROUP * sizeof(struct request_socket)];
    } place;
    IO_STATUS_BLOCK block;
    host_status status;
    unsigned i;

    for (i = 0; i < count; i++)
        requests__ask_for(&place.poll.sockets[i], sockets[i], wanted);
    /* With no time to wait, the poll has ended when the call returns. */
    status = requests__poll(&place.poll, count, 0, &block, NULL);
    if (status != 0)
        return status < 0 && status_is_shortage(status_to_error((uint32_t) status)) ? 1 : -1;
    for (i = 0; i < count; i++) {
        const struct request_socket* reply = request_reply(&place.poll, count, &block, sockets[i]);
        events[i] = reply != NULL ? reply->events : 0;
    }
    return 0;
}

static int requests__make_idle(void) {
    requests__idle = host.socket(AF_INET, SOCK_DGRAM, 0);
    return requests__idle != INVALID_SOCKET ? 0 : -1;
}

/* The poll asks for no event, and of a socket of ours that is never closed, since closing is told
 * unasked. A reply is never made, but has to have room. */
host_status request_pend(SOCKET s, HANDLE event, PIO_APC_ROUTINE apc, void* context,
                         IO_STATUS_BLOCK* block) {
    static struct request_poll reply;
    struct request_poll poll;
    ULONG size = request_poll_size(1);

    if (once_try(&requests__idle_once, requests__make_idle) != 0)
        return (host_status) STATUS__INSUFFICIENT_RESOURCES;
    poll.timeout.QuadPart = REQUESTS__NEVER;
    poll.count = 1;
    poll.exclusive = 0;
    requests__ask_for(&poll.sockets[0], requests__idle, 0);
    return host.NtDeviceIoControlFile((HANDLE) s, event, apc, context, block, REQUESTS__POLL, &poll,
                                      size, &reply, size);
}

host_status request_complete(SOCKET s, HANDLE event, OVERLAPPED* packet, void* block,
                             uint32_t status) {
    return host.NtDeviceIoControlFile((HANDLE) s, event, NULL, packet, block, REQUESTS__COMPLETE,
                                      &status, sizeof status, NULL, 0);
}

static void NTAPI requests__routine(void* context, IO_STATUS_BLOCK* block, ULONG reserved) {
    (void) context;
    (void) block;
    (void) reserved;
}

int request_has_no_port(SOCKET s) {
    IO_STATUS_BLOCK block;
    host_status status = host.NtDeviceIoControlFile((HANDLE) s, NULL, requests__routine, NULL,
                                                    &block, REQUESTS__UNKNOWN, NULL, 0, NULL, 0);
    return (uint32_t) status == REQUESTS__NOT_SUPPORTED ||
           (uint32_t) status == REQUESTS__NO_SUCH_REQUEST;
}
