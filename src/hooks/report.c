/* SPDX-License-Identifier: MIT */
#include "wsext/report.h"

#include <string.h>

#include "base/config.h"
#include "base/memory.h"
#include "core/delivery.h"
#include "core/driver.h"
#include "core/socket.h"
#include "hooks/copy.h"
#include "hooks/hooks.h"
#include "wsext/functions.h"

/* The drivers are asked about a socket of our own. */
static void report__ask_drivers(struct wsext_report* report) {
    struct socket* socket;
    SOCKET s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (s == INVALID_SOCKET)
        return;
    socket = socket_need(s);
    if (socket != NULL) {
        report->has_native = driver_native.is_available(socket) > 0;
        report->has_poll = driver_poll.is_available(socket) > 0;
        report->has_thread = driver_thread.is_available(socket) > 0;
        socket_forget(socket);
    }
    socket_release(s);
    host.closesocket(s);
}

static void report__fill(struct wsext_report* report) {
    static const char* const drivers[] = {"auto", "native", "poll", "thread"};
    memset(report, 0, sizeof *report);
    strcpy(report->version, WSEXT_VERSION);
    strcpy(report->driver, drivers[config.driver]);
    strcpy(report->context, config.lenient ? "lenient" : "strict");
    hooks_count(&report->hooks, &report->hooks_installed);
    report__ask_drivers(report);
    report->has_complete = (DWORD) delivery_has_request();
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
