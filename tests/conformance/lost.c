/* SPDX-License-Identifier: MIT */

/* A socket's handle that is closed neither by closesocket nor by CloseHandle: its operations end
 * once all the same, and what comes of their connects afterwards concerns nobody. */

#include "optest.h"

#define LOST__LATE 2000   /* In milliseconds; a peer is asked again after one second. */
#define LOST__POISON 0xA4 /* As an event's handle it leaves a packet wanted. */
#define LOST__AT_ONCE 8

static struct optest lost__places[LOST__AT_ONCE];

static void lost__ntclose(SOCKET s) {
    LONG(NTAPI * close)
    (HANDLE) = (void*) GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtClose");

    CHECK_EQ(close((HANDLE) s), 0);
}

static void lost__cleanup(SOCKET s) {
    (void) s;
    CHECK_EQ(WSACleanup(), 0);
}

static void lost__check_untouched(const OVERLAPPED* overlapped) {
    const unsigned char* bytes = (const unsigned char*) overlapped;
    size_t i;

    for (i = 0; i < sizeof *overlapped; i++) {
        if (bytes[i] != LOST__POISON)
            conf_fail(__FILE__, __LINE__, "written to after its end, status %#lx",
                      (unsigned long) overlapped->Internal);
    }
}

/* The OVERLAPPED is the program's again as soon as its end was told. */
static void lost__take(struct optest* o, HANDLE port) {
    OVERLAPPED* got;
    DWORD error, bytes;

    if (!conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes))
        conf_fail(__FILE__, __LINE__, "no packet, status %#lx",
                  (unsigned long) o->overlapped.Internal);
    CHECK(got == &o->overlapped);
    memset(&o->overlapped, LOST__POISON, sizeof o->overlapped);
}

/* Transmissions may go on until the connection ends, as Wine's own do. */
static void lost__ends_once(enum optest_what what, void (*close)(SOCKET s),
                            enum optest_ending ending) {
    BOOL at_once = what != OPTEST_FILE && what != OPTEST_PACKETS;
    struct optest* os = lost__places;
    HANDLE ports[LOST__AT_ONCE];
    OVERLAPPED* got;
    DWORD error, bytes;
    int i;

    optest_prepare(what);
    for (i = 0; i < LOST__AT_ONCE; i++) {
        optest_open(&os[i], what);
        ports[i] = conf_port(os[i].socket);
        optest_start(&os[i]);
    }
    for (i = 0; i < LOST__AT_ONCE; i++) {
        if (close == lost__ntclose || i == 0)
            close(os[i].socket);
    }
    if (close == lost__ntclose && !at_once)
        optest_end(os, LOST__AT_ONCE, ending);
    for (i = 0; i < LOST__AT_ONCE; i++)
        lost__take(&os[i], ports[i]);
    if (close == lost__ntclose && at_once)
        optest_end(os, LOST__AT_ONCE, ending);
    for (i = 0; i < LOST__AT_ONCE; i++) {
        if (conf_dequeue(ports[i], i == 0 ? LOST__LATE : 0, &got, &error, &bytes))
            conf_fail(__FILE__, __LINE__, "told of again, with error %lu", (unsigned long) error);
        lost__check_untouched(&os[i].overlapped);
    }
}

CONF_TEST(connectlost_empty_refused) {
    lost__ends_once(OPTEST_CONNECT, lost__ntclose, OPTEST_REFUSE);
}

CONF_TEST(connectlost_empty_cleanup) {
    lost__ends_once(OPTEST_CONNECT, lost__cleanup, OPTEST_REFUSE);
}

CONF_TEST(connectlost_payload_refused) {
    lost__ends_once(OPTEST_PAYLOAD, lost__ntclose, OPTEST_REFUSE);
}

CONF_TEST(connectlost_payload_cleanup) {
    lost__ends_once(OPTEST_PAYLOAD, lost__cleanup, OPTEST_REFUSE);
}

CONF_TEST(connectlost_sending_reset) {
    lost__ends_once(OPTEST_SENDING, lost__ntclose, OPTEST_RESET);
}

CONF_TEST(lost_file) {
    lost__ends_once(OPTEST_FILE, lost__ntclose, OPTEST_RESET);
}

CONF_TEST(lost_packets) {
    lost__ends_once(OPTEST_PACKETS, lost__ntclose, OPTEST_RESET);
}

CONF_TEST(lost_file_cleanup) {
    lost__ends_once(OPTEST_FILE, lost__cleanup, OPTEST_RESET);
}

CONF_TEST(lost_packets_cleanup) {
    lost__ends_once(OPTEST_PACKETS, lost__cleanup, OPTEST_RESET);
}
