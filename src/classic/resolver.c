/* SPDX-License-Identifier: MIT */
#include "classic/resolver.h"

#include <string.h>

#include "base/log.h"
#include "base/once.h"
#include "classic/namesources.h"
#include "classic/netdb.h"

static struct once resolver__once;
static DWORD resolver__slot = TLS_OUT_OF_INDEXES;
static volatile LONG resolver__circle;

static void resolver__init(void) {
    resolver__slot = TlsAlloc();
}

int resolver_is_asked_by_host(void) {
    return resolver__circle;
}

/* Whether the host may be asked now; if so, resolver__leave() is to follow. Without a slot it could
 * not be seen to come back. */
static int resolver__enter(void) {
    once_run(&resolver__once, resolver__init);
    if (resolver__circle || resolver__slot == TLS_OUT_OF_INDEXES)
        return 0;
    if (TlsGetValue(resolver__slot) != NULL) {
        if (InterlockedExchange(&resolver__circle, 1) == 0)
            log_info("the host asks us for names: they are taken from the file hosts and DNS");
        return 0;
    }
    TlsSetValue(resolver__slot, &resolver__once);
    return 1;
}

static void resolver__leave(void) {
    TlsSetValue(resolver__slot, NULL);
}

/* A failure is one even where the host does not say of what. */
static int resolver__error(void) {
    int error = WSAGetLastError();
    return error ? error : WSANO_RECOVERY;
}

static void resolver__copy_host(const struct hostent* from, struct answer* answer) {
    int i;
    answer_add_name(answer, from->h_name);
    for (i = 0; from->h_aliases != NULL && from->h_aliases[i] != NULL; i++)
        answer_add_name(answer, from->h_aliases[i]);
    for (i = 0; from->h_addr_list[i] != NULL; i++)
        answer_add_address(answer, from->h_addrtype, from->h_addr_list[i], 0);
}

static int resolver__ask_host4(const char* name, struct answer* answer) {
    const struct hostent* found = host.gethostbyname(name);
    if (found == NULL)
        return resolver__error();
    if (found->h_addrtype != AF_INET || found->h_addr_list[0] == NULL)
        return WSANO_DATA;
    resolver__copy_host(found, answer);
    return 0;
}

static int resolver__ask_host6(const char* name, struct answer* answer) {
    struct addrinfo hints, *found = NULL, *next;
    int error;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_INET6;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_CANONNAME;
    error = host.getaddrinfo(name, NULL, &hints, &found);
    if (error)
        return error;
    answer_add_name(answer, found->ai_canonname != NULL ? found->ai_canonname : name);
    for (next = found; next != NULL; next = next->ai_next) {
        const struct sockaddr_in6* address = (const struct sockaddr_in6*) next->ai_addr;
        if (next->ai_family == AF_INET6)
            answer_add_address(answer, AF_INET6, &address->sin6_addr, address->sin6_scope_id);
    }
    host.freeaddrinfo(found);
    return answer->address_count > 0 ? 0 : WSANO_DATA;
}

/* Returns -1 where the host cannot be asked. */
static int resolver__ask_host(const char* name, int family, struct answer* answer) {
    int error;
    if (family == AF_INET6 && (host.getaddrinfo == NULL || host.freeaddrinfo == NULL))
        return -1;
    if (!resolver__enter())
        return -1;
    error =
        family == AF_INET ? resolver__ask_host4(name, answer) : resolver__ask_host6(name, answer);
    resolver__leave();
    return error;
}

int resolver_find_host(const char* name, int family, int sources, struct answer* answer) {
    char own[ANSWER__NAME_MAX + 1];
    int error = WSAHOST_NOT_FOUND;

    memset(answer, 0, sizeof *answer);
    if (*name == '\0') {
        error = namesources_local_name(own);
        if (error)
            return error;
        name = own;
    }
    if (sources & RESOLVER_SYSTEM) {
        error = resolver__ask_host(name, family, answer);
        if (error != -1)
            return error;
        sources = RESOLVER_ANY;
    }
    /* What the file says of this machine goes before what its interfaces say, as everywhere. */
    error = WSAHOST_NOT_FOUND;
    if (sources & RESOLVER_HOSTS)
        error = namesources_find_in_hosts(name, family, answer);
    if (error && (sources & RESOLVER_LOCAL))
        error = namesources_find_local(name, family, answer);
    if (error && (sources & RESOLVER_SYSTEM))
        error = namesources_ask_dns(name, family, answer);
    return error;
}

int resolver_find_address(const struct answer_address* address, struct answer* answer) {
    int error;
    memset(answer, 0, sizeof *answer);
    if (resolver__enter()) {
        const struct hostent* found =
            host.gethostbyaddr((const char*) address->bytes,
                               (int) answer_address_size(address->family), address->family);
        error = found != NULL ? 0 : resolver__error();
        if (found != NULL)
            resolver__copy_host(found, answer);
        resolver__leave();
        return error;
    }
    error = namesources_find_address_in_hosts(address, answer);
    return error ? namesources_ask_dns_for_address(address, answer) : 0;
}

int resolver_find_service(const char* name, int port, const char* protocol, struct answer* answer) {
    const struct servent* found;
    int i, error = 0;
    memset(answer, 0, sizeof *answer);
    if (!resolver__enter())
        return namesources_find_in_services(name, port, protocol, answer);
    if (name != NULL)
        found = host.getservbyname(name, protocol);
    else
        found = host.getservbyport(htons((u_short) port), protocol);
    if (found == NULL) {
        error = resolver__error();
    } else {
        answer_add_name(answer, found->s_name);
        for (i = 0; found->s_aliases != NULL && found->s_aliases[i] != NULL; i++)
            answer_add_name(answer, found->s_aliases[i]);
        answer->port = (int) (u_short) htons((u_short) found->s_port);
        answer_copy(answer->protocol, sizeof answer->protocol, found->s_proto);
    }
    resolver__leave();
    return error;
}
