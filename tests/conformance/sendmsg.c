/* SPDX-License-Identifier: MIT */
#include "msgtest.h"

/* How WSASendMsg is called and how its end is told. */

struct sendmsg__case {
    struct conf_target target;
    SOCKET server, client;
    LPFN_WSASENDMSG function;
    struct msg_control control;
    WSABUF buffer;
    WSAMSG message;
    DWORD sent;
};

static struct sendmsg__case sendmsg__prepare(void) {
    struct sendmsg__case it = {0};

    it.server = msg_receiver(AF_INET, &it.target);
    it.client = msg_udp(AF_INET);
    it.function = msg_send_pointer(it.client);
    msg_add_number(&it.control, IPPROTO_IP, MSG__ECN, 2);
    it.buffer.len = 7;
    it.buffer.buf = "message";
    return it;
}

/* The structure leads to itself, so this has to be done where it stays. */
static void sendmsg__join(struct sendmsg__case* it) {
    it->message.name = (struct sockaddr*) &it->target.name;
    it->message.namelen = it->target.length;
    it->message.lpBuffers = &it->buffer;
    it->message.dwBufferCount = 1;
    it->message.Control.buf = it->control.data;
    it->message.Control.len = it->control.length;
}

static int sendmsg__call(struct sendmsg__case* it, OVERLAPPED* overlapped,
                         LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    return conf_last(it->function(it->client, &it->message, 0, &it->sent, overlapped, routine));
}

static void sendmsg__arrived(struct sendmsg__case* it) {
    struct msg_seen seen;

    CHECK_EQ(msg_receive(it->server, &seen), 0);
    CHECK_EQ(seen.length, 7);
    CHECK_EQ(seen.traffic_class, 2);
}

CONF_TEST(sendmsg_same_pointer) {
    CHECK(msg_send_pointer(msg_udp(AF_INET)) == msg_send_pointer(msg_udp(AF_INET)));
    CHECK(msg_send_pointer(conf_tcp(AF_INET)) == msg_send_pointer(msg_udp(AF_INET)));
    conf_need_ipv6();
    CHECK(msg_send_pointer(msg_udp(AF_INET6)) == msg_send_pointer(msg_udp(AF_INET)));
}

/* Since Vista ws2_32 exports it, too. */
CONF_TEST(sendmsg_export) {
    struct sendmsg__case it = sendmsg__prepare();

    it.function =
        (LPFN_WSASENDMSG) (void*) GetProcAddress(GetModuleHandleW(L"ws2_32.dll"), "WSASendMsg");
    CHECK(it.function != NULL);
    sendmsg__join(&it);
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), 0);
    CHECK_EQ(it.sent, 7);
    sendmsg__arrived(&it);
}

CONF_TEST(sendmsg_event) {
    struct sendmsg__case it = sendmsg__prepare();
    OVERLAPPED overlapped = {0};
    DWORD bytes = 0;

    sendmsg__join(&it);
    overlapped.hEvent = conf_event();
    CHECK_EQ(sendmsg__call(&it, &overlapped, NULL), 0);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(it.client, &overlapped, &bytes), 0);
    CHECK_EQ(bytes, 7);
    sendmsg__arrived(&it);
}

CONF_TEST(sendmsg_port) {
    struct sendmsg__case it = sendmsg__prepare();
    HANDLE port = conf_port(it.client);
    OVERLAPPED overlapped = {0};
    int i;

    sendmsg__join(&it);
    for (i = 0; i < 5; i++) {
        CHECK_EQ(sendmsg__call(&it, &overlapped, NULL), 0);
        conf_packet(port, &overlapped, 0, 7);
        sendmsg__arrived(&it);
    }
    conf_quiet(port);
}

