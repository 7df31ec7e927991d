/* SPDX-License-Identifier: MIT */

/* What an operation costs that nobody answers: memory and threads of this process. The caller
 * starts it with and without the shim; the difference is ours. */

#include "bench.h"

#include <psapi.h>
#include <stdio.h>
#include <string.h>
#include <tlhelp32.h>

/* Long enough for a first thread to have started and for work put off to be done. */
#define PENDING__SETTLE_MS 500

struct pending_slot {
    OVERLAPPED overlapped;
    SOCKET socket;
};

struct pending_drain {
    DWORD aborted;
    DWORD other;
    DWORD first_other;
};

static DWORD pending__threads(void) {
    THREADENTRY32 entry;
    DWORD count = 0;
    BOOL more;
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);

    if (snapshot == INVALID_HANDLE_VALUE)
        bench_die("CreateToolhelp32Snapshot");
    entry.dwSize = sizeof entry;
    for (more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry))
        if (entry.th32OwnerProcessID == GetCurrentProcessId())
            count++;
    CloseHandle(snapshot);
    return count;
}

static double pending__bytes(void) {
    PROCESS_MEMORY_COUNTERS counters;

    if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters))
        bench_die("GetProcessMemoryInfo");
    return (double) counters.PagefileUsage;
}

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

int pending_run(const struct bench_options* options) {
    DWORD count = options->pending;
    DWORD threads_start = pending__threads();
    LPFN_CONNECTEX connectex = bench_connectex();
    DWORD threads_loaded = pending__threads();
    HANDLE port = bench_port();
    struct pending_slot* slots = bench_alloc(count, sizeof *slots);
    struct pending_drain early, drain;
    double bytes_start, bytes_bound, bytes_pending;
    double connect_us, cancel_us;
    DWORD threads_pending, i;

    slots[0].socket = bench_socket(port);
    bytes_start = pending__bytes();
    for (i = 1; i < count; i++)
        slots[i].socket = bench_socket(port);
    bytes_bound = pending__bytes();

    connect_us = (double) bench_ticks();
    for (i = 0; i < count; i++)
        pending__connect(options, connectex, &slots[i]);
    connect_us = bench_ticks_to_us(bench_ticks() - (int64_t) connect_us);
    pending__drain(port, 1, PENDING__SETTLE_MS, &early);
    bytes_pending = pending__bytes();
    threads_pending = pending__threads();

    cancel_us = (double) bench_ticks();
    for (i = 0; i < count; i++)
        closesocket(slots[i].socket);
    pending__drain(port, count - early.aborted - early.other, options->watchdog_ms, &drain);
    cancel_us = bench_ticks_to_us(bench_ticks() - (int64_t) cancel_us);

    printf("mode=pending pending=%lu threads_start=%lu threads_loaded=%lu threads_pending=%lu "
           "threads_end=%lu bound_bytes=%.0f pending_bytes=%.0f connect_us=%.1f cancel_us=%.1f "
           "early=%lu aborted=%lu other=%lu first_other=%lu\n",
           count, threads_start, threads_loaded, threads_pending, pending__threads(),
           (bytes_bound - bytes_start) / count, (bytes_pending - bytes_bound) / count,
           connect_us / count, cancel_us / count, early.aborted + early.other, drain.aborted,
           drain.other, drain.first_other);
    fflush(stdout);
    return drain.aborted == count ? 0 : 1;
}
