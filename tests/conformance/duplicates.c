/* SPDX-License-Identifier: MIT */

/* A socket with several handles. Where its operations are told of, the completion notification
 * modes and whether it blocks belong to the socket, whichever handle was named. */

#include "optest.h"

#define DUPLICATES__LENGTH 3000
#define DUPLICATES__TRIES 64

/* Wine's ws2_32 takes such a handle for none of a socket, so it is named to kernel32 only. */
static HANDLE duplicates__of(SOCKET s, DWORD options) {
    HANDLE self = GetCurrentProcess(), duplicate = NULL;

    CHECK(DuplicateHandle(self, (HANDLE) s, self, &duplicate, 0, FALSE,
                          options | DUPLICATE_SAME_ACCESS));
    return duplicate;
}

/* The system gives out the lowest value that is free. */
static HANDLE duplicates__of_value(SOCKET s, HANDLE value) {
    HANDLE others[DUPLICATES__TRIES], duplicate = duplicates__of(s, 0);
    int count = 0;

    while (duplicate != value && count < DUPLICATES__TRIES) {
        others[count++] = duplicate;
        duplicate = duplicates__of(s, 0);
    }
    while (count > 0)
        CloseHandle(others[--count]);
    if (duplicate != value)
        conf_skip("the handle's value has not come back");
    return duplicate;
}

static SOCKET duplicates__described(SOCKET s) {
    WSAPROTOCOL_INFOA info;
    SOCKET duplicate;

    CHECK_EQ(conf_last(WSADuplicateSocketA(s, GetCurrentProcessId(), &info)), 0);
    duplicate = WSASocketA(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                           WSA_FLAG_OVERLAPPED);
    CHECK(duplicate != INVALID_SOCKET);
    return duplicate;
}

static HANDLE duplicates__associate(SOCKET s) {
    HANDLE port = CreateIoCompletionPort((HANDLE) s, NULL, CONF__KEY, 0);

    CHECK(port != NULL);
    return port;
}

/* The bytes go on where those of the operation before have ended. */
static BOOL duplicates__send(SOCKET s, int round, OVERLAPPED* overlapped) {
    unsigned char* bytes = conf_pattern_pages((round + 1) * DUPLICATES__LENGTH);
    TRANSMIT_PACKETS_ELEMENT elements[2];
    BOOL done;

    bytes += round * DUPLICATES__LENGTH;
    elements[0] = conf_memory_element(bytes, 1);
    elements[1] = conf_memory_element(bytes + 1, DUPLICATES__LENGTH - 1);
    memset(overlapped, 0, sizeof *overlapped);
    WSASetLastError(0);
    done = conf_packets_pointer(s)(s, elements, 2, 0, overlapped, 0);
    if (!done)
        CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    return done;
}

/* The port is told of an operation of that handle, which the call may know to have ended. */
static void duplicates__told(SOCKET s, int round, HANDLE port) {
    OVERLAPPED overlapped;

    duplicates__send(s, round, &overlapped);
    conf_packet(port, &overlapped, 0, DUPLICATES__LENGTH);
    conf_quiet(port);
}

CONF_TEST(duplicates_before) {
    struct conf_transmission t = {0};
    SOCKET other;
    HANDLE port;

    conf_transmission_open(&t, FALSE);
    other = duplicates__described(t.client);
    port = duplicates__associate(t.client);
    duplicates__told(other, 0, port);
    duplicates__told(t.client, 1, port);
    CHECK_EQ(conf_last(closesocket(other)), 0);
    duplicates__told(t.client, 2, port);
    conf_transmission_close(&t, 3 * DUPLICATES__LENGTH);
}

CONF_TEST(duplicates_after) {
    struct conf_transmission t = {0};
    SOCKET other;
    HANDLE port;

    conf_transmission_open(&t, FALSE);
    port = duplicates__associate(t.client);
    other = duplicates__described(t.client);
    duplicates__told(other, 0, port);
    CHECK_EQ(conf_last(closesocket(t.client)), 0);
    t.client = other;
    duplicates__told(other, 1, port);
    conf_transmission_close(&t, 2 * DUPLICATES__LENGTH);
}

/* Through handles that were made from one another and are closed in between. */
CONF_TEST(duplicates_chain) {
    struct conf_transmission t = {0};
    SOCKET second, fourth;
    HANDLE third, port;

    conf_transmission_open(&t, FALSE);
    second = duplicates__described(t.client);
    third = duplicates__of(second, 0);
    CHECK_EQ(conf_last(closesocket(second)), 0);
    port = duplicates__associate((SOCKET) third);
    duplicates__told(t.client, 0, port);
    CHECK(CloseHandle(third));
    fourth = duplicates__described(t.client);
    CHECK_EQ(conf_last(closesocket(t.client)), 0);
    t.client = fourth;
    duplicates__told(fourth, 1, port);
    conf_transmission_close(&t, 2 * DUPLICATES__LENGTH);
}

