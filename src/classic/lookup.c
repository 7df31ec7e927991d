/* SPDX-License-Identifier: MIT */
#include "classic/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "base/memory.h"
#include "base/once.h"
#include "classic/class.h"
#include "classic/namesources.h"
#include "classic/netdb.h"
#include "classic/resolver.h"
#include "classic/result.h"
#include "classic/text.h"

#define LOOKUP__PROTOCOLS_MAX 256
#define LOOKUP__DNS_A 1
#define LOOKUP__DNS_AAAA 28

enum { LOOKUP__IPV4 = 1, LOOKUP__IPV6 = 2 };

struct lookup {
    struct lookup* next;
    uintptr_t handle;
    GUID provider, class_id;
    struct class_info info;
    DWORD flags;
    int families, protocol, sources;
    char name[ANSWER__NAME_MAX + 1];
    /* What follows changes, under the lock. */
    int busy;  /* How many calls are using it. */
    int ended; /* The last of them frees it. */
    int too_large;
    size_t position;
    struct answer* answer;
};

static struct once lookup__once;
static lock_t lookup__lock;
static struct lookup* lookup__all;
static uintptr_t lookup__last_handle;

static void lookup__init(void) {
    lock_init(&lookup__lock);
}

static void lookup__enter(void) {
    once_run(&lookup__once, lookup__init);
    lock_acquire(&lookup__lock);
}

static void lookup__free(struct lookup* lookup) {
    free(lookup->answer);
    free(lookup);
}

/* Restrictions to protocols: which families, and the first protocol that we know. */
static int lookup__read_protocols(struct lookup* lookup, const AFPROTOCOLS* list, DWORD count) {
    DWORD i;
    lookup->protocol = lookup->info.protocol;
    if (count == 0 || list == NULL) {
        lookup->families = LOOKUP__IPV4 | LOOKUP__IPV6;
    } else {
        if (count > LOOKUP__PROTOCOLS_MAX)
            return WSAEINVAL;
        if (!memory_is_readable(list, count * sizeof *list))
            return WSAEFAULT;
    }
    for (i = 0; list != NULL && i < count; i++) {
        if (list[i].iAddressFamily == AF_INET || list[i].iAddressFamily == AF_UNSPEC)
            lookup->families |= LOOKUP__IPV4;
        if (list[i].iAddressFamily == AF_INET6 || list[i].iAddressFamily == AF_UNSPEC)
            lookup->families |= LOOKUP__IPV6;
        if (lookup->protocol == 0 &&
            (list[i].iProtocol == IPPROTO_TCP || list[i].iProtocol == IPPROTO_UDP))
            lookup->protocol = list[i].iProtocol;
    }
    if (lookup->protocol == 0)
        lookup->protocol = IPPROTO_TCP;
    return lookup->families == 0 ? WSANO_DATA : 0;
}

static int lookup__read_name(struct lookup* lookup, const WCHAR* name) {
    const int needs_name =
        lookup->info.kind == CLASS_HOST_BY_ADDRESS || lookup->info.kind == CLASS_SERVICE_BY_NAME;
    if (name == NULL)
        return needs_name ? WSAEINVAL : 0;
    return text_read(name, 1, lookup->name);
}

static int lookup__read_sources(DWORD name_space, int* sources) {
    switch (name_space) {
        case NS_ALL:
        case NS_DNS:
            *sources = RESOLVER_SYSTEM;
            return 0;
        case NS_TCPIP_HOSTS:
            *sources = RESOLVER_HOSTS;
            return 0;
        case NS_TCPIP_LOCAL:
            *sources = RESOLVER_LOCAL;
            return 0;
        default:
            return WSAEINVAL;
    }
}

static int lookup__read(struct lookup* lookup, const WSAQUERYSETW* query, DWORD flags) {
    int error;
    if (!memory_is_readable(query, sizeof *query))
        return WSAEFAULT;
    if (query->dwSize < sizeof *query || query->lpServiceClassId == NULL)
        return WSAEINVAL;
    if (!memory_is_readable(query->lpServiceClassId, sizeof(GUID)))
        return WSAEFAULT;
    lookup->class_id = *query->lpServiceClassId;
    lookup->flags = flags;
    if (flags & LUP_CONTAINERS)
        return WSANO_DATA;
    lookup->info = class_parse(&lookup->class_id);
    if (lookup->info.kind == CLASS_UNKNOWN)
        return WSASERVICE_NOT_FOUND;
    if (lookup->info.kind == CLASS_DNS && lookup->info.record != LOOKUP__DNS_A &&
        lookup->info.record != LOOKUP__DNS_AAAA)
        return WSAEOPNOTSUPP;
    error = lookup__read_sources(query->dwNameSpace, &lookup->sources);
    if (!error)
        error = lookup__read_protocols(lookup, query->lpafpProtocols, query->dwNumberOfProtocols);
    return error ? error : lookup__read_name(lookup, query->lpszServiceInstanceName);
}

