/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <string.h>

/* More than the system takes at once, so that it goes on while the peer reads, and the host is
 * asked about it meanwhile. */
#define LARGE__LENGTH (6u << 20)

static char* large__memory(void) {
    static char* memory;
    if (memory == NULL)
        memory = VirtualAlloc(NULL, LARGE__LENGTH, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    CHECK(memory != NULL);
    return memory;
}

static int large__is_readable(SOCKET s, long microseconds) {
    struct timeval time = {0, 0};
    fd_set set;
    time.tv_usec = microseconds;
    set.fd_count = 1;
    set.fd_array[0] = s;
    return select(0, &set, NULL, NULL, &time) == 1;
}

static unsigned large__receive(SOCKET peer) {
    static char bytes[1 << 18];
    int got = recv(peer, bytes, sizeof bytes, 0);
    if (got <= 0)
        run_die("the connection has ended too early");
    return (unsigned) got;
}

/* Reads while the operation goes on. None of these calls can be made to fail. The peer pauses at
 * first, for the looks that are taken at a send after some time. */
static unsigned large__read(SOCKET peer, const OVERLAPPED* overlapped) {
    unsigned total = 0;
    run_step("reading while it goes on");
    Sleep(30);
    while (!HasOverlappedIoCompleted(overlapped)) {
        if (large__is_readable(peer, 1000))
            total += large__receive(peer);
    }
    return total;
}

/* The rest, where all was sent. */
static void large__check(SOCKET peer, unsigned total, DWORD bytes) {
    run_step("reading the rest");
    while (total < LARGE__LENGTH)
        total += large__receive(peer);
    if (bytes != LARGE__LENGTH || total != LARGE__LENGTH)
        run_die("%lu bytes are said to be sent, and %u came", bytes, total);
}

int large_transmission(void) {
    SOCKET s = run_connected();
    SOCKET peer = run_peer(s);
    OVERLAPPED* overlapped = run_overlapped();
    TRANSMIT_PACKETS_ELEMENT elements[2];
    unsigned total = 0;
    DWORD bytes = 0;
    int error, i;
    BOOL result;

    memset(elements, 0, sizeof elements);
    for (i = 0; i < 2; i++) {
        elements[i].dwElFlags = TP_ELEMENT_MEMORY | TP_ELEMENT_EOP;
        elements[i].cLength = LARGE__LENGTH / 2;
        elements[i].pBuffer = large__memory() + i * (LARGE__LENGTH / 2);
    }
    run_arm();
    result = run_transmit_packets(s, elements, 2, 0, overlapped, 0);
    if (run_is_begun(overlapped, result, &error)) {
        total = large__read(peer, overlapped);
        error = run_end(s, overlapped, &bytes);
    }
    if (error == 0)
        large__check(peer, total, bytes);
    CHECK(closesocket(s) == 0);
    closesocket(peer);
    return error;
}

/* The connection comes first, unless the connect fails. */
static SOCKET large__accept(const struct sockaddr_in* own, const OVERLAPPED* overlapped) {
    struct sockaddr_in name;
    int length;
    run_step("accepting the connection");
    for (;;) {
        SOCKET peer;
        if (!large__is_readable(run_listener, 10000)) {
            if (HasOverlappedIoCompleted(overlapped))
                return INVALID_SOCKET;
            continue;
        }
        length = sizeof name;
        peer = accept(run_listener, (struct sockaddr*) &name, &length);
        CHECK(peer != INVALID_SOCKET);
        if (name.sin_port == own->sin_port)
            return peer;
        closesocket(peer);
    }
}

int large_payload(void) {
    struct sockaddr_in own;
    SOCKET s = run_bound(SOCK_STREAM, &own);
    SOCKET peer = INVALID_SOCKET;
    OVERLAPPED* overlapped = run_overlapped();
    unsigned total = 0;
    DWORD bytes = 0;
    int error;
    BOOL result;

    run_associate(s);
    run_arm();
    result = run_connect_ex(s, (struct sockaddr*) &run_target, sizeof run_target, large__memory(),
                            LARGE__LENGTH, &bytes, overlapped);
    if (run_is_begun(overlapped, result, &error)) {
        peer = large__accept(&own, overlapped);
        if (peer != INVALID_SOCKET)
            total = large__read(peer, overlapped);
        error = run_end(s, overlapped, &bytes);
    }
    if (error == 0)
        large__check(peer, total, bytes);
    CHECK(closesocket(s) == 0);
    if (peer != INVALID_SOCKET)
        closesocket(peer);
    return error;
}
