/* SPDX-License-Identifier: MIT */
#include "classic/namespace.h"

#include <string.h>

#include "base/memory.h"
#include "classic/class.h"
#include "classic/resolver.h"
#include "classic/result.h"
#include "classic/text.h"

#define NAMESPACE__PROTOCOLS_MAX 256

/* What a service is asked for with, when all of it is known to be readable. */
struct namespace__service {
    struct class_info info;
    char name[ANSWER__NAME_MAX + 1];
    int protocols[2];
    int protocol_count;
    int sources;
    int local;
};

static int namespace__return(int error) {
    if (error)
        WSASetLastError(error);
    return error ? SOCKET_ERROR : 0;
}

static int namespace__sources(DWORD name_space) {
    switch (name_space) {
        case NS_DEFAULT:
        case NS_DNS:
            return RESOLVER_SYSTEM;
        case NS_TCPIP_HOSTS:
            return RESOLVER_HOSTS;
        case NS_TCPIP_LOCAL:
            return RESOLVER_LOCAL;
        default:
            return 0;
    }
}

static int namespace__add_protocol(struct namespace__service* service, const int* list,
                                   int protocol) {
    int i, listed = list == NULL;
    if (service->info.kind == CLASS_PORT && service->info.protocol != protocol)
        return 0;
    for (i = 0; !listed; i++) {
        if (i == NAMESPACE__PROTOCOLS_MAX || !memory_is_readable(&list[i], sizeof *list))
            return WSAEFAULT;
        if (list[i] == 0)
            break;
        listed = list[i] == protocol;
    }
    if (listed)
        service->protocols[service->protocol_count++] = protocol;
    return 0;
}

static int namespace__read(struct namespace__service* service, DWORD name_space, const GUID* type,
                           const void* name, const int* protocols, const void* async, int wide) {
    int error = 0;
    memset(service, 0, sizeof *service);
    if (async != NULL)
        return ERROR_INVALID_PARAMETER;
    if (!memory_is_readable(type, sizeof *type))
        return WSAEFAULT;
    if (name != NULL)
        error = text_read(name, wide, service->name);
    if (error)
        return error == WSAEINVAL ? ERROR_INVALID_PARAMETER : error;
    service->sources = namespace__sources(name_space);
    service->info = class_parse(type);
    error = namespace__add_protocol(service, protocols, IPPROTO_TCP);
    if (!error)
        error = namespace__add_protocol(service, protocols, IPPROTO_UDP);
    return error;
}

static int namespace__resolve(const struct namespace__service* service, struct answer* answer) {
    static const unsigned char any[4];
    const enum class_kind kind = service->info.kind;
    int error;
    if (service->sources == 0 || service->protocol_count == 0 ||
        (kind != CLASS_PORT && kind != CLASS_HOST_BY_NAME && kind != CLASS_HOSTNAME))
        return ERROR_SERVICE_NOT_FOUND;
    if (service->local) {
        memset(answer, 0, sizeof *answer);
        answer_add_address(answer, AF_INET, any, 0);
        return 0;
    }
    error = resolver_find_host(service->name, AF_INET, service->sources, answer);
    return error == WSAHOST_NOT_FOUND || error == WSANO_DATA ? ERROR_SERVICE_NOT_FOUND : error;
}

static void namespace__pack_addresses(struct pack* pack, const struct namespace__service* service,
                                      const struct answer* answer) {
    result_pack_addresses(pack, answer, service->protocols, service->protocol_count,
                          service->info.port, service->local);
}

static void namespace__pack_names(struct pack* pack, const struct answer* answer, int wide) {
    size_t i;
    if (answer->name[0] != '\0')
        text_pack(pack, answer->name, wide);
    for (i = 0; i < answer->alias_count; i++)
        text_pack(pack, answer->aliases[i], wide);
    text_pack(pack, "", wide);
    /* Without a name there are two zeros, too. */
    if (answer->name[0] == '\0')
        text_pack(pack, "", wide);
}

