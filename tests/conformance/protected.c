/* SPDX-License-Identifier: MIT */

/* A handle that is protected from being closed stays when it is to be closed, and so do the socket
 * and all that is pending on it. */

#include "optest.h"
#include "riotest.h"

static struct optest protected__place; /* Longer than what may be pending at the end. */

static void protected__set(SOCKET s, DWORD protection) {
    CHECK(SetHandleInformation((HANDLE) s, HANDLE_FLAG_PROTECT_FROM_CLOSE, protection));
}

/* What closesocket says of it differs: to Wine it is a success, after which only calls that know no
 * sockets take the handle. */
static void protected__try_to_close(SOCKET s, BOOL by_closesocket) {
    DWORD flags = 0;

    if (by_closesocket)
        closesocket(s);
    else
        CHECK_EQ(CloseHandle((HANDLE) s), FALSE);
    CHECK(GetHandleInformation((HANDLE) s, &flags));
    CHECK_EQ(flags & HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE);
}

static void protected__check_usable(struct optest* o) {
    char byte;

    switch (o->what) {
        case OPTEST_CONNECT:
        case OPTEST_PAYLOAD:
        case OPTEST_SENDING:
            conf_update(o->socket);
            break;
        case OPTEST_DISCONNECT:
            CHECK_EQ(recv(o->peer, &byte, 1, 0), 0);
            CHECK_EQ(send(o->peer, "x", 1, 0), 1);
            CHECK_EQ(recv(o->socket, &byte, 1, 0), 1);
            return;
        default:
            break;
    }
    CHECK_EQ(send(o->socket, "x", 1, 0), 1);
    CHECK_EQ(send(o->peer, "x", 1, 0), 1);
    CHECK_EQ(recv(o->socket, &byte, 1, 0), 1);
}

static void protected__pending(enum optest_what what, enum optest_ending ending,
                               BOOL by_closesocket) {
    struct optest* o = &protected__place;
    SOCKET s;
    HANDLE port;

    optest_prepare(what);
    optest_open(o, what);
    s = optest_issued_on(o);
    port = conf_port(s);
    protected__set(s, HANDLE_FLAG_PROTECT_FROM_CLOSE);
    optest_start(o);
    protected__try_to_close(s, by_closesocket);
    conf_quiet(port);
    CHECK_EQ(o->overlapped.Internal, CONF__STATUS_PENDING);
    optest_end(o, 1, ending);
    conf_packet(port, &o->overlapped, 0, optest_bytes(what));
    conf_quiet(port);
    if (what != OPTEST_ACCEPT && !by_closesocket)
        protected__check_usable(o);
    protected__set(s, 0);
    CHECK(CloseHandle((HANDLE) s));
}

#define PROTECTED__EACH(topic, name, what, ending) \
    CONF_TEST(topic##_##name##_closehandle) { \
        protected__pending(what, ending, FALSE); \
    } \
    CONF_TEST(topic##_##name##_closesocket) { \
        protected__pending(what, ending, TRUE); \
    }

PROTECTED__EACH(protected, file, OPTEST_FILE, OPTEST_READ)
PROTECTED__EACH(protected, packets, OPTEST_PACKETS, OPTEST_READ)
PROTECTED__EACH(protected, disconnect, OPTEST_DISCONNECT, OPTEST_READ)
PROTECTED__EACH(protected, accept, OPTEST_ACCEPT, OPTEST_ANSWER)
PROTECTED__EACH(connectprotected, empty, OPTEST_CONNECT, OPTEST_ANSWER)
PROTECTED__EACH(connectprotected, payload, OPTEST_PAYLOAD, OPTEST_ANSWER)
PROTECTED__EACH(connectprotected, sending, OPTEST_SENDING, OPTEST_READ)

/* What is known of the socket is still known: its context was not updated yet. */
CONF_TEST(connectprotected_idle) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET);
    SOCKET server;

    conf_connect(client, &target);
    server = conf_accept(listener);
    protected__set(client, HANDLE_FLAG_PROTECT_FROM_CLOSE);
    protected__try_to_close(client, FALSE);
    CHECK_EQ(conf_last(shutdown(client, SD_SEND)), WSAENOTCONN);
    conf_update(client);
    conf_exchange(client, server);
    protected__set(client, 0);
    CHECK(CloseHandle((HANDLE) client));
}

CONF_TEST(protected_rio) {
    struct riotest test;

    riotest_open(&test, AF_INET, SOCK_STREAM);
    protected__set(test.sockets[0], HANDLE_FLAG_PROTECT_FROM_CLOSE);
    riotest_receive(&test, 0, 0, 1, 0, 1);
    protected__try_to_close(test.sockets[0], FALSE);
    riotest_quiet(test.completions);
    CHECK_EQ(send(test.sockets[1], "x", 1, 0), 1);
    riotest_result(&test, 0, 1, 0, 1);
    riotest_send(&test, 0, 0, 1, 0, 2);
    riotest_result(&test, 0, 2, 0, 1);
    protected__set(test.sockets[0], 0);
    CHECK(CloseHandle((HANDLE) test.sockets[0]));
}
