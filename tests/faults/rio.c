/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <string.h>

#include "rio/types.h"

#define RIO__LENGTH 500
#define RIO__REQUESTS 4

static RIO_EXTENSION_FUNCTION_TABLE rio__table;

/* The memory of the whole series: a receive that was abandoned may still name it. */
static char rio__memory[2 * RIO__LENGTH];

/* What one run makes; what is missing could not be made. */
struct rio__run {
    SOCKET sockets[2];
    HANDLE event;
    RIO_CQ completions;
    RIO_RQ queues[2];
    RIO_BUFFERID buffer;
};

static void rio__load(SOCKET s) {
    GUID guid = WSAID_MULTIPLE_RIO;
    DWORD bytes;
    CHECK(WSAIoctl(s, SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &rio__table,
                   sizeof rio__table, &bytes, NULL, NULL) == 0);
}

static SOCKET rio__socket(struct sockaddr_in* name) {
    SOCKET s = WSASocketW(AF_INET, SOCK_DGRAM, 0, NULL, 0, WSA_FLAG_REGISTERED_IO);
    int length = sizeof *name;
    memset(name, 0, sizeof *name);
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(s != INVALID_SOCKET);
    CHECK(bind(s, (struct sockaddr*) name, sizeof *name) == 0);
    CHECK(getsockname(s, (struct sockaddr*) name, &length) == 0);
    return s;
}

static void rio__open(struct rio__run* run) {
    struct sockaddr_in names[2];
    int i;
    memset(run, 0, sizeof *run);
    run->buffer = RIO_INVALID_BUFFERID;
    for (i = 0; i < 2; i++)
        run->sockets[i] = rio__socket(&names[i]);
    for (i = 0; i < 2; i++)
        CHECK(connect(run->sockets[i], (struct sockaddr*) &names[1 - i], sizeof names[0]) == 0);
    CHECK((run->event = CreateEventW(NULL, FALSE, FALSE, NULL)) != NULL);
    rio__load(run->sockets[0]);
    memcpy(rio__memory, run_pattern, RIO__LENGTH);
    memset(rio__memory + RIO__LENGTH, 0, RIO__LENGTH);
}

/* Armed; returns 0 or the first error. */
static int rio__make(struct rio__run* run) {
    RIO_NOTIFICATION_COMPLETION notification;
    int i;
    memset(&notification, 0, sizeof notification);
    notification.Type = RIO_EVENT_COMPLETION;
    notification.Event.EventHandle = run->event;
    run->completions = rio__table.RIOCreateCompletionQueue(4 * RIO__REQUESTS, &notification);
    if (run->completions == RIO_INVALID_CQ)
        return WSAGetLastError();
    for (i = 0; i < 2; i++) {
        run->queues[i] =
            rio__table.RIOCreateRequestQueue(run->sockets[i], RIO__REQUESTS, 1, RIO__REQUESTS, 1,
                                             run->completions, run->completions, NULL);
        if (run->queues[i] == RIO_INVALID_RQ)
            return WSAGetLastError();
    }
    run->buffer = rio__table.RIORegisterBuffer(rio__memory, sizeof rio__memory);
    return run->buffer == RIO_INVALID_BUFFERID ? WSAGetLastError() : 0;
}

static RIO_BUF rio__part(const struct rio__run* run, int is_receive) {
    RIO_BUF part;
    part.BufferId = run->buffer;
    part.Offset = is_receive ? RIO__LENGTH : 0;
    part.Length = RIO__LENGTH;
    return part;
}

static int rio__receive(struct rio__run* run) {
    RIO_BUF part = rio__part(run, 1);
    return rio__table.RIOReceive(run->queues[1], &part, 1, 0, &run->sockets[1]) ? 0
                                                                                : WSAGetLastError();
}

static int rio__send(struct rio__run* run) {
    RIO_BUF part = rio__part(run, 0);
    return rio__table.RIOSend(run->queues[0], &part, 1, 0, &run->sockets[0]) ? 0
                                                                             : WSAGetLastError();
}

/* The next completion, of which the program is told. */
static RIORESULT rio__next(struct rio__run* run) {
    RIORESULT result;
    run_step("waiting for a completion");
    CHECK(rio__table.RIONotify(run->completions) == 0);
    if (WaitForSingleObject(run->event, 5000) != WAIT_OBJECT_0)
        run_die("no completion of registered I/O came");
    CHECK(rio__table.RIODequeueCompletion(run->completions, &result, 1) == 1);
    return result;
}

static void rio__close(struct rio__run* run) {
    RIORESULT result;
    if (run->completions != RIO_INVALID_CQ)
        CHECK(rio__table.RIODequeueCompletion(run->completions, &result, 1) == 0);
    CHECK(closesocket(run->sockets[0]) == 0);
    CHECK(closesocket(run->sockets[1]) == 0);
    if (run->completions != RIO_INVALID_CQ)
        rio__table.RIOCloseCompletionQueue(run->completions);
    if (run->buffer != RIO_INVALID_BUFFERID)
        rio__table.RIODeregisterBuffer(run->buffer);
    CloseHandle(run->event);
}

/* Each request that was taken has one completion; a receive to which nothing was sent has none. */
static int rio__exchange(struct rio__run* run) {
    RIORESULT result;
    int error = rio__receive(run);
    int sent = error == 0 ? rio__send(run) : 0;
    int i;

    for (i = 0; i < 2 && error == 0 && sent == 0; i++) {
        result = rio__next(run);
        CHECK(result.RequestContext == (ULONG_PTR) &run->sockets[0] ||
              result.RequestContext == (ULONG_PTR) &run->sockets[1]);
        error = result.Status;
        /* Of the other, the socket's close is the end. */
        if (error == 0)
            CHECK(result.BytesTransferred == RIO__LENGTH);
    }
    run_disarm();
    if (error == 0 && sent == 0)
        CHECK(memcmp(rio__memory + RIO__LENGTH, run_pattern, RIO__LENGTH) == 0);
    return error != 0 ? error : sent;
}

int rio_echo(void) {
    struct rio__run run;
    RIORESULT result;
    int error;

    rio__open(&run);
    run_arm();
    error = rio__make(&run);
    if (error == 0)
        error = rio__exchange(&run);
    run_disarm();
    /* Of the two that were begun one may have failed and the other have ended. */
    if (error != 0 && run.completions != RIO_INVALID_CQ) {
        Sleep(2);
        rio__table.RIODequeueCompletion(run.completions, &result, 1);
    }
    rio__close(&run);
    return error;
}

/* The completions of requests that end with their socket stay in the queue. */
int rio_closed(void) {
    struct rio__run run;
    RIORESULT result;
    int error, i, begun = 0;

    rio__open(&run);
    run_arm();
    error = rio__make(&run);
    for (i = 0; i < 2 && error == 0; i++) {
        error = rio__receive(&run);
        begun += error == 0;
    }
    CHECK(closesocket(run.sockets[1]) == 0);
    for (i = 0; i < begun; i++) {
        result = rio__next(&run);
        if (result.Status == 0)
            run_die("a receive to which nothing was sent succeeds");
        if (error == 0 && result.Status != WSA_OPERATION_ABORTED)
            error = result.Status;
    }
    run_disarm();
    run.sockets[1] = run_socket(SOCK_DGRAM);
    rio__close(&run);
    return error;
}
