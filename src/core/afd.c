/* SPDX-License-Identifier: MIT */
#include "core/afd.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/once.h"
#include "base/status.h"

#define AFD__POLL 0x00012024u
#define AFD__NEVER 0x7FFFFFFFFFFFFFFFll

/* A poll is walked for each event of any of its sockets and issued again for the rest, so groups
 * are bounded; many small polls are joined when they are this many. */
#define AFD__SMALL_GROUP (AFD_GROUP_SIZE / 4)
#define AFD__SMALL_GROUPS_AT_MOST 32u

/* The layout of the driver's request and reply, as wepoll, mio and Wine have it. */
struct afd__socket {
    HANDLE handle;
    ULONG events;
    host_status status;
};

struct afd__request {
    LARGE_INTEGER timeout;
    ULONG count;
    ULONG exclusive;
    struct afd__socket sockets[1];
};

struct afd__poll {
    IO_STATUS_BLOCK block;
    struct afd__poll* next;
    unsigned count;
    int cancelled;
    struct operation** operations; /* Lies behind the request. */
    struct afd__request request;
};

static struct once afd__once;
static HANDLE afd__device;
static int afd__works;
static struct afd__poll* afd__polls;
static struct operation* afd__fresh;

static host_status afd__open(void) {
    static wchar_t path[] = L"\\Device\\Afd\\wsext";
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    host_status status;

    name.Buffer = path;
    name.Length = sizeof path - sizeof path[0];
    name.MaximumLength = sizeof path;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    status = host.NtCreateFile(&afd__device, SYNCHRONIZE, &attributes, &block, NULL, 0,
                               FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0);
    if (status < 0)
        afd__device = NULL;
    return status;
}

void afd_add(struct operation* operation) {
    operation->next = afd__fresh;
    afd__fresh = operation;
}

static ULONG afd__request_size(unsigned count) {
    return (ULONG) (offsetof(struct afd__request, sockets) + count * sizeof(struct afd__socket));
}

static struct afd__poll* afd__new_poll(unsigned count) {
    /* The reply is written over the request, so the operations are kept apart from it. */
    size_t head = offsetof(struct afd__poll, request) + afd__request_size(count);
    struct afd__poll* poll = calloc(1, head + count * sizeof(struct operation*));
    if (poll == NULL)
        return NULL;
    poll->operations = (struct operation**) ((char*) poll + head);
    return poll;
}

static host_status afd__call(IO_STATUS_BLOCK* block, struct afd__request* request, unsigned count,
                             LONGLONG timeout, HANDLE event) {
    ULONG size = afd__request_size(count);
    request->timeout.QuadPart = timeout;
    request->count = count;
    request->exclusive = 0;
    block->Status = (host_status) STATUS__PENDING;
    return host.NtDeviceIoControlFile(afd__device, event, NULL, NULL, block, AFD__POLL, request,
                                      size, request, size);
}

static void afd__ask_for(struct afd__socket* socket, SOCKET handle, ULONG events) {
    socket->handle = (HANDLE) handle;
    socket->events = events;
    socket->status = 0;
}

/* A host that is short of memory has said nothing of the sockets. */
static int afd__is_shortage(host_status status) {
    return status < 0 && status_is_shortage(status_to_error((uint32_t) status));
}

static host_status afd__issue(struct afd__poll* poll, HANDLE event) {
    host_status status;
    unsigned i;
    for (i = 0; i < poll->count; i++)
        afd__ask_for(&poll->request.sockets[i], poll->operations[i]->handle,
                     AFD_EVENT_CLOSE | AFD_EVENT_CONNECT | AFD_EVENT_CONNECT_FAIL);
    status = afd__call(&poll->block, &poll->request, poll->count, AFD__NEVER, event);
    if (status < 0)
        return status;
    poll->next = afd__polls;
    afd__polls = poll;
    return status;
}

