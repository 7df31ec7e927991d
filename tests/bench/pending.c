/* SPDX-License-Identifier: MIT */

/* What an operation costs that nobody answers: memory and threads of this process. The caller
 * starts it with and without the shim; the difference is ours. */

#include "bench.h"

#include <stdio.h>
#include <string.h>

/* Long enough for a first thread to have started and for work put off to be done. */
#define PENDING__SETTLE_MS 500
#define PENDING__SOCKETS_OF_AN_ADDRESS 10000

struct pending_slot {
    OVERLAPPED overlapped;
    SOCKET socket;
};

struct pending_drain {
    DWORD aborted;
    DWORD other;
    DWORD first_other;
};

static void pending__connect(const struct bench_options* o, LPFN_CONNECTEX connectex,
                             struct pending_slot* slot) {
    DWORD sent;

    if (connectex(slot->socket, (const struct sockaddr*) &o->peer, sizeof o->peer, NULL, 0, &sent,
                  &slot->overlapped) ||
        WSAGetLastError() != WSA_IO_PENDING)
        bench_die("ConnectEx (to stay pending)");
}

static void pending__drain(HANDLE port, DWORD count, DWORD timeout, struct pending_drain* drain) {
    DWORD bytes;
    ULONG_PTR key;

    memset(drain, 0, sizeof *drain);
    while (drain->aborted + drain->other < count) {
        OVERLAPPED* overlapped = NULL;
        BOOL ok = GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, timeout);

        if (overlapped == NULL)
            return;
        if (!ok && GetLastError() == ERROR_OPERATION_ABORTED)
            drain->aborted++;
        else if (drain->other++ == 0)
            drain->first_other = ok ? ERROR_SUCCESS : GetLastError();
    }
}

/* Prints how many milliseconds after its peer has accepted, which is told by the peer, the packet
 * of a connect came that is answered late: its SYN is repeated by the system after a second, when
 * the others wait. On this side the connection stands a little earlier, so that the number may be
 * less than 0 where the peer was not run at once. */
static void pending__late(const struct bench_options* o, LPFN_CONNECTEX connectex) {
    struct bench_options late = *o;
    struct pending_slot slot = {0};
    OVERLAPPED* overlapped = NULL;
    HANDLE port = bench_port();
    SOCKET release = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    uint64_t stamp;
    ULONG_PTR key;
    double ms;
    DWORD bytes;

    if (o->late_port == 0)
        return;
    late.peer.sin_port = htons(o->late_port);
    slot.socket = bench_socket_at(port, INADDR_LOOPBACK);
    pending__connect(&late, connectex, &slot);
    if (GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, PENDING__SETTLE_MS))
        bench_die("what should be late: ConnectEx");
    if (sendto(release, "", 1, 0, (struct sockaddr*) &late.peer, sizeof late.peer) != 1)
        bench_die("sendto");
    if (!GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, o->watchdog_ms))
        bench_die("GetQueuedCompletionStatus (of what is late)");
    ms = bench_ticks_to_us(bench_ticks());
    if (setsockopt(slot.socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) != 0 ||
        recv(slot.socket, (char*) &stamp, sizeof stamp, MSG_WAITALL) != sizeof stamp)
        bench_die("recv (of what is late)");
    ms = (ms - (double) stamp / 10) / 1000;
    /* Where the two clocks are not the same the difference says nothing. */
    if (ms < -10000 || ms > 60000)
        bench_die("comparing clocks");
    printf("late_ms=%.2f ", ms);
    closesocket(slot.socket);
    closesocket(release);
}

/* By CancelIoEx, so that all of these have ended; in microseconds each. */
static double pending__cancel(HANDLE port, struct pending_slot* slots, DWORD count, DWORD wait_ms,
                              struct pending_drain* drain) {
    int64_t start = bench_ticks();
    DWORD i;

    for (i = 0; i < count; i++)
        CancelIoEx((HANDLE) slots[i].socket, &slots[i].overlapped);
    pending__drain(port, count, wait_ms, drain);
    return bench_ticks_to_us(bench_ticks() - start) / count;
}

/* The same by closing. */
static double pending__close(HANDLE port, struct pending_slot* slots, DWORD count, DWORD wait_ms,
                             struct pending_drain* drain) {
    int64_t start = bench_ticks();
    DWORD i;

    for (i = 0; i < count; i++)
        closesocket(slots[i].socket);
    pending__drain(port, count, wait_ms, drain);
    return bench_ticks_to_us(bench_ticks() - start) / count;
}

/* Addresses of the loopback have no more than some 28,000 ports each to bind to. */
static void pending__bind(HANDLE port, struct pending_slot* slots, DWORD count) {
    DWORD i;

    for (i = 0; i < count; i++)
        slots[i].socket =
            bench_socket_at(port, INADDR_LOOPBACK + i / PENDING__SOCKETS_OF_AN_ADDRESS);
}

int pending_run(const struct bench_options* options) {
    DWORD count = options->pending, half = count / 2, rest = count - half;
    DWORD threads_start = bench_threads();
    LPFN_CONNECTEX connectex = bench_connectex();
    DWORD threads_loaded = bench_threads();
    HANDLE port = bench_port();
    struct pending_slot* slots = bench_alloc(count, sizeof *slots);
    struct pending_drain early, cancelled, closed;
    double bytes_start, bytes_bound, bytes_pending, cancel_us, close_us;
    DWORD threads_pending, i;
    int64_t start;

    closesocket(bench_socket(port));
    bytes_start = bench_bytes();
    pending__bind(port, slots, count);
    bytes_bound = bench_bytes();

    start = bench_ticks();
    for (i = 0; i < count; i++)
        pending__connect(options, connectex, &slots[i]);
    start = bench_ticks() - start;
    pending__drain(port, 1, PENDING__SETTLE_MS, &early);
    bytes_pending = bench_bytes();
    threads_pending = bench_threads();
    printf("mode=pending ");
    pending__late(options, connectex);

    cancel_us = pending__cancel(port, slots + half, rest, options->watchdog_ms, &cancelled);
    for (i = half; i < count; i++)
        closesocket(slots[i].socket);
    close_us = pending__close(port, slots, half, options->watchdog_ms, &closed);

    printf("pending=%lu threads_start=%lu threads_loaded=%lu threads_pending=%lu "
           "threads_end=%lu bound_bytes=%.0f pending_bytes=%.0f connect_us=%.1f cancel_us=%.1f "
           "close_us=%.1f early=%lu aborted=%lu other=%lu first_other=%lu\n",
           count, threads_start, threads_loaded, threads_pending, bench_threads(),
           (bytes_bound - bytes_start) / count, (bytes_pending - bytes_bound) / count,
           bench_ticks_to_us(start) / count, cancel_us, close_us, early.aborted + early.other,
           cancelled.aborted + closed.aborted, cancelled.other + closed.other,
           cancelled.other != 0 ? cancelled.first_other : closed.first_other);
    fflush(stdout);
    return cancelled.aborted + closed.aborted == count ? 0 : 1;
}
