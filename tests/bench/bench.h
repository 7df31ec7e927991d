/* SPDX-License-Identifier: MIT */

#ifndef WSEXT_TESTS_BENCH_H
#define WSEXT_TESTS_BENCH_H

#include <winsock2.h>
#include <mswsock.h>
#include <stdint.h>
#include <windows.h>

struct bench_options {
    struct sockaddr_in peer;
    DWORD payload;
    DWORD concurrency;
    DWORD operations;
    DWORD time_ms;
    DWORD watchdog_ms;
    DWORD settle_ms;
    DWORD warmup;
    DWORD pending;
    int updated;
    int calls;
    int hold;
    /* The stat file of wineserver below /proc, seen from here; NULL where there is none. */
    const char* server_stat;
};

/* The modes; each prints its result lines and returns the process' exit code. */
int cycle_run(const struct bench_options* options);
int pending_run(const struct bench_options* options);
int calls_run(const struct bench_options* options);

/* Shared by the modes. The failing ones print a message and end the process: a measurement of a
 * half-working setup is worth nothing. */
void bench_die(const char* what);
LPFN_CONNECTEX bench_connectex(void);
SOCKET bench_socket(HANDLE port);
HANDLE bench_port(void);
void* bench_alloc(size_t count, size_t size);
int64_t bench_ticks(void);
double bench_ticks_to_us(int64_t ticks);

#endif
