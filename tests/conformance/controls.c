/* SPDX-License-Identifier: MIT */
#include "controltest.h"

/* What the control codes do that wsext answers. */

CONF_TEST(controls_netreset_off) {
    CHECK_EQ(control_set(control_udp(AF_INET), SIO_UDP_NETRESET, 0), 0);
    conf_need_ipv6();
    CHECK_EQ(control_set(control_udp(AF_INET6), SIO_UDP_NETRESET, 0), 0);
}

/* Windows has the reports and switches them on; who has none must not say so. */
CONF_TEST(controls_netreset_on) {
    CHECK_EQ(control_set(control_udp(AF_INET), SIO_UDP_NETRESET, 1), WSAEOPNOTSUPP);
}

CONF_TEST(controls_connreset) {
    SOCKET datagram = control_udp(AF_INET);

    CHECK_EQ(control_set(datagram, SIO_UDP_CONNRESET, 0), 0);
    CHECK_EQ(control_set(datagram, SIO_UDP_CONNRESET, 1), 0);
}

/* Many .NET programs pass one byte, which Windows takes. */
CONF_TEST(controls_one_byte) {
    SOCKET datagram = control_udp(AF_INET);
    BYTE* value = conf_before_noaccess("", 1);
    DWORD bytes;

    CHECK_EQ(control_ask(datagram, SIO_UDP_CONNRESET, value, 1, NULL, 0, &bytes), 0);
    CHECK_EQ(control_ask(datagram, SIO_UDP_NETRESET, value, 1, NULL, 0, &bytes), 0);
}

/* The default state of what concerns sockets without a connection: a datagram to a closed port
 * leaves no error on the socket that sent it. */
CONF_TEST(controls_connreset_off_works) {
    SOCKET datagram = control_udp(AF_INET);
    struct conf_target closed, own;
    SOCKET other = control_udp(AF_INET);
    char byte;

    conf_loopback(AF_INET, &own);
    CHECK_EQ(bind(other, (struct sockaddr*) &own.name, own.length), 0);
    closed.length = sizeof closed.name;
    CHECK_EQ(getsockname(other, (struct sockaddr*) &closed.name, &closed.length), 0);
    closesocket(other);
    CHECK_EQ(bind(datagram, (struct sockaddr*) &own.name, own.length), 0);
    CHECK_EQ(control_set(datagram, SIO_UDP_CONNRESET, 0), 0);
    CHECK_EQ(sendto(datagram, "x", 1, 0, (struct sockaddr*) &closed.name, closed.length), 1);
    Sleep(CONF__QUIET);
    own.length = sizeof own.name;
    CHECK_EQ(getsockname(datagram, (struct sockaddr*) &own.name, &own.length), 0);
    CHECK_EQ(sendto(datagram, "y", 1, 0, (struct sockaddr*) &own.name, own.length), 1);
    CHECK_EQ(recv(datagram, &byte, 1, 0), 1);
    CHECK_EQ(byte, 'y');
}

CONF_TEST(controls_connreset_off_connected) {
    SOCKET datagram = control_udp(AF_INET), other = control_udp(AF_INET);
    struct conf_target closed;
    DWORD limit = 2 * CONF__QUIET;
    char byte;
    int i;

    conf_loopback(AF_INET, &closed);
    CHECK_EQ(bind(other, (struct sockaddr*) &closed.name, closed.length), 0);
    closed.length = sizeof closed.name;
    CHECK_EQ(getsockname(other, (struct sockaddr*) &closed.name, &closed.length), 0);
    closesocket(other);
    CHECK_EQ(control_set(datagram, SIO_UDP_CONNRESET, 0), 0);
    CHECK_EQ(connect(datagram, (struct sockaddr*) &closed.name, closed.length), 0);
    CHECK_EQ(setsockopt(datagram, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, sizeof limit), 0);
    for (i = 0; i < 3; i++) {
        CHECK_EQ(send(datagram, "x", 1, 0), 1);
        CHECK_EQ(conf_last(recv(datagram, &byte, 1, 0)), WSAETIMEDOUT);
    }
}

