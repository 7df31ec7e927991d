/* SPDX-License-Identifier: MIT */
#include "ext/sendmsg.h"

#include <limits.h>

#include "base/log.h"
#include "base/memory.h"
#include "core/gate.h"
#include "core/stats.h"
#include "ext/kind.h"
#include "ext/msgoptions.h"
#include "ext/sendlock.h"
#include "host/caps.h"

static int sendmsg__check(const WSAMSG* message, const DWORD* sent,
                          const WSAOVERLAPPED* overlapped) {
    if (!memory_is_readable(message, sizeof *message) ||
        message->dwBufferCount > INT_MAX / sizeof *message->lpBuffers ||
        !memory_is_readable(message->lpBuffers,
                            message->dwBufferCount * sizeof *message->lpBuffers))
        return WSAEFAULT;
    if (message->name != NULL &&
        (message->namelen < 0 || !memory_is_readable(message->name, (size_t) message->namelen)))
        return WSAEFAULT;
    if (sent == NULL ? overlapped == NULL : !memory_is_writable(sent, sizeof *sent))
        return WSAEFAULT;
    if (overlapped != NULL && !memory_is_writable(overlapped, sizeof *overlapped))
        return WSAEFAULT;
    return 0;
}

static int sendmsg__host(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                         WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    lock_count_t* gate = gate_enter(s);
    int result;
    if (host.WSASendMsg != NULL)
        result = host.WSASendMsg(s, message, flags, sent, overlapped, routine);
    else
        result = host.WSASendTo(s, message->lpBuffers, message->dwBufferCount, sent, flags,
                                message->name, message->namelen, overlapped, routine);
    gate_leave(gate);
    return result == 0 ? 0 : WSAGetLastError();
}

static ULONGLONG sendmsg__length(const WSAMSG* message) {
    ULONGLONG length = 0;
    DWORD i;
    for (i = 0; i < message->dwBufferCount; i++)
        length += message->lpBuffers[i].len;
    return length;
}

static int sendmsg__controlled(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                               WSAOVERLAPPED* overlapped,
                               LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    struct msgoptions options;
    struct sendlock* sendlock;
    int is_queued = 0;
    int error = msgoptions_plan(s, &message->Control, message->name, message->namelen,
                                sendmsg__length(message), &options);

    if (error != 0)
        return error;
    sendlock = sendlock_begin(s);
    if (sendlock == NULL)
        return WSAENOBUFS;

    sendlock_drain(sendlock, 0);
    error = sendlock_hold(sendlock) ? msgoptions_set(s, &options) : WSAENOTSOCK;
    sendlock_let_go(sendlock);
    if (error == 0) {
        error = sendmsg__host(s, message, flags, sent, overlapped, routine);
        is_queued = error == WSA_IO_PENDING;
        if (is_queued && options.is_changed) {
            sendlock_drain(sendlock, 1);
            is_queued = 0;
        }
        if (sendlock_hold(sendlock))
            msgoptions_restore(s, &options);
        sendlock_let_go(sendlock);
    }
    sendlock_end(sendlock, is_queued);
    return error;
}

static int sendmsg__plain(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                          WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    struct sendlock* sendlock = sendlock_begin_plain(s);
    int error = sendmsg__host(s, message, flags, sent, overlapped, routine);
    if (sendlock != NULL)
        sendlock_end(sendlock, error == WSA_IO_PENDING);
    return error;
}

int WSAAPI sendmsg_call(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                        WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    int error = sendmsg__check(message, sent, overlapped);
    ULONGLONG length = error == 0 ? sendmsg__length(message) : 0;

    if (error != 0)
        error = kind_blame(s, error);
    else if (caps_find(CAP_NO_CONTROL | CAP_POLL) != 0)
        error = WSAENOBUFS;
    /* On Windows the control data are in good hands. */
    else if (!caps_has(CAP_NO_CONTROL))
        error = sendmsg__host(s, message, flags, sent, overlapped, routine);
    else if (message->Control.len == 0)
        error = sendmsg__plain(s, message, flags, sent, overlapped, routine);
    else {
        error = sendmsg__controlled(s, message, flags, sent, overlapped, routine);
        if (error != 0 && error != WSA_IO_PENDING)
            log_info("socket %#Ix WSASendMsg with control data fails with %d", (size_t) s, error);
    }
    stats_count_call(STATS_SENDMSG, error, length);
    if (error == 0)
        return 0;
    WSASetLastError(error);
    return SOCKET_ERROR;
}
