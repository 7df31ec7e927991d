/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#define MAIN__FAILED 1
#define MAIN__USAGE 2
#define MAIN__SKIPPED 77
#define MAIN__HUNG 99

/* The seconds of a row are ample where nothing else is going on. With both cores busy by others
 * all takes several times as long, and what hangs can wait for its verdict. */
#define MAIN__PATIENCE 3

struct main__row {
    const char* name;
    const char* where;
    unsigned seconds;
    struct CMUnitTest test;
};

struct main__xfail {
    const char* name;
    const char* words; /* Names of hosts and drivers, or NULL for all. */
    const char* id;
    const char* reason;
};

static const struct main__row main__rows[] = {
#define TEST(topic, name, where, seconds) \
    {#topic "_" #name, #where, seconds, {#topic "_" #name, topic##_##name, NULL, NULL, NULL}},
#include "tests.def"
};

static const struct main__xfail main__xfails[] = {
#define XFAIL(topic, name, id, reason) {#topic "_" #name, NULL, id, reason},
#define XFAIL_ON(host, topic, name, id, reason) {#topic "_" #name, #host, id, reason},
#define XFAIL_BY(words, topic, name, id, reason) {#topic "_" #name, #words, id, reason},
#include "tests.def"
    {NULL, NULL, NULL, NULL}};

static const struct main__xfail main__skips[] = {
#define SKIP_ON(host, topic, name, id, reason) {#topic "_" #name, #host, id, reason},
#include "tests.def"
    {NULL, NULL, NULL, NULL}};

static unsigned main__seconds;
static BOOL main__skipped;
static const struct main__xfail* main__expected; /* The row of a test that is to fail. */

static const char* main__error_name(long long code) {
    static const struct {
        long long code;
        const char* name;
    } names[] = {
#define NAME(code) {code, #code},
        NAME(ERROR_IO_PENDING) NAME(ERROR_INVALID_PARAMETER) NAME(ERROR_OPERATION_ABORTED)
            NAME(ERROR_NOT_FOUND) NAME(ERROR_CONNECTION_REFUSED) NAME(ERROR_NETNAME_DELETED)
                NAME(ERROR_CONNECTION_ABORTED) NAME(ERROR_NETWORK_UNREACHABLE) NAME(
                    ERROR_HOST_UNREACHABLE) NAME(ERROR_SEM_TIMEOUT) NAME(WSAEFAULT) NAME(WSAEINVAL)
                    NAME(WSAEALREADY) NAME(WSAEISCONN) NAME(WSAENOTCONN) NAME(WSAENOTSOCK)
                        NAME(WSAECONNREFUSED) NAME(WSAECONNRESET) NAME(WSAECONNABORTED)
                            NAME(WSAEWOULDBLOCK) NAME(WSAEADDRNOTAVAIL) NAME(WSAEADDRINUSE)
                                NAME(WSAEAFNOSUPPORT) NAME(WSAENETUNREACH) NAME(WSAEHOSTUNREACH)
                                    NAME(WSAETIMEDOUT) NAME(WSAEOPNOTSUPP) NAME(WSANOTINITIALISED)
                                        NAME(WSAENOPROTOOPT) NAME(CONF__STATUS_CANCELLED)
                                            NAME(CONF__STATUS_REFUSED) NAME(CONF__STATUS_PENDING)
#undef NAME
    };
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].code == code)
            return names[i].name;
    }
    return "";
}

static const char* main__base_name(const char* file) {
    const char* slash = strrchr(file, '/');
    return slash != NULL ? slash + 1 : file;
}

void conf_fail(const char* file, int line, const char* format, ...) {
    va_list arguments;

    printf("WHAT: %s:%d: ", main__base_name(file), line);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    _fail(file, line);
}

void conf_equal(const char* file, int line, const char* what, long long actual,
                long long expected) {
    if (actual == expected)
        return;
    conf_fail(file, line, "%s is %lld %s, expected %lld %s", what, actual, main__error_name(actual),
              expected, main__error_name(expected));
}

