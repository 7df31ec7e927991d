/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <string.h>

#define SOCKETS__FILLERS 8

LPFN_CONNECTEX run_connect_ex;
LPFN_ACCEPTEX run_accept_ex;
LPFN_DISCONNECTEX run_disconnect_ex;
LPFN_TRANSMITFILE run_transmit_file;
LPFN_TRANSMITPACKETS run_transmit_packets;
SOCKET run_listener;
struct sockaddr_in run_target;
struct sockaddr_in run_silent;
char run_pattern[RUN_PATTERN];

SOCKET run_socket(int type) {
    SOCKET s = WSASocketW(AF_INET, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
    CHECK(s != INVALID_SOCKET);
    return s;
}

SOCKET run_bound(int type, struct sockaddr_in* name) {
    SOCKET s = run_socket(type);
    int length = sizeof *name;
    memset(name, 0, sizeof *name);
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(s, (struct sockaddr*) name, sizeof *name) == 0);
    CHECK(getsockname(s, (struct sockaddr*) name, &length) == 0);
    return s;
}

static void sockets__load(SOCKET s, GUID guid, void* place) {
    DWORD bytes;
    CHECK(WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, place, sizeof(void*),
                   &bytes, NULL, NULL) == 0);
}

/* When the queue of a listener is full, the system drops what else asks for a connection. */
static void sockets__make_silent(void) {
    SOCKET listener = run_bound(SOCK_STREAM, &run_silent);
    u_long on = 1;
    int i;
    CHECK(listen(listener, 1) == 0);
    for (i = 0; i < SOCKETS__FILLERS; i++) {
        SOCKET s = run_socket(SOCK_STREAM);
        CHECK(ioctlsocket(s, FIONBIO, &on) == 0);
        connect(s, (struct sockaddr*) &run_silent, sizeof run_silent);
    }
    Sleep(50);
}

void run_prepare(void) {
    int i;
    for (i = 0; i < RUN_PATTERN; i++)
        run_pattern[i] = (char) ((unsigned) i * 2654435761u >> 24);
    run_listener = run_bound(SOCK_STREAM, &run_target);
    CHECK(listen(run_listener, 50) == 0);
    sockets__make_silent();
    sockets__load(run_listener, (GUID) WSAID_CONNECTEX, &run_connect_ex);
    sockets__load(run_listener, (GUID) WSAID_ACCEPTEX, &run_accept_ex);
    sockets__load(run_listener, (GUID) WSAID_DISCONNECTEX, &run_disconnect_ex);
    sockets__load(run_listener, (GUID) WSAID_TRANSMITFILE, &run_transmit_file);
    sockets__load(run_listener, (GUID) WSAID_TRANSMITPACKETS, &run_transmit_packets);
}

void run_update(SOCKET s) {
    CHECK(setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) == 0);
}

SOCKET run_connected(void) {
    struct sockaddr_in name;
    SOCKET s = run_bound(SOCK_STREAM, &name);
    OVERLAPPED* overlapped = run_overlapped();
    DWORD bytes;
    int error = 0;

    run_associate(s);
    CHECK(run_is_begun(overlapped,
                       run_connect_ex(s, (struct sockaddr*) &run_target, sizeof run_target, NULL, 0,
                                      NULL, overlapped),
                       &error));
    error = run_end(s, overlapped, &bytes);
    if (error != 0)
        run_die("a connect without faults fails with %d", error);
    run_update(s);
    return s;
}

SOCKET run_peer(SOCKET client) {
    struct sockaddr_in own, name;
    int length = sizeof own;
    run_step("accepting the connection");
    CHECK(getsockname(client, (struct sockaddr*) &own, &length) == 0);
    for (;;) {
        SOCKET s;
        length = sizeof name;
        s = accept(run_listener, (struct sockaddr*) &name, &length);
        CHECK(s != INVALID_SOCKET);
        if (name.sin_port == own.sin_port)
            return s;
        /* Of a run before, whose connection came up before it failed. */
        closesocket(s);
    }
}

void run_receive(SOCKET peer, int length, int ends) {
    static char bytes[RUN_PATTERN];
    int got = 0, more = 1;
    char byte;

    run_step("receiving what was sent");
    while (got < length && more > 0) {
        more = recv(peer, bytes + got, length - got, 0);
        got += more > 0 ? more : 0;
    }
    if (got != length || memcmp(bytes, run_pattern, (size_t) length) != 0)
        run_die("the peer got %d bytes of %d, %s", got, length,
                memcmp(bytes, run_pattern, (size_t) got) == 0 ? "intact" : "and others");
    if (ends)
        CHECK(recv(peer, &byte, 1, 0) == 0);
    closesocket(peer);
}
