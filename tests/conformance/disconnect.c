/* SPDX-License-Identifier: MIT */

/* DisconnectEx without TF_REUSE_SOCKET. */

#include "conformance.h"

#define DISCONNECT__LARGE (16u << 20)

struct disconnect__call {
    struct conf_pair pair;
    OVERLAPPED overlapped;
    HANDLE issued;
};

static BOOL disconnect__try(SOCKET client, OVERLAPPED* overlapped, DWORD flags, DWORD reserved) {
    LPFN_DISCONNECTEX disconnect_ex = conf_disconnect_pointer(client);

    WSASetLastError(0);
    return disconnect_ex(client, overlapped, flags, reserved);
}

static void disconnect__refused(SOCKET client, OVERLAPPED* overlapped, DWORD flags, DWORD reserved,
                                int expected) {
    BOOL done = disconnect__try(client, overlapped, flags, reserved);
    int error = WSAGetLastError();

    CHECK_EQ(done, FALSE);
    CHECK_EQ(error, expected);
}

static void disconnect__ended(SOCKET server) {
    char buffer[8];

    CHECK_EQ(recv(server, buffer, sizeof buffer, 0), 0);
}

CONF_TEST(disconnect_same_pointer) {
    SOCKET client = conf_tcp(AF_INET);

    CHECK(conf_disconnect_pointer(client) == conf_disconnect_pointer(conf_tcp(AF_INET)));
}

CONF_TEST(disconnect_waiting) {
    struct conf_pair pair = conf_pair(AF_INET);
    char buffer[8] = {0};

    CHECK_EQ(disconnect__try(pair.client, NULL, 0, 0), TRUE);
    disconnect__ended(pair.server);
    /* The other direction stands. */
    CHECK_EQ(send(pair.server, "late", 4, 0), 4);
    CHECK_EQ(recv(pair.client, buffer, sizeof buffer, 0), 4);
    CHECK_EQ(conf_last(send(pair.client, "x", 1, 0)), WSAESHUTDOWN);
}

CONF_TEST(disconnect_ipv6) {
    struct conf_pair pair;

    conf_need_ipv6();
    pair = conf_pair(AF_INET6);
    CHECK_EQ(disconnect__try(pair.client, NULL, 0, 0), TRUE);
    disconnect__ended(pair.server);
}

CONF_TEST(disconnect_event) {
    struct conf_pair pair = conf_pair(AF_INET);
    OVERLAPPED overlapped = {0};
    DWORD bytes = 1;

    overlapped.hEvent = conf_event();
    disconnect__refused(pair.client, &overlapped, 0, 0, ERROR_IO_PENDING);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(pair.client, &overlapped, &bytes), 0);
    CHECK_EQ(bytes, 0);
    disconnect__ended(pair.server);
}

CONF_TEST(disconnect_handle) {
    struct conf_pair pair = conf_pair(AF_INET);
    OVERLAPPED overlapped = {0};

    disconnect__refused(pair.client, &overlapped, 0, 0, ERROR_IO_PENDING);
    CHECK_EQ(conf_wait(pair.client, &overlapped, NULL), 0);
    disconnect__ended(pair.server);
}

CONF_TEST(disconnect_port) {
    struct conf_pair pair = conf_pair(AF_INET);
    HANDLE port = conf_port(pair.client);
    OVERLAPPED overlapped = {0};

    disconnect__refused(pair.client, &overlapped, 0, 0, ERROR_IO_PENDING);
    conf_packet(port, &overlapped, 0, 0);
    conf_quiet(port);
    disconnect__ended(pair.server);
}

CONF_TEST(disconnect_port_and_event) {
    struct conf_pair pair = conf_pair(AF_INET);
    HANDLE port = conf_port(pair.client);
    OVERLAPPED overlapped = {0};

    overlapped.hEvent = conf_event();
    disconnect__refused(pair.client, &overlapped, 0, 0, ERROR_IO_PENDING);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    conf_packet(port, &overlapped, 0, 0);
    conf_quiet(port);
}

CONF_TEST(disconnect_low_bit) {
    struct conf_pair pair = conf_pair(AF_INET);
    HANDLE port = conf_port(pair.client);
    HANDLE event = conf_event();
    OVERLAPPED overlapped = {0};

    overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    disconnect__refused(pair.client, &overlapped, 0, 0, ERROR_IO_PENDING);
    CHECK_EQ(WaitForSingleObject(event, CONF__LIMIT), WAIT_OBJECT_0);
    conf_quiet(port);
}

