/* SPDX-License-Identifier: MIT */

/* A socket that has a second handle is used again: what goes by either handle belongs to the new
 * connection. Where that cannot be, the reuse is refused and the connection stays. */

#include "conformance.h"

#define REUSEHANDLES__LIMIT 2000 /* In milliseconds. */

enum reusehandles__by { REUSEHANDLES__DUPLICATE, REUSEHANDLES__SHARED };

static SOCKET reusehandles__second(SOCKET s, enum reusehandles__by by) {
    HANDLE self = GetCurrentProcess(), other = NULL;
    WSAPROTOCOL_INFOW info;
    SOCKET shared;

    if (by == REUSEHANDLES__DUPLICATE) {
        CHECK(DuplicateHandle(self, (HANDLE) s, self, &other, 0, FALSE, DUPLICATE_SAME_ACCESS));
        return (SOCKET) other;
    }
    CHECK_EQ(conf_last(WSADuplicateSocketW(s, GetCurrentProcessId(), &info)), 0);
    shared = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                        WSA_FLAG_OVERLAPPED);
    CHECK(shared != INVALID_SOCKET);
    return shared;
}

/* Wine's socket functions take no handle that they have not made; files' functions do. */
static void reusehandles__send(SOCKET s, const char* text) {
    OVERLAPPED overlapped = {0};
    DWORD written = 0;

    overlapped.hEvent = conf_event();
    if (!WriteFile((HANDLE) s, text, (DWORD) strlen(text), NULL, &overlapped))
        CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, REUSEHANDLES__LIMIT), WAIT_OBJECT_0);
    CHECK(GetOverlappedResult((HANDLE) s, &overlapped, &written, FALSE));
    CHECK_EQ(written, strlen(text));
    CloseHandle(overlapped.hEvent);
}

static void reusehandles__receive(SOCKET s, const char* text) {
    static OVERLAPPED overlapped;
    static char buffer[16];
    DWORD read = 0;

    memset(buffer, 0, sizeof buffer);
    memset(&overlapped, 0, sizeof overlapped);
    overlapped.hEvent = conf_event();
    if (!ReadFile((HANDLE) s, buffer, sizeof buffer - 1, NULL, &overlapped))
        CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
    if (WaitForSingleObject(overlapped.hEvent, REUSEHANDLES__LIMIT) != WAIT_OBJECT_0)
        conf_fail(__FILE__, __LINE__, "\"%s\" is not received", text);
    CHECK(GetOverlappedResult((HANDLE) s, &overlapped, &read, FALSE));
    CHECK(strcmp(buffer, text) == 0);
    CloseHandle(overlapped.hEvent);
}

static void reusehandles__exchange(SOCKET one, SOCKET other, SOCKET server) {
    reusehandles__send(one, "one");
    reusehandles__receive(server, "one");
    reusehandles__send(other, "other");
    reusehandles__receive(server, "other");
    reusehandles__send(server, "back");
    reusehandles__receive(other, "back");
    reusehandles__send(server, "again");
    reusehandles__receive(one, "again");
}

static void reusehandles__ended(SOCKET server) {
    DWORD limit = REUSEHANDLES__LIMIT;

    CHECK_EQ(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, sizeof limit), 0);
    conf_ended(server);
}

/* The handles are used before, as whoever remembers something of them does so then. */
static void reusehandles__each(enum reusehandles__by by, BOOL by_file) {
    struct conf_pair pair = conf_pair(AF_INET);
    SOCKET other = reusehandles__second(pair.client, by);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    BOOL done;

    reusehandles__exchange(pair.client, other, pair.server);
    WSASetLastError(0);
    if (by_file)
        done = conf_file_pointer(pair.client)(pair.client, NULL, 0, 0, NULL, NULL,
                                              TF_DISCONNECT | TF_REUSE_SOCKET);
    else
        done = conf_disconnect_pointer(pair.client)(pair.client, NULL, TF_REUSE_SOCKET, 0);
    if (!done) {
        CHECK_EQ(WSAGetLastError(), WSAEOPNOTSUPP);
        reusehandles__exchange(pair.client, other, pair.server);
        return;
    }
    reusehandles__ended(pair.server);
    conf_connect(pair.client, &target);
    conf_update(pair.client);
    reusehandles__exchange(pair.client, other, conf_accept(listener));
}

CONF_TEST(reusehandles_duplicate) {
    reusehandles__each(REUSEHANDLES__DUPLICATE, FALSE);
}

CONF_TEST(reusehandles_shared) {
    reusehandles__each(REUSEHANDLES__SHARED, FALSE);
}

CONF_TEST(reusehandles_duplicate_file) {
    reusehandles__each(REUSEHANDLES__DUPLICATE, TRUE);
}

CONF_TEST(reusehandles_shared_file) {
    reusehandles__each(REUSEHANDLES__SHARED, TRUE);
}

/* A handle that is closed again, or made afterwards, is in nobody's way. */
CONF_TEST(reusehandles_closed_before) {
    struct conf_pair pair = conf_pair(AF_INET);
    SOCKET other = reusehandles__second(pair.client, REUSEHANDLES__DUPLICATE);
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);

    reusehandles__exchange(pair.client, other, pair.server);
    CHECK(CloseHandle((HANDLE) other));
    CHECK_EQ(conf_reuse(pair.client), 0);
    reusehandles__ended(pair.server);
    conf_connect(pair.client, &target);
    conf_update(pair.client);
    other = reusehandles__second(pair.client, REUSEHANDLES__DUPLICATE);
    reusehandles__exchange(pair.client, other, conf_accept(listener));
}
