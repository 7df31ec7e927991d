/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#include <mstcpip.h>

#ifndef SIO_UDP_NETRESET
#define SIO_UDP_NETRESET _WSAIOW(IOC_VENDOR, 15)
#endif
#ifndef SIO_BASE_HANDLE
#define SIO_BASE_HANDLE _WSAIOR(IOC_WS2, 34)
#endif
#ifndef SIO_IDEAL_SEND_BACKLOG_QUERY
#define SIO_IDEAL_SEND_BACKLOG_QUERY _IOR('t', 123, ULONG)
#define SIO_IDEAL_SEND_BACKLOG_CHANGE _IO('t', 122)
#endif

#define CONTROLS__UNTOUCHED 0x5afe5afe

/* What each code takes and gives, and which kind of socket it is for. */
struct controls__row {
    DWORD code;
    int type;
    DWORD in_length, out_length;
};

static const struct controls__row controls__rows[] = {
    {SIO_UDP_CONNRESET, SOCK_DGRAM, sizeof(BOOL), 0},
    {SIO_UDP_NETRESET, SOCK_DGRAM, sizeof(BOOL), 0},
    {SIO_BASE_HANDLE, 0, 0, sizeof(SOCKET)},
    {SIO_BSP_HANDLE, 0, 0, sizeof(SOCKET)},
    {SIO_BSP_HANDLE_SELECT, 0, 0, sizeof(SOCKET)},
    {SIO_BSP_HANDLE_POLL, 0, 0, sizeof(SOCKET)},
    {SIO_TCP_INITIAL_RTO, SOCK_STREAM, sizeof(TCP_INITIAL_RTO_PARAMETERS), 0},
    {SIO_LOOPBACK_FAST_PATH, SOCK_STREAM, sizeof(int), 0},
    {SIO_IDEAL_SEND_BACKLOG_QUERY, SOCK_STREAM, 0, sizeof(ULONG)},
    {(DWORD) SIO_IDEAL_SEND_BACKLOG_CHANGE, SOCK_STREAM, 0, 0},
};

#define CONTROLS__COUNT (sizeof controls__rows / sizeof *controls__rows)

static SOCKET controls__udp(int family) {
    SOCKET datagram = WSASocketW(family, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);

    CHECK(datagram != INVALID_SOCKET);
    return datagram;
}

static SOCKET controls__connected(void) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_tcp(AF_INET);

    CHECK_EQ(connect(client, (struct sockaddr *) &target.name, target.length), 0);
    conf_accept(listener);
    return client;
}

static SOCKET controls__socket_for(const struct controls__row *row) {
    if (row->type == SOCK_DGRAM)
        return controls__udp(AF_INET);
    return controls__connected();
}

static int controls__ask(SOCKET s, DWORD code, void *in, DWORD in_length, void *out,
                         DWORD out_length, DWORD *bytes) {
    WSASetLastError(0);
    return conf_last(WSAIoctl(s, code, in, in_length, out, out_length, bytes, NULL, NULL));
}

static int controls__set(SOCKET s, DWORD code, DWORD value) {
    DWORD bytes = CONTROLS__UNTOUCHED;
    int error = controls__ask(s, code, &value, sizeof value, NULL, 0, &bytes);

    if (error == 0)
        CHECK_EQ(bytes, 0);
    return error;
}

CONF_TEST(controls_netreset_off) {
    CHECK_EQ(controls__set(controls__udp(AF_INET), SIO_UDP_NETRESET, 0), 0);
    conf_need_ipv6();
    CHECK_EQ(controls__set(controls__udp(AF_INET6), SIO_UDP_NETRESET, 0), 0);
}

/* Windows has the reports and switches them on; who has none must not say so. */
CONF_TEST(controls_netreset_on) {
    CHECK_EQ(controls__set(controls__udp(AF_INET), SIO_UDP_NETRESET, 1), WSAEOPNOTSUPP);
}

CONF_TEST(controls_connreset) {
    SOCKET datagram = controls__udp(AF_INET);

    CHECK_EQ(controls__set(datagram, SIO_UDP_CONNRESET, 0), 0);
    CHECK_EQ(controls__set(datagram, SIO_UDP_CONNRESET, 1), 0);
}