CONF_TEST(duplicates_modes) {
    struct conf_transmission t = {0};
    OVERLAPPED overlapped;
    HANDLE other, port;

    conf_transmission_open(&t, FALSE);
    other = duplicates__of(t.client, 0);
    port = duplicates__associate(t.client);
    CHECK(conf_set_modes(other, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    if (!duplicates__send(t.client, 0, &overlapped))
        conf_packet(port, &overlapped, 0, DUPLICATES__LENGTH);
    CHECK_EQ(overlapped.InternalHigh, DUPLICATES__LENGTH);
    conf_quiet(port);
    CHECK(CloseHandle(other));
    conf_transmission_close(&t, DUPLICATES__LENGTH);
}

/* A duplicate that closes its source takes its place, and on Wine also its value. */
CONF_TEST(duplicates_close_source) {
    struct conf_transmission t = {0};
    HANDLE port;

    conf_transmission_open(&t, FALSE);
    port = duplicates__associate(t.client);
    duplicates__told(t.client, 0, port);
    t.client = (SOCKET) duplicates__of(t.client, DUPLICATE_CLOSE_SOURCE);
    duplicates__told(t.client, 1, port);
    conf_transmission_close(&t, 2 * DUPLICATES__LENGTH);
}

/* What is pending there is told of once, however it ends. */
CONF_TEST(duplicates_close_pending_source) {
    static struct optest o;
    OVERLAPPED* got = NULL;
    DWORD error, bytes;
    HANDLE port;

    optest_prepare(OPTEST_FILE);
    optest_open(&o, OPTEST_FILE);
    port = duplicates__associate(o.socket);
    optest_start(&o);
    o.socket = (SOCKET) duplicates__of(o.socket, DUPLICATE_CLOSE_SOURCE);
    optest_end(&o, 1, OPTEST_RESET);
    CHECK(conf_dequeue(port, CONF__LIMIT, &got, &error, &bytes));
    CHECK(got == &o.overlapped);
    CHECK(error != 0);
    conf_quiet(port);
    optest_close(&o);
}

/* Whether the socket blocks is kept by who has to change it to connect. */
CONF_TEST(duplicates_mode) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    SOCKET client = conf_client(AF_INET), other = duplicates__described(client);
    HANDLE port = duplicates__associate(other);
    OVERLAPPED overlapped = {0};
    u_long on = 1;
    char byte;

    CHECK_EQ(ioctlsocket(other, (long) FIONBIO, &on), 0);
    conf_start(client, &target, "data", 4, &overlapped);
    conf_packet(port, &overlapped, 0, 4);
    CHECK_EQ(conf_last(recv(client, &byte, 1, 0)), WSAEWOULDBLOCK);
    CHECK_EQ(conf_last(recv(other, &byte, 1, 0)), WSAEWOULDBLOCK);
    closesocket(listener);
}

/* A handle's value comes back for another socket, which has nothing to do with the first. */
CONF_TEST(duplicates_value) {
    struct conf_transmission t = {0}, u = {0};
    HANDLE other, another, port, second;

    conf_transmission_open(&t, FALSE);
    conf_transmission_open(&u, FALSE);
    other = duplicates__of(t.client, 0);
    CHECK(CloseHandle(other));
    another = duplicates__of_value(u.client, other);
    port = duplicates__associate(t.client);
    second = duplicates__associate((SOCKET) another);
    duplicates__told(t.client, 0, port);
    duplicates__told(u.client, 0, second);
    CHECK(CloseHandle(another));
    duplicates__told(u.client, 1, second);
    conf_transmission_close(&t, DUPLICATES__LENGTH);
    conf_transmission_close(&u, 2 * DUPLICATES__LENGTH);
}

/* A handle that was another process' is one of which nothing was seen, nor is what is done by it.
 */
CONF_TEST(duplicates_other_process) {
    struct conf_transmission t = {0};
    SOCKET back;
    HANDLE port;

    conf_transmission_open(&t, FALSE);
    back = conf_handle_by_other_process(t.client);
    port = duplicates__associate(back);
    duplicates__told(t.client, 0, port);
    CHECK(CloseHandle((HANDLE) back));
    duplicates__told(t.client, 1, port);
    conf_transmission_close(&t, 2 * DUPLICATES__LENGTH);
}
