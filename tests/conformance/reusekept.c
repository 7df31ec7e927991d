/* SPDX-License-Identifier: MIT */

/* What is left of a socket that DisconnectEx makes reusable: "returned to a state in which it is
 * not connected, but still bound" (the page on LPFN_CONNECTEX), with its options. */

#include "conformance.h"

/* Of Microsoft's ws2ipdef.h. */
#define REUSEKEPT__UNICAST_IF 31

#define REUSEKEPT__KEEPALIVE 20000 /* Milliseconds; the system's own time is two hours. */
#define REUSEKEPT__TIMER 2         /* As Linux calls the one that keeps a connection alive. */

static DWORD reusekept__get(SOCKET s, int level, int option) {
    DWORD value = 0;
    int length = sizeof value;

    CHECK_EQ(conf_last(getsockopt(s, level, option, (char*) &value, &length)), 0);
    return value;
}

/* The first interface is the loopback's. Windows takes its number in the network's order for IPv4
 * and in the machine's for IPv6; Wine hands it to Linux as it
 * is, which takes it in the network's for both. */
static DWORD reusekept__set_interface(SOCKET s, int level) {
    DWORD value = level == IPPROTO_IP ? htonl(1) : 1;

    if (setsockopt(s, level, REUSEKEPT__UNICAST_IF, (char*) &value, sizeof value) == 0)
        return value;
    value = htonl(1);
    CHECK_EQ(conf_last(setsockopt(s, level, REUSEKEPT__UNICAST_IF, (char*) &value, sizeof value)),
             0);
    return value;
}

static void reusekept__unicast_if(int family, int level) {
    struct conf_pair pair = conf_pair(family);
    DWORD value = reusekept__set_interface(pair.client, level);

    CHECK_EQ(reusekept__get(pair.client, level, REUSEKEPT__UNICAST_IF), value);
    CHECK_EQ(conf_reuse(pair.client), 0);
    CHECK_EQ(reusekept__get(pair.client, level, REUSEKEPT__UNICAST_IF), value);
}

CONF_TEST(reusekept_unicast_if) {
    reusekept__unicast_if(AF_INET, IPPROTO_IP);
}

CONF_TEST(reusekept_unicast_if_ipv6) {
    conf_need_ipv6();
    reusekept__unicast_if(AF_INET6, IPPROTO_IPV6);
}

/* What the system says of the connection from that port to that port of the loopback address: the
 * kind of its timer, and when it runs out, in hundredths of a second. */
static BOOL reusekept__timer(const char* table, unsigned from, unsigned to, unsigned* kind,
                             unsigned* when) {
    char wanted[40];
    const char* row;
    char* end;

    snprintf(wanted, sizeof wanted, " 0100007F:%04X 0100007F:%04X ", from, to);
    row = strstr(table, wanted);
    /* The state and the two queues come first. */
    row = row != NULL ? strchr(row + strlen(wanted), ':') : NULL;
    row = row != NULL ? strchr(row, ' ') : NULL;
    if (row == NULL)
        return FALSE;
    *kind = strtoul(row, &end, 16);
    if (*end != ':')
        return FALSE;
    *when = strtoul(end + 1, &end, 16);
    return *end == ' ';
}

/* Windows has no option that tells the times, and no host has: the table of Linux does. */
static void reusekept__expect_timer(SOCKET client, const struct conf_target* target) {
    static char table[1 << 20];
    struct sockaddr_in own;
    int length = sizeof own;
    unsigned kind = 0, when = 0;
    DWORD size = 0, got;
    HANDLE file = CreateFileA("Z:\\proc\\net\\tcp", GENERIC_READ, FILE_SHARE_READ, NULL,
                              OPEN_EXISTING, 0, NULL);

    if (file == INVALID_HANDLE_VALUE)
        conf_skip("the system's table of connections cannot be read");
    while (size < sizeof table - 1 &&
           ReadFile(file, table + size, (DWORD) sizeof table - 1 - size, &got, NULL) && got > 0)
        size += got;
    table[size] = 0;
    CloseHandle(file);
    CHECK_EQ(getsockname(client, (struct sockaddr*) &own, &length), 0);
    CHECK(reusekept__timer(table, ntohs(own.sin_port), conf_get_port(target), &kind, &when));
    CHECK_EQ(kind, REUSEKEPT__TIMER);
    CHECK(when <= REUSEKEPT__KEEPALIVE / 10);
    CHECK(when > REUSEKEPT__KEEPALIVE / 20);
}

