/* SPDX-License-Identifier: MIT */

/* A plain Windows program, linked against neither our DLL nor its library: whether it is measured
 * with or without the shim is decided by how it is started. */

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_die(const char* what) {
    fprintf(stderr, "bench-client: %s failed: error %lu\n", what, GetLastError());
    ExitProcess(2);
}

void* bench_alloc(size_t count, size_t size) {
    void* memory = malloc(count * size);

    if (memory == NULL)
        bench_die("malloc");
    /* Written to, not just zeroed by the system: the pages must be there before memory or time is
     * measured. */
    memset(memory, 0x5a, count * size);
    memset(memory, 0, count * size);
    return memory;
}

int64_t bench_ticks(void) {
    LARGE_INTEGER now;

    QueryPerformanceCounter(&now);
    return now.QuadPart;
}

double bench_ticks_to_us(int64_t ticks) {
    static LARGE_INTEGER frequency;

    if (frequency.QuadPart == 0)
        QueryPerformanceFrequency(&frequency);
    return (double) ticks * 1e6 / (double) frequency.QuadPart;
}

HANDLE bench_port(void) {
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);

    if (port == NULL)
        bench_die("CreateIoCompletionPort");
    return port;
}

SOCKET bench_socket(HANDLE port) {
    struct sockaddr_in any;
    SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);

    if (s == INVALID_SOCKET)
        bench_die("WSASocketW");
    memset(&any, 0, sizeof any);
    any.sin_family = AF_INET;
    if (bind(s, (struct sockaddr*) &any, sizeof any) != 0)
        bench_die("bind");
    if (CreateIoCompletionPort((HANDLE) s, port, (ULONG_PTR) s, 0) == NULL)
        bench_die("CreateIoCompletionPort (socket)");
    return s;
}

LPFN_CONNECTEX bench_connectex(void) {
    GUID guid = WSAID_CONNECTEX;
    LPFN_CONNECTEX connectex = NULL;
    DWORD bytes;
    SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);

    if (s == INVALID_SOCKET)
        bench_die("WSASocketW");
    if (WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &connectex,
                 sizeof connectex, &bytes, NULL, NULL) != 0)
        bench_die("WSAIoctl");
    closesocket(s);
    return connectex;
}

static void client__usage(void) {
    fprintf(stderr,
            "usage: bench-client --port N [--payload BYTES] [--concurrency N] [--operations N]\n"
            "                    [--time MS] [--watchdog MS] [--warmup N] [--updated]\n"
            "                    [--settle MS] [--server-stat FILE]\n"
            "       bench-client --port N --pending N [--watchdog MS]\n"
            "       bench-client --port N --calls\n"
            "       bench-client --hold\n");
    ExitProcess(2);
}

/* Takes one option with a number; the number of arguments used, or 0 if it is none of these. */
static int client__parse_number(const char* name, const char* value, struct bench_options* o) {
    unsigned long number;
    char* end;

    if (value == NULL)
        return 0;
    number = strtoul(value, &end, 10);
    if (end == value || *end != '\0')
        return 0;

    if (strcmp(name, "--port") == 0)
        o->peer.sin_port = htons((u_short) number);
    else if (strcmp(name, "--payload") == 0)
        o->payload = number;
    else if (strcmp(name, "--concurrency") == 0)
        o->concurrency = number;
    else if (strcmp(name, "--operations") == 0)
        o->operations = number;
    else if (strcmp(name, "--time") == 0)
        o->time_ms = number;
    else if (strcmp(name, "--watchdog") == 0)
        o->watchdog_ms = number;
    else if (strcmp(name, "--warmup") == 0)
        o->warmup = number;
    else if (strcmp(name, "--settle") == 0)
        o->settle_ms = number;
    else if (strcmp(name, "--pending") == 0)
        o->pending = number;
    else
        return 0;
    return 2;
}

static void client__parse(int argc, char** argv, struct bench_options* o) {
    int i = 1;

    while (i < argc) {
        const char* value = i + 1 < argc ? argv[i + 1] : NULL;
        int used = client__parse_number(argv[i], value, o);

        if (used == 0) {
            used = 1;
            if (strcmp(argv[i], "--updated") == 0)
                o->updated = 1;
            else if (strcmp(argv[i], "--calls") == 0)
                o->calls = 1;
            else if (strcmp(argv[i], "--hold") == 0)
                o->hold = 1;
            else if (strcmp(argv[i], "--server-stat") == 0 && value != NULL) {
                o->server_stat = value;
                used = 2;
            } else
                client__usage();
        }
        i += used;
    }
    if (!o->hold && o->peer.sin_port == 0)
        client__usage();
    if (o->concurrency == 0 || o->operations == 0)
        client__usage();
}

/* Does nothing until standard input closes: while such a process lives, the prefix's services stay
 * up, and no measured run pays for starting them. */
static int client__hold(void) {
    printf("mode=hold\n");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    return 0;
}

int main(int argc, char** argv) {
    struct bench_options options = {0};
    WSADATA data;

    options.peer.sin_family = AF_INET;
    options.peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    options.concurrency = 1;
    options.operations = 100;
    options.watchdog_ms = 5000;
    options.warmup = 4;
    client__parse(argc, argv, &options);

    if (options.hold)
        return client__hold();
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        bench_die("WSAStartup");
    if (options.pending != 0)
        return pending_run(&options);
    if (options.calls)
        return calls_run(&options);
    return cycle_run(&options);
}
