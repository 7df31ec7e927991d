/* SPDX-License-Identifier: MIT */
#include "controltest.h"

/* How much a program should have under way to keep a connection busy. */

CONF_TEST(backlog_query) {
    SOCKET client = control_connected();
    ULONG backlog = 0;
    DWORD bytes = 0;

    CHECK_EQ(control_ask(client, SIO_IDEAL_SEND_BACKLOG_QUERY, NULL, 0, &backlog, sizeof backlog,
                         &bytes),
             0);
    CHECK_EQ(bytes, sizeof backlog);
    CHECK(backlog >= 4096);
    CHECK_EQ(control_ask(conf_tcp(AF_INET), SIO_IDEAL_SEND_BACKLOG_QUERY, NULL, 0, &backlog,
                         sizeof backlog, &bytes),
             WSAENOTCONN);
}

CONF_TEST(backlog_query_overlapped) {
    SOCKET client = control_connected();
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};
    ULONG backlog = 0;
    DWORD bytes = 0;

    CHECK_EQ(conf_last(WSAIoctl(client, SIO_IDEAL_SEND_BACKLOG_QUERY, NULL, 0, &backlog,
                                sizeof backlog, &bytes, &overlapped, NULL)),
             0);
    CHECK_EQ(bytes, sizeof backlog);
    CHECK(backlog >= 4096);
    CHECK(conf_dequeue(port, CONF__LIMIT, &(OVERLAPPED*){NULL}, &(DWORD){0}, &bytes));
    conf_quiet(port);
}

/* The notification of a change that does not come. */

static void backlog__begin(SOCKET client, OVERLAPPED* overlapped,
                           LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    DWORD bytes = CONTROL__UNTOUCHED;
    int result = WSAIoctl(client, SIO_IDEAL_SEND_BACKLOG_CHANGE, NULL, 0, NULL, 0, &bytes,
                          overlapped, routine);

    CHECK_EQ(conf_last(result), WSA_IO_PENDING);
}

CONF_TEST(backlog_change_cancelled) {
    SOCKET client = control_connected();
    HANDLE port = conf_port(client);
    OVERLAPPED first = {0}, second = {0};

    backlog__begin(client, &first, NULL);
    backlog__begin(client, &second, NULL);
    CHECK_EQ(first.Internal, CONF__STATUS_PENDING);
    conf_quiet(port);
    CHECK(conf_cancel_io_ex((HANDLE) client, &second));
    conf_packet(port, &second, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
    CHECK(CancelIo((HANDLE) client));
    conf_packet(port, &first, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
    CHECK_EQ(send(client, "x", 1, 0), 1);
}

CONF_TEST(backlog_change_closed) {
    SOCKET client = control_connected();
    HANDLE port = conf_port(client);
    OVERLAPPED overlapped = {0};

    backlog__begin(client, &overlapped, NULL);
    CHECK_EQ(closesocket(client), 0);
    conf_packet(port, &overlapped, ERROR_OPERATION_ABORTED, 0);
    conf_quiet(port);
}

CONF_TEST(backlog_change_event) {
    SOCKET client = control_connected();
    OVERLAPPED overlapped = {0};

    overlapped.hEvent = conf_event();
    SetEvent(overlapped.hEvent);
    backlog__begin(client, &overlapped, NULL);
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__QUIET), WAIT_TIMEOUT);
    CHECK(conf_cancel_io_ex((HANDLE) client, NULL));
    CHECK_EQ(WaitForSingleObject(overlapped.hEvent, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), WSA_OPERATION_ABORTED);
}

CONF_TEST(backlog_change_routine) {
    SOCKET client = control_connected();
    OVERLAPPED overlapped = {0};

    backlog__begin(client, &overlapped, control_routine);
    SleepEx(CONF__QUIET, TRUE);
    CHECK_EQ(control_calls, 0);
    CHECK(conf_cancel((HANDLE) client, &overlapped));
    CHECK_EQ(SleepEx(CONF__LIMIT, TRUE), WAIT_IO_COMPLETION);
    CHECK_EQ(control_calls, 1);
    CHECK_EQ(control_call_error, WSA_OPERATION_ABORTED);
    CHECK(control_call_overlapped == &overlapped);
}

static DWORD WINAPI backlog__close_later(void* client) {
    Sleep(2 * CONF__QUIET);
    closesocket((SOCKET) client);
    return 0;
}

CONF_TEST(backlog_change_waits) {
    SOCKET client = control_connected();
    DWORD bytes, start = GetTickCount();

    CloseHandle(CreateThread(NULL, 0, backlog__close_later, (void*) client, 0, NULL));
    CHECK_EQ(control_ask(client, SIO_IDEAL_SEND_BACKLOG_CHANGE, NULL, 0, NULL, 0, &bytes),
             WSA_OPERATION_ABORTED);
    CHECK(GetTickCount() - start >= CONF__QUIET);
}

CONF_TEST(backlog_change_refused) {
    SOCKET client = control_connected();
    ULONG out;
    u_long on = 1;
    DWORD bytes;

    CHECK_EQ(control_ask(client, SIO_IDEAL_SEND_BACKLOG_CHANGE, NULL, 0, &out, sizeof out, &bytes),
             WSAEINVAL);
    CHECK_EQ(ioctlsocket(client, FIONBIO, &on), 0);
    CHECK_EQ(control_ask(client, SIO_IDEAL_SEND_BACKLOG_CHANGE, NULL, 0, NULL, 0, &bytes),
             WSAEWOULDBLOCK);
    CHECK_EQ(
        control_ask(conf_tcp(AF_INET), SIO_IDEAL_SEND_BACKLOG_CHANGE, NULL, 0, NULL, 0, &bytes),
        WSAENOTCONN);
}
