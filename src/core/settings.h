/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_SETTINGS_H
#define WSEXT_CORE_SETTINGS_H

#include "host/host.h"

/* The options that a program may have set on a stream socket and that Wine keeps in the Unix socket
 * below it, for the next Unix socket of the same handle. The others it keeps with the handle. */

#define SETTINGS_COUNT 17

union settings_value {
    DWORD number;
    struct linger linger;
};

struct settings {
    int lengths[SETTINGS_COUNT]; /* 0 where the host does not know the option. */
    union settings_value values[SETTINGS_COUNT];
};

/* What SIO_KEEPALIVE_VALS takes: struct tcp_keepalive of Microsoft's mstcpip.h, which other headers
 * lack. */
#ifndef SIO_KEEPALIVE_VALS
#define SIO_KEEPALIVE_VALS _WSAIOW(IOC_VENDOR, 4)
#endif
struct settings_keepalive {
    ULONG is_on;
    ULONG time; /* Both in milliseconds. */
    ULONG interval;
};

/* Asks the host for the options. Returns 0, or WSAENOBUFS where it is too short of memory to say.
 */
int settings_save(SOCKET s, struct settings* settings);

/* Sets what differs on the fresh Unix socket. A host that does not tell the times of keeping alive
 * is given what SIO_KEEPALIVE_VALS was last given, unless that is NULL. What cannot be set is told
 * in the log. */
void settings_restore(SOCKET s, const struct settings* settings,
                      const struct settings_keepalive* keepalive);

#endif
