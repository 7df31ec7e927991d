/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <string.h>

static int disconnect__begin(SOCKET s, DWORD flags, OVERLAPPED* overlapped) {
    int error;
    BOOL result = run_disconnect_ex(s, overlapped, flags, 0);
    return run_is_begun(overlapped, result, &error) ? 0 : error;
}

/* The peer has got the end of the connection and nothing else. */
static void disconnect__look_at_peer(SOCKET peer) {
    run_receive(peer, 0, 1);
}

/* The handle is good for one connection more. */
void run_use_again(SOCKET s) {
    OVERLAPPED* overlapped = run_overlapped();
    int error;
    DWORD bytes = 0, sent;
    BOOL result = run_connect_ex(s, (struct sockaddr*) &run_target, sizeof run_target, run_pattern,
                                 1000, &sent, overlapped);
    if (!run_is_begun(overlapped, result, &error))
        run_die("a socket that was made reusable cannot be connected: %d", error);
    error = run_end(s, overlapped, &bytes);
    if (error != 0 || bytes != 1000)
        run_die("a socket that was made reusable: its connect ends with %d", error);
    run_update(s);
    CHECK(shutdown(s, SD_SEND) == 0);
    run_receive(run_peer(s), 1000, 1);
}

static int disconnect__run(DWORD flags) {
    SOCKET s = run_connected();
    SOCKET peer = run_peer(s);
    OVERLAPPED* overlapped = run_overlapped();
    DWORD bytes;
    int error;

    run_arm();
    error = disconnect__begin(s, flags, overlapped);
    if (error == 0)
        error = run_end(s, overlapped, &bytes);
    run_disarm();
    if (error == 0)
        disconnect__look_at_peer(peer);
    if (error == 0 && (flags & TF_REUSE_SOCKET))
        run_use_again(s);
    CHECK(closesocket(s) == 0);
    if (error != 0)
        closesocket(peer);
    return error;
}

int disconnect_plain(void) {
    return disconnect__run(0);
}

int disconnect_reuse(void) {
    return disconnect__run(TF_REUSE_SOCKET);
}

static int disconnect__wait(DWORD flags) {
    SOCKET s = run_connected();
    SOCKET peer = run_peer(s);
    int error = 0;

    run_arm();
    if (!run_disconnect_ex(s, NULL, flags, 0))
        error = WSAGetLastError();
    run_disarm();
    if (error == 0)
        disconnect__look_at_peer(peer);
    else
        closesocket(peer);
    if (error == 0 && (flags & TF_REUSE_SOCKET))
        run_use_again(s);
    CHECK(closesocket(s) == 0);
    return error;
}

int disconnect_waiting(void) {
    return disconnect__wait(TF_REUSE_SOCKET);
}

/* A second DisconnectEx after one that failed. */
int disconnect_twice(void) {
    SOCKET s = run_connected();
    SOCKET peer = run_peer(s);
    OVERLAPPED* overlapped = run_overlapped();
    DWORD bytes;
    int error, again = 0;

    run_arm();
    error = disconnect__begin(s, 0, overlapped);
    if (error == 0)
        error = run_end(s, overlapped, &bytes);
    run_disarm();
    if (error != 0) {
        overlapped = run_overlapped();
        again = disconnect__begin(s, 0, overlapped);
        if (again == 0)
            again = run_end(s, overlapped, &bytes);
        if (again != 0)
            run_die("a disconnect after one that failed with %d fails with %d", error, again);
    }
    disconnect__look_at_peer(peer);
    CHECK(closesocket(s) == 0);
    return error;
}
