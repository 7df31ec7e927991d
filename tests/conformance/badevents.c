/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* An hEvent that is no handle: the call is refused at once with what the host answers, nobody is
 * told, nothing is sent, and the socket is as it was. */

enum badevents__kind {
    BADEVENTS__UNKNOWN, /* A value that is no handle's. */
    BADEVENTS__CLOSED,  /* A handle that is closed. */
    BADEVENTS__SOCKET,  /* A handle of something else than an event. */
    BADEVENTS__LOW_BIT, /* The first, with what asks for no packet. */
    BADEVENTS__KINDS
};

static HANDLE badevents__handle(enum badevents__kind kind) {
    HANDLE event;

    switch (kind) {
        case BADEVENTS__CLOSED:
            event = conf_event();
            CloseHandle(event);
            return event;
        case BADEVENTS__SOCKET:
            return (HANDLE) conf_tcp(AF_INET);
        case BADEVENTS__LOW_BIT:
            return (HANDLE) (ULONG_PTR) 0x7FFF1235;
        default:
            return (HANDLE) (ULONG_PTR) 0x7FFF1234;
    }
}

/* As plain Wine's functions answer for each. */
static int badevents__error(enum badevents__kind kind) {
    (void) kind;
    return WSAENOTSOCK;
}

static void badevents__connect(const void* data, DWORD length) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 20, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    int kind;

    for (kind = 0; kind < BADEVENTS__KINDS; kind++) {
        OVERLAPPED overlapped = {0};

        overlapped.hEvent = badevents__handle((enum badevents__kind) kind);
        CHECK_EQ(conf_call(client, &target, data, length, &overlapped), FALSE);
        CHECK_EQ(WSAGetLastError(), badevents__error((enum badevents__kind) kind));
        conf_quiet(port);
    }
    conf_connect(client, &target);
    conf_update(client);
    conf_exchange(client, conf_accept(listener));
}

CONF_TEST(badevents_connect) {
    badevents__connect(NULL, 0);
}

CONF_TEST(badevents_connect_payload) {
    badevents__connect("data", 4);
}

CONF_TEST(badevents_file) {
    struct conf_transmission t = {0};
    TRANSMIT_FILE_BUFFERS good = conf_file_buffers(conf_pattern_pages(9), 9, NULL, 0);
    int kind;

    conf_transmission_open(&t, TRUE);
    for (kind = 0; kind < BADEVENTS__KINDS; kind++) {
        t.overlapped.hEvent = badevents__handle((enum badevents__kind) kind);
        conf_file_refused(&t, NULL, 0, 0, &good, 0, badevents__error((enum badevents__kind) kind));
        conf_file_refused(&t, NULL, 0, 0, &good, TF_DISCONNECT,
                          badevents__error((enum badevents__kind) kind));
    }
    t.overlapped.hEvent = NULL;
    conf_file_start(&t, NULL, 0, 0, &good, 0);
    conf_packet(t.port, &t.overlapped, 0, 9);
    conf_transmission_close(&t, 9);
}

CONF_TEST(badevents_packets) {
    struct conf_transmission t = {0};
    TRANSMIT_PACKETS_ELEMENT element = conf_memory_element(conf_pattern_pages(9), 9);
    int kind;

    conf_transmission_open(&t, TRUE);
    for (kind = 0; kind < BADEVENTS__KINDS; kind++) {
        t.overlapped.hEvent = badevents__handle((enum badevents__kind) kind);
        conf_packets_refused(&t, &element, 1, 0, badevents__error((enum badevents__kind) kind));
    }
    t.overlapped.hEvent = NULL;
    conf_packets_start(&t, &element, 1, 0);
    conf_packet(t.port, &t.overlapped, 0, 9);
    conf_transmission_close(&t, 9);
}

static void badevents__disconnect(DWORD flags) {
    struct conf_pair pair = conf_pair(AF_INET);
    LPFN_DISCONNECTEX disconnect = conf_disconnect_pointer(pair.client);
    HANDLE port = conf_port(pair.client);
    int kind;

    for (kind = 0; kind < BADEVENTS__KINDS; kind++) {
        OVERLAPPED overlapped = {0};

        overlapped.hEvent = badevents__handle((enum badevents__kind) kind);
        CHECK_EQ(disconnect(pair.client, &overlapped, flags, 0), FALSE);
        CHECK_EQ(WSAGetLastError(), badevents__error((enum badevents__kind) kind));
        conf_quiet(port);
    }
    conf_exchange(pair.client, pair.server);
}

CONF_TEST(badevents_disconnect) {
    badevents__disconnect(0);
}

CONF_TEST(badevents_reuse) {
    badevents__disconnect(TF_REUSE_SOCKET);
}

CONF_TEST(badevents_accept) {
    struct conf_acceptance a;
    HANDLE port;
    int kind;

    conf_acceptance_open(&a, AF_INET);
    port = conf_port(a.listener);
    for (kind = 0; kind < BADEVENTS__KINDS; kind++) {
        a.overlapped.hEvent = badevents__handle((enum badevents__kind) kind);
        conf_acceptance_refused(&a, badevents__error((enum badevents__kind) kind));
        conf_quiet(port);
    }
    a.overlapped.hEvent = NULL;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    conf_packet(port, &a.overlapped, 0, 0);
}
