/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#define ROBUST__MANY 1000
#define ROBUST__ROUNDS 200
#define ROBUST__REUSES 200
#define ROBUST__CROWD 700
#define ROBUST__SETTLED 1000

struct robust__acceptor {
    SOCKET listener;
    LONG accepted;
};

/* Accepts until its listener is closed. */
static DWORD WINAPI robust__accept(void* parameter) {
    struct robust__acceptor* acceptor = parameter;
    SOCKET server;

    while ((server = accept(acceptor->listener, NULL, NULL)) != INVALID_SOCKET) {
        acceptor->accepted++;
        closesocket(server);
    }
    return 0;
}

static void robust__many(const char* payload, DWORD length) {
    static SOCKET clients[ROBUST__MANY];
    static OVERLAPPED overlappeds[ROBUST__MANY];
    static BYTE seen[ROBUST__MANY];
    struct robust__acceptor acceptor = {0};
    struct conf_target target;
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;
    int i;

    acceptor.listener = conf_listen(AF_INET, ROBUST__MANY, &target);
    CreateThread(NULL, 0, robust__accept, &acceptor, 0, NULL);
    for (i = 0; i < ROBUST__MANY; i++) {
        clients[i] = conf_client(AF_INET);
        CHECK(CreateIoCompletionPort((HANDLE) clients[i], port, CONF__KEY, 0) == port);
    }
    for (i = 0; i < ROBUST__MANY; i++)
        conf_start(clients[i], &target, payload, length, &overlappeds[i]);
    for (i = 0; i < ROBUST__MANY; i++) {
        CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
        CHECK(got >= overlappeds && got < overlappeds + ROBUST__MANY);
        CHECK_EQ(error, 0);
        CHECK_EQ(bytes, length);
        CHECK_EQ(seen[got - overlappeds]++, 0);
    }
    conf_quiet(port);
    for (i = 0; i < ROBUST__MANY; i++) {
        conf_update(clients[i]);
        closesocket(clients[i]);
    }
    conf_quiet(port);
}

CONF_TEST(robust_many) {
    robust__many(NULL, 0);
}

CONF_TEST(robust_many_payload) {
    robust__many("data", 4);
}

static void robust__missing(const BYTE* seen, const OVERLAPPED* overlappeds, int count) {
    int missing = 0;
    int first = -1;
    int i;

    for (i = 0; i < count; i++) {
        if (seen[i] == 0 && missing++ == 0)
            first = i;
    }
    conf_fail(__FILE__, __LINE__, "%d packets are missing, the first of call %d, status %lx",
              missing, first, (unsigned long) overlappeds[first].Internal);
}

/* Some succeed, some are refused, some are cancelled, all at once on one port. */
CONF_TEST(robust_mixed) {
    static OVERLAPPED overlappeds[300];
    static SOCKET clients[300];
    static BYTE seen[300];
    const int count = 300;
    struct conf_silent silent;
    struct conf_target targets[3];
    DWORD expected[3] = {0, ERROR_CONNECTION_REFUSED, ERROR_OPERATION_ABORTED};
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;
    int i;

    conf_listen(AF_INET, 200, &targets[0]);
    conf_refuse(AF_INET, &targets[1]);
    conf_silent_fill(&silent, AF_INET);
    targets[2] = silent.target;
    for (i = 0; i < count; i++) {
        clients[i] = conf_client(AF_INET);
        CHECK(CreateIoCompletionPort((HANDLE) clients[i], port, CONF__KEY, 0) == port);
        conf_start(clients[i], &targets[i % 3], i & 1 ? "data" : NULL, i & 1 ? 4 : 0,
                   &overlappeds[i]);
    }
    for (i = 2; i < count; i += 3)
        CHECK(conf_cancel((HANDLE) clients[i], &overlappeds[i]));
    for (i = 0; i < count; i++) {
        int index;

        if (!conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes))
            robust__missing(seen, overlappeds, count);
        index = (int) (got - overlappeds);
        CHECK(index >= 0 && index < count);
        CHECK_EQ(seen[index]++, 0);
        CHECK_EQ(error, expected[index % 3]);
    }
    conf_quiet(port);
}

