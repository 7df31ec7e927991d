/* SPDX-License-Identifier: MIT */
#include "controltest.h"

const struct control_row control_rows[CONTROL__ROWS] = {
    {SIO_UDP_CONNRESET, SOCK_DGRAM, sizeof(BOOL), 0},
    {SIO_UDP_NETRESET, SOCK_DGRAM, sizeof(BOOL), 0},
    {SIO_BASE_HANDLE, 0, 0, sizeof(SOCKET)},
    {SIO_BSP_HANDLE, 0, 0, sizeof(SOCKET)},
    {SIO_BSP_HANDLE_SELECT, 0, 0, sizeof(SOCKET)},
    {SIO_BSP_HANDLE_POLL, 0, 0, sizeof(SOCKET)},
    {SIO_TCP_INITIAL_RTO, SOCK_STREAM, sizeof(TCP_INITIAL_RTO_PARAMETERS), 0},
    {SIO_LOOPBACK_FAST_PATH, SOCK_STREAM, sizeof(int), 0},
    {SIO_IDEAL_SEND_BACKLOG_QUERY, SOCK_STREAM, 0, sizeof(ULONG)},
    {(DWORD) SIO_IDEAL_SEND_BACKLOG_CHANGE, SOCK_STREAM, 0, 0},
};

SOCKET control_udp(int family) {
    SOCKET datagram = WSASocketW(family, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);

    CHECK(datagram != INVALID_SOCKET);
    return datagram;
}

SOCKET control_connected(void) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_tcp(AF_INET);

    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    conf_accept(listener);
    return client;
}

SOCKET control_socket_for(const struct control_row* row) {
    if (row->type == SOCK_DGRAM)
        return control_udp(AF_INET);
    return control_connected();
}

int control_ask(SOCKET s, DWORD code, void* in, DWORD in_length, void* out, DWORD out_length,
                DWORD* bytes) {
    WSASetLastError(0);
    return conf_last(WSAIoctl(s, code, in, in_length, out, out_length, bytes, NULL, NULL));
}

int control_set(SOCKET s, DWORD code, DWORD value) {
    DWORD bytes = CONTROL__UNTOUCHED;
    int error = control_ask(s, code, &value, sizeof value, NULL, 0, &bytes);

    if (error == 0)
        CHECK_EQ(bytes, 0);
    return error;
}

int control_calls;
DWORD control_call_error;
OVERLAPPED* control_call_overlapped;

void CALLBACK control_routine(DWORD error, DWORD bytes, LPWSAOVERLAPPED overlapped, DWORD flags) {
    (void) bytes;
    (void) flags;
    control_calls++;
    control_call_error = error;
    control_call_overlapped = overlapped;
}
