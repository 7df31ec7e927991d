/* SPDX-License-Identifier: MIT */
#include "conformance.h"

static GUID ioctl__guid = WSAID_CONNECTEX;

static int ioctl__ask(SOCKET client, void* in, DWORD in_length, void* out, DWORD out_length,
                      DWORD* bytes) {
    WSASetLastError(0);
    return WSAIoctl(client, SIO_GET_EXTENSION_FUNCTION_POINTER, in, in_length, out, out_length,
                    bytes, NULL, NULL);
}

static void ioctl__rejected(void* in, DWORD in_length, void* out, DWORD out_length, DWORD* bytes,
                            int error) {
    SOCKET client = conf_tcp(AF_INET);
    int result = ioctl__ask(client, in, in_length, out, out_length, bytes);

    CHECK_EQ(WSAGetLastError(), error);
    CHECK_EQ(result, SOCKET_ERROR);
    conf_pointer(client);
    closesocket(client);
}

CONF_TEST(ioctl_same_pointer) {
    SOCKET client = conf_tcp(AF_INET);
    LPFN_CONNECTEX pointer = conf_pointer(client);
    SOCKET other;
    int i;

    for (i = 0; i < 10; i++)
        CHECK(conf_pointer(client) == pointer);
    closesocket(client);
    for (i = 0; i < 10; i++) {
        other = conf_tcp(AF_INET);
        CHECK(conf_pointer(other) == pointer);
        closesocket(other);
    }
}

CONF_TEST(ioctl_same_pointer_ipv6) {
    conf_need_ipv6();
    CHECK(conf_pointer(conf_tcp(AF_INET6)) == conf_pointer(conf_tcp(AF_INET)));
}

CONF_TEST(ioctl_same_pointer_datagram) {
    SOCKET datagram = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);

    CHECK(datagram != INVALID_SOCKET);
    CHECK(conf_pointer(datagram) == conf_pointer(conf_tcp(AF_INET)));
}

CONF_TEST(ioctl_any_state) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    LPFN_CONNECTEX pointer = conf_pointer(client);

    CHECK(conf_pointer(listener) == pointer);
    conf_connect(client, &target);
    CHECK(conf_pointer(client) == pointer);
    CHECK(conf_pointer(conf_accept(listener)) == pointer);
}

CONF_TEST(ioctl_null_guid) {
    void* pointer;
    DWORD bytes;

    ioctl__rejected(NULL, sizeof ioctl__guid, &pointer, sizeof pointer, &bytes, WSAEFAULT);
}

CONF_TEST(ioctl_unreadable_guid) {
    void* pointer;
    DWORD bytes;

    ioctl__rejected(conf_noaccess(), sizeof ioctl__guid, &pointer, sizeof pointer, &bytes,
                    WSAEFAULT);
    ioctl__rejected(conf_before_noaccess(&ioctl__guid, 15), sizeof ioctl__guid, &pointer,
                    sizeof pointer, &bytes, WSAEFAULT);
}

CONF_TEST(ioctl_short_guid) {
    void* pointer;
    DWORD bytes;

    ioctl__rejected(&ioctl__guid, 15, &pointer, sizeof pointer, &bytes, WSAEFAULT);
    ioctl__rejected(&ioctl__guid, 0, &pointer, sizeof pointer, &bytes, WSAEFAULT);
}

CONF_TEST(ioctl_guid_before_noaccess) {
    void* guid = conf_before_noaccess(&ioctl__guid, sizeof ioctl__guid);
    void* pointer = NULL;
    DWORD bytes = 0;

    CHECK_EQ(
        ioctl__ask(conf_tcp(AF_INET), guid, sizeof ioctl__guid, &pointer, sizeof pointer, &bytes),
        0);
    CHECK(pointer != NULL);
}

CONF_TEST(ioctl_null_output) {
    DWORD bytes;

    ioctl__rejected(&ioctl__guid, sizeof ioctl__guid, NULL, sizeof(void*), &bytes, WSAEFAULT);
}

CONF_TEST(ioctl_short_output) {
    void* pointer;
    DWORD bytes;

    ioctl__rejected(&ioctl__guid, sizeof ioctl__guid, &pointer, sizeof pointer - 1, &bytes,
                    WSAEFAULT);
    ioctl__rejected(&ioctl__guid, sizeof ioctl__guid, &pointer, 0, &bytes, WSAEFAULT);
}