/* Many .NET programs pass one byte, which Windows takes. */
CONF_TEST(controls_one_byte) {
    SOCKET datagram = controls__udp(AF_INET);
    BYTE *value = conf_before_noaccess("", 1);
    DWORD bytes;

    CHECK_EQ(controls__ask(datagram, SIO_UDP_CONNRESET, value, 1, NULL, 0, &bytes), 0);
    CHECK_EQ(controls__ask(datagram, SIO_UDP_NETRESET, value, 1, NULL, 0, &bytes), 0);
}

/* The default state of what concerns sockets without a connection: a datagram to a closed port
 * leaves no error on the socket that sent it. */
CONF_TEST(controls_connreset_off_works) {
    SOCKET datagram = controls__udp(AF_INET);
    struct conf_target closed, own;
    SOCKET other = controls__udp(AF_INET);
    char byte;

    conf_loopback(AF_INET, &own);
    CHECK_EQ(bind(other, (struct sockaddr *) &own.name, own.length), 0);
    closed.length = sizeof closed.name;
    CHECK_EQ(getsockname(other, (struct sockaddr *) &closed.name, &closed.length), 0);
    closesocket(other);
    CHECK_EQ(bind(datagram, (struct sockaddr *) &own.name, own.length), 0);
    CHECK_EQ(controls__set(datagram, SIO_UDP_CONNRESET, 0), 0);
    CHECK_EQ(sendto(datagram, "x", 1, 0, (struct sockaddr *) &closed.name, closed.length), 1);
    Sleep(CONF__QUIET);
    own.length = sizeof own.name;
    CHECK_EQ(getsockname(datagram, (struct sockaddr *) &own.name, &own.length), 0);
    CHECK_EQ(sendto(datagram, "y", 1, 0, (struct sockaddr *) &own.name, own.length), 1);
    CHECK_EQ(recv(datagram, &byte, 1, 0), 1);
    CHECK_EQ(byte, 'y');
}

CONF_TEST(controls_connreset_off_connected) {
    SOCKET datagram = controls__udp(AF_INET), other = controls__udp(AF_INET);
    struct conf_target closed;
    DWORD limit = 2 * CONF__QUIET;
    char byte;
    int i;

    conf_loopback(AF_INET, &closed);
    CHECK_EQ(bind(other, (struct sockaddr *) &closed.name, closed.length), 0);
    closed.length = sizeof closed.name;
    CHECK_EQ(getsockname(other, (struct sockaddr *) &closed.name, &closed.length), 0);
    closesocket(other);
    CHECK_EQ(controls__set(datagram, SIO_UDP_CONNRESET, 0), 0);
    CHECK_EQ(connect(datagram, (struct sockaddr *) &closed.name, closed.length), 0);
    CHECK_EQ(setsockopt(datagram, SOL_SOCKET, SO_RCVTIMEO, (char *) &limit, sizeof limit), 0);
    for (i = 0; i < 3; i++) {
        CHECK_EQ(send(datagram, "x", 1, 0), 1);
        CHECK_EQ(conf_last(recv(datagram, &byte, 1, 0)), WSAETIMEDOUT);
    }
}

CONF_TEST(controls_input) {
    DWORD value = 0, bytes;
    ULONG out[2];
    size_t i;

    for (i = 0; i < CONTROLS__COUNT; i++) {
        const struct controls__row *row = &controls__rows[i];
        SOCKET s = controls__socket_for(row);

        if (row->in_length == 0)
            continue;
        CHECK_EQ(controls__ask(s, row->code, NULL, 0, out, sizeof out, &bytes), WSAEFAULT);
        CHECK_EQ(controls__ask(s, row->code, NULL, sizeof value, out, sizeof out, &bytes),
                 WSAEFAULT);
        CHECK_EQ(controls__ask(s, row->code, &value, 0, out, sizeof out, &bytes), WSAEFAULT);
        CHECK_EQ(controls__ask(s, row->code, conf_noaccess(), sizeof value, NULL, 0, &bytes),
                 WSAEFAULT);
    }
}

