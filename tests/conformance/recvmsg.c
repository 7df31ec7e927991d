/* SPDX-License-Identifier: MIT */
#include "msgtest.h"

/* WSARecvMsg, and WSARecvEx of mswsock.dll. */

typedef int(PASCAL* recvmsg__ex)(SOCKET, char*, int, int*);

struct recvmsg__case {
    struct conf_target target;
    SOCKET server, client;
    LPFN_WSARECVMSG function;
    _Alignas(8) char control[MSG__ROOM];
    char text[16];
    struct sockaddr_storage name;
    WSABUF buffer;
    WSAMSG message;
    DWORD received;
};

static void recvmsg__prepare(struct recvmsg__case* it) {
    memset(it, 0, sizeof *it);
    it->server = msg_receiver(AF_INET, &it->target);
    it->client = msg_udp(AF_INET);
    it->function = msg_recv_pointer(it->server);
    it->buffer.len = sizeof it->text;
    it->buffer.buf = it->text;
    it->message.name = (struct sockaddr*) &it->name;
    it->message.namelen = sizeof it->name;
    it->message.lpBuffers = &it->buffer;
    it->message.dwBufferCount = 1;
    it->message.Control.buf = it->control;
    it->message.Control.len = sizeof it->control;
    it->received = 0xabcdef;
}

static void recvmsg__send(struct recvmsg__case* it) {
    CHECK_EQ(
        sendto(it->client, "message", 7, 0, (struct sockaddr*) &it->target.name, it->target.length),
        7);
    if (!msg_is_readable(it->server, CONF__LIMIT))
        conf_fail(__FILE__, __LINE__, "no datagram after %d ms", CONF__LIMIT);
}

static int recvmsg__call(struct recvmsg__case* it) {
    return conf_last(it->function(it->server, &it->message, &it->received, NULL, NULL));
}

CONF_TEST(recvmsg_same_pointer) {
    CHECK(msg_recv_pointer(msg_udp(AF_INET)) == msg_recv_pointer(conf_tcp(AF_INET)));
    conf_need_ipv6();
    CHECK(msg_recv_pointer(msg_udp(AF_INET6)) == msg_recv_pointer(msg_udp(AF_INET)));
}

CONF_TEST(recvmsg_everything) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    struct in_addr loopback;
    struct msg_seen seen;

    CHECK_EQ(msg_send(msg_udp(AF_INET), &target, NULL), 0);
    CHECK_EQ(msg_receive(server, &seen), 0);
    loopback.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(memcmp(&seen.destination, &loopback, sizeof loopback) == 0);
    CHECK(seen.interface_index > 0);
    CHECK_EQ(seen.hops, 64);
    CHECK_EQ(seen.traffic_class, 0);
    CHECK_EQ(seen.flags, 0);
    CHECK_EQ(seen.from.ss_family, AF_INET);
}

CONF_TEST(recvmsg_everything_ipv6) {
    struct conf_target target;
    SOCKET server;
    struct msg_seen seen;

    conf_need_ipv6();
    server = msg_receiver(AF_INET6, &target);
    CHECK_EQ(msg_send(msg_udp(AF_INET6), &target, NULL), 0);
    CHECK_EQ(msg_receive(server, &seen), 0);
    CHECK_EQ(seen.destination.s6_addr[15], 1);
    CHECK(seen.interface_index > 0);
    CHECK_EQ(seen.hops, 64);
    CHECK_EQ(seen.traffic_class, 0);
}

CONF_TEST(recvmsg_null_message) {
    struct recvmsg__case it;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    CHECK_EQ(conf_last(it.function(it.server, NULL, &it.received, NULL, NULL)), WSAEFAULT);
    CHECK_EQ(conf_last(it.function(it.server, conf_noaccess(), &it.received, NULL, NULL)),
             WSAEFAULT);
    CHECK_EQ(recvmsg__call(&it), 0);
}

