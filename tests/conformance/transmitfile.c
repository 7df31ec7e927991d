/* SPDX-License-Identifier: MIT */

/* TransmitFile: what arrives, and how its end is told. */

#include "conformance.h"

#include <psapi.h>

#define TRANSMITFILE__LARGE (16u << 20)
#define TRANSMITFILE__FOUR_GIB 0x100000000ull

static TRANSMIT_FILE_BUFFERS transmitfile__buffers(const void *head, DWORD head_length,
                                                   const void *tail, DWORD tail_length) {
    TRANSMIT_FILE_BUFFERS buffers;

    buffers.Head = (void *) head;
    buffers.HeadLength = head_length;
    buffers.Tail = (void *) tail;
    buffers.TailLength = tail_length;
    return buffers;
}

static void transmitfile__whole(DWORD length) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(length);

    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, length);
    conf_quiet(t.port);
    CHECK_EQ(conf_file_position(file), 0);
    conf_transmission_close(&t, length);
    CloseHandle(file);
}

CONF_TEST(transmitfile_whole) {
    transmitfile__whole(1);
    transmitfile__whole(65536);
    transmitfile__whole(65537);
}

CONF_TEST(transmitfile_large) {
    transmitfile__whole(TRANSMITFILE__LARGE);
}

CONF_TEST(transmitfile_empty) {
    transmitfile__whole(0);
}

CONF_TEST(transmitfile_event) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE);
    DWORD bytes = 0;

    t.sink.accept_delay = 100;
    conf_transmission_open(&t, FALSE);
    SetEvent(t.overlapped.hEvent);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, 20), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(t.client, &t.overlapped, &bytes), 0);
    CHECK_EQ(bytes, TRANSMITFILE__LARGE);
    conf_transmission_close(&t, TRANSMITFILE__LARGE);
}

CONF_TEST(transmitfile_event_and_port) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);

    conf_transmission_open(&t, TRUE);
    t.overlapped.hEvent = conf_event();
    conf_file_start(&t, file, 0, 0, NULL, 0);
    CHECK_EQ(WaitForSingleObject(t.overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    conf_packet(t.port, &t.overlapped, 0, 1000);
    conf_quiet(t.port);
    conf_transmission_close(&t, 1000);
}

CONF_TEST(transmitfile_event_low_bit) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    HANDLE event = conf_event();

    conf_transmission_open(&t, TRUE);
    t.overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    CHECK_EQ(WaitForSingleObject(event, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(t.overlapped.InternalHigh, 1000);
    conf_quiet(t.port);
    conf_transmission_close(&t, 1000);
}

CONF_TEST(transmitfile_by_handle) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    DWORD bytes = 0;

    conf_transmission_open(&t, FALSE);
    t.overlapped.hEvent = NULL;
    conf_file_start(&t, file, 0, 0, NULL, 0);
    CHECK(GetOverlappedResult((HANDLE) t.client, &t.overlapped, &bytes, TRUE));
    CHECK_EQ(bytes, 1000);
    conf_transmission_close(&t, 1000);
}

/* Pending with a packet, or done without one. */
CONF_TEST(transmitfile_skip_mode) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    BOOL done;

    conf_transmission_open(&t, TRUE);
    CHECK(SetFileCompletionNotificationModes((HANDLE) t.client,
                                             FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    done = t.file(t.client, file, 0, 0, &t.overlapped, NULL, 0);
    if (done) {
        CHECK_EQ(t.overlapped.Internal, 0);
        CHECK_EQ(t.overlapped.InternalHigh, 1000);
    } else {
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        conf_packet(t.port, &t.overlapped, 0, 1000);
    }
    conf_quiet(t.port);
    conf_transmission_close(&t, 1000);
}

CONF_TEST(transmitfile_head_and_tail) {
    struct conf_transmission t = {0};
    unsigned char *bytes = conf_pattern_pages(300000);
    HANDLE file = conf_pattern_file(200000);
    TRANSMIT_FILE_BUFFERS buffers =
        transmitfile__buffers(bytes, 1000, bytes + 200000, 100000);

    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 1000, 0, &buffers, 0);
    memset(&buffers, 0xFF, sizeof buffers);
    conf_packet(t.port, &t.overlapped, 0, 300000);
    conf_quiet(t.port);
    conf_transmission_close(&t, 300000);
}

/* Without a file what comes first and last is sent, and the length is of no meaning. */
CONF_TEST(transmitfile_no_file) {
    struct conf_transmission t = {0};
    unsigned char *bytes = conf_pattern_pages(3000);
    TRANSMIT_FILE_BUFFERS buffers = transmitfile__buffers(bytes, 1000, bytes + 1000, 1000);

    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, NULL, 0, 5000, &buffers, 0);
    conf_packet(t.port, &t.overlapped, 0, 2000);
    buffers = transmitfile__buffers(bytes + 2000, 1000, NULL, 0);
    conf_file_start(&t, NULL, 0, 0, &buffers, 0);
    conf_packet(t.port, &t.overlapped, 0, 1000);
    conf_transmission_close(&t, 3000);
}

