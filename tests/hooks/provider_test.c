/* SPDX-License-Identifier: MIT */

/* A program above a provider that wsext is part of, and not a hook of wsext's. */

#include "msafd.h"

#include <stdlib.h>
#include <string.h>

#include "core/table.h"
#include "host/host.h"
#include "host/sdk.h"
#include "wsext/functions.h"
#include "wsext/provider.h"

#define PATIENCE 10000
#define LARGE (4 * 1024 * 1024)

static LPFN_CONNECTEX connect_ex;
static char* payload;

static struct sockaddr_in loopback(void) {
    struct sockaddr_in name = {0};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return name;
}

static SOCKET taken(struct sockaddr_in* name) {
    SOCKET s = msafd_below.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    int length = sizeof *name;
    *name = loopback();
    assert_int_equal(bind(s, (struct sockaddr*) name, sizeof *name), 0);
    assert_int_equal(getsockname(s, (struct sockaddr*) name, &length), 0);
    return s;
}

static SOCKET listener(struct sockaddr_in* name) {
    SOCKET s = taken(name);
    assert_int_equal(listen(s, 5), 0);
    return s;
}

static SOCKET bound(void) {
    struct sockaddr_in name = loopback();
    SOCKET s = ws2_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    assert_int_equal(bind(s, (struct sockaddr*) &name, sizeof name), 0);
    return s;
}

static BOOL start(SOCKET s, struct sockaddr_in* peer, DWORD length, OVERLAPPED* overlapped) {
    BOOL result = connect_ex(s, (struct sockaddr*) peer, sizeof *peer, length > 0 ? payload : NULL,
                             length, NULL, overlapped);
    if (!result)
        assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
    return result;
}

static size_t take(SOCKET accepted, size_t expected) {
    static char part[65536];
    size_t total = 0;
    int got;
    while (total < expected && (got = recv(accepted, part, sizeof part, 0)) > 0)
        total += (size_t) got;
    return total;
}

/* Binds the socket to the port, or to a new one for NULL. */
static HANDLE associate(SOCKET s, HANDLE port) {
    port = CreateIoCompletionPort((HANDLE) s, port, 77, 0);
    assert_non_null(port);
    if (msafd_tells_all)
        wsext_socket_port(s, port, 77);
    return port;
}

static DWORD connect_time(SOCKET s) {
    DWORD seconds = 0;
    int length = sizeof seconds;
    assert_int_equal(ws2_getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char*) &seconds, &length), 0);
    return seconds;
}

static void a_large_payload_arrives(void** state) {
    struct sockaddr_in peer, name;
    OVERLAPPED overlapped = {0};
    SOCKET l = listener(&peer), s = bound(), accepted;
    DWORD bytes = 0, flags;
    int length = sizeof name;
    (void) state;

    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_int_equal(connect_time(s), 0xFFFFFFFF);
    assert_int_equal(ws2_setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), -1);
    assert_int_equal(WSAGetLastError(), WSAENOTCONN);

    start(s, &peer, LARGE, &overlapped);
    accepted = accept(l, NULL, NULL);
    assert_int_equal(take(accepted, LARGE), LARGE);
    assert_int_equal(WaitForSingleObject(overlapped.hEvent, PATIENCE), WAIT_OBJECT_0);
    assert_true(WSAGetOverlappedResult(s, &overlapped, &bytes, FALSE, &flags));
    assert_int_equal(bytes, LARGE);

    assert_int_equal(ws2_getpeername(s, (struct sockaddr*) &name, &length), -1);
    assert_int_equal(WSAGetLastError(), WSAENOTCONN);
    assert_int_equal(ws2_shutdown(s, SD_SEND), -1);
    assert_int_equal(ws2_setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
    length = sizeof name;
    assert_int_equal(ws2_getpeername(s, (struct sockaddr*) &name, &length), 0);
    assert_true(connect_time(s) < 60);
    assert_int_equal(ws2_shutdown(s, SD_SEND), 0);

    msafd_below.closesocket(accepted);
    assert_int_equal(ws2_closesocket(s), 0);
    msafd_below.closesocket(l);
    CloseHandle(overlapped.hEvent);
}

