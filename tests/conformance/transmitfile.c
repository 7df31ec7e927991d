/* SPDX-License-Identifier: MIT */

/* TransmitFile: what arrives, and what becomes of the file. */

#include "conformance.h"

#include <psapi.h>

#define TRANSMITFILE__LARGE (16u << 20)
#define TRANSMITFILE__FOUR_GIB 0x100000000ull

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

CONF_TEST(transmitfile_head_and_tail) {
    struct conf_transmission t = {0};
    unsigned char* bytes = conf_pattern_pages(300000);
    HANDLE file = conf_pattern_file(200000);
    TRANSMIT_FILE_BUFFERS buffers = conf_file_buffers(bytes, 1000, bytes + 200000, 100000);

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
    unsigned char* bytes = conf_pattern_pages(3000);
    TRANSMIT_FILE_BUFFERS buffers = conf_file_buffers(bytes, 1000, bytes + 1000, 1000);

    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, NULL, 0, 5000, &buffers, 0);
    conf_packet(t.port, &t.overlapped, 0, 2000);
    buffers = conf_file_buffers(bytes + 2000, 1000, NULL, 0);
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

/* By offset and length, to the end and from there on. */
CONF_TEST(transmitfile_ranges) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(100000);

    conf_transmission_open(&t, TRUE);
    conf_file_start(&t, file, 0, 40000, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 40000);
    conf_file_start(&t, file, 40000, 30000, NULL, 0);
    conf_packet(t.port, &t.overlapped, 0, 30000);
    conf_file_start(&t, file, 70000, 30000, NULL, 0);
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
    unsigned char* bytes = conf_pattern_pages(100000);
    HANDLE file = conf_pattern_file(100000);
    TRANSMIT_FILE_BUFFERS buffers = conf_file_buffers(bytes, 100, bytes + 99900, 100);

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
    unsigned char* bytes = conf_pattern_pages(200000);
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
    CHECK(conf_cancel((HANDLE) t.client, &t.overlapped));
    closesocket(t.client);
    conf_sink_finish(&t.sink);
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
    unsigned char* bytes = conf_pattern_pages(3 * third);
    HANDLE file = conf_pattern_file(2 * third);
    OVERLAPPED second = {0}, last = {0};
    WSABUF buffer = {third, (char*) bytes + 2 * third};

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

/* A file that is cut while it is sent: either that is refused, or the operation ends with an
 * error. */
CONF_TEST(transmitfile_file_truncated) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE);
    OVERLAPPED* got;
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
#define TRANSMITFILE__ROUNDS 220
#define TRANSMITFILE__SETTLED 100 /* The round from which on handles are counted. */
#define TRANSMITFILE__HELD 10     /* A quarter of the operations that are cancelled since. */

CONF_TEST(transmitfile_leaves_nothing) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(300000);
    int round, before = 0;

    conf_transmission_open(&t, TRUE);
    for (round = 0; round < TRANSMITFILE__ROUNDS; round++) {
        OVERLAPPED* got;
        DWORD error, bytes;

        if (round == TRANSMITFILE__SETTLED)
            before = conf_handles();
        conf_file_start(&t, file, 0, 0, NULL, 0);
        if (round % 3 == 0)
            conf_cancel((HANDLE) t.client, &t.overlapped);
        CHECK(conf_dequeue(t.port, CONF__LIMIT, &got, &error, &bytes));
        CHECK_EQ(t.file(t.client, file, 300001, 0, &t.overlapped, NULL, 0x8), FALSE);
        t.overlapped.Offset = 300001;
        CHECK_EQ(t.file(t.client, file, 0, 0, &t.overlapped, NULL, 0), FALSE);
        CHECK_EQ(WSAGetLastError(), ERROR_HANDLE_EOF);
    }
    /* What goes missing does so with each operation, or with each that is cancelled. What reports
     * an end may still hold the socket for a moment, and workers come one by one. */
    for (round = 0; round < 100 && conf_handles() > before + TRANSMITFILE__HELD; round++)
        Sleep(20);
    CHECK(conf_handles() <= before + TRANSMITFILE__HELD);
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

static void transmitfile__peer_ends(uint64_t reset_after, DWORD read_delay) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(TRANSMITFILE__LARGE);

    t.sink.reset_after = reset_after;
    t.sink.read_delay = read_delay;
    conf_transmission_open(&t, TRUE);
    conf_transmission_broken(&t, t.file(t.client, file, 0, 0, &t.overlapped, NULL, 0));
    CloseHandle(file);
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
