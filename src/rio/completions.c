/* SPDX-License-Identifier: MIT */
#include "rio/completions.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/retry.h"
#include "base/status.h"

#define RIO_COMPLETIONS__INVALID_HANDLE 0xC0000008u
#define RIO_COMPLETIONS__OTHER_TYPE 0xC0000024u

struct rio_completions {
    struct rio_completion* first;
    struct rio_completion** end;
    ULONG count;    /* Of the completions that wait, */
    ULONG loud;     /* and of those among them that are to be told of. */
    ULONG size;     /* What the program asked for, */
    ULONG promised; /* and how much of it is promised. */
    ULONG holders;  /* Request queues' directions. */
    unsigned char is_open;
    unsigned char is_armed;                   /* The program waits to be told. */
    RIO_NOTIFICATION_COMPLETION notification; /* With a handle of our own; type 0 for polling. */
};

static HANDLE* rio_completions__handle(RIO_NOTIFICATION_COMPLETION* notification) {
    return notification->Type == RIO_EVENT_COMPLETION ? &notification->Event.EventHandle
                                                      : &notification->Iocp.IocpHandle;
}

/* A handle that may not be asked can still be of the right type. */
static int rio_completions__is_usable(const RIO_NOTIFICATION_COMPLETION* notification) {
    ULONG info[2];
    host_status status;
    if (notification->Type == RIO_EVENT_COMPLETION)
        status = host.NtQueryEvent(notification->Event.EventHandle, 0, info, sizeof info, NULL);
    else
        status =
            host.NtQueryIoCompletion(notification->Iocp.IocpHandle, 0, info, sizeof info[0], NULL);
    return (uint32_t) status != RIO_COMPLETIONS__INVALID_HANDLE &&
           (uint32_t) status != RIO_COMPLETIONS__OTHER_TYPE;
}

/* Takes over what the program asks for, with a handle of our own: it may close its before it closes
 * the queue. */
