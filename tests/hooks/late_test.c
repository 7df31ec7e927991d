/* SPDX-License-Identifier: MIT */

/* The real DLL, loaded into a program that already works: it holds a socket, a completion port with
 * that socket, a connection made by the host's ConnectEx, and pointers it got before. */

#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LATE__LIMIT 5000
#define LATE__LARGE (16u * 1024 * 1024)

static const char* late__dll;
static SOCKET late__listener;
static struct sockaddr_in late__target;
static struct sockaddr_in late__refusing;

/* What the program had before the DLL came. */
static LPFN_CONNECTEX late__host_connect_ex;
static int(WSAAPI* late__old_closesocket)(SOCKET);
static SOCKET late__socket;
static SOCKET late__nonblocking;
static SOCKET late__connected;
static SOCKET late__sender, late__receiver;
static HANDLE late__port;

static LPFN_CONNECTEX late__ask(SOCKET s) {
    GUID guid = WSAID_CONNECTEX;
    LPFN_CONNECTEX function = NULL;
    DWORD bytes;
    assert_int_equal(WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &function,
                              sizeof function, &bytes, NULL, NULL),
                     0);
    return function;
}

static SOCKET late__bound(void) {
    struct sockaddr_in any = {0};
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    any.sin_family = AF_INET;
    assert_int_equal(bind(s, (struct sockaddr*) &any, sizeof any), 0);
    return s;
}

/* Reads a connection to its end and returns the number of bytes. */
static DWORD WINAPI late__read_all(void* unused) {
    static char buffer[65536];
    SOCKET s = accept(late__listener, NULL, NULL);
    DWORD total = 0;
    int count;
    (void) unused;
    while ((count = recv(s, buffer, sizeof buffer, 0)) > 0)
        total += (DWORD) count;
    closesocket(s);
    return total;
}

static void late__expect_packet(OVERLAPPED* overlapped, DWORD error, DWORD bytes) {
    OVERLAPPED* got = NULL;
    ULONG_PTR key = 0;
    DWORD count = 0;
    BOOL done = GetQueuedCompletionStatus(late__port, &count, &key, &got, LATE__LIMIT);
    assert_ptr_equal(got, overlapped);
    assert_int_equal(done ? 0 : GetLastError(), error);
    assert_int_equal(count, bytes);
    assert_int_equal(key, 7);
    assert_false(GetQueuedCompletionStatus(late__port, &count, &key, &got, 20));
    assert_null(got);
}

static void late__connect(SOCKET s, LPFN_CONNECTEX function, const struct sockaddr_in* target,
                          char* payload, DWORD length, OVERLAPPED* overlapped) {
    memset(overlapped, 0, sizeof *overlapped);
    if (!function(s, (const struct sockaddr*) target, sizeof *target, payload, length, NULL,
                  overlapped))
        assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
}

static int set_up(void** state) {
    static OVERLAPPED overlapped;
    u_long on = 1;
    int length = sizeof late__target;
    SOCKET probe;
    WSADATA data;
    (void) state;

    assert_int_equal(WSAStartup(0x0202, &data), 0);
    late__target.sin_family = AF_INET;
    late__target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    late__refusing = late__target;
    late__listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    bind(late__listener, (struct sockaddr*) &late__target, sizeof late__target);
    listen(late__listener, 10);
    getsockname(late__listener, (struct sockaddr*) &late__target, &length);
    /* Bound and not listening, so that nobody else gets the port and everybody is refused. */
    probe = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    bind(probe, (struct sockaddr*) &late__refusing, sizeof late__refusing);
    getsockname(probe, (struct sockaddr*) &late__refusing, &length);

    late__old_closesocket =
        (int(WSAAPI*)(SOCKET))(void*) GetProcAddress(GetModuleHandleA("ws2_32.dll"), "closesocket");
    late__socket = late__bound();
    late__nonblocking = late__bound();
    ioctlsocket(late__nonblocking, FIONBIO, &on);
    late__connected = late__bound();
    late__port = CreateIoCompletionPort((HANDLE) late__socket, NULL, 7, 0);
    CreateIoCompletionPort((HANDLE) late__nonblocking, late__port, 7, 0);
    CreateIoCompletionPort((HANDLE) late__connected, late__port, 7, 0);
    late__host_connect_ex = late__ask(late__socket);
    late__connect(late__connected, late__host_connect_ex, &late__target, NULL, 0, &overlapped);
    late__expect_packet(&overlapped, 0, 0);
    closesocket(accept(late__listener, NULL, NULL));
    late__sender = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    connect(late__sender, (struct sockaddr*) &late__target, sizeof late__target);
    late__receiver = accept(late__listener, NULL, NULL);
    CreateIoCompletionPort((HANDLE) late__sender, late__port, 7, 0);

    return LoadLibraryA(late__dll) != NULL ? 0 : -1;
}

