/* SPDX-License-Identifier: MIT */
#include "classic/class.h"

#include <string.h>

#include "classic/netdb.h"
#include "classic/resolver.h"

static const struct class__row {
    GUID guid;
    enum class_kind kind;
    const char* name;
} class__rows[] = {
    {SVCID_HOSTNAME, CLASS_HOSTNAME, "Hostname"},
    {SVCID_INET_HOSTADDRBYNAME, CLASS_HOST_BY_NAME, "InetHostAddrByName"},
    {SVCID_INET_HOSTADDRBYINETSTRING, CLASS_HOST_BY_ADDRESS, "InetHostAddrByInetString"},
    {SVCID_INET_SERVICEBYNAME, CLASS_SERVICE_BY_NAME, "InetServiceByName"},
};

#define CLASS__COUNT (sizeof class__rows / sizeof class__rows[0])
#define CLASS__DNS_PORT 53

/* The upper half of the first field tells the protocol, the lower half the port. */
#define CLASS__TCP 0x0009u
#define CLASS__UDP 0x000Au

static int class__is_same(const GUID* one, const GUID* other) {
    return memcmp(one, other, sizeof *one) == 0;
}

struct class_info class_parse(const GUID* guid) {
    static const unsigned char tail[8] = {0xC0, 0, 0, 0, 0, 0, 0, 0x46};
    struct class_info info = {CLASS_UNKNOWN, 0, 0, 0};
    size_t i;

    for (i = 0; i < CLASS__COUNT; i++) {
        if (class__is_same(&class__rows[i].guid, guid)) {
            info.kind = class__rows[i].kind;
            return info;
        }
    }
    if (guid->Data2 != 0 || memcmp(guid->Data4, tail, sizeof tail) != 0)
        return info;
    if (guid->Data1 >> 16 == CLASS__TCP)
        info.protocol = IPPROTO_TCP;
    else if (guid->Data1 >> 16 == CLASS__UDP)
        info.protocol = IPPROTO_UDP;
    else
        return info;
    info.port = (int) (guid->Data1 & 0xFFFF);
    info.record = guid->Data3;
    if (info.record == 0)
        info.kind = CLASS_PORT;
    else if (info.port == CLASS__DNS_PORT)
        info.kind = CLASS_DNS;
    /* A record is asked for, not the name server. */
    if (info.kind != CLASS_PORT)
        info.port = 0;
    return info;
}

void class_make(int protocol, int port, GUID* guid) {
    static const GUID tcp = SVCID_TCP(0), udp = SVCID_UDP(0);
    *guid = protocol == IPPROTO_TCP ? tcp : udp;
    guid->Data1 |= (unsigned) port & 0xFFFF;
}

int class_name(const GUID* guid, char* name) {
    struct class_info info = class_parse(guid);
    struct answer answer;
    size_t i;
    int error;

    for (i = 0; i < CLASS__COUNT; i++) {
        if (class__is_same(&class__rows[i].guid, guid)) {
            answer_copy(name, ANSWER__NAME_MAX + 1, class__rows[i].name);
            return 0;
        }
    }
    if (info.kind != CLASS_PORT)
        return WSATYPE_NOT_FOUND;
    error = resolver_find_service(NULL, info.port, info.protocol == IPPROTO_TCP ? "tcp" : "udp",
                                  &answer);
    if (error)
        return error == WSANOTINITIALISED ? error : WSATYPE_NOT_FOUND;
    answer_copy(name, ANSWER__NAME_MAX + 1, answer.name);
    return 0;
}

int class_find(const char* name, GUID* guid) {
    struct answer answer;
    size_t i;
    int error;

    for (i = 0; i < CLASS__COUNT; i++) {
        if (netdb_is_same(class__rows[i].name, name)) {
            *guid = class__rows[i].guid;
            return 0;
        }
    }
    error = resolver_find_service(name, 0, "tcp", &answer);
    if (!error) {
        class_make(IPPROTO_TCP, answer.port, guid);
        return 0;
    }
    if (error != WSANOTINITIALISED)
        error = resolver_find_service(name, 0, "udp", &answer);
    if (!error) {
        class_make(IPPROTO_UDP, answer.port, guid);
        return 0;
    }
    return error == WSANOTINITIALISED ? error : WSATYPE_NOT_FOUND;
}
