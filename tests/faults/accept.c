/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <string.h>

#define ACCEPT__DATA 100
#define ACCEPT__ADDRESS (sizeof(struct sockaddr_in) + 16)

/* Of the whole series, as the host may write to one that was abandoned. */
static char accept__buffer[ACCEPT__DATA + 2 * ACCEPT__ADDRESS];

/* The run's own listener, as an AcceptEx that failed leaves a connection in the queue. */
static SOCKET accept__listener(struct sockaddr_in* name) {
    SOCKET listener = run_bound(SOCK_STREAM, name);
    CHECK(listen(listener, 5) == 0);
    run_associate(listener);
    return listener;
}

static SOCKET accept__client(const struct sockaddr_in* name) {
    SOCKET client = run_socket(SOCK_STREAM);
    CHECK(connect(client, (const struct sockaddr*) name, sizeof *name) == 0);
    CHECK(send(client, run_pattern, ACCEPT__DATA, 0) == ACCEPT__DATA);
    return client;
}

static int accept__begin(SOCKET listener, SOCKET acceptor, OVERLAPPED* overlapped) {
    DWORD received;
    int error;
    BOOL result = run_accept_ex(listener, acceptor, accept__buffer, ACCEPT__DATA, ACCEPT__ADDRESS,
                                ACCEPT__ADDRESS, &received, overlapped);
    return run_is_begun(overlapped, result, &error) ? 0 : error;
}

static int accept__update(SOCKET acceptor, SOCKET listener) {
    return setsockopt(acceptor, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char*) &listener,
                      sizeof listener) == 0
               ? 0
               : WSAGetLastError();
}

/* The update is part of it, and can be made up for where it was refused. */
int accept_data(void) {
    struct sockaddr_in name, peer;
    SOCKET listener = accept__listener(&name);
    SOCKET client = accept__client(&name);
    SOCKET acceptor = run_socket(SOCK_STREAM);
    OVERLAPPED* overlapped = run_overlapped();
    int error, length = sizeof peer;
    DWORD bytes = 0;

    run_arm();
    error = accept__begin(listener, acceptor, overlapped);
    if (error == 0)
        error = run_end(listener, overlapped, &bytes);
    if (error == 0) {
        CHECK(bytes == ACCEPT__DATA && memcmp(accept__buffer, run_pattern, ACCEPT__DATA) == 0);
        CHECK(accept__update(acceptor, listener) == 0);
        CHECK(getpeername(acceptor, (struct sockaddr*) &peer, &length) == 0);
        CHECK(send(acceptor, run_pattern, ACCEPT__DATA, 0) == ACCEPT__DATA);
        CHECK(shutdown(acceptor, SD_SEND) == 0);
        run_receive(client, ACCEPT__DATA, 1);
    } else {
        closesocket(client);
    }
    CHECK(closesocket(acceptor) == 0);
    CHECK(closesocket(listener) == 0);
    return error;
}

int accept_update(void) {
    struct sockaddr_in name, peer;
    SOCKET listener = accept__listener(&name);
    SOCKET client = accept__client(&name);
    SOCKET acceptor = run_socket(SOCK_STREAM);
    OVERLAPPED* overlapped = run_overlapped();
    int error, length = sizeof peer, size = 12345;
    DWORD bytes = 0;

    CHECK(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, (const char*) &size, sizeof size) == 0);
    CHECK(accept__begin(listener, acceptor, overlapped) == 0);
    CHECK(run_end(listener, overlapped, &bytes) == 0);
    run_arm();
    error = accept__update(acceptor, listener);
    run_disarm();
    if (error != 0)
        CHECK(accept__update(acceptor, listener) == 0);
    CHECK(getpeername(acceptor, (struct sockaddr*) &peer, &length) == 0);
    length = sizeof bytes;
    CHECK(getsockopt(acceptor, SOL_SOCKET, SO_RCVTIMEO, (char*) &bytes, &length) == 0);
    if (bytes != (DWORD) size && !run_has_failed())
        run_die("the listener's option was not handed on");
    closesocket(client);
    CHECK(closesocket(acceptor) == 0);
    CHECK(closesocket(listener) == 0);
    return error;
}

/* Without a client it goes on until one of its sockets is closed. */
int accept_closed(void) {
    struct sockaddr_in name;
    SOCKET listener = accept__listener(&name);
    SOCKET acceptor = run_socket(SOCK_STREAM);
    OVERLAPPED* overlapped = run_overlapped();
    int error;

    run_arm();
    error = accept__begin(listener, acceptor, overlapped);
    run_step("closing");
    CHECK(closesocket(listener) == 0);
    if (error == 0)
        error = run_end_cancelled(INVALID_SOCKET, overlapped);
    CHECK(closesocket(acceptor) == 0);
    return error;
}