CONF_TEST(transmitfile_nothing) {
    struct conf_transmission t = {0};

    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, NULL, 0, 0, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 0);
    conf_quiet(t.port);
    CHECK_EQ(t.file(t.client, NULL, 0, 0, NULL, NULL, 0), TRUE);
    conf_transmission_close(&t, 0);
}

/* By offset and length, also of a file that ends before. */
CONF_TEST(transmitfile_ranges) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(100000);

    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 0, 40000, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 40000);
    conf_file_start(&t, file, 40000, 30000, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 30000);
    conf_file_start(&t, file, 70000, 50000, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 30000);
    conf_file_start(&t, file, 100000, 0, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 0);
    conf_transmission_close(&t, 100000);
}

/* Without an OVERLAPPED it begins where the file's pointer stands, and moves it. */
CONF_TEST(transmitfile_current_position) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(100000);

    conf_transmission_open(&t, TRUE);
    CHECK_EQ(t.file(t.client, file, 40000, 0, NULL, NULL, 0), TRUE);
    CHECK_EQ(conf_file_position(file), 40000);
    CHECK_EQ(t.file(t.client, file, 0, 0, NULL, NULL, 0), TRUE);
    CHECK_EQ(conf_file_position(file), 100000);
    CHECK_EQ(t.file(t.client, file, 0, 0, NULL, NULL, 0), TRUE);
    conf_quiet(t.port);
    conf_transmission_close(&t, 100000);
}

