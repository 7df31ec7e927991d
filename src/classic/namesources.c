/* SPDX-License-Identifier: MIT */
#include "classic/namesources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classic/database.h"
#include "classic/netdb.h"

#define SOURCES__FIELDS_MAX (2 + ANSWER__ALIASES_MAX)

static const unsigned char namesources__loopback4[4] = {127, 0, 0, 1};
static const unsigned char namesources__loopback6[16] = {[15] = 1};

int namesources_local_name(char* name) {
    DWORD size = ANSWER__NAME_MAX + 1;
    if (!GetComputerNameExA(ComputerNameDnsHostname, name, &size))
        return WSASYSNOTREADY;
    return 0;
}

/* An address as text; 0 where it is none of that family. */
static int namesources__parse_address(const char* text, int family, unsigned char* bytes) {
    const char* end;
    if (family == AF_INET)
        return netdb_ipv4(text, bytes);
    return host.RtlIpv6StringToAddressA != NULL &&
           host.RtlIpv6StringToAddressA(text, &end, bytes) == 0 && *end == '\0';
}

int namesources_parse_address(const char* text, struct answer_address* address) {
    memset(address, 0, sizeof *address);
    address->family = AF_INET;
    if (namesources__parse_address(text, AF_INET, address->bytes))
        return 1;
    address->family = AF_INET6;
    return namesources__parse_address(text, AF_INET6, address->bytes);
}

/* The addresses of this machine's interfaces, but for the loopback. */
static void namesources__add_interfaces(int family, struct answer* answer) {
    char buffer[4096];
    SOCKET_ADDRESS_LIST* list = (SOCKET_ADDRESS_LIST*) buffer;
    SOCKET s = host.socket(family, SOCK_DGRAM, 0);
    DWORD bytes;
    int i, count = 0;

    if (s == INVALID_SOCKET)
        return;
    if (host.WSAIoctl(s, SIO_ADDRESS_LIST_QUERY, NULL, 0, buffer, sizeof buffer, &bytes, NULL,
                      NULL) == 0)
        count = list->iAddressCount;
    for (i = 0; i < count; i++) {
        const struct sockaddr* name = list->Address[i].lpSockaddr;
        const struct sockaddr_in* v4 = (const struct sockaddr_in*) name;
        const struct sockaddr_in6* v6 = (const struct sockaddr_in6*) name;
        if (name->sa_family != family)
            continue;
        if (family == AF_INET && memcmp(&v4->sin_addr, namesources__loopback4, 4) != 0)
            answer_add_address(answer, family, &v4->sin_addr, 0);
        if (family == AF_INET6 && memcmp(&v6->sin6_addr, namesources__loopback6, 16) != 0)
            answer_add_address(answer, family, &v6->sin6_addr, v6->sin6_scope_id);
    }
    host.closesocket(s);
}

static void namesources__add_loopback(int family, struct answer* answer) {
    answer_add_address(answer, family,
                       family == AF_INET ? namesources__loopback4 : namesources__loopback6, 0);
}

int namesources_find_local(const char* name, int family, struct answer* answer) {
    char own[ANSWER__NAME_MAX + 1];
    unsigned char bytes[16];

    if (namesources__parse_address(name, family, bytes)) {
        answer_add_name(answer, name);
        answer_add_address(answer, family, bytes, 0);
        return 0;
    }
    if (netdb_is_same(name, "localhost")) {
        answer_add_name(answer, "localhost");
        namesources__add_loopback(family, answer);
        return 0;
    }
    if (namesources_local_name(own) != 0 || !netdb_is_same(name, own))
        return WSAHOST_NOT_FOUND;
    answer_add_name(answer, own);
    namesources__add_interfaces(family, answer);
    if (answer->address_count == 0)
        namesources__add_loopback(family, answer);
    return 0;
}

static int namesources__has_name(char** fields, size_t count, const char* name) {
    size_t i;
    for (i = 0; i < count; i++) {
        if (netdb_is_same(fields[i], name))
            return 1;
    }
    return 0;
}

static void namesources__add_names(struct answer* answer, char** fields, size_t count) {
    size_t i;
    for (i = 0; i < count; i++)
        answer_add_name(answer, fields[i]);
}

int namesources_find_in_hosts(const char* name, int family, struct answer* answer) {
    char *text = database_read(L"hosts"), *rest = text, *line;
    int known = 0;
    while (text != NULL && (line = netdb_line(&rest)) != NULL) {
        char* fields[SOURCES__FIELDS_MAX];
        unsigned char bytes[16];
        size_t count = netdb_split(line, fields, SOURCES__FIELDS_MAX);
        if (count < 2 || !namesources__has_name(fields + 1, count - 1, name))
            continue;
        known = 1;
        if (!namesources__parse_address(fields[0], family, bytes))
            continue;
        namesources__add_names(answer, fields + 1, count - 1);
        answer_add_address(answer, family, bytes, 0);
    }
    free(text);
    if (answer->address_count > 0)
        return 0;
    return known ? WSANO_DATA : WSAHOST_NOT_FOUND;
}

int namesources_find_address_in_hosts(const struct answer_address* address, struct answer* answer) {
    char *text = database_read(L"hosts"), *rest = text, *line;
    while (text != NULL && (line = netdb_line(&rest)) != NULL) {
        char* fields[SOURCES__FIELDS_MAX];
        unsigned char bytes[16];
        size_t count = netdb_split(line, fields, SOURCES__FIELDS_MAX);
        if (count < 2 || !namesources__parse_address(fields[0], address->family, bytes) ||
            memcmp(bytes, address->bytes, answer_address_size(address->family)) != 0)
            continue;
        namesources__add_names(answer, fields + 1, count - 1);
    }
    free(text);
    if (answer->name[0] == '\0')
        return WSAHOST_NOT_FOUND;
    answer_add_address(answer, address->family, address->bytes, address->scope);
    return 0;
}

/* Fields are a name, "port/protocol", and aliases. */
static int namesources__is_service(char** fields, size_t count, const char* name, int port,
                                   const char* protocol, char** found_protocol) {
    char* slash = strchr(fields[1], '/');
    if (slash == NULL)
        return 0;
    *slash = '\0';
    *found_protocol = slash + 1;
    if (protocol != NULL && *protocol != '\0' && !netdb_is_same(protocol, slash + 1))
        return 0;
    if (name == NULL)
        return netdb_port(fields[1]) == port;
    return netdb_port(fields[1]) >= 0 &&
           (netdb_is_same(fields[0], name) || namesources__has_name(fields + 2, count - 2, name));
}

int namesources_find_in_services(const char* name, int port, const char* protocol,
                                 struct answer* answer) {
    char *text = database_read(L"services"), *rest = text, *line;
    int error = WSANO_DATA;
    while (text != NULL && error != 0 && (line = netdb_line(&rest)) != NULL) {
        char *fields[SOURCES__FIELDS_MAX], *found;
        size_t count = netdb_split(line, fields, SOURCES__FIELDS_MAX);
        if (count < 2 || !namesources__is_service(fields, count, name, port, protocol, &found))
            continue;
        answer_add_name(answer, fields[0]);
        namesources__add_names(answer, fields + 2, count - 2);
        answer->port = netdb_port(fields[1]);
        answer_copy(answer->protocol, sizeof answer->protocol, found);
        error = 0;
    }
    free(text);
    return error;
}
