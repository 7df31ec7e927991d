/* SPDX-License-Identifier: MIT */

#ifndef WSEXT_TESTS_BENCH_H
#define WSEXT_TESTS_BENCH_H

#include <winsock2.h>
#include <mswsock.h>
#include <stdint.h>
#include <windows.h>

/* How a server parts with a connection, and where it takes the socket of the next from. */
enum bench_end {
    BENCH_CLOSE,     /* closesocket, and another socket. */
    BENCH_REUSE,     /* DisconnectEx with TF_REUSE_SOCKET, and the same. */
    BENCH_FILE,      /* TransmitFile, closesocket, and another. */
    BENCH_FILE_REUSE /* TransmitFile with TF_DISCONNECT and TF_REUSE_SOCKET, and the same. */
};

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
    DWORD resets;
    u_short late_port; /* Of a listener that answers when it is told to; 0 for none. */
    enum bench_end end;
    int accepts;
    int quantiles;
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
int server_run(const struct bench_options* options);
int resets_run(const struct bench_options* options);

/* Shared by the modes. The failing ones print a message and end the process: a measurement of a
 * half-working setup is worth nothing. */
void bench_die(const char* what);
void* bench_function(GUID guid);
LPFN_CONNECTEX bench_connectex(void);
SOCKET bench_socket_at(HANDLE port, u_long address); /* Bound to it, in host order. */
SOCKET bench_socket(HANDLE port);
HANDLE bench_port(void);
void* bench_alloc(size_t count, size_t size);
int64_t bench_ticks(void);
double bench_ticks_to_us(int64_t ticks);

/* What was used so far, in microseconds of CPU time: by this process, and by wineserver, by its
 * stat file; the latter is -1 where it cannot be read. */
double bench_process_us(void);
double bench_server_us(const char* server_stat);

/* What a part of the run has taken of all three, in microseconds; server_us is below 0 where it
 * cannot be told. */
struct bench_span {
    double us, process_us, server_us;
    int64_t start;
};
void bench_begin(struct bench_span* span, const struct bench_options* options);
void bench_end(struct bench_span* span, const struct bench_options* options);

/* When a run that began then is to stop, in ticks, or 0 where it counts operations. */
int64_t bench_deadline(const struct bench_span* span, const struct bench_options* options);

/* Of this process. */
DWORD bench_threads(void);
double bench_bytes(void);

/* A server's side: sockets that are not bound, a listener on the loopback, and AcceptEx, which
 * waits for a peer or has ended in its packet already. The buffer has room for the bytes and two
 * addresses of BENCH_NAME_SIZE. */
#define BENCH_NAME_SIZE (sizeof(struct sockaddr_in) + 16)

SOCKET bench_acceptor(HANDLE port);
SOCKET bench_listener(HANDLE port, u_short* number);
void bench_accept(LPFN_ACCEPTEX acceptex, SOCKET listener, SOCKET acceptor, void* buffer,
                  DWORD bytes, OVERLAPPED* overlapped);

/* Asks bench-callers, which listens at the peer's port, for something; keep the socket while the
 * clients are to call. */
SOCKET bench_ask(const struct bench_options* options, const char* line);

#endif
