/* SPDX-License-Identifier: MIT */
#include "core/delivery.h"

#include "base/log.h"
#include "base/once.h"
#include "base/status.h"
#include "core/table.h"

/* Wine's own request to complete an OVERLAPPED of a socket with any status; measured on Wine 8.0
 * and 10.0. It is private to Wine, so its effect is looked at once before it is relied on. */
#define DELIVERY__COMPLETE_ASYNC 0x00120348u

/* With its low bit set, an event means that no packet is wanted (GetQueuedCompletionStatus). */
#define DELIVERY__NO_PACKET ((ULONG_PTR) 1)

static struct once delivery__once;
static int delivery__has_complete_async;

static host_status delivery__complete_async(SOCKET handle, HANDLE event, OVERLAPPED* packet,
                                            void* block, uint32_t status) {
    return host.NtDeviceIoControlFile((HANDLE) handle, event, NULL, packet, block,
                                      DELIVERY__COMPLETE_ASYNC, &status, sizeof status, NULL, 0);
}

static int delivery__probe(void) {
    IO_STATUS_BLOCK block;
    SOCKET probe;
    host_status status;

    if (host.wine_get_version == NULL)
        return 0;
    probe = host.socket(AF_INET, SOCK_DGRAM, 0);
    if (probe == INVALID_SOCKET)
        return status_is_shortage(WSAGetLastError()) ? -1 : 0;
    block.Status = (host_status) STATUS__PENDING;
    status = delivery__complete_async(probe, NULL, NULL, &block, STATUS__CANCELLED);
    delivery__has_complete_async =
        (uint32_t) status == STATUS__CANCELLED && (uint32_t) block.Status == STATUS__CANCELLED;
    host.closesocket(probe);
    return status_is_shortage(status_to_error((uint32_t) status)) ? -1 : 0;
}

int delivery_has_request(void) {
    once_try(&delivery__once, delivery__probe);
    return delivery__has_complete_async;
}

static HANDLE delivery__event(const OVERLAPPED* overlapped) {
    return (HANDLE) ((ULONG_PTR) overlapped->hEvent & ~DELIVERY__NO_PACKET);
}

int delivery_wants_packet(const OVERLAPPED* overlapped) {
    return !((ULONG_PTR) overlapped->hEvent & DELIVERY__NO_PACKET);
}

void delivery_begin(OVERLAPPED* overlapped) {
    HANDLE event = delivery__event(overlapped);
    overlapped->InternalHigh = 0;
    overlapped->Internal = STATUS__PENDING;
    if (event != NULL)
        ResetEvent(event);
}

/* The status block is written last of what the program may look at without waiting, and everything
 * that is needed of the OVERLAPPED is read before: once the status shows, it may be gone. */
void delivery_complete_closed(const struct socket* socket, OVERLAPPED* overlapped, uint32_t status,
                              DWORD bytes) {
    HANDLE event = delivery__event(overlapped);
    int packet = delivery_wants_packet(overlapped) && socket->port.handle != NULL;

    overlapped->InternalHigh = bytes;
    InterlockedExchangePointer((void* volatile*) &overlapped->Internal, (void*) (ULONG_PTR) status);
    if (event != NULL)
        SetEvent(event);
    if (packet)
        port_post(&socket->port, socket->key, overlapped, status, bytes);
}

/* Whether what is noted of the socket is enough to complete an operation by: Wine's request knows
 * better where it reports to, but can name no byte count. */
int delivery_can_count(const struct socket* socket, const OVERLAPPED* overlapped) {
    return socket->port.handle != NULL || !delivery_wants_packet(overlapped) ||
           (table_flags(socket->handle) & TABLE_SEEN) != 0;
}

/* Who gave neither an event nor a port waits for the handle itself, which only the host can signal:
 * it does when it completes an operation without an event. */
static void delivery__signal_handle(SOCKET handle) {
    IO_STATUS_BLOCK block;
    if (delivery__has_complete_async)
        delivery__complete_async(handle, NULL, NULL, &block, STATUS__SUCCESS);
}

static void delivery__complete_noted(const struct socket* socket, OVERLAPPED* overlapped,
                                     uint32_t status, DWORD bytes) {
    int by_handle = socket->port.handle == NULL && delivery__event(overlapped) == NULL;
    delivery_complete_closed(socket, overlapped, status, bytes);
    if (by_handle)
        delivery__signal_handle(socket->handle);
}

/* Whether the socket was closed by a way that does not lead through us. Asked of what has failed
 * only, as that may be why. */
static int delivery__is_lost(SOCKET handle) {
    int before = WSAGetLastError();
    int type, length = sizeof type;
    int is_lost = host.getsockopt(handle, SOL_SOCKET, SO_TYPE, (char*) &type, &length) != 0 &&
                  WSAGetLastError() == WSAENOTSOCK;
    WSASetLastError(before);
    return is_lost;
}

void delivery_complete(const struct socket* socket, OVERLAPPED* overlapped, uint32_t status,
                       DWORD bytes) {
    int packet = delivery_wants_packet(overlapped);
    int skip = (table_flags(socket->handle) & TABLE_SKIP) != 0;

    log_info("socket %#Ix #%u completed with %s (%#x), %s", (size_t) socket->handle, socket->number,
             status_name(status), (unsigned) status, status_seen_as(status));
    once_try(&delivery__once, delivery__probe);
    if (bytes != 0 && delivery_can_count(socket, overlapped)) {
        delivery__complete_noted(socket, overlapped, status, bytes);
        return;
    }
    /* Wine's request does without a socket, but finds the port by the handle. */
    if (status != STATUS__SUCCESS && delivery__is_lost(socket->handle)) {
        delivery_complete_closed(socket, overlapped, STATUS__CANCELLED, bytes);
        return;
    }
    /* Wine's request takes itself for an immediate completion, which skip mode leaves unposted. */
    if (delivery__has_complete_async && !(packet && skip && socket->port.handle != NULL)) {
        host_status done = delivery__complete_async(socket->handle, delivery__event(overlapped),
                                                    packet ? overlapped : NULL, overlapped, status);
        if ((uint32_t) done == status)
            return;
    }
    if (packet && socket->port.handle == NULL && delivery__event(overlapped) == NULL)
        log_warn(
            "socket %#Ix: the end of a connect cannot be reported to a completion port that was "
            "associated before wsext was loaded",
            (size_t) socket->handle);
    delivery_complete_closed(socket, overlapped, status, bytes);
}

int delivery_send(SOCKET handle, char* payload, DWORD length, OVERLAPPED* overlapped,
                  int* finished) {
    WSABUF buffer;
    DWORD sent;
    int error;

    buffer.buf = payload;
    buffer.len = length;
    *finished = 0;
    if (host.WSASend(handle, &buffer, 1, &sent, 0, overlapped, NULL) == 0) {
        *finished = 1;
        return 0;
    }
    error = WSAGetLastError();
    return error == WSA_IO_PENDING ? 0 : error;
}

void delivery_post_skipped(const struct socket* socket, OVERLAPPED* overlapped, DWORD bytes) {
    if (socket->port.handle != NULL)
        port_post(&socket->port, socket->key, overlapped, STATUS__SUCCESS, bytes);
}
