/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_RESOLVER_H
#define WSEXT_CLASSIC_RESOLVER_H

#include "classic/answer.h"

/* Looks hosts and services up by the host's gethostbyname and the like.
 *
 * On a host whose ws2_32 asks the name-space provider of mswsock.dll, as ReactOS' does, that leads
 * back to us, on the same thread. Such a call is answered from what needs no ws2_32
 * (classic/namesources.h), and from the first one on all others are, too, so nothing asks in a
 * circle.
 *
 * All fill the answer and return 0, or a Winsock error: WSAHOST_NOT_FOUND, WSANO_DATA, WSATRY_AGAIN
 * and WSANO_RECOVERY as gethostbyname has them, WSANOTINITIALISED where the host wants a WSAStartup
 * first. */

enum resolver_sources {
    RESOLVER_LOCAL = 1,  /* This machine itself (NS_TCPIP_LOCAL). */
    RESOLVER_HOSTS = 2,  /* The file hosts (NS_TCPIP_HOSTS). */
    RESOLVER_SYSTEM = 4, /* What the host asks, which is both of them and DNS (NS_DNS). */
    RESOLVER_ANY = RESOLVER_LOCAL | RESOLVER_HOSTS | RESOLVER_SYSTEM
};

/* An empty name is this machine's. The family is AF_INET or AF_INET6. */
int resolver_find_host(const char* name, int family, int sources, struct answer* answer);

int resolver_find_address(const struct answer_address* address, struct answer* answer);

/* By name or, where that is NULL, by port; a NULL protocol is any. WSANO_DATA where there is none.
 */
int resolver_find_service(const char* name, int port, const char* protocol, struct answer* answer);

/* Whether the host was seen to ask us when it is asked, for the tests. */
int resolver_is_asked_by_host(void);

#endif
