/* SPDX-License-Identifier: MIT */

/* The library below a provider that does not tell it of sockets or completion ports, on the pretend
 * ReactOS: whether a socket reports to a port is found out, and the byte count is right where it
 * reports to none. */

#include <winsock2.h>
#include <mswsock.h>
#include <ws2tcpip.h>
#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "reactos.h"
#include "wsext/functions.h"

#define UNTOLD__LENGTH 300000
#define UNTOLD__LIMIT 20000
#define UNTOLD__KEY 7

static char untold__payload[UNTOLD__LENGTH];
static char untold__part[65536];

static LPFN_CONNECTEX untold__connect_ex(void) {
    static const GUID guid = WSAID_CONNECTEX;
    const void* found = wsext_extension_function(&guid);
    LPFN_CONNECTEX function;
    assert_non_null(found);
    memcpy(&function, &found, sizeof function);
    return function;
}

static SOCKET untold__listener(struct sockaddr_in* name) {
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    int length = sizeof *name;
    memset(name, 0, sizeof *name);
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(s, (struct sockaddr*) name, length), 0);
    assert_int_equal(listen(s, 1), 0);
    assert_int_equal(getsockname(s, (struct sockaddr*) name, &length), 0);
    return s;
}

static SOCKET untold__client(void) {
    struct sockaddr_in any = {0};
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    any.sin_family = AF_INET;
    assert_int_equal(bind(s, (struct sockaddr*) &any, sizeof any), 0);
    return s;
}

static void untold__take(SOCKET server) {
    size_t received = 0;
    int count;
    while (received < UNTOLD__LENGTH &&
           (count = recv(server, untold__part, sizeof untold__part, 0)) > 0)
        received += (size_t) count;
    assert_int_equal(received, UNTOLD__LENGTH);
}

/* Connects with the payload, all of which arrives. */
static void untold__send(SOCKET client, OVERLAPPED* overlapped) {
    struct sockaddr_in name;
    SOCKET listener = untold__listener(&name);
    SOCKET server;

    assert_false(untold__connect_ex()(client, (struct sockaddr*) &name, sizeof name,
                                      untold__payload, UNTOLD__LENGTH, NULL, overlapped));
    assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
    server = accept(listener, NULL, NULL);
    untold__take(server);
    closesocket(server);
    closesocket(listener);
}

static void the_count_is_told_by_an_event(void** state) {
    SOCKET client = untold__client();
    OVERLAPPED overlapped = {0};
    (void) state;

    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    untold__send(client, &overlapped);
    assert_int_equal(WaitForSingleObject(overlapped.hEvent, UNTOLD__LIMIT), WAIT_OBJECT_0);
    assert_int_equal(overlapped.Internal, 0);
    assert_int_equal(overlapped.InternalHigh, UNTOLD__LENGTH);
    /* It stays open: nobody tells of a close, so that the handle's value must not come back. */
}

/* A transmission that is one send goes out whole, too, though the host cuts a send short. */
static void a_transmission_goes_out_whole(void** state) {
    static const GUID guid = WSAID_TRANSMITPACKETS;
    const void* found = wsext_extension_function(&guid);
    TRANSMIT_PACKETS_ELEMENT element;
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    SOCKET client = untold__client();
    LPFN_TRANSMITPACKETS packets;
    OVERLAPPED overlapped = {0};
    OVERLAPPED* end;
    struct sockaddr_in name;
    SOCKET listener = untold__listener(&name), server;
    ULONG_PTR key;
    DWORD bytes;
    (void) state;

    assert_non_null(found);
    memcpy(&packets, &found, sizeof packets);
    memset(&element, 0, sizeof element);
    element.dwElFlags = TP_ELEMENT_MEMORY;
    element.cLength = UNTOLD__LENGTH;
    element.pBuffer = untold__payload;
    assert_true(host_associate((HANDLE) client, port, UNTOLD__KEY) >= 0);
    assert_int_equal(connect(client, (struct sockaddr*) &name, sizeof name), 0);
    server = accept(listener, NULL, NULL);
    assert_false(packets(client, &element, 1, 0, &overlapped, 0));
    assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
    untold__take(server);
    assert_true(GetQueuedCompletionStatus(port, &bytes, &key, &end, UNTOLD__LIMIT));
    assert_ptr_equal(end, &overlapped);
    closesocket(server);
    closesocket(listener);
    CloseHandle(port);
}

/* A port that was associated by who does not tell gets its packet, with a count of 0. */
static void the_end_is_told_at_a_port(void** state) {
    SOCKET client = untold__client();
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    OVERLAPPED overlapped = {0};
    OVERLAPPED* found;
    ULONG_PTR key;
    DWORD bytes;
    (void) state;

    assert_true(host_associate((HANDLE) client, port, UNTOLD__KEY) >= 0);
    untold__send(client, &overlapped);
    assert_true(GetQueuedCompletionStatus(port, &bytes, &key, &found, UNTOLD__LIMIT));
    assert_ptr_equal(found, &overlapped);
    assert_int_equal(key, UNTOLD__KEY);
    assert_int_equal(bytes, 0);
    assert_false(GetQueuedCompletionStatus(port, &bytes, &key, &found, 50));
    closesocket(client);
    CloseHandle(port);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_count_is_told_by_an_event),
        cmocka_unit_test(a_transmission_goes_out_whole),
        cmocka_unit_test(the_end_is_told_at_a_port),
    };
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0 || wsext_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