static void transmitfile__per_send(DWORD per_send) {
    struct conf_transmission t = {0};
    unsigned char *bytes = conf_pattern_pages(100000);
    HANDLE file = conf_pattern_file(100000);
    TRANSMIT_FILE_BUFFERS buffers = transmitfile__buffers(bytes, 100, bytes + 99900, 100);

    conf_transmission_open(&t, TRUE);
    t.overlapped.Offset = 100;
    CHECK_EQ(t.file(t.client, file, 99800, per_send, &t.overlapped, &buffers, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    conf_packet(t.port, &t.overlapped, 0, 100000);
    conf_quiet(t.port);
    conf_transmission_close(&t, 100000);
}

CONF_TEST(transmitfile_per_send) {
    transmitfile__per_send(1000);
    transmitfile__per_send(65536);
    transmitfile__per_send(0xFFFFFFFF);
}

/* Where the pattern of what is sent is that of the offsets modulo 4 GiB. */
CONF_TEST(transmitfile_beyond_4_gib) {
    struct conf_transmission t = {0};
    unsigned char *bytes = conf_pattern_pages(200000);
    HANDLE file = conf_sparse_file(TRANSMITFILE__FOUR_GIB + 300000);
    OVERLAPPED place = {0};
    DWORD written;

    place.OffsetHigh = 1;
    place.Offset = 100000;
    CHECK(WriteFile(file, bytes, 200000, &written, &place));
    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, TRANSMITFILE__FOUR_GIB + 100000, 150000, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 150000);
    conf_file_start(&t, file, TRANSMITFILE__FOUR_GIB + 250000, 0, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 50000);
    conf_transmission_close(&t, 200000);
}

/* The page on the function names 2,147,483,646 bytes as the most that a call may send; the peer
 * closes after some, so that the test is quick. */
CONF_TEST(transmitfile_most) {
    struct conf_transmission t = {0};
    HANDLE file = conf_sparse_file(TRANSMITFILE__FOUR_GIB);
    PROCESS_MEMORY_COUNTERS before = {0}, during = {0};

    t.sink.accept_delay = 50;
    conf_transmission_open(&t, TRUE);
    GetProcessMemoryInfo(GetCurrentProcess(), &before, sizeof before);
    conf_file_start(&t, file, 1, 0x7FFFFFFE, NULL, 0);
    GetProcessMemoryInfo(GetCurrentProcess(), &during, sizeof during);
    CHECK(during.PagefileUsage < before.PagefileUsage + (64u << 20));
    CHECK(CancelIoEx((HANDLE) t.client, &t.overlapped));
    closesocket(t.client);
}

/* One file, by one handle, to two peers at once. */
CONF_TEST(transmitfile_two_peers) {
    struct conf_transmission t = {0}, u = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE);

    t.sink.accept_delay = u.sink.accept_delay = 50;
    conf_transmission_open(&t, TRUE);
    conf_transmission_open(&u, TRUE);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    conf_file_start(&u, file, 0, 0, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, TRANSMITFILE__LARGE);
    conf_packet(u.port, &u.overlapped, 0, TRANSMITFILE__LARGE);
    conf_transmission_close(&t, TRANSMITFILE__LARGE);
    conf_transmission_close(&u, TRANSMITFILE__LARGE);
}

/* What is begun later is sent later. */
CONF_TEST(transmitfile_order) {
    struct conf_transmission t = {0};
    const DWORD third = TRANSMITFILE__LARGE / 3;
    unsigned char *bytes = conf_pattern_pages(3 * third);
    HANDLE file = conf_pattern_file(2 * third);
    OVERLAPPED second = {0}, last = {0};
    WSABUF buffer = {third, (char *) bytes + 2 * third};

    t.sink.accept_delay = 100;
    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 0, third, NULL, 0);
    second.Offset = third;
    CHECK_EQ(t.file(t.client, file, third, 0, &second, NULL, 0), FALSE);
    CHECK_EQ(conf_last(WSASend(t.client, &buffer, 1, NULL, 0, &last, NULL)), ERROR_IO_PENDING);
    conf_packet(t.port, &t.overlapped, 0, third);
    conf_packet(t.port, &second, 0, third);
    conf_packet(t.port, &last, 0, third);
    conf_transmission_close(&t, 3 * third);
}

CONF_TEST(transmitfile_file_closed) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE);

    t.sink.accept_delay = 100;
    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    CloseHandle(file);
    conf_packet(t.port, &t.overlapped, 0, TRANSMITFILE__LARGE);
    conf_transmission_close(&t, TRANSMITFILE__LARGE);
}

/* When the end is told, the file is the program's alone again. */
CONF_TEST(transmitfile_file_released) {
    struct conf_transmission t = {0};
    char directory[MAX_PATH], path[MAX_PATH];
    HANDLE file;
    DWORD written;

    CHECK(GetTempPathA(sizeof directory, directory) != 0);
    CHECK(GetTempFileNameA(directory, "wse", 0, path) != 0);
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    CHECK(WriteFile(file, conf_pattern_pages(70000), 70000, &written, NULL));
    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 70000);
    CHECK_EQ(SetFilePointer(file, 0, NULL, FILE_BEGIN), 0);
    CHECK(SetEndOfFile(file));
    CloseHandle(file);
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    CloseHandle(file);
    CHECK(DeleteFileA(path));
    conf_transmission_close(&t, 70000);
}

