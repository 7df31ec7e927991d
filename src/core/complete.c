/* SPDX-License-Identifier: MIT */
#include "core/complete.h"

#include "base/lock.h"
#include "base/log.h"
#include "base/once.h"
#include "base/status.h"
#include "host/caps.h"
#include "host/requests.h"

#define COMPLETE__NO_PACKET ((ULONG_PTR) 1)

static struct once complete__once;
static lock_t complete__lock; /* Of the handles that are held. */

static void complete__init(void) {
    lock_init(&complete__lock);
}

int complete_wants_packet(const OVERLAPPED* overlapped) {
    return !((ULONG_PTR) overlapped->hEvent & COMPLETE__NO_PACKET);
}

int complete_take_event(const OVERLAPPED* overlapped, HANDLE* event) {
    HANDLE process = GetCurrentProcess();
    HANDLE given = (HANDLE) ((ULONG_PTR) overlapped->hEvent & ~COMPLETE__NO_PACKET);
    host_status status;
    *event = NULL;
    if (given == NULL)
        return 0;
    status = host.NtDuplicateObject(process, given, process, event, 0, 0, DUPLICATE_SAME_ACCESS);
    if (status < 0) {
        *event = NULL;
        return status_is_shortage(status_to_error((uint32_t) status)) ? WSAENOBUFS : WSAENOTSOCK;
    }
    if (ResetEvent(*event))
        return 0;
    complete_give_event_back(*event);
    *event = NULL;
    return WSAENOTSOCK;
}

void complete_give_event_back(HANDLE event) {
    if (event != NULL)
        host.CloseHandle(event);
}

void complete_begin(OVERLAPPED* overlapped) {
    overlapped->InternalHigh = 0;
    overlapped->Internal = STATUS__PENDING;
}

/* The status is written last of what the program may look at without waiting, and everything that
 * is needed of the OVERLAPPED is read before: once the status shows, it may be gone. */
static void complete__write(OVERLAPPED* overlapped, HANDLE event, uint32_t status, DWORD bytes) {
    overlapped->InternalHigh = bytes;
    InterlockedExchangePointer((void* volatile*) &overlapped->Internal, (void*) (ULONG_PTR) status);
    if (event != NULL)
        SetEvent(event);
}

static void complete__by_note(const struct target* target, OVERLAPPED* overlapped, HANDLE event,
                              uint32_t status, DWORD bytes) {
    int packet = complete_wants_packet(overlapped) && target->port.handle != NULL;
    complete__write(overlapped, event, status, bytes);
    if (packet)
        port_post(&target->port, target->key, overlapped, status, bytes);
    else
        port_let_go(&target->port);
}

void complete_without_packet(OVERLAPPED* overlapped, HANDLE event, DWORD bytes) {
    complete__write(overlapped, event, STATUS__SUCCESS, bytes);
}

/* Who gave neither an event nor a port waits for the handle itself, which only the host can signal:
 * it does when it completes an operation without an event. */
static void complete__signal_handle(SOCKET handle) {
    IO_STATUS_BLOCK block;
    if (caps_has(CAP_COMPLETE))
        request_complete(handle, NULL, NULL, &block, STATUS__SUCCESS);
}

/* Where the host can complete anything by itself, it is left to that. */
int complete_can_count(const struct target* target, const OVERLAPPED* overlapped) {
    return target->port.handle != NULL || !complete_wants_packet(overlapped) || target->is_known ||
           (!caps_has(CAP_COMPLETE) && request_has_no_port(target->handle));
}

/* Whether the socket was closed by a way that does not lead through us. Asked of what has failed
 * only, as that may be why. Wine's request succeeds without a packet where the handle is closed
 * just then, so it is made by a handle of our own, which may be NULL where handles are short. */
static int complete__is_lost(SOCKET handle, HANDLE* held) {
    HANDLE process = GetCurrentProcess();
    int before = WSAGetLastError();
    int type, length = sizeof type;
    int is_lost = 0;
    host_status status;

    *held = NULL;
    if (caps_has(CAP_COMPLETE)) {
        status = host.NtDuplicateObject(process, (HANDLE) handle, process, held, 0, 0,
                                        DUPLICATE_SAME_ACCESS);
        is_lost = status < 0 && !status_is_shortage(status_to_error((uint32_t) status));
        if (status < 0)
            *held = NULL;
    }
    is_lost =
        is_lost || (host.getsockopt(handle, SOL_SOCKET, SO_TYPE, (char*) &type, &length) != 0 &&
                    WSAGetLastError() == WSAENOTSOCK);
    WSASetLastError(before);
    return is_lost;
}

/* The host's request knows best where the socket reports to, but takes itself for an operation that
 * has ended at once, which skip mode leaves unposted. */
static int complete__by_request(const struct target* target, SOCKET handle, OVERLAPPED* overlapped,
                                HANDLE event, uint32_t status) {
    int packet = complete_wants_packet(overlapped);
    if (!caps_has(CAP_COMPLETE) || (packet && target->skips && target->port.handle != NULL))
        return 0;
    return (uint32_t) request_complete(handle, event, packet ? overlapped : NULL, overlapped,
                                       status) == status;
}

/* A send of nothing ends with success, and its packet finds a port that is not known. */
static int complete__by_sending(const struct target* target, OVERLAPPED* overlapped) {
    WSABUF nothing = {0, NULL};
    DWORD sent;
    if (complete_can_count(target, overlapped))
        return 0;
    return host.WSASend(target->handle, &nothing, 1, &sent, 0, overlapped, NULL) == 0 ||
           WSAGetLastError() == WSA_IO_PENDING;
}

static void complete__by_handle(const struct target* target, SOCKET handle, OVERLAPPED* overlapped,
                                HANDLE event, uint32_t status) {
    if (complete__by_request(target, handle, overlapped, event, status) ||
        (status == STATUS__SUCCESS && complete__by_sending(target, overlapped))) {
        port_let_go(&target->port);
        return;
    }
    if (!complete_can_count(target, overlapped) && event == NULL)
        log_warn("socket %#Ix: the end of an operation cannot be reported to a completion port "
                 "that was associated before wsext was loaded",
                 (size_t) target->handle);
    complete__by_note(target, overlapped, event, status, 0);
}

/* One at a time: a handle that is held may have the value of one that was lost, whose operation
 * would be reported to the wrong port. */
static void complete__failed_by_host(const struct target* target, OVERLAPPED* overlapped,
                                     HANDLE event, uint32_t status) {
    HANDLE held = NULL;

    once_run(&complete__once, complete__init);
    lock_acquire(&complete__lock);
    if (complete__is_lost(target->handle, &held))
        complete__by_note(target, overlapped, event, STATUS__CANCELLED, 0);
    else
        complete__by_handle(target, held != NULL ? (SOCKET) held : target->handle, overlapped,
                            event, status);
    complete_give_event_back(held);
    lock_release(&complete__lock);
}

void complete(const struct target* target, OVERLAPPED* overlapped, HANDLE event, uint32_t status,
              DWORD bytes) {
    int by_handle = target->port.handle == NULL && event == NULL;

    if (!target->is_open) {
        complete__by_note(target, overlapped, event, status, bytes);
    } else if (bytes != 0 && complete_can_count(target, overlapped)) {
        complete__by_note(target, overlapped, event, status, bytes);
        if (by_handle)
            complete__signal_handle(target->handle);
    } else if (status != STATUS__SUCCESS) {
        complete__failed_by_host(target, overlapped, event, status);
    } else {
        complete__by_handle(target, target->handle, overlapped, event, status);
    }
}