static DWORD dequeue(HANDLE port, OVERLAPPED* expected, DWORD* error) {
    OVERLAPPED* found = NULL;
    ULONG_PTR key = 0;
    DWORD bytes = 0;
    *error = GetQueuedCompletionStatus(port, &bytes, &key, &found, PATIENCE) ? 0 : GetLastError();
    assert_ptr_equal(found, expected);
    assert_int_equal(key, 77);
    assert_false(GetQueuedCompletionStatus(port, &bytes, &key, &found, 50));
    assert_null(found);
    return bytes;
}

static void each_outcome_comes_once_at_the_port(void** state) {
    struct sockaddr_in peer;
    OVERLAPPED overlapped = {0};
    SOCKET l = listener(&peer), s = bound(), accepted;
    HANDLE port = associate(s, NULL);
    DWORD error;
    (void) state;

    start(s, &peer, 5, &overlapped);
    accepted = accept(l, NULL, NULL);
    assert_int_equal(dequeue(port, &overlapped, &error), 5);
    assert_int_equal(error, 0);
    assert_int_equal(take(accepted, 5), 5);
    msafd_below.closesocket(accepted);
    ws2_closesocket(s);

    /* A port that is taken and does not listen refuses: one that was given back may be another's.
     */
    msafd_below.closesocket(l);
    l = taken(&peer);
    s = bound();
    associate(s, port);
    memset(&overlapped, 0, sizeof overlapped);
    start(s, &peer, 5, &overlapped);
    assert_int_equal(dequeue(port, &overlapped, &error), 0);
    assert_int_equal(error, ERROR_CONNECTION_REFUSED);
    ws2_closesocket(s);
    msafd_below.closesocket(l);
    CloseHandle(port);
}

/* A peer that takes nothing keeps the payload under way. */
static void closing_completes_what_is_under_way(void** state) {
    struct sockaddr_in peer;
    OVERLAPPED overlapped = {0};
    SOCKET l = listener(&peer), s = bound(), accepted;
    HANDLE port = associate(s, NULL);
    DWORD error;
    (void) state;

    start(s, &peer, LARGE, &overlapped);
    accepted = accept(l, NULL, NULL);
    assert_int_equal(ws2_closesocket(s), 0);
    dequeue(port, &overlapped, &error);
    assert_int_equal(error, ERROR_OPERATION_ABORTED);

    /* A handle's next socket knows nothing of it. */
    s = bound();
    assert_int_equal(connect_time(s), 0xFFFFFFFF);
    assert_false(wsext_lacks_context(s));
    ws2_closesocket(s);
    msafd_below.closesocket(accepted);
    msafd_below.closesocket(l);
    CloseHandle(port);
}

static void cancelling_completes_once(void** state) {
    struct sockaddr_in peer;
    OVERLAPPED overlapped = {0};
    SOCKET l = listener(&peer), s = bound(), accepted;
    HANDLE port = associate(s, NULL);
    DWORD error;
    (void) state;

    start(s, &peer, LARGE, &overlapped);
    accepted = accept(l, NULL, NULL);
    if (!wsext_cancel(s, &overlapped))
        assert_true(msafd_is_old ? CancelIo((HANDLE) s) : CancelIoEx((HANDLE) s, &overlapped));
    /* CancelIo does not reach a send that the library's own thread began; closing does. */
    if (msafd_is_old)
        ws2_closesocket(s);
    dequeue(port, &overlapped, &error);
    assert_int_equal(error, ERROR_OPERATION_ABORTED);
    if (!msafd_is_old)
        ws2_closesocket(s);
    msafd_below.closesocket(accepted);
    msafd_below.closesocket(l);
    CloseHandle(port);
}