static SOCKET robust__reuse(SOCKET wanted, SOCKET listener, const struct conf_target* target) {
    int i;

    for (i = 0; i < ROBUST__REUSES; i++) {
        SOCKET client = conf_tcp(AF_INET);

        if (client != wanted)
            continue;
        CHECK_EQ(connect(client, (struct sockaddr*) &target->name, target->length), 0);
        conf_accept(listener);
        return client;
    }
    return INVALID_SOCKET;
}

/* The new socket has the handle value of a dead one that was not updated, and nothing else. */
static void robust__handle_reuse(BOOL by_closehandle) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    struct sockaddr_storage name;
    int length = sizeof name;
    SOCKET reused;

    conf_connect(client, &target);
    closesocket(conf_accept(listener));
    if (by_closehandle)
        CHECK(CloseHandle((HANDLE) client));
    else
        CHECK_EQ(closesocket(client), 0);
    reused = robust__reuse(client, listener, &target);
    if (reused == INVALID_SOCKET)
        conf_skip("the system did not give the handle value again");
    CHECK_EQ(conf_last(getpeername(reused, (struct sockaddr*) &name, &length)), 0);
    CHECK_EQ(conf_last(shutdown(reused, SD_SEND)), 0);
}

CONF_TEST(robust_reuse_after_closesocket) {
    robust__handle_reuse(FALSE);
}

CONF_TEST(robust_reuse_after_closehandle) {
    robust__handle_reuse(TRUE);
}

/* The same value comes back as an accepted socket, which no hook of connecting ever saw. */
static void robust__accept_reuse(BOOL by_closehandle) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 50, &target);
    HANDLE spare = conf_event();
    SOCKET client = conf_client(AF_INET);
    struct sockaddr_storage name;
    int length = sizeof name;
    SOCKET server = INVALID_SOCKET;
    int i;

    for (i = 0; i < 20; i++)
        CHECK_EQ(connect(conf_tcp(AF_INET), (struct sockaddr*) &target.name, target.length), 0);
    conf_connect(client, &target);
    conf_accept(listener);
    /* While it accepts, the system needs a handle for itself and takes the lowest. */
    CloseHandle(spare);
    if (by_closehandle)
        CHECK(CloseHandle((HANDLE) client));
    else
        CHECK_EQ(closesocket(client), 0);
    for (i = 0; i < 20 && server != client; i++)
        server = conf_accept(listener);
    if (server != client)
        conf_skip("the system did not give the handle value to an accepted socket");
    CHECK_EQ(conf_last(getpeername(server, (struct sockaddr*) &name, &length)), 0);
    CHECK_EQ(conf_last(shutdown(server, SD_SEND)), 0);
}

CONF_TEST(robust_accept_after_closesocket) {
    robust__accept_reuse(FALSE);
}

CONF_TEST(robust_accept_after_closehandle) {
    robust__accept_reuse(TRUE);
}

struct robust__closer {
    SOCKET client;
    HANDLE go;
};

static DWORD WINAPI robust__close(void* parameter) {
    struct robust__closer* closer = parameter;

    WaitForSingleObject(closer->go, INFINITE);
    closesocket(closer->client);
    return 0;
}

/* One thread connects while another closes; whoever wins, a pending call brings one packet. */
static void robust__close_race(const struct conf_target* target, const char* payload,
                               DWORD length) {
    struct robust__closer closer = {0};
    OVERLAPPED* overlapped = calloc(1, sizeof *overlapped);
    LPFN_CONNECTEX connect_ex;
    OVERLAPPED* got;
    HANDLE thread;
    HANDLE port;
    DWORD error;
    DWORD bytes;
    BOOL done;

    closer.client = conf_client(AF_INET);
    connect_ex = conf_pointer(closer.client);
    port = conf_port(closer.client);
    closer.go = conf_event();
    thread = CreateThread(NULL, 0, robust__close, &closer, 0, NULL);
    SetEvent(closer.go);
    done = connect_ex(closer.client, (struct sockaddr*) &target->name, target->length,
                      (void*) payload, length, NULL, overlapped);
    error = (DWORD) WSAGetLastError();
    CHECK_EQ(done, FALSE);
    CHECK_EQ(WaitForSingleObject(thread, CONF__LIMIT), WAIT_OBJECT_0);
    if (error == ERROR_IO_PENDING) {
        if (!conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes))
            conf_fail(__FILE__, __LINE__, "no packet");
        CHECK(got == overlapped);
    } else {
        CHECK(error == WSAENOTSOCK || error == WSAEINVAL || error == WSAECONNABORTED ||
              error == ERROR_OPERATION_ABORTED);
    }
    CHECK(!conf_dequeue(port, 0, &got, &error, &bytes));
    CloseHandle(thread);
    CloseHandle(closer.go);
    CloseHandle(port);
    free(overlapped);
}