CONF_TEST(controls_short_input) {
    DWORD value = 0, bytes;

    CHECK_EQ(controls__ask(conf_tcp(AF_INET), SIO_TCP_INITIAL_RTO, &value, 3, NULL, 0, &bytes),
             WSAEFAULT);
    CHECK_EQ(controls__ask(conf_tcp(AF_INET), SIO_LOOPBACK_FAST_PATH, &value, 3, NULL, 0, &bytes),
             WSAEFAULT);
}

CONF_TEST(controls_output) {
    DWORD bytes;
    ULONG out[2];
    size_t i;

    for (i = 0; i < CONTROLS__COUNT; i++) {
        const struct controls__row *row = &controls__rows[i];
        SOCKET s = controls__socket_for(row);

        if (row->out_length == 0)
            continue;
        CHECK_EQ(controls__ask(s, row->code, NULL, 0, NULL, 0, &bytes), WSAEFAULT);
        CHECK_EQ(controls__ask(s, row->code, NULL, 0, NULL, row->out_length, &bytes), WSAEFAULT);
        CHECK_EQ(controls__ask(s, row->code, NULL, 0, out, row->out_length - 1, &bytes),
                 WSAEFAULT);
        CHECK_EQ(controls__ask(s, row->code, NULL, 0, conf_readonly(), row->out_length, &bytes),
                 WSAEFAULT);
    }
}

CONF_TEST(controls_bytes) {
    DWORD value = 0;
    ULONG out[2];
    size_t i;

    for (i = 0; i < CONTROLS__COUNT; i++) {
        const struct controls__row *row = &controls__rows[i];
        SOCKET s = controls__socket_for(row);
        DWORD out_length = row->out_length;

        CHECK_EQ(controls__ask(s, row->code, &value, sizeof value, out, out_length, NULL),
                 WSAEFAULT);
        CHECK_EQ(controls__ask(s, row->code, &value, sizeof value, out, out_length,
                               conf_noaccess()), WSAEFAULT);
    }
}

CONF_TEST(controls_unwritable_overlapped) {
    DWORD value = 0, bytes;
    ULONG out[2];
    size_t i;

    for (i = 0; i < CONTROLS__COUNT; i++) {
        const struct controls__row *row = &controls__rows[i];
        int result = WSAIoctl(controls__socket_for(row), row->code, &value, sizeof value, out,
                              row->out_length, &bytes, conf_readonly(), NULL);

        CHECK_EQ(conf_last(result), WSAEFAULT);
    }
}

CONF_TEST(controls_not_a_socket) {
    SOCKET handles[] = {INVALID_SOCKET, 0, (SOCKET) conf_event(), conf_tcp(AF_INET)};
    DWORD value = 0, bytes;
    ULONG out[2];
    size_t i, j;

    closesocket(handles[3]);
    for (i = 0; i < CONTROLS__COUNT; i++) {
        const struct controls__row *row = &controls__rows[i];

        for (j = 0; j < sizeof handles / sizeof *handles; j++)
            CHECK_EQ(controls__ask(handles[j], row->code, &value, sizeof value, out,
                                   row->out_length, &bytes), WSAENOTSOCK);
    }
}

CONF_TEST(controls_other_kind) {
    DWORD value = 0, bytes;
    ULONG out[2];
    size_t i;

    for (i = 0; i < CONTROLS__COUNT; i++) {
        const struct controls__row *row = &controls__rows[i];
        SOCKET s;

        if (row->type == 0)
            continue;
        s = row->type == SOCK_DGRAM ? conf_tcp(AF_INET) : controls__udp(AF_INET);
        CHECK_EQ(controls__ask(s, row->code, &value, sizeof value, out, row->out_length, &bytes),
                 WSAEOPNOTSUPP);
    }
}

CONF_TEST(controls_base_handles) {
    SOCKET sockets[] = {controls__udp(AF_INET), conf_tcp(AF_INET), controls__connected()};
    size_t i, j;

    for (i = 0; i < sizeof sockets / sizeof *sockets; i++) {
        for (j = 0; j < CONTROLS__COUNT; j++) {
            SOCKET base = INVALID_SOCKET;
            DWORD bytes = CONTROLS__UNTOUCHED;

            if (controls__rows[j].out_length != sizeof base)
                continue;
            CHECK_EQ(controls__ask(sockets[i], controls__rows[j].code, NULL, 0, &base,
                                   sizeof base, &bytes), 0);
            CHECK_EQ(bytes, sizeof base);
            CHECK(base == sockets[i]);
        }
    }
}

