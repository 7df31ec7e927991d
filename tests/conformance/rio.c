/* SPDX-License-Identifier: MIT */
#include "riotest.h"

/* The table, buffers, completion queues and request queues. */

static GUID rio__guid = WSAID_MULTIPLE_RIO;

static int rio__ask(SOCKET client, void* in, DWORD in_length, void* out, DWORD out_length,
                    DWORD* bytes) {
    int result = WSAIoctl(client, SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER, in, in_length, out,
                          out_length, bytes, NULL, NULL);

    return conf_last(result);
}

/* Every function has to be there, and the size to be the structure's. */
CONF_TEST(rio_table) {
    size_t i;
    void* pointers[13];

    riotest_load();
    CHECK_EQ(rio.cbSize, sizeof rio);
    CHECK_EQ(sizeof rio, 14 * sizeof(void*));
    memcpy(pointers, (char*) &rio + sizeof(void*), sizeof pointers);
    for (i = 0; i < 13; i++)
        CHECK(pointers[i] != NULL);
}

CONF_TEST(rio_table_of_any_socket) {
    SOCKET sockets[4];
    RIO_EXTENSION_FUNCTION_TABLE other;
    DWORD bytes;
    int i;

    riotest_load();
    sockets[0] = conf_tcp(AF_INET);
    sockets[1] = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, 0);
    sockets[2] = riotest_socket(AF_INET, SOCK_DGRAM);
    sockets[3] = riotest_socket(AF_INET, SOCK_STREAM);
    for (i = 0; i < 4; i++) {
        memset(&other, 0, sizeof other);
        CHECK_EQ(rio__ask(sockets[i], &rio__guid, sizeof rio__guid, &other, sizeof other, &bytes),
                 0);
        CHECK(memcmp(&other, &rio, sizeof rio) == 0);
    }
}

CONF_TEST(rio_table_arguments) {
    SOCKET client = conf_tcp(AF_INET);
    const DWORD size = sizeof rio;
    DWORD bytes = 0;

    riotest_load();
    CHECK_EQ(rio__ask(client, NULL, 16, &rio, size, &bytes), WSAEFAULT);
    CHECK_EQ(rio__ask(client, conf_noaccess(), 16, &rio, size, &bytes), WSAEFAULT);
    CHECK_EQ(rio__ask(client, &rio__guid, 15, &rio, size, &bytes), WSAEFAULT);
    CHECK_EQ(rio__ask(client, &rio__guid, 16, NULL, size, &bytes), WSAEFAULT);
    CHECK_EQ(rio__ask(client, &rio__guid, 16, conf_noaccess(), size, &bytes), WSAEFAULT);
    CHECK_EQ(rio__ask(client, &rio__guid, 16, &rio, size, NULL), WSAEFAULT);
    CHECK_EQ(rio__ask(client, &rio__guid, 16, &rio, size, conf_noaccess()), WSAEFAULT);
    CHECK_EQ(rio__ask(client, &rio__guid, 16, &rio, size - 1, &bytes), WSAEFAULT);
    CHECK_EQ(bytes, size);
    CHECK_EQ(rio__ask(INVALID_SOCKET, &rio__guid, 16, &rio, size, &bytes), WSAENOTSOCK);
    CHECK_EQ(rio__ask((SOCKET) conf_event(), &rio__guid, 16, &rio, size, &bytes), WSAENOTSOCK);
    CHECK_EQ(rio__ask(client, conf_before_noaccess(&rio__guid, 16), 16, &rio, size, &bytes), 0);
}

CONF_TEST(rio_table_other_guid) {
    GUID guid = WSAID_CONNECTEX;
    DWORD bytes;
    int error;

    riotest_load();
    error = rio__ask(conf_tcp(AF_INET), &guid, sizeof guid, &rio, sizeof rio, &bytes);
    if (error != WSAEOPNOTSUPP)
        CHECK_EQ(error, WSAEINVAL);
}