CONF_TEST(recvmsg_unreadable_buffers) {
    struct recvmsg__case it;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    it.message.lpBuffers = NULL;
    CHECK_EQ(recvmsg__call(&it), WSAEFAULT);
    it.message.lpBuffers = conf_noaccess();
    CHECK_EQ(recvmsg__call(&it), WSAEFAULT);
    it.message.lpBuffers = &it.buffer;
    it.message.dwBufferCount = 0x90000000;
    CHECK_EQ(recvmsg__call(&it), WSAEFAULT);
    it.message.dwBufferCount = 1;
    CHECK_EQ(recvmsg__call(&it), 0);
    CHECK_EQ(it.received, 7);
}

CONF_TEST(recvmsg_unwritable_buffer) {
    struct recvmsg__case it;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    it.buffer.buf = conf_noaccess();
    CHECK_EQ(recvmsg__call(&it), WSAEFAULT);
}

CONF_TEST(recvmsg_unwritable_name) {
    struct recvmsg__case it;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    it.message.name = conf_noaccess();
    CHECK_EQ(recvmsg__call(&it), WSAEFAULT);
    it.message.name = NULL;
    it.message.namelen = 0;
    CHECK_EQ(recvmsg__call(&it), 0);
}

CONF_TEST(recvmsg_unwritable_control) {
    struct recvmsg__case it;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    it.message.Control.buf = conf_noaccess();
    CHECK_EQ(recvmsg__call(&it), WSAEFAULT);
    it.message.Control.buf = NULL;
    CHECK_EQ(recvmsg__call(&it), WSAEFAULT);
    it.message.Control.buf = conf_before_noaccess(it.control, 100);
    CHECK_EQ(recvmsg__call(&it), WSAEFAULT);
    it.message.Control.buf = it.control;
    CHECK_EQ(recvmsg__call(&it), 0);
}

CONF_TEST(recvmsg_unwritable_count) {
    struct recvmsg__case it;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    CHECK_EQ(conf_last(it.function(it.server, &it.message, NULL, NULL, NULL)), WSAEFAULT);
    CHECK_EQ(conf_last(it.function(it.server, &it.message, conf_readonly(), NULL, NULL)),
             WSAEFAULT);
    CHECK_EQ(conf_last(it.function(it.server, &it.message, NULL, conf_readonly(), NULL)),
             WSAEFAULT);
    CHECK_EQ(recvmsg__call(&it), 0);
}

CONF_TEST(recvmsg_not_a_socket) {
    struct recvmsg__case it;

    recvmsg__prepare(&it);
    it.server = INVALID_SOCKET;
    CHECK_EQ(recvmsg__call(&it), WSAENOTSOCK);
    it.server = msg_udp(AF_INET);
    closesocket(it.server);
    CHECK_EQ(recvmsg__call(&it), WSAENOTSOCK);
    /* The socket comes first, whatever else is wrong. */
    CHECK_EQ(conf_last(it.function(INVALID_SOCKET, NULL, NULL, NULL, NULL)), WSAENOTSOCK);
}

CONF_TEST(recvmsg_would_block) {
    struct recvmsg__case it;
    u_long on = 1;

    recvmsg__prepare(&it);
    CHECK_EQ(ioctlsocket(it.server, FIONBIO, &on), 0);
    CHECK_EQ(recvmsg__call(&it), WSAEWOULDBLOCK);
}

/* What did not fit is gone; what did is there, and counted. */
CONF_TEST(recvmsg_cut) {
    struct recvmsg__case it;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    it.buffer.len = 3;
    CHECK_EQ(recvmsg__call(&it), WSAEMSGSIZE);
    CHECK_EQ(it.received, 3);
    CHECK_EQ(it.message.dwFlags, MSG_TRUNC);
    CHECK(memcmp(it.text, "mes\0", 4) == 0);
    CHECK(it.message.Control.len > 0 && it.message.Control.len < sizeof it.control);
    CHECK_EQ(it.name.ss_family, AF_INET);
    msg_nothing(it.server);
}