static int namespace__store(const struct namespace_request* request,
                            const struct namespace__service* service, const struct answer* answer) {
    const size_t character = request->wide ? sizeof(WCHAR) : 1;
    struct pack addresses = {NULL, 0}, names = {NULL, 0};
    int too_small;

    namespace__pack_addresses(&addresses, service, answer);
    too_small = addresses.used > *request->addresses_size;
    if (request->aliases != NULL) {
        namespace__pack_names(&names, answer, request->wide);
        too_small |= names.used / character > *request->aliases_length;
    }
    if (!too_small && (!memory_is_writable(request->addresses, addresses.used) ||
                       !memory_is_writable(request->aliases, names.used)))
        return WSAEFAULT;
    *request->addresses_size = (DWORD) addresses.used;
    if (request->aliases != NULL)
        *request->aliases_length = (DWORD) (names.used / character);
    if (too_small)
        return ERROR_INSUFFICIENT_BUFFER;
    addresses.buffer = request->addresses;
    addresses.used = 0;
    namespace__pack_addresses(&addresses, service, answer);
    if (request->aliases != NULL) {
        names.buffer = request->aliases;
        names.used = 0;
        namespace__pack_names(&names, answer, request->wide);
    }
    return 0;
}

int namespace_find_addresses(const struct namespace_request* request) {
    const int local = request->name == NULL || (request->resolution & RES_SERVICE) != 0;
    struct namespace__service service;
    struct answer answer;
    int error;

    if (!memory_is_writable(request->addresses_size, sizeof(DWORD)) ||
        (request->aliases != NULL && !memory_is_writable(request->aliases_length, sizeof(DWORD))))
        return namespace__return(WSAEFAULT);
    /* With RES_SERVICE the name is ignored. */
    error =
        namespace__read(&service, request->name_space, request->type, local ? NULL : request->name,
                        request->protocols, request->async, request->wide);
    service.local = local;
    if (!error)
        error = namespace__resolve(&service, &answer);
    if (!error)
        error = namespace__store(request, &service, &answer);
    if (error)
        return namespace__return(error);
    return (int) answer.address_count * service.protocol_count;
}

static SERVICE_ADDRESSES* namespace__pack_service_addresses(struct pack* pack,
                                                            const struct answer* answer, int port) {
    SERVICE_ADDRESSES* to = pack_take(pack,
                                      offsetof(SERVICE_ADDRESSES, Addresses) +
                                          answer->address_count * sizeof(SERVICE_ADDRESS),
                                      sizeof(void*));
    size_t i;
    for (i = 0; i < answer->address_count; i++) {
        struct sockaddr_in name;
        void* place;
        memset(&name, 0, sizeof name);
        name.sin_family = AF_INET;
        name.sin_port = htons((u_short) port);
        memcpy(&name.sin_addr, answer->addresses[i].bytes, 4);
        place = pack_copy(pack, &name, sizeof name, sizeof(void*));
        if (to == NULL)
            continue;
        memset(&to->Addresses[i], 0, sizeof to->Addresses[i]);
        to->Addresses[i].dwAddressType = AF_INET;
        to->Addresses[i].dwAddressLength = sizeof name;
        to->Addresses[i].lpAddress = place;
    }
    if (to != NULL)
        to->dwAddressCount = (DWORD) answer->address_count;
    return to;
}

/* DNS knows of a service no more than this. The members for the rest are 0. */
static void namespace__pack_service(struct pack* pack, DWORD name_space, const GUID* type,
                                    const struct namespace__service* service,
                                    const struct answer* answer, DWORD properties, int wide) {
    NS_SERVICE_INFOA* to = pack_take(pack, sizeof *to, sizeof(void*));
    NS_SERVICE_INFOA filled;
    const DWORD wanted = properties & PROP_ALL ? ~(DWORD) 0 : properties;

    memset(&filled, 0, sizeof filled);
    filled.dwNameSpace = name_space == NS_DEFAULT ? NS_DNS : name_space;
    filled.ServiceInfo.lpServiceType = pack_copy(pack, type, sizeof *type, 4);
    filled.ServiceInfo.lpServiceName = text_pack(pack, service->name, wide);
    if (wanted & PROP_MACHINE)
        filled.ServiceInfo.lpMachineName = text_pack(pack, answer->name, wide);
    if (wanted & PROP_ADDRESSES)
        filled.ServiceInfo.lpServiceAddress =
            namespace__pack_service_addresses(pack, answer, service->info.port);
    if (to != NULL)
        *to = filled;
}

