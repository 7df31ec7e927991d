/* SPDX-License-Identifier: MIT */
#include "controltest.h"

/* Codes of WSAIoctl that are left to the host, with arguments that are wrong. */

#define IOCTLARGUMENTS__LENGTH 2048

enum ioctlarguments__use { USED, UNUSED };

/* Which buffers a code has a use for, and what is right in them. */
static const struct ioctlarguments__row {
    DWORD code;
    DWORD in_length, out_length;
    enum ioctlarguments__use in, out;
    int error; /* Of a call that is right. */
} ioctlarguments__rows[] = {
    {FIONBIO, sizeof(u_long), IOCTLARGUMENTS__LENGTH, USED, UNUSED, 0},
    {FIONREAD, IOCTLARGUMENTS__LENGTH, sizeof(u_long), UNUSED, USED, 0},
    {SIOCATMARK, IOCTLARGUMENTS__LENGTH, sizeof(u_long), UNUSED, USED, 0},
    {SIO_GET_INTERFACE_LIST, IOCTLARGUMENTS__LENGTH, IOCTLARGUMENTS__LENGTH, UNUSED, USED, 0},
    {SIO_ADDRESS_LIST_QUERY, IOCTLARGUMENTS__LENGTH, IOCTLARGUMENTS__LENGTH, UNUSED, USED, 0},
    {SIO_KEEPALIVE_VALS, sizeof(struct tcp_keepalive), IOCTLARGUMENTS__LENGTH, USED, UNUSED, 0},
    {SIO_ROUTING_INTERFACE_QUERY, sizeof(struct sockaddr_in), sizeof(struct sockaddr_in), USED,
     USED, 0},
    {SIO_ENABLE_CIRCULAR_QUEUEING, IOCTLARGUMENTS__LENGTH, IOCTLARGUMENTS__LENGTH, UNUSED, UNUSED,
     0},
    {0xC8FFFFFF, IOCTLARGUMENTS__LENGTH, IOCTLARGUMENTS__LENGTH, UNUSED, UNUSED, WSAEOPNOTSUPP},
};

#define IOCTLARGUMENTS__ROWS (sizeof ioctlarguments__rows / sizeof *ioctlarguments__rows)

/* Wine 10 itself refuses to list the addresses of a machine whose only interface is the loopback,
 * as in a network namespace. */
static BOOL ioctlarguments__is_served(const struct ioctlarguments__row* row) {
    INTERFACE_INFO interfaces[2];
    SOCKET s;
    DWORD bytes = 0;
    int result;

    if (row->code != SIO_ADDRESS_LIST_QUERY)
        return TRUE;
    s = conf_tcp(AF_INET);
    result = WSAIoctl(s, SIO_GET_INTERFACE_LIST, NULL, 0, interfaces, sizeof interfaces, &bytes,
                      NULL, NULL);
    closesocket(s);
    if (result != 0 || bytes > sizeof *interfaces)
        return TRUE;
    printf("left out: SIO_ADDRESS_LIST_QUERY: this machine has the loopback only\n");
    return FALSE;
}

