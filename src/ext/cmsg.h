/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_CMSG_H
#define WSEXT_EXT_CMSG_H

#include "host/host.h"

#include <ws2tcpip.h>

/* The control data of a message, as WSASendMsg takes them. */

#define CMSG__HAS_CLASS 1u    /* The whole traffic class: IP_TOS, IPV6_TCLASS. */
#define CMSG__HAS_ECN 2u      /* Its two low bits alone: IP_ECN, IPV6_ECN. */
#define CMSG__HAS_HOPS 4u     /* IP_TTL, IP_HOPLIMIT, IPV6_HOPLIMIT. */
#define CMSG__HAS_SOURCE 8u   /* IP_PKTINFO, IPV6_PKTINFO. */
#define CMSG__HAS_SEGMENT 16u /* UDP_SEND_MSG_SIZE, which goes with either of the levels. */

struct cmsg_wanted {
    unsigned has;
    int level; /* IPPROTO_IP or IPPROTO_IPV6, which all but the segment have in common. */
    DWORD traffic_class, ecn, hops;
    struct in6_addr source; /* Of IPv4 the first four bytes; all zero for any. */
    ULONG interface_index;  /* 0 for any. */
    DWORD segment;          /* The most bytes of a datagram; 0 for all in one. */
};

/* Reads the control data of a message that is to be sent. Returns 0, or
 *   WSAEFAULT     data that cannot be read;
 *   WSAEINVAL     a length that does not hold a header, is below its own header's, beyond the
 * data's end or below what its kind needs; a value out of its range; both IP levels in one message;
 *   WSAEOPNOTSUPP a kind that is not among those above. */
int cmsg_read(const WSABUF* control, struct cmsg_wanted* wanted);

/* Whether anything is wanted that belongs to one of the levels of IP. */
int cmsg_has_level(const struct cmsg_wanted* wanted);

#endif
