/* SPDX-License-Identifier: MIT */

/* What mswsock.dll has from BSD's library but for rcmd and rexec. */

#include "classic.h"

typedef int(WINAPI expand_fn)(const unsigned char*, const unsigned char*, const unsigned char*,
                              char*, int);
typedef u_long(WINAPI network_fn)(const char*);
typedef struct netent*(WINAPI netbyname_fn)(const char*);
typedef void(WINAPI perror_fn)(const char*);

#define EXPAND CLASSIC_AS(expand_fn, dn_expand)
#define NETWORK CLASSIC_AS(network_fn, inet_network)
#define NETBYNAME CLASSIC_AS(netbyname_fn, getnetbyname)

/* A question for www.example.com, and an answer whose name is a pointer to it. */
static const unsigned char legacy__message[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0"
                                               "\3www\7example\3com\0\0\1\0\1"
                                               "\xC0\x0C\0\1\0\1";
#define LEGACY__END (legacy__message + sizeof legacy__message - 1)

static void expand_name(void** state) {
    char text[256];
    (void) state;
    assert_int_equal(EXPAND(legacy__message, LEGACY__END, legacy__message + 12, text, sizeof text),
                     17);
    assert_string_equal(text, "www.example.com");
    assert_int_equal(EXPAND(legacy__message, LEGACY__END, legacy__message + 33, text, sizeof text),
                     2);
    assert_string_equal(text, "www.example.com");
}

/* The message is the last thing before memory that cannot be read, the text before memory that
 * cannot be written, and it writes no more than the text. */
static void expand_name_at_the_edge(void** state) {
    size_t size = sizeof legacy__message - 1;
    unsigned char* message = memcpy(classic_block(size), legacy__message, size);
    char* text = classic_block(16);
    (void) state;
    assert_int_equal(EXPAND(message, message + size, message + 33, text, 16), 2);
    assert_string_equal(text, "www.example.com");
    assert_int_equal(EXPAND(message, message + size, message + 33, text, 1000), 2);
    memset(text, 'x', 16);
    CHECK_FAILS(EXPAND(message, message + size, message + 33, text, 15), WSAEMSGSIZE);
    CHECK_FAILS(EXPAND(message, message + size, message + 33, text, 0), WSAEMSGSIZE);
    CHECK_FAILS(EXPAND(message, message + size, message + 33, text, -1), WSAEMSGSIZE);
    assert_memory_equal(text, "xxxxxxxxxxxxxxxx", 16);
    CHECK_FAILS(EXPAND(message, message + size, message + 12, text + 1, 16), WSAEFAULT);
    CHECK_FAILS(EXPAND(message, message + size + 1, message + 12, text, 16), WSAEFAULT);
}

static void expand_name_of_a_liar(void** state) {
    static const unsigned char loop[] = "\xC0\2\xC0\0";
    char text[256] = "as it was";
    (void) state;
    CHECK_FAILS(EXPAND(loop, loop + 4, loop, text, sizeof text), WSAEINVAL);
    CHECK_FAILS(EXPAND(loop, loop + 4, loop + 2, text, sizeof text), WSAEINVAL);
    CHECK_FAILS(EXPAND(loop, loop + 4, loop + 4, text, sizeof text), WSAEINVAL);
    CHECK_FAILS(EXPAND(loop + 2, loop + 4, loop, text, sizeof text), WSAEINVAL);
    CHECK_FAILS(EXPAND(loop + 4, loop, loop, text, sizeof text), WSAEFAULT);
    assert_string_equal(text, "as it was");
}

static void expand_name_bad_pointers(void** state) {
    unsigned char* bad = classic_noaccess();
    char text[256];
    (void) state;
    CHECK_FAILS(EXPAND(bad, bad + 10, bad, text, sizeof text), WSAEFAULT);
    CHECK_FAILS(EXPAND(NULL, NULL, NULL, text, sizeof text), WSAEINVAL);
    CHECK_FAILS(EXPAND(NULL, LEGACY__END, legacy__message, text, sizeof text), WSAEFAULT);
    CHECK_FAILS(EXPAND(legacy__message, LEGACY__END, legacy__message + 12, NULL, 256), WSAEFAULT);
    CHECK_FAILS(EXPAND(legacy__message, LEGACY__END, legacy__message + 12, (char*) bad, 256),
                WSAEFAULT);
}

static void network_numbers(void** state) {
    (void) state;
    assert_int_equal(NETWORK("127"), 127);
    assert_int_equal(NETWORK("10.1"), 0x0A01);
    assert_int_equal(NETWORK("10.1.2"), 0x0A0102);
    assert_int_equal(NETWORK("192.0.2.1"), 0xC0000201);
    assert_int_equal(NETWORK("0x7F.012"), 0x7F0A);
    WSASetLastError(0);
    assert_int_equal(NETWORK("loopback"), INADDR_NONE);
    assert_int_equal(WSAGetLastError(), WSAEINVAL);
    assert_int_equal(NETWORK("1.2.3.4.5"), INADDR_NONE);
    assert_int_equal(NETWORK("256"), INADDR_NONE);
    assert_int_equal(NETWORK(""), INADDR_NONE);
}

static void network_number_bad_pointers(void** state) {
    char* open_ended = classic_block(3);
    (void) state;
    memcpy(open_ended, "127", 3);
    CHECK_FAILS(NETWORK(NULL), WSAEFAULT);
    CHECK_FAILS(NETWORK(classic_noaccess()), WSAEFAULT);
    CHECK_FAILS(NETWORK(open_ended), WSAEFAULT);
}

static void net_by_name(void** state) {
    struct netent *net, *other;
    (void) state;
    classic_write("networks", "# all of them\r\nloopback\t127\r\n"
                              "broken\r\nworse 1.2.3.4.5\r\n"
                              "Office 10.1 work  house # of brick\r\n"
                              "last 192.0.2");
    net = NETBYNAME("office");
    assert_non_null(net);
    assert_string_equal(net->n_name, "Office");
    assert_int_equal(net->n_addrtype, AF_INET);
    assert_int_equal(net->n_net, 0x0A01);
    assert_string_equal(net->n_aliases[0], "work");
    assert_string_equal(net->n_aliases[1], "house");
    assert_null(net->n_aliases[2]);
    assert_ptr_equal(NETBYNAME("HOUSE"), net);
    other = NETBYNAME("last");
    assert_non_null(other);
    assert_int_equal(other->n_net, 0xC00002);
    assert_null(other->n_aliases[0]);
    /* What was returned before stays. */
    classic_write("networks", "office 10.2\n");
    assert_int_equal(NETBYNAME("office")->n_net, 0x0A02);
    assert_int_equal(net->n_net, 0x0A01);
}

static void net_by_name_not_found(void** state) {
    static const char* const names[] = {"absent", "", "broken", "worse", "10.1", "brick", "of"};
    char* open_ended = classic_block(3);
    size_t i;
    (void) state;
    classic_write("networks", "broken\nworse 1.2.3.4.5\noffice 10.1 # of brick\n");
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        WSASetLastError(0);
        assert_null(NETBYNAME(names[i]));
        assert_int_equal(WSAGetLastError(), WSAHOST_NOT_FOUND);
    }
    memcpy(open_ended, "abc", 3);
    assert_null(NETBYNAME(NULL));
    assert_int_equal(WSAGetLastError(), WSAEFAULT);
    assert_null(NETBYNAME(classic_noaccess()));
    assert_int_equal(WSAGetLastError(), WSAEFAULT);
    assert_null(NETBYNAME(open_ended));
    assert_int_equal(WSAGetLastError(), WSAEFAULT);
}

