/* SPDX-License-Identifier: MIT */
#include "wsext/report.h"

#include <string.h>

#include "base/config.h"
#include "base/memory.h"
#include "core/way.h"
#include "hooks/copy.h"
#include "hooks/hooks.h"
#include "host/caps.h"
#include "wsext/functions.h"

/* The host is asked about a socket of our own. */
static void report__ask_ways(struct wsext_report* report) {
    unsigned ways;
    SOCKET s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (s == INVALID_SOCKET)
        return;
    ways = ways_of(s);
    report->has_native = (ways & WAY_NATIVE) != 0;
    report->has_poll = (ways & WAY_POLL) != 0;
    report->has_thread = (ways & WAY_WORKER) != 0;
    report->has_complete = (DWORD) caps_has(CAP_COMPLETE);
    host.closesocket(s);
}

static void report__fill(struct wsext_report* report) {
    static const char* const drivers[] = {"auto", "native", "poll", "thread"};
    memset(report, 0, sizeof *report);
    strcpy(report->version, WSEXT_VERSION);
    strcpy(report->driver, drivers[config.driver]);
    strcpy(report->context, config.lenient ? "lenient" : "strict");
    hooks_count(&report->hooks, &report->hooks_installed);
    report__ask_ways(report);
}

/* The caller may have been compiled against an older or a newer structure, to whose end members
 * were added: it gets what both have. */
int WINAPI wsext_report(struct wsext_report* report) {
    struct wsext_report filled;
    DWORD size;
    if (report == NULL || !memory_is_writable(report, sizeof report->size))
        return -1;
    size = report->size < sizeof filled ? report->size : (DWORD) sizeof filled;
    if (size < sizeof report->size || !memory_is_writable(report, size) || wsext_init() != 0)
        return -1;
    if (copy_first() != NULL)
        return copy_first()->report(report);
    report__fill(&filled);
    filled.size = size;
    memcpy(report, &filled, size);
    return 0;
}