/* A file that is cut while it is sent: either that is refused, or the operation ends with an error. */
CONF_TEST(transmitfile_file_truncated) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE);
    OVERLAPPED *got;
    DWORD error, bytes;

    t.sink.accept_delay = 200;
    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    if (!SetEndOfFile(file)) {
        CHECK_EQ(GetLastError(), ERROR_USER_MAPPED_FILE);
        conf_packet(t.port, &t.overlapped, 0, TRANSMITFILE__LARGE);
        conf_transmission_close(&t, TRANSMITFILE__LARGE);
        return;
    }
    CHECK(conf_dequeue(t.port, CONF__LIMIT, &got, &error, &bytes));
    CHECK(got == &t.overlapped);
    CHECK(error != 0);
    closesocket(t.client);
    conf_sink_finish(&t.sink);
}

/* Neither handles nor views are left behind, however an operation ends. */
CONF_TEST(transmitfile_leaves_nothing) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(300000);
    DWORD before = 0, after = 0;
    int round;

    conf_transmission_open(&t, TRUE);
    for (round = 0; round < 220; round++) {
        OVERLAPPED *got;
        DWORD error, bytes;

        if (round == 20)
            CHECK(GetProcessHandleCount(GetCurrentProcess(), &before));
        conf_file_start(&t, file, 0, 0, NULL, 0);
        if (round % 3 == 0)
            CancelIoEx((HANDLE) t.client, &t.overlapped);
        CHECK(conf_dequeue(t.port, CONF__LIMIT, &got, &error, &bytes));
        CHECK_EQ(t.file(t.client, file, 300001, 0, &t.overlapped, NULL, 0x8), FALSE);
        t.overlapped.Offset = 300001;
        CHECK_EQ(t.file(t.client, file, 0, 0, &t.overlapped, NULL, 0), FALSE);
        CHECK_EQ(WSAGetLastError(), WSAEINVAL);
    }
    CHECK(GetProcessHandleCount(GetCurrentProcess(), &after));
    CHECK_EQ(after, before);
    closesocket(t.client);
    conf_sink_finish(&t.sink);
}

CONF_TEST(transmitfile_slow_peer) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE);

    t.sink.read_delay = 1;
    t.sink.receive_buffer = 65536;
    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, TRANSMITFILE__LARGE);
    conf_quiet(t.port);
    conf_transmission_close(&t, TRANSMITFILE__LARGE);
}

/* Told once, with an error, by the packet or, where the connection is gone so soon, by the call. */
static void transmitfile__peer_ends(uint64_t reset_after, DWORD read_delay) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE);
    OVERLAPPED *got;
    DWORD error, bytes;

    t.sink.reset_after = reset_after;
    t.sink.read_delay = read_delay;
    conf_transmission_open(&t, TRUE);
    CHECK_EQ(t.file(t.client, file, 0, 0, &t.overlapped, NULL, 0), FALSE);
    error = (DWORD) WSAGetLastError();
    if (error == ERROR_IO_PENDING) {
        CHECK(conf_dequeue(t.port, CONF__LIMIT, &got, &error, &bytes));
        CHECK(got == &t.overlapped);
        CHECK(error == ERROR_NETNAME_DELETED || error == ERROR_CONNECTION_ABORTED);
    } else {
        CHECK_EQ(error, WSAECONNRESET);
    }
    CHECK(!conf_dequeue(t.port, 1, &got, &error, &bytes));
    closesocket(t.client);
    conf_sink_finish(&t.sink);
    CloseHandle(file);
    CloseHandle(t.port);
}

