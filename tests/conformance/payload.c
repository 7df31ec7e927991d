/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#include <psapi.h>

#define PAYLOAD__MIB (1u << 20)
#define PAYLOAD__ALL 0xFFFFFFFFu

struct payload__case {
    SOCKET client;
    HANDLE port;
    unsigned char* buffer;
    DWORD length;
    OVERLAPPED overlapped;
    struct conf_sink sink;
};

static void payload__open(struct payload__case* c, DWORD length) {
    int family = c->sink.family != 0 ? c->sink.family : AF_INET;

    conf_sink_start(&c->sink);
    c->client = conf_client(family);
    c->port = conf_port(c->client);
    c->length = length;
    c->buffer = conf_pages(length != 0 ? length : 1);
    conf_pattern_fill(c->buffer, length);
}

static void payload__await(struct payload__case* c) {
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;

    CHECK(conf_dequeue(c->port, INFINITE, &got, &error, &bytes));
    CHECK(got == &c->overlapped);
    CHECK_EQ(error, 0);
    CHECK_EQ(bytes, c->length);
    CHECK_EQ(c->overlapped.InternalHigh, c->length);
}

/* What is sent afterwards must come behind the payload. */
static void payload__close(struct payload__case* c) {
    const char tail[4] = {(char) conf_pattern(c->length), (char) conf_pattern(c->length + 1ull),
                          (char) conf_pattern(c->length + 2ull),
                          (char) conf_pattern(c->length + 3ull)};

    conf_quiet(c->port);
    CHECK_EQ(send(c->client, tail, sizeof tail, 0), sizeof tail);
    closesocket(c->client);
    conf_sink_finish(&c->sink);
    CHECK_EQ(c->sink.first_wrong, 0);
    CHECK(c->sink.intact);
    CHECK(c->sink.ended);
    CHECK_EQ(c->sink.received, c->length + (uint64_t) sizeof tail);
    conf_quiet(c->port);
}

static void payload__send(struct payload__case* c, DWORD length) {
    payload__open(c, length);
    conf_start(c->client, &c->sink.target, c->buffer, length, &c->overlapped);
    payload__await(c);
    payload__close(c);
}

static void payload__plain(DWORD length) {
    struct payload__case c = {0};

    payload__send(&c, length);
}

CONF_TEST(payload_0) {
    payload__plain(0);
}

CONF_TEST(payload_1) {
    payload__plain(1);
}

CONF_TEST(payload_1k) {
    payload__plain(1024);
}

CONF_TEST(payload_64k) {
    payload__plain(64 * 1024);
}

CONF_TEST(payload_128k) {
    payload__plain(128 * 1024);
}

CONF_TEST(payload_1m) {
    payload__plain(PAYLOAD__MIB);
}

CONF_TEST(payload_4m) {
    payload__plain(4 * PAYLOAD__MIB);
}

CONF_TEST(payload_16m) {
    payload__plain(16 * PAYLOAD__MIB);
}

CONF_TEST(payload_16m_odd) {
    payload__plain(16 * PAYLOAD__MIB + 12345);
}

CONF_TEST(payload_64m) {
    payload__plain(64 * PAYLOAD__MIB);
}

CONF_TEST(payload_4m_ipv6) {
    struct payload__case c = {0};

    conf_need_ipv6();
    c.sink.family = AF_INET6;
    payload__send(&c, 4 * PAYLOAD__MIB);
}

CONF_TEST(payload_16m_nonblocking) {
    struct payload__case c = {0};
    u_long on = 1;

    payload__open(&c, 16 * PAYLOAD__MIB);
    CHECK_EQ(ioctlsocket(c.client, FIONBIO, &on), 0);
    conf_start(c.client, &c.sink.target, c.buffer, c.length, &c.overlapped);
    payload__await(&c);
    payload__close(&c);
}

static void payload__send_buffer(int size) {
    struct payload__case c = {0};

    payload__open(&c, 256 * 1024);
    CHECK_EQ(setsockopt(c.client, SOL_SOCKET, SO_SNDBUF, (char*) &size, sizeof size), 0);
    conf_start(c.client, &c.sink.target, c.buffer, c.length, &c.overlapped);
    payload__await(&c);
    payload__close(&c);
}

CONF_TEST(payload_send_buffer_0) {
    payload__send_buffer(0);
}

CONF_TEST(payload_send_buffer_8k) {
    payload__send_buffer(8192);
}

CONF_TEST(payload_slow_reader) {
    struct payload__case c = {0};

    c.sink.receive_buffer = 8192;
    c.sink.read_delay = 2;
    c.sink.chunk = 16 * 1024;
    payload__send(&c, 4 * PAYLOAD__MIB);
}

CONF_TEST(payload_late_accept) {
    struct payload__case c = {0};

    c.sink.accept_delay = 400;
    payload__send(&c, 16 * PAYLOAD__MIB);
}