CONF_TEST(sendmsg_skip) {
    struct sendmsg__case it = sendmsg__prepare();
    HANDLE port = conf_port(it.client);
    OVERLAPPED overlapped = {0};

    sendmsg__join(&it);
    CHECK(conf_set_modes((HANDLE) it.client, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    CHECK_EQ(sendmsg__call(&it, &overlapped, NULL), 0);
    CHECK_EQ(overlapped.InternalHigh, 7);
    conf_quiet(port);
    sendmsg__arrived(&it);
}

CONF_TEST(sendmsg_failure_without_packet) {
    struct sendmsg__case it = sendmsg__prepare();
    HANDLE port = conf_port(it.client);
    OVERLAPPED overlapped = {0};

    sendmsg__join(&it);
    it.message.Control.len = 5;
    CHECK_EQ(sendmsg__call(&it, &overlapped, NULL), WSAEINVAL);
    conf_quiet(port);
}

static int sendmsg__calls;
static DWORD sendmsg__call_bytes;

static void CALLBACK sendmsg__routine(DWORD error, DWORD bytes, LPWSAOVERLAPPED overlapped,
                                      DWORD flags) {
    (void) overlapped;
    (void) flags;
    sendmsg__calls += error == 0;
    sendmsg__call_bytes = bytes;
}

CONF_TEST(sendmsg_routine) {
    struct sendmsg__case it = sendmsg__prepare();
    OVERLAPPED overlapped = {0};

    sendmsg__join(&it);
    CHECK_EQ(sendmsg__call(&it, &overlapped, sendmsg__routine), 0);
    CHECK_EQ(sendmsg__calls, 0);
    CHECK_EQ(SleepEx(CONF__LIMIT, TRUE), WAIT_IO_COMPLETION);
    CHECK_EQ(sendmsg__calls, 1);
    CHECK_EQ(sendmsg__call_bytes, 7);
    sendmsg__arrived(&it);
}

CONF_TEST(sendmsg_null_message) {
    SOCKET client = msg_udp(AF_INET);
    DWORD sent;

    CHECK_EQ(conf_last(msg_send_pointer(client)(client, NULL, 0, &sent, NULL, NULL)), WSAEFAULT);
    CHECK_EQ(conf_last(msg_send_pointer(client)(client, conf_noaccess(), 0, &sent, NULL, NULL)),
             WSAEFAULT);
}

CONF_TEST(sendmsg_unreadable_buffers) {
    struct sendmsg__case it = sendmsg__prepare();

    sendmsg__join(&it);
    it.message.lpBuffers = NULL;
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAEFAULT);
    it.message.lpBuffers = conf_noaccess();
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAEFAULT);
    it.message.lpBuffers = conf_before_noaccess(&it.buffer, sizeof it.buffer);
    it.message.dwBufferCount = 2;
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAEFAULT);
    it.message.dwBufferCount = 0x90000000;
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAEFAULT);
    msg_nothing(it.server);
}

CONF_TEST(sendmsg_unreadable_data) {
    struct sendmsg__case it = sendmsg__prepare();

    sendmsg__join(&it);
    it.buffer.buf = conf_noaccess();
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAEFAULT);
    it.message.Control.len = 0;
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAEFAULT);
    msg_nothing(it.server);
}

CONF_TEST(sendmsg_unreadable_name) {
    struct sendmsg__case it = sendmsg__prepare();

    sendmsg__join(&it);
    it.message.name = conf_noaccess();
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAEFAULT);
    it.message.Control.len = 0;
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAEFAULT);
    msg_nothing(it.server);
}

CONF_TEST(sendmsg_short_name) {
    struct sendmsg__case it = sendmsg__prepare();

    sendmsg__join(&it);
    it.message.namelen = 15;
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAEFAULT);
    it.message.namelen = -1;
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAEFAULT);
    msg_nothing(it.server);
}

CONF_TEST(sendmsg_null_sent) {
    struct sendmsg__case it = sendmsg__prepare();
    OVERLAPPED overlapped = {0};

    sendmsg__join(&it);
    CHECK_EQ(conf_last(it.function(it.client, &it.message, 0, NULL, NULL, NULL)), WSAEFAULT);
    CHECK_EQ(conf_last(it.function(it.client, &it.message, 0, conf_readonly(), NULL, NULL)),
             WSAEFAULT);
    msg_nothing(it.server);
    CHECK_EQ(conf_last(it.function(it.client, &it.message, 0, NULL, &overlapped, NULL)), 0);
    sendmsg__arrived(&it);
}

CONF_TEST(sendmsg_unwritable_overlapped) {
    struct sendmsg__case it = sendmsg__prepare();

    sendmsg__join(&it);
    CHECK_EQ(sendmsg__call(&it, conf_readonly(), NULL), WSAEFAULT);
    msg_nothing(it.server);
}

CONF_TEST(sendmsg_not_a_socket) {
    struct sendmsg__case it = sendmsg__prepare();

    sendmsg__join(&it);
    it.client = INVALID_SOCKET;
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAENOTSOCK);
    it.client = (SOCKET) conf_event();
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAENOTSOCK);
    it.client = msg_udp(AF_INET);
    closesocket(it.client);
    CHECK_EQ(sendmsg__call(&it, NULL, NULL), WSAENOTSOCK);
    /* The socket comes first, whatever else is wrong (Wine's tests). */
    it.client = INVALID_SOCKET;
    CHECK_EQ(conf_last(it.function(it.client, NULL, 0, NULL, NULL, NULL)), WSAENOTSOCK);
}

