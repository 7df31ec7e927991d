/* SPDX-License-Identifier: MIT */

/* TransmitFile: how its end is told. */

#include "conformance.h"

#define TRANSMITFILENOTIFY__LARGE (16u << 20)

CONF_TEST(transmitfilenotify_event) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILENOTIFY__LARGE);
    DWORD bytes = 0;

    t.sink.accept_delay = 100;
    conf_transmission_open(&t, FALSE);
    SetEvent(t.overlapped.hEvent);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, 20), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(t.client, &t.overlapped, &bytes), 0);
    CHECK_EQ(bytes, TRANSMITFILENOTIFY__LARGE);
    conf_transmission_close(&t, TRANSMITFILENOTIFY__LARGE);
}

CONF_TEST(transmitfilenotify_event_and_port) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);

    conf_transmission_open(&t, TRUE);
    t.overlapped.hEvent = conf_event();
    conf_file_start(&t, file, 0, 0, NULL, 0);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    conf_packet(t.port, &t.overlapped, 0, 1000);
    conf_quiet(t.port);
    conf_transmission_close(&t, 1000);
}

CONF_TEST(transmitfilenotify_event_low_bit) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    HANDLE event = conf_event();

    conf_transmission_open(&t, TRUE);
    t.overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    CHECK_EQ(WaitForSingleObject(event, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(t.overlapped.InternalHigh, 1000);
    conf_quiet(t.port);
    conf_transmission_close(&t, 1000);
}

CONF_TEST(transmitfilenotify_by_handle) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    DWORD bytes = 0;

    conf_transmission_open(&t, FALSE);
    t.overlapped.hEvent = NULL;
    conf_file_start(&t, file, 0, 0, NULL, 0);
    CHECK(GetOverlappedResult((HANDLE) t.client, &t.overlapped, &bytes, TRUE));
    CHECK_EQ(bytes, 1000);
    conf_transmission_close(&t, 1000);
}

/* Pending with a packet, or done without one. */
CONF_TEST(transmitfilenotify_skip_mode) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    BOOL done;

    conf_transmission_open(&t, TRUE);
    CHECK(conf_set_modes((HANDLE) t.client, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    done = t.file(t.client, file, 0, 0, &t.overlapped, NULL, 0);
    if (done) {
        CHECK_EQ(t.overlapped.Internal, 0);
        CHECK_EQ(t.overlapped.InternalHigh, 1000);
    } else {
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        conf_packet(t.port, &t.overlapped, 0, 1000);
    }
    conf_quiet(t.port);
    conf_transmission_close(&t, 1000);
}

static void transmitfilenotify__synchronous(SOCKET client, BOOL nonblocking) {
    struct conf_transmission t = {0};
    unsigned char* bytes = conf_pattern_pages(TRANSMITFILENOTIFY__LARGE);
    HANDLE file = conf_pattern_file(TRANSMITFILENOTIFY__LARGE - 1000);
    TRANSMIT_FILE_BUFFERS buffers =
        conf_file_buffers(NULL, 0, bytes + TRANSMITFILENOTIFY__LARGE - 1000, 1000);
    u_long on = nonblocking;

    t.sink.accept_delay = 100;
    conf_transmission_connect(&t, client);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    CHECK_EQ(t.file(client, file, 0, 0, NULL, &buffers, 0), TRUE);
    conf_transmission_close(&t, TRANSMITFILENOTIFY__LARGE);
}

CONF_TEST(transmitfilenotify_synchronous) {
    transmitfilenotify__synchronous(conf_tcp(AF_INET), FALSE);
}

CONF_TEST(transmitfilenotify_synchronous_nonblocking) {
    transmitfilenotify__synchronous(conf_tcp(AF_INET), TRUE);
}

CONF_TEST(transmitfilenotify_synchronous_socket) {
    transmitfilenotify__synchronous(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0),
                                    FALSE);
}

CONF_TEST(transmitfilenotify_synchronous_reset) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILENOTIFY__LARGE);

    t.sink.reset_after = 1;
    t.sink.accept_delay = 20;
    conf_transmission_connect(&t, conf_tcp(AF_INET));
    CHECK_EQ(t.file(t.client, file, 0, 0, NULL, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAECONNRESET);
    closesocket(t.client);
    conf_sink_finish(&t.sink);
}