/* Windows has no overlapped form of these and says so in the completion. */
CONF_TEST(controls_base_handles_overlapped) {
    size_t i;

    for (i = 0; i < CONTROLS__COUNT; i++) {
        SOCKET s = controls__udp(AF_INET);
        HANDLE port = conf_port(s);
        OVERLAPPED overlapped = {0};
        SOCKET base;
        DWORD bytes;
        int result;

        if (controls__rows[i].out_length != sizeof base)
            continue;
        result = WSAIoctl(s, controls__rows[i].code, NULL, 0, &base, sizeof base, &bytes,
                          &overlapped, NULL);
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
    return controls__ask(conf_tcp(AF_INET), SIO_TCP_INITIAL_RTO, &rto, sizeof rto, NULL, 0,
                         &bytes);
}

CONF_TEST(controls_initial_rto) {
    CHECK_EQ(controls__rto(TCP_INITIAL_RTO_UNSPECIFIED_RTT,
                           TCP_INITIAL_RTO_UNSPECIFIED_MAX_SYN_RETRANSMISSIONS), 0);
    CHECK_EQ(controls__rto(TCP_INITIAL_RTO_DEFAULT_RTT,
                           TCP_INITIAL_RTO_DEFAULT_MAX_SYN_RETRANSMISSIONS), 0);
}

/* Windows does all of these; who cannot must not say so. */
CONF_TEST(controls_initial_rto_refused) {
    CHECK_EQ(controls__rto(500, TCP_INITIAL_RTO_DEFAULT_MAX_SYN_RETRANSMISSIONS), WSAEOPNOTSUPP);
    CHECK_EQ(controls__rto(TCP_INITIAL_RTO_DEFAULT_RTT, 2), WSAEOPNOTSUPP);
    CHECK_EQ(controls__rto(TCP_INITIAL_RTO_UNSPECIFIED_RTT,
                           TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS), WSAEOPNOTSUPP);
}

CONF_TEST(controls_fast_path) {
    SOCKET client = conf_tcp(AF_INET);

    CHECK_EQ(controls__set(client, SIO_LOOPBACK_FAST_PATH, 1), 0);
    CHECK_EQ(controls__set(client, SIO_LOOPBACK_FAST_PATH, 0), 0);
}

/* A call that succeeds at once, in each way of notification. */

static void controls__start(SOCKET datagram, OVERLAPPED *overlapped,
                            LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    DWORD off = 0, bytes = CONTROLS__UNTOUCHED;
    int result = WSAIoctl(datagram, SIO_UDP_NETRESET, &off, sizeof off, NULL, 0, &bytes,
                          overlapped, routine);

    CHECK_EQ(conf_last(result), 0);
    CHECK_EQ(bytes, 0);
}

CONF_TEST(controls_overlapped_event) {
    SOCKET datagram = controls__udp(AF_INET);
    OVERLAPPED overlapped = {0};
    DWORD bytes = CONTROLS__UNTOUCHED;

    overlapped.hEvent = conf_event();
    overlapped.Internal = CONF__STATUS_PENDING;
    controls__start(datagram, &overlapped, NULL);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(datagram, &overlapped, &bytes), 0);
    CHECK_EQ(bytes, 0);
}

CONF_TEST(controls_overlapped_port) {
    SOCKET datagram = controls__udp(AF_INET);
    HANDLE port = conf_port(datagram);
    OVERLAPPED overlapped = {0};

    controls__start(datagram, &overlapped, NULL);
    conf_packet(port, &overlapped, 0, 0);
    conf_quiet(port);
}

CONF_TEST(controls_overlapped_no_packet) {
    SOCKET datagram = controls__udp(AF_INET);
    HANDLE port = conf_port(datagram);
    HANDLE event = conf_event();
    OVERLAPPED overlapped = {0};

    overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    controls__start(datagram, &overlapped, NULL);
    CHECK_EQ(WaitForSingleObject(event, CONF__LIMIT), WAIT_OBJECT_0);
    conf_quiet(port);
}