static unsigned afd__take_fresh(struct operation** operations, unsigned limit,
                                int (*is_wanted)(struct operation*)) {
    unsigned count = 0;
    while (afd__fresh != NULL && count < limit) {
        struct operation* operation = afd__fresh;
        afd__fresh = operation->next;
        if (is_wanted(operation))
            operations[count++] = operation;
    }
    return count;
}

/* Issues one poll for the given operations. A single socket that the driver does not know fails the
 * poll of its whole group, so a refused group is tried one by one, which needs less memory, too. */
static void afd__watch(struct operation** operations, unsigned count, HANDLE event,
                       void (*report)(struct operation*, enum afd_outcome, uint32_t)) {
    struct afd__poll* poll = afd__new_poll(count);
    host_status status = (host_status) STATUS__INSUFFICIENT_RESOURCES;
    unsigned i;

    if (poll != NULL) {
        for (i = 0; i < count; i++)
            poll->operations[i] = operations[i];
        poll->count = count;
        status = afd__issue(poll, event);
        if (status >= 0)
            return;
        free(poll);
    }
    if (count == 1) {
        if (afd__is_shortage(status))
            report(operations[0], AFD_DOWN, STATUS__INSUFFICIENT_RESOURCES);
        else
            report(operations[0], AFD_CLOSED, STATUS__CANCELLED);
        return;
    }
    for (i = 0; i < count; i++)
        afd__watch(&operations[i], 1, event, report);
}

void afd_submit(HANDLE event, int (*is_wanted)(struct operation* operation),
                void (*report)(struct operation* operation, enum afd_outcome outcome,
                               uint32_t status)) {
    struct operation* operations[AFD_GROUP_SIZE];
    unsigned count;
    while ((count = afd__take_fresh(operations, AFD_GROUP_SIZE, is_wanted)) > 0)
        afd__watch(operations, count, event, report);
}

/* Cancels the small polls where they are many; they come back through afd_collect() and are issued
 * again as one. A host without CancelIoEx goes on with what it has. */
static void afd__join_small_polls(void) {
    struct afd__poll* poll;
    unsigned small = 0;

    if (host.CancelIoEx == NULL)
        return;
    for (poll = afd__polls; poll != NULL; poll = poll->next)
        small += poll->count < AFD__SMALL_GROUP && !poll->cancelled;
    if (small < AFD__SMALL_GROUPS_AT_MOST)
        return;
    for (poll = afd__polls; poll != NULL; poll = poll->next) {
        if (poll->count < AFD__SMALL_GROUP && !poll->cancelled) {
            poll->cancelled = 1;
            host.CancelIoEx(afd__device, (OVERLAPPED*) &poll->block);
        }
    }
}

/* The reply names the sockets that something holds for, and only these on Windows and Wine. */
static const struct afd__socket* afd__find_reply(const IO_STATUS_BLOCK* block,
                                                 const struct afd__request* request, unsigned count,
                                                 SOCKET handle) {
    ULONG i;
    if (block->Status != 0)
        return NULL;
    for (i = 0; i < request->count && i < count; i++) {
        if ((SOCKET) request->sockets[i].handle == handle)
            return &request->sockets[i];
    }
    return NULL;
}

int afd_look(const SOCKET* sockets, unsigned wanted, unsigned* events, unsigned count) {
    union {
        struct afd__request request;
        char room[offsetof(struct afd__request, sockets) +
                  AFD_GROUP_SIZE * sizeof(struct afd__socket)];
    } place;
    IO_STATUS_BLOCK block;
    host_status status;
    unsigned i;

    for (i = 0; i < count; i++)
        afd__ask_for(&place.request.sockets[i], sockets[i], wanted);
    /* With no time to wait, the poll has ended when the call returns. */
    status = afd__call(&block, &place.request, count, 0, NULL);
    if (status != 0)
        return afd__is_shortage(status) ? 1 : -1;
    for (i = 0; i < count; i++) {
        const struct afd__socket* reply =
            afd__find_reply(&block, &place.request, count, sockets[i]);
        events[i] = reply != NULL ? reply->events : 0;
    }
    return 0;
}

