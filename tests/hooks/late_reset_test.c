/* SPDX-License-Identifier: MIT */

/* late_reset_test DLL: the real DLL, loaded into a program that has connected a socket by the
 * host's ConnectEx, and whose peer has reset the connection meanwhile. SO_UPDATE_CONNECT_CONTEXT is
 * 0 there without the DLL; that the peer is gone is found when the socket is used. */

#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LATE__LIMIT 5000

static const char* late__dll;
static LPFN_CONNECTEX late__connect_ex;

/* A socket that the host's ConnectEx has connected, and the other end of the connection. */
static SOCKET late__connect(SOCKET* server) {
    static const struct linger hard = {1, 0};
    struct sockaddr_in name = {0}, any = {0};
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    SOCKET client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    OVERLAPPED overlapped = {0};
    GUID guid = WSAID_CONNECTEX;
    DWORD bytes;
    int length = sizeof name;

    name.sin_family = any.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr*) &name, sizeof name), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr*) &name, &length), 0);
    assert_int_equal(bind(client, (struct sockaddr*) &any, sizeof any), 0);
    if (late__connect_ex == NULL)
        assert_int_equal(WSAIoctl(client, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid,
                                  &late__connect_ex, sizeof late__connect_ex, &bytes, NULL, NULL),
                         0);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!late__connect_ex(client, (struct sockaddr*) &name, sizeof name, NULL, 0, NULL,
                          &overlapped))
        assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
    *server = accept(listener, NULL, NULL);
    assert_int_equal(WaitForSingleObject(overlapped.hEvent, LATE__LIMIT), WAIT_OBJECT_0);
    assert_int_equal(overlapped.Internal, 0);
    assert_int_equal(setsockopt(*server, SOL_SOCKET, SO_LINGER, (char*) &hard, sizeof hard), 0);
    closesocket(listener);
    return client;
}

static void late__expect_updated(SOCKET client) {
    char byte;
    WSASetLastError(0);
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
    assert_true(recv(client, &byte, 1, 0) <= 0);
    closesocket(client);
}

/* Connected and reset before the DLL comes, connected before and reset after, and both after, by
 * the pointer that is older than the DLL. */
static void updated_after_reset(void** state) {
    SOCKET servers[3], clients[3];
    (void) state;

    clients[0] = late__connect(&servers[0]);
    closesocket(servers[0]);
    clients[1] = late__connect(&servers[1]);
    if (late__dll != NULL)
        assert_non_null(LoadLibraryA(late__dll));
    closesocket(servers[1]);
    clients[2] = late__connect(&servers[2]);
    closesocket(servers[2]);
    Sleep(50);
    late__expect_updated(clients[0]);
    late__expect_updated(clients[1]);
    late__expect_updated(clients[2]);
}

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updated_after_reset),
    };
    WSADATA data;
    if (argc > 2 || WSAStartup(0x0202, &data) != 0)
        return 2;
    late__dll = argc == 2 ? argv[1] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
