/* SPDX-License-Identifier: MIT */

/* What stands in line behind other sends of the socket. */

#include "conformance.h"

#define BEHIND__LENGTH (64u << 20)
#define BEHIND__TRIES 3
#define BEHIND__ROUNDS 10
#define BEHIND__FILE (300 << 10)
#define BEHIND__REST 1000
#define BEHIND__ELEMENTS 3072 /* A divisor of the file's length. */
#define BEHIND__PIECE 2000
#define BEHIND__PIECES 1500 /* More than a send takes. */

/* A plain send that is under way when the peer resets the connection: Wine 8 often loses its end.
 * Returns when the connection is gone. */
static void behind__send_and_be_reset(struct conf_transmission* t, OVERLAPPED* overlapped) {
    WSABUF buffer = {BEHIND__LENGTH, NULL};
    struct sockaddr_storage name;
    int length, tries;
    DWORD sent;

    buffer.buf = conf_pages(BEHIND__LENGTH);
    memset(t, 0, sizeof *t);
    t->sink.reset_after = 1;
    conf_transmission_open(t, FALSE);
    overlapped->hEvent = conf_event();
    CHECK_EQ(conf_last(WSASend(t->client, &buffer, 1, &sent, 0, overlapped, NULL)), WSA_IO_PENDING);
    for (tries = 0; tries < 200; tries++) {
        length = sizeof name;
        if (getpeername(t->client, (struct sockaddr*) &name, &length) != 0)
            break;
        Sleep(10);
    }
}

/* The call must neither wait nor claim success. */
static void behind__check(struct conf_transmission* t, BOOL done, int error, DWORD since) {
    DWORD bytes, flags;

    CHECK_EQ(done, FALSE);
    CHECK(GetTickCount() - since < 2000);
    if (error == ERROR_IO_PENDING) {
        CHECK_EQ(WaitForSingleObject(t->overlapped.hEvent, 5000), WAIT_OBJECT_0);
        CHECK(!WSAGetOverlappedResult(t->client, &t->overlapped, &bytes, FALSE, &flags));
    }
}

static void behind__close(struct conf_transmission* t, const OVERLAPPED* plain) {
    closesocket(t->client);
    CHECK_EQ(WaitForSingleObject(plain->hEvent, 5000), WAIT_OBJECT_0);
    conf_sink_finish(&t->sink);
}

CONF_TEST(behind_lost_send_packets) {
    int tries;

    for (tries = 0; tries < BEHIND__TRIES; tries++) {
        TRANSMIT_PACKETS_ELEMENT element = conf_memory_element("x", 1);
        struct conf_transmission t;
        OVERLAPPED plain = {0};
        DWORD since;
        BOOL done;

        behind__send_and_be_reset(&t, &plain);
        t.packets = conf_packets_pointer(t.client);
        since = GetTickCount();
        done = t.packets(t.client, &element, 1, 0, &t.overlapped, 0);
        behind__check(&t, done, WSAGetLastError(), since);
        behind__close(&t, &plain);
    }
}

CONF_TEST(behind_lost_send_file) {
    int tries;

    for (tries = 0; tries < BEHIND__TRIES; tries++) {
        struct conf_transmission t;
        OVERLAPPED plain = {0};
        HANDLE file = conf_pattern_file(1000);
        DWORD since;
        BOOL done;

        behind__send_and_be_reset(&t, &plain);
        since = GetTickCount();
        done = t.file(t.client, file, 0, 0, &t.overlapped, NULL, TF_DISCONNECT);
        behind__check(&t, done, WSAGetLastError(), since);
        behind__close(&t, &plain);
        CloseHandle(file);
    }
}

/* This one waits, but not for ever. */
CONF_TEST(behind_lost_send_disconnect) {
    int tries;

    for (tries = 0; tries < BEHIND__TRIES; tries++) {
        struct conf_transmission t;
        OVERLAPPED plain = {0};
        DWORD since;

        behind__send_and_be_reset(&t, &plain);
        since = GetTickCount();
        CHECK(conf_reuse(t.client) != 0);
        CHECK(GetTickCount() - since < 5000);
        behind__close(&t, &plain);
    }
}

/* Two transmissions that end at nearly the same time are both told of, in their order, also when
 * the second makes the socket reusable. */