static void* ioctlarguments__input(const struct ioctlarguments__row* row) {
    static union {
        struct sockaddr_in name;
        char bytes[IOCTLARGUMENTS__LENGTH];
    } input;

    memset(&input, 0, sizeof input);
    if (row->code == SIO_ROUTING_INTERFACE_QUERY) {
        input.name.sin_family = AF_INET;
        input.name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    return &input;
}

static int ioctlarguments__call(const struct ioctlarguments__row* row, void* in, void* out,
                                DWORD* bytes, OVERLAPPED* overlapped) {
    SOCKET client = conf_tcp(AF_INET);
    int result;

    WSASetLastError(0);
    result = WSAIoctl(client, row->code, in, row->in_length, out, row->out_length, bytes,
                      overlapped, NULL);
    result = conf_last(result);
    closesocket(client);
    return result;
}

CONF_TEST(ioctlarguments_good) {
    char out[IOCTLARGUMENTS__LENGTH];
    size_t i;

    for (i = 0; i < IOCTLARGUMENTS__ROWS; i++) {
        const struct ioctlarguments__row* row = &ioctlarguments__rows[i];
        DWORD bytes;

        if (ioctlarguments__is_served(row))
            CHECK_EQ(ioctlarguments__call(row, ioctlarguments__input(row), out, &bytes, NULL),
                     row->error);
    }
}

static void ioctlarguments__bytes(DWORD* bytes) {
    static OVERLAPPED overlapped;
    static char out[IOCTLARGUMENTS__LENGTH];
    size_t i;

    for (i = 0; i < IOCTLARGUMENTS__ROWS; i++) {
        const struct ioctlarguments__row* row = &ioctlarguments__rows[i];
        void* in = ioctlarguments__input(row);

        CHECK_EQ(ioctlarguments__call(row, in, out, bytes, NULL), WSAEFAULT);
        CHECK_EQ(ioctlarguments__call(row, in, out, bytes, &overlapped), WSAEFAULT);
        CHECK_EQ(overlapped.Internal, 0);
    }
}

CONF_TEST(ioctlarguments_bytes) {
    ioctlarguments__bytes(NULL);
    ioctlarguments__bytes(conf_noaccess());
    ioctlarguments__bytes(conf_readonly());
}

static void ioctlarguments__overlapped(OVERLAPPED* overlapped) {
    char out[IOCTLARGUMENTS__LENGTH];
    DWORD bytes;
    size_t i;

    for (i = 0; i < IOCTLARGUMENTS__ROWS; i++) {
        const struct ioctlarguments__row* row = &ioctlarguments__rows[i];

        CHECK_EQ(ioctlarguments__call(row, ioctlarguments__input(row), out, &bytes, overlapped),
                 WSAEFAULT);
    }
}

CONF_TEST(ioctlarguments_unwritable_overlapped) {
    ioctlarguments__overlapped(conf_noaccess());
    ioctlarguments__overlapped(conf_readonly());
}

/* The pending kind, which the host would complete at any later time. */
CONF_TEST(ioctlarguments_pending) {
    SOCKET client = conf_tcp(AF_INET);
    DWORD bytes;

    CHECK_EQ(conf_last(WSAIoctl(client, SIO_ADDRESS_LIST_CHANGE, NULL, 0, NULL, 0, &bytes,
                                conf_readonly(), NULL)),
             WSAEFAULT);
    closesocket(client);
    Sleep(CONF__QUIET);
}

static void ioctlarguments__input_at(void* in) {
    char out[IOCTLARGUMENTS__LENGTH];
    DWORD bytes;
    size_t i;

    for (i = 0; i < IOCTLARGUMENTS__ROWS; i++) {
        const struct ioctlarguments__row* row = &ioctlarguments__rows[i];

        if (ioctlarguments__is_served(row))
            CHECK_EQ(ioctlarguments__call(row, in, out, &bytes, NULL),
                     row->in == USED ? WSAEFAULT : row->error);
    }
}

CONF_TEST(ioctlarguments_input) {
    ioctlarguments__input_at(NULL);
    ioctlarguments__input_at(conf_noaccess());
    ioctlarguments__input_at(conf_before_noaccess("ab", 2));
}

static void ioctlarguments__output_at(void* out) {
    DWORD bytes;
    size_t i;

    for (i = 0; i < IOCTLARGUMENTS__ROWS; i++) {
        const struct ioctlarguments__row* row = &ioctlarguments__rows[i];

        if (ioctlarguments__is_served(row))
            CHECK_EQ(ioctlarguments__call(row, ioctlarguments__input(row), out, &bytes, NULL),
                     row->out == USED ? WSAEFAULT : row->error);
    }
}

/* What a code has no use for may be any address: WeChat passes a read-only one with FIONBIO. */
CONF_TEST(ioctlarguments_output) {
    ioctlarguments__output_at(NULL);
    ioctlarguments__output_at(conf_noaccess());
    ioctlarguments__output_at(conf_readonly());
    ioctlarguments__output_at(conf_before_noaccess("ab", 2));
}