static void pointer_is_ours_from_now_on(void** state) {
    LPFN_CONNECTEX function = late__ask(late__socket);
    (void) state;
    assert_true(function != late__host_connect_ex);
    assert_true(function == late__ask(late__socket));
}

/* Connected by a ConnectEx older than the DLL, so all of it is the host's business. */
static void old_connection_is_left_alone(void** state) {
    struct sockaddr_in peer;
    int length = sizeof peer;
    (void) state;
    assert_int_equal(getpeername(late__connected, (struct sockaddr*) &peer, &length), 0);
    assert_int_equal(setsockopt(late__connected, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0),
                     0);
    assert_int_equal(shutdown(late__connected, SD_SEND), 0);
}

static void old_socket_is_refused_and_tried_again(void** state) {
    LPFN_CONNECTEX function = late__ask(late__socket);
    char* payload = malloc(LATE__LARGE);
    OVERLAPPED overlapped;
    HANDLE reader;
    DWORD total = 0;
    (void) state;

    memset(payload, 'x', LATE__LARGE);
    late__connect(late__socket, function, &late__refusing, payload, 5, &overlapped);
    late__expect_packet(&overlapped, ERROR_CONNECTION_REFUSED, 0);
    late__connect(late__socket, function, &late__refusing, NULL, 0, &overlapped);
    late__expect_packet(&overlapped, ERROR_CONNECTION_REFUSED, 0);

    reader = CreateThread(NULL, 0, late__read_all, NULL, 0, NULL);
    late__connect(late__socket, function, &late__target, payload, LATE__LARGE, &overlapped);
    late__expect_packet(&overlapped, 0, LATE__LARGE);
    assert_int_equal(setsockopt(late__socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
    assert_int_equal(closesocket(late__socket), 0);
    assert_int_equal(WaitForSingleObject(reader, LATE__LIMIT), WAIT_OBJECT_0);
    GetExitCodeThread(reader, &total);
    assert_int_equal(total, LATE__LARGE);
    free(payload);
}

/* The pointer that was got before still calls the host, on a socket that we know by now. */
static void old_pointer_still_works(void** state) {
    OVERLAPPED overlapped;
    LPFN_CONNECTEX function = late__ask(late__nonblocking);
    (void) state;
    late__connect(late__nonblocking, function, &late__refusing, NULL, 0, &overlapped);
    late__expect_packet(&overlapped, ERROR_CONNECTION_REFUSED, 0);
    /* After a refusal Wine's own fails once; the program would see that without the DLL, too. */
    if (!late__host_connect_ex(late__nonblocking, (struct sockaddr*) &late__target,
                               sizeof late__target, NULL, 0, NULL, &overlapped) &&
        WSAGetLastError() == WSAECONNABORTED)
        late__connect(late__nonblocking, late__host_connect_ex, &late__target, NULL, 0,
                      &overlapped);
    late__expect_packet(&overlapped, 0, 0);
    assert_int_equal(setsockopt(late__nonblocking, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0),
                     0);
    closesocket(accept(late__listener, NULL, NULL));
}

/* Sockets are closed by a pointer that does not lead to us; what comes next with the same handle
 * value must not meet what we knew of the old one. */
static void handle_value_closed_behind_our_back(void** state) {
    struct sockaddr_in peer;
    OVERLAPPED overlapped;
    SOCKET first = late__bound(), second = INVALID_SOCKET;
    int length, i;
    (void) state;

    CreateIoCompletionPort((HANDLE) first, late__port, 7, 0);
    late__connect(first, late__ask(first), &late__target, NULL, 0, &overlapped);
    late__expect_packet(&overlapped, 0, 0);
    assert_int_equal(late__old_closesocket(first), 0);
    /* The accepted socket takes the first free handle value, which is the one just closed. */
    for (i = 0; i < 50 && second != first; i++) {
        SOCKET client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        assert_int_equal(late__old_closesocket(client), 0);
        second = accept(late__listener, NULL, NULL);
        if (second != first) {
            client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
            connect(client, (struct sockaddr*) &late__target, sizeof late__target);
        }
    }
    length = sizeof peer;
    assert_int_equal(getpeername(second, (struct sockaddr*) &peer, &length), 0);
    assert_int_equal(shutdown(second, SD_SEND), 0);
    closesocket(second);
}

/* The same while the operation is pending: it ends, and the next operation with that handle value
 * gets a completion of its own. */
static void pending_closed_behind_our_back(void** state) {
    struct sockaddr_in silent = late__target;
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP), first, second, fillers[4];
    OVERLAPPED overlapped;
    int length = sizeof silent, i;
    u_long on = 1;
    (void) state;

    silent.sin_port = 0;
    bind(listener, (struct sockaddr*) &silent, sizeof silent);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr*) &silent, &length);
    for (i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        ioctlsocket(fillers[i], FIONBIO, &on);
        connect(fillers[i], (struct sockaddr*) &silent, sizeof silent);
    }
    Sleep(50);
    for (i = 0; i < 10; i++) {
        first = late__bound();
        CreateIoCompletionPort((HANDLE) first, late__port, 7, 0);
        late__connect(first, late__ask(first), &silent, (char*) "words", 5, &overlapped);
        assert_int_equal(late__old_closesocket(first), 0);
        late__expect_packet(&overlapped, ERROR_OPERATION_ABORTED, 0);
        second = late__bound();
        CreateIoCompletionPort((HANDLE) second, late__port, 7, 0);
        late__connect(second, late__ask(second), &late__target, (char*) "words", 5, &overlapped);
        late__expect_packet(&overlapped, 0, 5);
        closesocket(accept(late__listener, NULL, NULL));
        assert_int_equal(closesocket(second), 0);
    }
    for (i = 0; i < 4; i++)
        closesocket(fillers[i]);
    closesocket(listener);
}

