/* SPDX-License-Identifier: MIT */

/* A program that links the library libwsext.a instead of loading the DLL: sends a payload to itself
 * by ConnectEx. Nothing of the process is changed, and only pointers that are got here lead to
 * wsext. */

#include <winsock2.h>
#include <mswsock.h>
#include <ws2tcpip.h>
#include <windows.h>

#include <stdio.h>
#include <string.h>

#include "wsext/functions.h"
#include "wsext/report.h"

#if WSEXT_VERSION_NUMBER < 1000
#error "wsext 0.1.0 or later is needed"
#endif

static char payload[4 << 20];

static SOCKET listen_somewhere(struct sockaddr_in* name) {
    SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    int length = sizeof *name;
    memset(name, 0, sizeof *name);
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(s, (struct sockaddr*) name, length) != 0 || listen(s, 1) != 0 ||
        getsockname(s, (struct sockaddr*) name, &length) != 0)
        return INVALID_SOCKET;
    return s;
}

/* ConnectEx wants a socket that is bound. */
static SOCKET bind_any(void) {
    struct sockaddr_in any = {0};
    SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    any.sin_family = AF_INET;
    return bind(s, (struct sockaddr*) &any, sizeof any) == 0 ? s : INVALID_SOCKET;
}

static size_t receive_all(SOCKET listener) {
    static char buffer[65536];
    SOCKET s = accept(listener, NULL, NULL);
    size_t received = 0;
    int count;
    while (received < sizeof payload && (count = recv(s, buffer, sizeof buffer, 0)) > 0)
        received += (size_t) count;
    closesocket(s);
    return received;
}

static const char* send_to(SOCKET s, const struct sockaddr_in* name, SOCKET listener) {
    static const GUID guid = WSAID_CONNECTEX;
    LPFN_CONNECTEX connect_ex;
    const void* found = wsext_extension_function(&guid);
    OVERLAPPED overlapped = {0};
    DWORD sent = 0, flags = 0;
    if (found == NULL)
        return "there is no ConnectEx";
    memcpy(&connect_ex, &found, sizeof connect_ex);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!connect_ex(s, (const struct sockaddr*) name, sizeof *name, payload, sizeof payload, &sent,
                    &overlapped) &&
        WSAGetLastError() != ERROR_IO_PENDING)
        return "ConnectEx has failed";
    if (receive_all(listener) != sizeof payload)
        return "not all has arrived";
    if (!WSAGetOverlappedResult(s, &overlapped, &sent, TRUE, &flags) || sent != sizeof payload)
        return "ConnectEx has ended with something else";
    return NULL;
}

int main(void) {
    struct sockaddr_in name;
    struct wsext_report report = {.size = sizeof report};
    const char* problem;
    SOCKET listener;
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0 || wsext_init() != 0)
        return 1;
    listener = listen_somewhere(&name);
    problem = send_to(bind_any(), &name, listener);
    if (problem == NULL && wsext_report(&report) != 0)
        problem = "there is no report";
    printf("%s\n", problem != NULL ? problem : "4 MiB were sent by ConnectEx");
    WSACleanup();
    return problem != NULL;
}
