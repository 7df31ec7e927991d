/* SPDX-License-Identifier: MIT */
#include "controltest.h"

/* Control codes with arguments that are wrong. */

CONF_TEST(controlarguments_input) {
    DWORD value = 0, bytes;
    ULONG out[2];
    size_t i;

    for (i = 0; i < CONTROL__ROWS; i++) {
        const struct control_row* row = &control_rows[i];
        SOCKET s = control_socket_for(row);

        if (row->in_length == 0)
            continue;
        CHECK_EQ(control_ask(s, row->code, NULL, 0, out, sizeof out, &bytes), WSAEFAULT);
        CHECK_EQ(control_ask(s, row->code, NULL, sizeof value, out, sizeof out, &bytes), WSAEFAULT);
        CHECK_EQ(control_ask(s, row->code, &value, 0, out, sizeof out, &bytes), WSAEFAULT);
        CHECK_EQ(control_ask(s, row->code, conf_noaccess(), sizeof value, NULL, 0, &bytes),
                 WSAEFAULT);
    }
}

CONF_TEST(controlarguments_short_input) {
    DWORD value = 0, bytes;

    CHECK_EQ(control_ask(conf_tcp(AF_INET), SIO_TCP_INITIAL_RTO, &value, 3, NULL, 0, &bytes),
             WSAEFAULT);
    CHECK_EQ(control_ask(conf_tcp(AF_INET), SIO_LOOPBACK_FAST_PATH, &value, 3, NULL, 0, &bytes),
             WSAEFAULT);
}

CONF_TEST(controlarguments_output) {
    DWORD bytes;
    ULONG out[2];
    size_t i;

    for (i = 0; i < CONTROL__ROWS; i++) {
        const struct control_row* row = &control_rows[i];
        SOCKET s = control_socket_for(row);

        if (row->out_length == 0)
            continue;
        CHECK_EQ(control_ask(s, row->code, NULL, 0, NULL, 0, &bytes), WSAEFAULT);
        CHECK_EQ(control_ask(s, row->code, NULL, 0, NULL, row->out_length, &bytes), WSAEFAULT);
        CHECK_EQ(control_ask(s, row->code, NULL, 0, out, row->out_length - 1, &bytes), WSAEFAULT);
        CHECK_EQ(control_ask(s, row->code, NULL, 0, conf_readonly(), row->out_length, &bytes),
                 WSAEFAULT);
    }
}

CONF_TEST(controlarguments_bytes) {
    DWORD value = 0;
    ULONG out[2];
    size_t i;

    for (i = 0; i < CONTROL__ROWS; i++) {
        const struct control_row* row = &control_rows[i];
        SOCKET s = control_socket_for(row);
        DWORD out_length = row->out_length;

        CHECK_EQ(control_ask(s, row->code, &value, sizeof value, out, out_length, NULL), WSAEFAULT);
        CHECK_EQ(control_ask(s, row->code, &value, sizeof value, out, out_length, conf_noaccess()),
                 WSAEFAULT);
    }
}

CONF_TEST(controlarguments_unwritable_overlapped) {
    DWORD value = 0, bytes;
    ULONG out[2];
    size_t i;

    for (i = 0; i < CONTROL__ROWS; i++) {
        const struct control_row* row = &control_rows[i];
        int result = WSAIoctl(control_socket_for(row), row->code, &value, sizeof value, out,
                              row->out_length, &bytes, conf_readonly(), NULL);

        CHECK_EQ(conf_last(result), WSAEFAULT);
    }
}

CONF_TEST(controlarguments_not_a_socket) {
    SOCKET handles[] = {INVALID_SOCKET, 0, (SOCKET) conf_event(), conf_tcp(AF_INET)};
    DWORD value = 0, bytes;
    ULONG out[2];
    size_t i, j;

    closesocket(handles[3]);
    for (i = 0; i < CONTROL__ROWS; i++) {
        const struct control_row* row = &control_rows[i];

        for (j = 0; j < sizeof handles / sizeof *handles; j++)
            CHECK_EQ(control_ask(handles[j], row->code, &value, sizeof value, out, row->out_length,
                                 &bytes),
                     WSAENOTSOCK);
    }
}

CONF_TEST(controlarguments_other_kind) {
    DWORD value = 0, bytes;
    ULONG out[2];
    size_t i;

    for (i = 0; i < CONTROL__ROWS; i++) {
        const struct control_row* row = &control_rows[i];
        SOCKET s;

        if (row->type == 0)
            continue;
        s = row->type == SOCK_DGRAM ? conf_tcp(AF_INET) : control_udp(AF_INET);
        CHECK_EQ(control_ask(s, row->code, &value, sizeof value, out, row->out_length, &bytes),
                 WSAEOPNOTSUPP);
    }
}