CONF_TEST(ioctl_unwritable_output) {
    DWORD bytes;

    ioctl__rejected(&ioctl__guid, sizeof ioctl__guid, conf_noaccess(), sizeof(void*), &bytes,
                    WSAEFAULT);
    ioctl__rejected(&ioctl__guid, sizeof ioctl__guid, conf_readonly(), sizeof(void*), &bytes,
                    WSAEFAULT);
}

CONF_TEST(ioctl_null_bytes) {
    void* pointer;

    ioctl__rejected(&ioctl__guid, sizeof ioctl__guid, &pointer, sizeof pointer, NULL, WSAEFAULT);
}

CONF_TEST(ioctl_unwritable_bytes) {
    void* pointer;

    ioctl__rejected(&ioctl__guid, sizeof ioctl__guid, &pointer, sizeof pointer, conf_noaccess(),
                    WSAEFAULT);
}

static void ioctl__not_a_socket(SOCKET client) {
    void* pointer;
    DWORD bytes;
    int result =
        ioctl__ask(client, &ioctl__guid, sizeof ioctl__guid, &pointer, sizeof pointer, &bytes);

    CHECK_EQ(WSAGetLastError(), WSAENOTSOCK);
    CHECK_EQ(result, SOCKET_ERROR);
}

CONF_TEST(ioctl_closed_socket) {
    SOCKET closed = conf_tcp(AF_INET);

    closesocket(closed);
    ioctl__not_a_socket(closed);
}

CONF_TEST(ioctl_not_a_socket) {
    ioctl__not_a_socket(INVALID_SOCKET);
    ioctl__not_a_socket(0);
    ioctl__not_a_socket((SOCKET) conf_event());
}

CONF_TEST(ioctl_unknown_guid) {
    GUID guid = {0x12345678, 0x1234, 0x5678, {1, 2, 3, 4, 5, 6, 7, 8}};
    void* pointer;
    DWORD bytes;
    int result =
        ioctl__ask(conf_tcp(AF_INET), &guid, sizeof guid, &pointer, sizeof pointer, &bytes);
    int error = WSAGetLastError();

    CHECK_EQ(result, SOCKET_ERROR);
    if (error != WSAEOPNOTSUPP)
        CHECK_EQ(error, WSAEINVAL);
}

CONF_TEST(ioctl_other_guids) {
    GUID guids[] = {WSAID_ACCEPTEX, WSAID_DISCONNECTEX, WSAID_GETACCEPTEXSOCKADDRS,
                    WSAID_TRANSMITFILE};
    SOCKET client = conf_tcp(AF_INET);
    size_t i;

    for (i = 0; i < sizeof guids / sizeof *guids; i++) {
        void* pointer = NULL;
        DWORD bytes = 0;

        CHECK_EQ(ioctl__ask(client, &guids[i], sizeof guids[i], &pointer, sizeof pointer, &bytes),
                 0);
        CHECK_EQ(bytes, sizeof pointer);
        CHECK(pointer != NULL && pointer != (void*) conf_pointer(client));
    }
}

CONF_TEST(ioctl_other_codes) {
    struct tcp_keepalive keep = {1, 60000, 1000};
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    SOCKET server;
    u_long on = 1;
    u_long readable = 0;
    DWORD bytes;
    char byte;

    conf_connect(client, &target);
    conf_update(client);
    server = conf_accept(listener);
    CHECK_EQ(WSAIoctl(client, FIONBIO, &on, sizeof on, NULL, 0, &bytes, NULL, NULL), 0);
    CHECK_EQ(recv(client, &byte, 1, 0), SOCKET_ERROR);
    CHECK_EQ(WSAGetLastError(), WSAEWOULDBLOCK);
    CHECK_EQ(send(server, "four", 4, 0), 4);
    while (readable < 4)
        CHECK_EQ(
            WSAIoctl(client, FIONREAD, NULL, 0, &readable, sizeof readable, &bytes, NULL, NULL), 0);
    CHECK_EQ(readable, 4);
    CHECK_EQ(WSAIoctl(client, SIO_KEEPALIVE_VALS, &keep, sizeof keep, NULL, 0, &bytes, NULL, NULL),
             0);
}

CONF_TEST(ioctl_unknown_code) {
    DWORD bytes;
    int result;

    WSASetLastError(0);
    result = WSAIoctl(conf_tcp(AF_INET), 0xC8FFFFFF, NULL, 0, NULL, 0, &bytes, NULL, NULL);
    CHECK_EQ(WSAGetLastError(), WSAEOPNOTSUPP);
    CHECK_EQ(result, SOCKET_ERROR);
}

