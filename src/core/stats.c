/* SPDX-License-Identifier: MIT */
#include "core/stats.h"

#include "base/config.h"
#include "base/histogram.h"
#include "base/log.h"
#include "base/status.h"
#include "host/seconds.h"

#define STATS__ROWS 24
#define STATS__PATH_SIZE 260

/* A counter for each error that was met; the first that is free is taken for a new one. */
struct stats__row {
    volatile LONG error_plus_one;
    volatile LONG count;
};

/* What is counted of each function. Of the calls that are carried out unseen by the host no end is
 * counted, except for ConnectEx, whose outcomes are read off the sockets, and for an AcceptEx that
 * SO_UPDATE_ACCEPT_CONTEXT tells of. */
static struct stats__function {
    struct stats__row calls[STATS__ROWS];
    struct stats__row ends[STATS__ROWS];
    volatile LONG payloads;
    volatile LONG64 bytes;
    volatile LONG pending;
    volatile LONG pending_maximum;
    volatile LONG latencies[HISTOGRAM__BUCKETS]; /* In microseconds. */
    volatile LONG64 longest;
} stats__functions[STATS_FUNCTION_COUNT];

static const char* const stats__names[STATS_FUNCTION_COUNT] = {
    "ConnectEx",  "DisconnectEx", "AcceptEx",   "TransmitFile", "TransmitPackets",
    "WSARecvMsg", "WSASendMsg",   "RIOReceive", "RIOSend",      "WSASend"};

static void stats__count(struct stats__row* rows, int error) {
    int i;
    for (i = 0; i < STATS__ROWS; i++) {
        LONG found = InterlockedCompareExchange(&rows[i].error_plus_one, error + 1, 0);
        if (found == 0 || found == error + 1) {
            InterlockedIncrement(&rows[i].count);
            return;
        }
    }
}

void stats_count_call(enum stats_function function, int error, ULONGLONG bytes) {
    if (!config.stats)
        return;
    stats__count(stats__functions[function].calls, error);
    if ((error == 0 || error == ERROR_IO_PENDING) && bytes != 0) {
        InterlockedIncrement(&stats__functions[function].payloads);
        InterlockedExchangeAdd64(&stats__functions[function].bytes, (LONG64) bytes);
    }
}

void stats_count_end(enum stats_function function, int error) {
    if (config.stats)
        stats__count(stats__functions[function].ends, error);
}

static LONG64 stats__microseconds(void) {
    LARGE_INTEGER ticks, frequency;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&frequency);
    return ticks.QuadPart / frequency.QuadPart * 1000000 +
           ticks.QuadPart % frequency.QuadPart * 1000000 / frequency.QuadPart;
}

LONG64 stats_now(void) {
    return config.stats ? stats__microseconds() : 0;
}

void stats_count_time(enum stats_function function, LONG64 started) {
    struct stats__function* self = &stats__functions[function];
    LONG64 taken, longest;
    if (!config.stats)
        return;
    taken = stats__microseconds() - started;
    InterlockedIncrement(&self->latencies[histogram_bucket((uint64_t) taken)]);
    do
        longest = self->longest;
    while (taken > longest &&
           InterlockedCompareExchange64(&self->longest, taken, longest) != longest);
}

void stats_begin(struct socket* socket, enum stats_function function) {
    struct stats__function* self = &stats__functions[function];
    LONG pending, maximum;
    if (!config.stats)
        return;
    /* The last operation's end was never seen. */
    stats_end(socket, 0);
    socket->counted = (unsigned char) (function + 1);
    socket->started = stats__microseconds();
    pending = InterlockedIncrement(&self->pending);
    do
        maximum = self->pending_maximum;
    while (pending > maximum &&
           InterlockedCompareExchange(&self->pending_maximum, pending, maximum) != maximum);
}

void stats_end(struct socket* socket, int is_seen) {
    enum stats_function function = (enum stats_function)(socket->counted - 1);
    if (!socket->counted)
        return;
    socket->counted = 0;
    InterlockedDecrement(&stats__functions[function].pending);
    if (is_seen)
        stats_count_time(function, socket->started);
}

