/* SPDX-License-Identifier: MIT */
#include "wsext/report.h"

#include <string.h>

#include "core/record.h"
#include "doors/doors.h"
#include "drivers/delivery.h"
#include "drivers/driver.h"
#include "host/config.h"
#include "host/memory.h"
#include "wsext/functions.h"

/* The drivers are asked about a socket of our own. */
static void report__ask_drivers(struct wsext_report* report) {
    struct record* record;
    SOCKET s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (s == INVALID_SOCKET)
        return;
    record = record_need(s);
    if (record != NULL) {
        report->has_native = driver_native.is_available(record) > 0;
        report->has_poll = driver_poll.is_available(record) > 0;
        report->has_thread = driver_thread.is_available(record) > 0;
        record_forget(record);
    }
    record_release(s);
    host.closesocket(s);
}

int WINAPI wsext_report(struct wsext_report* report) {
    static const char* const drivers[] = {"auto", "native", "poll", "thread"};
    if (report == NULL || !memory_is_writable(report, sizeof *report) ||
        report->size != sizeof *report || wsext_init() != 0)
        return -1;
    memset(report, 0, sizeof *report);
    report->size = sizeof *report;
    strcpy(report->version, WSEXT_VERSION);
    strcpy(report->driver, drivers[config.driver]);
    strcpy(report->context, config.lenient ? "lenient" : "strict");
    doors_count(&report->doors, &report->doors_installed);
    report__ask_drivers(report);
    report->has_complete = (DWORD) delivery_has_request();
    return 0;
}
