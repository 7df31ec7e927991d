/* SPDX-License-Identifier: MIT */

/* Nanoseconds per call of each function that the shim interposes, on a socket that it does not
 * know. A successful call of most of them is a request to wineserver and costs microseconds of
 * noise, so that a few nanoseconds of ours could not be seen. Calls marked `user` get arguments
 * that the host refuses before it asks the server; those marked `server` have no such arguments
 * and are there to show that nothing bigger was added. */

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS__USER_BATCHES 401
#define CALLS__USER_BATCH 1000
#define CALLS__SERVER_BATCH 20
#define CALLS__SERVER_EVERY 4

/* The stranger is a socket that no extension function was used on. */
static SOCKET calls__stranger;
static HANDLE calls__some_port;

static int calls__closesocket(void) {
    return closesocket(INVALID_SOCKET);
}

static int calls__getpeername(void) {
    struct sockaddr_in address;

    return getpeername(calls__stranger, (struct sockaddr*) &address, NULL);
}

static int calls__getsockopt(void) {
    char value[4];

    return getsockopt(calls__stranger, SOL_SOCKET, SO_KEEPALIVE, value, NULL);
}

static int calls__setsockopt(void) {
    return setsockopt(calls__stranger, SOL_SOCKET, SO_BROADCAST, NULL, 0);
}

static int calls__wsaioctl(void) {
    return WSAIoctl(calls__stranger, FIONBIO, NULL, 0, NULL, 0, NULL, NULL, NULL);
}

static int calls__port(void) {
    return CreateIoCompletionPort(INVALID_HANDLE_VALUE, calls__some_port, 0, 0) == NULL ? -1 : 0;
}

static int calls__shutdown(void) {
    return shutdown(calls__stranger, SD_BOTH);
}

static int calls__connect(void) {
    struct sockaddr_in address;

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET6;
    return connect(calls__stranger, (struct sockaddr*) &address, sizeof address);
}

static int calls__wsaconnect(void) {
    struct sockaddr_in address;

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET6;
    return WSAConnect(calls__stranger, (struct sockaddr*) &address, sizeof address, NULL, NULL,
                      NULL, NULL);
}

static int calls__cancelio(void) {
    return CancelIo((HANDLE) calls__stranger) ? 0 : -1;
}

static int calls__cancelioex(void) {
    return CancelIoEx((HANDLE) calls__stranger, NULL) ? 0 : -1;
}

struct calls_case {
    const char* name;
    int (*call)(void);
    int server;
    int result;
    DWORD error;
    double samples[CALLS__USER_BATCHES];
    int sample_count;
};

static struct calls_case calls__cases[] = {
    {.name = "closesocket", .call = calls__closesocket},
    {.name = "getpeername", .call = calls__getpeername},
    {.name = "getsockopt", .call = calls__getsockopt},
    {.name = "setsockopt", .call = calls__setsockopt},
    {.name = "WSAIoctl", .call = calls__wsaioctl},
    {.name = "CreateIoCompletionPort", .call = calls__port},
    {.name = "shutdown", .call = calls__shutdown, .server = 1},
    {.name = "connect", .call = calls__connect, .server = 1},
    {.name = "WSAConnect", .call = calls__wsaconnect, .server = 1},
    {.name = "CancelIo", .call = calls__cancelio, .server = 1},
    {.name = "CancelIoEx", .call = calls__cancelioex, .server = 1},
};

#define CALLS__COUNT (sizeof calls__cases / sizeof calls__cases[0])

static void calls__batch(struct calls_case* c) {
    int count = c->server ? CALLS__SERVER_BATCH : CALLS__USER_BATCH;
    int64_t start = bench_ticks();
    int i;

    for (i = 0; i < count; i++)
        (void) c->call();
    c->samples[c->sample_count++] = bench_ticks_to_us(bench_ticks() - start) * 1000 / count;
}

static int calls__compare(const void* a, const void* b) {
    double x = *(const double*) a;
    double y = *(const double*) b;

    return (x > y) - (x < y);
}

/* One ConnectEx first, its socket kept open: a shim that has seen no operation yet may have less
 * to look through than in a program at work. */
static void calls__use_connectex(const struct bench_options* options) {
    LPFN_CONNECTEX connectex = bench_connectex();
    HANDLE port = bench_port();
    SOCKET s = bench_socket(port);
    static OVERLAPPED overlapped;
    OVERLAPPED* done = NULL;
    DWORD bytes;
    ULONG_PTR key;

    if (!connectex(s, (const struct sockaddr*) &options->peer, sizeof options->peer, "x", 1, &bytes,
                   &overlapped) &&
        WSAGetLastError() != WSA_IO_PENDING)
        bench_die("ConnectEx");
    if (!GetQueuedCompletionStatus(port, &bytes, &key, &done, options->watchdog_ms))
        bench_die("GetQueuedCompletionStatus");
}

int calls_run(const struct bench_options* options) {
    size_t i;
    int batch;

    calls__use_connectex(options);
    calls__some_port = bench_port();
    calls__stranger = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    if (calls__stranger == INVALID_SOCKET)
        bench_die("WSASocketW");

    for (i = 0; i < CALLS__COUNT; i++) {
        SetLastError(0);
        calls__cases[i].result = calls__cases[i].call();
        calls__cases[i].error = GetLastError();
    }
    for (batch = 0; batch < CALLS__USER_BATCHES; batch++)
        for (i = 0; i < CALLS__COUNT; i++)
            if (!calls__cases[i].server || batch % CALLS__SERVER_EVERY == 0)
                calls__batch(&calls__cases[i]);

    for (i = 0; i < CALLS__COUNT; i++) {
        struct calls_case* c = &calls__cases[i];

        qsort(c->samples, c->sample_count, sizeof c->samples[0], calls__compare);
        printf("mode=calls call=%s kind=%s result=%d error=%lu ns=%.1f low_ns=%.1f\n", c->name,
               c->server ? "server" : "user", c->result, c->error, c->samples[c->sample_count / 2],
               c->samples[c->sample_count / 10]);
    }
    fflush(stdout);
    return 0;
}
