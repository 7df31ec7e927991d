/* SPDX-License-Identifier: MIT */
#include "msgtest.h"

/* What WSASendMsg makes of control data. */

CONF_TEST(messages_none) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);

    msg_plain(msg_udp(AF_INET), &target, server);
}

CONF_TEST(messages_tos) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    SOCKET client = msg_udp(AF_INET);
    struct msg_control control = {0};

    msg_add_number(&control, IPPROTO_IP, MSG__TOS, 0xb9);
    CHECK_EQ(msg_pass(client, &target, server, &control).traffic_class, 0xb9);
    msg_plain(client, &target, server);
}

/* Explicit congestion notification is the two low bits of the traffic class; the rest stays what
 * the socket has. */
CONF_TEST(messages_ecn) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    SOCKET client = msg_udp(AF_INET);
    int value, length = sizeof value;

    for (value = 0; value <= 3; value++) {
        struct msg_control control = {0};

        msg_add_number(&control, IPPROTO_IP, MSG__ECN, value);
        CHECK_EQ(msg_pass(client, &target, server, &control).traffic_class, value);
    }
    msg_plain(client, &target, server);
    value = 0xb8;
    if (setsockopt(client, IPPROTO_IP, IP_TOS, (char*) &value, sizeof value) == 0) {
        struct msg_control control = {0};

        msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
        CHECK_EQ(msg_pass(client, &target, server, &control).traffic_class, 0xba);
        CHECK_EQ(msg_pass(client, &target, server, NULL).traffic_class, 0xb8);
        CHECK_EQ(getsockopt(client, IPPROTO_IP, IP_TOS, (char*) &value, &length), 0);
        CHECK_EQ(value, 0xb8);
    }
}

CONF_TEST(messages_ttl) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    SOCKET client = msg_udp(AF_INET);
    struct msg_control ttl = {0}, hops = {0};

    msg_add_number(&ttl, IPPROTO_IP, MSG__TTL, 9);
    CHECK_EQ(msg_pass(client, &target, server, &ttl).hops, 9);
    msg_add_number(&hops, IPPROTO_IP, MSG__HOPLIMIT, 255);
    CHECK_EQ(msg_pass(client, &target, server, &hops).hops, 255);
    msg_plain(client, &target, server);
}

CONF_TEST(messages_several) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    SOCKET client = msg_udp(AF_INET);
    struct msg_control control = {0};
    struct msg_seen seen;

    msg_add_source(&control, "127.0.0.1", 0);
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 1);
    msg_add_number(&control, IPPROTO_IP, MSG__TTL, 3);
    seen = msg_pass(client, &target, server, &control);
    CHECK_EQ(seen.traffic_class, 1);
    CHECK_EQ(seen.hops, 3);
    msg_plain(client, &target, server);
}

CONF_TEST(messages_connected) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    SOCKET client = msg_udp(AF_INET);
    struct msg_control control = {0};
    int i;

    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
    for (i = 0; i < 3; i++)
        CHECK_EQ(msg_pass(client, NULL, server, &control).traffic_class, 2);
    msg_plain(client, NULL, server);
}

CONF_TEST(messages_not_connected) {
    struct msg_control control = {0};

    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
    CHECK_EQ(msg_send(msg_udp(AF_INET), NULL, &control), WSAENOTCONN);
}

CONF_TEST(messages_ipv6) {
    struct conf_target target;
    struct msg_control hops = {0}, none = {0};
    SOCKET server, client;
    struct msg_seen seen;

    conf_need_ipv6();
    server = msg_receiver(AF_INET6, &target);
    client = msg_udp(AF_INET6);
    msg_add_number(&hops, IPPROTO_IPV6, MSG__HOPLIMIT, 9);
    CHECK_EQ(msg_pass(client, &target, server, &hops).hops, 9);
    msg_add_number(&none, IPPROTO_IPV6, MSG__ECN, 0);
    seen = msg_pass(client, &target, server, &none);
    CHECK_EQ(seen.hops, 64);
    CHECK_EQ(seen.traffic_class, 0);
}