CONF_TEST(rio_table_overlapped) {
    SOCKET client = conf_tcp(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    DWORD bytes = 0;

    riotest_load();
    memset(&rio, 0, sizeof rio);
    CHECK_EQ(WSAIoctl(client, SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER, &rio__guid,
                      sizeof rio__guid, &rio, sizeof rio, &bytes, &overlapped, NULL),
             0);
    conf_packet(port, &overlapped, 0, 0);
    CHECK_EQ(rio.cbSize, sizeof rio);
}

/* A socket of registered I/O does what every other does. */
static void rio__ordinary(SOCKET sockets[2]) {
    OVERLAPPED overlapped = {0};
    char bytes[8] = {0};
    WSABUF buffer = {sizeof bytes, bytes};
    DWORD received, flags = 0;

    conf_exchange(sockets[0], sockets[1]);
    overlapped.hEvent = conf_event();
    CHECK_EQ(WSARecv(sockets[0], &buffer, 1, &received, &flags, &overlapped, NULL), SOCKET_ERROR);
    CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
    CHECK_EQ(send(sockets[1], "late", 4, 0), 4);
    CHECK_EQ(conf_wait(sockets[0], &overlapped, &received), 0);
    CHECK_EQ(received, 4);
}

CONF_TEST(rio_socket_ordinary) {
    SOCKET sockets[2];

    riotest_load();
    riotest_connect(AF_INET, SOCK_STREAM, sockets);
    rio__ordinary(sockets);
    riotest_connect(AF_INET, SOCK_DGRAM, sockets);
    rio__ordinary(sockets);
}

static RIO_CQ rio__completions(DWORD size) {
    RIO_CQ completions = rio.RIOCreateCompletionQueue(size, NULL);

    CHECK(completions != RIO_INVALID_CQ);
    return completions;
}

/* Creates a request queue with one limit each and gives the error, or 0. */
static int rio__create(SOCKET socket, ULONG receives, ULONG sends, RIO_CQ receive_queue,
                       RIO_CQ send_queue, RIO_RQ* queue) {
    RIO_RQ made;

    WSASetLastError(0);
    made =
        rio.RIOCreateRequestQueue(socket, receives, 1, sends, 1, receive_queue, send_queue, NULL);
    if (queue != NULL)
        *queue = made;
    CHECK((made == RIO_INVALID_RQ) == (WSAGetLastError() != 0));
    return WSAGetLastError();
}

CONF_TEST(rio_socket_kinds) {
    RIO_CQ completions;
    SOCKET made;

    riotest_load();
    completions = rio__completions(8);
    CHECK_EQ(rio__create(conf_tcp(AF_INET), 1, 1, completions, completions, NULL), WSAEOPNOTSUPP);
    CHECK_EQ(rio__create(INVALID_SOCKET, 1, 1, completions, completions, NULL), WSAENOTSOCK);
    CHECK_EQ(rio__create(0, 1, 1, completions, completions, NULL), WSAENOTSOCK);
    CHECK_EQ(rio__create((SOCKET) conf_event(), 1, 1, completions, completions, NULL), WSAENOTSOCK);
    made = riotest_socket(AF_INET, SOCK_STREAM);
    closesocket(made);
    CHECK_EQ(rio__create(made, 1, 1, completions, completions, NULL), WSAENOTSOCK);
    made =
        WSASocketA(AF_INET, SOCK_DGRAM, 0, NULL, 0, WSA_FLAG_REGISTERED_IO | WSA_FLAG_OVERLAPPED);
    CHECK_EQ(rio__create(made, 1, 1, completions, completions, NULL), 0);
    CHECK_EQ(rio__create(made, 1, 1, completions, completions, NULL), WSAEINVAL);
    closesocket(made);
}

/* The flag is the socket's, not the handle value's. */
CONF_TEST(rio_socket_handle_reused) {
    RIO_CQ completions;
    SOCKET first, again;

    riotest_load();
    completions = rio__completions(2);
    first = riotest_socket(AF_INET, SOCK_STREAM);
    CHECK_EQ(rio__create(first, 1, 1, completions, completions, NULL), 0);
    closesocket(first);
    again = conf_tcp(AF_INET);
    if (again != first)
        conf_skip("the system did not give the handle value again");
    CHECK_EQ(rio__create(again, 1, 1, completions, completions, NULL), WSAEOPNOTSUPP);
    closesocket(again);
    again = riotest_socket(AF_INET, SOCK_STREAM);
    CHECK_EQ(rio__create(again, 1, 1, completions, completions, NULL), 0);
}

CONF_TEST(rio_buffer_arguments) {
    static char bytes[16];

    riotest_load();
    CHECK(rio.RIORegisterBuffer(bytes, 0) == RIO_INVALID_BUFFERID);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(rio.RIORegisterBuffer(NULL, 16) == RIO_INVALID_BUFFERID);
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    CHECK(rio.RIORegisterBuffer(conf_noaccess(), 16) == RIO_INVALID_BUFFERID);
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    CHECK(rio.RIORegisterBuffer(conf_before_noaccess(bytes, 16), 17) == RIO_INVALID_BUFFERID);
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    CHECK(rio.RIORegisterBuffer(conf_before_noaccess(bytes, 16), 16) != RIO_INVALID_BUFFERID);
    rio.RIODeregisterBuffer(RIO_INVALID_BUFFERID);
    rio.RIODeregisterBuffer(NULL);
    rio.RIODeregisterBuffer((RIO_BUFFERID) bytes);
}

/* The same memory may be registered more than once, and each time counts for itself. */
CONF_TEST(rio_buffer_twice) {
    struct riotest test;
    RIO_BUFFERID again;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    again = rio.RIORegisterBuffer(test.memory, RIOTEST__MEMORY);
    CHECK(again != RIO_INVALID_BUFFERID && again != test.buffer);
    rio.RIODeregisterBuffer(again);
    rio.RIODeregisterBuffer(again);
    riotest_send(&test, 0, 0, 4, 0, 1);
    riotest_result(&test, 0, 1, 0, 4);
}

CONF_TEST(rio_completions_size) {
    riotest_load();
    CHECK(rio.RIOCreateCompletionQueue(0, NULL) == RIO_INVALID_CQ);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(rio.RIOCreateCompletionQueue(RIO_MAX_CQ_SIZE + 1, NULL) == RIO_INVALID_CQ);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(rio.RIOCreateCompletionQueue(0xFFFFFFFF, NULL) == RIO_INVALID_CQ);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    rio__completions(1);
}

static void rio__refused(RIO_NOTIFICATION_COMPLETION* notification, int error) {
    WSASetLastError(0);
    CHECK(rio.RIOCreateCompletionQueue(4, notification) == RIO_INVALID_CQ);
    CHECK_EQ(WSAGetLastError(), error);
}

CONF_TEST(rio_completions_notification) {
    RIO_NOTIFICATION_COMPLETION wanted = {0};
    OVERLAPPED overlapped;
    HANDLE closed = conf_event();

    riotest_load();
    rio__refused(conf_noaccess(), WSAEFAULT);
    rio__refused(&wanted, WSAEINVAL);
    wanted.Type = (RIO_NOTIFICATION_COMPLETION_TYPE) 3;
    rio__refused(&wanted, WSAEINVAL);
    wanted.Type = RIO_EVENT_COMPLETION;
    rio__refused(&wanted, WSAEINVAL);
    wanted.Event.EventHandle = INVALID_HANDLE_VALUE;
    rio__refused(&wanted, WSAEINVAL);
    CloseHandle(closed);
    wanted.Event.EventHandle = closed;
    rio__refused(&wanted, WSAEINVAL);
    wanted.Event.EventHandle = (HANDLE) conf_tcp(AF_INET);
    rio__refused(&wanted, WSAEINVAL);
    memset(&wanted, 0, sizeof wanted);
    wanted.Type = RIO_IOCP_COMPLETION;
    wanted.Iocp.Overlapped = &overlapped;
    rio__refused(&wanted, WSAEINVAL);
    wanted.Iocp.IocpHandle = conf_event();
    rio__refused(&wanted, WSAEINVAL);
    wanted.Iocp.IocpHandle = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    wanted.Iocp.Overlapped = NULL;
    rio__refused(&wanted, WSAEINVAL);
    wanted.Iocp.Overlapped = &overlapped;
    CHECK(rio.RIOCreateCompletionQueue(4, &wanted) != RIO_INVALID_CQ);
}

CONF_TEST(rio_completions_unknown) {
    RIORESULT result;
    RIO_CQ closed, names[5];
    size_t i;

    riotest_load();
    closed = rio__completions(4);
    rio.RIOCloseCompletionQueue(closed);
    names[0] = RIO_INVALID_CQ;
    names[1] = closed;
    names[2] = (RIO_CQ) &result;
    names[3] = (RIO_CQ) (ULONG_PTR) -1;
    names[4] = (RIO_CQ) rio.RIORegisterBuffer((char*) &result, sizeof result);
    for (i = 0; i < 5; i++) {
        CHECK_EQ(rio.RIODequeueCompletion(names[i], &result, 1), RIO_CORRUPT_CQ);
        CHECK_EQ(rio.RIONotify(names[i]), WSAEINVAL);
        CHECK(!rio.RIOResizeCompletionQueue(names[i], 8));
        CHECK_EQ(WSAGetLastError(), WSAEINVAL);
        rio.RIOCloseCompletionQueue(names[i]);
        CHECK_EQ(rio__create(riotest_socket(AF_INET, SOCK_STREAM), 1, 1, names[i], names[i], NULL),
                 WSAEINVAL);
    }
}

CONF_TEST(rio_completions_take) {
    struct riotest test;
    RIORESULT results[4];

    riotest_open(&test, AF_INET, SOCK_STREAM);
    CHECK_EQ(rio.RIODequeueCompletion(test.completions, results, 4), 0);
    CHECK_EQ(rio.RIODequeueCompletion(test.completions, NULL, 0), 0);
    riotest_send(&test, 0, 0, 1, 0, 1);
    riotest_send(&test, 0, 0, 2, 0, 2);
    riotest_send(&test, 0, 0, 3, 0, 3);
    Sleep(CONF__QUIET);
    CHECK_EQ(rio.RIODequeueCompletion(test.completions, results, 0), 0);
    CHECK_EQ(rio.RIODequeueCompletion(test.completions, NULL, 4), RIO_CORRUPT_CQ);
    CHECK_EQ(rio.RIODequeueCompletion(test.completions, conf_noaccess(), 4), RIO_CORRUPT_CQ);
    CHECK_EQ(rio.RIODequeueCompletion(test.completions, results, 2), 2);
    CHECK_EQ(results[0].RequestContext, 1);
    CHECK_EQ(results[1].RequestContext, 2);
    CHECK_EQ(rio.RIODequeueCompletion(test.completions, results, 0xFFFFFFFF), 1);
    CHECK_EQ(results[0].RequestContext, 3);
}

CONF_TEST(rio_completions_resize) {
    RIO_CQ completions;
    SOCKET socket;

    riotest_load();
    completions = rio__completions(4);
    socket = riotest_socket(AF_INET, SOCK_STREAM);
    CHECK(rio.RIOResizeCompletionQueue(completions, 3));
    CHECK_EQ(rio__create(socket, 2, 2, completions, completions, NULL), WSAENOBUFS);
    CHECK(rio.RIOResizeCompletionQueue(completions, 5));
    CHECK_EQ(rio__create(socket, 2, 2, completions, completions, NULL), 0);
    CHECK(!rio.RIOResizeCompletionQueue(completions, 3));
    CHECK_EQ(WSAGetLastError(), WSAETOOMANYREFS);
    CHECK(rio.RIOResizeCompletionQueue(completions, 4));
    CHECK(!rio.RIOResizeCompletionQueue(completions, 0));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!rio.RIOResizeCompletionQueue(completions, RIO_MAX_CQ_SIZE + 1));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    closesocket(socket);
    CHECK(rio.RIOResizeCompletionQueue(completions, 1));
}

