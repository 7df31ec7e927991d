/* SPDX-License-Identifier: MIT */

/* TransmitPackets on a socket for datagrams. */

#include "conformance.h"

typedef TRANSMIT_PACKETS_ELEMENT packetdatagrams__element;

static void packetdatagrams__connect(SOCKET* client, SOCKET* server) {
    struct conf_target target;
    int length;

    *server = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);
    *client = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);
    conf_loopback(AF_INET, &target);
    CHECK_EQ(bind(*server, (struct sockaddr*) &target.name, target.length), 0);
    length = sizeof target.name;
    CHECK_EQ(getsockname(*server, (struct sockaddr*) &target.name, &length), 0);
    CHECK_EQ(connect(*client, (struct sockaddr*) &target.name, target.length), 0);
}

static void packetdatagrams__receive(SOCKET server, int length) {
    static char buffer[65536];
    struct timeval limit = {CONF__LIMIT / 1000, 0};
    fd_set readable;

    FD_ZERO(&readable);
    FD_SET(server, &readable);
    CHECK_EQ(select(0, &readable, NULL, NULL, &limit), 1);
    CHECK_EQ(recv(server, buffer, sizeof buffer, 0), length);
}

/* A message ends where TP_ELEMENT_EOP says so, and may come from memory and files. */
CONF_TEST(packetdatagrams_messages) {
    HANDLE file = conf_pattern_file(1000);
    unsigned char* bytes = conf_pattern_pages(1000);
    packetdatagrams__element elements[6] = {
        conf_memory_element(bytes, 10), conf_file_element(file, 0, 300),
        conf_memory_element(bytes, 20), conf_file_element(file, 100, 0),
        conf_memory_element(bytes, 0),  conf_memory_element(bytes, 7)};
    LPFN_TRANSMITPACKETS packets;
    OVERLAPPED overlapped = {0};
    SOCKET client, server;
    HANDLE port;

    elements[1].dwElFlags |= TP_ELEMENT_EOP;
    elements[3].dwElFlags |= TP_ELEMENT_EOP;
    elements[4].dwElFlags |= TP_ELEMENT_EOP;
    packetdatagrams__connect(&client, &server);
    port = conf_port(client);
    packets = conf_packets_pointer(client);
    CHECK_EQ(packets(client, elements, 6, 0xFFFFFFFF, &overlapped, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    conf_packet(port, &overlapped, 0, 310 + 920 + 7);
    packetdatagrams__receive(server, 310);
    packetdatagrams__receive(server, 920);
    packetdatagrams__receive(server, 0);
    packetdatagrams__receive(server, 7);
}

CONF_TEST(packetdatagrams_by_size) {
    packetdatagrams__element element = conf_memory_element(conf_pattern_pages(1000), 1000);
    LPFN_TRANSMITPACKETS packets;
    SOCKET client, server;

    packetdatagrams__connect(&client, &server);
    packets = conf_packets_pointer(client);
    CHECK_EQ(packets(client, &element, 1, 400, NULL, 0), TRUE);
    packetdatagrams__receive(server, 400);
    packetdatagrams__receive(server, 400);
    packetdatagrams__receive(server, 200);
}

CONF_TEST(packetdatagrams_too_long) {
    packetdatagrams__element element = conf_memory_element(conf_pattern_pages(70000), 70000);
    LPFN_TRANSMITPACKETS packets;
    SOCKET client, server;

    packetdatagrams__connect(&client, &server);
    packets = conf_packets_pointer(client);
    CHECK_EQ(packets(client, &element, 1, 0, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEMSGSIZE);
}

/* The one before it has been sent by then. */
CONF_TEST(packetdatagrams_too_long_later) {
    unsigned char* bytes = conf_pattern_pages(70000);
    packetdatagrams__element elements[2] = {conf_memory_element(bytes, 10),
                                            conf_memory_element(bytes, 70000)};
    LPFN_TRANSMITPACKETS packets;
    OVERLAPPED overlapped = {0};
    SOCKET client, server;

    elements[0].dwElFlags |= TP_ELEMENT_EOP;
    packetdatagrams__connect(&client, &server);
    packets = conf_packets_pointer(client);
    overlapped.hEvent = conf_event();
    CHECK_EQ(packets(client, elements, 2, 0, &overlapped, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), WSAEMSGSIZE);
    packetdatagrams__receive(server, 10);
}

CONF_TEST(packetdatagrams_disconnect) {
    packetdatagrams__element element = conf_memory_element(conf_pattern_pages(10), 10);
    LPFN_TRANSMITPACKETS packets;
    OVERLAPPED overlapped = {0};
    SOCKET client, server;

    packetdatagrams__connect(&client, &server);
    packets = conf_packets_pointer(client);
    CHECK_EQ(packets(client, &element, 1, 0, &overlapped, TF_DISCONNECT), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEOPNOTSUPP);
}
