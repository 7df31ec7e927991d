/* SPDX-License-Identifier: MIT */

/* Payloads that are small enough to go with the host's own ConnectEx, and those that are a little
 * too long for it. Wine sends such a payload by one send, and an operation whose payload was not
 * taken whole by that never ends: a system that takes little, and peers that announce little, show
 * whether what is left to it is certain to be taken. */

#include "conformance.h"

#define RIDES__PORTION 4096
#define RIDES__ROUNDS 50
#define RIDES__UNSET (-1)

struct rides__case {
    SOCKET listener;
    SOCKET client;
    SOCKET server;
    HANDLE port;
    struct conf_target target;
    unsigned char* payload;
    DWORD length;
    OVERLAPPED overlapped;
};

/* Around the two lengths of src/core/connect.c, for a peer on this machine and for others. */
static const DWORD rides__lengths[] = {1, 703, 704, 705, 1023, 1024, 1025, 4096, 65536};

#define RIDES__COUNT (sizeof rides__lengths / sizeof rides__lengths[0])

/* A peer on the loopback that has room for as little as the system allows. */
static void rides__listen(struct rides__case* c, int family) {
    int length, smallest = 0;

    memset(c, 0, sizeof *c);
    c->listener = conf_tcp(family);
    CHECK_EQ(setsockopt(c->listener, SOL_SOCKET, SO_RCVBUF, (char*) &smallest, sizeof smallest), 0);
    conf_loopback(family, &c->target);
    CHECK_EQ(bind(c->listener, (struct sockaddr*) &c->target.name, c->target.length), 0);
    length = c->target.length;
    CHECK_EQ(getsockname(c->listener, (struct sockaddr*) &c->target.name, &length), 0);
    CHECK_EQ(listen(c->listener, 5), 0);
}

static void rides__start(struct rides__case* c, DWORD length, int send_buffer) {
    c->client = conf_client(c->target.name.ss_family);
    if (send_buffer != RIDES__UNSET)
        CHECK_EQ(
            setsockopt(c->client, SOL_SOCKET, SO_SNDBUF, (char*) &send_buffer, sizeof send_buffer),
            0);
    c->port = conf_port(c->client);
    c->length = length;
    c->payload = conf_pattern_pages(length);
    conf_start(c->client, &c->target, c->payload, length, &c->overlapped);
}

static void rides__receive(SOCKET server, DWORD length) {
    static unsigned char portion[RIDES__PORTION];
    DWORD limit = CONF__LIMIT, got = 0;
    int part, i;

    CHECK_EQ(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, sizeof limit), 0);
    while (got < length) {
        part = recv(server, (char*) portion, sizeof portion, 0);
        if (part <= 0)
            conf_fail(__FILE__, __LINE__, "%lu of %lu bytes came", got, length);
        for (i = 0; i < part; i++)
            CHECK_EQ(portion[i], conf_pattern(got + (DWORD) i));
        got += (DWORD) part;
    }
    CHECK_EQ(got, length);
}

static void rides__end(struct rides__case* c) {
    conf_packet(c->port, &c->overlapped, 0, c->length);
    CHECK_EQ(c->overlapped.InternalHigh, c->length);
    conf_quiet(c->port);
    conf_update(c->client);
    closesocket(c->client);
    CloseHandle(c->port);
    VirtualFree(c->payload, 0, MEM_RELEASE);
}

/* The peer reads late, and only then is there room for what was not taken at once. */
static void rides__all_arrive(int family, int send_buffer) {
    struct rides__case c;
    unsigned i;

    for (i = 0; i < RIDES__COUNT; i++) {
        rides__listen(&c, family);
        rides__start(&c, rides__lengths[i], send_buffer);
        c.server = conf_accept(c.listener);
        Sleep(50);
        rides__receive(c.server, c.length);
        rides__end(&c);
        conf_ended(c.server);
        closesocket(c.listener);
    }
}

CONF_TEST(rides_all_arrive) {
    rides__all_arrive(AF_INET, RIDES__UNSET);
}

CONF_TEST(rides_all_arrive_ipv6) {
    conf_need_ipv6();
    rides__all_arrive(AF_INET6, RIDES__UNSET);
}

CONF_TEST(rides_no_send_buffer) {
    rides__all_arrive(AF_INET, 0);
}

CONF_TEST(rides_small_send_buffer) {
    rides__all_arrive(AF_INET, 2048);
}

/* The system gives a socket a send buffer of one byte. */
CONF_TEST(rides_tight_system) {
    conf_need_space();
    rides__all_arrive(AF_INET, RIDES__UNSET);
}

/* Of what a peer on this machine has no room for, nobody waits for it to read. */
CONF_TEST(rides_unread) {
    static const DWORD lengths[] = {1, 704, 1024};
    struct rides__case c;
    unsigned i;

    for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        rides__listen(&c, AF_INET);
        rides__start(&c, lengths[i], RIDES__UNSET);
        rides__end(&c);
        closesocket(c.listener);
    }
}

/* A peer that announces segments of 48 bytes and a window of one: the least that the system heeds.
 * Hardly anything goes to it, and the operation ends all the same. */
static void rides__listen_narrow(struct rides__case* c) {
    struct sockaddr_in* name = (struct sockaddr_in*) &c->target.name;
    int length = sizeof *name;

    memset(c, 0, sizeof *c);
    c->listener = conf_tcp(AF_INET);
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = inet_addr("192.0.2.1");
    c->target.length = sizeof *name;
    CHECK_EQ(bind(c->listener, (struct sockaddr*) name, sizeof *name), 0);
    CHECK_EQ(getsockname(c->listener, (struct sockaddr*) name, &length), 0);
    CHECK_EQ(listen(c->listener, 5), 0);
}

CONF_TEST(rides_narrow_peer) {
    static const DWORD lengths[] = {1, 100, 704};
    struct rides__case c;
    unsigned i;

    conf_need_space();
    for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        rides__listen_narrow(&c);
        rides__start(&c, lengths[i], RIDES__UNSET);
        c.server = conf_accept(c.listener);
        rides__end(&c);
        closesocket(c.server);
        closesocket(c.listener);
    }
}

/* The listener goes with the connections that are in its queue, before or after the payload. */
static void rides__reset(DWORD length) {
    OVERLAPPED* got;
    DWORD error, bytes;
    int round;

    for (round = 0; round < RIDES__ROUNDS; round++) {
        struct rides__case c;

        rides__listen(&c, AF_INET);
        rides__start(&c, length, RIDES__UNSET);
        closesocket(c.listener);
        CHECK(conf_dequeue(c.port, CONF__LIMIT, &got, &error, &bytes));
        CHECK(got == &c.overlapped);
        if (error != 0 && error != ERROR_CONNECTION_REFUSED && error != ERROR_CONNECTION_ABORTED)
            CHECK_EQ(error, ERROR_NETNAME_DELETED);
        if (error == 0)
            CHECK_EQ(bytes, length);
        conf_quiet(c.port);
        closesocket(c.client);
        CloseHandle(c.port);
        VirtualFree(c.payload, 0, MEM_RELEASE);
    }
}

CONF_TEST(rides_reset_at_once) {
    rides__reset(700);
}

CONF_TEST(rides_reset_at_once_longer) {
    rides__reset(4096);
}