/* What waits in it is kept when it changes its size. */
CONF_TEST(rio_completions_resize_filled) {
    struct riotest test;
    ULONG_PTR i;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    for (i = 1; i <= 8; i++)
        riotest_send(&test, 0, 0, 1, 0, i);
    Sleep(CONF__QUIET);
    CHECK(rio.RIOResizeCompletionQueue(test.completions, 1000));
    for (i = 1; i <= 8; i++)
        riotest_result(&test, 0, i, 0, 1);
}

CONF_TEST(rio_queue_arguments) {
    SOCKET socket;
    RIO_CQ one;

    riotest_load();
    one = rio__completions(8);
    socket = riotest_socket(AF_INET, SOCK_STREAM);
    CHECK_EQ(rio__create(socket, 1, 1, RIO_INVALID_CQ, one, NULL), WSAEINVAL);
    CHECK_EQ(rio__create(socket, 1, 1, one, RIO_INVALID_CQ, NULL), WSAEINVAL);
    CHECK_EQ(rio__create(socket, 0, 0, one, one, NULL), WSAEINVAL);
    CHECK(rio.RIOCreateRequestQueue(socket, 1, 2, 1, 1, one, one, NULL) == RIO_INVALID_RQ);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(rio.RIOCreateRequestQueue(socket, 1, 1, 1, 2, one, one, NULL) == RIO_INVALID_RQ);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(rio.RIOCreateRequestQueue(socket, 1, 0, 1, 1, one, one, NULL) == RIO_INVALID_RQ);
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK_EQ(rio__create(socket, 1, 0, one, one, NULL), 0);
}