CONF_TEST(controls_overlapped_skip) {
    SOCKET datagram = controls__udp(AF_INET);
    HANDLE port = conf_port(datagram);
    OVERLAPPED overlapped = {0};

    CHECK(SetFileCompletionNotificationModes((HANDLE) datagram,
                                             FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    controls__start(datagram, &overlapped, NULL);
    CHECK_EQ(overlapped.Internal, 0);
    conf_quiet(port);
}

static int controls__calls;
static DWORD controls__call_error;
static OVERLAPPED *controls__call_overlapped;

static void CALLBACK controls__routine(DWORD error, DWORD bytes, LPWSAOVERLAPPED overlapped,
                                       DWORD flags) {
    (void) bytes;
    (void) flags;
    controls__calls++;
    controls__call_error = error;
    controls__call_overlapped = overlapped;
}

CONF_TEST(controls_overlapped_routine) {
    SOCKET datagram = controls__udp(AF_INET);
    OVERLAPPED overlapped = {0};

    controls__start(datagram, &overlapped, controls__routine);
    CHECK_EQ(controls__calls, 0);
    CHECK_EQ(SleepEx(CONF__LIMIT, TRUE), WAIT_IO_COMPLETION);
    SleepEx(CONF__QUIET, TRUE);
    CHECK_EQ(controls__calls, 1);
    CHECK_EQ(controls__call_error, 0);
    CHECK(controls__call_overlapped == &overlapped);
}

CONF_TEST(controls_overlapped_failure) {
    SOCKET datagram = controls__udp(AF_INET);
    HANDLE port = conf_port(datagram);
    OVERLAPPED overlapped = {0};
    DWORD bytes;
    int result = WSAIoctl(datagram, SIO_UDP_NETRESET, NULL, 0, NULL, 0, &bytes, &overlapped,
                          NULL);

    CHECK_EQ(conf_last(result), WSAEFAULT);
    conf_quiet(port);
}

CONF_TEST(controls_backlog_query) {
    SOCKET client = controls__connected();
    ULONG backlog = 0;
    DWORD bytes = 0;

    CHECK_EQ(controls__ask(client, SIO_IDEAL_SEND_BACKLOG_QUERY, NULL, 0, &backlog,
                           sizeof backlog, &bytes), 0);
    CHECK_EQ(bytes, sizeof backlog);
    CHECK(backlog >= 4096);
    CHECK_EQ(controls__ask(conf_tcp(AF_INET), SIO_IDEAL_SEND_BACKLOG_QUERY, NULL, 0, &backlog,
                           sizeof backlog, &bytes), WSAENOTCONN);
}

CONF_TEST(controls_backlog_query_overlapped) {
    SOCKET client = controls__connected();
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    ULONG backlog = 0;
    DWORD bytes = 0;

    CHECK_EQ(conf_last(WSAIoctl(client, SIO_IDEAL_SEND_BACKLOG_QUERY, NULL, 0, &backlog,
                                sizeof backlog, &bytes, &overlapped, NULL)), 0);
    CHECK_EQ(bytes, sizeof backlog);
    CHECK(backlog >= 4096);
    CHECK(conf_dequeue(port, CONF__LIMIT, &(OVERLAPPED *){NULL}, &(DWORD){0}, &bytes));
    conf_quiet(port);
}

/* The notification of a change that does not come. */

static void controls__begin(SOCKET client, OVERLAPPED *overlapped,
                            LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    DWORD bytes = CONTROLS__UNTOUCHED;
    int result = WSAIoctl(client, SIO_IDEAL_SEND_BACKLOG_CHANGE, NULL, 0, NULL, 0, &bytes,
                          overlapped, routine);

    CHECK_EQ(conf_last(result), WSA_IO_PENDING);
}

CONF_TEST(controls_backlog_change_cancelled) {
    SOCKET client = controls__connected();
    HANDLE port = conf_port(client);
    OVERLAPPED first = {0}, second = {0};

    controls__begin(client, &first, NULL);
    controls__begin(client, &second, NULL);
    CHECK_EQ(first.Internal, CONF__STATUS_PENDING);
    conf_quiet(port);
    CHECK(CancelIoEx((HANDLE) client, &second));
    conf_packet(port, &second, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
    CHECK(CancelIo((HANDLE) client));
    conf_packet(port, &first, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
    CHECK_EQ(send(client, "x", 1, 0), 1);
}

CONF_TEST(controls_backlog_change_closed) {
    SOCKET client = controls__connected();
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};

    controls__begin(client, &overlapped, NULL);
    CHECK_EQ(closesocket(client), 0);
    conf_packet(port, &overlapped, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
}

CONF_TEST(controls_backlog_change_event) {
    SOCKET client = controls__connected();
    OVERLAPPED overlapped = {0};

    overlapped.hEvent = conf_event();
    SetEvent(overlapped.hEvent);
    controls__begin(client, &overlapped, NULL);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__QUIET), WAIT_TIMEOUT);
    CHECK(CancelIoEx((HANDLE) client, NULL));
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), WSA_OPERATION_ABORTED);
}