CONF_TEST(transmitfile_peer_resets) {
    int round;

    for (round = 0; round < 20; round++)
        transmitfile__peer_ends(1, 0);
}

CONF_TEST(transmitfile_peer_resets_later) {
    int round;

    for (round = 0; round < 5; round++)
        transmitfile__peer_ends(TRANSMITFILE__LARGE / 2, 1);
}

/* Synchronous */

static void transmitfile__synchronous(SOCKET client, BOOL nonblocking) {
    struct conf_transmission t = {0};
    unsigned char *bytes = conf_pattern_pages(TRANSMITFILE__LARGE);
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE - 1000);
    TRANSMIT_FILE_BUFFERS buffers =
        transmitfile__buffers(NULL, 0, bytes + TRANSMITFILE__LARGE - 1000, 1000);
    u_long on = nonblocking;

    t.sink.accept_delay = 100;
    conf_transmission_connect(&t, client);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    CHECK_EQ(t.file(client, file, 0, 0, NULL, &buffers, 0), TRUE);
    conf_transmission_close(&t, TRANSMITFILE__LARGE);
}

CONF_TEST(transmitfile_synchronous) {
    transmitfile__synchronous(conf_tcp(AF_INET), FALSE);
}

CONF_TEST(transmitfile_synchronous_nonblocking) {
    transmitfile__synchronous(conf_tcp(AF_INET), TRUE);
}

CONF_TEST(transmitfile_synchronous_socket) {
    transmitfile__synchronous(WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0), FALSE);
}

CONF_TEST(transmitfile_synchronous_reset) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE);

    t.sink.reset_after = 1;
    t.sink.accept_delay = 20;
    conf_transmission_connect(&t, conf_tcp(AF_INET));
    CHECK_EQ(t.file(t.client, file, 0, 0, NULL, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAECONNRESET);
    closesocket(t.client);
    conf_sink_finish(&t.sink);
}

/* Flags */

/* The default state that ConnectEx leaves a socket in is one in which TransmitFile works. */
CONF_TEST(transmitfile_before_update) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    OVERLAPPED connecting = {0};

    conf_sink_start(&t.sink);
    t.client = conf_client(AF_INET);
    t.port = conf_port(t.client);
    t.file = conf_file_pointer(t.client);
    conf_start(t.client, &t.sink.target, NULL, 0, &connecting);
    conf_packet(t.port, &connecting, 0, 0);
    conf_file_start(&t, file, 0, 0, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 1000);
    conf_transmission_close(&t, 1000);
}

CONF_TEST(transmitfile_workers) {
    static const DWORD flags[] = {TF_USE_DEFAULT_WORKER, TF_USE_SYSTEM_THREAD, TF_USE_KERNEL_APC,
                                  TF_WRITE_BEHIND, TF_WRITE_BEHIND | TF_USE_KERNEL_APC};
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    int i;

    conf_transmission_open(&t, TRUE);
    for (i = 0; i < 5; i++) {
        conf_file_start(&t, file, 200 * i, 200, NULL, flags[i]);
        conf_packet(t.port, &t.overlapped, 0, 200);
    }
    conf_transmission_close(&t, 1000);
}

static void transmitfile__disconnect(DWORD length, DWORD flags) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(length);

    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 0, 0, NULL, TF_DISCONNECT | flags);
    conf_packet(t.port, &t.overlapped, 0, length);
    conf_quiet(t.port);
    conf_sink_finish(&t.sink);
    CHECK(t.sink.intact && t.sink.ended);
    CHECK_EQ(t.sink.received, length);
    CHECK_EQ(conf_last(send(t.client, "x", 1, 0)), WSAESHUTDOWN);
    closesocket(t.client);
}

CONF_TEST(transmitfile_disconnect) {
    transmitfile__disconnect(1000, 0);
    transmitfile__disconnect(0, 0);
    transmitfile__disconnect(TRANSMITFILE__LARGE, TF_WRITE_BEHIND);
}

