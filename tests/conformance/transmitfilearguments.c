/* SPDX-License-Identifier: MIT */

/* TransmitFile with arguments that are wrong: it fails, nothing is sent, and nobody is told. */

#include "conformance.h"

/* Refused, and the connection still works. */
static void transmitfilearguments__refused(HANDLE file, uint64_t offset, DWORD length,
                                           TRANSMIT_FILE_BUFFERS* buffers, DWORD flags, int error) {
    struct conf_transmission t = {0};
    TRANSMIT_FILE_BUFFERS good = {conf_pattern_pages(9), 9, NULL, 0};

    conf_transmission_open(&t, TRUE);
    conf_file_refused(&t, file, offset, length, buffers, flags, error);
    conf_file_start(&t, NULL, 0, 0, &good, 0);
    conf_packet(t.port, &t.overlapped, 0, 9);
    conf_transmission_close(&t, 9);
}

CONF_TEST(transmitfilearguments_buffers) {
    TRANSMIT_FILE_BUFFERS good = conf_file_buffers("a", 1, "b", 1);
    char* half = conf_before_noaccess(&good, sizeof good / 2);

    transmitfilearguments__refused(NULL, 0, 0, conf_noaccess(), 0, WSAEFAULT);
    transmitfilearguments__refused(NULL, 0, 0, (TRANSMIT_FILE_BUFFERS*) half, 0, WSAEFAULT);
}

CONF_TEST(transmitfilearguments_head) {
    TRANSMIT_FILE_BUFFERS buffers = conf_file_buffers(conf_noaccess(), 1, "b", 1);

    transmitfilearguments__refused(NULL, 0, 0, &buffers, 0, WSAEFAULT);
    buffers = conf_file_buffers(NULL, 1, "b", 1);
    transmitfilearguments__refused(NULL, 0, 0, &buffers, 0, WSAEFAULT);
}

CONF_TEST(transmitfilearguments_tail) {
    HANDLE file = conf_pattern_file(1000);
    TRANSMIT_FILE_BUFFERS buffers = conf_file_buffers("a", 1, conf_before_noaccess("tail", 4), 5);

    transmitfilearguments__refused(file, 0, 0, &buffers, 0, WSAEFAULT);
}

