/* SPDX-License-Identifier: MIT */
#include "core/settings.h"

#include <string.h>
#include <ws2tcpip.h>

#include "base/log.h"
#include "base/retry.h"
#include "base/status.h"

struct settings__option {
    int level;
    int name;
};

/* Of Microsoft's headers; others' lack them. */
#ifndef IP_DONTFRAGMENT
#define IP_DONTFRAGMENT 14
#endif
#ifndef IP_UNICAST_IF
#define IP_UNICAST_IF 31
#endif
#ifndef IPV6_UNICAST_IF
#define IPV6_UNICAST_IF 31
#endif
#define SETTINGS__IPV6_DONTFRAG 14
/* Where the host tells it, it tells the two after it, too. */
#define SETTINGS__TOLD_KEEPALIVE 6
#define SETTINGS__TCP_KEEPALIVE 3
#define SETTINGS__TCP_KEEPCNT 16
#define SETTINGS__TCP_KEEPINTVL 17

static const struct settings__option settings__options[] = {
    {SOL_SOCKET, SO_KEEPALIVE},
    {SOL_SOCKET, SO_OOBINLINE},
    {SOL_SOCKET, SO_RCVBUF},
    {SOL_SOCKET, SO_SNDBUF},
    {SOL_SOCKET, SO_LINGER},
    {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, SETTINGS__TCP_KEEPALIVE},
    {IPPROTO_TCP, SETTINGS__TCP_KEEPCNT},
    {IPPROTO_TCP, SETTINGS__TCP_KEEPINTVL},
    {IPPROTO_IP, IP_TOS},
    {IPPROTO_IP, IP_TTL},
    {IPPROTO_IP, IP_DONTFRAGMENT},
    {IPPROTO_IP, IP_UNICAST_IF},
    {IPPROTO_IPV6, IPV6_V6ONLY},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {IPPROTO_IPV6, IPV6_UNICAST_IF},
    {IPPROTO_IPV6, SETTINGS__IPV6_DONTFRAG},
};

typedef char settings__counted
    [sizeof settings__options / sizeof settings__options[0] == SETTINGS_COUNT ? 1 : -1];

/* Returns 0, or WSAENOBUFS where nobody can say what the option is. */
static int settings__get(SOCKET s, size_t i, struct settings* settings) {
    int length = sizeof settings->values[i];
    int error = 0;
    memset(&settings->values[i], 0, sizeof settings->values[i]);
    if (host.getsockopt(s, settings__options[i].level, settings__options[i].name,
                        (char*) &settings->values[i], &length) != 0) {
        error = status_is_shortage(WSAGetLastError()) ? WSAENOBUFS : 0;
        length = 0;
    } else if (length <= 0 || (size_t) length > sizeof settings->values[i]) {
        /* Wine 10 tells anything for SO_LINGER in a 32-bit program, where it has no 32-bit half. */
        length = sizeof settings->values[i];
    }
    settings->lengths[i] = length;
    return error;
}

static int settings__set(SOCKET s, size_t i, const struct settings* settings) {
    unsigned tries = 0;
    int error;
    do {
        error = host.setsockopt(s, settings__options[i].level, settings__options[i].name,
                                (const char*) &settings->values[i], settings->lengths[i]) == 0
                    ? 0
                    : WSAGetLastError();
    } while (error != 0 && retry_shortage(&tries, error));
    return error;
}

int settings_save(SOCKET s, struct settings* settings) {
    size_t i;
    int error = 0;
    for (i = 0; i < SETTINGS_COUNT && error == 0; i++)
        error = settings__get(s, i, settings);
    return error;
}

/* Whether keeping alive is on is set with its times, and mended with the other options. */
static void settings__restore_keepalive(SOCKET s, const struct settings_keepalive* keepalive) {
    struct settings_keepalive given = *keepalive;
    unsigned tries = 0;
    DWORD bytes;
    int error;
    do {
        error = host.WSAIoctl(s, SIO_KEEPALIVE_VALS, &given, sizeof given, NULL, 0, &bytes, NULL,
                              NULL) == 0
                    ? 0
                    : WSAGetLastError();
    } while (error != 0 && retry_shortage(&tries, error));
    if (error != 0)
        log_warn("socket %#Ix: the times of keeping alive could not be kept (error %d)", (size_t) s,
                 error);
}

/* Only what differs from a new socket's is set: a buffer's size, once set, is no longer the
 * system's to adapt. */
void settings_restore(SOCKET s, const struct settings* settings,
                      const struct settings_keepalive* keepalive) {
    struct settings fresh;
    size_t i;
    if (keepalive != NULL && settings->lengths[SETTINGS__TOLD_KEEPALIVE] == 0)
        settings__restore_keepalive(s, keepalive);
    for (i = 0; i < SETTINGS_COUNT; i++) {
        int is_known = settings__get(s, i, &fresh) == 0;
        int error;
        if (settings->lengths[i] == 0 ||
            (is_known &&
             (settings->lengths[i] != fresh.lengths[i] ||
              memcmp(&settings->values[i], &fresh.values[i], sizeof fresh.values[i]) == 0)))
            continue;
        error = settings__set(s, i, settings);
        if (error != 0)
            log_warn("socket %#Ix: option %d of level %d could not be kept (error %d)", (size_t) s,
                     settings__options[i].name, settings__options[i].level, error);
    }
}