CONF_TEST(robust_close_race) {
    struct conf_target target;
    struct robust__acceptor acceptor = {0};
    int round;

    acceptor.listener = conf_listen(AF_INET, 200, &target);
    CreateThread(NULL, 0, robust__accept, &acceptor, 0, NULL);
    for (round = 0; round < ROBUST__ROUNDS; round++)
        robust__close_race(&target, NULL, 0);
}

CONF_TEST(robust_close_race_payload) {
    struct conf_target target;
    struct robust__acceptor acceptor = {0};
    int round;

    acceptor.listener = conf_listen(AF_INET, 200, &target);
    CreateThread(NULL, 0, robust__accept, &acceptor, 0, NULL);
    for (round = 0; round < ROBUST__ROUNDS; round++)
        robust__close_race(&target, "data", 4);
}

/* Peers that do not answer must not keep a connect to another one from its end for ever: neither
 * while they are few, nor where they are so many that the program has to give some of them up. */
static void robust__crowd(int count, int given_up) {
    static SOCKET clients[ROBUST__CROWD];
    static OVERLAPPED overlappeds[ROBUST__CROWD];
    static BYTE seen[ROBUST__CROWD];
    struct conf_silent silent;
    struct conf_target target;
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    HANDLE good_port;
    SOCKET good = conf_client(AF_INET);
    OVERLAPPED good_overlapped = {0};
    OVERLAPPED* got;
    DWORD error;
    DWORD bytes;
    int i;

    conf_listen(AF_INET, 5, &target);
    conf_silent_fill(&silent, AF_INET);
    good_port = conf_port(good);
    for (i = 0; i < count; i++) {
        clients[i] = conf_client(AF_INET);
        CHECK(CreateIoCompletionPort((HANDLE) clients[i], port, CONF__KEY, 0) == port);
        conf_start(clients[i], &silent.target, NULL, 0, &overlappeds[i]);
    }
    conf_start(good, &target, "data", 4, &good_overlapped);
    Sleep(given_up > 0 ? ROBUST__SETTLED : 0);
    for (i = 0; i < given_up; i++)
        CHECK_EQ(closesocket(clients[i]), 0);
    conf_packet(good_port, &good_overlapped, 0, 4);
    for (i = given_up; i < count; i++)
        CHECK(conf_cancel((HANDLE) clients[i], &overlappeds[i]));
    for (i = 0; i < count; i++) {
        CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
        CHECK(got >= overlappeds && got < overlappeds + count);
        CHECK_EQ(error, ERROR_OPERATION_ABORTED);
        CHECK_EQ(seen[got - overlappeds]++, 0);
    }
    conf_quiet(port);
    for (i = given_up; i < count; i++)
        closesocket(clients[i]);
    conf_quiet(port);
    conf_quiet(good_port);
}

CONF_TEST(robust_crowd_100) {
    robust__crowd(100, 0);
}

CONF_TEST(robust_crowd_700) {
    robust__crowd(ROBUST__CROWD, 350);
}

/* Only the first byte can be read of what is said to be four. */
CONF_TEST(robust_half_readable_control) {
    SOCKET datagram = socket(AF_INET, SOCK_DGRAM, 0);
    SOCKET stream = conf_tcp(AF_INET);
    char* in = conf_before_noaccess("", 1);
    DWORD bytes;

    CHECK_EQ(conf_last(WSAIoctl(datagram, SIO_UDP_NETRESET, in, sizeof(DWORD), NULL, 0, &bytes,
                                NULL, NULL)),
             WSAEFAULT);
    CHECK_EQ(conf_last(WSAIoctl(datagram, SIO_UDP_CONNRESET, in, sizeof(DWORD), NULL, 0, &bytes,
                                NULL, NULL)),
             WSAEFAULT);
    CHECK_EQ(conf_last(WSAIoctl(stream, SIO_TCP_INITIAL_RTO, in, sizeof(TCP_INITIAL_RTO_PARAMETERS),
                                NULL, 0, &bytes, NULL, NULL)),
             WSAEFAULT);
}