static void late__expect_bytes(const char* expected) {
    char buffer[32] = {0};
    assert_int_equal(recv(late__receiver, buffer, sizeof buffer, 0), strlen(expected));
    assert_string_equal(buffer, expected);
}

/* What the host carries out is checked first, as it would send what there is of the file. */
static void late__expect_no_more_than_the_file(LPFN_TRANSMITFILE transmit_file) {
    char directory[MAX_PATH], path[MAX_PATH];
    OVERLAPPED overlapped = {0};
    HANDLE file;
    DWORD written;

    assert_true(GetTempPathA(sizeof directory, directory) != 0);
    assert_true(GetTempFileNameA(directory, "wse", 0, path) != 0);
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE | DELETE, 0, NULL, CREATE_ALWAYS,
                       FILE_FLAG_DELETE_ON_CLOSE, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, "data", 4, &written, NULL));
    assert_false(transmit_file(late__sender, file, 5, 0, &overlapped, NULL, 0));
    assert_int_equal(WSAGetLastError(), ERROR_HANDLE_EOF);
    if (!transmit_file(late__sender, file, 4, 0, &overlapped, NULL, 0))
        assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
    late__expect_packet(&overlapped, 0, 4);
    late__expect_bytes("data");
    CloseHandle(file);
}

/* The port of such a socket is known to the host only, and it is told how many bytes were sent. */
static void old_socket_transmits(void** state) {
    GUID file_guid = WSAID_TRANSMITFILE, packets_guid = WSAID_TRANSMITPACKETS;
    LPFN_TRANSMITFILE transmit_file = NULL;
    LPFN_TRANSMITPACKETS transmit_packets = NULL;
    TRANSMIT_FILE_BUFFERS buffers = {(void*) "file", 4, NULL, 0};
    TRANSMIT_PACKETS_ELEMENT elements[2] = {{0}};
    OVERLAPPED overlapped = {0};
    DWORD bytes;
    (void) state;

    WSAIoctl(late__sender, SIO_GET_EXTENSION_FUNCTION_POINTER, &file_guid, sizeof file_guid,
             &transmit_file, sizeof transmit_file, &bytes, NULL, NULL);
    WSAIoctl(late__sender, SIO_GET_EXTENSION_FUNCTION_POINTER, &packets_guid, sizeof packets_guid,
             &transmit_packets, sizeof transmit_packets, &bytes, NULL, NULL);
    assert_non_null(transmit_file);
    assert_non_null(transmit_packets);
    if (!transmit_file(late__sender, NULL, 0, 0, &overlapped, &buffers, 0))
        assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
    late__expect_packet(&overlapped, 0, 4);
    late__expect_bytes("file");

    late__expect_no_more_than_the_file(transmit_file);
    elements[0].dwElFlags = elements[1].dwElFlags = TP_ELEMENT_MEMORY;
    elements[0].cLength = elements[1].cLength = 3;
    elements[0].pBuffer = "one";
    elements[1].pBuffer = "two";
    if (!transmit_packets(late__sender, elements, 2, 0, &overlapped, 0))
        assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
    late__expect_packet(&overlapped, 0, 6);
    late__expect_bytes("onetwo");
}

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointer_is_ours_from_now_on),
        cmocka_unit_test(old_connection_is_left_alone),
        cmocka_unit_test(old_socket_transmits),
        cmocka_unit_test(old_socket_is_refused_and_tried_again),
        cmocka_unit_test(old_pointer_still_works),
        cmocka_unit_test(handle_value_closed_behind_our_back),
        cmocka_unit_test(pending_closed_behind_our_back),
    };
    if (argc != 2)
        return 2;
    late__dll = argv[1];
    return cmocka_run_group_tests(tests, set_up, NULL);
}
