/* SPDX-License-Identifier: MIT */
#include "riotest.h"

RIO_EXTENSION_FUNCTION_TABLE rio;

void riotest_load(void) {
    GUID guid = WSAID_MULTIPLE_RIO;
    DWORD bytes = 0;
    int result = WSAIoctl(conf_tcp(AF_INET), SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER, &guid,
                          sizeof guid, &rio, sizeof rio, &bytes, NULL, NULL);

    CHECK_EQ(conf_last(result), 0);
    CHECK_EQ(bytes, sizeof rio);
}

/* As wireguard-go does: no WSA_FLAG_OVERLAPPED. */
SOCKET riotest_socket(int family, int type) {
    SOCKET socket = WSASocketW(family, type, type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP, NULL,
                               0, WSA_FLAG_REGISTERED_IO);

    CHECK(socket != INVALID_SOCKET);
    return socket;
}

static void riotest__bind(SOCKET socket, int family, struct conf_target* target) {
    conf_loopback(family, target);
    conf_set_port(target, 0);
    CHECK_EQ(bind(socket, (struct sockaddr*) &target->name, target->length), 0);
    CHECK_EQ(getsockname(socket, (struct sockaddr*) &target->name, &target->length), 0);
}

void riotest_connect(int family, int type, SOCKET sockets[2]) {
    struct conf_target targets[2];
    SOCKET other;
    int i;

    if (family == AF_INET6)
        conf_need_ipv6();
    for (i = 0; i < 2; i++) {
        sockets[i] = riotest_socket(family, type);
        riotest__bind(sockets[i], family, &targets[i]);
    }
    if (type == SOCK_DGRAM) {
        for (i = 0; i < 2; i++)
            CHECK_EQ(
                connect(sockets[i], (struct sockaddr*) &targets[1 - i].name, targets[1 - i].length),
                0);
        return;
    }
    CHECK_EQ(listen(sockets[1], 1), 0);
    CHECK_EQ(connect(sockets[0], (struct sockaddr*) &targets[1].name, targets[1].length), 0);
    other = conf_accept(sockets[1]);
    closesocket(sockets[1]);
    sockets[1] = other;
}

void riotest_open_notifying(struct riotest* test, int family, int type,
                            RIO_NOTIFICATION_COMPLETION* notification) {
    int i;

    riotest_load();
    riotest_connect(family, type, test->sockets);
    test->completions = rio.RIOCreateCompletionQueue(4 * RIOTEST__LIMIT, notification);
    CHECK(test->completions != RIO_INVALID_CQ);
    for (i = 0; i < 2; i++) {
        test->queues[i] = rio.RIOCreateRequestQueue(test->sockets[i], RIOTEST__LIMIT, 1,
                                                    RIOTEST__LIMIT, 1, test->completions,
                                                    test->completions, (void*) (ULONG_PTR) (i + 1));
        CHECK(test->queues[i] != RIO_INVALID_RQ);
    }
    test->memory = conf_pages(RIOTEST__MEMORY);
    test->buffer = rio.RIORegisterBuffer(test->memory, RIOTEST__MEMORY);
    CHECK(test->buffer != RIO_INVALID_BUFFERID);
}

void riotest_open(struct riotest* test, int family, int type) {
    riotest_open_notifying(test, family, type, NULL);
}

void riotest_close(struct riotest* test) {
    closesocket(test->sockets[0]);
    closesocket(test->sockets[1]);
    rio.RIOCloseCompletionQueue(test->completions);
    rio.RIODeregisterBuffer(test->buffer);
    VirtualFree(test->memory, 0, MEM_RELEASE);
}

void riotest_open_split(struct riotest_split* test, RIO_NOTIFICATION_COMPLETION notifications[2]) {
    static char bytes[4];
    int i;

    riotest_load();
    riotest_connect(AF_INET, SOCK_STREAM, test->sockets);
    for (i = 0; i < 2; i++)
        test->completions[i] =
            rio.RIOCreateCompletionQueue(4, notifications != NULL ? &notifications[i] : NULL);
    test->queue = rio.RIOCreateRequestQueue(test->sockets[0], 4, 1, 4, 1, test->completions[0],
                                            test->completions[1], NULL);
    CHECK(test->queue != RIO_INVALID_RQ);
    test->part.BufferId = rio.RIORegisterBuffer(bytes, sizeof bytes);
    test->part.Offset = 0;
    test->part.Length = sizeof bytes;
}

RIO_BUF riotest_part(const struct riotest* test, ULONG offset, ULONG length) {
    RIO_BUF part;

    part.BufferId = test->buffer;
    part.Offset = offset;
    part.Length = length;
    return part;
}

void riotest_send(const struct riotest* test, int end, ULONG offset, ULONG length, DWORD flags,
                  ULONG_PTR context) {
    RIO_BUF part = riotest_part(test, offset, length);
    BOOL done = rio.RIOSend(test->queues[end], &part, 1, flags, (void*) context);

    if (!done)
        conf_fail(__FILE__, __LINE__, "RIOSend fails with %d", WSAGetLastError());
}

void riotest_receive(const struct riotest* test, int end, ULONG offset, ULONG length, DWORD flags,
                     ULONG_PTR context) {
    RIO_BUF part = riotest_part(test, offset, length);
    BOOL done = rio.RIOReceive(test->queues[end], &part, 1, flags, (void*) context);

    if (!done)
        conf_fail(__FILE__, __LINE__, "RIOReceive fails with %d", WSAGetLastError());
}

void riotest_take(RIO_CQ completions, RIORESULT* results, ULONG count) {
    ULONG taken = 0;
    DWORD start = GetTickCount();

    while (taken < count) {
        ULONG more = rio.RIODequeueCompletion(completions, results + taken, count - taken);

        CHECK(more <= count - taken);
        taken += more;
        if (more == 0) {
            if (GetTickCount() - start > (DWORD) CONF__LIMIT)
                conf_fail(__FILE__, __LINE__, "%lu of %lu completions came", taken, count);
            Sleep(1);
        }
    }
}

void riotest_result(const struct riotest* test, int end, ULONG_PTR context, LONG status,
                    ULONG bytes) {
    RIORESULT result;

    riotest_take(test->completions, &result, 1);
    CHECK_EQ(result.SocketContext, end + 1);
    CHECK_EQ(result.RequestContext, context);
    CHECK_EQ(result.Status, status);
    CHECK_EQ(result.BytesTransferred, bytes);
}

void riotest_results(const struct riotest* test, int sender, ULONG_PTR sent, ULONG_PTR received,
                     ULONG bytes) {
    RIORESULT results[2];
    int first;

    riotest_take(test->completions, results, 2);
    first = results[0].RequestContext == sent ? 0 : 1;
    CHECK_EQ(results[first].RequestContext, sent);
    CHECK_EQ(results[first].SocketContext, sender + 1);
    CHECK_EQ(results[1 - first].RequestContext, received);
    CHECK_EQ(results[1 - first].SocketContext, 2 - sender);
    CHECK_EQ(results[0].Status, 0);
    CHECK_EQ(results[1].Status, 0);
    CHECK_EQ(results[0].BytesTransferred, bytes);
    CHECK_EQ(results[1].BytesTransferred, bytes);
}

void riotest_quiet(RIO_CQ completions) {
    RIORESULT result;

    Sleep(CONF__QUIET);
    CHECK_EQ(rio.RIODequeueCompletion(completions, &result, 1), 0);
}
