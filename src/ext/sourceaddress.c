/* SPDX-License-Identifier: MIT */
#include "ext/sourceaddress.h"

#include <string.h>

#include "base/lock.h"
#include "base/once.h"
#include "base/status.h"

#define SOURCEADDRESS__KEPT 16
#define SOURCEADDRESS__KEPT_FOR 1000u /* In milliseconds. */

/* A question and its answer; compared as bytes, so it is cleared before it is filled. */
struct sourceaddress__question {
    struct sockaddr_storage destination;
    struct in6_addr source;
    struct in6_addr own;   /* What the socket is bound to, or all zero. */
    DWORD interface_index; /* As the host's option has it, or 0. */
};

struct sourceaddress__answer {
    struct sourceaddress__question question;
    DWORD since;
    int is_known;
    int error;
};

static struct once sourceaddress__once;
static lock_t sourceaddress__lock;
static struct sourceaddress__answer sourceaddress__answers[SOURCEADDRESS__KEPT];
static unsigned sourceaddress__next;

static void sourceaddress__init(void) {
    lock_init(&sourceaddress__lock);
}

int sourceaddress_is_mapped(const struct sockaddr_storage* address) {
    static const unsigned char prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    return address->ss_family == AF_INET6 &&
           memcmp(&((const struct sockaddr_in6*) address)->sin6_addr, prefix, sizeof prefix) == 0;
}