/* The function is for datagrams; data that a stream would drop are refused. */
CONF_TEST(sendmsg_stream) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_tcp(AF_INET);
    struct msg_control control = {0};

    CHECK_EQ(connect(client, (struct sockaddr*) &target.name, target.length), 0);
    conf_accept(listener);
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 1);
    CHECK_EQ(msg_send(client, NULL, &control), WSAEOPNOTSUPP);
}

/* Threads that send on one socket, each in its way: every datagram has what it was sent with. */

#define SENDMSG__ROUNDS 400
#define SENDMSG__MARKED 3

struct sendmsg__thread {
    SOCKET client;
    const struct conf_target* target;
    int mark; /* The class that it sends with, or 0 for plain sends. */
    int failures;
};

static DWORD WINAPI sendmsg__thread(void* parameter) {
    struct sendmsg__thread* it = parameter;
    struct msg_control control = {0};
    WSABUF buffer;
    WSAMSG message = {0};
    DWORD sent;
    char text[2] = {0};
    int i;

    text[0] = (char) ('0' + it->mark);
    buffer.buf = text;
    buffer.len = 1;
    message.name = (struct sockaddr*) &it->target->name;
    message.namelen = it->target->length;
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    if (it->mark != 0)
        msg_add_number(&control, IPPROTO_IP, MSG__ECN, it->mark);
    message.Control.buf = control.data;
    message.Control.len = control.length;
    for (i = 0; i < SENDMSG__ROUNDS; i++) {
        int result;

        if (it->mark != 0 || i % 3 == 0)
            result = msg_send_pointer(it->client)(it->client, &message, 0, &sent, NULL, NULL);
        else if (i % 3 == 1)
            result = sendto(it->client, text, 1, 0, message.name, message.namelen) == 1 ? 0 : -1;
        else
            result = WSASendTo(it->client, &buffer, 1, &sent, 0, message.name, message.namelen,
                               NULL, NULL);
        it->failures += result != 0;
    }
    return 0;
}

CONF_TEST(sendmsg_threads) {
    struct conf_target target;
    SOCKET server = msg_receiver(AF_INET, &target);
    SOCKET client = msg_udp(AF_INET);
    struct msg_control first = {0};
    struct sendmsg__thread threads[SENDMSG__MARKED + 1];
    HANDLE handles[SENDMSG__MARKED + 1];
    struct msg_seen seen;
    int i, count = 0, room = 4 << 20;

    setsockopt(server, SOL_SOCKET, SO_RCVBUF, (char*) &room, sizeof room);
    msg_add_number(&first, IPPROTO_IP, MSG__ECN, 1);
    CHECK_EQ(msg_send(client, &target, &first), 0);
    CHECK_EQ(msg_receive(server, &seen), 0);
    for (i = 0; i <= SENDMSG__MARKED; i++) {
        threads[i].client = client;
        threads[i].target = &target;
        threads[i].mark = i;
        threads[i].failures = 0;
        handles[i] = CreateThread(NULL, 0, sendmsg__thread, &threads[i], 0, NULL);
    }
    while (count < (SENDMSG__MARKED + 1) * SENDMSG__ROUNDS && msg_is_readable(server, 1000)) {
        CHECK_EQ(msg_receive(server, &seen), 0);
        CHECK_EQ(seen.traffic_class, seen.text[0] - '0');
        count++;
    }
    CHECK_EQ(WaitForMultipleObjects(SENDMSG__MARKED + 1, handles, TRUE, CONF__LIMIT),
             WAIT_OBJECT_0);
    for (i = 0; i <= SENDMSG__MARKED; i++)
        CHECK_EQ(threads[i].failures, 0);
    CHECK_EQ(count, (SENDMSG__MARKED + 1) * SENDMSG__ROUNDS);
}

/* Where there is no room the host queues a send and lets it out later, when other options may be
 * set: each datagram still has what it was sent with. */

#define SENDMSG__QUEUED 20
#define SENDMSG__LENGTH 1000

