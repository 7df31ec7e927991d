/* SPDX-License-Identifier: MIT */

/* TransmitPackets: what arrives, and the end of the connection. */

#include "conformance.h"

#include <psapi.h>

#define PACKETS__LARGE (16u << 20)

typedef TRANSMIT_PACKETS_ELEMENT packets__element;

CONF_TEST(packets_memory) {
    struct conf_transmission t = {0};
    unsigned char* bytes = conf_pattern_pages(1000);
    packets__element elements[3] = {conf_memory_element(bytes, 300),
                                    conf_memory_element(bytes + 300, 200),
                                    conf_memory_element(bytes + 500, 500)};

    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, elements, 3, 0);
    conf_packet(t.port, &t.overlapped, 0, 1000);
    conf_quiet(t.port);
    conf_transmission_close(&t, 1000);
}

/* Memory and files in turn, and parts of one file. */
CONF_TEST(packets_files) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(200000);
    HANDLE other = conf_pattern_file(300000);
    unsigned char* bytes = conf_pattern_pages(301000);
    packets__element elements[] = {
        conf_memory_element(bytes, 10),           conf_file_element(file, 10, 90),
        conf_file_element(file, 100, 99900),      conf_file_element(other, 100000, 150000),
        conf_memory_element(bytes + 250000, 0),   conf_file_element(other, 250000, 0),
        conf_memory_element(bytes + 300000, 1000)};

    elements[1].dwElFlags = 0;
    elements[2].dwElFlags |= TP_ELEMENT_EOP;
    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, elements, 7, 0);
    conf_packet(t.port, &t.overlapped, 0, 301000);
    conf_quiet(t.port);
    CHECK_EQ(conf_file_position(file), 0);
    CHECK_EQ(conf_file_position(other), 0);
    conf_transmission_close(&t, 301000);
    CloseHandle(file);
    CloseHandle(other);
}

CONF_TEST(packets_whole_file) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(123457);
    packets__element element = conf_file_element(file, 0, 0);

    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, &element, 1, 0);
    conf_packet(t.port, &t.overlapped, 0, 123457);
    conf_transmission_close(&t, 123457);
}

CONF_TEST(packets_empty_file) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(0);
    packets__element elements[2] = {conf_file_element(file, 0, 0),
                                    conf_memory_element(conf_pattern_pages(5), 5)};

    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, elements, 1, 0);
    conf_packet(t.port, &t.overlapped, 0, 0);
    conf_packets_start(&t, elements, 2, 0);
    conf_packet(t.port, &t.overlapped, 0, 5);
    conf_transmission_close(&t, 5);
}

CONF_TEST(packets_current_position) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    packets__element elements[3] = {conf_file_element(file, -1, 400),
                                    conf_file_element(file, -1, 100),
                                    conf_file_element(file, -1, 0)};

    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, elements, 2, 0);
    conf_packet(t.port, &t.overlapped, 0, 500);
    CHECK_EQ(conf_file_position(file), 500);
    conf_packets_start(&t, elements + 2, 1, 0);
    conf_packet(t.port, &t.overlapped, 0, 500);
    conf_transmission_close(&t, 1000);
}

CONF_TEST(packets_overlapped_file) {
    struct conf_transmission t = {0};
    HANDLE file = conf_open_file(GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED);
    HANDLE port = CreateIoCompletionPort(file, NULL, 1, 0);
    OVERLAPPED writing = {0};
    packets__element element = conf_file_element(file, 0, 0);
    OVERLAPPED* got;
    ULONG_PTR key;
    DWORD bytes;

    CHECK(WriteFile(file, conf_pattern_pages(70000), 70000, NULL, &writing) ||
          GetLastError() == ERROR_IO_PENDING);
    CHECK(GetQueuedCompletionStatus(port, &bytes, &key, &got, CONF__LIMIT));
    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, &element, 1, 0);
    conf_packet(t.port, &t.overlapped, 0, 70000);
    CHECK(!GetQueuedCompletionStatus(port, &bytes, &key, &got, CONF__QUIET));
    conf_transmission_close(&t, 70000);
}

/* Both the array and the handles may go when the call has returned. */
CONF_TEST(packets_array_and_handles_gone) {
    struct conf_transmission t = {0};
    unsigned char* bytes = conf_pattern_pages(PACKETS__LARGE);
    HANDLE file = conf_pattern_file(PACKETS__LARGE / 2);
    packets__element* elements = conf_pages(4096);

    elements[0] = conf_file_element(file, 0, 0);
    elements[1] = conf_memory_element(bytes + PACKETS__LARGE / 2, PACKETS__LARGE / 2);
    t.sink.accept_delay = 100;
    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, elements, 2, 0);
    VirtualFree(elements, 0, MEM_RELEASE);
    CloseHandle(file);
    CHECK_EQ(t.overlapped.Internal, CONF__STATUS_PENDING);
    conf_packet(t.port, &t.overlapped, 0, PACKETS__LARGE);
    conf_transmission_close(&t, PACKETS__LARGE);
}

