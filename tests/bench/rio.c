/* SPDX-License-Identifier: MIT */

/* Sends of 1 KiB a second over one connection on the loopback, by WSASend with a completion port
 * and by RIOSend, with the same number of them under way at once, in turns of half a second. */

#include <stdio.h>
#include <stdlib.h>

#include "rio/types.h"

#define RIO__SIZE 1024
#define RIO__WINDOW 16
#define RIO__ROUNDS 5
#define RIO__TURN 500 /* In milliseconds. */

static SOCKET rio__sender;
static char rio__bytes[RIO__WINDOW * RIO__SIZE];

static void rio__need(int is_true, const char* what) {
    if (is_true)
        return;
    fprintf(stderr, "bench-rio: %s fails with %d\n", what, WSAGetLastError());
    exit(1);
}

static DWORD WINAPI rio__swallow(void* parameter) {
    SOCKET receiver = (SOCKET) parameter;
    static char bytes[1 << 20];
    while (recv(receiver, bytes, sizeof bytes, 0) > 0)
        continue;
    return 0;
}

static void rio__connect(void) {
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    struct sockaddr_in name = {0};
    int length = sizeof name;

    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    rio__need(bind(listener, (struct sockaddr*) &name, sizeof name) == 0, "bind");
    rio__need(listen(listener, 1) == 0, "listen");
    getsockname(listener, (struct sockaddr*) &name, &length);
    rio__sender = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
                             WSA_FLAG_OVERLAPPED | WSA_FLAG_REGISTERED_IO);
    rio__need(connect(rio__sender, (struct sockaddr*) &name, sizeof name) == 0, "connect");
    CreateThread(NULL, 0, rio__swallow, (void*) accept(listener, NULL, NULL), 0, NULL);
}

static unsigned rio__by_wsasend(HANDLE port, DWORD end) {
    static OVERLAPPED overlapped[RIO__WINDOW];
    unsigned sent = 0, under_way = 0;
    OVERLAPPED* done;
    ULONG_PTR key;
    DWORD bytes;

    for (; under_way < RIO__WINDOW || (LONG) (end - GetTickCount()) > 0; under_way++) {
        unsigned slot = under_way;
        WSABUF buffer;
        if (under_way == RIO__WINDOW) {
            rio__need(GetQueuedCompletionStatus(port, &bytes, &key, &done, INFINITE),
                      "GetQueuedCompletionStatus");
            slot = (unsigned) (done - overlapped);
            under_way--;
            sent++;
        }
        buffer.buf = rio__bytes + slot * RIO__SIZE;
        buffer.len = RIO__SIZE;
        rio__need(WSASend(rio__sender, &buffer, 1, NULL, 0, &overlapped[slot], NULL) == 0 ||
                      WSAGetLastError() == WSA_IO_PENDING,
                  "WSASend");
    }
    for (; under_way > 0; under_way--)
        GetQueuedCompletionStatus(port, &bytes, &key, &done, INFINITE);
    return sent;
}

static unsigned rio__by_riosend(const RIO_EXTENSION_FUNCTION_TABLE* rio, RIO_CQ completions,
                                RIO_RQ queue, RIO_BUFFERID buffer, HANDLE event, DWORD end) {
    unsigned sent = 0, under_way = 0;
    RIORESULT results[RIO__WINDOW];
    ULONG count, i;
    RIO_BUF part;

    part.BufferId = buffer;
    part.Length = RIO__SIZE;
    for (; under_way < RIO__WINDOW; under_way++) {
        part.Offset = under_way * RIO__SIZE;
        rio__need(rio->RIOSend(queue, &part, 1, 0, (void*) (ULONG_PTR) part.Offset), "RIOSend");
    }
    while (under_way > 0) {
        rio__need(rio->RIONotify(completions) == 0, "RIONotify");
        WaitForSingleObject(event, INFINITE);
        count = rio->RIODequeueCompletion(completions, results, RIO__WINDOW);
        for (i = 0; i < count; i++) {
            under_way--;
            sent++;
            if ((LONG) (end - GetTickCount()) <= 0)
                continue;
            part.Offset = (ULONG) results[i].RequestContext;
            rio__need(rio->RIOSend(queue, &part, 1, 0, (void*) (ULONG_PTR) part.Offset), "RIOSend");
            under_way++;
        }
    }
    return sent;
}

int main(void) {
    GUID guid = WSAID_MULTIPLE_RIO;
    RIO_NOTIFICATION_COMPLETION notification = {0};
    RIO_EXTENSION_FUNCTION_TABLE rio;
    RIO_BUFFERID buffer;
    RIO_CQ completions;
    RIO_RQ queue;
    HANDLE port;
    WSADATA data;
    DWORD bytes;
    int round;

    WSAStartup(0x0202, &data);
    rio__connect();
    rio__need(WSAIoctl(rio__sender, SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid,
                       &rio, sizeof rio, &bytes, NULL, NULL) == 0,
              "WSAIoctl");
    port = CreateIoCompletionPort((HANDLE) rio__sender, NULL, 0, 0);
    notification.Type = RIO_EVENT_COMPLETION;
    notification.Event.EventHandle = CreateEventW(NULL, FALSE, FALSE, NULL);
    completions = rio.RIOCreateCompletionQueue(RIO__WINDOW + 1, &notification);
    queue = rio.RIOCreateRequestQueue(rio__sender, 1, 1, RIO__WINDOW, 1, completions, completions,
                                      NULL);
    rio__need(queue != RIO_INVALID_RQ, "RIOCreateRequestQueue");
    buffer = rio.RIORegisterBuffer(rio__bytes, sizeof rio__bytes);
    for (round = 0; round < RIO__ROUNDS; round++) {
        unsigned plain = rio__by_wsasend(port, GetTickCount() + RIO__TURN);
        unsigned registered =
            rio__by_riosend(&rio, completions, queue, buffer, notification.Event.EventHandle,
                            GetTickCount() + RIO__TURN);
        printf("WSASend %u/s, RIOSend %u/s, ratio %.2f\n", plain * 1000 / RIO__TURN,
               registered * 1000 / RIO__TURN, (double) registered / plain);
    }
    return 0;
}