CONF_TEST(sendmsg_queued) {
    static char data[SENDMSG__QUEUED][SENDMSG__LENGTH];
    static OVERLAPPED overlapped[SENDMSG__QUEUED];
    struct conf_target target;
    SOCKET server, client;
    int i, room = 4096, pending = 0;
    DWORD bytes;

    conf_need_space();
    server = msg_receiver(AF_INET, &target);
    client = msg_udp(AF_INET);
    CHECK_EQ(setsockopt(client, SOL_SOCKET, SO_SNDBUF, (char*) &room, sizeof room), 0);
    for (i = 0; i < SENDMSG__QUEUED; i++) {
        struct msg_control control = {0};
        WSABUF buffer = {SENDMSG__LENGTH, data[i]};
        WSAMSG message = {0};
        int error, mark = i % 3;

        data[i][0] = (char) ('0' + mark);
        message.name = (struct sockaddr*) &target.name;
        message.namelen = target.length;
        message.lpBuffers = &buffer;
        message.dwBufferCount = 1;
        if (mark != 0)
            msg_add_number(&control, IPPROTO_IP, MSG__ECN, mark);
        message.Control.buf = control.data;
        message.Control.len = control.length;
        overlapped[i].hEvent = conf_event();
        error =
            conf_last(msg_send_pointer(client)(client, &message, 0, NULL, &overlapped[i], NULL));
        pending += error == WSA_IO_PENDING;
        if (error != WSA_IO_PENDING)
            CHECK_EQ(error, 0);
    }
    CHECK(pending > 0);
    for (i = 0; i < SENDMSG__QUEUED; i++) {
        struct msg_seen seen;

        CHECK_EQ(msg_receive(server, &seen), WSAEMSGSIZE);
        CHECK_EQ(seen.traffic_class, seen.text[0] - '0');
    }
    for (i = 0; i < SENDMSG__QUEUED; i++) {
        CHECK_EQ(conf_wait(client, &overlapped[i], &bytes), 0);
        CHECK_EQ(bytes, SENDMSG__LENGTH);
    }
}

#define SENDMSG__LARGE 20000

struct sendmsg__queuing {
    SOCKET client;
    struct conf_target target;
    OVERLAPPED overlapped[SENDMSG__QUEUED];
    volatile LONG begun;
};

/* Sends until one has to wait, which the host lets out only when there is room. */
static DWORD WINAPI sendmsg__queue(void* parameter) {
    static char data[SENDMSG__LARGE];
    struct sendmsg__queuing* it = parameter;
    struct msg_control control = {0};
    WSABUF buffer = {sizeof data, data};
    WSAMSG message = {0};
    int i, error = 0;

    message.name = (struct sockaddr*) &it->target.name;
    message.namelen = it->target.length;
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    msg_add_number(&control, IPPROTO_IP, MSG__ECN, 1);
    message.Control.buf = control.data;
    message.Control.len = control.length;
    for (i = 0; i < SENDMSG__QUEUED && error == 0; i++) {
        InterlockedExchange(&it->begun, i + 1);
        error = conf_last(
            msg_send_pointer(it->client)(it->client, &message, 0, NULL, &it->overlapped[i], NULL));
    }
    return (DWORD) error;
}

/* The message waits while its socket is closed: what is put back afterwards are not the options of
 * the socket that has got the handle's value. */
CONF_TEST(sendmsg_queued_handle_again) {
    static struct sendmsg__queuing it;
    int room = 16384, mark = 0x10, begun = 0, length = sizeof mark;
    SOCKET successor;
    HANDLE thread;
    DWORD error;

    conf_need_space();
    msg_receiver(AF_INET, &it.target);
    it.client = msg_udp(AF_INET);
    CHECK_EQ(setsockopt(it.client, SOL_SOCKET, SO_SNDBUF, (char*) &room, sizeof room), 0);
    CHECK_EQ(setsockopt(it.client, IPPROTO_IP, MSG__TOS, (char*) &mark, sizeof mark), 0);
    thread = CreateThread(NULL, 0, sendmsg__queue, &it, 0, NULL);
    do {
        begun = it.begun;
        CHECK_EQ(WaitForSingleObject(thread, 100), WAIT_TIMEOUT);
    } while (begun == 0 || begun != it.begun);
    closesocket(it.client);
    successor = msg_udp(AF_INET);
    if (successor != it.client)
        conf_skip("the handle's value did not come back");
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    GetExitCodeThread(thread, &error);
    CHECK_EQ(error, WSA_IO_PENDING);
    CHECK_EQ(getsockopt(successor, IPPROTO_IP, MSG__TOS, (char*) &mark, &length), 0);
    CHECK_EQ(mark, 0);
}
