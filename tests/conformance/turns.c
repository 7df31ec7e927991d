/* SPDX-License-Identifier: MIT */

/* Sends take turns with messages that have control data: each datagram goes out as it was asked for.
 * Its first byte says which traffic class that is. */

#include "msgtest.h"

#define TURNS__LENGTH 1000
#define TURNS__QUEUED 6
#define TURNS__MARK 2

/* A connected pair, of which the second tells the class of what it receives. */
static void turns__connect(SOCKET pair[2]) {
    struct conf_target target;

    pair[1] = msg_receiver(AF_INET, &target);
    pair[0] = msg_udp(AF_INET);
    CHECK_EQ(connect(pair[0], (struct sockaddr *) &target.name, target.length), 0);
}

static int turns__send_marked(SOCKET client, char *data, ULONG length, OVERLAPPED *overlapped) {
    struct msg_control control = {0};
    WSABUF buffer = {length, data};
    WSAMSG message = {0};
    DWORD sent;

    data[0] = '0' + TURNS__MARK;
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, TURNS__MARK);
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    message.Control.buf = control.data;
    message.Control.len = control.length;
    return conf_last(
        msg_send_pointer(client)(client, &message, 0, &sent, overlapped, NULL));
}

static void turns__receive(SOCKET server, int count) {
    int i, marked = 0;

    for (i = 0; i < count; i++) {
        struct msg_seen seen;
        int result = msg_receive(server, &seen);

        CHECK(result == 0 || result == WSAEMSGSIZE);
        CHECK_EQ(seen.traffic_class, seen.text[0] - '0');
        marked += seen.text[0] != '0';
    }
    CHECK(marked > 0);
    msg_nothing(server);
}

/* What the host has queued for want of room goes out before the options change, also when the
 * first message with control data comes behind it. */

static void turns__make_narrow(SOCKET client) {
    int room = 4096;

    conf_need_space();
    CHECK_EQ(setsockopt(client, SOL_SOCKET, SO_SNDBUF, (char *) &room, sizeof room), 0);
}

CONF_TEST(turns_queued_sends) {
    static char data[2 * TURNS__QUEUED][TURNS__LENGTH];
    static OVERLAPPED overlapped[2 * TURNS__QUEUED];
    SOCKET pair[2];
    int i, pending = 0;

    turns__connect(pair);
    turns__make_narrow(pair[0]);
    for (i = 0; i < 2 * TURNS__QUEUED; i++) {
        WSABUF buffer = {TURNS__LENGTH, data[i]};
        DWORD sent;
        int error;

        overlapped[i].hEvent = conf_event();
        data[i][0] = '0';
        if (i % TURNS__QUEUED == TURNS__QUEUED - 1)
            error = turns__send_marked(pair[0], data[i], TURNS__LENGTH, &overlapped[i]);
        else
            error = conf_last(WSASend(pair[0], &buffer, 1, &sent, 0, &overlapped[i], NULL));
        CHECK(error == 0 || error == WSA_IO_PENDING);
        pending += error == WSA_IO_PENDING;
    }
    CHECK(pending > 0);
    turns__receive(pair[1], 2 * TURNS__QUEUED);
    for (i = 0; i < 2 * TURNS__QUEUED; i++)
        CHECK_EQ(conf_wait(pair[0], &overlapped[i], NULL), 0);
}
