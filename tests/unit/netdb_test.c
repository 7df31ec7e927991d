/* SPDX-License-Identifier: MIT */
#include "classic/netdb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void networks(void** state) {
    static const struct {
        const char* text;
        uint32_t network;
    } rows[] = {
        {"0", 0},
        {"127", 127},
        {"10.1", 0x0A01},
        {"10.1.2", 0x0A0102},
        {"192.0.2.255", 0xC00002FF},
        {"0x0a.0X1", 0x0A01},
        {"012.077", 0x0A3F},
        {"255.255.255.254", 0xFFFFFFFE},
        {"10.1 rest", 0x0A01},
        {"10.1\n", 0x0A01},
        {"", NETDB__NO_NETWORK},
        {" 10", NETDB__NO_NETWORK},
        {".", NETDB__NO_NETWORK},
        {"10.", NETDB__NO_NETWORK},
        {".10", NETDB__NO_NETWORK},
        {"10..1", NETDB__NO_NETWORK},
        {"1.2.3.4.5", NETDB__NO_NETWORK},
        {"1.2.3.4.", NETDB__NO_NETWORK},
        {"256", NETDB__NO_NETWORK},
        {"1.256", NETDB__NO_NETWORK},
        {"0x100", NETDB__NO_NETWORK},
        {"0x", NETDB__NO_NETWORK},
        {"0xg", NETDB__NO_NETWORK},
        {"08", NETDB__NO_NETWORK},
        {"0400", NETDB__NO_NETWORK},
        {"-1", NETDB__NO_NETWORK},
        {"1a", NETDB__NO_NETWORK},
        {"a", NETDB__NO_NETWORK},
        {"99999999999999999999", NETDB__NO_NETWORK},
        {"loopback", NETDB__NO_NETWORK},
    };
    size_t i;
    (void) state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (netdb_network(rows[i].text) != rows[i].network)
            print_message("\"%s\"\n", rows[i].text);
        assert_int_equal(netdb_network(rows[i].text), rows[i].network);
    }
}

static void ipv4_addresses(void** state) {
    static const char* const bad[] = {"",        "1",         "1.2.3",    "1.2.3.4.5", "1.2.3.256",
                                      "1.2.3.x", "1.2.3.4 ",  " 1.2.3.4", "1..3.4",    "::1",
                                      "1.2.3.",  "0x1.2.3.4", "1.2.3.4a"};
    unsigned char octets[4];
    size_t i;
    (void) state;
    assert_true(netdb_ipv4("192.0.2.255", octets));
    assert_memory_equal(octets, "\xC0\0\2\xFF", 4);
    assert_true(netdb_ipv4("010.0.0.1", octets));
    assert_int_equal(octets[0], 10);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(netdb_ipv4(bad[i], octets));
}

static void ports(void** state) {
    (void) state;
    assert_int_equal(netdb_port("0"), 0);
    assert_int_equal(netdb_port("80"), 80);
    assert_int_equal(netdb_port("65535"), 65535);
    assert_int_equal(netdb_port("65536"), -1);
    assert_int_equal(netdb_port("99999999999999999999"), -1);
    assert_int_equal(netdb_port(""), -1);
    assert_int_equal(netdb_port("80/tcp"), -1);
    assert_int_equal(netdb_port("-1"), -1);
}

static void lines_and_fields(void** state) {
    char text[] = "# a comment\r\n127.0.0.1\tlocalhost  loop # here\r\n\n  192.0.2.1 a b c d e";
    char* rest = text;
    char* fields[4];
    char* line;
    (void) state;
    line = netdb_line(&rest);
    assert_int_equal(netdb_split(line, fields, 4), 0);
    while ((line = netdb_line(&rest)) != NULL && *line == '\0')
        continue;
    assert_int_equal(netdb_split(line, fields, 4), 3);
    assert_string_equal(fields[0], "127.0.0.1");
    assert_string_equal(fields[1], "localhost");
    assert_string_equal(fields[2], "loop");
    while ((line = netdb_line(&rest)) != NULL && *line == '\0')
        continue;
    assert_int_equal(netdb_split(line, fields, 4), 4);
    assert_string_equal(fields[3], "c");
    assert_null(netdb_line(&rest));
    assert_null(netdb_line(&rest));
}

static void names(void** state) {
    (void) state;
    assert_true(netdb_is_same("LocalHost", "localhost"));
    assert_true(netdb_is_same("", ""));
    assert_false(netdb_is_same("local", "localhost"));
    assert_false(netdb_is_same("localhost", "local"));
    assert_false(netdb_is_same("[", "{"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks), cmocka_unit_test(ipv4_addresses),   cmocka_unit_test(ports),
        cmocka_unit_test(names),    cmocka_unit_test(lines_and_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