/* Pending means that a packet comes, in this mode, too. */
CONF_TEST(disconnect_skip) {
    struct conf_pair pair = conf_pair(AF_INET);
    HANDLE port = conf_port(pair.client);
    OVERLAPPED overlapped = {0};

    CHECK(conf_set_modes((HANDLE) pair.client, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    if (disconnect__try(pair.client, &overlapped, 0, 0)) {
        conf_quiet(port);
        return;
    }
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    conf_packet(port, &overlapped, 0, 0);
    conf_quiet(port);
}

CONF_TEST(disconnect_before_update) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);

    conf_connect(client, &target);
    CHECK_EQ(disconnect__try(client, NULL, 0, 0), TRUE);
    disconnect__ended(conf_accept(listener));
}

CONF_TEST(disconnect_accepted) {
    struct conf_pair pair = conf_pair(AF_INET);

    CHECK_EQ(disconnect__try(pair.server, NULL, 0, 0), TRUE);
    disconnect__ended(pair.client);
}

CONF_TEST(disconnect_reserved) {
    struct conf_pair pair = conf_pair(AF_INET);

    disconnect__refused(pair.client, NULL, 0, 1, WSAEINVAL);
    conf_exchange(pair.client, pair.server);
}

CONF_TEST(disconnect_flags) {
    struct conf_pair pair = conf_pair(AF_INET);

    disconnect__refused(pair.client, NULL, TF_DISCONNECT, 0, WSAEINVAL);
    disconnect__refused(pair.client, NULL, TF_REUSE_SOCKET | TF_DISCONNECT, 0, WSAEINVAL);
    disconnect__refused(pair.client, NULL, 0x80000000u, 0, WSAEINVAL);
    conf_exchange(pair.client, pair.server);
}

CONF_TEST(disconnect_unreadable_overlapped) {
    struct conf_pair pair = conf_pair(AF_INET);

    disconnect__refused(pair.client, conf_noaccess(), 0, 0, WSAEFAULT);
    disconnect__refused(pair.client, conf_readonly(), 0, 0, WSAEFAULT);
    conf_exchange(pair.client, pair.server);
}

CONF_TEST(disconnect_not_connected) {
    struct conf_target target;
    OVERLAPPED overlapped = {0};

    disconnect__refused(conf_tcp(AF_INET), NULL, 0, 0, WSAENOTCONN);
    disconnect__refused(conf_client(AF_INET), &overlapped, 0, 0, WSAENOTCONN);
    disconnect__refused(conf_listen(AF_INET, 1, &target), NULL, 0, 0, WSAENOTCONN);
    disconnect__refused(conf_client(AF_INET), NULL, TF_REUSE_SOCKET, 0, WSAENOTCONN);
}

CONF_TEST(disconnect_datagram) {
    SOCKET datagram = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);

    disconnect__refused(datagram, NULL, 0, 0, WSAENOTCONN);
    disconnect__refused(datagram, NULL, TF_REUSE_SOCKET, 0, WSAENOTCONN);
}

