/* SPDX-License-Identifier: MIT */
#include "classic/result.h"

#include <string.h>

#define RESULT__ALIGN sizeof(void*)

/* A socket address; without an address the one that stands for any. */
static void result__pack_name(struct pack* pack, int family, const struct answer_address* address,
                              int port, SOCKET_ADDRESS* to) {
    void* place;
    int size;
    if (family == AF_INET6) {
        struct sockaddr_in6 name;
        memset(&name, 0, sizeof name);
        name.sin6_family = AF_INET6;
        name.sin6_port = htons((u_short) port);
        if (address != NULL) {
            memcpy(&name.sin6_addr, address->bytes, sizeof name.sin6_addr);
            name.sin6_scope_id = address->scope;
        }
        size = sizeof name;
        place = pack_copy(pack, &name, sizeof name, RESULT__ALIGN);
    } else {
        struct sockaddr_in name;
        memset(&name, 0, sizeof name);
        name.sin_family = AF_INET;
        name.sin_port = htons((u_short) port);
        if (address != NULL)
            memcpy(&name.sin_addr, address->bytes, sizeof name.sin_addr);
        size = sizeof name;
        place = pack_copy(pack, &name, sizeof name, RESULT__ALIGN);
    }
    if (to != NULL) {
        to->lpSockaddr = place;
        to->iSockaddrLength = size;
    }
}

static void result__pack_address(struct pack* pack, const struct answer_address* address,
                                 int protocol, int port, int local, CSADDR_INFO* to) {
    SOCKET_ADDRESS* named = NULL;
    SOCKET_ADDRESS* other = NULL;
    if (to != NULL) {
        named = local ? &to->LocalAddr : &to->RemoteAddr;
        other = local ? &to->RemoteAddr : &to->LocalAddr;
        to->iSocketType = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
        to->iProtocol = protocol;
    }
    result__pack_name(pack, address->family, address, port, named);
    result__pack_name(pack, address->family, NULL, 0, other);
}

CSADDR_INFO* result_pack_addresses(struct pack* pack, const struct answer* answer,
                                   const int* protocols, int protocol_count, int port, int local) {
    const size_t count = answer->address_count * (size_t) protocol_count;
    CSADDR_INFO* all = pack_take(pack, count * sizeof *all, RESULT__ALIGN);
    size_t i;
    for (i = 0; i < count; i++)
        result__pack_address(pack, &answer->addresses[i % answer->address_count],
                             protocols[i / answer->address_count], port, local,
                             all != NULL ? &all[i] : NULL);
    return all;
}

/* Offsets in the clothes of pointers. */
static char* result__offset(const void* base, const void* place) {
    return (char*) ((const char*) place - (const char*) base);
}

static void result__pack_string(struct pack* pack, const void* base, const char* text, char** to) {
    char* place = pack_string(pack, text);
    if (to != NULL)
        *to = result__offset(base, place);
}

/* A list that a NULL ends, of as many entries; NULL while counting. */
static char** result__pack_list(struct pack* pack, size_t count) {
    char** list = pack_take(pack, (count + 1) * sizeof *list, RESULT__ALIGN);
    if (list != NULL)
        list[count] = NULL;
    return list;
}

static char** result__pack_aliases(struct pack* pack, const void* base,
                                   const struct answer* answer) {
    char** list = result__pack_list(pack, answer->alias_count);
    size_t i;
    for (i = 0; i < answer->alias_count; i++)
        result__pack_string(pack, base, answer->aliases[i], list != NULL ? &list[i] : NULL);
    return list;
}

static BLOB* result__close(struct pack* pack, BLOB* blob, size_t start, void* data) {
    if (blob != NULL) {
        blob->cbSize = (ULONG) (pack->used - start);
        blob->pBlobData = data;
    }
    return blob;
}

BLOB* result_pack_hostent(struct pack* pack, const struct answer* answer, int family) {
    BLOB* blob = pack_take(pack, sizeof *blob, RESULT__ALIGN);
    struct hostent* to = pack_take(pack, sizeof *to, RESULT__ALIGN);
    size_t start = pack->used - sizeof *to;
    const size_t size = answer_address_size(family);
    char **aliases, **addresses;
    size_t i;

    result__pack_string(pack, to, answer->name, to != NULL ? &to->h_name : NULL);
    aliases = result__pack_aliases(pack, to, answer);
    addresses = result__pack_list(pack, answer->address_count);
    for (i = 0; i < answer->address_count; i++) {
        void* place = pack_copy(pack, answer->addresses[i].bytes, size, 4);
        if (addresses != NULL)
            addresses[i] = result__offset(to, place);
    }
    if (to != NULL) {
        to->h_aliases = (char**) result__offset(to, aliases);
        to->h_addr_list = (char**) result__offset(to, addresses);
        to->h_addrtype = (short) family;
        to->h_length = (short) size;
    }
    return result__close(pack, blob, start, to);
}

BLOB* result_pack_servent(struct pack* pack, const struct answer* answer) {
    BLOB* blob = pack_take(pack, sizeof *blob, RESULT__ALIGN);
    struct servent* to = pack_take(pack, sizeof *to, RESULT__ALIGN);
    size_t start = pack->used - sizeof *to;
    char** aliases;

    result__pack_string(pack, to, answer->name, to != NULL ? &to->s_name : NULL);
    result__pack_string(pack, to, answer->protocol, to != NULL ? &to->s_proto : NULL);
    aliases = result__pack_aliases(pack, to, answer);
    if (to != NULL) {
        to->s_aliases = (char**) result__offset(to, aliases);
        to->s_port = (short) htons((u_short) answer->port);
    }
    return result__close(pack, blob, start, to);
}
