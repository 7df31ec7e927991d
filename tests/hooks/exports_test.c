/* SPDX-License-Identifier: MIT */

/* Every name that mswsock.dll exports, called with arguments that are all zero, all wild or all
 * read-only: it fails with an error, and the process lives on. */

#include <winsock2.h>
#include <mswsock.h>
#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef void* P;
typedef uintptr_t(WINAPI* exports__0)(void);
typedef uintptr_t(WINAPI* exports__1)(P);
typedef uintptr_t(WINAPI* exports__2)(P, P);
typedef uintptr_t(WINAPI* exports__3)(P, P, P);
typedef uintptr_t(WINAPI* exports__4)(P, P, P, P);
typedef uintptr_t(WINAPI* exports__5)(P, P, P, P, P);
typedef uintptr_t(WINAPI* exports__6)(P, P, P, P, P, P);
typedef uintptr_t(WINAPI* exports__7)(P, P, P, P, P, P, P);
typedef uintptr_t(WINAPI* exports__8)(P, P, P, P, P, P, P, P);
typedef uintptr_t(WINAPI* exports__9)(P, P, P, P, P, P, P, P, P);
typedef uintptr_t(WINAPI* exports__10)(P, P, P, P, P, P, P, P, P, P);
typedef uintptr_t(WINAPI* exports__19)(P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P);

enum exports__kind {
    EXPORTS_INT,     /* SOCKET_ERROR and a last error. */
    EXPORTS_BOOL,    /* FALSE and a last error. */
    EXPORTS_POINTER, /* NULL and a last error. */
    EXPORTS_CODE,    /* The error itself. */
    EXPORTS_VOID
};

static const struct exports__row {
    const char* name;
    int arguments;
    enum exports__kind kind;
} exports__rows[] = {
    {"WSAIoctl", 9, EXPORTS_INT},
    {"AcceptEx", 8, EXPORTS_BOOL},
    {"EnumProtocolsA", 3, EXPORTS_INT},
    {"EnumProtocolsW", 3, EXPORTS_INT},
    {"GetAcceptExSockaddrs", 8, EXPORTS_VOID},
    {"GetAddressByNameA", 10, EXPORTS_INT},
    {"GetAddressByNameW", 10, EXPORTS_INT},
    {"GetNameByTypeA", 3, EXPORTS_INT},
    {"GetNameByTypeW", 3, EXPORTS_INT},
    {"GetServiceA", 7, EXPORTS_INT},
    {"GetServiceW", 7, EXPORTS_INT},
    {"GetTypeByNameA", 2, EXPORTS_INT},
    {"GetTypeByNameW", 2, EXPORTS_INT},
    {"MigrateWinsockConfiguration", 3, EXPORTS_INT},
    {"NPLoadNameSpaces", 3, EXPORTS_INT},
    {"NSPStartup", 2, EXPORTS_INT},
    {"ServiceMain", 2, EXPORTS_VOID},
    {"SetServiceA", 6, EXPORTS_INT},
    {"SetServiceW", 6, EXPORTS_INT},
    {"StartWsdpService", 0, EXPORTS_INT},
    {"StopWsdpService", 0, EXPORTS_INT},
    {"SvchostPushServiceGlobals", 1, EXPORTS_VOID},
    {"TransmitFile", 7, EXPORTS_BOOL},
    {"WSARecvEx", 4, EXPORTS_INT},
    {"WSPStartup", 19, EXPORTS_CODE},
    {"dn_expand", 5, EXPORTS_INT},
    {"getnetbyname", 1, EXPORTS_POINTER},
    {"inet_network", 1, EXPORTS_INT},
    {"rcmd", 6, EXPORTS_INT},
    {"rexec", 6, EXPORTS_INT},
    {"rresvport", 1, EXPORTS_INT},
    {"s_perror", 1, EXPORTS_VOID},
    {"sethostname", 2, EXPORTS_INT},
};

#define EXPORTS__COUNT (sizeof exports__rows / sizeof exports__rows[0])

static HMODULE exports__dll;

static uintptr_t exports__call(const struct exports__row* row, P a) {
    void* f = (void*) GetProcAddress(exports__dll, row->name);
    assert_non_null(f);
    switch (row->arguments) {
        case 0:
            return ((exports__0) f)();
        case 1:
            return ((exports__1) f)(a);
        case 2:
            return ((exports__2) f)(a, a);
        case 3:
            return ((exports__3) f)(a, a, a);
        case 4:
            return ((exports__4) f)(a, a, a, a);
        case 5:
            return ((exports__5) f)(a, a, a, a, a);
        case 6:
            return ((exports__6) f)(a, a, a, a, a, a);
        case 7:
            return ((exports__7) f)(a, a, a, a, a, a, a);
        case 8:
            return ((exports__8) f)(a, a, a, a, a, a, a, a);
        case 9:
            return ((exports__9) f)(a, a, a, a, a, a, a, a, a);
        case 10:
            return ((exports__10) f)(a, a, a, a, a, a, a, a, a, a);
        default:
            return ((exports__19) f)(a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a);
    }
}