/* Sent with what was asked for, or not sent; Wine has no way to ask for it. */
CONF_TEST(messages_ipv6_ecn) {
    struct conf_target target;
    struct msg_control ecn = {0}, whole = {0};
    SOCKET server, client;
    struct msg_seen seen;
    int error;

    conf_need_ipv6();
    server = msg_receiver(AF_INET6, &target);
    client = msg_udp(AF_INET6);
    msg_add_number(&ecn, IPPROTO_IPV6, MSG__ECN, 1);
    msg_add_number(&whole, IPPROTO_IPV6, MSG__TCLASS, 0x29);
    error = msg_send(client, &target, &ecn);
    if (error == 0) {
        CHECK_EQ(msg_receive(server, &seen), 0);
        CHECK_EQ(seen.traffic_class, 1);
        CHECK_EQ(msg_pass(client, &target, server, &whole).traffic_class, 0x29);
        return;
    }
    CHECK_EQ(error, WSAEOPNOTSUPP);
    CHECK_EQ(msg_send(client, &target, &whole), WSAEOPNOTSUPP);
    msg_nothing(server);
}

/* A socket for both versions, and an address of the old one in the form of the new. */
CONF_TEST(messages_mapped) {
    struct conf_target target, mapped;
    struct msg_control control = {0}, wrong = {0};
    struct sockaddr_in6* name = (struct sockaddr_in6*) &mapped.name;
    SOCKET server, client;
    int off = 0;

    conf_need_ipv6();
    server = msg_receiver(AF_INET, &target);
    client = msg_udp(AF_INET6);
    CHECK_EQ(setsockopt(client, IPPROTO_IPV6, IPV6_V6ONLY, (char*) &off, sizeof off), 0);
    memset(&mapped, 0, sizeof mapped);
    mapped.length = sizeof *name;
    name->sin6_family = AF_INET6;
    name->sin6_port = ((struct sockaddr_in*) &target.name)->sin_port;
    memcpy(name->sin6_addr.s6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\x01", 16);
    msg_add_source(&control, "127.0.0.1", 0);
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
    CHECK_EQ(msg_pass(client, &mapped, server, &control).traffic_class, 2);
    msg_plain(client, &mapped, server);
    msg_add_number(&wrong, IPPROTO_IPV6, MSG__HOPLIMIT, 2);
    CHECK_EQ(msg_send(client, &mapped, &wrong), WSAEINVAL);
}

/* The source address */

static struct msg_seen messages__from(SOCKET client, const char* address, ULONG index) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    struct msg_control control = {0};
    struct msg_seen seen;

    msg_add_source(&control, address, index);
    seen = msg_pass(client, &target, server, &control);
    closesocket(server);
    return seen;
}

static int messages__refused_from(SOCKET client, const char* address, ULONG index) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    struct msg_control control = {0};
    int error;

    msg_add_source(&control, address, index);
    error = msg_send(client, &target, &control);
    msg_nothing(server);
    closesocket(server);
    return error;
}

static void messages__check_from(const struct msg_seen* seen, const char* address) {
    CHECK_EQ(((const struct sockaddr_in*) &seen->from)->sin_addr.s_addr, inet_addr(address));
}

CONF_TEST(messages_source) {
    struct msg_seen seen = messages__from(msg_udp(AF_INET), "127.0.0.1", 0);

    messages__check_from(&seen, "127.0.0.1");
    seen = messages__from(msg_udp(AF_INET), "127.0.0.1", (ULONG) seen.interface_index);
    messages__check_from(&seen, "127.0.0.1");
    seen = messages__from(msg_udp(AF_INET), "0.0.0.0", 0);
    messages__check_from(&seen, "127.0.0.1");
}

/* Another address of this machine: from there, or not at all. */
CONF_TEST(messages_source_other) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    struct msg_control control = {0};
    struct msg_seen seen;
    int error;

    msg_add_source(&control, "127.0.0.2", 0);
    error = msg_send(msg_udp(AF_INET), &target, &control);
    if (error == 0) {
        CHECK_EQ(msg_receive(server, &seen), 0);
        messages__check_from(&seen, "127.0.0.2");
    } else {
        CHECK_EQ(error, WSAEOPNOTSUPP);
        msg_nothing(server);
    }
}

CONF_TEST(messages_source_bound) {
    struct conf_target own;
    SOCKET client = msg_bound(AF_INET, &own);
    struct msg_seen seen = messages__from(client, "127.0.0.1", 0);

    messages__check_from(&seen, "127.0.0.1");
    CHECK_EQ(messages__refused_from(client, "127.0.0.2", 0), WSAEINVAL);
}