/* A handle has the size of the backlog's number on 32 bits. */
static BOOL controls__gives_handle(const struct control_row* row) {
    return row->out_length == sizeof(SOCKET) && row->code != SIO_IDEAL_SEND_BACKLOG_QUERY;
}

CONF_TEST(controls_base_handles) {
    SOCKET sockets[] = {control_udp(AF_INET), conf_tcp(AF_INET), control_connected()};
    size_t i, j;

    for (i = 0; i < sizeof sockets / sizeof *sockets; i++) {
        for (j = 0; j < CONTROL__ROWS; j++) {
            SOCKET base = INVALID_SOCKET;
            DWORD bytes = CONTROL__UNTOUCHED;

            if (!controls__gives_handle(&control_rows[j]))
                continue;
            CHECK_EQ(
                control_ask(sockets[i], control_rows[j].code, NULL, 0, &base, sizeof base, &bytes),
                0);
            CHECK_EQ(bytes, sizeof base);
            CHECK(base == sockets[i]);
        }
    }
}

/* Windows has no overlapped form of these and says so in the completion. */
CONF_TEST(controls_base_handles_overlapped) {
    size_t i;

    for (i = 0; i < CONTROL__ROWS; i++) {
        SOCKET s = control_udp(AF_INET);
        HANDLE port = conf_port(s);
        OVERLAPPED overlapped = {0};
        SOCKET base;
        DWORD bytes;
        int result;

        if (!controls__gives_handle(&control_rows[i]))
            continue;
        result = WSAIoctl(s, control_rows[i].code, NULL, 0, &base, sizeof base, &bytes, &overlapped,
                          NULL);
        CHECK_EQ(conf_last(result), WSA_IO_PENDING);
        conf_packet(port, &overlapped, ERROR_NOT_SUPPORTED, 0);
        conf_quiet(port);
    }
}

static int controls__rto(USHORT rtt, UCHAR retries) {
    TCP_INITIAL_RTO_PARAMETERS rto;
    DWORD bytes;

    rto.Rtt = rtt;
    rto.MaxSynRetransmissions = retries;
    return control_ask(conf_tcp(AF_INET), SIO_TCP_INITIAL_RTO, &rto, sizeof rto, NULL, 0, &bytes);
}

CONF_TEST(controls_initial_rto) {
    CHECK_EQ(controls__rto(TCP_INITIAL_RTO_UNSPECIFIED_RTT,
                           TCP_INITIAL_RTO_UNSPECIFIED_MAX_SYN_RETRANSMISSIONS),
             0);
    CHECK_EQ(
        controls__rto(TCP_INITIAL_RTO_DEFAULT_RTT, TCP_INITIAL_RTO_DEFAULT_MAX_SYN_RETRANSMISSIONS),
        0);
}

/* Windows does all of these; who cannot must not say so. */
CONF_TEST(controls_initial_rto_refused) {
    CHECK_EQ(controls__rto(500, TCP_INITIAL_RTO_DEFAULT_MAX_SYN_RETRANSMISSIONS), WSAEOPNOTSUPP);
    CHECK_EQ(controls__rto(TCP_INITIAL_RTO_DEFAULT_RTT, 2), WSAEOPNOTSUPP);
    CHECK_EQ(controls__rto(TCP_INITIAL_RTO_UNSPECIFIED_RTT, TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS),
             WSAEOPNOTSUPP);
}

CONF_TEST(controls_fast_path) {
    SOCKET client = conf_tcp(AF_INET);

    CHECK_EQ(control_set(client, SIO_LOOPBACK_FAST_PATH, 1), 0);
    CHECK_EQ(control_set(client, SIO_LOOPBACK_FAST_PATH, 0), 0);
}

/* A call that succeeds at once, in each way of notification. */

