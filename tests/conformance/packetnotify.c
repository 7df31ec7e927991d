/* SPDX-License-Identifier: MIT */

/* TransmitPackets: how its end is told. */

#include "conformance.h"

#define PACKETNOTIFY__LARGE (16u << 20)

typedef TRANSMIT_PACKETS_ELEMENT packetnotify__element;

CONF_TEST(packetnotify_event) {
    struct conf_transmission t = {0};
    packetnotify__element element = conf_memory_element(conf_pattern_pages(4096), 4096);
    DWORD bytes = 0;

    conf_transmission_open(&t, FALSE);
    SetEvent(t.overlapped.hEvent);
    conf_packets_start(&t, &element, 1, 0);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(t.client, &t.overlapped, &bytes), 0);
    CHECK_EQ(bytes, 4096);
    CHECK_EQ(t.overlapped.InternalHigh, 4096);
    conf_transmission_close(&t, 4096);
}

/* The event is signalled only when the operation has ended. */
CONF_TEST(packetnotify_event_pending) {
    struct conf_transmission t = {0};
    packetnotify__element element =
        conf_memory_element(conf_pattern_pages(PACKETNOTIFY__LARGE), PACKETNOTIFY__LARGE);
    DWORD bytes = 0;

    t.sink.accept_delay = 200;
    conf_transmission_open(&t, FALSE);
    conf_packets_start(&t, &element, 1, 0);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, 50), WAIT_TIMEOUT);
    CHECK_EQ(t.overlapped.Internal, CONF__STATUS_PENDING);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(t.client, &t.overlapped, &bytes), 0);
    CHECK_EQ(bytes, PACKETNOTIFY__LARGE);
    conf_transmission_close(&t, PACKETNOTIFY__LARGE);
}

CONF_TEST(packetnotify_event_and_port) {
    struct conf_transmission t = {0};
    packetnotify__element element = conf_memory_element(conf_pattern_pages(100), 100);

    conf_transmission_open(&t, TRUE);
    t.overlapped.hEvent = conf_event();
    conf_packets_start(&t, &element, 1, 0);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    conf_packet(t.port, &t.overlapped, 0, 100);
    conf_quiet(t.port);
    conf_transmission_close(&t, 100);
}