CONF_TEST(behind_transmission_reuse) {
    unsigned char* bytes = conf_pattern_pages(2 << 20);
    int round;

    for (round = 0; round < BEHIND__ROUNDS; round++) {
        TRANSMIT_PACKETS_ELEMENT first = conf_memory_element(bytes, (2 << 20) - 1);
        TRANSMIT_PACKETS_ELEMENT last = conf_memory_element(bytes + (2 << 20) - 1, 1);
        struct conf_transmission t;
        OVERLAPPED second = {0};
        int error;

        memset(&t, 0, sizeof t);
        t.sink.receive_buffer = 4096;
        t.sink.accept_delay = 20;
        conf_transmission_open(&t, TRUE);
        conf_packets_start(&t, &first, 1, 0);
        error = t.packets(t.client, &last, 1, 0, &second, TF_DISCONNECT | TF_REUSE_SOCKET)
                    ? 0
                    : WSAGetLastError();
        CHECK_EQ(error, ERROR_IO_PENDING);
        conf_packet(t.port, &t.overlapped, 0, (2 << 20) - 1);
        conf_packet(t.port, &second, 0, 1);
        conf_quiet(t.port);
        conf_transmission_close(&t, 2 << 20);
        CloseHandle(t.port);
    }
    VirtualFree(bytes, 0, MEM_RELEASE);
}

