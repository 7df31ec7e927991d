/* SPDX-License-Identifier: MIT */

/* Every export of ours with good arguments but for one, and for two, that are wild: it returns.
 * What it returns is the business of the other tests. */

#include "classic.h"

#include <svcguid.h>
#include <ws2spi.h>

#define ARGUMENTS__MAX 10

typedef void* P;
typedef uintptr_t(WINAPI f1)(P);
typedef uintptr_t(WINAPI f2)(P, P);
typedef uintptr_t(WINAPI f3)(P, P, P);
typedef uintptr_t(WINAPI f4)(P, P, P, P);
typedef uintptr_t(WINAPI f5)(P, P, P, P, P);
typedef uintptr_t(WINAPI f6)(P, P, P, P, P, P);
typedef uintptr_t(WINAPI f7)(P, P, P, P, P, P, P);
typedef uintptr_t(WINAPI f10)(P, P, P, P, P, P, P, P, P, P);

static GUID provider_id = {
    0x22059D40, 0x7E9E, 0x11CF, {0xAE, 0x5A, 0x00, 0xAA, 0x00, 0xA7, 0x11, 0x2B}};
static GUID ftp = SVCID_FTP_TCP, host_by_name = SVCID_INET_HOSTADDRBYNAME;
static int protocols[] = {IPPROTO_TCP, 0};
static char room[8192], more_room[8192], message[] = "\3www\0\xC0\0";
static char* name_place;
static DWORD size, more_size, status;
static int port, errors;
static NSP_ROUTINE table;
static WSAQUERYSETW query;
static WSASERVICECLASSINFOW class_info;
static HANDLE lookup;

/* Good values, which the calls may change. */
static void reset(void) {
    static char name[] = "localhost";
    name_place = name;
    size = sizeof room;
    more_size = 100;
    port = 1023;
    table.cbSize = sizeof table;
    memset(&query, 0, sizeof query);
    query.dwSize = sizeof query;
    query.lpServiceClassId = &host_by_name;
    query.lpszServiceInstanceName = (WCHAR*) L"localhost";
    class_info.lpServiceClassId = &ftp;
}

#define NUMBER(value) ((P) (uintptr_t) (value))

static const struct row {
    const char* name;
    int count;
    P good[ARGUMENTS__MAX];
} rows[] = {
    {"EnumProtocolsA", 3, {protocols, room, &size}},
    {"EnumProtocolsW", 3, {protocols, room, &size}},
    {"GetAddressByNameA",
     10,
     {NULL, &ftp, "localhost", protocols, NULL, NULL, room, &size, more_room, &more_size}},
    {"GetAddressByNameW",
     10,
     {NULL, &ftp, L"localhost", protocols, NULL, NULL, room, &size, more_room, &more_size}},
    {"GetNameByTypeA", 3, {&ftp, room, NUMBER(100)}},
    {"GetNameByTypeW", 3, {&ftp, room, NUMBER(100)}},
    {"GetServiceA", 7, {NULL, &ftp, "localhost", NUMBER(PROP_ALL), room, &size, NULL}},
    {"GetServiceW", 7, {NULL, &ftp, L"localhost", NUMBER(PROP_ALL), room, &size, NULL}},
    {"GetTypeByNameA", 2, {"ftp", room}},
    {"GetTypeByNameW", 2, {L"ftp", room}},
    {"MigrateWinsockConfiguration", 3, {room, room, room}},
    {"NPLoadNameSpaces", 3, {&status, room, &size}},
    {"NSPStartup", 2, {&provider_id, &table}},
    {"ServiceMain", 2, {NUMBER(1), room}},
    {"SetServiceA", 6, {NULL, NUMBER(SERVICE_REGISTER), NULL, room, NULL, &status}},
    {"SetServiceW", 6, {NULL, NUMBER(SERVICE_REGISTER), NULL, room, NULL, &status}},
    {"SvchostPushServiceGlobals", 1, {room}},
    {"dn_expand", 5, {message, message + 7, message + 5, room, NUMBER(100)}},
    {"getnetbyname", 1, {"loopback"}},
    {"inet_network", 1, {"10.1"}},
    {"rcmd", 6, {&name_place, NUMBER(0x0100), "me", "you", "ls", &errors}},
    {"rexec", 6, {&name_place, NUMBER(0x0100), "me", "you", "ls", &errors}},
    {"rresvport", 1, {&port}},
    {"s_perror", 1, {"this line is to be seen"}},
    {"sethostname", 2, {"name", NUMBER(4)}},
};

