/* SPDX-License-Identifier: MIT */
#include "core/endless.h"

#include "base/status.h"
#include "core/socket.h"
#include "core/wait.h"
#include "host/caps.h"
#include "host/requests.h"

/* With its low bit set, an event means that no packet is wanted (GetQueuedCompletionStatus). */
#define ENDLESS__NO_PACKET ((ULONG_PTR) 1)

/* On Wine a poll of the socket driver may be made on a socket's own handle, where it is cancelled,
 * closed and reported like any operation of the socket. */
int endless_is_available(void) {
    return caps_find(CAP_PEND) == 0 && caps_has(CAP_PEND);
}

/* Called by the host in the thread that began the operation; its end is its being cancelled. */
static void NTAPI endless__ended(void* context, IO_STATUS_BLOCK* block, ULONG reserved) {
    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine = (LPWSAOVERLAPPED_COMPLETION_ROUTINE) context;
    (void) reserved;
    routine(WSA_OPERATION_ABORTED, 0, (WSAOVERLAPPED*) block, 0);
}

static int endless__error(host_status status) {
    if ((uint32_t) status == STATUS__PENDING)
        return WSA_IO_PENDING;
    if (status_is_shortage(status_to_error((uint32_t) status)))
        return WSAENOBUFS;
    return (uint32_t) status == STATUS__CANCELLED ? WSA_OPERATION_ABORTED : WSAEOPNOTSUPP;
}

/* When a socket is closed, Wine ends them with STATUS_HANDLES_CLOSED, which no program knows. */
static int endless__note(SOCKET s) {
    struct socket* socket = socket_need(s);
    if (socket != NULL)
        socket->cancels_all = 1;
    socket_release(s);
    return socket != NULL ? 0 : -1;
}

int endless_begin(SOCKET s, WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    IO_STATUS_BLOCK* block = (IO_STATUS_BLOCK*) overlapped;
    ULONG_PTR event = (ULONG_PTR) overlapped->hEvent;
    void* context = event & ENDLESS__NO_PACKET ? NULL : overlapped;

    if (endless__note(s) != 0)
        return WSAENOBUFS;
    block->Status = (host_status) STATUS__PENDING;
    if (routine != NULL)
        return endless__error(request_pend(s, NULL, endless__ended, (void*) routine, block));
    return endless__error(
        request_pend(s, (HANDLE) (event & ~ENDLESS__NO_PACKET), NULL, context, block));
}

int endless_wait(SOCKET s) {
    struct wait wait;
    IO_STATUS_BLOCK* block = (IO_STATUS_BLOCK*) &wait.overlapped;
    host_status status;
    int error = endless__note(s) == 0 ? wait_init(&wait) : WSAENOBUFS;

    if (error != 0)
        return error;
    block->Status = (host_status) STATUS__PENDING;
    status = request_pend(s, wait.event, NULL, NULL, block);
    if ((uint32_t) status == STATUS__PENDING) {
        WaitForSingleObject(wait.event, INFINITE);
        status = block->Status;
    }
    wait_release(&wait);
    return endless__error(status);
}