CONF_TEST(disconnect_no_socket) {
    LPFN_DISCONNECTEX disconnect_ex = conf_disconnect_pointer(conf_tcp(AF_INET));
    SOCKET closed = conf_tcp(AF_INET);

    closesocket(closed);
    CHECK_EQ(disconnect_ex(closed, NULL, 0, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAENOTSOCK);
    CHECK_EQ(disconnect_ex(INVALID_SOCKET, NULL, 0, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAENOTSOCK);
    CHECK_EQ(disconnect_ex((SOCKET) conf_event(), NULL, TF_REUSE_SOCKET, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAENOTSOCK);
}

CONF_TEST(disconnect_while_connecting) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    OVERLAPPED overlapped = {0};

    conf_silent_fill(&silent, AF_INET);
    overlapped.hEvent = conf_event();
    conf_start(client, &silent.target, "x", 1, &overlapped);
    disconnect__refused(client, NULL, 0, 0, WSAENOTCONN);
    disconnect__refused(client, NULL, TF_REUSE_SOCKET, 0, WSAENOTCONN);
    CHECK_EQ(overlapped.Internal, CONF__STATUS_PENDING);
}

/* What was sent before goes out first, and the disconnect ends after it. */
CONF_TEST(disconnect_behind_a_send) {
    struct conf_sink sink = {0};
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED connecting = {0};
    OVERLAPPED ending = {0};
    char* payload = conf_pages(DISCONNECT__LARGE);

    sink.accept_delay = 100;
    conf_pattern_fill(payload, DISCONNECT__LARGE);
    conf_sink_start(&sink);
    conf_start(client, &sink.target, payload, DISCONNECT__LARGE, &connecting);
    Sleep(50);
    disconnect__refused(client, &ending, 0, 0, ERROR_IO_PENDING);
    conf_packet(port, &connecting, 0, DISCONNECT__LARGE);
    conf_packet(port, &ending, 0, 0);
    conf_quiet(port);
    conf_sink_finish(&sink);
    CHECK(sink.intact && sink.ended);
    CHECK_EQ(sink.received, DISCONNECT__LARGE);
}

/* A connection whose peer reads nothing, with a send that does not end. */
static struct conf_pair disconnect__stuck(HANDLE* port, OVERLAPPED* sending) {
    struct conf_pair pair = conf_pair(AF_INET);
    WSABUF buffer = {DISCONNECT__LARGE, conf_pages(DISCONNECT__LARGE)};

    *port = conf_port(pair.client);
    CHECK_EQ(conf_last(WSASend(pair.client, &buffer, 1, NULL, 0, sending, NULL)), WSA_IO_PENDING);
    return pair;
}

CONF_TEST(disconnect_cancel) {
    HANDLE port;
    OVERLAPPED sending = {0};
    OVERLAPPED ending = {0};
    struct conf_pair pair = disconnect__stuck(&port, &sending);

    disconnect__refused(pair.client, &ending, 0, 0, ERROR_IO_PENDING);
    Sleep(20);
    CHECK_EQ(ending.Internal, CONF__STATUS_PENDING);
    CHECK(conf_cancel((HANDLE) pair.client, &ending));
    conf_packet(port, &ending, ERROR_OPERATION_ABORTED, 0);
    CHECK_EQ(sending.Internal, CONF__STATUS_PENDING);
    CHECK(!conf_cancel_io_ex((HANDLE) pair.client, &ending));
    CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
    conf_quiet(port);
}

/* What becomes of the program's own send is the host's affair (Wine 8 forgets it). */
CONF_TEST(disconnect_close) {
    HANDLE port;
    OVERLAPPED sending = {0};
    OVERLAPPED ending = {0};
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;
    int count = 0;
    struct conf_pair pair = disconnect__stuck(&port, &sending);

    disconnect__refused(pair.client, &ending, TF_REUSE_SOCKET, 0, ERROR_IO_PENDING);
    Sleep(20);
    closesocket(pair.client);
    while (conf_dequeue(port, count == 0 ? CONF__LIMIT : CONF__QUIET, &got, &error, &bytes)) {
        if (got != &ending)
            continue;
        CHECK_EQ(error, ERROR_OPERATION_ABORTED);
        count++;
    }
    CHECK_EQ(count, 1);
    CHECK_EQ(ending.Internal, CONF__STATUS_CANCELLED);
}

/* A handle can be closed by more ways than closesocket and CloseHandle. The send ends with the
 * connection, and then what is behind it. */
CONF_TEST(disconnect_closed_otherwise) {
    HANDLE port;
    OVERLAPPED sending = {0};
    OVERLAPPED ending = {0};
    LONG(NTAPI * close)(HANDLE);
    struct conf_pair pair;

    sending.hEvent = (HANDLE) ((ULONG_PTR) conf_event() | 1);
    pair = disconnect__stuck(&port, &sending);
    disconnect__refused(pair.client, &ending, 0, 0, ERROR_IO_PENDING);
    close = (void*) GetProcAddress(GetModuleHandleA("ntdll"), "NtClose");
    CHECK_EQ(close((HANDLE) pair.client), 0);
    conf_reset(pair.server);
    conf_packet(port, &ending, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
}

static DWORD WINAPI disconnect__issue(void* parameter) {
    struct disconnect__call* call = parameter;

    disconnect__try(call->pair.client, &call->overlapped, 0, 0);
    SetEvent(call->issued);
    return 0;
}

CONF_TEST(disconnect_thread_exit) {
    static struct disconnect__call call;
    static OVERLAPPED sending;
    HANDLE port;
    HANDLE thread;

    call.pair = disconnect__stuck(&port, &sending);
    call.overlapped.hEvent = conf_event();
    call.issued = conf_event();
    thread = CreateThread(NULL, 0, disconnect__issue, &call, 0, NULL);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(call.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(call.overlapped.Internal, CONF__STATUS_CANCELLED);
    conf_packet(port, &call.overlapped, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
}

CONF_TEST(disconnect_after_shutdown) {
    struct conf_pair pair = conf_pair(AF_INET);

    CHECK_EQ(shutdown(pair.client, SD_SEND), 0);
    CHECK_EQ(disconnect__try(pair.client, NULL, 0, 0), TRUE);
    disconnect__ended(pair.server);
}

static DWORD WINAPI disconnect__send_for_ever(void* parameter) {
    static char chunk[65536];

    while (send((SOCKET) parameter, chunk, sizeof chunk, 0) > 0)
        continue;
    return 0;
}

/* A peer that does not stop sending does not keep the socket from being used again. */
CONF_TEST(disconnect_endless_sender) {
    struct conf_pair pair = conf_pair(AF_INET);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    HANDLE thread = CreateThread(NULL, 0, disconnect__send_for_ever, (void*) pair.server, 0, NULL);

    CHECK_EQ(WaitForSingleObject(thread, 100), WAIT_TIMEOUT);
    CHECK(conf_disconnect_pointer(pair.client)(pair.client, NULL, TF_REUSE_SOCKET, 0));
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    conf_connect(pair.client, &target);
    conf_accept(listener);
}
