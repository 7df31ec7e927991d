/* SPDX-License-Identifier: MIT */

/* rresvport, rcmd and rexec, with servers in threads of ours that keep to the protocols or do not.
 * The code is linked, since nobody wants to wait a minute for a test of patience. */

#include "classic.h"

#include "classic/remote.h"

#define REMOTE__PATIENCE 300

/* How the server behaves. */
enum script {
    SERVE,
    REFUSE,
    REFUSE_WITHOUT_END, /* Complains without a newline and keeps the connection. */
    HANG_UP_AT_ONCE,
    HANG_UP_BEFORE_VERDICT,
    SAY_NOTHING,
    NO_ERROR_CHANNEL,     /* Reads the port for errors and never connects there. */
    ERRORS_FROM_ANY_PORT, /* Connects there from a port that vouches for nobody. */
    CLOSE_WITHOUT_ERRORS  /* Reads the port and hangs up. */
};

struct server {
    enum script script;
    SOCKET listener;
    u_short port; /* In network byte order. */
    int client_port;
    int error_port;
    char texts[3][256];
    HANDLE thread;
};

static struct server server;

static int read_text(SOCKET s, char* text) {
    int i;
    for (i = 0; i < 255; i++) {
        if (recv(s, &text[i], 1, 0) != 1)
            return 0;
        if (text[i] == '\0')
            return 1;
    }
    return 0;
}

static SOCKET bind_to_reserved(int port) {
    struct sockaddr_in name = {0};
    name.sin_family = AF_INET;
    for (; port > 512; port--) {
        SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        name.sin_port = htons((u_short) port);
        if (bind(s, (struct sockaddr*) &name, sizeof name) == 0)
            return s;
        closesocket(s);
    }
    return INVALID_SOCKET;
}

static SOCKET connect_errors(int port, enum script script) {
    struct sockaddr_in name = {0};
    SOCKET s = script == ERRORS_FROM_ANY_PORT ? socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)
                                              : bind_to_reserved(700);
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons((u_short) port);
    if (connect(s, (struct sockaddr*) &name, sizeof name) != 0) {
        closesocket(s);
        return INVALID_SOCKET;
    }
    return s;
}

/* Keeps the connection until the client has closed it. */
static void linger(SOCKET s) {
    char byte;
    while (recv(s, &byte, 1, 0) > 0)
        continue;
}

static void converse(SOCKET s) {
    char port[256];
    SOCKET errors = INVALID_SOCKET;
    int i;

    if (server.script == HANG_UP_AT_ONCE || !read_text(s, port))
        return;
    server.error_port = atoi(port);
    if (server.script == CLOSE_WITHOUT_ERRORS)
        return;
    if (server.script == NO_ERROR_CHANNEL) {
        linger(s);
        return;
    }
    if (server.error_port != 0)
        errors = connect_errors(server.error_port, server.script);
    for (i = 0; i < 3; i++) {
        if (!read_text(s, server.texts[i]))
            goto end;
    }
    if (server.script == HANG_UP_BEFORE_VERDICT)
        goto end;
    if (server.script == REFUSE)
        send(s, "\1Permission denied.\nmore", 24, 0);
    if (server.script == REFUSE_WITHOUT_END)
        send(s, "\1Permission", 11, 0);
    if (server.script == SERVE) {
        send(s, "\0output", 7, 0);
        if (errors != INVALID_SOCKET)
            send(errors, "complaint", 9, 0);
    }
    if (server.script != REFUSE)
        linger(s);
end:
    if (errors != INVALID_SOCKET)
        closesocket(errors);
}

static DWORD WINAPI serve(void* argument) {
    struct sockaddr_in peer;
    int length = sizeof peer;
    SOCKET s = accept(server.listener, (struct sockaddr*) &peer, &length);
    (void) argument;
    if (s == INVALID_SOCKET)
        return 0;
    server.client_port = ntohs(peer.sin_port);
    converse(s);
    closesocket(s);
    return 0;
}

static void start_server(enum script script) {
    struct sockaddr_in name = {0};
    int length = sizeof name;
    memset(&server, 0, sizeof server);
    server.script = script;
    server.listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(server.listener, (struct sockaddr*) &name, sizeof name), 0);
    assert_int_equal(listen(server.listener, 1), 0);
    getsockname(server.listener, (struct sockaddr*) &name, &length);
    server.port = name.sin_port;
    server.thread = CreateThread(NULL, 0, serve, NULL, 0, NULL);
}

static void stop_server(void) {
    closesocket(server.listener);
    assert_int_equal(WaitForSingleObject(server.thread, 5000), WAIT_OBJECT_0);
    CloseHandle(server.thread);
}

typedef SOCKET run_fn(char**, int, const char*, const char*, const char*, int*);
static run_fn* const runs[] = {remote_command, remote_execute};