CONF_TEST(recvmsg_control_cut) {
    struct recvmsg__case it;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    it.message.Control.len = 1;
    CHECK_EQ(recvmsg__call(&it), WSAEMSGSIZE);
    CHECK_EQ(it.received, 7);
    CHECK_EQ(it.message.dwFlags, MSG_CTRUNC);
    CHECK(memcmp(it.text, "message", 7) == 0);
}

CONF_TEST(recvmsg_peek) {
    struct recvmsg__case it;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    it.message.dwFlags = MSG_PEEK;
    CHECK_EQ(recvmsg__call(&it), 0);
    CHECK_EQ(it.received, 7);
    CHECK_EQ(it.message.dwFlags, 0);
    it.message.Control.len = sizeof it.control;
    CHECK_EQ(recvmsg__call(&it), 0);
    CHECK_EQ(it.received, 7);
    msg_nothing(it.server);
}

CONF_TEST(recvmsg_scattered) {
    struct recvmsg__case it;
    char rest[8] = {0};
    WSABUF buffers[2];

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    buffers[0].len = 2;
    buffers[0].buf = it.text;
    buffers[1].len = sizeof rest;
    buffers[1].buf = rest;
    it.message.lpBuffers = buffers;
    it.message.dwBufferCount = 2;
    CHECK_EQ(recvmsg__call(&it), 0);
    CHECK_EQ(it.received, 7);
    CHECK(memcmp(it.text, "me\0", 3) == 0 && strcmp(rest, "ssage") == 0);
}

CONF_TEST(recvmsg_port) {
    struct recvmsg__case it;
    OVERLAPPED overlapped = {0};
    HANDLE port;

    recvmsg__prepare(&it);
    port = conf_port(it.server);
    CHECK_EQ(conf_last(it.function(it.server, &it.message, NULL, &overlapped, NULL)),
             WSA_IO_PENDING);
    conf_quiet(port);
    CHECK_EQ(
        sendto(it.client, "message", 7, 0, (struct sockaddr*) &it.target.name, it.target.length),
        7);
    conf_packet(port, &overlapped, 0, 7);
    conf_quiet(port);
    CHECK(it.message.Control.len > 0 && it.message.Control.len < sizeof it.control);
    CHECK_EQ(it.name.ss_family, AF_INET);
}

CONF_TEST(recvmsg_port_cut) {
    struct recvmsg__case it;
    OVERLAPPED overlapped = {0};
    HANDLE port;

    recvmsg__prepare(&it);
    port = conf_port(it.server);
    it.buffer.len = 3;
    CHECK_EQ(conf_last(it.function(it.server, &it.message, NULL, &overlapped, NULL)),
             WSA_IO_PENDING);
    CHECK_EQ(
        sendto(it.client, "message", 7, 0, (struct sockaddr*) &it.target.name, it.target.length),
        7);
    conf_packet(port, &overlapped, ERROR_MORE_DATA, 3);
}

CONF_TEST(recvmsg_event) {
    struct recvmsg__case it;
    OVERLAPPED overlapped = {0};
    DWORD bytes;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    overlapped.hEvent = conf_event();
    it.function(it.server, &it.message, NULL, &overlapped, NULL);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(it.server, &overlapped, &bytes), 0);
    CHECK_EQ(bytes, 7);
}

static int recvmsg__calls;
static DWORD recvmsg__call_bytes;

static void CALLBACK recvmsg__routine(DWORD error, DWORD bytes, LPWSAOVERLAPPED overlapped,
                                      DWORD flags) {
    (void) overlapped;
    (void) flags;
    recvmsg__calls += error == 0;
    recvmsg__call_bytes = bytes;
}

CONF_TEST(recvmsg_routine) {
    struct recvmsg__case it;
    OVERLAPPED overlapped = {0};

    recvmsg__prepare(&it);
    CHECK_EQ(conf_last(it.function(it.server, &it.message, NULL, &overlapped, recvmsg__routine)),
             WSA_IO_PENDING);
    CHECK_EQ(
        sendto(it.client, "message", 7, 0, (struct sockaddr*) &it.target.name, it.target.length),
        7);
    CHECK_EQ(SleepEx(CONF__LIMIT, TRUE), WAIT_IO_COMPLETION);
    CHECK_EQ(recvmsg__calls, 1);
    CHECK_EQ(recvmsg__call_bytes, 7);
}