static int sourceaddress__size(const struct sockaddr_storage* address) {
    return address->ss_family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

static void* sourceaddress__address(struct sockaddr_storage* address) {
    return address->ss_family == AF_INET ? (void*) &((struct sockaddr_in*) address)->sin_addr
                                         : (void*) &((struct sockaddr_in6*) address)->sin6_addr;
}

static int sourceaddress__length(const struct sockaddr_storage* address) {
    return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* Copies an address, the mapped ones as those of IPv4 that they stand for. */
static void sourceaddress__copy(struct sockaddr_storage* to, const struct sockaddr_storage* from) {
    const struct sockaddr_in6* v6 = (const struct sockaddr_in6*) from;
    memset(to, 0, sizeof *to);
    if (!sourceaddress_is_mapped(from)) {
        memcpy(to, from, sourceaddress__length(from));
        return;
    }
    to->ss_family = AF_INET;
    ((struct sockaddr_in*) to)->sin_port = v6->sin6_port;
    memcpy(&((struct sockaddr_in*) to)->sin_addr, v6->sin6_addr.s6_addr + 12,
           sizeof(struct in_addr));
}

static int sourceaddress__is_any(const void* address, int size) {
    static const struct in6_addr any;
    return memcmp(address, &any, size) == 0;
}

int sourceaddress_is_multicast(const struct sockaddr_storage* address) {
    struct sockaddr_storage copy;
    const unsigned char* bytes;
    sourceaddress__copy(&copy, address);
    bytes = sourceaddress__address(&copy);
    return copy.ss_family == AF_INET ? bytes[0] >> 4 == 0xE : bytes[0] == 0xFF;
}

/* The documents want the index in the network's order for IPv4 alone; Wine passes both on to Linux,
 * which wants it so for both. */
DWORD sourceaddress_interface(ULONG interface_index) {
    return htonl(interface_index);
}

static int sourceaddress__level(int family) {
    return family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
}

static int sourceaddress__bind(SOCKET s, int family, const struct in6_addr* address) {
    struct sockaddr_storage name;
    memset(&name, 0, sizeof name);
    name.ss_family = (ADDRESS_FAMILY) family;
    memcpy(sourceaddress__address(&name), address, sourceaddress__size(&name));
    return host.bind(s, (struct sockaddr*) &name, sourceaddress__length(&name));
}

/* For a socket for datagrams, Wine binds to the interface that has the address, and to any
 * interface where none has it; so a socket of the same history is needed to find what becomes of
 * it. */
static int sourceaddress__follow(SOCKET probe, const struct sourceaddress__question* question) {
    int family = question->destination.ss_family, on = 1;
    host.setsockopt(probe, SOL_SOCKET, SO_BROADCAST, (const char*) &on, sizeof on);
    if (!sourceaddress__is_any(&question->own, sizeof question->own) &&
        sourceaddress__bind(probe, family, &question->own) != 0)
        return -1;
    if (question->interface_index == 0)
        return 0;
    return host.setsockopt(probe, sourceaddress__level(family), SOURCEADDRESS_INTERFACE_OPTION,
                           (const char*) &question->interface_index,
                           sizeof question->interface_index);
}

/* Once a socket is connected, its name is the one that the system gave it, on Wine too. */
static int sourceaddress__is_taken(SOCKET probe, const struct sourceaddress__question* question) {
    struct sockaddr_storage name;
    int length = sizeof name;
    return sourceaddress__follow(probe, question) == 0 &&
           host.connect(probe, (const struct sockaddr*) &question->destination,
                        sourceaddress__length(&question->destination)) == 0 &&
           host.getsockname(probe, (struct sockaddr*) &name, &length) == 0 &&
           memcmp(sourceaddress__address(&name), &question->source, sourceaddress__size(&name)) ==
               0;
}

static int sourceaddress__ask(const struct sourceaddress__question* question) {
    int family = question->destination.ss_family, is_taken, is_ours;
    SOCKET probe = host.socket(family, SOCK_DGRAM, 0);
    if (probe == INVALID_SOCKET)
        return WSAGetLastError();
    is_taken = sourceaddress__is_taken(probe, question);
    host.closesocket(probe);
    if (is_taken)
        return 0;

    /* Only streams cannot be bound to an address that is not this machine's. */
    probe = host.socket(family, SOCK_STREAM, 0);
    if (probe == INVALID_SOCKET)
        return WSAGetLastError();
    is_ours = sourceaddress__bind(probe, family, &question->source) == 0;
    host.closesocket(probe);
    return is_ours ? WSAEOPNOTSUPP : WSAEINVAL;
}

static struct sourceaddress__answer*
sourceaddress__find(const struct sourceaddress__question* question) {
    int i;
    for (i = 0; i < SOURCEADDRESS__KEPT; i++) {
        struct sourceaddress__answer* answer = &sourceaddress__answers[i];
        /* Both began as zeros throughout.
         * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
        if (answer->is_known && memcmp(&answer->question, question, sizeof *question) == 0)
            return answer;
    }
    return NULL;
}

static int sourceaddress__look_up(const struct sourceaddress__question* question) {
    struct sourceaddress__answer* answer;
    int known, error = 0;

    once_run(&sourceaddress__once, sourceaddress__init);
    lock_acquire(&sourceaddress__lock);
    answer = sourceaddress__find(question);
    known = answer != NULL && GetTickCount() - answer->since < SOURCEADDRESS__KEPT_FOR;
    if (known)
        error = answer->error;
    lock_release(&sourceaddress__lock);
    if (known)
        return error;

    error = sourceaddress__ask(question);
    if (status_is_shortage(error))
        return error; /* That says nothing of the address. */
    lock_acquire(&sourceaddress__lock);
    answer = sourceaddress__find(question);
    if (answer == NULL)
        answer = &sourceaddress__answers[sourceaddress__next++ % SOURCEADDRESS__KEPT];
    answer->question = *question;
    answer->since = GetTickCount();
    answer->is_known = 1;
    answer->error = error;
    lock_release(&sourceaddress__lock);
    return error;
}

/* The interface that the message is sent from, if one is chosen for it or the socket. */
static DWORD sourceaddress__chosen_interface(SOCKET s, int family,
                                             const struct cmsg_wanted* wanted) {
    DWORD index = 0;
    int length = sizeof index;
    if (wanted->interface_index != 0)
        return sourceaddress_interface(wanted->interface_index);
    if (host.getsockopt(s, sourceaddress__level(family), SOURCEADDRESS_INTERFACE_OPTION,
                        (char*) &index, &length) != 0)
        return 0;
    return index;
}

/* What the socket is bound to; the destination's own form is wanted. Returns 0, or -1 where the
 * socket is bound to an address of the other version. */
static int sourceaddress__own(SOCKET s, struct sourceaddress__question* question) {
    struct sockaddr_storage name, own;
    int length = sizeof name;

    memset(&name, 0, sizeof name);
    if (host.getsockname(s, (struct sockaddr*) &name, &length) != 0)
        return 0;
    sourceaddress__copy(&own, &name);
    if (sourceaddress__is_any(sourceaddress__address(&own), sourceaddress__size(&own)))
        return 0;
    memcpy(&question->own, sourceaddress__address(&own), sourceaddress__size(&own));
    return own.ss_family == question->destination.ss_family ? 0 : -1;
}

int sourceaddress_check(SOCKET s, const struct sockaddr_storage* destination,
                        const struct cmsg_wanted* wanted) {
    struct sourceaddress__question question;
    int size;

    memset(&question, 0, sizeof question);
    sourceaddress__copy(&question.destination, destination);
    size = sourceaddress__size(&question.destination);
    if (wanted->interface_index != 0 && sourceaddress_is_multicast(&question.destination))
        return WSAEOPNOTSUPP;
    if (sourceaddress__is_any(&wanted->source, size))
        return 0;
    if (sourceaddress__own(s, &question) != 0)
        return WSAEINVAL;
    if (!sourceaddress__is_any(&question.own, size) &&
        memcmp(&question.own, &wanted->source, size) != 0)
        return WSAEINVAL;
    /* The port has no part in which address is taken. */
    if (question.destination.ss_family == AF_INET)
        ((struct sockaddr_in*) &question.destination)->sin_port = htons(9);
    else
        ((struct sockaddr_in6*) &question.destination)->sin6_port = htons(9);
    question.source = wanted->source;
    question.interface_index =
        sourceaddress__chosen_interface(s, question.destination.ss_family, wanted);
    return sourceaddress__look_up(&question);
}
