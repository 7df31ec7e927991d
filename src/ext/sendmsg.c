/* SPDX-License-Identifier: MIT */
#include "ext/sendmsg.h"

#include <limits.h>
#include <string.h>

#include "core/again.h"
#include "core/status.h"
#include "core/stats.h"
#include "ext/cmsg.h"
#include "ext/kind.h"
#include "ext/source.h"
#include "ext/turn.h"
#include "host/log.h"
#include "host/memory.h"

#ifndef IPV6_TCLASS
#define IPV6_TCLASS 39
#endif

#define SENDMSG__ECN_MASK 3u
#define SENDMSG__OPTIONS 4

/* An option of the socket that is changed for one message. */
struct sendmsg__option {
    int level, name;
    DWORD value, mask; /* The bits of the mask become those of the value. */
    DWORD before;
    int is_changed;
};

struct sendmsg__plan {
    struct sendmsg__option options[SENDMSG__OPTIONS];
    int count;
    int level;
    int is_changed;
};

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
    int result;
    if (host.WSASendMsg != NULL)
        result = host.WSASendMsg(s, message, flags, sent, overlapped, routine);
    else
        result = host.WSASendTo(s, message->lpBuffers, message->dwBufferCount, sent, flags,
                                message->name, message->namelen, overlapped, routine);
    return result == 0 ? 0 : WSAGetLastError();
}

/* The destination of the message, or the socket's. */
static int sendmsg__destination(SOCKET s, const WSAMSG* message, struct sockaddr_storage* name) {
    int length = sizeof *name;
    memset(name, 0, sizeof *name);
    if (message->name == NULL) {
        if (host.getpeername(s, (struct sockaddr*) name, &length) != 0)
            return WSAGetLastError();
    } else {
        if (message->namelen < (int) sizeof(struct sockaddr_in))
            return WSAEFAULT;
        memcpy(name, message->name,
               (size_t) message->namelen < sizeof *name ? (size_t) message->namelen : sizeof *name);
        if (name->ss_family == AF_INET6 && message->namelen < (int) sizeof(struct sockaddr_in6))
            return WSAEFAULT;
    }
    return name->ss_family == AF_INET || name->ss_family == AF_INET6 ? 0 : WSAEAFNOSUPPORT;
}

static void sendmsg__add(struct sendmsg__plan* plan, int name, DWORD value, DWORD mask) {
    struct sendmsg__option* option = &plan->options[plan->count++];
    option->level = plan->level;
    option->name = name;
    option->value = value;
    option->mask = mask;
}

static int sendmsg__plan(SOCKET s, const struct sockaddr_storage* destination,
                         const struct cmsg_wanted* wanted, struct sendmsg__plan* plan) {
    int is_v4 = destination->ss_family == AF_INET || source_is_mapped(destination);
    int class_name, hops_name;

    memset(plan, 0, sizeof *plan);
    plan->level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
    if (wanted->has != 0 && wanted->level != plan->level)
        return WSAEINVAL;
    class_name = is_v4 ? IP_TOS : IPV6_TCLASS;
    if (source_is_multicast(destination))
        hops_name = is_v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS;
    else
        hops_name = is_v4 ? IP_TTL : IPV6_UNICAST_HOPS;

    if (wanted->has & CMSG__HAS_CLASS)
        sendmsg__add(plan, class_name, wanted->traffic_class, ~0u);
    if (wanted->has & CMSG__HAS_ECN)
        sendmsg__add(plan, class_name, wanted->ecn, SENDMSG__ECN_MASK);
    if (wanted->has & CMSG__HAS_HOPS)
        sendmsg__add(plan, hops_name, wanted->hops, ~0u);
    if (!(wanted->has & CMSG__HAS_SOURCE))
        return 0;
    if (wanted->interface_index != 0)
        sendmsg__add(plan, SOURCE_INTERFACE_OPTION, source_interface(wanted->interface_index), ~0u);
    return source_check(s, destination, wanted);
}