void conf_skip(const char* reason) {
    printf("SKIP: %s\n", reason);
    main__skipped = TRUE;
    skip();
}

/* Prints how a test that is to fail has ended, and returns the exit code. */
static int main__verdict(BOOL failed) {
    printf("%s: %s: %s\n", failed ? "XFAIL" : "XPASS", main__expected->id, main__expected->reason);
    return failed ? 0 : MAIN__FAILED;
}

/* Nothing of the process can be relied on any more, so that it is not asked to end itself. */
void conf_hang(const char* what) {
    printf("WHAT: hangs: %s\n", what);
    TerminateProcess(GetCurrentProcess(),
                     main__expected != NULL ? (UINT) main__verdict(TRUE) : MAIN__HUNG);
}

/* A hang is a result like any other, and a process that is only killed from outside would be
 * left behind by the launcher that started it. */
static DWORD WINAPI main__watchdog(void* parameter) {
    char what[40];

    (void) parameter;
    Sleep(main__seconds * 1000);
    sprintf(what, "not finished after %u s", main__seconds);
    conf_hang(what);
    return 0;
}

/* The host: what the launcher's DLL pretends to have, or else the Wine that runs us. */
static const char* main__host(void) {
    static char name[16];
    const char* (*version)(void) = (const char* (*) (void) )(void*) GetProcAddress(
        GetModuleHandleA("ntdll.dll"), "wine_get_version");
    const char* pretended = getenv("CONFORMANCE_HOST");

    if (pretended != NULL)
        return pretended;
    if (version == NULL)
        return "windows";
    snprintf(name, sizeof name, "wine%d", atoi(version()));
    return name;
}

static BOOL main__has_word(const char* words, const char* word) {
    size_t length = word != NULL ? strlen(word) : 0;

    for (; length > 0 && (words = strstr(words, word)) != NULL; words += length) {
        if (words[length] == '\0' || words[length] == ' ')
            return TRUE;
    }
    return FALSE;
}

static const struct main__xfail* main__find(const struct main__xfail* row, const char* name) {
    for (; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0 &&
            (row->words == NULL || main__has_word(row->words, main__host()) ||
             main__has_word(row->words, getenv("WSEXT_DRIVER")) ||
             (sizeof(void*) == 4 && main__has_word(row->words, "i686"))))
            return row;
    }
    return NULL;
}

static int main__run(const struct main__row* row, BOOL plain) {
    const struct main__xfail* skip = plain ? NULL : main__find(main__skips, row->name);
    const struct CMUnitTest tests[] = {row->test};
    WSADATA data;
    int failed;

    if (skip != NULL) {
        printf("SKIP: %s: %s\n", skip->id, skip->reason);
        return MAIN__SKIPPED;
    }
    main__expected = plain ? NULL : main__find(main__xfails, row->name);
    main__seconds =
        (plain ? row->seconds : row->seconds * MAIN__PATIENCE) * (unsigned) conf_patience();
    CloseHandle(CreateThread(NULL, 0, main__watchdog, NULL, 0, NULL));
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return MAIN__FAILED;
    failed = cmocka_run_group_tests_name(row->name, tests, NULL, NULL);
    if (main__skipped)
        return MAIN__SKIPPED;
    if (main__expected != NULL)
        return main__verdict(failed != 0);
    return failed != 0 ? MAIN__FAILED : 0;
}

int main(int argc, char** argv) {
    const size_t count = sizeof main__rows / sizeof *main__rows;
    BOOL plain;
    size_t i;

    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (i = 0; i < count; i++)
            printf("%s\n", main__rows[i].name);
        return 0;
    }
    /* Without the shim nothing is expected to fail for a reason that the shim has. */
    plain = argc == 3 && strcmp(argv[1], "--plain") == 0;
    for (i = 0; (argc == 2 || plain) && i < count; i++) {
        if (strcmp(main__rows[i].name, argv[argc - 1]) == 0)
            return main__run(&main__rows[i], plain);
    }
    fprintf(stderr, "usage: %s --list | [--plain] NAME\n", argv[0]);
    return MAIN__USAGE;
}