/* Whether this user may bind to the ports that vouch for one. */
static void skip_unless_privileged(void) {
    int port = 1023;
    SOCKET s = remote_bind_reserved(&port);
    if (s == INVALID_SOCKET && WSAGetLastError() == WSAEACCES) {
        print_message("SKIP: only root may bind to ports below 1024\n");
        skip();
    }
    assert_true(s != INVALID_SOCKET);
    closesocket(s);
}

static void reserved_ports(void** state) {
    int port = 800, again = 800, last = 512, length;
    struct sockaddr_in name;
    SOCKET s, other, first, none;
    (void) state;
    skip_unless_privileged();
    s = remote_bind_reserved(&port);
    assert_true(s != INVALID_SOCKET);
    assert_in_range(port, 512, 800);
    length = sizeof name;
    assert_int_equal(getsockname(s, (struct sockaddr*) &name, &length), 0);
    assert_int_equal(ntohs(name.sin_port), port);
    other = remote_bind_reserved(&again);
    assert_true(other != INVALID_SOCKET);
    assert_true(again < port);
    first = remote_bind_reserved(&last);
    assert_true(first != INVALID_SOCKET);
    assert_int_equal(last, 512);
    none = remote_bind_reserved(&last);
    assert_true(none == INVALID_SOCKET);
    assert_int_equal(WSAGetLastError(), WSAEADDRINUSE);
    assert_int_equal(last, 512);
    closesocket(s);
    closesocket(other);
    closesocket(first);
}

static void reserved_port_bad_arguments(void** state) {
    static const int bad[] = {511, 0, -1, 1024, 70000, 0x7FFFFFFF};
    size_t i;
    (void) state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int port = bad[i];
        CHECK_FAILS(remote_bind_reserved(&port), WSAEINVAL);
        assert_int_equal(port, bad[i]);
    }
    CHECK_FAILS(remote_bind_reserved(NULL), WSAEFAULT);
    CHECK_FAILS(remote_bind_reserved(classic_noaccess()), WSAEFAULT);
}

static void check_served(int is_command, int with_errors) {
    char* name = "localhost";
    char text[16] = {0};
    int errors = -1;
    DWORD wait = 20;
    SOCKET s;
    start_server(SERVE);
    s = runs[!is_command](&name, server.port, "me", "you", "ls -l", with_errors ? &errors : NULL);
    assert_true(s != INVALID_SOCKET);
    assert_string_equal(name, "localhost");
    assert_string_equal(server.texts[0], "me");
    assert_string_equal(server.texts[1], "you");
    assert_string_equal(server.texts[2], "ls -l");
    assert_int_equal(recv(s, text, 6, MSG_WAITALL), 6);
    assert_string_equal(text, "output");
    if (is_command)
        assert_in_range(server.client_port, 512, 1023);
    else
        assert_true(server.client_port >= 1024);
    if (with_errors) {
        if (is_command)
            assert_in_range(server.error_port, 512, 1023);
        assert_int_equal(recv((SOCKET) errors, text, 9, MSG_WAITALL), 9);
        assert_memory_equal(text, "complaint", 9);
        closesocket((SOCKET) errors);
    } else {
        assert_int_equal(server.error_port, 0);
    }
    /* It blocks, as sockets do. */
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (char*) &wait, sizeof wait);
    CHECK_FAILS(recv(s, text, 1, 0), WSAETIMEDOUT);
    closesocket(s);
    stop_server();
}

static void commands_are_run(void** state) {
    (void) state;
    check_served(0, 0);
    check_served(0, 1);
    skip_unless_privileged();
    check_served(1, 0);
    check_served(1, 1);
    check_served(1, 1);
}

static void check_failure(enum script script, int with_errors, int error, DWORD least, DWORD most) {
    size_t i;
    for (i = 0; i < 2; i++) {
        char* name = "localhost";
        int errors = -1;
        DWORD start = GetTickCount(), spent;
        if (i == 1 && script == ERRORS_FROM_ANY_PORT)
            continue; /* rexecd may. */
        start_server(script);
        CHECK_FAILS(runs[i](&name, server.port, "me", "you", "ls", with_errors ? &errors : NULL),
                    error);
        spent = GetTickCount() - start;
        assert_in_range(spent, least, most);
        assert_int_equal(errors, -1);
        stop_server();
    }
}

/* What the server says is written to the standard error output. */
static void refusals(void** state) {
    HANDLE reader, writer, before = GetStdHandle(STD_ERROR_HANDLE);
    char text[256] = {0};
    DWORD done = 0;
    (void) state;
    skip_unless_privileged();
    assert_true(CreatePipe(&reader, &writer, NULL, 4096));
    SetStdHandle(STD_ERROR_HANDLE, writer);
    check_failure(REFUSE, 0, WSAEACCES, 0, 2000);
    SetStdHandle(STD_ERROR_HANDLE, before);
    CloseHandle(writer);
    ReadFile(reader, text, sizeof text - 1, &done, NULL);
    CloseHandle(reader);
    assert_string_equal(text, "Permission denied.\nPermission denied.\n");
    check_failure(REFUSE_WITHOUT_END, 1, WSAEACCES, REMOTE__PATIENCE - 100, 4000);
}

