/* SPDX-License-Identifier: MIT */

/* What a program sends while its ConnectEx with data is under way goes out behind these data.
 * Windows refuses it; Wine queues it, if the connect has begun. */

#include "conformance.h"

#define CONNECTSENDS__LARGE (1u << 20)

static OVERLAPPED connectsends__connecting, connectsends__sending;

static void connectsends__receive(SOCKET server, char expected, DWORD length) {
    static char buffer[65536];
    DWORD limit = CONF__LIMIT, got = 0, i;
    int part;

    CHECK_EQ(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, sizeof limit), 0);
    while (got < length) {
        DWORD wanted = length - got < sizeof buffer ? length - got : sizeof buffer;

        part = recv(server, buffer, (int) wanted, 0);
        if (part <= 0)
            conf_fail(__FILE__, __LINE__, "%lu of %lu bytes of '%c' came", (unsigned long) got,
                      (unsigned long) length, expected);
        for (i = 0; i < (DWORD) part; i++) {
            if (buffer[i] != expected)
                conf_fail(__FILE__, __LINE__, "byte %lu is '%c', expected '%c'",
                          (unsigned long) (got + i), buffer[i], expected);
        }
        got += (DWORD) part;
    }
}

static void connectsends__behind(DWORD length) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    char* payload = conf_pages(length);
    WSABUF buffer = {1, "B"};
    SOCKET server;
    int error;

    memset(payload, 'A', length);
    conf_silent_fill(&silent, AF_INET);
    connectsends__connecting.hEvent = conf_event();
    connectsends__sending.hEvent = conf_event();
    conf_start(client, &silent.target, payload, length, &connectsends__connecting);
    Sleep(100);
    error = conf_last(WSASend(client, &buffer, 1, NULL, 0, &connectsends__sending, NULL));
    if (error != WSA_IO_PENDING)
        CHECK_EQ(error, WSAENOTCONN);
    CHECK_EQ(listen(silent.listener, 5), 0);
    conf_silent_drain(&silent);
    server = conf_accept(silent.listener);
    connectsends__receive(server, 'A', length);
    CHECK_EQ(conf_wait(client, &connectsends__connecting, NULL), 0);
    if (error != WSA_IO_PENDING)
        return;
    connectsends__receive(server, 'B', 1);
    CHECK_EQ(conf_wait(client, &connectsends__sending, NULL), 0);
}

CONF_TEST(connectsends_small) {
    connectsends__behind(100);
}

CONF_TEST(connectsends_large) {
    connectsends__behind(CONNECTSENDS__LARGE);
}