/* The host carries most operations unobserved, so the outcome is read off the socket. */
static int stats__outcome(SOCKET s) {
    DWORD seconds;
    int error = 0, length = sizeof error;

    if (seconds_connected(s, &seconds) == 0 && seconds != SECONDS_NEVER)
        return 0;
    if (host.getsockopt(s, SOL_SOCKET, SO_ERROR, (char*) &error, &length) == 0 && error != 0)
        return error;
    return ERROR_OPERATION_ABORTED;
}

void stats_count_close(const struct socket* socket) {
    int last_error;
    if (!config.stats)
        return;
    if (!lifecycle_is_begun(&socket->lifecycle))
        return;
    last_error = WSAGetLastError();
    stats_count_end(STATS_CONNECTEX, stats__outcome(socket->handle));
    WSASetLastError(last_error);
}

const char* stats_name(enum stats_function function) {
    return stats__names[function];
}

static LONG stats__sum(const struct stats__row* rows) {
    LONG sum = 0;
    int i;
    for (i = 0; i < STATS__ROWS; i++)
        sum += rows[i].count;
    return sum;
}

static void stats__say(const char* what, const struct stats__row* rows) {
    int i;
    for (i = 0; i < STATS__ROWS && rows[i].error_plus_one != 0; i++) {
        int error = (int) rows[i].error_plus_one - 1;
        log_say("  %s %s (%d): %ld", what, status_error_name(error), error, rows[i].count);
    }
}

/* An upper bound, to within a quarter, of the microseconds that so many of a thousand took. */
static unsigned long stats__quantile(const struct stats__function* self, unsigned permille) {
    uint64_t bound = histogram_quantile(self->latencies, permille);
    uint64_t longest = (uint64_t) self->longest;
    return (unsigned long) (bound < longest ? bound : longest);
}

/* Only what there is: a line of zeros is a line that hides another. */
static void stats__report_function(enum stats_function function) {
    const struct stats__function* self = &stats__functions[function];
    LONG ends = stats__sum(self->ends);
    const char* name = stats__names[function];

    log_say("%s calls: %ld", name, stats__sum(self->calls));
    stats__say("returned", self->calls);
    if (ends > 0)
        log_say("%s outcomes seen: %ld", name, ends);
    stats__say("ended with", self->ends);
    if (self->payloads > 0)
        log_say("%s payloads: %ld, %lu KiB", name, self->payloads,
                (unsigned long) (self->bytes / 1024));
    if (self->pending_maximum > 0)
        log_say("%s pending at once: %ld, each until its end was seen", name,
                self->pending_maximum);
    if (self->longest > 0)
        log_say("%s until the end was seen: 50 %% in %lu us, 90 %% in %lu us, 99 %% in %lu us, "
                "all in %lu us",
                name, stats__quantile(self, 500), stats__quantile(self, 900),
                stats__quantile(self, 990), (unsigned long) self->longest);
}

/* Several processes may write into one file. */
static void stats__report_process(void) {
    wchar_t path[STATS__PATH_SIZE];
    char text[STATS__PATH_SIZE * 3] = "?";
    DWORD length = GetModuleFileNameW(NULL, path, STATS__PATH_SIZE);
    if (length > 0 && length < STATS__PATH_SIZE)
        WideCharToMultiByte(CP_UTF8, 0, path, -1, text, sizeof text, NULL, NULL);
    log_say("statistics of process %04lx, %s", GetCurrentProcessId(), text);
}

void stats_report(void) {
    static volatile LONG is_reported;
    int function, used = 0;
    if (!config.stats || InterlockedExchange(&is_reported, 1) != 0)
        return;
    stats__report_process();
    for (function = 0; function < STATS_FUNCTION_COUNT; function++) {
        if (stats__sum(stats__functions[function].calls) == 0)
            continue;
        stats__report_function((enum stats_function) function);
        used++;
    }
    if (used == 0)
        log_say("no extension function was called");
}
