/* SPDX-License-Identifier: MIT */

/* A server's cycle: AcceptEx, its packet, SO_UPDATE_ACCEPT_CONTEXT, and the end of the connection,
 * after which the slot is ready for the next. bench-callers are the clients. */

#include "bench.h"

#include <stdio.h>
#include <string.h>

#define SERVER__FILE_SIZE 1024

struct server_slot {
    OVERLAPPED overlapped;
    SOCKET socket;
    int is_ending; /* It is the end that the slot waits for. */
    char* buffer;
};

struct server {
    const struct bench_options* options;
    LPFN_ACCEPTEX acceptex;
    LPFN_DISCONNECTEX disconnectex;
    LPFN_TRANSMITFILE transmitfile;
    HANDLE port;
    HANDLE file;
    SOCKET listener;
    u_short number;
    struct server_slot* slots;
    int64_t deadline;
    DWORD limit;
    DWORD started;
    DWORD completed;
    DWORD outstanding;
    DWORD failures;
    DWORD first_error;
    DWORD hung;
};

static void server__failed(struct server* server, DWORD error) {
    if (server->failures++ == 0)
        server->first_error = error;
}

static void server__start(struct server* server, struct server_slot* slot) {
    if (server->started >= server->limit ||
        (server->deadline != 0 && bench_ticks() >= server->deadline))
        return;
    server->started++;
    server->outstanding++;
    slot->is_ending = 0;
    if (slot->socket == INVALID_SOCKET)
        slot->socket = bench_acceptor(server->port);
    bench_accept(server->acceptex, server->listener, slot->socket, slot->buffer,
                 server->options->payload, &slot->overlapped);
}

static void server__close(struct server_slot* slot) {
    closesocket(slot->socket);
    slot->socket = INVALID_SOCKET;
}

/* The cycle is at its end; another begins. */
static void server__next(struct server* server, struct server_slot* slot, DWORD error) {
    server->outstanding--;
    if (error != 0) {
        server__failed(server, error);
        server__close(slot);
    } else {
        server->completed++;
    }
    server__start(server, slot);
}

/* Begins what ends the connection. Returns 0, or an error. */
static DWORD server__begin_end(struct server* server, struct server_slot* slot) {
    enum bench_end end = server->options->end;
    BOOL done;

    memset(&slot->overlapped, 0, sizeof slot->overlapped);
    slot->is_ending = 1;
    if (end == BENCH_REUSE)
        done = server->disconnectex(slot->socket, &slot->overlapped, TF_REUSE_SOCKET, 0);
    else
        done = server->transmitfile(slot->socket, server->file, 0, 0, &slot->overlapped, NULL,
                                    end == BENCH_FILE_REUSE ? TF_DISCONNECT | TF_REUSE_SOCKET : 0);
    return done || WSAGetLastError() == WSA_IO_PENDING ? 0 : (DWORD) WSAGetLastError();
}

static void server__accepted(struct server* server, struct server_slot* slot, DWORD bytes) {
    DWORD error = 0;

    if (bytes != server->options->payload)
        error = ERROR_BAD_LENGTH;
    else if (setsockopt(slot->socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                        (const char*) &server->listener, sizeof server->listener) != 0)
        error = (DWORD) WSAGetLastError();
    else if (server->options->end == BENCH_CLOSE)
        server__close(slot);
    else
        error = server__begin_end(server, slot);
    if (error != 0 || server->options->end == BENCH_CLOSE)
        server__next(server, slot, error);
}

static void server__ended(struct server* server, struct server_slot* slot, DWORD bytes) {
    DWORD expected = server->options->end == BENCH_REUSE ? 0 : SERVER__FILE_SIZE;

    if (server->options->end == BENCH_FILE)
        server__close(slot);
    server__next(server, slot, bytes == expected ? 0 : ERROR_BAD_LENGTH);
}

