/* SPDX-License-Identifier: MIT */
#include "ext/cmsg.h"

#include <string.h>

#include "base/memory.h"

/* Of Microsoft's ws2ipdef.h; older headers lack them, or have them for newer systems only. */
#define CMSG__IP_TOS 3
#define CMSG__IP_TTL 4
#define CMSG__PKTINFO 19 /* The same for both levels, as those below. */
#define CMSG__HOPLIMIT 21
#define CMSG__TCLASS 39
#define CMSG__ECN 50
#define CMSG__UDP_SEND_MSG_SIZE 2

#define CMSG__CLASS_LIMIT 0xFF
#define CMSG__ECN_LIMIT 3

/* WSACMSGHDR: the length counts the header and the data, not what pads them. */
struct cmsg__header {
    SIZE_T length;
    INT level;
    INT type;
};

struct cmsg__kind {
    int level;
    int type;
    unsigned has;
    DWORD least, most; /* The range of a number; the addresses of a source have none. */
};

static const struct cmsg__kind cmsg__kinds[] = {
    {IPPROTO_IP, CMSG__IP_TOS, CMSG__HAS_CLASS, 0, CMSG__CLASS_LIMIT},
    {IPPROTO_IP, CMSG__TCLASS, CMSG__HAS_CLASS, 0, CMSG__CLASS_LIMIT},
    {IPPROTO_IP, CMSG__ECN, CMSG__HAS_ECN, 0, CMSG__ECN_LIMIT},
    {IPPROTO_IP, CMSG__IP_TTL, CMSG__HAS_HOPS, 1, 255},
    {IPPROTO_IP, CMSG__HOPLIMIT, CMSG__HAS_HOPS, 1, 255},
    {IPPROTO_IP, CMSG__PKTINFO, CMSG__HAS_SOURCE, 0, 0},
    {IPPROTO_IPV6, CMSG__TCLASS, CMSG__HAS_CLASS, 0, CMSG__CLASS_LIMIT},
    {IPPROTO_IPV6, CMSG__ECN, CMSG__HAS_ECN, 0, CMSG__ECN_LIMIT},
    {IPPROTO_IPV6, CMSG__HOPLIMIT, CMSG__HAS_HOPS, 1, 255},
    {IPPROTO_IPV6, CMSG__PKTINFO, CMSG__HAS_SOURCE, 0, 0},
    {IPPROTO_UDP, CMSG__UDP_SEND_MSG_SIZE, CMSG__HAS_SEGMENT, 0, MAXDWORD},
};

static const struct cmsg__kind* cmsg__find(const struct cmsg__header* header) {
    size_t i;
    for (i = 0; i < sizeof cmsg__kinds / sizeof cmsg__kinds[0]; i++) {
        if (cmsg__kinds[i].level == header->level && cmsg__kinds[i].type == header->type)
            return &cmsg__kinds[i];
    }
    return NULL;
}

/* IN_PKTINFO and IN6_PKTINFO are an address and the number of an interface. */
static int cmsg__take_source(const struct cmsg__kind* kind, const char* data, size_t length,
                             struct cmsg_wanted* wanted) {
    size_t size = kind->level == IPPROTO_IP ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    if (length < size + sizeof wanted->interface_index)
        return WSAEINVAL;
    memset(&wanted->source, 0, sizeof wanted->source);
    memcpy(&wanted->source, data, size);
    memcpy(&wanted->interface_index, data + size, sizeof wanted->interface_index);
    return 0;
}

static int cmsg__take_number(const struct cmsg__kind* kind, const char* data, size_t length,
                             struct cmsg_wanted* wanted) {
    DWORD value;
    if (length < sizeof value)
        return WSAEINVAL;
    memcpy(&value, data, sizeof value);
    if (value < kind->least || value > kind->most)
        return WSAEINVAL;
    if (kind->has == CMSG__HAS_CLASS)
        wanted->traffic_class = value;
    else if (kind->has == CMSG__HAS_ECN)
        wanted->ecn = value;
    else if (kind->has == CMSG__HAS_SEGMENT)
        wanted->segment = value;
    else
        wanted->hops = value;
    return 0;
}

static int cmsg__take(const struct cmsg__header* header, const char* data,
                      struct cmsg_wanted* wanted) {
    const struct cmsg__kind* kind = cmsg__find(header);
    size_t length = header->length - sizeof *header;
    int error;

    if (kind == NULL)
        return WSAEOPNOTSUPP;
    if (kind->has != CMSG__HAS_SEGMENT && cmsg_has_level(wanted) && wanted->level != kind->level)
        return WSAEINVAL;
    error = kind->has == CMSG__HAS_SOURCE ? cmsg__take_source(kind, data, length, wanted)
                                          : cmsg__take_number(kind, data, length, wanted);
    if (error != 0)
        return error;
    wanted->has |= kind->has;
    if (kind->has != CMSG__HAS_SEGMENT)
        wanted->level = kind->level;
    return 0;
}

int cmsg_has_level(const struct cmsg_wanted* wanted) {
    return (wanted->has & ~CMSG__HAS_SEGMENT) != 0;
}

int cmsg_read(const WSABUF* control, struct cmsg_wanted* wanted) {
    const char* data = control->buf;
    size_t left = control->len;

    memset(wanted, 0, sizeof *wanted);
    if (!memory_is_readable(data, left))
        return WSAEFAULT;
    if (left != 0 && left < sizeof(struct cmsg__header))
        return WSAEINVAL;
    while (left >= sizeof(struct cmsg__header)) {
        struct cmsg__header header;
        size_t step;
        int error;

        /* Copied, since the program may have put it at any address. */
        memcpy(&header, data, sizeof header);
        if (header.length < sizeof header || header.length > left)
            return WSAEINVAL;
        error = cmsg__take(&header, data + sizeof header, wanted);
        if (error != 0)
            return error;
        step = (header.length + sizeof(SIZE_T) - 1) & ~(sizeof(SIZE_T) - 1);
        if (step >= left)
            break;
        data += step;
        left -= step;
    }
    return 0;
}
