/* SPDX-License-Identifier: MIT */
#include "host/seconds.h"

#include "host/caps.h"

static int seconds__ask(SOCKET s, DWORD* seconds) {
    int length = sizeof *seconds;
    if (host.getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) seconds, &length) == 0)
        return 0;
    return WSAGetLastError();
}

int seconds_connected(SOCKET s, DWORD* seconds) {
    struct sockaddr_storage peer;
    int length = sizeof peer;
    int error = seconds__ask(s, seconds);

    if (error != 0 || *seconds == SECONDS_NEVER)
        return error;
    if (caps_has(CAP_CONNECT_TIME) && host.getpeername(s, (struct sockaddr*) &peer, &length) != 0)
        *seconds = SECONDS_NEVER;
    return 0;
}