int lookup_begin(const GUID* provider, const WSAQUERYSETW* query, DWORD flags, HANDLE* handle) {
    struct lookup* lookup;
    int error;

    if (!memory_is_writable(handle, sizeof *handle))
        return WSAEFAULT;
    lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        return WSA_NOT_ENOUGH_MEMORY;
    lookup->provider = *provider;
    error = lookup__read(lookup, query, flags);
    if (error) {
        lookup__free(lookup);
        return error;
    }
    lookup__enter();
    /* Numbers, as a pointer that a program kept too long might lead to another query. */
    lookup__last_handle += 4;
    lookup->handle = lookup__last_handle;
    lookup->next = lookup__all;
    lookup__all = lookup;
    *handle = (HANDLE) lookup->handle;
    lock_release(&lookup__lock);
    return 0;
}

static int lookup__resolve_addresses(const struct lookup* lookup, struct answer* answer) {
    int families = lookup->families, error = WSANO_DATA;

    if (lookup->info.kind == CLASS_HOST_BY_NAME ||
        (lookup->info.kind == CLASS_DNS && lookup->info.record == LOOKUP__DNS_A))
        families &= LOOKUP__IPV4;
    else if (lookup->info.kind == CLASS_DNS)
        families &= LOOKUP__IPV6;
    memset(answer, 0, sizeof *answer);
    if (families & LOOKUP__IPV4)
        error = resolver_find_host(lookup->name, AF_INET, lookup->sources, answer);
    if (families & LOOKUP__IPV6) {
        struct answer* other = malloc(sizeof *other);
        size_t i;
        int other_error = WSA_NOT_ENOUGH_MEMORY;
        if (other != NULL)
            other_error = resolver_find_host(lookup->name, AF_INET6, lookup->sources, other);
        if (other_error == 0) {
            if (error)
                memset(answer, 0, sizeof *answer);
            error = 0;
            answer_add_name(answer, other->name);
            for (i = 0; i < other->address_count; i++)
                answer_add_address(answer, AF_INET6, other->addresses[i].bytes,
                                   other->addresses[i].scope);
        } else if (!(families & LOOKUP__IPV4)) {
            error = other_error;
        }
        free(other);
    }
    return error;
}

static int lookup__resolve_service(const struct lookup* lookup, struct answer* answer) {
    char name[sizeof lookup->name];
    char* protocol;
    int port;
    strcpy(name, lookup->name);
    protocol = strchr(name, '/');
    if (protocol != NULL)
        *protocol++ = '\0';
    if (protocol != NULL && *protocol == '\0')
        protocol = NULL;
    port = netdb_port(name);
    return resolver_find_service(port < 0 ? name : NULL, port, protocol, answer);
}

static int lookup__resolve(const struct lookup* lookup, struct answer* answer) {
    struct answer_address address;
    memset(&address, 0, sizeof address);
    switch (lookup->info.kind) {
        case CLASS_HOSTNAME:
            if (lookup->flags & LUP_RETURN_ADDR)
                return lookup__resolve_addresses(lookup, answer);
            memset(answer, 0, sizeof *answer);
            return namesources_local_name(answer->name);
        case CLASS_HOST_BY_ADDRESS:
            if (!namesources_parse_address(lookup->name, &address))
                return WSAEINVAL;
            return resolver_find_address(&address, answer);
        case CLASS_SERVICE_BY_NAME:
            return lookup__resolve_service(lookup, answer);
        default:
            return lookup__resolve_addresses(lookup, answer);
    }
}

static BLOB* lookup__pack_blob(struct pack* pack, const struct lookup* lookup) {
    switch (lookup->info.kind) {
        case CLASS_SERVICE_BY_NAME:
            return result_pack_servent(pack, lookup->answer);
        case CLASS_HOST_BY_NAME:
        case CLASS_HOST_BY_ADDRESS:
        case CLASS_DNS:
            return result_pack_hostent(pack, lookup->answer, lookup->answer->addresses[0].family);
        default:
            return NULL;
    }
}

static GUID lookup__class(const struct lookup* lookup) {
    GUID guid = lookup->class_id;
    if (lookup->info.kind == CLASS_SERVICE_BY_NAME)
        class_make(netdb_is_same(lookup->answer->protocol, "udp") ? IPPROTO_UDP : IPPROTO_TCP,
                   lookup->answer->port, &guid);
    return guid;
}