static void sendmsg__restore(SOCKET s, struct sendmsg__plan* plan) {
    int i;
    for (i = plan->count - 1; i >= 0; i--) {
        const struct sendmsg__option* option = &plan->options[i];
        unsigned tries = 0;
        while (option->is_changed &&
               host.setsockopt(s, option->level, option->name, (const char*) &option->before,
                               sizeof option->before) != 0 &&
               again(&tries, WSAGetLastError())) {
        }
    }
}

static int sendmsg__refusal(int error) {
    return status_is_shortage(error) ? WSAENOBUFS : WSAEOPNOTSUPP;
}

static int sendmsg__set(SOCKET s, struct sendmsg__option* option) {
    int length = sizeof option->before;
    DWORD value;

    /* Wine 8 lacks IPV6_TCLASS, so that the class of each message is 0 there. */
    if (host.getsockopt(s, option->level, option->name, (char*) &option->before, &length) != 0)
        return option->value == 0 ? 0 : sendmsg__refusal(WSAGetLastError());
    value = (option->before & ~option->mask) | option->value;
    if (value == option->before)
        return 0;
    if (host.setsockopt(s, option->level, option->name, (const char*) &value, sizeof value) != 0)
        return sendmsg__refusal(WSAGetLastError());
    option->is_changed = 1;
    return 0;
}

static int sendmsg__prepare(SOCKET s, struct sendmsg__plan* plan) {
    int i, error = 0;
    for (i = 0; i < plan->count && error == 0; i++) {
        error = sendmsg__set(s, &plan->options[i]);
        plan->is_changed |= plan->options[i].is_changed;
    }
    if (error != 0)
        sendmsg__restore(s, plan);
    return error;
}

/* The host sends a datagram while it is called, in this thread. Where there is no room it queues
 * what is overlapped and sends it later, with the options that the socket then has: so earlier
 * sends are let out before the options change, and this one before they change back. */
static int sendmsg__controlled(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                               WSAOVERLAPPED* overlapped,
                               LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    struct sockaddr_storage destination;
    struct cmsg_wanted wanted;
    struct sendmsg__plan plan;
    struct turn* turn;
    int error, is_queued = 0;

    error = kind_check_stream(s);
    if (error != WSAEOPNOTSUPP)
        return error == 0 ? WSAEOPNOTSUPP : error;
    if ((error = cmsg_read(&message->Control, &wanted)) != 0 ||
        (error = sendmsg__destination(s, message, &destination)) != 0 ||
        (error = sendmsg__plan(s, &destination, &wanted, &plan)) != 0)
        return error;
    turn = turn_begin(s);
    if (turn == NULL)
        return WSAENOBUFS;

    turn_drain(turn, 0);
    error = turn_hold(turn) ? sendmsg__prepare(s, &plan) : WSAENOTSOCK;
    turn_let_go(turn);
    if (error == 0) {
        error = sendmsg__host(s, message, flags, sent, overlapped, routine);
        is_queued = error == WSA_IO_PENDING;
        if (is_queued && plan.is_changed) {
            turn_drain(turn, 1);
            is_queued = 0;
        }
        if (turn_hold(turn))
            sendmsg__restore(s, &plan);
        turn_let_go(turn);
    }
    turn_end(turn, is_queued);
    return error;
}

static int sendmsg__plain(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                          WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    struct turn* turn = turn_begin_plain(s);
    int error = sendmsg__host(s, message, flags, sent, overlapped, routine);
    if (turn != NULL)
        turn_end(turn, error == WSA_IO_PENDING);
    return error;
}

static ULONGLONG sendmsg__length(const WSAMSG* message) {
    ULONGLONG length = 0;
    DWORD i;
    for (i = 0; i < message->dwBufferCount; i++)
        length += message->lpBuffers[i].len;
    return length;
}

int WSAAPI sendmsg_call(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                        WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    int error = sendmsg__check(message, sent, overlapped);
    ULONGLONG length = error == 0 ? sendmsg__length(message) : 0;

    /* On Windows the control data are in good hands. */
    if (error == 0 && host.wine_get_version == NULL && host.WSASendMsg != NULL)
        error = sendmsg__host(s, message, flags, sent, overlapped, routine);
    else if (error == 0 && message->Control.len == 0)
        error = sendmsg__plain(s, message, flags, sent, overlapped, routine);
    else if (error == 0) {
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
