/* SPDX-License-Identifier: MIT */
#ifndef PRETEND_WINE_TEST_H
#define PRETEND_WINE_TEST_H

/* A stand-in for Wine's test header as ReactOS's tests use it: the same macros, and with STANDALONE
 * the main function. "PROGRAM NAME" runs one test, PROGRAM all of them; the exit code is 0 only if
 * nothing failed. */

#include <windows.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct test {
    const char* name;
    void (*func)(void);
};

extern const struct test winetest_testlist[];
extern int winetest_passed, winetest_failed, winetest_skipped;

void winetest_set_location(const char* file, int line);
void winetest_ok(int condition, const char* format, ...);
void winetest_skip(const char* format, ...);
void winetest_trace(const char* format, ...);

#define START_TEST(name) void func_##name(void)

#define PRETEND__AT winetest_set_location(__FILE__, __LINE__), 0
#define ok (PRETEND__AT) ? (void) 0 : winetest_ok
#define skip (PRETEND__AT) ? (void) 0 : winetest_skip
#define win_skip skip
#define trace (PRETEND__AT) ? (void) 0 : winetest_trace

#ifdef STANDALONE

int winetest_passed, winetest_failed, winetest_skipped;
static const char* pretend__file;
static int pretend__line;

void winetest_set_location(const char* file, int line) {
    const char* slash = strrchr(file, '/');
    pretend__file = slash != NULL ? slash + 1 : file;
    pretend__line = line;
}

static void pretend__say(const char* kind, const char* format, va_list arguments) {
    printf("%s:%d: %s: ", pretend__file, pretend__line, kind);
    vprintf(format, arguments);
    fflush(stdout);
}

void winetest_ok(int condition, const char* format, ...) {
    va_list arguments;
    if (condition) {
        winetest_passed++;
        return;
    }
    winetest_failed++;
    va_start(arguments, format);
    pretend__say("Test failed", format, arguments);
    va_end(arguments);
}

void winetest_skip(const char* format, ...) {
    va_list arguments;
    winetest_skipped++;
    va_start(arguments, format);
    pretend__say("Tests skipped", format, arguments);
    va_end(arguments);
}

void winetest_trace(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    pretend__say("trace", format, arguments);
    va_end(arguments);
}

int main(int argc, char** argv) {
    const struct test* test;
    int found = 0;
    for (test = winetest_testlist; test->name != NULL; test++) {
        if (argc > 1 && strcmp(argv[1], test->name) != 0)
            continue;
        found = 1;
        winetest_passed = winetest_failed = winetest_skipped = 0;
        test->func();
        printf("%s: %d tests executed, %d failures, %d skipped\n", test->name,
               winetest_passed + winetest_failed, winetest_failed, winetest_skipped);
        if (winetest_failed > 0 || winetest_passed == 0)
            return 1;
    }
    return found ? 0 : 2;
}

#endif

#endif
