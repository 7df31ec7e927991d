/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* A call that succeeds leaves no error behind, also where the host refuses what we do in its place:
 * on Windows and on Wine the last error of a WSAIoctl, getsockopt or setsockopt that has succeeded
 * is 0. Only the two that update a socket's context leave what was there, on Wine. */

#define LASTERROR__BEFORE 0x5afe

static void lasterror__check(int result) {
    int error = WSAGetLastError();

    CHECK_EQ(result, 0);
    CHECK_EQ(error, 0);
}

CONF_TEST(lasterror_pointer) {
    static const GUID guids[] = {WSAID_CONNECTEX, WSAID_TRANSMITPACKETS, WSAID_DISCONNECTEX};
    SOCKET s = conf_tcp(AF_INET);
    size_t i;

    for (i = 0; i < sizeof guids / sizeof *guids; i++) {
        GUID guid = guids[i];
        void* pointer;
        DWORD bytes;

        WSASetLastError(LASTERROR__BEFORE);
        lasterror__check(WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid,
                                  &pointer, sizeof pointer, &bytes, NULL, NULL));
    }
}

CONF_TEST(lasterror_controls) {
    SOCKET datagram = socket(AF_INET, SOCK_DGRAM, 0);
    DWORD bytes, off = 0;
    SOCKET base;

    WSASetLastError(LASTERROR__BEFORE);
    lasterror__check(
        WSAIoctl(datagram, SIO_UDP_NETRESET, &off, sizeof off, NULL, 0, &bytes, NULL, NULL));
    WSASetLastError(LASTERROR__BEFORE);
    lasterror__check(
        WSAIoctl(datagram, SIO_BSP_HANDLE, NULL, 0, &base, sizeof base, &bytes, NULL, NULL));
    WSASetLastError(LASTERROR__BEFORE);
    lasterror__check(
        WSAIoctl(datagram, SIO_BASE_HANDLE, NULL, 0, &base, sizeof base, &bytes, NULL, NULL));
    off = 1;
    WSASetLastError(LASTERROR__BEFORE);
    lasterror__check(
        WSAIoctl(datagram, (DWORD) FIONBIO, &off, sizeof off, NULL, 0, &bytes, NULL, NULL));
}

CONF_TEST(lasterror_fast_open) {
    SOCKET s = conf_tcp(AF_INET);
    DWORD on = 1;
    int length = sizeof on;

    WSASetLastError(LASTERROR__BEFORE);
    lasterror__check(setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, (char*) &on, sizeof on));
    WSASetLastError(LASTERROR__BEFORE);
    lasterror__check(getsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, (char*) &on, &length));
}

CONF_TEST(lasterror_connect_time) {
    SOCKET s = conf_tcp(AF_INET);
    DWORD seconds;
    int length = sizeof seconds;

    WSASetLastError(LASTERROR__BEFORE);
    lasterror__check(getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length));
    CHECK_EQ(seconds, 0xFFFFFFFF);
}
