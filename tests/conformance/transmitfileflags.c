/* SPDX-License-Identifier: MIT */

/* TransmitFile: what its flags do, and the end of the connection. */

#include "conformance.h"

#define TRANSMITFILEFLAGS__LARGE (16u << 20)

/* The default state that ConnectEx leaves a socket in is one in which TransmitFile works. */
CONF_TEST(transmitfileflags_before_update) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    OVERLAPPED connecting = {0};

    conf_sink_start(&t.sink);
    t.client = conf_client(AF_INET);
    t.port = conf_port(t.client);
    t.file = conf_file_pointer(t.client);
    conf_start(t.client, &t.sink.target, NULL, 0, &connecting);
    conf_packet(t.port, &connecting, 0, 0);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 1000);
    conf_transmission_close(&t, 1000);
}

CONF_TEST(transmitfileflags_workers) {
    static const DWORD flags[] = {TF_USE_DEFAULT_WORKER, TF_USE_SYSTEM_THREAD, TF_USE_KERNEL_APC,
                                  TF_WRITE_BEHIND, TF_WRITE_BEHIND | TF_USE_KERNEL_APC};
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    int i;

    conf_transmission_open(&t, TRUE);
    for (i = 0; i < 5; i++) {
        conf_file_start(&t, file, 200 * i, 200, NULL, flags[i]);
        conf_packet(t.port, &t.overlapped, 0, 200);
    }
    conf_transmission_close(&t, 1000);
}

static void transmitfileflags__disconnect(DWORD length, DWORD flags) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(length);

    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 0, 0, NULL, TF_DISCONNECT | flags);
    conf_packet(t.port, &t.overlapped, 0, length);
    conf_quiet(t.port);
    conf_sink_finish(&t.sink);
    CHECK(t.sink.intact && t.sink.ended);
    CHECK_EQ(t.sink.received, length);
    CHECK_EQ(conf_last(send(t.client, "x", 1, 0)), WSAESHUTDOWN);
    closesocket(t.client);
}

CONF_TEST(transmitfileflags_disconnect) {
    transmitfileflags__disconnect(1000, 0);
    transmitfileflags__disconnect(0, 0);
    transmitfileflags__disconnect(TRANSMITFILEFLAGS__LARGE, TF_WRITE_BEHIND);
}

CONF_TEST(transmitfileflags_disconnect_synchronous) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILEFLAGS__LARGE);

    conf_transmission_connect(&t, WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0));
    CHECK_EQ(t.file(t.client, file, 0, 0, NULL, NULL, TF_DISCONNECT), TRUE);
    conf_sink_finish(&t.sink);
    CHECK(t.sink.intact && t.sink.ended);
    CHECK_EQ(t.sink.received, TRANSMITFILEFLAGS__LARGE);
}

/* The peer can still send after the end has reached it, as after shutdown. */
CONF_TEST(transmitfileflags_disconnect_half) {
    struct conf_pair pair = conf_pair(AF_INET);
    LPFN_TRANSMITFILE transmit = conf_file_pointer(pair.client);
    char buffer[8];

    CHECK_EQ(transmit(pair.client, NULL, 0, 0, NULL, NULL, TF_DISCONNECT), TRUE);
    CHECK_EQ(recv(pair.server, buffer, sizeof buffer, 0), 0);
    CHECK_EQ(send(pair.server, "late", 4, 0), 4);
    CHECK_EQ(recv(pair.client, buffer, sizeof buffer, 0), 4);
}

/* What was sent before, by other means, goes out before the end. */
CONF_TEST(transmitfileflags_disconnect_after_sends) {
    struct conf_transmission t = {0};
    unsigned char* bytes = conf_pattern_pages(TRANSMITFILEFLAGS__LARGE);
    WSABUF buffer = {TRANSMITFILEFLAGS__LARGE, (char*) bytes};
    OVERLAPPED sending = {0};

    t.sink.accept_delay = 100;
    conf_transmission_open(&t, TRUE);
    CHECK_EQ(conf_last(WSASend(t.client, &buffer, 1, NULL, 0, &sending, NULL)), ERROR_IO_PENDING);
    conf_file_start(&t, NULL, 0, 0, NULL, TF_DISCONNECT);
    conf_packet(t.port, &sending, 0, TRANSMITFILEFLAGS__LARGE);
    conf_packet(t.port, &t.overlapped, 0, 0);
    conf_sink_finish(&t.sink);
    CHECK(t.sink.intact && t.sink.ended);
    CHECK_EQ(t.sink.received, TRANSMITFILEFLAGS__LARGE);
}

/* Round after round on one handle, with its port. */
CONF_TEST(transmitfileflags_reuse) {
    HANDLE file = conf_pattern_file(100000);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    LPFN_TRANSMITFILE transmit = conf_file_pointer(client);
    int round;

    for (round = 0; round < 50; round++) {
        OVERLAPPED connecting = {0};
        OVERLAPPED sending = {0};
        SOCKET server;

        conf_start(client, &target, "head", 4, &connecting);
        conf_packet(port, &connecting, 0, 4);
        server = conf_accept(listener);
        CHECK_EQ(transmit(client, file, 0, 0, &sending, NULL, TF_DISCONNECT | TF_REUSE_SOCKET),
                 FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        conf_ended_after(server, 100004);
        conf_packet(port, &sending, 0, 100000);
    }
    conf_quiet(port);
}

/* As programs use it that have sent everything: only to make the socket reusable. */
CONF_TEST(transmitfileflags_reuse_only) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    LPFN_TRANSMITFILE transmit = conf_file_pointer(client);
    int round;

    for (round = 0; round < 10; round++) {
        char byte;
        SOCKET server;

        conf_connect(client, &target);
        conf_update(client);
        server = conf_accept(listener);
        conf_exchange(client, server);
        CHECK_EQ(transmit(client, NULL, 0, 0, NULL, NULL, TF_DISCONNECT | TF_REUSE_SOCKET), TRUE);
        CHECK_EQ(recv(server, &byte, 1, 0), 0);
        closesocket(server);
    }
}
