/* SPDX-License-Identifier: MIT */

/* A program that asks the DLL in its process for a report, as one that was compiled against another
 * version of the structure would, too: what is shorter or longer than the DLL's own is no mistake.
 */

#include <winsock2.h>
#include <windows.h>

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "wsext/report.h"

typedef int(WINAPI* report_fn)(struct wsext_report*);

static int check(int is_right, const char* what) {
    if (!is_right)
        printf("FAILED: %s\n", what);
    return !is_right;
}

int main(void) {
    HMODULE module = GetModuleHandleW(L"wsext.dll");
    report_fn report = (report_fn) (void*) GetProcAddress(module, "wsext_report");
    struct wsext_report whole = {.size = sizeof whole};
    union {
        struct wsext_report report;
        unsigned char bytes[sizeof(struct wsext_report) + 64];
    } other;
    const DWORD shorter = offsetof(struct wsext_report, has_native);
    WSADATA data;
    int failed = 0;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0 || report == NULL)
        return 1;
    failed |= check(report(&whole) == 0 && whole.size == sizeof whole, "the whole structure");
    failed |= check(whole.hooks > 0 && whole.hooks_installed == whole.hooks, "the hooks");

    memset(&other, 0xAA, sizeof other);
    other.report.size = shorter;
    failed |= check(report(&other.report) == 0 && other.report.size == shorter, "a shorter one");
    failed |= check(memcmp(other.report.version, whole.version, sizeof whole.version) == 0,
                    "the version in a shorter one");
    failed |= check(other.bytes[shorter] == 0xAA, "what lies behind a shorter one");

    memset(&other, 0xAA, sizeof other);
    other.report.size = sizeof other;
    failed |=
        check(report(&other.report) == 0 && other.report.size == sizeof whole, "a longer one");
    failed |= check(other.bytes[sizeof whole] == 0xAA, "what lies behind a longer one");

    other.report.size = 0;
    failed |= check(report(&other.report) == -1, "no size");
    failed |= check(report(NULL) == -1, "NULL");
    failed |= check(report((struct wsext_report*) (uintptr_t) 16) == -1, "a wild pointer");
    WSACleanup();
    return failed;
}
