/* SPDX-License-Identifier: MIT */
#include "host/seconds.h"

#include "base/once.h"
#include "base/status.h"

static struct once seconds__once;
static int seconds__host_is_wrong;

static int seconds__ask(SOCKET s, DWORD* seconds) {
    int length = sizeof *seconds;
    if (host.getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) seconds, &length) == 0)
        return 0;
    return WSAGetLastError();
}

static int seconds__probe(void) {
    DWORD before = GetLastError();
    DWORD seconds = 0;
    SOCKET s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    int error = s != INVALID_SOCKET ? seconds__ask(s, &seconds) : WSAGetLastError();
    seconds__host_is_wrong = error == 0 && seconds != SECONDS_NEVER;
    if (s != INVALID_SOCKET)
        host.closesocket(s);
    SetLastError(before);
    return status_is_shortage(error) ? -1 : 0;
}

int seconds_connected(SOCKET s, DWORD* seconds) {
    struct sockaddr_storage peer;
    int length = sizeof peer;
    int error = seconds__ask(s, seconds);

    if (error != 0 || *seconds == SECONDS_NEVER)
        return error;
    once_try(&seconds__once, seconds__probe);
    if (seconds__host_is_wrong && host.getpeername(s, (struct sockaddr*) &peer, &length) != 0)
        *seconds = SECONDS_NEVER;
    return 0;
}
