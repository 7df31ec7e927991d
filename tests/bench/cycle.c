/* SPDX-License-Identifier: MIT */

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CYCLE__DRAIN_MS 2000

struct cycle_slot {
    OVERLAPPED overlapped;
    SOCKET socket;
    int64_t start;
};

struct cycle {
    const struct bench_options* options;
    LPFN_CONNECTEX connectex;
    HANDLE port;
    char* payload;
    struct cycle_slot* slots;
    int64_t* latencies;
    int64_t deadline;
    DWORD limit;
    DWORD started;
    DWORD completed;
    DWORD outstanding;
    DWORD failures;
    DWORD first_error;
    DWORD hung;
    DWORD lost;
};

static void cycle__failed(struct cycle* c, DWORD error) {
    if (c->failures++ == 0)
        c->first_error = error;
}

static void cycle__start(struct cycle* c, struct cycle_slot* slot) {
    const struct bench_options* o = c->options;
    DWORD sent;

    /* A call that fails at once must not end its slot, or a round would shrink silently. */
    while (c->started < c->limit && (c->deadline == 0 || bench_ticks() < c->deadline)) {
        c->started++;
        slot->socket = bench_socket(c->port);
        memset(&slot->overlapped, 0, sizeof slot->overlapped);
        slot->start = bench_ticks();
        if (c->connectex(slot->socket, (const struct sockaddr*) &o->peer, sizeof o->peer,
                         o->payload != 0 ? c->payload : NULL, o->payload, &sent,
                         &slot->overlapped) ||
            WSAGetLastError() == WSA_IO_PENDING) {
            c->outstanding++;
            return;
        }
        cycle__failed(c, WSAGetLastError());
        closesocket(slot->socket);
    }
    slot->socket = INVALID_SOCKET;
}

static void cycle__finish(struct cycle* c, struct cycle_slot* slot, BOOL ok, DWORD bytes) {
    int64_t latency = bench_ticks() - slot->start;

    c->outstanding--;
    if (!ok)
        cycle__failed(c, GetLastError());
    else if (bytes != c->options->payload)
        cycle__failed(c, ERROR_BAD_LENGTH);
    else if (c->options->updated &&
             setsockopt(slot->socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) != 0)
        cycle__failed(c, WSAGetLastError());
    else
        c->latencies[c->completed++] = latency;
    closesocket(slot->socket);
    slot->socket = INVALID_SOCKET;
}

/* Nothing completed for the watchdog's time: closes what is left and takes the packets of the
 * cancelled operations, so that the process can end in good order. */
static void cycle__give_up(struct cycle* c) {
    DWORD i, bytes;
    ULONG_PTR key;
    OVERLAPPED* overlapped;

    c->hung = c->outstanding;
    for (i = 0; i < c->options->concurrency; i++)
        if (c->slots[i].socket != INVALID_SOCKET)
            closesocket(c->slots[i].socket);
    for (c->lost = c->hung; c->lost > 0; c->lost--) {
        overlapped = NULL;
        (void) GetQueuedCompletionStatus(c->port, &bytes, &key, &overlapped, CYCLE__DRAIN_MS);
        if (overlapped == NULL)
            return;
    }
}

static void cycle__measure(struct cycle* c, DWORD concurrency, DWORD limit) {
    DWORD i, bytes;
    ULONG_PTR key;

    c->started = c->completed = c->failures = c->first_error = 0;
    c->limit = limit;
    for (i = 0; i < concurrency; i++)
        cycle__start(c, &c->slots[i]);
    while (c->outstanding > 0) {
        OVERLAPPED* overlapped = NULL;
        BOOL ok;

        /* Whether a dequeue has to wait decides how many requests it makes, and whether it has to
         * is a matter of luck. Who counts requests wants it never to. */
        if (c->options->settle_ms > 0)
            Sleep(c->options->settle_ms);
        ok = GetQueuedCompletionStatus(c->port, &bytes, &key, &overlapped, c->options->watchdog_ms);
        if (overlapped == NULL) {
            cycle__give_up(c);
            return;
        }
        cycle__finish(c, CONTAINING_RECORD(overlapped, struct cycle_slot, overlapped), ok, bytes);
        cycle__start(c, CONTAINING_RECORD(overlapped, struct cycle_slot, overlapped));
    }
}

static int cycle__compare(const void* a, const void* b) {
    int64_t x = *(const int64_t*) a;
    int64_t y = *(const int64_t*) b;

    return (x > y) - (x < y);
}

static double cycle__percentile(const struct cycle* c, DWORD percent) {
    if (c->completed == 0)
        return 0;
    return bench_ticks_to_us(c->latencies[(DWORD) ((uint64_t) (c->completed - 1) * percent / 100)]);
}

/* The latencies below which so many percent are, for a picture. */
static void cycle__print_quantiles(const struct cycle* c) {
    DWORD percent;

    if (!c->options->quantiles || c->completed == 0)
        return;
    printf(" quantiles=");
    for (percent = 0; percent <= 100; percent++)
        printf("%s%.1f", percent != 0 ? "," : "", cycle__percentile(c, percent));
}

static void cycle__print(struct cycle* c, const struct bench_span* span) {
    const struct bench_options* o = c->options;
    double count = c->completed != 0 ? (double) c->completed : 1;

    qsort(c->latencies, c->completed, sizeof *c->latencies, cycle__compare);
    printf("mode=cycle payload=%lu concurrency=%lu updated=%d completed=%lu failures=%lu "
           "first_error=%lu hangs=%lu lost=%lu seconds=%.3f rate=%.1f p50_us=%.1f p99_us=%.1f "
           "process_us=%.1f server_us=%.1f",
           o->payload, o->concurrency, o->updated, c->completed, c->failures, c->first_error,
           c->hung, c->lost, span->us / 1e6, (double) c->completed * 1e6 / span->us,
           cycle__percentile(c, 50), cycle__percentile(c, 99), span->process_us / count,
           span->server_us < 0 ? -1 : span->server_us / count);
    cycle__print_quantiles(c);
    printf("\n");
    fflush(stdout);
}

int cycle_run(const struct bench_options* options) {
    struct cycle c = {0};
    struct bench_span span;
    DWORD i;

    c.options = options;
    c.connectex = bench_connectex();
    c.port = bench_port();
    c.payload = bench_alloc(options->payload + 1, 1);
    c.slots = bench_alloc(options->concurrency, sizeof *c.slots);
    c.latencies = bench_alloc(options->operations + options->warmup, sizeof *c.latencies);
    for (i = 0; i < options->concurrency; i++)
        c.slots[i].socket = INVALID_SOCKET;

    /* What only the first operations cost (loading, probing, a first thread) is not the cost of
     * one operation. */
    if (options->warmup > 0)
        cycle__measure(&c, 1, options->warmup);

    bench_begin(&span, options);
    c.deadline = bench_deadline(&span, options);
    if (c.hung == 0)
        cycle__measure(&c, options->concurrency, options->operations);
    bench_end(&span, options);
    cycle__print(&c, &span);
    return c.hung != 0 ? 3 : c.failures != 0 ? 1 : 0;
}