static void exports__check(const struct exports__row* row, P argument) {
    uintptr_t result;
    print_message("%s(%p, ...)\n", row->name, argument);
    WSASetLastError(0);
    result = exports__call(row, argument);
    switch (row->kind) {
        case EXPORTS_INT:
            assert_int_equal((int) result, SOCKET_ERROR);
            break;
        case EXPORTS_BOOL:
            assert_int_equal((int) result, FALSE);
            break;
        case EXPORTS_POINTER:
            assert_int_equal(result, 0);
            break;
        case EXPORTS_CODE:
            assert_int_equal((int) result, WSAEPROVIDERFAILEDINIT);
            return;
        case EXPORTS_VOID:
            return;
    }
    assert_int_not_equal(WSAGetLastError(), 0);
}

static int set_up(void** state) {
    WSADATA data;
    (void) state;
    return WSAStartup(0x0202, &data);
}

static void exports__check_all(P argument) {
    size_t i;
    for (i = 0; i < EXPORTS__COUNT; i++)
        exports__check(&exports__rows[i], argument);
}

/* Nothing may be assumed of an address that nobody asked for: it may be somebody's. */
static void exports__check_page(DWORD protection) {
    P page = VirtualAlloc(NULL, 4096, MEM_COMMIT | MEM_RESERVE, protection);
    assert_non_null(page);
    exports__check_all(page);
    VirtualFree(page, 0, MEM_RELEASE);
}

static void all_zero(void** state) {
    (void) state;
    exports__check_all(NULL);
}

static void all_wild(void** state) {
    (void) state;
    exports__check_page(PAGE_NOACCESS);
}

static void all_read_only(void** state) {
    (void) state;
    exports__check_page(PAGE_READONLY);
}

static SOCKET exports__listen(void) {
    struct sockaddr_in name = {0};
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(s, (struct sockaddr*) &name, sizeof name), 0);
    assert_int_equal(listen(s, 1), 0);
    return s;
}

/* What the host can do works through our names. */
static void accept_ex_leads_to_the_host(void** state) {
    BOOL(PASCAL * accept_ex)
    (SOCKET, SOCKET, void*, DWORD, DWORD, DWORD, DWORD*, OVERLAPPED*) =
        (void*) GetProcAddress(exports__dll, "AcceptEx");
    void(PASCAL * get_sockaddrs)(void*, DWORD, DWORD, DWORD, struct sockaddr**, int*,
                                 struct sockaddr**, int*) =
        (void*) GetProcAddress(exports__dll, "GetAcceptExSockaddrs");
    SOCKET listener = exports__listen();
    SOCKET acceptor = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    SOCKET client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    struct sockaddr_in name;
    struct sockaddr *local = NULL, *remote = NULL;
    int length = sizeof name, local_length = 0, remote_length = 0;
    static char buffer[128];
    OVERLAPPED overlapped = {0};
    DWORD bytes;
    (void) state;

    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_false(accept_ex(listener, acceptor, buffer, 0, 64, 64, &bytes, &overlapped));
    assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
    getsockname(listener, (struct sockaddr*) &name, &length);
    assert_int_equal(connect(client, (struct sockaddr*) &name, sizeof name), 0);
    assert_int_equal(WaitForSingleObject(overlapped.hEvent, 5000), WAIT_OBJECT_0);
    get_sockaddrs(buffer, 0, 64, 64, &local, &local_length, &remote, &remote_length);
    assert_int_equal(local_length, sizeof name);
    assert_int_equal(((struct sockaddr_in*) local)->sin_port, name.sin_port);
    closesocket(client);
    closesocket(acceptor);
    closesocket(listener);
}

static void recv_ex_receives(void** state) {
    int(PASCAL * recv_ex)(SOCKET, char*, int, int*) =
        (void*) GetProcAddress(exports__dll, "WSARecvEx");
    SOCKET receiver = socket(AF_INET, SOCK_DGRAM, 0);
    SOCKET sender = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in name = {0};
    int length = sizeof name, flags = 0;
    char buffer[4] = {0};
    (void) state;

    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(receiver, (struct sockaddr*) &name, sizeof name);
    getsockname(receiver, (struct sockaddr*) &name, &length);
    sendto(sender, "ab", 2, 0, (struct sockaddr*) &name, sizeof name);
    assert_int_equal(recv_ex(receiver, buffer, sizeof buffer, &flags), 2);
    assert_int_equal(flags, 0);
    sendto(sender, "abcdef", 6, 0, (struct sockaddr*) &name, sizeof name);
    assert_int_equal(recv_ex(receiver, buffer, sizeof buffer, &flags), 4);
    assert_int_equal(flags, MSG_PARTIAL);
    closesocket(receiver);
    closesocket(sender);
}

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_zero),         cmocka_unit_test(all_wild),
        cmocka_unit_test(all_read_only),    cmocka_unit_test(accept_ex_leads_to_the_host),
        cmocka_unit_test(recv_ex_receives),
    };
    exports__dll = argc == 2 ? LoadLibraryA(argv[1]) : NULL;
    if (exports__dll == NULL)
        return 2;
    return cmocka_run_group_tests(tests, set_up, NULL);
}
