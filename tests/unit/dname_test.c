/* SPDX-License-Identifier: MIT */
#include "classic/dname.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DNAME__ROOM (DNAME__TEXT_MAX + 1)

/* The message in a block of its own exact size, so that the sanitizers see a read behind it. */
static int expand_into(const void* bytes, size_t length, size_t offset, char* text, size_t size) {
    unsigned char* message = malloc(length + 1);
    char* room = malloc(size + 1);
    int result;
    memcpy(message, bytes, length);
    message = realloc(message, length > 0 ? length : 1);
    result = dname_expand(message, length, offset, room, size);
    if (result >= 0)
        memcpy(text, room, strlen(room) + 1);
    free(message);
    free(room);
    return result;
}

static int expand(const void* bytes, size_t length, size_t offset, char* text) {
    return expand_into(bytes, length, offset, text, DNAME__ROOM);
}

#define CHECK_NAME(bytes, offset, taken, expected) \
    do { \
        char text[DNAME__ROOM]; \
        assert_int_equal(expand(bytes, sizeof(bytes) - 1, offset, text), taken); \
        assert_string_equal(text, expected); \
    } while (0)

#define CHECK_MALFORMED(bytes, offset) \
    do { \
        char text[DNAME__ROOM]; \
        assert_int_equal(expand(bytes, sizeof(bytes) - 1, offset, text), DNAME_MALFORMED); \
    } while (0)

static void plain_names(void** state) {
    (void) state;
    CHECK_NAME("\0", 0, 1, "");
    CHECK_NAME("\3www\7example\3com\0", 0, 17, "www.example.com");
    CHECK_NAME("xxxx\1a\0yy", 4, 3, "a");
}

static void compressed_names(void** state) {
    (void) state;
    /* F.ISI.ARPA at 2, FOO.F.ISI.ARPA behind it, then a pointer alone: RFC 1035's own example. */
    static const char message[] = "xx\1F\3ISI\4ARPA\0\3FOO\xC0\2\xC0\2\xC0\4";
    CHECK_NAME(message, 2, 12, "F.ISI.ARPA");
    CHECK_NAME(message, 14, 6, "FOO.F.ISI.ARPA");
    CHECK_NAME(message, 20, 2, "F.ISI.ARPA");
    CHECK_NAME(message, 22, 2, "ISI.ARPA");
    CHECK_NAME("\0\xC0\0", 1, 2, "");
}

static void special_characters_are_escaped(void** state) {
    (void) state;
    CHECK_NAME("\3a.b\1\\\0", 0, 7, "a\\.b.\\\\");
    CHECK_NAME("\4\0 \x7F\xFF\0", 0, 6, "\\000\\032\\127\\255");
}

static void names_that_end_early(void** state) {
    (void) state;
    CHECK_MALFORMED("\0", 1);
    CHECK_MALFORMED("\0", 1000);
    CHECK_MALFORMED("\1a", 0);
    CHECK_MALFORMED("\3ab", 0);
    CHECK_MALFORMED("\77", 0);
    CHECK_MALFORMED("a\xC0", 1);
    CHECK_MALFORMED("", 0);
}

static void pointers_that_lead_nowhere(void** state) {
    (void) state;
    CHECK_MALFORMED("\xC0\0", 0);       /* To itself. */
    CHECK_MALFORMED("\xC0\2\xC0\0", 2); /* Back, and forward again. */
    CHECK_MALFORMED("\xC0\2\xC0\0", 0);
    CHECK_MALFORMED("\1a\xC0\0", 0); /* To its own beginning, through a label. */
    CHECK_MALFORMED("\1a\xC0\0\xC0\2", 4);
    CHECK_MALFORMED("\xFF\xFF", 0);    /* Outside. */
    CHECK_MALFORMED("\xC0\4\1a\0", 0); /* Forward. */
}

static void reserved_kinds(void** state) {
    (void) state;
    CHECK_MALFORMED("\x40\0", 0);
    CHECK_MALFORMED("\x80\0", 0);
    CHECK_MALFORMED("\x7F\0", 0);
}

/* 255 octets are a name, 256 are none, and a chain of pointers cannot make more of them. */
static void the_longest_name(void** state) {
    unsigned char message[600] = {0};
    char text[DNAME__ROOM];
    size_t i;
    (void) state;
    for (i = 0; i < 254; i += 2) {
        message[i] = 1;
        message[i + 1] = 0xFF;
    }
    assert_int_equal(expand(message, sizeof message, 0, text), 255);
    assert_int_equal(strlen(text), 127 * 5 - 1);
    message[254] = 1;
    message[255] = 'a';
    assert_int_equal(expand(message, sizeof message, 0, text), DNAME_MALFORMED);
    assert_int_equal(expand(message, sizeof message, 2, text), 255);
    for (i = 300; i < 500; i += 4) {
        message[i] = 1;
        message[i + 1] = 'b';
        message[i + 2] = (unsigned char) (0xC0 | (i == 300 ? 0 : (i - 4) >> 8));
        message[i + 3] = (unsigned char) (i == 300 ? 2 : (i - 4));
    }
    assert_int_equal(expand(message, sizeof message, 300, text), DNAME_MALFORMED);
    message[303] = 100;
    assert_int_equal(expand(message, sizeof message, 300, text), 4);
    assert_int_equal(expand(message, sizeof message, 496, text), DNAME_MALFORMED);
}

static void text_that_just_fits(void** state) {
    static const char message[] = "\3www\2a.\0";
    char text[DNAME__ROOM];
    size_t size;
    (void) state;
    for (size = 0; size < strlen("www.a\\.") + 1; size++)
        assert_int_equal(expand_into(message, sizeof message - 1, 0, text, size), DNAME_NO_ROOM);
    assert_int_equal(expand_into(message, sizeof message - 1, 0, text, size), 8);
    assert_string_equal(text, "www.a\\.");
    assert_int_equal(expand_into("\0", 1, 0, text, 0), DNAME_NO_ROOM);
    assert_int_equal(expand_into("\0", 1, 0, text, 1), 1);
}

/* Whatever the bytes, it ends, and inside its bounds, of which the sanitizers tell. */
static void noise(void** state) {
    unsigned seed = 1;
    int round, good = 0;
    (void) state;
    for (round = 0; round < 20000; round++) {
        unsigned char message[64];
        char text[DNAME__ROOM];
        size_t i;
        int taken;
        for (i = 0; i < sizeof message; i++) {
            seed = seed * 1103515245u + 12345u;
            message[i] = (unsigned char) (seed >> 16);
            /* Short labels and pointers near by make names of it more often. */
            if (seed & 0x100)
                message[i] &= 0xC3;
        }
        taken = expand(message, sizeof message, round % sizeof message, text);
        assert_true(taken == DNAME_MALFORMED ||
                    (taken > 0 && taken + round % sizeof message <= sizeof message));
        good += taken > 0;
    }
    assert_true(good > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_names),
        cmocka_unit_test(compressed_names),
        cmocka_unit_test(special_characters_are_escaped),
        cmocka_unit_test(names_that_end_early),
        cmocka_unit_test(pointers_that_lead_nowhere),
        cmocka_unit_test(reserved_kinds),
        cmocka_unit_test(the_longest_name),
        cmocka_unit_test(text_that_just_fits),
        cmocka_unit_test(noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
