/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <string.h>

#define ASSOCIATION__LENGTH 3000

/* A transmission of two parts, whose bytes only we can count. */
static int association__transmit(HANDLE port, SOCKET s, OVERLAPPED* overlapped) {
    TRANSMIT_PACKETS_ELEMENT elements[2];
    DWORD bytes = 0;
    int error;

    memset(elements, 0, sizeof elements);
    elements[0].dwElFlags = TP_ELEMENT_MEMORY | TP_ELEMENT_EOP;
    elements[0].cLength = ASSOCIATION__LENGTH / 2;
    elements[0].pBuffer = run_pattern;
    elements[1].dwElFlags = TP_ELEMENT_MEMORY;
    elements[1].cLength = ASSOCIATION__LENGTH / 2;
    elements[1].pBuffer = run_pattern + ASSOCIATION__LENGTH / 2;
    if (run_is_begun(overlapped, run_transmit_packets(s, elements, 2, 0, overlapped, 0), &error))
        error = run_end_at(port, overlapped, &bytes);
    if (error == 0)
        CHECK(bytes == ASSOCIATION__LENGTH);
    return error;
}

/* The port and the socket's association are made while they may fail; then all goes by that port.
 */
int association(void) {
    struct sockaddr_in name;
    SOCKET s = run_bound(SOCK_STREAM, &name);
    OVERLAPPED* connecting = run_overlapped();
    OVERLAPPED* sending = run_overlapped();
    HANDLE port;
    DWORD bytes;
    int error = 0;

    run_arm();
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    if (port == NULL || CreateIoCompletionPort((HANDLE) s, port, RUN_KEY, 0) == NULL)
        error = (int) GetLastError();
    run_disarm();
    if (error != 0) {
        run_forget(connecting);
        run_forget(sending);
    } else {
        BOOL result = run_connect_ex(s, (struct sockaddr*) &run_target, sizeof run_target, NULL, 0,
                                     NULL, connecting);
        CHECK(run_is_begun(connecting, result, &error));
        error = run_end_at(port, connecting, &bytes);
        CHECK(error == 0);
        run_update(s);
        error = association__transmit(port, s, sending);
        CHECK(error == 0 && shutdown(s, SD_SEND) == 0);
        run_receive(run_peer(s), ASSOCIATION__LENGTH, 1);
    }
    CHECK(closesocket(s) == 0);
    if (port != NULL)
        CloseHandle(port);
    return error;
}