static void controls__start(SOCKET datagram, OVERLAPPED* overlapped,
                            LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    DWORD off = 0, bytes = CONTROL__UNTOUCHED;
    int result = WSAIoctl(datagram, SIO_UDP_NETRESET, &off, sizeof off, NULL, 0, &bytes, overlapped,
                          routine);

    CHECK_EQ(conf_last(result), 0);
    CHECK_EQ(bytes, 0);
}

CONF_TEST(controls_overlapped_event) {
    SOCKET datagram = control_udp(AF_INET);
    OVERLAPPED overlapped = {0};
    DWORD bytes = CONTROL__UNTOUCHED;

    overlapped.hEvent = conf_event();
    overlapped.Internal = CONF__STATUS_PENDING;
    controls__start(datagram, &overlapped, NULL);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(datagram, &overlapped, &bytes), 0);
    CHECK_EQ(bytes, 0);
}

CONF_TEST(controls_overlapped_port) {
    SOCKET datagram = control_udp(AF_INET);
    HANDLE port = conf_port(datagram);
    OVERLAPPED overlapped = {0};

    controls__start(datagram, &overlapped, NULL);
    conf_packet(port, &overlapped, 0, 0);
    conf_quiet(port);
}

CONF_TEST(controls_overlapped_no_packet) {
    SOCKET datagram = control_udp(AF_INET);
    HANDLE port = conf_port(datagram);
    HANDLE event = conf_event();
    OVERLAPPED overlapped = {0};

    overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    controls__start(datagram, &overlapped, NULL);
    CHECK_EQ(WaitForSingleObject(event, CONF__LIMIT), WAIT_OBJECT_0);
    conf_quiet(port);
}

CONF_TEST(controls_overlapped_skip) {
    SOCKET datagram = control_udp(AF_INET);
    HANDLE port = conf_port(datagram);
    OVERLAPPED overlapped = {0};

    CHECK(conf_set_modes((HANDLE) datagram, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    controls__start(datagram, &overlapped, NULL);
    CHECK_EQ(overlapped.Internal, 0);
    conf_quiet(port);
}

CONF_TEST(controls_overlapped_routine) {
    SOCKET datagram = control_udp(AF_INET);
    OVERLAPPED overlapped = {0};

    controls__start(datagram, &overlapped, control_routine);
    CHECK_EQ(control_calls, 0);
    CHECK_EQ(SleepEx(CONF__LIMIT, TRUE), WAIT_IO_COMPLETION);
    SleepEx(CONF__QUIET, TRUE);
    CHECK_EQ(control_calls, 1);
    CHECK_EQ(control_call_error, 0);
    CHECK(control_call_overlapped == &overlapped);
}

CONF_TEST(controls_overlapped_failure) {
    SOCKET datagram = control_udp(AF_INET);
    HANDLE port = conf_port(datagram);
    OVERLAPPED overlapped = {0};
    DWORD bytes;
    int result = WSAIoctl(datagram, SIO_UDP_NETRESET, NULL, 0, NULL, 0, &bytes, &overlapped, NULL);

    CHECK_EQ(conf_last(result), WSAEFAULT);
    conf_quiet(port);
}

/* msquic asks for these on a socket for datagrams and dies of a refusal. */
CONF_TEST(controls_functions_for_datagrams) {
    static const GUID guids[] = {WSAID_ACCEPTEX, WSAID_CONNECTEX, WSAID_WSARECVMSG,
                                 WSAID_WSASENDMSG};
    SOCKET datagram = control_udp(AF_INET);
    size_t i;

    for (i = 0; i < sizeof guids / sizeof *guids; i++) {
        GUID guid = guids[i];
        void *first = NULL, *second = NULL;
        DWORD bytes = 0;

        CHECK_EQ(control_ask(datagram, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid,
                             &first, sizeof first, &bytes),
                 0);
        CHECK_EQ(bytes, sizeof first);
        CHECK_EQ(control_ask(conf_tcp(AF_INET), SIO_GET_EXTENSION_FUNCTION_POINTER, &guid,
                             sizeof guid, &second, sizeof second, &bytes),
                 0);
        CHECK(first != NULL && first == second);
    }
}
