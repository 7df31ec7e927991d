/* SPDX-License-Identifier: MIT */

/* Peers that connect and reset before they are accepted, while many AcceptEx are pending on another
 * listener: what each costs must not grow with those. */

#include "bench.h"

#include <stdio.h>
#include <string.h>

#define RESETS__BATCH 100

struct resets_slot {
    OVERLAPPED overlapped;
    SOCKET socket;
    char buffer[2 * BENCH_NAME_SIZE];
};

struct resets {
    const struct bench_options* options;
    LPFN_ACCEPTEX acceptex;
    HANDLE port;
    SOCKET callers;
    u_short number;
    DWORD total;
    DWORD reset;   /* Told of as such, */
    DWORD unlike;  /* or as something else, */
    DWORD success; /* or not at all. */
    DWORD first_unlike;
    int64_t ticks;
    double cpu_us;
};

/* They are in the listener's queue when this returns, and reset. */
static void resets__await(struct resets* r, DWORD count) {
    char line[64];
    int length = snprintf(line, sizeof line, "reset %u %lu\n", r->number, count);

    if (send(r->callers, line, length, 0) != length)
        bench_die("send (to bench-callers)");
    if (recv(r->callers, line, 5, MSG_WAITALL) != 5)
        bench_die("recv (from bench-callers)");
}

static void resets__take(struct resets* r, DWORD wait_ms) {
    OVERLAPPED* overlapped = NULL;
    ULONG_PTR key;
    DWORD bytes;
    BOOL ok = GetQueuedCompletionStatus(r->port, &bytes, &key, &overlapped, wait_ms);

    if (overlapped == NULL)
        bench_die("a packet is missing: GetQueuedCompletionStatus");
    if (ok)
        r->success++;
    else if (GetLastError() == ERROR_NETNAME_DELETED)
        r->reset++;
    else if (r->unlike++ == 0)
        r->first_unlike = GetLastError();
}

/* Only what the program does is measured, not what its peers need. */
static void resets__batch(struct resets* r, SOCKET listener, DWORD count) {
    static struct resets_slot slots[RESETS__BATCH];
    double cpu_us;
    int64_t start;
    DWORD i;

    resets__await(r, count);
    for (i = 0; i < count; i++)
        slots[i].socket = bench_acceptor(r->port);
    cpu_us = bench_process_us();
    start = bench_ticks();
    for (i = 0; i < count; i++)
        bench_accept(r->acceptex, listener, slots[i].socket, slots[i].buffer, 0,
                     &slots[i].overlapped);
    for (i = 0; i < count; i++)
        resets__take(r, r->options->watchdog_ms);
    r->ticks += bench_ticks() - start;
    r->cpu_us += bench_process_us() - cpu_us;
    for (i = 0; i < count; i++)
        closesocket(slots[i].socket);
    r->total += count;
}

static DWORD resets__end(HANDLE port, struct resets_slot* slots, DWORD count, DWORD wait_ms) {
    DWORD aborted = 0, bytes, i;
    ULONG_PTR key;

    for (i = 0; i < count; i++)
        closesocket(slots[i].socket);
    for (i = 0; i < count; i++) {
        OVERLAPPED* overlapped = NULL;

        if (!GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, wait_ms) &&
            overlapped == NULL)
            break;
        aborted++;
    }
    return aborted;
}

int resets_run(const struct bench_options* options) {
    static const GUID guid = WSAID_ACCEPTEX;
    struct resets r = {0};
    HANDLE quiet_port = bench_port();
    struct resets_slot* quiet = bench_alloc(options->pending + 1, sizeof *quiet);
    SOCKET quiet_listener, listener;
    double bytes, end_us;
    u_short unused;
    DWORD i, aborted;

    r.options = options;
    r.acceptex = (LPFN_ACCEPTEX) bench_function(guid);
    r.port = bench_port();
    r.callers = bench_ask(options, "");
    quiet_listener = bench_listener(quiet_port, &unused);
    listener = bench_listener(r.port, &r.number);
    for (i = 0; i < options->pending; i++)
        quiet[i].socket = bench_acceptor(quiet_port);
    bytes = bench_bytes();
    for (i = 0; i < options->pending; i++)
        bench_accept(r.acceptex, quiet_listener, quiet[i].socket, quiet[i].buffer, 0,
                     &quiet[i].overlapped);
    bytes = bench_bytes() - bytes;

    while (r.total < options->resets) {
        DWORD left = options->resets - r.total;

        resets__batch(&r, listener, left < RESETS__BATCH ? left : RESETS__BATCH);
    }
    end_us = (double) bench_ticks();
    aborted = resets__end(quiet_port, quiet, options->pending, options->watchdog_ms);
    end_us = bench_ticks_to_us(bench_ticks() - (int64_t) end_us);

    printf("mode=resets pending=%lu resets=%lu told=%lu unlike=%lu first_unlike=%lu success=%lu "
           "us=%.1f process_us=%.1f pending_bytes=%.0f aborted=%lu close_us=%.1f\n",
           options->pending, r.total, r.reset, r.unlike, r.first_unlike, r.success,
           bench_ticks_to_us(r.ticks) / r.total, r.cpu_us / r.total,
           options->pending != 0 ? bytes / options->pending : 0, aborted,
           options->pending != 0 ? end_us / options->pending : 0);
    fflush(stdout);
    return aborted == options->pending ? 0 : 1;
}