CONF_TEST(transmitfilearguments_overlapped) {
    struct conf_transmission t = {0};

    conf_transmission_open(&t, TRUE);
    CHECK_EQ(t.file(t.client, NULL, 0, 0, conf_noaccess(), NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    CHECK_EQ(t.file(t.client, NULL, 0, 0, conf_readonly(), NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAEFAULT);
    conf_transmission_close(&t, 0);
}

/* Beyond the end of the file TransmitFile fails on Windows, where Wine sends what there is:
 * python/cpython#102898, #112341 and #150142 (which names the end of the file as the error),
 * crystal-lang/crystal#16665 and #17286, lalinsky/zio#482. */
CONF_TEST(transmitfilearguments_offset) {
    HANDLE file = conf_pattern_file(1000);

    transmitfilearguments__refused(file, 1001, 0, NULL, 0, ERROR_HANDLE_EOF);
    transmitfilearguments__refused(file, 1000, 1, NULL, 0, ERROR_HANDLE_EOF);
    transmitfilearguments__refused(file, 0x1000003E8ull, 1, NULL, 0, ERROR_HANDLE_EOF);
    transmitfilearguments__refused(file, 0x8000000000000000ull, 0, NULL, 0, WSAEINVAL);
}

/* What comes first and last is not sent either, and the connection not ended. */
CONF_TEST(transmitfilearguments_beyond_end) {
    HANDLE file = conf_pattern_file(1000);
    TRANSMIT_FILE_BUFFERS buffers = conf_file_buffers("a", 1, "b", 1);

    transmitfilearguments__refused(file, 0, 1001, NULL, 0, ERROR_HANDLE_EOF);
    transmitfilearguments__refused(file, 999, 2, &buffers, 0, ERROR_HANDLE_EOF);
    transmitfilearguments__refused(file, 0, 0x7FFFFFFE, NULL, TF_DISCONNECT, ERROR_HANDLE_EOF);
    transmitfilearguments__refused(conf_pattern_file(0), 0, 1, &buffers, 0, ERROR_HANDLE_EOF);
}

CONF_TEST(transmitfilearguments_beyond_end_synchronous) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);

    conf_transmission_open(&t, TRUE);
    CHECK_EQ(t.file(t.client, file, 400, 0, NULL, NULL, 0), TRUE);
    CHECK_EQ(t.file(t.client, file, 601, 0, NULL, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_HANDLE_EOF);
    CHECK_EQ(conf_file_position(file), 400);
    CHECK_EQ(t.file(t.client, file, 600, 0, NULL, NULL, 0), TRUE);
    CHECK_EQ(t.file(t.client, file, 1, 0, NULL, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_HANDLE_EOF);
    CHECK_EQ(conf_file_position(file), 1000);
    conf_quiet(t.port);
    conf_transmission_close(&t, 1000);
}

CONF_TEST(transmitfilearguments_length) {
    HANDLE file = conf_pattern_file(1000);

    transmitfilearguments__refused(file, 0, 0x7FFFFFFF, NULL, 0, WSAEINVAL);
    transmitfilearguments__refused(file, 0, 0xFFFFFFFF, NULL, 0, WSAEINVAL);
}

/* What comes first and last counts, too, and so does all of a file for a length of 0. */
CONF_TEST(transmitfilearguments_too_much) {
    HANDLE file = conf_sparse_file(0x100000000ull);
    TRANSMIT_FILE_BUFFERS buffers = conf_file_buffers("a", 1, NULL, 0);

    transmitfilearguments__refused(file, 0, 0, NULL, 0, WSAEINVAL);
    transmitfilearguments__refused(file, 0, 0x7FFFFFFE, &buffers, 0, WSAEINVAL);
    buffers = conf_file_buffers(NULL, 0, "b", 1);
    transmitfilearguments__refused(file, 0, 0x7FFFFFFE, &buffers, 0, WSAEINVAL);
}

CONF_TEST(transmitfilearguments_flags) {
    transmitfilearguments__refused(NULL, 0, 0, NULL, TF_REUSE_SOCKET, WSAEINVAL);
    transmitfilearguments__refused(NULL, 0, 0, NULL, 0x8, WSAEINVAL);
    transmitfilearguments__refused(NULL, 0, 0, NULL, 0x80000000u | TF_DISCONNECT, WSAEINVAL);
}

CONF_TEST(transmitfilearguments_not_a_file) {
    HANDLE reading, writing;
    HANDLE directory = conf_directory();

    transmitfilearguments__refused(directory, 0, 0, NULL, 0, WSAEINVAL);
    CHECK(CreatePipe(&reading, &writing, NULL, 0));
    transmitfilearguments__refused(reading, 0, 1, NULL, 0, WSAEINVAL);
    transmitfilearguments__refused((HANDLE) conf_tcp(AF_INET), 0, 1, NULL, 0, WSAEINVAL);
}

/* No other thread opens anything between, as it might get the same handle. */
CONF_TEST(transmitfilearguments_closed_file) {
    struct conf_pair pair = conf_pair(AF_INET);
    LPFN_TRANSMITFILE transmit = conf_file_pointer(pair.client);
    HANDLE file = conf_pattern_file(1000);
    OVERLAPPED overlapped = {0};

    CloseHandle(file);
    CHECK_EQ(transmit(pair.client, file, 0, 0, &overlapped, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_INVALID_HANDLE);
}

/* What CreateFile() gives where it fails is not "no file". */
CONF_TEST(transmitfilearguments_invalid_file) {
    TRANSMIT_FILE_BUFFERS buffers = conf_file_buffers("a", 1, "b", 1);

    transmitfilearguments__refused(INVALID_HANDLE_VALUE, 0, 0, NULL, 0, ERROR_INVALID_HANDLE);
    transmitfilearguments__refused(INVALID_HANDLE_VALUE, 0, 1, &buffers, 0, ERROR_INVALID_HANDLE);
    transmitfilearguments__refused(INVALID_HANDLE_VALUE, 0, 0, &buffers, TF_DISCONNECT,
                                   ERROR_INVALID_HANDLE);
}

CONF_TEST(transmitfilearguments_unreadable_file) {
    HANDLE file = conf_open_file(GENERIC_WRITE, 0);
    DWORD written;

    CHECK(WriteFile(file, "data", 4, &written, NULL));
    transmitfilearguments__refused(file, 0, 0, NULL, 0, WSAEACCES);
}

static int transmitfilearguments__error(LPFN_TRANSMITFILE transmit, SOCKET s, DWORD flags) {
    OVERLAPPED overlapped = {0};
    int error;

    WSASetLastError(0);
    CHECK_EQ(transmit(s, NULL, 0, 0, &overlapped, NULL, flags), FALSE);
    error = WSAGetLastError();
    CHECK_EQ(transmit(s, NULL, 0, 0, NULL, NULL, flags), FALSE);
    CHECK_EQ(WSAGetLastError(), error);
    return error;
}

CONF_TEST(transmitfilearguments_sockets) {
    struct conf_target target;
    SOCKET closed = conf_tcp(AF_INET);
    SOCKET datagram = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);
    LPFN_TRANSMITFILE transmit = conf_file_pointer(closed);

    CHECK_EQ(transmitfilearguments__error(transmit, conf_tcp(AF_INET), 0), WSAENOTCONN);
    CHECK_EQ(transmitfilearguments__error(transmit, conf_tcp(AF_INET), TF_REUSE_SOCKET),
             WSAENOTCONN);
    CHECK_EQ(transmitfilearguments__error(transmit, conf_client(AF_INET), TF_DISCONNECT),
             WSAENOTCONN);
    CHECK_EQ(transmitfilearguments__error(transmit, conf_listen(AF_INET, 5, &target), 0),
             WSAENOTCONN);
    CHECK_EQ(transmitfilearguments__error(transmit, datagram, 0), WSAENOTCONN);
    conf_loopback(AF_INET, &target);
    conf_set_port(&target, 9);
    CHECK_EQ(connect(datagram, (struct sockaddr*) &target.name, target.length), 0);
    CHECK_EQ(transmitfilearguments__error(transmit, datagram, 0), WSAEINVAL);
    CHECK_EQ(transmitfilearguments__error(transmit, (SOCKET) conf_event(), 0), WSAENOTSOCK);
    CHECK_EQ(transmitfilearguments__error(transmit, INVALID_SOCKET, 0), WSAENOTSOCK);
    closesocket(closed);
    CHECK_EQ(transmitfilearguments__error(transmit, closed, 0), WSAENOTSOCK);
}

CONF_TEST(transmitfilearguments_shut_down) {
    struct conf_transmission t = {0};
    TRANSMIT_FILE_BUFFERS good = conf_file_buffers("a", 1, NULL, 0);

    conf_transmission_open(&t, TRUE);
    CHECK_EQ(shutdown(t.client, SD_SEND), 0);
    conf_file_refused(&t, NULL, 0, 0, &good, 0, WSAESHUTDOWN);
    /* The same when the peer has ended the connection, too. */
    CHECK_EQ(WaitForSingleObject(t.sink.thread, CONF__LIMIT), WAIT_OBJECT_0);
    conf_file_refused(&t, NULL, 0, 0, &good, 0, WSAESHUTDOWN);
    conf_transmission_close(&t, 0);
}

CONF_TEST(transmitfilearguments_after_reset) {
    struct conf_pair pair = conf_pair(AF_INET);
    LPFN_TRANSMITFILE transmit = conf_file_pointer(pair.client);
    TRANSMIT_FILE_BUFFERS good = conf_file_buffers("a", 1, NULL, 0);

    conf_reset(pair.server);
    Sleep(50);
    CHECK_EQ(transmit(pair.client, NULL, 0, 0, NULL, &good, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSAECONNRESET);
}

CONF_TEST(transmitfilearguments_not_started) {
    SOCKET client = conf_tcp(AF_INET);
    LPFN_TRANSMITFILE transmit = conf_file_pointer(client);

    CHECK_EQ(WSACleanup(), 0);
    CHECK_EQ(transmit(client, NULL, 0, 0, NULL, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), WSANOTINITIALISED);
}

/* The function that mswsock.dll exports is the same. */
CONF_TEST(transmitfilearguments_export) {
    struct conf_transmission t = {0};
    HANDLE file = conf_pattern_file(1000);
    FARPROC function = GetProcAddress(LoadLibraryA("mswsock.dll"), "TransmitFile");
    LPFN_TRANSMITFILE transmit;

    CHECK(function != NULL);
    memcpy(&transmit, &function, sizeof transmit);
    conf_transmission_open(&t, TRUE);
    CHECK_EQ(transmit(t.client, file, 0, 0, &t.overlapped, NULL, 0), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    conf_packet(t.port, &t.overlapped, 0, 1000);
    conf_transmission_close(&t, 1000);
}