static void peers_that_hang_up(void** state) {
    (void) state;
    skip_unless_privileged();
    check_failure(HANG_UP_BEFORE_VERDICT, 0, WSAECONNRESET, 0, 2000);
    check_failure(HANG_UP_BEFORE_VERDICT, 1, WSAECONNRESET, 0, 2000);
    check_failure(CLOSE_WITHOUT_ERRORS, 1, WSAECONNABORTED, 0, 2000);
    check_failure(HANG_UP_AT_ONCE, 1, WSAECONNABORTED, 0, 2000);
}

static void peers_that_do_nothing(void** state) {
    (void) state;
    skip_unless_privileged();
    check_failure(SAY_NOTHING, 0, WSAETIMEDOUT, REMOTE__PATIENCE - 100, 4000);
    check_failure(NO_ERROR_CHANNEL, 1, WSAETIMEDOUT, REMOTE__PATIENCE - 100, 4000);
}

static void peers_that_vouch_for_nobody(void** state) {
    (void) state;
    skip_unless_privileged();
    check_failure(ERRORS_FROM_ANY_PORT, 1, WSAECONNABORTED, 0, 2000);
}

/* Nobody listens there, or nobody has that name. */
static void no_peer(void** state) {
    SOCKET bound = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    struct sockaddr_in address = {0};
    int length = sizeof address;
    char* name = "localhost";
    char* unknown = "no-such-host.invalid";
    (void) state;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(bound, (struct sockaddr*) &address, sizeof address);
    getsockname(bound, (struct sockaddr*) &address, &length);
    CHECK_FAILS(remote_execute(&name, address.sin_port, "a", "b", "c", NULL), WSAECONNREFUSED);
    WSASetLastError(0);
    assert_true(remote_execute(&unknown, address.sin_port, "a", "b", "c", NULL) == INVALID_SOCKET);
    assert_in_range(WSAGetLastError(), WSAHOST_NOT_FOUND, WSANO_DATA);
    skip_unless_privileged();
    CHECK_FAILS(remote_command(&name, address.sin_port, "a", "b", "c", NULL), WSAECONNREFUSED);
    closesocket(bound);
}

static void run_bad_arguments(void** state) {
    static char endless[70000];
    char* name = "localhost";
    char* bad_name = classic_noaccess();
    char* endless_name = endless;
    char* open_ended = classic_block(3);
    size_t i;
    (void) state;
    memset(endless, 'x', sizeof endless - 1);
    memcpy(open_ended, "abc", 3);
    for (i = 0; i < 2; i++) {
        run_fn* run = runs[i];
        CHECK_FAILS(run(NULL, 1, "a", "b", "c", NULL), WSAEFAULT);
        CHECK_FAILS(run(classic_noaccess(), 1, "a", "b", "c", NULL), WSAEFAULT);
        CHECK_FAILS(run(&bad_name, 1, "a", "b", "c", NULL), WSAEFAULT);
        CHECK_FAILS(run(&open_ended, 1, "a", "b", "c", NULL), WSAEFAULT);
        CHECK_FAILS(run(&endless_name, 1, "a", "b", "c", NULL), WSAEINVAL);
        CHECK_FAILS(run(&name, 1, NULL, "b", "c", NULL), WSAEFAULT);
        CHECK_FAILS(run(&name, 1, "a", classic_noaccess(), "c", NULL), WSAEFAULT);
        CHECK_FAILS(run(&name, 1, "a", "b", open_ended, NULL), WSAEFAULT);
        CHECK_FAILS(run(&name, 1, endless, "b", "c", NULL), WSAEINVAL);
        CHECK_FAILS(run(&name, 1, "a", "b", endless, NULL), WSAEINVAL);
        CHECK_FAILS(run(&name, 1, "a", "b", "c", classic_noaccess()), WSAEFAULT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserved_ports),
        cmocka_unit_test(reserved_port_bad_arguments),
        cmocka_unit_test(commands_are_run),
        cmocka_unit_test(refusals),
        cmocka_unit_test(peers_that_hang_up),
        cmocka_unit_test(peers_that_do_nothing),
        cmocka_unit_test(peers_that_vouch_for_nobody),
        cmocka_unit_test(no_peer),
        cmocka_unit_test(run_bad_arguments),
    };
    WSADATA data;
    if (WSAStartup(0x0202, &data) != 0 || host_init() != 0)
        return 2;
    remote_set_patience(REMOTE__PATIENCE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