CONF_TEST(transmitfile_disconnect_synchronous) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE);

    conf_transmission_connect(&t, WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0));
    CHECK_EQ(t.file(t.client, file, 0, 0, NULL, NULL, TF_DISCONNECT), TRUE);
    conf_sink_finish(&t.sink);
    CHECK(t.sink.intact && t.sink.ended);
    CHECK_EQ(t.sink.received, TRANSMITFILE__LARGE);
}

/* The peer can still send after the end has reached it, as after shutdown. */
CONF_TEST(transmitfile_disconnect_half) {
    struct conf_pair pair = conf_pair(AF_INET);
    LPFN_TRANSMITFILE transmit = conf_file_pointer(pair.client);
    char buffer[8];

    CHECK_EQ(transmit(pair.client, NULL, 0, 0, NULL, NULL, TF_DISCONNECT), TRUE);
    CHECK_EQ(recv(pair.server, buffer, sizeof buffer, 0), 0);
    CHECK_EQ(send(pair.server, "late", 4, 0), 4);
    CHECK_EQ(recv(pair.client, buffer, sizeof buffer, 0), 4);
}

/* What was sent before, by other means, goes out before the end. */
CONF_TEST(transmitfile_disconnect_after_sends) {
    struct conf_transmission t = {0};
    unsigned char *bytes = conf_pattern_pages(TRANSMITFILE__LARGE);
    WSABUF buffer = {TRANSMITFILE__LARGE, (char *) bytes};
    OVERLAPPED sending = {0};

    t.sink.accept_delay = 100;
    conf_transmission_open(&t, TRUE);
    CHECK_EQ(conf_last(WSASend(t.client, &buffer, 1, NULL, 0, &sending, NULL)), ERROR_IO_PENDING);
    conf_file_start(&t, NULL, 0, 0, NULL, TF_DISCONNECT);
    conf_packet(t.port, &sending, 0, TRANSMITFILE__LARGE);
    conf_packet(t.port, &t.overlapped, 0, 0);
    conf_sink_finish(&t.sink);
    CHECK(t.sink.intact && t.sink.ended);
    CHECK_EQ(t.sink.received, TRANSMITFILE__LARGE);
}

/* Round after round on one handle, with its port. */
CONF_TEST(transmitfile_reuse) {
    HANDLE file = conf_pattern_file(100000);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    LPFN_TRANSMITFILE transmit = conf_file_pointer(client);
    int round;

    for (round = 0; round < 50; round++) {
        OVERLAPPED connecting = {0};
        OVERLAPPED sending = {0};
        static char buffer[65536];
        SOCKET server;
        int got, sum = 0;

        conf_start(client, &target, "head", 4, &connecting);
        conf_packet(port, &connecting, 0, 4);
        server = conf_accept(listener);
        CHECK_EQ(transmit(client, file, 0, 0, &sending, NULL, TF_DISCONNECT | TF_REUSE_SOCKET),
                 FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
        while ((got = recv(server, buffer, sizeof buffer, 0)) > 0)
            sum += got;
        CHECK_EQ(got, 0);
        CHECK_EQ(sum, 100004);
        closesocket(server);
        conf_packet(port, &sending, 0, 100000);
    }
    conf_quiet(port);
}

/* As programs use it that have sent everything: only to make the socket reusable. */
CONF_TEST(transmitfile_reuse_only) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    LPFN_TRANSMITFILE transmit = conf_file_pointer(client);
    int round;

    for (round = 0; round < 10; round++) {
        char byte;
        SOCKET server;

        conf_connect(client, &target);
        conf_update(client);
        server = conf_accept(listener);
        conf_exchange(client, server);
        CHECK_EQ(transmit(client, NULL, 0, 0, NULL, NULL, TF_DISCONNECT | TF_REUSE_SOCKET), TRUE);
        CHECK_EQ(recv(server, &byte, 1, 0), 0);
        closesocket(server);
    }
}