/* Wine says that it binds a socket for datagrams to this address, and does not. */
CONF_TEST(messages_source_bound_in_name) {
    struct conf_target own, target;
    SOCKET client = msg_udp(AF_INET);
    SOCKET server = msg_receiver(AF_INET, &target);
    struct msg_control control = {0};
    struct msg_seen seen;
    int error;

    conf_loopback(AF_INET, &own);
    ((struct sockaddr_in*) &own.name)->sin_addr.s_addr = inet_addr("127.0.0.2");
    CHECK_EQ(bind(client, (struct sockaddr*) &own.name, own.length), 0);
    msg_add_source(&control, "127.0.0.2", 0);
    error = msg_send(client, &target, &control);
    if (error == 0) {
        CHECK_EQ(msg_receive(server, &seen), 0);
        messages__check_from(&seen, "127.0.0.2");
    } else {
        CHECK_EQ(error, WSAEOPNOTSUPP);
        msg_nothing(server);
    }
}

CONF_TEST(messages_source_foreign) {
    CHECK_EQ(messages__refused_from(msg_udp(AF_INET), "198.51.100.77", 0), WSAEINVAL);
}

CONF_TEST(messages_source_no_interface) {
    CHECK(messages__refused_from(msg_udp(AF_INET), "127.0.0.1", 77777) != 0);
    CHECK(messages__refused_from(msg_udp(AF_INET), "0.0.0.0", 77777) != 0);
}

/* Kinds and forms that are refused; nothing goes out. */

static void messages__refused(struct msg_control* control, int error) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    SOCKET client = msg_udp(AF_INET);

    CHECK_EQ(msg_send(client, &target, control), error);
    CHECK(!msg_is_readable(server, 0));
    msg_plain(client, &target, server);
    closesocket(server);
    closesocket(client);
}

static void messages__refused_number(int level, int type, int value, int error) {
    struct msg_control control = {0};

    msg_add_number(&control, level, type, value);
    messages__refused(&control, error);
}

CONF_TEST(messages_unknown_kind) {
    messages__refused_number(IPPROTO_UDP, 999, 3, WSAEOPNOTSUPP);
    messages__refused_number(IPPROTO_IP, MSG__DONTFRAGMENT, 1, WSAEOPNOTSUPP);
    messages__refused_number(IPPROTO_IP, 999, 1, WSAEOPNOTSUPP);
    messages__refused_number(SOL_SOCKET, 1, 1, WSAEOPNOTSUPP);
}

/* The size of the datagrams that the data are to be divided into: what is not more than one is not
 * divided. */
CONF_TEST(messages_segment) {
    static const int sizes[] = {0, 7, 8, 1200, -1};
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    SOCKET client = msg_udp(AF_INET);
    size_t i;

    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct msg_control control = {0};

        msg_add_number(&control, IPPROTO_UDP, MSG__UDP_SEND_MSG_SIZE, sizes[i]);
        CHECK_EQ(msg_pass(client, &target, server, &control).length, 7);
        CHECK(!msg_is_readable(server, 0));
    }
    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    for (i = 0; i < 2; i++) {
        struct msg_control control = {0};

        if (i == 0)
            msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
        msg_add_number(&control, IPPROTO_UDP, MSG__UDP_SEND_MSG_SIZE, 7);
        if (i == 1)
            msg_add_number(&control, IPPROTO_IP, MSG__ECN, 2);
        CHECK_EQ(msg_pass(client, NULL, server, &control).traffic_class, 2);
    }
    msg_plain(client, NULL, server);
}

CONF_TEST(messages_segment_ipv6) {
    struct conf_target target;
    struct msg_control control = {0};
    SOCKET server, client;

    conf_need_ipv6();
    server = msg_receiver(AF_INET6, &target);
    client = msg_udp(AF_INET6);
    msg_add_number(&control, IPPROTO_UDP, MSG__UDP_SEND_MSG_SIZE, 7);
    msg_add_number(&control, IPPROTO_IPV6, MSG__HOPLIMIT, 9);
    CHECK_EQ(msg_pass(client, &target, server, &control).hops, 9);
    msg_plain(client, &target, server);
}

/* Data of more than one segment are not sent as one. */
CONF_TEST(messages_segments) {
    struct msg_control control = {0};
    char size = 7;

    messages__refused_number(IPPROTO_UDP, MSG__UDP_SEND_MSG_SIZE, 6, WSAEOPNOTSUPP);
    messages__refused_number(IPPROTO_UDP, MSG__UDP_SEND_MSG_SIZE, 1, WSAEOPNOTSUPP);
    msg_add(&control, IPPROTO_UDP, MSG__UDP_SEND_MSG_SIZE, &size, sizeof size);
    messages__refused(&control, WSAEINVAL);
}