/* Wine's own tests, which hold on Windows, find 0 bytes in the completion of the overlapped
 * forms; the length is told by the call alone. */
static void ioctl__overlapped(SOCKET client, OVERLAPPED* overlapped, void** pointer,
                              LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    DWORD bytes = 0;
    int result =
        WSAIoctl(client, SIO_GET_EXTENSION_FUNCTION_POINTER, &ioctl__guid, sizeof ioctl__guid,
                 pointer, sizeof *pointer, &bytes, overlapped, routine);

    CHECK_EQ(conf_last(result), 0);
    CHECK_EQ(bytes, sizeof *pointer);
}

CONF_TEST(ioctl_overlapped_event) {
    SOCKET client = conf_tcp(AF_INET);
    OVERLAPPED overlapped = {0};
    void* pointer = NULL;
    DWORD bytes = 1;

    overlapped.hEvent = conf_event();
    ioctl__overlapped(client, &overlapped, &pointer, NULL);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(client, &overlapped, &bytes), 0);
    CHECK_EQ(bytes, 0);
    CHECK(pointer == (void*) conf_pointer(client));
}

CONF_TEST(ioctl_overlapped_port) {
    SOCKET client = conf_tcp(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    void* pointer = NULL;

    ioctl__overlapped(client, &overlapped, &pointer, NULL);
    conf_packet(port, &overlapped, 0, 0);
    conf_quiet(port);
    CHECK(pointer == (void*) conf_pointer(client));
}

static void CALLBACK ioctl__never(DWORD error, DWORD bytes, LPWSAOVERLAPPED overlapped,
                                  DWORD flags) {
    (void) error, (void) bytes, (void) overlapped, (void) flags;
    CHECK(!"a call that was refused calls its routine");
}

/* The document allows it, Windows refuses it (Wine's tests), also with a routine. */
CONF_TEST(ioctl_overlapped_null_bytes) {
    SOCKET client = conf_tcp(AF_INET);
    SOCKET other = conf_tcp(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    void* pointer = NULL;

    CHECK_EQ(
        conf_last(WSAIoctl(client, SIO_GET_EXTENSION_FUNCTION_POINTER, &ioctl__guid,
                           sizeof ioctl__guid, &pointer, sizeof pointer, NULL, &overlapped, NULL)),
        WSAEFAULT);
    conf_quiet(port);
    CHECK_EQ(conf_last(WSAIoctl(other, SIO_GET_EXTENSION_FUNCTION_POINTER, &ioctl__guid,
                                sizeof ioctl__guid, &pointer, sizeof pointer, NULL, &overlapped,
                                ioctl__never)),
             WSAEFAULT);
    SleepEx(CONF__QUIET, TRUE);
    CHECK(pointer == NULL);
    CHECK_EQ(overlapped.Internal, 0);
}

static OVERLAPPED* ioctl__routine_overlapped;
static DWORD ioctl__routine_error;
static DWORD ioctl__routine_bytes;
static int ioctl__routine_calls;

static void CALLBACK ioctl__routine(DWORD error, DWORD bytes, LPWSAOVERLAPPED overlapped,
                                    DWORD flags) {
    (void) flags;
    ioctl__routine_calls++;
    ioctl__routine_error = error;
    ioctl__routine_bytes = bytes;
    ioctl__routine_overlapped = overlapped;
}

CONF_TEST(ioctl_overlapped_routine) {
    SOCKET client = conf_tcp(AF_INET);
    OVERLAPPED overlapped = {0};
    void* pointer = NULL;

    ioctl__overlapped(client, &overlapped, &pointer, ioctl__routine);
    CHECK_EQ(ioctl__routine_calls, 0);
    CHECK_EQ(SleepEx(CONF__LIMIT, TRUE), WAIT_IO_COMPLETION);
    CHECK_EQ(ioctl__routine_calls, 1);
    CHECK_EQ(ioctl__routine_error, 0);
    CHECK_EQ(ioctl__routine_bytes, 0);
    CHECK(ioctl__routine_overlapped == &overlapped);
    CHECK(pointer == (void*) conf_pointer(client));
    SleepEx(CONF__QUIET, TRUE);
    CHECK_EQ(ioctl__routine_calls, 1);
}