CONF_TEST(controls_backlog_change_routine) {
    SOCKET client = controls__connected();
    OVERLAPPED overlapped = {0};

    controls__begin(client, &overlapped, controls__routine);
    SleepEx(CONF__QUIET, TRUE);
    CHECK_EQ(controls__calls, 0);
    CHECK(CancelIoEx((HANDLE) client, &overlapped));
    CHECK_EQ(SleepEx(CONF__LIMIT, TRUE), WAIT_IO_COMPLETION);
    CHECK_EQ(controls__calls, 1);
    CHECK_EQ(controls__call_error, WSA_OPERATION_ABORTED);
    CHECK(controls__call_overlapped == &overlapped);
}

static DWORD WINAPI controls__close_later(void *client) {
    Sleep(2 * CONF__QUIET);
    closesocket((SOCKET) client);
    return 0;
}

CONF_TEST(controls_backlog_change_waits) {
    SOCKET client = controls__connected();
    DWORD bytes, start = GetTickCount();

    CloseHandle(CreateThread(NULL, 0, controls__close_later, (void *) client, 0, NULL));
    CHECK_EQ(controls__ask(client, SIO_IDEAL_SEND_BACKLOG_CHANGE, NULL, 0, NULL, 0, &bytes),
             WSA_OPERATION_ABORTED);
    CHECK(GetTickCount() - start >= CONF__QUIET);
}

CONF_TEST(controls_backlog_change_refused) {
    SOCKET client = controls__connected();
    ULONG out;
    u_long on = 1;
    DWORD bytes;

    CHECK_EQ(controls__ask(client, SIO_IDEAL_SEND_BACKLOG_CHANGE, NULL, 0, &out, sizeof out,
                           &bytes), WSAEINVAL);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    CHECK_EQ(controls__ask(client, SIO_IDEAL_SEND_BACKLOG_CHANGE, NULL, 0, NULL, 0, &bytes),
             WSAEWOULDBLOCK);
    CHECK_EQ(controls__ask(conf_tcp(AF_INET), SIO_IDEAL_SEND_BACKLOG_CHANGE, NULL, 0, NULL, 0,
                           &bytes), WSAENOTCONN);
}

/* msquic asks for these on a socket for datagrams and dies of a refusal. */
CONF_TEST(controls_functions_for_datagrams) {
    static const GUID guids[] = {
        WSAID_ACCEPTEX, WSAID_CONNECTEX, WSAID_WSARECVMSG,
        {0xa441e712, 0x754f, 0x43ca, {0x84, 0xa7, 0x0d, 0xee, 0x44, 0xcf, 0x60, 0x6d}}};
    SOCKET datagram = controls__udp(AF_INET);
    size_t i;

    for (i = 0; i < sizeof guids / sizeof *guids; i++) {
        GUID guid = guids[i];
        void *first = NULL, *second = NULL;
        DWORD bytes = 0;

        CHECK_EQ(controls__ask(datagram, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid,
                               &first, sizeof first, &bytes), 0);
        CHECK_EQ(bytes, sizeof first);
        CHECK_EQ(controls__ask(conf_tcp(AF_INET), SIO_GET_EXTENSION_FUNCTION_POINTER, &guid,
                               sizeof guid, &second, sizeof second, &bytes), 0);
        CHECK(first != NULL && first == second);
    }
}