CONF_TEST(messages_unknown_kind_behind) {
    struct msg_control control = {0};

    msg_add_number(&control, IPPROTO_IP, MSG__TTL, 5);
    msg_add_number(&control, IPPROTO_IP, 999, 5);
    messages__refused(&control, WSAEOPNOTSUPP);
}

CONF_TEST(messages_out_of_range) {
    messages__refused_number(IPPROTO_IP, MSG__TOS, 256, WSAEINVAL);
    messages__refused_number(IPPROTO_IP, MSG__TOS, -1, WSAEINVAL);
    messages__refused_number(IPPROTO_IP, MSG__ECN, 4, WSAEINVAL);
    messages__refused_number(IPPROTO_IP, MSG__TTL, 0, WSAEINVAL);
    messages__refused_number(IPPROTO_IP, MSG__TTL, 256, WSAEINVAL);
    messages__refused_number(IPPROTO_IPV6, MSG__HOPLIMIT, 5, WSAEINVAL);
}

CONF_TEST(messages_lengths) {
    static const SIZE_T lengths[] = {0,
                                     1,
                                     sizeof(WSACMSGHDR) - 1,
                                     sizeof(WSACMSGHDR),
                                     sizeof(WSACMSGHDR) + 3,
                                     sizeof(WSACMSGHDR) + 100,
                                     (SIZE_T) -1,
                                     (SIZE_T) -8,
                                     (SIZE_T) 1 << 31};
    size_t i;

    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct msg_control control = {0};

        msg_add_number(&control, IPPROTO_IP, MSG__TTL, 5);
        ((WSACMSGHDR*) control.data)->cmsg_len = lengths[i];
        messages__refused(&control, WSAEINVAL);
    }
}

CONF_TEST(messages_short_control) {
    struct msg_control control = {0};
    DWORD length;

    msg_add_number(&control, IPPROTO_IP, MSG__TTL, 5);
    for (length = 1; length < sizeof(WSACMSGHDR) + sizeof(int); length++) {
        control.length = length;
        messages__refused(&control, WSAEINVAL);
    }
}

CONF_TEST(messages_short_source) {
    struct msg_control control = {0};

    msg_add_source(&control, "127.0.0.1", 0);
    ((WSACMSGHDR*) control.data)->cmsg_len -= 1;
    messages__refused(&control, WSAEINVAL);
}

/* At the end of a page and at an odd address. */
CONF_TEST(messages_places) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    SOCKET client = msg_udp(AF_INET);
    struct msg_control control = {0};
    WSABUF buffer = {7, "message"};
    WSAMSG message = {0};
    struct msg_seen seen;
    DWORD sent, size = sizeof(WSACMSGHDR) + sizeof(int);

    msg_add_number(&control, IPPROTO_IP, MSG__TTL, 5);
    message.name = (struct sockaddr*) &target.name;
    message.namelen = target.length;
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    message.Control.buf = conf_before_noaccess(control.data, size);
    message.Control.len = size;
    CHECK_EQ(msg_send_pointer(client)(client, &message, 0, &sent, NULL, NULL), 0);
    CHECK_EQ(msg_receive(server, &seen), 0);
    CHECK_EQ(seen.hops, 5);
    memmove(control.data + 1, control.data, size);
    message.Control.buf = control.data + 1;
    CHECK_EQ(msg_send_pointer(client)(client, &message, 0, &sent, NULL, NULL), 0);
    CHECK_EQ(msg_receive(server, &seen), 0);
    CHECK_EQ(seen.hops, 5);
    message.Control.buf = conf_noaccess();
    CHECK_EQ(conf_last(msg_send_pointer(client)(client, &message, 0, &sent, NULL, NULL)),
             WSAEFAULT);
    message.Control.buf = conf_before_noaccess(control.data + 1, size - 1);
    CHECK_EQ(conf_last(msg_send_pointer(client)(client, &message, 0, &sent, NULL, NULL)),
             WSAEFAULT);
    message.Control.buf = NULL;
    CHECK_EQ(conf_last(msg_send_pointer(client)(client, &message, 0, &sent, NULL, NULL)),
             WSAEFAULT);
    msg_nothing(server);
}
