/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <stdio.h>

#define WAITING__LARGE (16u << 20) /* More than the buffers of both ends hold. */
#define WAITING__ELEMENTS 2048     /* More than one send takes. */
#define WAITING__PAUSE 50          /* In milliseconds, until the call waits. */

/* What the host says when a call fails is what a waiting call returns, also where no NTSTATUS, or
 * one of another error, could carry it. The call that fails is a later one, when the waiting call
 * has begun to wait. */

static char* waiting__data;

static int waiting__file(SOCKET s) {
    TRANSMIT_FILE_BUFFERS buffers = {0};
    buffers.Head = waiting__data;
    buffers.HeadLength = WAITING__LARGE;
    return run_transmit_file(s, NULL, 0, 0, NULL, &buffers, TF_DISCONNECT) ? 0 : WSAGetLastError();
}

static int waiting__packets(SOCKET s) {
    static TRANSMIT_PACKETS_ELEMENT elements[WAITING__ELEMENTS];
    int i;
    for (i = 0; i < WAITING__ELEMENTS; i++) {
        elements[i].dwElFlags = TP_ELEMENT_MEMORY;
        elements[i].cLength = WAITING__LARGE / WAITING__ELEMENTS;
        elements[i].pBuffer = waiting__data + i * elements[i].cLength;
    }
    return run_transmit_packets(s, elements, WAITING__ELEMENTS, 0, NULL, 0) ? 0 : WSAGetLastError();
}

/* It waits for what is to be sent before it. */
static int waiting__disconnect(SOCKET s) {
    WSABUF buffer = {WAITING__LARGE, waiting__data};
    OVERLAPPED sending = {0};
    DWORD bytes, flags;
    int error;

    /* With its low bit set, so that no port is told. */
    sending.hEvent = (HANDLE) ((ULONG_PTR) CreateEventW(NULL, TRUE, FALSE, NULL) | 1);
    CHECK(WSASend(s, &buffer, 1, NULL, 0, &sending, NULL) == SOCKET_ERROR);
    CHECK(WSAGetLastError() == WSA_IO_PENDING);
    error = run_disconnect_ex(s, NULL, 0, 0) ? 0 : WSAGetLastError();
    CHECK(WSAGetOverlappedResult(s, &sending, &bytes, TRUE, &flags));
    CloseHandle(sending.hEvent);
    return error;
}

static const struct waiting__row {
    const char* name;
    const char* host; /* What it calls of the host. */
    int (*call)(SOCKET s);
} waiting__rows[] = {
    {"TransmitFile", "shutdown", waiting__file},
    {"TransmitPackets", "WSASend", waiting__packets},
    {"DisconnectEx", "shutdown", waiting__disconnect},
};

struct waiting__refusal {
    const struct waiting__row* row;
    int error;
    SOCKET peer;
};

/* Has the host refuse from now on, and then lets the call go on. */
static DWORD WINAPI waiting__refuse(void* context) {
    struct waiting__refusal* self = context;
    static char place[65536];
    Sleep(WAITING__PAUSE);
    run_refuse(self->row->host, self->error);
    while (recv(self->peer, place, sizeof place, 0) > 0) {
    }
    return 0;
}

static int waiting__is_kept(const struct waiting__row* row, int error) {
    SOCKET s = run_connected();
    struct waiting__refusal refusal = {row, error, run_peer(s)};
    HANDLE thread = CreateThread(NULL, 0, waiting__refuse, &refusal, 0, NULL);
    int got;

    CHECK(thread != NULL);
    run_step("waiting in a call");
    got = row->call(s);
    run_refuse(NULL, 0);
    if (got != error)
        printf("FAIL %s: the host's %d comes back as %d\n", row->name, error, got);
    CHECK(closesocket(s) == 0);
    CHECK(WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0);
    CloseHandle(thread);
    closesocket(refusal.peer);
    return got == error;
}

int waiting_keeps_errors(void) {
    static const int errors[] = {WSAEINTR,        WSAEINVAL,  WSAENETRESET,
                                 WSAECONNABORTED, WSAENOBUFS, WSASYSNOTREADY};
    size_t row, i;
    int result = 1;

    waiting__data = VirtualAlloc(NULL, WAITING__LARGE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    CHECK(waiting__data != NULL);
    for (row = 0; row < sizeof waiting__rows / sizeof waiting__rows[0]; row++) {
        for (i = 0; i < sizeof errors / sizeof errors[0]; i++) {
            run_watch_anew();
            result &= waiting__is_kept(&waiting__rows[row], errors[i]);
        }
    }
    return result;
}