static void lookup__pack(struct pack* pack, const struct lookup* lookup, DWORD flags) {
    const struct answer* answer = lookup->answer;
    WSAQUERYSETW* to = pack_take(pack, sizeof *to, sizeof(void*));
    const int is_alias = lookup->position > 0;
    const GUID guid = lookup__class(lookup);
    WSAQUERYSETW set;

    memset(&set, 0, sizeof set);
    set.dwSize = sizeof set;
    set.dwNameSpace = NS_DNS;
    set.dwOutputFlags = is_alias ? RESULT_IS_ALIAS : 0;
    set.lpNSProviderId = pack_copy(pack, &lookup->provider, sizeof(GUID), 4);
    if (flags & LUP_RETURN_NAME)
        set.lpszServiceInstanceName =
            text_pack(pack, is_alias ? answer->aliases[lookup->position - 1] : answer->name, 1);
    if (flags & LUP_RETURN_TYPE)
        set.lpServiceClassId = pack_copy(pack, &guid, sizeof guid, 4);
    if (!is_alias && (flags & LUP_RETURN_ADDR) && answer->address_count > 0) {
        set.dwNumberOfCsAddrs = (DWORD) answer->address_count;
        set.lpcsaBuffer = result_pack_addresses(pack, answer, &lookup->protocol, 1,
                                                lookup->info.port, (flags & LUP_RES_SERVICE) != 0);
    }
    if (!is_alias && (flags & LUP_RETURN_BLOB))
        set.lpBlob = lookup__pack_blob(pack, lookup);
    if (to != NULL)
        *to = set;
}

/* Under the lock, with an answer. */
static int lookup__take(struct lookup* lookup, DWORD flags, DWORD* size, WSAQUERYSETW* result) {
    const DWORD both = lookup->flags & ((flags & LUP_RETURN_ALL) ? flags : LUP_RETURN_ALL);
    const DWORD wanted = both | ((flags | lookup->flags) & LUP_RES_SERVICE);
    const size_t aliases = (both & LUP_RETURN_ALIASES) ? lookup->answer->alias_count : 0;
    struct pack pack = {NULL, 0};

    if ((flags & LUP_FLUSHPREVIOUS) && lookup->too_large)
        lookup->position++;
    lookup->too_large = 0;
    if (lookup->position > aliases)
        return WSA_E_NO_MORE;
    lookup__pack(&pack, lookup, wanted);
    if (pack.used > *size) {
        *size = (DWORD) pack.used;
        lookup->too_large = 1;
        return WSAEFAULT;
    }
    if (!memory_is_writable(result, pack.used))
        return WSAEFAULT;
    pack.buffer = (char*) result;
    pack.used = 0;
    lookup__pack(&pack, lookup, wanted);
    lookup->position++;
    return 0;
}

static struct lookup* lookup__find(HANDLE handle) {
    struct lookup* lookup = lookup__all;
    while (lookup != NULL && lookup->handle != (uintptr_t) handle)
        lookup = lookup->next;
    return lookup;
}

/* Gives the query an answer; the host is asked without the lock. */
static int lookup__answer(struct lookup* lookup) {
    struct answer* answer = malloc(sizeof *answer);
    int error = WSA_NOT_ENOUGH_MEMORY;
    lookup->busy++;
    lock_release(&lookup__lock);
    if (answer != NULL)
        error = lookup__resolve(lookup, answer);
    lock_acquire(&lookup__lock);
    lookup->busy--;
    if (lookup->ended) {
        if (lookup->busy == 0)
            lookup__free(lookup);
        error = WSA_E_CANCELLED;
    } else if (!error && lookup->answer == NULL) {
        lookup->answer = answer;
        answer = NULL;
    }
    free(answer);
    return error == WSAHOST_NOT_FOUND ? WSASERVICE_NOT_FOUND : error;
}

int lookup_next(HANDLE handle, DWORD flags, DWORD* size, WSAQUERYSETW* result) {
    struct lookup* lookup;
    int error = 0;

    if (!memory_is_writable(size, sizeof *size))
        return WSAEFAULT;
    lookup__enter();
    lookup = lookup__find(handle);
    if (lookup == NULL)
        error = WSA_INVALID_HANDLE;
    else if (lookup->answer == NULL)
        error = lookup__answer(lookup);
    if (!error)
        error = lookup__take(lookup, flags, size, result);
    lock_release(&lookup__lock);
    return error;
}

/* Under the lock. */
static void lookup__end(struct lookup** place) {
    struct lookup* lookup = *place;
    *place = lookup->next;
    lookup->ended = 1;
    if (lookup->busy == 0)
        lookup__free(lookup);
}

int lookup_end(HANDLE handle) {
    struct lookup** place;
    int error = WSA_INVALID_HANDLE;
    lookup__enter();
    for (place = &lookup__all; *place != NULL; place = &(*place)->next) {
        if ((*place)->handle == (uintptr_t) handle) {
            lookup__end(place);
            error = 0;
            break;
        }
    }
    lock_release(&lookup__lock);
    return error;
}

void lookup_end_all(void) {
    lookup__enter();
    while (lookup__all != NULL)
        lookup__end(&lookup__all);
    lock_release(&lookup__lock);
}