/* A stream does not show the blocks that the program asks for, and nothing comes between them. */
static void behind__blocks(DWORD element_flags, DWORD send_size) {
    unsigned char* bytes = conf_pattern_pages(3 << 20);
    TRANSMIT_PACKETS_ELEMENT elements[2] = {conf_memory_element(bytes, 1 << 20),
                                            conf_memory_element(bytes + (1 << 20), 1 << 20)};
    WSABUF rest = {1 << 20, (char*) bytes + (2 << 20)};
    struct conf_transmission t;
    OVERLAPPED second = {0};
    DWORD sent;

    memset(&t, 0, sizeof t);
    t.sink.receive_buffer = 4096;
    t.sink.accept_delay = 50;
    conf_transmission_open(&t, TRUE);
    t.packets = conf_packets_pointer(t.client);
    elements[0].dwElFlags |= element_flags;
    CHECK_EQ(t.packets(t.client, elements, 2, send_size, &t.overlapped, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    conf_last(WSASend(t.client, &rest, 1, &sent, 0, &second, NULL));
    conf_packet(t.port, &t.overlapped, 0, 2 << 20);
    conf_packet(t.port, &second, 0, 1 << 20);
    conf_transmission_close(&t, 3 << 20);
    VirtualFree(bytes, 0, MEM_RELEASE);
}

CONF_TEST(behind_blocks_of_a_stream) {
    behind__blocks(0, 0);
    behind__blocks(0, 1000);
    behind__blocks(TP_ELEMENT_EOP, 0);
}

/* The smallest blocks are as much the system's concern. */
CONF_TEST(behind_blocks_of_a_file) {
    unsigned char* bytes = conf_pattern_pages(BEHIND__FILE + BEHIND__REST);
    HANDLE file = conf_pattern_file(BEHIND__FILE);
    WSABUF rest = {BEHIND__REST, (char*) bytes + BEHIND__FILE};
    struct conf_transmission t;
    OVERLAPPED second = {0};
    DWORD sent, count;

    memset(&t, 0, sizeof t);
    t.sink.accept_delay = 50;
    conf_transmission_open(&t, FALSE);
    second.hEvent = conf_event();
    CHECK_EQ(t.file(t.client, file, 0, 1000, &t.overlapped, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    conf_last(WSASend(t.client, &rest, 1, &sent, 0, &second, NULL));
    CHECK_EQ(conf_wait(t.client, &t.overlapped, &count), 0);
    CHECK_EQ(count, BEHIND__FILE);
    CHECK_EQ(conf_wait(t.client, &second, &count), 0);
    CHECK_EQ(count, BEHIND__REST);
    conf_transmission_close(&t, BEHIND__FILE + BEHIND__REST);
    CloseHandle(file);
    VirtualFree(bytes, 0, MEM_RELEASE);
}

/* More elements than the system takes at once, of memory and of a file. */
CONF_TEST(behind_many_elements) {
    static TRANSMIT_PACKETS_ELEMENT elements[BEHIND__ELEMENTS];
    unsigned char* bytes = conf_pattern_pages(BEHIND__FILE + BEHIND__REST);
    HANDLE file = conf_pattern_file(BEHIND__FILE);
    WSABUF rest = {BEHIND__REST, (char*) bytes + BEHIND__FILE};
    struct conf_transmission t;
    OVERLAPPED second = {0};
    DWORD sent, count;
    int i, room = 32 << 10;

    for (i = 0; i < BEHIND__ELEMENTS; i++) {
        DWORD length = BEHIND__FILE / BEHIND__ELEMENTS;

        elements[i] = i % 3 == 0 ? conf_file_element(file, (int64_t) i * length, length)
                                 : conf_memory_element(bytes + i * length, length);
    }
    memset(&t, 0, sizeof t);
    t.sink.receive_buffer = 4096;
    t.sink.accept_delay = 50;
    conf_transmission_open(&t, FALSE);
    CHECK_EQ(setsockopt(t.client, SOL_SOCKET, SO_SNDBUF, (char*) &room, sizeof room), 0);
    second.hEvent = conf_event();
    conf_packets_start(&t, elements, BEHIND__ELEMENTS, 0);
    conf_last(WSASend(t.client, &rest, 1, &sent, 0, &second, NULL));
    CHECK_EQ(conf_wait(t.client, &t.overlapped, &count), 0);
    CHECK_EQ(count, BEHIND__FILE);
    CHECK_EQ(conf_wait(t.client, &second, &count), 0);
    CHECK_EQ(count, BEHIND__REST);
    conf_transmission_close(&t, BEHIND__FILE + BEHIND__REST);
    CloseHandle(file);
    VirtualFree(bytes, 0, MEM_RELEASE);
}

/* A disconnect waits for all of a transmission that takes several sends: its peer gets everything,
 * and the next peer of the handle nothing of it. */

static void behind__start_in_steps(struct conf_transmission* t) {
    static TRANSMIT_PACKETS_ELEMENT elements[BEHIND__PIECES];
    HANDLE file = conf_pattern_file(BEHIND__PIECES * BEHIND__PIECE);
    int i, room = 32 << 10;

    for (i = 0; i < BEHIND__PIECES; i++)
        elements[i] = conf_file_element(file, (int64_t) i * BEHIND__PIECE, BEHIND__PIECE);
    memset(t, 0, sizeof *t);
    t->sink.receive_buffer = 4096;
    t->sink.accept_delay = 50;
    conf_transmission_connect(t, conf_client(AF_INET));
    CHECK_EQ(setsockopt(t->client, SOL_SOCKET, SO_SNDBUF, (char*) &room, sizeof room), 0);
    t->overlapped.hEvent = conf_event();
    conf_packets_start(t, elements, BEHIND__PIECES, 0);
    CloseHandle(file);
}

static void behind__reuse(SOCKET client, BOOL waits) {
    LPFN_DISCONNECTEX disconnect_ex = conf_disconnect_pointer(client);
    OVERLAPPED overlapped = {0};

    if (waits) {
        CHECK_EQ(conf_reuse(client), 0);
        return;
    }
    overlapped.hEvent = conf_event();
    CHECK_EQ(disconnect_ex(client, &overlapped, TF_REUSE_SOCKET, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), 0);
    CloseHandle(overlapped.hEvent);
}

/* Returns the socket, which is as good as new. */
static SOCKET behind__reuse_in_steps(BOOL waits) {
    struct conf_transmission t;
    DWORD bytes;

    behind__start_in_steps(&t);
    behind__reuse(t.client, waits);
    CHECK_EQ(conf_wait(t.client, &t.overlapped, &bytes), 0);
    CHECK_EQ(bytes, BEHIND__PIECES * BEHIND__PIECE);
    conf_sink_finish(&t.sink);
    CHECK(t.sink.intact);
    CHECK_EQ(t.sink.received, BEHIND__PIECES * BEHIND__PIECE);
    CHECK(t.sink.ended);
    return t.client;
}

static void behind__connect_again(BOOL waits) {
    SOCKET client = behind__reuse_in_steps(waits);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET server;

    conf_connect(client, &target);
    conf_update(client);
    server = conf_accept(listener);
    conf_exchange(client, server);
    closesocket(client);
    conf_ended(server);
}

static void behind__accept_again(BOOL waits) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, AF_INET);
    closesocket(a.acceptor);
    a.acceptor = behind__reuse_in_steps(waits);
    a.receive_length = 0;
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    conf_acceptance_update(&a);
    conf_exchange(a.client, a.acceptor);
    closesocket(a.acceptor);
    conf_ended(a.client);
}

CONF_TEST(behind_steps_connect) {
    behind__connect_again(FALSE);
}

CONF_TEST(behind_steps_connect_waiting) {
    behind__connect_again(TRUE);
}

CONF_TEST(behind_steps_accept) {
    behind__accept_again(FALSE);
}

CONF_TEST(behind_steps_accept_waiting) {
    behind__accept_again(TRUE);
}
