/* SPDX-License-Identifier: MIT */

/* TransmitPackets with arguments that are wrong: it fails, nothing is sent, and nobody is told. */

#include "conformance.h"

typedef TRANSMIT_PACKETS_ELEMENT packetarguments__element;

static packetarguments__element packetarguments__good(void) {
    return conf_memory_element("good", 4);
}

/* Refused, and the connection still works. */
static void packetarguments__refused(packetarguments__element* elements, DWORD count, DWORD flags,
                                     int error) {
    struct conf_transmission t = {0};
    packetarguments__element good = conf_memory_element(conf_pattern_pages(9), 9);

    conf_transmission_open(&t, TRUE);
    conf_packets_refused(&t, elements, count, flags, error);
    conf_packets_start(&t, &good, 1, 0);
    conf_packet(t.port, &t.overlapped, 0, 9);
    conf_transmission_close(&t, 9);
}

static void packetarguments__refused_second(packetarguments__element second, int error) {
    packetarguments__element elements[2] = {packetarguments__good(), second};

    packetarguments__refused(elements, 2, 0, error);
}

CONF_TEST(packetarguments_null_array) {
    packetarguments__refused(NULL, 1, 0, WSAEFAULT);
}

CONF_TEST(packetarguments_unreadable_array) {
    packetarguments__refused(conf_noaccess(), 1, 0, WSAEFAULT);
}

CONF_TEST(packetarguments_half_readable_array) {
    packetarguments__element good = packetarguments__good();

    packetarguments__refused(conf_before_noaccess(&good, sizeof good), 2, 0, WSAEFAULT);
}

CONF_TEST(packetarguments_huge_count) {
    packetarguments__element good = packetarguments__good();

    packetarguments__refused(conf_before_noaccess(&good, sizeof good), 0xFFFFFFFF, 0, WSAEFAULT);
}

CONF_TEST(packetarguments_readonly_array) {
    struct conf_transmission t = {0};
    packetarguments__element* elements = conf_pages(4096);
    DWORD old;

    elements[0] = conf_memory_element(conf_pattern_pages(9), 9);
    CHECK(VirtualProtect(elements, 4096, PAGE_READONLY, &old));
    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, elements, 1, 0);
    conf_packet(t.port, &t.overlapped, 0, 9);
    conf_transmission_close(&t, 9);
}

CONF_TEST(packetarguments_misaligned_array) {
    struct conf_transmission t = {0};
    packetarguments__element element = conf_memory_element(conf_pattern_pages(9), 9);
    char* place = (char*) conf_pages(4096) + 1;

    memcpy(place, &element, sizeof element);
    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, (packetarguments__element*) place, 1, 0);
    conf_packet(t.port, &t.overlapped, 0, 9);
    conf_transmission_close(&t, 9);
}

CONF_TEST(packetarguments_unreadable_memory) {
    packetarguments__refused_second(conf_memory_element(conf_noaccess(), 1), WSAEFAULT);
    packetarguments__refused_second(conf_memory_element(NULL, 1), WSAEFAULT);
    packetarguments__refused_second(conf_memory_element(conf_before_noaccess("good", 4), 5),
                                    WSAEFAULT);
}

CONF_TEST(packetarguments_memory_before_noaccess) {
    struct conf_transmission t = {0};
    packetarguments__element element =
        conf_memory_element(conf_before_noaccess(conf_pattern_pages(9), 9), 9);

    conf_transmission_open(&t, TRUE);
    conf_packets_start(&t, &element, 1, 0);
    conf_packet(t.port, &t.overlapped, 0, 9);
    conf_transmission_close(&t, 9);
}

CONF_TEST(packetarguments_element_flags) {
    packetarguments__element element = packetarguments__good();

    element.dwElFlags = TP_ELEMENT_MEMORY | TP_ELEMENT_FILE;
    packetarguments__refused_second(element, WSAEINVAL);
    element.dwElFlags = TP_ELEMENT_MEMORY | 8;
    packetarguments__refused_second(element, WSAEINVAL);
    element.dwElFlags = 0x80000000u | TP_ELEMENT_MEMORY;
    packetarguments__refused_second(element, WSAEINVAL);
}

/* As .NET's tests have it of Windows (dotnet/runtime, SendPacketsAsync.cs, SendPacketsElement_
 * FileLargeOffset_Throws and FileLargeCount_Throws). */