/* The peer's queue is full, so the connection itself comes late, by a repeated request. */
CONF_TEST(payload_late_connection) {
    struct conf_silent silent;
    SOCKET client = conf_client(AF_INET);
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    const char data[] = "first words";
    char got[sizeof data] = {0};
    SOCKET server;

    conf_silent_fill(&silent, AF_INET);
    conf_start(client, &silent.target, data, sizeof data, &overlapped);
    conf_quiet(port);
    conf_silent_drain(&silent);
    conf_packet(port, &overlapped, 0, sizeof data);
    do {
        server = conf_accept(silent.listener);
    } while (recv(server, got, sizeof got, 0) <= 0);
    CHECK(memcmp(got, data, sizeof data) == 0);
}

static void payload__broken(struct payload__case* c, DWORD length) {
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;

    payload__open(c, length);
    conf_start(c->client, &c->sink.target, c->buffer, length, &c->overlapped);
    if (!conf_dequeue(c->port, CONF__LIMIT, &got, &error, &bytes))
        conf_fail(__FILE__, __LINE__, "the lost connection is not reported");
    CHECK(got == &c->overlapped);
    if (error != ERROR_NETNAME_DELETED && error != WSAECONNRESET && error != WSAECONNABORTED)
        CHECK_EQ(error, ERROR_CONNECTION_ABORTED);
    error = conf_wait(c->client, &c->overlapped, NULL);
    if (error != WSAECONNABORTED)
        CHECK_EQ(error, WSAECONNRESET);
    conf_quiet(c->port);
    closesocket(c->client);
    conf_sink_finish(&c->sink);
    CHECK(c->sink.intact);
    conf_quiet(c->port);
}

CONF_TEST(payload_reset_at_once) {
    struct payload__case c = {0};

    c.sink.reset_after = 1;
    c.sink.chunk = 1;
    payload__broken(&c, 64 * PAYLOAD__MIB);
}

CONF_TEST(payload_reset_midway) {
    struct payload__case c = {0};

    c.sink.reset_after = 16 * PAYLOAD__MIB;
    payload__broken(&c, 64 * PAYLOAD__MIB);
}

CONF_TEST(payload_reset_while_stuck) {
    struct payload__case c = {0};

    c.sink.reset_after = 1;
    c.sink.chunk = 1;
    c.sink.read_delay = 300;
    payload__broken(&c, 64 * PAYLOAD__MIB);
}

CONF_TEST(payload_peer_shuts_reading) {
    struct payload__case c = {0};

    c.sink.shut_reading = TRUE;
    payload__open(&c, 64 * 1024);
    conf_start(c.client, &c.sink.target, c.buffer, c.length, &c.overlapped);
    payload__await(&c);
    conf_quiet(c.port);
    closesocket(c.client);
    conf_sink_finish(&c.sink);
}

static SIZE_T payload__private_bytes(void) {
    PROCESS_MEMORY_COUNTERS counters;

    memset(&counters, 0, sizeof counters);
    counters.cb = sizeof counters;
    CHECK(GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters));
    return counters.PagefileUsage;
}

/* The buffer counts as ours once all of it is written, so any growth is a copy. */
CONF_TEST(payload_in_place) {
    struct payload__case c = {0};
    SIZE_T before;
    SIZE_T now;
    SIZE_T most;

    c.sink.sparse = TRUE;
    c.sink.chunk = PAYLOAD__MIB;
    payload__open(&c, 256 * PAYLOAD__MIB);
    before = payload__private_bytes();
    CHECK(before >= c.length);
    most = before;
    conf_start(c.client, &c.sink.target, c.buffer, c.length, &c.overlapped);
    while (*(volatile ULONG_PTR*) &c.overlapped.Internal == CONF__STATUS_PENDING) {
        now = payload__private_bytes();
        if (now > most)
            most = now;
        Sleep(2);
    }
    payload__await(&c);
    payload__close(&c);
    printf("grew by %lu KiB\n", (unsigned long) ((most - before) / 1024));
    CHECK(most - before < 32 * PAYLOAD__MIB);
}

/* Untouched pages cost no memory; only the places that the sink compares are written. */
CONF_TEST(payload_4g) {
    struct payload__case c = {0};
    uint64_t offset;
    int i;

    if (sizeof(void*) < 8)
        conf_skip("the payload does not fit into the address space");
    c.sink.sparse = TRUE;
    c.sink.chunk = 4 * PAYLOAD__MIB;
    payload__open(&c, 0);
    c.length = PAYLOAD__ALL;
    c.buffer = conf_pages(PAYLOAD__ALL);
    for (offset = 0; offset < PAYLOAD__ALL; offset += 64ull << 20) {
        for (i = 0; i < 64; i++)
            c.buffer[offset + (unsigned) i] = conf_pattern(offset + (unsigned) i);
    }
    conf_start(c.client, &c.sink.target, c.buffer, c.length, &c.overlapped);
    payload__await(&c);
    payload__close(&c);
}