static struct once afd__idle_once;
static SOCKET afd__idle;

static int afd__make_idle(void) {
    afd__idle = host.socket(AF_INET, SOCK_DGRAM, 0);
    return afd__idle != INVALID_SOCKET ? 0 : -1;
}

/* The poll asks for no event, and of a socket of ours that is never closed, since closing is told
 * unasked. A reply is never made, but has to have room. */
host_status afd_pend(SOCKET s, HANDLE event, PIO_APC_ROUTINE apc, void* context,
                     IO_STATUS_BLOCK* block) {
    static struct afd__request reply;
    struct afd__request request;
    ULONG size = afd__request_size(1);

    if (once_try(&afd__idle_once, afd__make_idle) != 0)
        return (host_status) STATUS__INSUFFICIENT_RESOURCES;
    request.timeout.QuadPart = AFD__NEVER;
    request.count = 1;
    request.exclusive = 0;
    afd__ask_for(&request.sockets[0], afd__idle, 0);
    return host.NtDeviceIoControlFile((HANDLE) s, event, apc, context, block, AFD__POLL, &request,
                                      size, &reply, size);
}

/* That the device opens tells nothing of the layout of its requests, which on 64-bit ReactOS is
 * another one. A datagram socket can be written to at any time, and the reply must say so of it. */
static int afd__probe(void) {
    unsigned events = 0;
    int is_short = afd__is_shortage(afd__open());
    SOCKET probe;

    if (afd__device == NULL)
        return is_short ? -1 : 0;
    probe = host.socket(AF_INET, SOCK_DGRAM, 0);
    if (probe == INVALID_SOCKET) {
        is_short = status_is_shortage(WSAGetLastError());
    } else {
        is_short = afd_look(&probe, AFD_EVENT_SEND, &events, 1) > 0;
        afd__works = events == AFD_EVENT_SEND;
        host.closesocket(probe);
    }
    if (!afd__works)
        host.CloseHandle(afd__device);
    return is_short ? -1 : 0;
}

int afd_is_available(void) {
    return once_try(&afd__once, afd__probe) == 0 && afd__works;
}

int afd_is_undecided(void) {
    return once_try(&afd__once, afd__probe) != 0;
}

static void afd__report_poll(const struct afd__poll* poll, int (*is_wanted)(struct operation*),
                             void (*report)(struct operation*, enum afd_outcome, uint32_t)) {
    unsigned i;
    for (i = 0; i < poll->count; i++) {
        struct operation* operation = poll->operations[i];
        const struct afd__socket* reply =
            afd__find_reply(&poll->block, &poll->request, poll->count, operation->handle);
        if (reply == NULL || reply->events == 0) {
            if (is_wanted(operation))
                afd_add(operation);
        } else if (reply->events & AFD_EVENT_CLOSE) {
            report(operation, AFD_CLOSED, STATUS__CANCELLED);
        } else if (reply->events & AFD_EVENT_CONNECT_FAIL) {
            /* A failure without a reason is the refusal, the one that needs no more words. */
            uint32_t status = (uint32_t) reply->status;
            report(operation, AFD_DOWN, status != 0 ? status : STATUS__CONNECTION_REFUSED);
        } else {
            report(operation, AFD_UP, STATUS__SUCCESS);
        }
    }
}

int afd_collect(int (*is_wanted)(struct operation* operation),
                void (*report)(struct operation* operation, enum afd_outcome outcome,
                               uint32_t status)) {
    struct afd__poll** place = &afd__polls;
    int ended = 0;

    while (*place != NULL) {
        struct afd__poll* poll = *place;
        if (*(volatile host_status*) &poll->block.Status == (host_status) STATUS__PENDING) {
            place = &poll->next;
            continue;
        }
        *place = poll->next;
        afd__report_poll(poll, is_wanted, report);
        free(poll);
        ended++;
    }
    afd__join_small_polls();
    return ended;
}