static uintptr_t call(void* f, int count, P* a) {
    reset();
    switch (count) {
        case 1:
            return ((f1*) f)(a[0]);
        case 2:
            return ((f2*) f)(a[0], a[1]);
        case 3:
            return ((f3*) f)(a[0], a[1], a[2]);
        case 4:
            return ((f4*) f)(a[0], a[1], a[2], a[3]);
        case 5:
            return ((f5*) f)(a[0], a[1], a[2], a[3], a[4]);
        case 6:
            return ((f6*) f)(a[0], a[1], a[2], a[3], a[4], a[5]);
        case 7:
            return ((f7*) f)(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
        default:
            return ((f10*) f)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
    }
}

#define WILD__COUNT 8

static P wild(int which) {
    static char* edge; /* Some bytes without an end, and then nothing. */
    static const char constant[64] = "constant";
    if (edge == NULL) {
        edge = classic_block(3);
        memset(edge, 'x', 3);
    }
    switch (which) {
        case 0:
            return NULL;
        case 1:
            return NUMBER(1);
        case 2:
            return classic_noaccess();
        case 3:
            return edge;
        case 4:
            return (P) constant; /* Can be read but not written. */
        case 5:
            return NUMBER(UINTPTR_MAX);
        case 6:
            return NUMBER(UINTPTR_MAX / 2);
        default:
            return NUMBER(0x80000000u);
    }
}

static int made;

/* The call may hand out a socket, and start the provider; neither is to pile up. */
static void try(const char* name, void* f, int count, P* arguments) {
    uintptr_t result = call(f, count, arguments);
    made++;
    if (strcmp(name, "rresvport") == 0 && (SOCKET) result != INVALID_SOCKET)
        closesocket((SOCKET) result);
    if (strcmp(name, "NSPStartup") == 0 && (int) result == 0)
        table.NSPCleanup(&provider_id);
    if (strcmp(name, "NSPLookupServiceBegin") == 0 && (int) result == 0)
        table.NSPLookupServiceEnd(lookup);
}

static void try_all(const char* name, void* f, int count, const P* good) {
    P arguments[ARGUMENTS__MAX];
    int one, two, which, other;
    memcpy(arguments, good, sizeof arguments);
    for (one = 0; one < count; one++) {
        for (which = 0; which < WILD__COUNT; which++) {
            arguments[one] = wild(which);
            try(name, f, count, arguments);
            for (two = one + 1; two < count; two++) {
                for (other = 0; other < WILD__COUNT; other++) {
                    arguments[two] = wild(other);
                    try(name, f, count, arguments);
                }
                arguments[two] = good[two];
            }
        }
        arguments[one] = good[one];
    }
}

static void exports(void** state) {
    HANDLE before = GetStdHandle(STD_ERROR_HANDLE);
    HANDLE nowhere = CreateFileA("NUL", GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    size_t i;
    (void) state;
    SetStdHandle(STD_ERROR_HANDLE, nowhere);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        try_all(rows[i].name, classic_find(rows[i].name), rows[i].count, rows[i].good);
    SetStdHandle(STD_ERROR_HANDLE, before);
    CloseHandle(nowhere);
    print_message("%d calls\n", made);
    assert_true(made > 3000);
}

static void provider(void** state) {
    static P handle;
    struct row functions[] = {
        {"NSPLookupServiceBegin", 5, {&provider_id, &query, NULL, NUMBER(LUP_RETURN_ALL), &lookup}},
        {"NSPLookupServiceNext", 4, {NULL, NULL, &size, room}},
        {"NSPLookupServiceEnd", 1, {NULL}},
        {"NSPSetService", 5, {&provider_id, NULL, &query, NULL, NULL}},
        {"NSPInstallServiceClass", 2, {&provider_id, &class_info}},
        {"NSPRemoveServiceClass", 2, {&provider_id, &ftp}},
        {"NSPGetServiceClassInfo", 3, {&provider_id, &size, &class_info}},
    };
    void* addresses[7];
    size_t i;
    (void) state;
    reset();
    assert_int_equal(CLASSIC(NSPStartup)(&provider_id, &table), 0);
    memcpy(addresses, &table.NSPLookupServiceBegin, sizeof addresses);
    assert_int_equal(
        table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_ALL, &handle), 0);
    functions[1].good[0] = handle;
    for (i = 0; i < sizeof functions / sizeof functions[0]; i++)
        try_all(functions[i].name, addresses[i], functions[i].count, functions[i].good);
    assert_int_equal(table.NSPLookupServiceEnd(handle), 0);
    assert_int_equal(table.NSPCleanup(&provider_id), 0);
}

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports),
        cmocka_unit_test(provider),
    };
    if (!classic_start(argc, argv))
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