CONF_TEST(recvmsg_cancelled) {
    struct recvmsg__case it;
    OVERLAPPED overlapped = {0};
    HANDLE port;

    recvmsg__prepare(&it);
    port = conf_port(it.server);
    CHECK_EQ(conf_last(it.function(it.server, &it.message, NULL, &overlapped, NULL)),
             WSA_IO_PENDING);
    CHECK(conf_cancel((HANDLE) it.server, &overlapped));
    conf_packet(port, &overlapped, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
}

/* WSARecvEx */

static recvmsg__ex recvmsg__find_ex(void) {
    HMODULE module = LoadLibraryW(L"mswsock.dll");
    recvmsg__ex function;

    CHECK(module != NULL);
    function = (recvmsg__ex) (void*) GetProcAddress(module, "WSARecvEx");
    CHECK(function != NULL);
    return function;
}

CONF_TEST(recvmsg_ex_datagram) {
    struct recvmsg__case it;
    int flags = 0x12345;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    CHECK_EQ(recvmsg__find_ex()(it.server, it.text, sizeof it.text, &flags), 7);
    CHECK_EQ(flags, 0);
    CHECK(memcmp(it.text, "message", 7) == 0);
    recvmsg__send(&it);
    CHECK_EQ(recvmsg__find_ex()(it.server, it.text, 3, &flags), 3);
    CHECK_EQ(flags, MSG_PARTIAL);
    msg_nothing(it.server);
}

/* On input the flags are not looked at. */
CONF_TEST(recvmsg_ex_flags_ignored) {
    struct recvmsg__case it;
    int flags = MSG_PEEK;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    CHECK_EQ(recvmsg__find_ex()(it.server, it.text, sizeof it.text, &flags), 7);
    CHECK_EQ(flags, 0);
    msg_nothing(it.server);
}

CONF_TEST(recvmsg_ex_stream) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_tcp(AF_INET), server;
    int flags = MSG_PARTIAL;
    char text[8];

    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    server = conf_accept(listener);
    CHECK_EQ(send(client, "stream", 6, 0), 6);
    CHECK_EQ(recvmsg__find_ex()(server, text, 4, &flags), 4);
    CHECK_EQ(flags, 0);
    CHECK_EQ(recvmsg__find_ex()(server, text, 4, &flags), 2);
    CHECK_EQ(flags, 0);
    CHECK_EQ(conf_last(recvmsg__find_ex()(server, text, 0, &flags)), WSAEINVAL);
    shutdown(client, SD_SEND);
    CHECK_EQ(recvmsg__find_ex()(server, text, 4, &flags), 0);
}

CONF_TEST(recvmsg_ex_arguments) {
    struct recvmsg__case it;
    recvmsg__ex function = recvmsg__find_ex();
    int flags = 0;

    recvmsg__prepare(&it);
    recvmsg__send(&it);
    CHECK_EQ(conf_last(function(it.server, it.text, 5, NULL)), WSAEFAULT);
    CHECK_EQ(conf_last(function(it.server, it.text, 5, conf_readonly())), WSAEFAULT);
    CHECK_EQ(conf_last(function(it.server, it.text, -1, &flags)), WSAEINVAL);
    CHECK_EQ(conf_last(function(it.server, NULL, 5, &flags)), WSAEFAULT);
    CHECK_EQ(conf_last(function(it.server, conf_noaccess(), 5, &flags)), WSAEFAULT);
    CHECK_EQ(conf_last(function(INVALID_SOCKET, it.text, 5, &flags)), WSAENOTSOCK);
    CHECK_EQ(function(it.server, it.text, sizeof it.text, &flags), 7);
}