CONF_TEST(packetarguments_ranges) {
    HANDLE file = conf_pattern_file(1000);

    packetarguments__refused_second(conf_file_element(file, 1001, 0), WSAEINVAL);
    packetarguments__refused_second(conf_file_element(file, 1000, 1), WSAEINVAL);
    packetarguments__refused_second(conf_file_element(file, 500, 501), WSAEINVAL);
    packetarguments__refused_second(conf_file_element(file, -2, 1), WSAEINVAL);
    packetarguments__refused_second(conf_file_element(file, INT64_MAX, 1), WSAEINVAL);
    packetarguments__refused_second(conf_file_element(file, INT64_MIN, 0), WSAEINVAL);
    packetarguments__refused_second(conf_file_element(file, -1, 1001), WSAEINVAL);
    CHECK_EQ(conf_file_position(file), 0);
}

/* No other thread opens anything between, as it might get the same handle. */
CONF_TEST(packetarguments_closed_file) {
    struct conf_pair pair = conf_pair(AF_INET);
    LPFN_TRANSMITPACKETS packets = conf_packets_pointer(pair.client);
    HANDLE file = conf_pattern_file(1000);
    packetarguments__element element = conf_file_element(file, 0, 0);
    OVERLAPPED overlapped = {0};

    CloseHandle(file);
    CHECK_EQ(packets(pair.client, &element, 1, 0, &overlapped, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_INVALID_HANDLE);
    element = conf_file_element(NULL, 0, 0);
    CHECK_EQ(packets(pair.client, &element, 1, 0, &overlapped, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_INVALID_HANDLE);
}

CONF_TEST(packetarguments_invalid_file) {
    struct conf_transmission t = {0};
    packetarguments__element element = conf_file_element(INVALID_HANDLE_VALUE, 0, 0);

    conf_transmission_open(&t, TRUE);
    t.packets = conf_packets_pointer(t.client);
    CHECK_EQ(t.packets(t.client, &element, 1, 0, &t.overlapped, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_INVALID_HANDLE);
    conf_quiet(t.port);
    conf_transmission_close(&t, 0);
}

CONF_TEST(packetarguments_not_a_file) {
    HANDLE reading, writing;
    HANDLE directory = conf_directory();

    packetarguments__refused_second(conf_file_element(directory, 0, 0), WSAEINVAL);
    CHECK(CreatePipe(&reading, &writing, NULL, 0));
    packetarguments__refused_second(conf_file_element(reading, 0, 1), WSAEINVAL);
    packetarguments__refused_second(conf_file_element((HANDLE) conf_tcp(AF_INET), 0, 1), WSAEINVAL);
}

CONF_TEST(packetarguments_unreadable_file) {
    HANDLE file = conf_open_file(GENERIC_WRITE, 0);
    DWORD written;

    CHECK(WriteFile(file, "data", 4, &written, NULL));
    packetarguments__refused_second(conf_file_element(file, 0, 0), WSAEACCES);
}

/* 2,147,483,646 bytes are the most that a call may transmit. */
CONF_TEST(packetarguments_too_much) {
    HANDLE file = conf_sparse_file(0x100000000ull);
    packetarguments__element elements[3] = {conf_file_element(file, 0, 0x7FFFFFFE),
                                            packetarguments__good(), conf_file_element(file, 0, 0)};

    packetarguments__refused(elements, 2, 0, WSAEINVAL);
    packetarguments__refused(elements + 2, 1, 0, WSAEINVAL);
    elements[0].cLength++;
    packetarguments__refused(elements, 1, 0, WSAEINVAL);
}

CONF_TEST(packetarguments_flags) {
    packetarguments__element good = packetarguments__good();

    packetarguments__refused(&good, 1, TF_REUSE_SOCKET, WSAEINVAL);
    packetarguments__refused(&good, 1, 0x8, WSAEINVAL);
    packetarguments__refused(&good, 1, 0x80000000u, WSAEINVAL);
}

CONF_TEST(packetarguments_workers) {
    static const DWORD flags[] = {TF_USE_DEFAULT_WORKER, TF_USE_SYSTEM_THREAD, TF_USE_KERNEL_APC,
                                  TF_WRITE_BEHIND};
    struct conf_transmission t = {0};
    packetarguments__element good = conf_memory_element("", 1);
    int i;

    conf_transmission_open(&t, TRUE);
    for (i = 0; i < 4; i++) {
        conf_packets_start(&t, &good, 1, flags[i]);
        conf_packet(t.port, &t.overlapped, 0, 1);
    }
    closesocket(t.client);
    conf_sink_finish(&t.sink);
    CHECK_EQ(t.sink.received, 4);
}

CONF_TEST(packetarguments_overlapped) {
    struct conf_transmission t = {0};
    packetarguments__element good = packetarguments__good();

    conf_transmission_open(&t, TRUE);
    t.packets = conf_packets_pointer(t.client);
    CHECK_EQ(t.packets(t.client, &good, 1, 0, conf_noaccess(), 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    CHECK_EQ(t.packets(t.client, &good, 1, 0, conf_readonly(), 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    conf_transmission_close(&t, 0);
}

static int packetarguments__error(LPFN_TRANSMITPACKETS packets, SOCKET s, DWORD flags) {
    packetarguments__element good = packetarguments__good();
    OVERLAPPED overlapped = {0};
    int error;

    WSASetLastError(0);
    CHECK_EQ(packets(s, &good, 1, 0, &overlapped, flags), FALSE);
    error = WSAGetLastError();
    CHECK_EQ(packets(s, &good, 1, 0, NULL, flags), FALSE);
    CHECK_EQ(WSAGetLastError(), error);
    return error;
}

CONF_TEST(packetarguments_sockets) {
    struct conf_target target;
    SOCKET closed = conf_tcp(AF_INET);
    LPFN_TRANSMITPACKETS packets = conf_packets_pointer(closed);

    CHECK_EQ(packetarguments__error(packets, conf_tcp(AF_INET), 0), WSAENOTCONN);
    CHECK_EQ(packetarguments__error(packets, conf_client(AF_INET), TF_DISCONNECT), WSAENOTCONN);
    CHECK_EQ(packetarguments__error(packets, conf_listen(AF_INET, 5, &target), 0), WSAENOTCONN);
    CHECK_EQ(
        packetarguments__error(
            packets, WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED), 0),
        WSAENOTCONN);
    closesocket(closed);
    CHECK_EQ(packetarguments__error(packets, closed, 0), WSAENOTSOCK);
    CHECK_EQ(packetarguments__error(packets, INVALID_SOCKET, 0), WSAENOTSOCK);
    CHECK_EQ(packetarguments__error(packets, (SOCKET) conf_event(), 0), WSAENOTSOCK);
}

CONF_TEST(packetarguments_shut_down) {
    struct conf_transmission t = {0};
    packetarguments__element good = packetarguments__good();

    conf_transmission_open(&t, TRUE);
    CHECK_EQ(shutdown(t.client, SD_SEND), 0);
    conf_packets_refused(&t, &good, 1, 0, WSAESHUTDOWN);
    /* The same when the peer has ended the connection, too. */
    CHECK_EQ(WaitForSingleObject(t.sink.thread, CONF__LIMIT), WAIT_OBJECT_0);
    conf_packets_refused(&t, &good, 1, 0, WSAESHUTDOWN);
    conf_transmission_close(&t, 0);
}

CONF_TEST(packetarguments_after_reset) {
    struct conf_pair pair = conf_pair(AF_INET);
    packetarguments__element good = packetarguments__good();
    LPFN_TRANSMITPACKETS packets = conf_packets_pointer(pair.client);

    conf_reset(pair.server);
    Sleep(50);
    CHECK_EQ(packets(pair.client, &good, 1, 0, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAECONNRESET);
}

CONF_TEST(packetarguments_not_started) {
    packetarguments__element good = packetarguments__good();
    LPFN_TRANSMITPACKETS packets;
    SOCKET client = conf_tcp(AF_INET);

    packets = conf_packets_pointer(client);
    CHECK_EQ(WSACleanup(), 0);
    CHECK_EQ(packets(client, &good, 1, 0, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSANOTINITIALISED);
}

/* The pointer is the same for every socket. */
CONF_TEST(packetarguments_pointer) {
    SOCKET stream = conf_tcp(AF_INET);
    SOCKET datagram = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);

    CHECK(conf_packets_pointer(stream) == conf_packets_pointer(datagram));
    CHECK(conf_file_pointer(stream) == conf_file_pointer(datagram));
}