CONF_TEST(packetnotify_event_low_bit) {
    struct conf_transmission t = {0};
    packetnotify__element element = conf_memory_element(conf_pattern_pages(100), 100);
    HANDLE event = conf_event();

    conf_transmission_open(&t, TRUE);
    t.overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    conf_packets_start(&t, &element, 1, 0);
    CHECK_EQ(WaitForSingleObject(event, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(t.overlapped.InternalHigh, 100);
    conf_quiet(t.port);
    conf_transmission_close(&t, 100);
}

/* Neither event nor port: the socket itself is signalled. */
CONF_TEST(packetnotify_by_handle) {
    struct conf_transmission t = {0};
    packetnotify__element element = conf_memory_element(conf_pattern_pages(100), 100);
    DWORD bytes = 0;

    conf_transmission_open(&t, FALSE);
    t.overlapped.hEvent = NULL;
    conf_packets_start(&t, &element, 1, 0);
    CHECK(GetOverlappedResult((HANDLE) t.client, &t.overlapped, &bytes, TRUE));
    CHECK_EQ(bytes, 100);
    conf_transmission_close(&t, 100);
}

/* In skip mode an operation that has ended at once succeeds without a packet, and one that has not
 * is pending and has one. */
static void packetnotify__skip(DWORD length, DWORD delay) {
    struct conf_transmission t = {0};
    packetnotify__element element = conf_memory_element(conf_pattern_pages(length), length);
    BOOL done;
    int error;

    t.sink.accept_delay = delay;
    conf_transmission_open(&t, TRUE);
    CHECK(conf_set_modes((HANDLE) t.client, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    t.packets = conf_packets_pointer(t.client);
    done = t.packets(t.client, &element, 1, 0, &t.overlapped, 0);
    error = WSAGetLastError();
    if (done) {
        CHECK_EQ(t.overlapped.Internal, 0);
        CHECK_EQ(t.overlapped.InternalHigh, length);
    } else {
        CHECK_EQ(error, ERROR_IO_PENDING);
        conf_packet(t.port, &t.overlapped, 0, length);
    }
    conf_quiet(t.port);
    CHECK_EQ(done, delay == 0);
    conf_transmission_close(&t, length);
}

CONF_TEST(packetnotify_skip_mode) {
    packetnotify__skip(1000, 0);
}

CONF_TEST(packetnotify_skip_mode_pending) {
    packetnotify__skip(PACKETNOTIFY__LARGE, 100);
}

/* Without an OVERLAPPED the call returns when everything is sent. */
static void packetnotify__synchronous(SOCKET client, BOOL nonblocking) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(PACKETNOTIFY__LARGE);
    packetnotify__element element = conf_file_element(file, 0, 0);
    u_long on = nonblocking;
    LPFN_TRANSMITPACKETS packets;

    t.sink.accept_delay = 100;
    conf_transmission_connect(&t, client);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    packets = conf_packets_pointer(client);
    CHECK_EQ(packets(client, &element, 1, 0, NULL, 0), TRUE);
    conf_transmission_close(&t, PACKETNOTIFY__LARGE);
}

CONF_TEST(packetnotify_synchronous) {
    packetnotify__synchronous(conf_tcp(AF_INET), FALSE);
}

CONF_TEST(packetnotify_synchronous_nonblocking) {
    packetnotify__synchronous(conf_tcp(AF_INET), TRUE);
}

CONF_TEST(packetnotify_synchronous_socket) {
    packetnotify__synchronous(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0), FALSE);
}

/* On a socket without WSA_FLAG_OVERLAPPED an OVERLAPPED has been completed when the call
 * returns. */
CONF_TEST(packetnotify_overlapped_on_synchronous_socket) {
    struct conf_transmission t = {0};
    packetnotify__element element = conf_memory_element(conf_pattern_pages(1000), 1000);

    conf_transmission_connect(&t, WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0));
    t.packets = conf_packets_pointer(t.client);
    t.overlapped.hEvent = conf_event();
    CHECK_EQ(t.packets(t.client, &element, 1, 0, &t.overlapped, 0), TRUE);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, 0), WAIT_OBJECT_0);
    CHECK_EQ(t.overlapped.Internal, 0);
    CHECK_EQ(t.overlapped.InternalHigh, 1000);
    conf_transmission_close(&t, 1000);
}

/* The system knows the port by more than the handle that the program closes: a port that gets the
 * handle's value does not hear of what was to be told to the first. */
static void packetnotify__port_closed(BOOL behind_our_back) {
    LONG(WINAPI * close)
    (HANDLE) =
        (LONG(WINAPI*)(HANDLE))(void*) GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtClose");
    struct conf_transmission t = {0};
    packetnotify__element element =
        conf_memory_element(conf_pattern_pages(PACKETNOTIFY__LARGE), PACKETNOTIFY__LARGE);
    HANDLE port;
    int i;

    t.sink.accept_delay = 200;
    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, &element, 1, 0);
    Sleep(CONF__QUIET); /* Whatever threads this starts have the handles that they need. */
    if (behind_our_back)
        CHECK_EQ(close(t.port), 0);
    else
        CHECK(CloseHandle(t.port));
    port = conf_port_at(t.port);
    for (i = 0; i < CONF__LIMIT / 10 && t.overlapped.Internal == CONF__STATUS_PENDING; i++)
        Sleep(10);
    CHECK_EQ(t.overlapped.Internal, 0);
    CHECK_EQ(t.overlapped.InternalHigh, PACKETNOTIFY__LARGE);
    conf_quiet(port);
    conf_transmission_close(&t, PACKETNOTIFY__LARGE);
}

CONF_TEST(packetnotify_port_closed) {
    packetnotify__port_closed(FALSE);
}

CONF_TEST(packetnotify_port_lost) {
    packetnotify__port_closed(TRUE);
}
