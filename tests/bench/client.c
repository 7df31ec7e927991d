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

static void client__usage(void) {
    fprintf(stderr,
            "usage: bench-client --port N [--payload BYTES] [--concurrency N] [--operations N]\n"
            "                    [--time MS] [--watchdog MS] [--warmup N] [--updated]\n"
            "                    [--settle MS] [--server-stat FILE]\n"
            "                    [--quantiles]\n"
            "       bench-client --port N --pending N [--late PORT] [--watchdog MS]\n"
            "       bench-client --port N --accept [--end close|reuse|file|file-reuse] …\n"
            "       bench-client --port N --resets N [--pending N]\n"
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
    else if (strcmp(name, "--resets") == 0)
        o->resets = number;
    else if (strcmp(name, "--late") == 0)
        o->late_port = (u_short) number;
    else
        return 0;
    return 2;
}

static int client__parse_end(const char* value, struct bench_options* o) {
    static const char* const names[] = {"close", "reuse", "file", "file-reuse"};
    int i;

    for (i = 0; i < 4; i++) {
        if (strcmp(value, names[i]) == 0) {
            o->end = (enum bench_end) i;
            return 2;
        }
    }
    client__usage();
    return 0;
}

/* What is either said or not. */
static int client__parse_flag(const char* name, struct bench_options* o) {
    if (strcmp(name, "--updated") == 0)
        o->updated = 1;
    else if (strcmp(name, "--quantiles") == 0)
        o->quantiles = 1;
    else if (strcmp(name, "--accept") == 0)
        o->accepts = 1;
    else if (strcmp(name, "--calls") == 0)
        o->calls = 1;
    else if (strcmp(name, "--hold") == 0)
        o->hold = 1;
    else
        return 0;
    return 1;
}

static void client__parse(int argc, char** argv, struct bench_options* o) {
    int i = 1;

    while (i < argc) {
        const char* value = i + 1 < argc ? argv[i + 1] : NULL;
        int used = client__parse_number(argv[i], value, o);

        if (used == 0)
            used = client__parse_flag(argv[i], o);
        if (used == 0 && value != NULL && strcmp(argv[i], "--server-stat") == 0) {
            o->server_stat = value;
            used = 2;
        }
        if (used == 0 && value != NULL && strcmp(argv[i], "--end") == 0)
            used = client__parse_end(value, o);
        if (used == 0)
            client__usage();
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
    if (options.accepts)
        return server_run(&options);
    if (options.resets != 0)
        return resets_run(&options);
    if (options.pending != 0)
        return pending_run(&options);
    if (options.calls)
        return calls_run(&options);
    return cycle_run(&options);
}