CONF_TEST(reusekept_keepalive) {
    struct tcp_keepalive times = {1, REUSEKEPT__KEEPALIVE, 3000};
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    DWORD bytes;

    CHECK_EQ(
        WSAIoctl(client, SIO_KEEPALIVE_VALS, &times, sizeof times, NULL, 0, &bytes, NULL, NULL), 0);
    conf_connect(client, &target);
    conf_update(client);
    conf_accept(listener);
    reusekept__expect_timer(client, &target);
    CHECK_EQ(conf_reuse(client), 0);
    conf_connect(client, &target);
    conf_update(client);
    conf_accept(listener);
    reusekept__expect_timer(client, &target);
}

/* It is not connected, and nothing was reset. */
CONF_TEST(reusekept_send) {
    struct conf_pair pair = conf_pair(AF_INET);
    WSABUF buffer = {1, "x"};
    OVERLAPPED overlapped = {0};
    DWORD sent;

    CHECK_EQ(conf_reuse(pair.client), 0);
    CHECK_EQ(conf_last(send(pair.client, "x", 1, 0)), WSAENOTCONN);
    CHECK_EQ(conf_last(WSASend(pair.client, &buffer, 1, &sent, 0, NULL, NULL)), WSAENOTCONN);
    CHECK_EQ(conf_last(WSASend(pair.client, &buffer, 1, NULL, 0, &overlapped, NULL)), WSAENOTCONN);
    CHECK_EQ(conf_last(send(pair.client, "x", 1, 0)), WSAENOTCONN);
}

static unsigned short reusekept__port(SOCKET s) {
    struct conf_target name;

    name.length = sizeof name.name;
    CHECK_EQ(conf_last(getsockname(s, (struct sockaddr*) &name.name, &name.length)), 0);
    return conf_get_port(&name);
}

static SOCKET reusekept__connect(SOCKET client, SOCKET listener, const struct conf_target* target) {
    SOCKET server;

    conf_connect(client, target);
    conf_update(client);
    server = conf_accept(listener);
    conf_exchange(client, server);
    return server;
}

/* The peer has ended the connection first, so that nothing waits at the client's port: it stays. */
static void reusekept__peer_first(int family) {
    struct conf_target target;
    SOCKET listener = conf_listen(family, 5, &target);
    SOCKET client = conf_client(family);
    SOCKET server = reusekept__connect(client, listener, &target);
    unsigned short port = reusekept__port(client);
    char byte;
    int round;

    for (round = 0; round < 3; round++) {
        closesocket(server);
        CHECK_EQ(recv(client, &byte, 1, 0), 0);
        CHECK_EQ(conf_reuse(client), 0);
        /* The peer has to have seen our end, after which its side waits. */
        Sleep(20);
        closesocket(listener);
        listener = conf_listen(family, 5, &target);
        server = reusekept__connect(client, listener, &target);
        CHECK_EQ(reusekept__port(client), port);
    }
}

CONF_TEST(reusekept_port) {
    reusekept__peer_first(AF_INET);
}

CONF_TEST(reusekept_port_ipv6) {
    conf_need_ipv6();
    reusekept__peer_first(AF_INET6);
}

/* Ended by the client, the connection waits at its port, for one with that very peer only. */
CONF_TEST(reusekept_port_other_peer) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    SOCKET server = reusekept__connect(client, listener, &target);
    unsigned short port = reusekept__port(client);

    CHECK_EQ(conf_reuse(client), 0);
    conf_ended(server);
    listener = conf_listen(AF_INET, 5, &target);
    reusekept__connect(client, listener, &target);
    CHECK_EQ(reusekept__port(client), port);
}

/* With that very peer it never fails for what waits: another port will do. */
CONF_TEST(reusekept_port_same_peer) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    int round;

    for (round = 0; round < 5; round++) {
        SOCKET server = reusekept__connect(client, listener, &target);

        CHECK_EQ(conf_reuse(client), 0);
        conf_ended(server);
    }
}
