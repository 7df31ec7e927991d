/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* What is ours to say on a host that can do less. */

#ifndef TF_REUSE_SOCKET
#define TF_REUSE_SOCKET 2
#endif

/* The host gives a stub out as a success; it must not be believed. */
CONF_TEST(reactos_accept_refused) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET acceptor = conf_tcp(AF_INET);
    HANDLE port = conf_port(listener);
    GUID guid = WSAID_ACCEPTEX;
    LPFN_ACCEPTEX accept_ex = NULL;
    OVERLAPPED overlapped = {0};
    char buffer[2 * (sizeof(struct sockaddr_in) + 16)];
    DWORD bytes;

    CHECK_EQ(WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &accept_ex,
                      sizeof accept_ex, &bytes, NULL, NULL),
             0);
    CHECK_EQ(accept_ex(listener, acceptor, buffer, 0, sizeof buffer / 2, sizeof buffer / 2, &bytes,
                       &overlapped),
             FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEOPNOTSUPP);
    conf_quiet(port);
}

/* A refusal leaves the connection as it is. */
CONF_TEST(reactos_reuse_refused) {
    struct conf_pair pair = conf_pair(AF_INET);
    LPFN_DISCONNECTEX disconnect_ex = conf_disconnect_pointer(pair.client);

    CHECK_EQ(disconnect_ex(pair.client, NULL, TF_REUSE_SOCKET, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEOPNOTSUPP);
    conf_exchange(pair.client, pair.server);
}

/* The host goes on with a connect whose operation was cancelled, and nothing can stop it but
 * closing the socket. */
CONF_TEST(reactos_cancelled_connect) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};

    conf_silent_fill(&silent, AF_INET);
    conf_start(client, &silent.target, "data", 4, &overlapped);
    Sleep(100);
    CHECK(CancelIo((HANDLE) client));
    conf_packet(port, &overlapped, ERROR_OPERATION_ABORTED, 0);
    CHECK_EQ(conf_call(client, &silent.target, NULL, 0, &overlapped), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEALREADY);
    CHECK_EQ(
        conf_last(connect(client, (struct sockaddr*) &silent.target.name, silent.target.length)),
        WSAEALREADY);
    CHECK_EQ(closesocket(client), 0);
    conf_quiet(port);
}

static void reactos__check_mode(SOCKET client, int error) {
    struct timeval limit = {0, 200000};
    fd_set readable;
    char byte;

    FD_ZERO(&readable);
    FD_SET(client, &readable);
    CHECK_EQ(select(0, &readable, NULL, NULL, &limit), 0);
    CHECK_EQ(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, (char*) &(DWORD){100}, sizeof(DWORD)), 0);
    CHECK_EQ(conf_last(recv(client, &byte, 1, 0)), error);
}

/* The host refuses a non-blocking connect on a socket with a port, so the socket is made blocking
 * meanwhile; which mode the program asks for in that time is what it has afterwards. */
CONF_TEST(reactos_mode_noted) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    u_long on = 1;
    u_long off = 0;

    conf_silent_fill(&silent, AF_INET);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    conf_start(client, &silent.target, NULL, 0, &overlapped);
    Sleep(100);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &off), 0);
    conf_silent_drain(&silent);
    conf_packet(port, &overlapped, 0, 0);
    reactos__check_mode(client, WSAETIMEDOUT);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    reactos__check_mode(client, WSAEWOULDBLOCK);
}
