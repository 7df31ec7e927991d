/* SPDX-License-Identifier: MIT */
#include "run.h"

#define CONNECT__PAYLOAD 1000

/* ConnectEx on a socket that is bound; returns 0 where it goes on, or the error. */
static int connect__begin(SOCKET s, const struct sockaddr_in* target, DWORD length,
                          OVERLAPPED* overlapped) {
    DWORD sent;
    int error;
    BOOL result = run_connect_ex(s, (const struct sockaddr*) target, sizeof *target,
                                 length != 0 ? run_pattern : NULL, length, &sent, overlapped);
    return run_is_begun(overlapped, result, &error) ? 0 : error;
}

/* The socket is blocking, as it was made: who receives waits. */
static void connect__check_mode(SOCKET s) {
    DWORD time = 1;
    char byte;
    CHECK(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (const char*) &time, sizeof time) == 0);
    if (recv(s, &byte, 1, 0) == SOCKET_ERROR && WSAGetLastError() != WSAETIMEDOUT)
        run_die("a socket that was blocking is left in another mode: %d", WSAGetLastError());
}

static int connect__to_listener(DWORD length) {
    struct sockaddr_in name;
    SOCKET s = run_bound(SOCK_STREAM, &name);
    OVERLAPPED* overlapped = run_overlapped();
    DWORD bytes = 0;
    int error;

    run_associate(s);
    run_arm();
    error = connect__begin(s, &run_target, length, overlapped);
    if (error == 0)
        error = run_end(s, overlapped, &bytes);
    if (error == 0) {
        CHECK(bytes == length);
        run_update(s);
        connect__check_mode(s);
        CHECK(shutdown(s, SD_SEND) == 0);
        run_receive(run_peer(s), (int) length, 1);
    }
    CHECK(closesocket(s) == 0);
    return error;
}

int connect_payload(void) {
    return connect__to_listener(CONNECT__PAYLOAD);
}

int connect_plain(void) {
    return connect__to_listener(0);
}

int connect_cancelled(void) {
    struct sockaddr_in name;
    SOCKET s = run_bound(SOCK_STREAM, &name);
    OVERLAPPED* overlapped = run_overlapped();
    int error;

    run_associate(s);
    run_arm();
    error = connect__begin(s, &run_silent, CONNECT__PAYLOAD, overlapped);
    if (error == 0) {
        run_step("cancelling");
        /* It may have failed by now. */
        if (!CancelIoEx((HANDLE) s, overlapped))
            CHECK(GetLastError() == ERROR_NOT_FOUND);
        error = run_end_cancelled(s, overlapped);
    }
    CHECK(closesocket(s) == 0);
    return error;
}

int connect_closed(void) {
    struct sockaddr_in name;
    SOCKET s = run_bound(SOCK_STREAM, &name);
    OVERLAPPED* overlapped = run_overlapped();
    int error;

    run_associate(s);
    run_arm();
    error = connect__begin(s, &run_silent, CONNECT__PAYLOAD, overlapped);
    run_step("closing");
    CHECK(closesocket(s) == 0);
    if (error == 0)
        error = run_end_cancelled(INVALID_SOCKET, overlapped);
    return error;
}