/* The completion queue has to have room for all that is attached. */
CONF_TEST(rio_queue_room) {
    RIO_CQ both, receives, sends;
    SOCKET sockets[4];
    int i;

    riotest_load();
    both = rio__completions(10);
    receives = rio__completions(4);
    sends = rio__completions(6);
    for (i = 0; i < 4; i++)
        sockets[i] = riotest_socket(AF_INET, SOCK_DGRAM);
    CHECK_EQ(rio__create(sockets[0], 6, 5, both, both, NULL), WSAENOBUFS);
    CHECK_EQ(rio__create(sockets[0], 0xFFFFFFFF, 0xFFFFFFFF, both, both, NULL), WSAENOBUFS);
    CHECK_EQ(rio__create(sockets[0], 6, 4, both, both, NULL), 0);
    CHECK_EQ(rio__create(sockets[1], 1, 0, both, both, NULL), WSAENOBUFS);
    CHECK_EQ(rio__create(sockets[1], 4, 7, receives, sends, NULL), WSAENOBUFS);
    CHECK_EQ(rio__create(sockets[1], 5, 6, receives, sends, NULL), WSAENOBUFS);
    CHECK_EQ(rio__create(sockets[1], 4, 6, receives, sends, NULL), 0);
    CHECK_EQ(rio__create(sockets[2], 1, 1, receives, sends, NULL), WSAENOBUFS);
    closesocket(sockets[1]);
    CHECK_EQ(rio__create(sockets[2], 2, 3, receives, sends, NULL), 0);
    CHECK_EQ(rio__create(sockets[3], 2, 3, receives, sends, NULL), 0);
}