static void server__measure(struct server* server, DWORD at_once, DWORD limit) {
    DWORD bytes, i;
    ULONG_PTR key;
    char line[64];
    SOCKET callers;

    server->started = server->completed = server->failures = server->first_error = 0;
    server->limit = limit;
    /* One of its own, as what the last clients have left in a queue would be accepted. */
    server->listener = bench_listener(server->port, &server->number);
    for (i = 0; i < at_once; i++)
        server__start(server, &server->slots[i]);
    snprintf(line, sizeof line, "call %u %lu %lu\n", server->number, at_once,
             server->options->payload);
    callers = bench_ask(server->options, line);
    while (server->outstanding > 0) {
        OVERLAPPED* overlapped = NULL;
        struct server_slot* slot;
        BOOL ok;

        /* Who counts requests wants no dequeue to wait; see cycle.c. */
        if (server->options->settle_ms > 0)
            Sleep(server->options->settle_ms);
        ok = GetQueuedCompletionStatus(server->port, &bytes, &key, &overlapped,
                                       server->options->watchdog_ms);
        if (overlapped == NULL) {
            server->hung = server->outstanding;
            break;
        }
        slot = CONTAINING_RECORD(overlapped, struct server_slot, overlapped);
        if (!ok)
            server__next(server, slot, GetLastError());
        else if (slot->is_ending)
            server__ended(server, slot, bytes);
        else
            server__accepted(server, slot, bytes);
    }
    closesocket(callers);
    closesocket(server->listener);
}

static HANDLE server__file(void) {
    char folder[MAX_PATH], name[MAX_PATH], bytes[SERVER__FILE_SIZE] = {0};
    HANDLE file;
    DWORD written;

    if (GetTempPathA(sizeof folder, folder) == 0 || GetTempFileNameA(folder, "bch", 0, name) == 0)
        bench_die("GetTempFileName");
    file = CreateFileA(name, GENERIC_READ | GENERIC_WRITE | DELETE, FILE_SHARE_READ, NULL,
                       CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (file == INVALID_HANDLE_VALUE || !WriteFile(file, bytes, sizeof bytes, &written, NULL))
        bench_die("CreateFile");
    return file;
}

static void server__prepare(struct server* server, const struct bench_options* options) {
    static const GUID accept = WSAID_ACCEPTEX, disconnect = WSAID_DISCONNECTEX;
    static const GUID file = WSAID_TRANSMITFILE;
    DWORD i;

    server->options = options;
    server->acceptex = (LPFN_ACCEPTEX) bench_function(accept);
    server->disconnectex = (LPFN_DISCONNECTEX) bench_function(disconnect);
    server->transmitfile = (LPFN_TRANSMITFILE) bench_function(file);
    server->port = bench_port();
    if (options->end == BENCH_FILE || options->end == BENCH_FILE_REUSE)
        server->file = server__file();
    server->slots = bench_alloc(options->concurrency, sizeof *server->slots);
    for (i = 0; i < options->concurrency; i++) {
        server->slots[i].socket = INVALID_SOCKET;
        server->slots[i].buffer = bench_alloc(options->payload + 2 * BENCH_NAME_SIZE, 1);
    }
}

static void server__print(const struct server* server, const struct bench_span* span) {
    static const char* const ends[] = {"close", "reuse", "file", "file-reuse"};
    const struct bench_options* o = server->options;
    double count = server->completed != 0 ? (double) server->completed : 1;

    printf("mode=accept end=%s payload=%lu concurrency=%lu completed=%lu failures=%lu "
           "first_error=%lu hangs=%lu seconds=%.3f rate=%.1f process_us=%.1f server_us=%.1f\n",
           ends[o->end], o->payload, o->concurrency, server->completed, server->failures,
           server->first_error, server->hung, span->us / 1e6,
           (double) server->completed * 1e6 / span->us, span->process_us / count,
           span->server_us < 0 ? -1 : span->server_us / count);
    fflush(stdout);
}

int server_run(const struct bench_options* options) {
    struct server server = {0};
    struct bench_span span;

    server__prepare(&server, options);
    if (options->warmup > 0)
        server__measure(&server, 1, options->warmup);

    bench_begin(&span, options);
    server.deadline = bench_deadline(&span, options);
    if (server.hung == 0)
        server__measure(&server, options->concurrency, options->operations);
    bench_end(&span, options);
    server__print(&server, &span);
    return server.hung != 0 ? 3 : server.failures != 0 ? 1 : 0;
}