static int rio_completions__take_notification(RIO_NOTIFICATION_COMPLETION* ours,
                                              const RIO_NOTIFICATION_COMPLETION* theirs) {
    HANDLE* handle;
    ours->Type = (RIO_NOTIFICATION_COMPLETION_TYPE) 0;
    if (theirs == NULL)
        return 0;
    if (!memory_is_readable(theirs, sizeof *theirs))
        return WSAEFAULT;
    *ours = *theirs;
    if (ours->Type != RIO_EVENT_COMPLETION && ours->Type != RIO_IOCP_COMPLETION)
        return WSAEINVAL;
    if (ours->Type == RIO_IOCP_COMPLETION && ours->Iocp.Overlapped == NULL)
        return WSAEINVAL;
    handle = rio_completions__handle(ours);
    if (!rio_completions__is_usable(ours))
        return WSAEINVAL;
    if (!DuplicateHandle(GetCurrentProcess(), *handle, GetCurrentProcess(), handle, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
        return status_is_shortage((int) GetLastError()) ? WSAENOBUFS : WSAEINVAL;
    return 0;
}

RIO_CQ rio_completions_create(DWORD size, const RIO_NOTIFICATION_COMPLETION* notification,
                              int* error) {
    struct rio_completions* completions;
    uintptr_t id;

    *error = WSAEINVAL;
    if (size == 0 || size > RIO_MAX_CQ_SIZE)
        return RIO_INVALID_CQ;
    *error = WSAENOBUFS;
    completions = calloc(1, sizeof *completions);
    if (completions == NULL)
        return RIO_INVALID_CQ;
    *error = rio_completions__take_notification(&completions->notification, notification);
    if (*error != 0) {
        free(completions);
        return RIO_INVALID_CQ;
    }
    completions->end = &completions->first;
    completions->size = size;
    completions->is_open = 1;

    rio_lock();
    id = rio_add(RIO_COMPLETIONS, completions);
    rio_unlock();
    if (id == 0) {
        if (completions->notification.Type != 0)
            host.CloseHandle(*rio_completions__handle(&completions->notification));
        free(completions);
        *error = WSAENOBUFS;
        return RIO_INVALID_CQ;
    }
    log_info("RIO completion queue %#Ix of %lu is created", (size_t) id, size);
    return (RIO_CQ) id;
}

struct rio_completions* rio_completions_find(RIO_CQ id) {
    return rio_find(RIO_COMPLETIONS, id);
}

int rio_completions_is_open(const struct rio_completions* completions) {
    return completions->is_open;
}

static struct rio_completion* rio_completions__pop(struct rio_completions* completions) {
    struct rio_completion* completion = completions->first;
    completions->first = completion->next;
    if (completions->first == NULL)
        completions->end = &completions->first;
    completions->count--;
    completions->loud -= !completion->is_quiet;
    return completion;
}

static void rio_completions__free_if_unused(struct rio_completions* completions) {
    if (!completions->is_open && completions->holders == 0)
        free(completions);
}

void rio_completions_close(RIO_CQ id) {
    struct rio_completions* completions;
    HANDLE handle = NULL;

    rio_lock();
    completions = rio_remove(RIO_COMPLETIONS, id);
    if (completions != NULL) {
        if (completions->notification.Type != 0)
            handle = *rio_completions__handle(&completions->notification);
        /* Held, as the last completion may be all that keeps its request queue and so this. */
        completions->holders++;
        completions->is_open = 0;
        while (completions->first != NULL) {
            struct rio_completion* completion = rio_completions__pop(completions);
            completion->release(completion);
        }
        rio_completions_let_go(completions);
    }
    rio_unlock();
    if (handle != NULL)
        host.CloseHandle(handle);
    if (completions != NULL)
        log_info("RIO completion queue %#Ix is closed", (size_t) id);
}

int rio_completions_resize(RIO_CQ id, DWORD size) {
    struct rio_completions* completions;
    int error = 0;

    rio_lock();
    completions = rio_completions_find(id);
    if (completions == NULL || size == 0 || size > RIO_MAX_CQ_SIZE)
        error = WSAEINVAL;
    else if (size < completions->promised)
        error = WSAETOOMANYREFS;
    else
        completions->size = size;
    rio_unlock();
    return error;
}

static void rio_completions__tell(struct rio_completions* completions) {
    const RIO_NOTIFICATION_COMPLETION* notification = &completions->notification;
    host_status status;
    unsigned tries = 0;
    completions->is_armed = 0;
    if (notification->Type == RIO_EVENT_COMPLETION) {
        SetEvent(notification->Event.EventHandle);
        return;
    }
    do {
        status = host.NtSetIoCompletion(notification->Iocp.IocpHandle,
                                        (ULONG_PTR) notification->Iocp.CompletionKey,
                                        (ULONG_PTR) notification->Iocp.Overlapped, 0, 0);
    } while (status < 0 && retry_shortage(&tries, status_to_error((uint32_t) status)));
}

int rio_completions_notify(RIO_CQ id) {
    struct rio_completions* completions;
    int error = 0;

    rio_lock();
    completions = rio_completions_find(id);
    if (completions == NULL || completions->notification.Type == 0) {
        error = WSAEINVAL;
    } else if (completions->is_armed) {
        error = WSAEALREADY;
    } else {
        const RIO_NOTIFICATION_COMPLETION* notification = &completions->notification;
        if (notification->Type == RIO_EVENT_COMPLETION && notification->Event.NotifyReset)
            ResetEvent(notification->Event.EventHandle);
        completions->is_armed = 1;
        if (completions->loud > 0)
            rio_completions__tell(completions);
    }
    rio_unlock();
    return error;
}

ULONG rio_completions_take(RIO_CQ id, RIORESULT* results, ULONG count, int* error) {
    struct rio_completions* completions;
    ULONG taken = 0;

    *error = 0;
    rio_lock();
    completions = rio_completions_find(id);
    if (completions == NULL) {
        *error = WSAEINVAL;
    } else {
        if (count > completions->count)
            count = completions->count;
        if (!memory_is_writable(results, count * sizeof *results))
            *error = WSAEFAULT;
    }
    while (*error == 0 && taken < count) {
        struct rio_completion* completion = rio_completions__pop(completions);
        results[taken++] = completion->result;
        completion->release(completion);
    }
    rio_unlock();
    return *error == 0 ? taken : RIO_CORRUPT_CQ;
}

int rio_completions_promise(struct rio_completions* completions, ULONG count) {
    if (count > completions->size - completions->promised)
        return WSAENOBUFS;
    completions->promised += count;
    return 0;
}

void rio_completions_take_back(struct rio_completions* completions, ULONG count) {
    completions->promised -= count;
}

void rio_completions_hold(struct rio_completions* completions) {
    completions->holders++;
}

void rio_completions_let_go(struct rio_completions* completions) {
    completions->holders--;
    rio_completions__free_if_unused(completions);
}

void rio_completions_put(struct rio_completions* completions, struct rio_completion* completion) {
    if (!completions->is_open) {
        completion->release(completion);
        return;
    }
    completion->next = NULL;
    *completions->end = completion;
    completions->end = &completion->next;
    completions->count++;
    if (completion->is_quiet)
        return;
    completions->loud++;
    if (completions->is_armed)
        rio_completions__tell(completions);
}
