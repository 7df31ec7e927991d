/* SPDX-License-Identifier: MIT */
#include "core/ride.h"

#include <string.h>
#include <ws2tcpip.h>

#include "core/table.h"
#include "host/caps.h"

#define RIDE__NEAR 1024u
#define RIDE__FAR 704u

int ride_is_near(const struct sockaddr* name) {
    const struct sockaddr_in6* in6 = (const struct sockaddr_in6*) name;
    const unsigned char* address = in6->sin6_addr.s6_addr;
    static const unsigned char loopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    static const unsigned char mapped[13] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127};

    if (name->sa_family == AF_INET)
        return *(const unsigned char*) &((const struct sockaddr_in*) name)->sin_addr == 127;
    return name->sa_family == AF_INET6 && (memcmp(address, loopback, sizeof loopback) == 0 ||
                                           memcmp(address, mapped, sizeof mapped) == 0);
}

int ride_is_allowed(const struct connect_request* request) {
    unsigned flags = table_flags(request->handle);
    if (request->length > RIDE__NEAR || !(flags & TABLE_SEEN) || (flags & TABLE_BUFFER))
        return 0;
    if (request->length > RIDE__FAR && !ride_is_near(request->name))
        return 0;
    return caps_find(CAP_SEND_ROOM) == 0 && caps_has(CAP_SEND_ROOM);
}