/* Where to connect to is asked of the host, which leads to the provider that hands out our own. */
static void the_provider_answers_the_library_for_itself(void** state) {
    static const GUID guid = WSAID_CONNECTEX;
    SOCKET s = bound();
    void* function = host_ask_function(s, &guid);
    (void) state;
    assert_ptr_not_equal(function, connect_ex);
    if (msafd_is_old)
        assert_null(function);
    assert_ptr_equal(wsext_extension_function(&guid), connect_ex);
    ws2_closesocket(s);
}

static int is_noted_as_nonblocking(SOCKET s) {
    return (table_flags(s) & TABLE_NONBLOCKING) != 0;
}

static void the_mode_is_known_however_it_was_set(void** state) {
    struct sockaddr_in peer;
    SOCKET l, s, accepted;
    u_long yes = 1, no = 0;
    int length = sizeof peer;
    HWND window;
    (void) state;

    l = ws2_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    peer = loopback();
    assert_int_equal(bind(l, (struct sockaddr*) &peer, sizeof peer), 0);
    assert_int_equal(getsockname(l, (struct sockaddr*) &peer, &length), 0);
    assert_int_equal(listen(l, 5), 0);
    assert_int_equal(ws2_ioctlsocket(l, (long) FIONBIO, &yes), 0);
    s = bound();
    assert_false(is_noted_as_nonblocking(s));
    assert_int_equal(connect(s, (struct sockaddr*) &peer, sizeof peer), 0);
    while ((accepted = ws2_accept(l, NULL, NULL)) == INVALID_SOCKET)
        assert_int_equal(WSAGetLastError(), WSAEWOULDBLOCK);
    assert_true(is_noted_as_nonblocking(accepted));
    assert_int_equal(ws2_ioctlsocket(accepted, (long) FIONBIO, &no), 0);
    assert_false(is_noted_as_nonblocking(accepted));

    window = CreateWindowA("STATIC", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    assert_int_equal(ws2_WSAAsyncSelect(s, window, WM_USER, FD_READ), 0);
    assert_true(is_noted_as_nonblocking(s));
    if (window != NULL)
        DestroyWindow(window);
    ws2_closesocket(s);
    ws2_closesocket(accepted);
    ws2_closesocket(l);
}

static void the_library_reaches_the_provider(void** state) {
    (void) state;
    assert_true(msafd_calls_from_within > 0);
}

static int set_up(void** state) {
    GUID guid = WSAID_CONNECTEX, unknown = {0};
    WSADATA wsa;
    DWORD bytes;
    SOCKET s;
    int error = 0;
    (void) state;

    assert_int_equal(WSAStartup(MAKEWORD(2, 2), &wsa), 0);
    payload = calloc(1, LARGE);
    msafd_install();

    s = ws2_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    assert_int_equal(msafd_table.lpWSPIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &unknown,
                                            sizeof unknown, &connect_ex, sizeof connect_ex, &bytes,
                                            NULL, NULL, NULL, &error),
                     SOCKET_ERROR);
    assert_int_equal(error, msafd_is_old ? WSAEOPNOTSUPP : WSAEINVAL); /* Wine's own answer. */
    assert_int_equal(msafd_table.lpWSPIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid,
                                            sizeof guid, &connect_ex, sizeof connect_ex, &bytes,
                                            NULL, NULL, NULL, &error),
                     0);
    return ws2_closesocket(s);
}

/* provider_test [all|old]: with either the provider tells all that happens to its sockets. */
int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_payload_arrives),
        cmocka_unit_test(each_outcome_comes_once_at_the_port),
        cmocka_unit_test(closing_completes_what_is_under_way),
        cmocka_unit_test(cancelling_completes_once),
        cmocka_unit_test(the_provider_answers_the_library_for_itself),
        cmocka_unit_test(the_mode_is_known_however_it_was_set),
        cmocka_unit_test(the_library_reaches_the_provider),
    };
    msafd_tells_all = argc > 1;
    msafd_is_old = argc > 1 && strcmp(argv[1], "old") == 0;
    return cmocka_run_group_tests(tests, set_up, NULL);
}