CONF_TEST(rio_queue_resize) {
    RIO_CQ completions;
    SOCKET socket;
    RIO_RQ queue;

    riotest_load();
    completions = rio__completions(8);
    socket = riotest_socket(AF_INET, SOCK_DGRAM);
    CHECK_EQ(rio__create(socket, 2, 2, completions, completions, &queue), 0);
    CHECK(!rio.RIOResizeRequestQueue(queue, 0, 0));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!rio.RIOResizeRequestQueue(RIO_INVALID_RQ, 1, 1));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!rio.RIOResizeRequestQueue((RIO_RQ) completions, 1, 1));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    CHECK(!rio.RIOResizeRequestQueue(queue, 7, 2));
    CHECK_EQ(WSAGetLastError(), WSAENOBUFS);
    CHECK(!rio.RIOResizeRequestQueue(queue, 5, 4));
    CHECK_EQ(WSAGetLastError(), WSAENOBUFS);
    CHECK(rio.RIOResizeRequestQueue(queue, 6, 2));
    CHECK(rio.RIOResizeRequestQueue(queue, 1, 7));
    CHECK(rio.RIOResizeRequestQueue(queue, 1, 0));
    CHECK(rio.RIOResizeCompletionQueue(completions, 1));
    closesocket(socket);
    CHECK(!rio.RIOResizeRequestQueue(queue, 1, 1));
    CHECK_EQ(WSAGetLastError(), WSAEINVAL);
}

CONF_TEST(rio_queue_resize_filled) {
    struct riotest test;
    ULONG_PTR i;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    for (i = 1; i <= 4; i++)
        riotest_receive(&test, 0, 0, 8, 0, i);
    CHECK(!rio.RIOResizeRequestQueue(test.queues[0], 3, 1));
    CHECK_EQ(WSAGetLastError(), WSAETOOMANYREFS);
    CHECK(rio.RIOResizeRequestQueue(test.queues[0], 4, 1));
    CHECK_EQ(send(test.sockets[1], "data", 4, 0), 4);
    riotest_result(&test, 0, 1, 0, 4);
    CHECK(rio.RIOResizeRequestQueue(test.queues[0], 3, 1));
}