static int put_back(void** state) {
    (void) state;
    classic_restore("networks");
    return 0;
}

/* What it writes while a pipe is the standard error output. */
static void perror_output(const char* message, int error, char* text, DWORD size) {
    HANDLE reader, writer, before = GetStdHandle(STD_ERROR_HANDLE);
    DWORD done = 0;
    assert_true(CreatePipe(&reader, &writer, NULL, 8192));
    SetStdHandle(STD_ERROR_HANDLE, writer);
    WSASetLastError(error);
    CLASSIC_AS(perror_fn, s_perror)(message);
    assert_int_equal(WSAGetLastError(), error);
    SetStdHandle(STD_ERROR_HANDLE, before);
    CloseHandle(writer);
    ReadFile(reader, text, size - 1, &done, NULL);
    text[done] = '\0';
    CloseHandle(reader);
}

static void error_text(void** state) {
    char with[4096], without[4096];
    size_t length;
    (void) state;
    perror_output("connect", WSAECONNREFUSED, with, sizeof with);
    assert_memory_equal(with, "connect: ", 9);
    length = strlen(with);
    assert_true(length > 9 + 2 + 5);
    assert_string_equal(with + length - 2, "\r\n");
    assert_null(memchr(with, '\n', length - 1));
    perror_output(NULL, WSAECONNREFUSED, without, sizeof without);
    assert_string_equal(without, with + 9);
    perror_output("", WSAECONNREFUSED, without, sizeof without);
    assert_string_equal(without, with + 9);
    perror_output(classic_noaccess(), WSAECONNREFUSED, without, sizeof without);
    assert_string_equal(without, with + 9);
    /* An error that has no text is named by its number. */
    perror_output("x", 123456, with, sizeof with);
    assert_string_equal(with, "x: error 123456\r\n");
}

static void long_message(void** state) {
    static char message[5000], text[8192];
    (void) state;
    memset(message, 'm', sizeof message - 1);
    perror_output(message, WSAECONNREFUSED, text, sizeof text);
    assert_memory_equal(text + 1024, ": ", 2);
}

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expand_name),
        cmocka_unit_test(expand_name_at_the_edge),
        cmocka_unit_test(expand_name_of_a_liar),
        cmocka_unit_test(expand_name_bad_pointers),
        cmocka_unit_test(network_numbers),
        cmocka_unit_test(network_number_bad_pointers),
        cmocka_unit_test_teardown(net_by_name, put_back),
        cmocka_unit_test_teardown(net_by_name_not_found, put_back),
        cmocka_unit_test(error_text),
        cmocka_unit_test(long_message),
    };
    if (!classic_start(argc, argv))
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