CONF_TEST(packets_thousands) {
    static packets__element elements[5000];
    struct conf_transmission t = {0};
    unsigned char* bytes = conf_pattern_pages(5000 * 100);
    HANDLE file = conf_pattern_file(5000 * 100);
    int i;

    for (i = 0; i < 5000; i++)
        elements[i] = i % 7 == 0 ? conf_file_element(file, 100 * i, 100)
                                 : conf_memory_element(bytes + 100 * i, 100);
    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, elements, 5000, 0);
    memset(elements, 0xFF, sizeof elements);
    conf_packet(t.port, &t.overlapped, 0, 5000 * 100);
    conf_quiet(t.port);
    conf_transmission_close(&t, 5000 * 100);
}

CONF_TEST(packets_none) {
    struct conf_transmission t = {0};
    packets__element element = conf_memory_element(NULL, 0);

    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, NULL, 0, 0);
    conf_packet(t.port, &t.overlapped, 0, 0);
    conf_packets_start(&t, &element, 1, 0);
    conf_packet(t.port, &t.overlapped, 0, 0);
    conf_quiet(t.port);
    conf_transmission_close(&t, 0);
}

static void packets__send_size(DWORD send_size) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(100000);
    packets__element elements[2] = {conf_file_element(file, 0, 60001),
                                    conf_file_element(file, 60001, 0)};
    LPFN_TRANSMITPACKETS packets;

    conf_transmission_open(&t, TRUE);
    packets = conf_packets_pointer(t.client);
    CHECK_EQ(packets(t.client, elements, 2, send_size, &t.overlapped, 0), FALSE);
    conf_packet(t.port, &t.overlapped, 0, 100000);
    conf_transmission_close(&t, 100000);
}

CONF_TEST(packets_send_size) {
    packets__send_size(1);
    packets__send_size(5000);
    packets__send_size(0xFFFFFFF);
    packets__send_size(0xFFFFFFFF);
}

/* A slow peer with a small buffer. */
CONF_TEST(packets_slow_peer) {
    struct conf_transmission t = {0};
    unsigned char* bytes = conf_pattern_pages(PACKETS__LARGE);
    HANDLE file = conf_pattern_file(PACKETS__LARGE / 2);
    packets__element elements[2] = {
        conf_file_element(file, 0, 0),
        conf_memory_element(bytes + PACKETS__LARGE / 2, PACKETS__LARGE / 2)};

    t.sink.read_delay = 1;
    t.sink.receive_buffer = 65536;
    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, elements, 2, 0);
    conf_packet(t.port, &t.overlapped, 0, PACKETS__LARGE);
    conf_quiet(t.port);
    conf_transmission_close(&t, PACKETS__LARGE);
}

CONF_TEST(packets_peer_resets) {
    int round;

    for (round = 0; round < 20; round++) {
        struct conf_transmission t = {0};
        HANDLE file = conf_pattern_file(PACKETS__LARGE);
        packets__element element = conf_file_element(file, 0, 0);

        t.sink.reset_after = 1;
        conf_transmission_open(&t, TRUE);
        t.packets = conf_packets_pointer(t.client);
        conf_transmission_broken(&t, t.packets(t.client, &element, 1, 0, &t.overlapped, 0));
        CloseHandle(file);
    }
}

/* What is begun later is sent later, whatever it is. */
CONF_TEST(packets_order) {
    struct conf_transmission t = {0};
    unsigned char* bytes = conf_pattern_pages(PACKETS__LARGE);
    const DWORD quarter = PACKETS__LARGE / 4;
    HANDLE file = conf_pattern_file(PACKETS__LARGE);
    packets__element first[2] = {conf_file_element(file, 0, quarter / 2),
                                 conf_memory_element(bytes + quarter / 2, quarter / 2)};
    packets__element second = conf_memory_element(bytes + quarter, quarter);
    packets__element third = conf_file_element(file, 2 * quarter, quarter);
    OVERLAPPED overlapped[3] = {{0}};
    WSABUF last = {quarter, (char*) bytes + 3 * quarter};
    LPFN_TRANSMITPACKETS packets;

    t.sink.accept_delay = 100;
    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, first, 2, 0);
    packets = t.packets;
    CHECK_EQ(packets(t.client, &second, 1, 0, &overlapped[0], 0), FALSE);
    CHECK_EQ(packets(t.client, &third, 1, 0, &overlapped[1], 0), FALSE);
    CHECK_EQ(conf_last(WSASend(t.client, &last, 1, NULL, 0, &overlapped[2], NULL)),
             ERROR_IO_PENDING);
    conf_packet(t.port, &t.overlapped, 0, quarter);
    conf_packet(t.port, &overlapped[0], 0, quarter);
    conf_packet(t.port, &overlapped[1], 0, quarter);
    conf_packet(t.port, &overlapped[2], 0, quarter);
    conf_transmission_close(&t, PACKETS__LARGE);
}

