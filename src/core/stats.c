/* SPDX-License-Identifier: MIT */
#include "core/stats.h"

#include "core/status.h"
#include "host/config.h"

#define STATS__ROWS 24

/* A counter for each error that was met; the first that is free is taken for a new one. */
struct stats__row {
    volatile LONG error_plus_one;
    volatile LONG count;
};

static struct stats__row stats__calls[STATS__ROWS];
static struct stats__row stats__outcomes[STATS__ROWS];
static volatile LONG stats__payloads;
static volatile LONG64 stats__bytes;

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

void stats_count_call(int error, DWORD payload) {
    if (!config.stats)
        return;
    stats__count(stats__calls, error);
    if ((error == 0 || error == ERROR_IO_PENDING) && payload != 0) {
        InterlockedIncrement(&stats__payloads);
        InterlockedExchangeAdd64(&stats__bytes, payload);
    }
}

void stats_count_connected(void) {
    if (config.stats)
        stats__count(stats__outcomes, 0);
}

/* The host carries most operations unobserved, so the outcome is read off the socket. */
static int stats__outcome(SOCKET s) {
    DWORD seconds = 0;
    int error = 0, length = sizeof seconds;

    if (host.getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length) == 0 &&
        seconds != 0xFFFFFFFFu)
        return 0;
    length = sizeof error;
    if (host.getsockopt(s, SOL_SOCKET, SO_ERROR, (char*) &error, &length) == 0 && error != 0)
        return error;
    return ERROR_OPERATION_ABORTED;
}

void stats_count_close(const struct record* record) {
    int last_error;
    if (!config.stats)
        return;
    switch (record->machine.state) {
        case MACHINE_CONNECTING:
        case MACHINE_SENDING:
        case MACHINE_FAILED:
            last_error = WSAGetLastError();
            stats__count(stats__outcomes, stats__outcome(record->handle));
            WSASetLastError(last_error);
            break;
        default:
            break;
    }
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
        config_say("  %s %s (%d): %ld", what, status_error_name(error), error, rows[i].count);
    }
}

void stats_report(void) {
    if (!config.stats)
        return;
    config_say("ConnectEx calls: %ld", stats__sum(stats__calls));
    stats__say("returned", stats__calls);
    config_say("ConnectEx outcomes seen: %ld", stats__sum(stats__outcomes));
    stats__say("ended with", stats__outcomes);
    config_say("ConnectEx payloads: %ld, %lu KiB", stats__payloads,
               (unsigned long) (stats__bytes / 1024));
}
