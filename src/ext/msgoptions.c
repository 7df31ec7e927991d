/* SPDX-License-Identifier: MIT */
#include "ext/msgoptions.h"

#include <string.h>

#include "base/retry.h"
#include "base/status.h"
#include "ext/cmsg.h"
#include "ext/kind.h"
#include "ext/sourceaddress.h"

#ifndef IPV6_TCLASS
#define IPV6_TCLASS 39
#endif

#define MSGOPTIONS__ECN_MASK 3u

/* The destination of the message, or the socket's. */
static int msgoptions__destination(SOCKET s, const struct sockaddr* name, int length,
                                   struct sockaddr_storage* destination) {
    int room = sizeof *destination;
    memset(destination, 0, sizeof *destination);
    if (name == NULL) {
        if (host.getpeername(s, (struct sockaddr*) destination, &room) != 0)
            return WSAGetLastError();
    } else {
        if (length < (int) sizeof(struct sockaddr_in))
            return WSAEFAULT;
        memcpy(destination, name, (size_t) (length < room ? length : room));
        if (destination->ss_family == AF_INET6 && length < (int) sizeof(struct sockaddr_in6))
            return WSAEFAULT;
    }
    return destination->ss_family == AF_INET || destination->ss_family == AF_INET6
               ? 0
               : WSAEAFNOSUPPORT;
}

static void msgoptions__add(struct msgoptions* options, int name, DWORD value, DWORD mask) {
    struct msgoptions_option* option = &options->all[options->count++];
    option->level = options->level;
    option->name = name;
    option->value = value;
    option->mask = mask;
}

static int msgoptions__plan(SOCKET s, const struct sockaddr_storage* destination,
                            const struct cmsg_wanted* wanted, struct msgoptions* options) {
    int is_v4 = destination->ss_family == AF_INET || sourceaddress_is_mapped(destination);
    int class_name, hops_name;

    memset(options, 0, sizeof *options);
    options->level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
    if (cmsg_has_level(wanted) && wanted->level != options->level)
        return WSAEINVAL;
    class_name = is_v4 ? IP_TOS : IPV6_TCLASS;
    if (sourceaddress_is_multicast(destination))
        hops_name = is_v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS;
    else
        hops_name = is_v4 ? IP_TTL : IPV6_UNICAST_HOPS;

    if (wanted->has & CMSG__HAS_CLASS)
        msgoptions__add(options, class_name, wanted->traffic_class, ~0u);
    if (wanted->has & CMSG__HAS_ECN)
        msgoptions__add(options, class_name, wanted->ecn, MSGOPTIONS__ECN_MASK);
    if (wanted->has & CMSG__HAS_HOPS)
        msgoptions__add(options, hops_name, wanted->hops, ~0u);
    if (!(wanted->has & CMSG__HAS_SOURCE))
        return 0;
    if (wanted->interface_index != 0)
        msgoptions__add(options, SOURCEADDRESS_INTERFACE_OPTION,
                        sourceaddress_interface(wanted->interface_index), ~0u);
    return sourceaddress_check(s, destination, wanted);
}

void msgoptions_restore(SOCKET s, struct msgoptions* options) {
    int i;
    for (i = options->count - 1; i >= 0; i--) {
        const struct msgoptions_option* option = &options->all[i];
        unsigned tries = 0;
        while (option->is_changed &&
               host.setsockopt(s, option->level, option->name, (const char*) &option->before,
                               sizeof option->before) != 0 &&
               retry_shortage(&tries, WSAGetLastError())) {
        }
    }
}

static int msgoptions__refusal(int error) {
    return status_is_shortage(error) ? WSAENOBUFS : WSAEOPNOTSUPP;
}

static int msgoptions__set(SOCKET s, struct msgoptions_option* option) {
    int length = sizeof option->before;
    DWORD value;

    /* Wine 8 lacks IPV6_TCLASS, so that the class of each message is 0 there. */
    if (host.getsockopt(s, option->level, option->name, (char*) &option->before, &length) != 0)
        return option->value == 0 ? 0 : msgoptions__refusal(WSAGetLastError());
    value = (option->before & ~option->mask) | option->value;
    if (value == option->before)
        return 0;
    if (host.setsockopt(s, option->level, option->name, (const char*) &value, sizeof value) != 0)
        return msgoptions__refusal(WSAGetLastError());
    option->is_changed = 1;
    return 0;
}

/* No host of ours divides what it is given to send, but what is one segment need not be divided. */
static int msgoptions__is_divided(const struct cmsg_wanted* wanted, ULONGLONG size) {
    return (wanted->has & CMSG__HAS_SEGMENT) && wanted->segment != 0 && wanted->segment < size;
}

int msgoptions_plan(SOCKET s, const WSABUF* control, const struct sockaddr* name, int length,
                    ULONGLONG size, struct msgoptions* options) {
    struct sockaddr_storage destination;
    struct cmsg_wanted wanted;
    int error = kind_check_stream(s);

    if (error != WSAEOPNOTSUPP)
        return error == 0 ? WSAEOPNOTSUPP : error;
    if ((error = cmsg_read(control, &wanted)) != 0 ||
        (error = msgoptions__destination(s, name, length, &destination)) != 0)
        return error;
    if (msgoptions__is_divided(&wanted, size))
        return WSAEOPNOTSUPP;
    return msgoptions__plan(s, &destination, &wanted, options);
}

int msgoptions_set(SOCKET s, struct msgoptions* options) {
    int i, error = 0;
    for (i = 0; i < options->count && error == 0; i++) {
        error = msgoptions__set(s, &options->all[i]);
        options->is_changed |= options->all[i].is_changed;
    }
    if (error != 0)
        msgoptions_restore(s, options);
    return error;
}