/* The same where each takes several steps. */
CONF_TEST(packets_order_many) {
    static packets__element elements[2][3000];
    struct conf_transmission t = {0};
    unsigned char* bytes = conf_pattern_pages(PACKETS__LARGE);
    const DWORD length = PACKETS__LARGE / 6000;
    OVERLAPPED overlapped = {0};
    int i;

    for (i = 0; i < 6000; i++)
        elements[i / 3000][i % 3000] = conf_memory_element(bytes + length * i, length);
    t.sink.accept_delay = 100;
    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, elements[0], 3000, 0);
    CHECK_EQ(t.packets(t.client, elements[1], 3000, 0, &overlapped, 0), FALSE);
    conf_packet(t.port, &t.overlapped, 0, 3000 * length);
    conf_packet(t.port, &overlapped, 0, 3000 * length);
    conf_quiet(t.port);
    conf_transmission_close(&t, 6000 * length);
}

/* Ending the connection */

CONF_TEST(packets_disconnect) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(PACKETS__LARGE);
    packets__element element = conf_file_element(file, 0, 0);

    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, &element, 1, TF_DISCONNECT);
    conf_packet(t.port, &t.overlapped, 0, PACKETS__LARGE);
    conf_sink_finish(&t.sink);
    CHECK(t.sink.intact && t.sink.ended);
    CHECK_EQ(t.sink.received, PACKETS__LARGE);
    CHECK_EQ(conf_last(send(t.client, "x", 1, 0)), WSAESHUTDOWN);
    closesocket(t.client);
}

CONF_TEST(packets_disconnect_only) {
    struct conf_transmission t = {0};

    conf_transmission_open(&t, TRUE);
    CHECK_EQ(send(t.client, "", 1, 0), 1);
    conf_packets_start(&t, NULL, 0, TF_DISCONNECT);
    conf_packet(t.port, &t.overlapped, 0, 0);
    conf_sink_finish(&t.sink);
    CHECK(t.sink.ended);
    CHECK_EQ(t.sink.received, 1);
}

/* Round after round on one socket, which keeps its port. */
CONF_TEST(packets_reuse) {
    unsigned char* bytes = conf_pattern_pages(70000);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    LPFN_TRANSMITPACKETS packets = conf_packets_pointer(client);
    int round;

    for (round = 0; round < 20; round++) {
        packets__element element = conf_memory_element(bytes, 70000);
        OVERLAPPED connecting = {0};
        OVERLAPPED sending = {0};
        SOCKET server;

        conf_start(client, &target, NULL, 0, &connecting);
        conf_packet(port, &connecting, 0, 0);
        server = conf_accept(listener);
        CHECK_EQ(packets(client, &element, 1, 0, &sending, TF_DISCONNECT | TF_REUSE_SOCKET), FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        conf_ended_after(server, 70000);
        conf_packet(port, &sending, 0, 70000);
    }
    conf_quiet(port);
}

/* Files are not read into memory. */
CONF_TEST(packets_bounded_memory) {
    struct conf_transmission t = {0};
    HANDLE file = conf_sparse_file(512u << 20);
    packets__element element = conf_file_element(file, 0, 0);
    PROCESS_MEMORY_COUNTERS before = {0}, during = {0};

    t.sink.accept_delay = 100;
    conf_transmission_open(&t, TRUE);
    GetProcessMemoryInfo(GetCurrentProcess(), &before, sizeof before);
    conf_packets_start(&t, &element, 1, 0);
    GetProcessMemoryInfo(GetCurrentProcess(), &during, sizeof during);
    CHECK(during.PagefileUsage < before.PagefileUsage + (64u << 20));
    CHECK(conf_cancel((HANDLE) t.client, &t.overlapped));
    closesocket(t.client);
    conf_sink_finish(&t.sink);
}