int namespace_describe(DWORD name_space, const GUID* type, const void* name, DWORD properties,
                       void* buffer, DWORD* size, const void* async, int wide) {
    struct namespace__service service;
    struct answer answer;
    struct pack pack = {NULL, 0};
    int error;

    if (!memory_is_writable(size, sizeof *size) || name == NULL)
        return namespace__return(WSAEFAULT);
    error = namespace__read(&service, name_space, type, name, NULL, async, wide);
    if (!error)
        error = namespace__resolve(&service, &answer);
    if (error == ERROR_SERVICE_NOT_FOUND) {
        WSASetLastError(error);
        return 0;
    }
    if (error)
        return namespace__return(error);
    namespace__pack_service(&pack, name_space, type, &service, &answer, properties, wide);
    if (pack.used <= *size && !memory_is_writable(buffer, pack.used))
        return namespace__return(WSAEFAULT);
    if (pack.used > *size) {
        *size = (DWORD) pack.used;
        return namespace__return(ERROR_INSUFFICIENT_BUFFER);
    }
    *size = (DWORD) pack.used;
    pack.buffer = buffer;
    pack.used = 0;
    namespace__pack_service(&pack, name_space, type, &service, &answer, properties, wide);
    return 1;
}

int namespace_set(DWORD name_space, DWORD operation, DWORD flags, const SERVICE_INFOA* service,
                  const void* async, DWORD* status) {
    const int may_have_flags = operation == SERVICE_REGISTER || operation == SERVICE_DEREGISTER;
    if (!memory_is_writable(status, sizeof *status) ||
        !memory_is_readable(service, sizeof *service))
        return namespace__return(WSAEFAULT);
    if (async != NULL || operation < SERVICE_REGISTER || operation > SERVICE_DELETE_TYPE ||
        (flags & ~(DWORD) (SERVICE_FLAG_DEFER | SERVICE_FLAG_HARD)) != 0 ||
        (flags != 0 && !may_have_flags))
        return namespace__return(ERROR_INVALID_PARAMETER);
    if (namespace__sources(name_space) == 0)
        return namespace__return(ERROR_SERVICE_NOT_FOUND);
    *status = SET_SERVICE_PARTIAL_SUCCESS;
    return namespace__return(WSAEOPNOTSUPP);
}

static int namespace__type_error(int error) {
    switch (error) {
        case WSATYPE_NOT_FOUND:
            return ERROR_SERVICE_DOES_NOT_EXIST;
        case WSAEINVAL:
            return ERROR_INVALID_PARAMETER;
        default:
            return error;
    }
}

int namespace_find_type(const void* name, GUID* type, int wide) {
    char narrow[ANSWER__NAME_MAX + 1];
    GUID found;
    int error = text_read(name, wide, narrow);
    if (!error && !memory_is_writable(type, sizeof *type))
        error = WSAEFAULT;
    if (!error)
        error = class_find(narrow, &found);
    if (!error)
        *type = found;
    return namespace__return(namespace__type_error(error));
}

int namespace_find_name(const GUID* type, void* room, DWORD size, int wide) {
    char narrow[ANSWER__NAME_MAX + 1];
    struct pack pack = {NULL, 0};
    int error = memory_is_readable(type, sizeof *type) ? class_name(type, narrow) : WSAEFAULT;
    if (error)
        return namespace__return(namespace__type_error(error));
    text_pack(&pack, narrow, wide);
    if (pack.used > size)
        return namespace__return(ERROR_INSUFFICIENT_BUFFER);
    if (!memory_is_writable(room, pack.used))
        return namespace__return(WSAEFAULT);
    pack.buffer = room;
    pack.used = 0;
    text_pack(&pack, narrow, wide);
    return 0;
}
