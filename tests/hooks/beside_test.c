/* SPDX-License-Identifier: MIT */

/* beside_test served | alone: an unmodified program with our ws2_32.dll in its folder, and there
 * "served" also with wsext.dll, "alone" without it. */

#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hooks/image.h"

#define BESIDE__LARGE (4u * 1024 * 1024)
#define BESIDE__LIMIT 5000

/* The program's own choice of a name that no ws2_32.dll of Wine 8 has; the SDK's library has it. */
#define BESIDE__LACKING "ProcessSocketNotifications"

typedef HMODULE(beside__real_fn)(void);

static int beside__is_served;
static HMODULE beside__proxy;
static HMODULE beside__system;

static HMODULE beside__module_of(const void* address) {
    HMODULE module = NULL;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                           GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                       (const wchar_t*) address, &module);
    return module;
}

static void program_gets_the_proxy(void** state) {
    wchar_t system[MAX_PATH];
    (void) state;
    assert_ptr_not_equal(beside__proxy, beside__system);
    assert_int_not_equal(GetModuleFileNameW(beside__system, system, MAX_PATH), 0);
    assert_non_null(wcsstr(system, L"system32"));
    assert_ptr_equal(beside__module_of((const void*) WSAIoctl), beside__proxy);
}

/* Every export of the system's, by name and by ordinal, is in the proxy and means the same. */
static void every_export_is_forwarded(void** state) {
    size_t size = 16u * 1024 * 1024;
    const char* name;
    uint32_t i, count = 0;
    (void) state;
    for (i = 0; (name = image_export_name(beside__system, size, i)) != NULL; i++, count++) {
        FARPROC function = GetProcAddress(beside__proxy, name);
        if (function == NULL)
            fail_msg("%s is not forwarded", name);
        assert_ptr_equal(beside__module_of((const void*) function), beside__proxy);
    }
    assert_true(count > 100);
    /* Beyond these every version of Wine has its own. */
    for (i = 1; i <= 117; i++) {
        FARPROC there = GetProcAddress(beside__system, (const char*) (uintptr_t) i);
        FARPROC here = GetProcAddress(beside__proxy, (const char*) (uintptr_t) i);
        if (there != NULL && here == NULL)
            fail_msg("ordinal %u is not forwarded", (unsigned) i);
    }
    assert_ptr_equal(GetProcAddress(beside__proxy, (const char*) 4),
                     GetProcAddress(beside__proxy, "connect"));
}

static void what_the_system_lacks_is_not_found(void** state) {
    (void) state;
    assert_null(GetProcAddress(beside__system, BESIDE__LACKING));
    assert_null(GetProcAddress(beside__proxy, BESIDE__LACKING));
    assert_null(GetProcAddress(beside__proxy, "no such function"));
}

static LPFN_CONNECTEX beside__ask(SOCKET s) {
    GUID guid = WSAID_CONNECTEX;
    LPFN_CONNECTEX function = NULL;
    DWORD bytes;
    assert_int_equal(WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &function,
                              sizeof function, &bytes, NULL, NULL),
                     0);
    return function;
}

static void connect_ex_is_whose_it_should_be(void** state) {
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    HMODULE owner = beside__module_of((const void*) beside__ask(s));
    wchar_t path[MAX_PATH] = L"";
    (void) state;
    GetModuleFileNameW(owner, path, MAX_PATH);
    assert_int_equal(wcsstr(path, L"wsext.dll") != NULL, beside__is_served);
    closesocket(s);
}

static DWORD WINAPI beside__read_all(void* listener) {
    static char buffer[65536];
    SOCKET s = accept((SOCKET) listener, NULL, NULL);
    DWORD total = 0;
    int count;
    while ((count = recv(s, buffer, sizeof buffer, 0)) > 0)
        total += (DWORD) count;
    closesocket(s);
    return total;
}

/* More than plain Wine can carry, where the shim is there. */
static void payload_arrives(void** state) {
    struct sockaddr_in name = {0}, any = {0};
    int length = sizeof name;
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    DWORD size = beside__is_served ? BESIDE__LARGE : 1000, sent, read = 0;
    char* payload = calloc(1, size);
    OVERLAPPED overlapped = {0};
    HANDLE reader;
    (void) state;

    name.sin_family = any.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr*) &name, sizeof name), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr*) &name, &length), 0);
    assert_int_equal(listen(listener, 1), 0);
    reader = CreateThread(NULL, 0, beside__read_all, (void*) listener, 0, NULL);
    assert_int_equal(bind(s, (struct sockaddr*) &any, sizeof any), 0);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!beside__ask(s)(s, (struct sockaddr*) &name, sizeof name, payload, size, NULL, &overlapped))
        assert_int_equal(WSAGetLastError(), ERROR_IO_PENDING);
    assert_int_equal(WaitForSingleObject(overlapped.hEvent, BESIDE__LIMIT), WAIT_OBJECT_0);
    assert_true(GetOverlappedResult((HANDLE) s, &overlapped, &sent, FALSE));
    assert_int_equal(sent, size);
    closesocket(s);
    assert_int_equal(WaitForSingleObject(reader, BESIDE__LIMIT), WAIT_OBJECT_0);
    GetExitCodeThread(reader, &read);
    assert_int_equal(read, size);
    closesocket(listener);
    free(payload);
}

int main(int count, char** arguments) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(program_gets_the_proxy),
        cmocka_unit_test(every_export_is_forwarded),
        cmocka_unit_test(what_the_system_lacks_is_not_found),
        cmocka_unit_test(connect_ex_is_whose_it_should_be),
        cmocka_unit_test(payload_arrives),
    };
    wchar_t path[MAX_PATH];
    beside__real_fn* real;
    WSADATA data;
    if (count != 2 || WSAStartup(0x0202, &data) != 0)
        return 2;
    beside__is_served = strcmp(arguments[1], "served") == 0;
    /* By its name alone either of the two may be found. */
    GetModuleFileNameW(NULL, path, MAX_PATH);
    wcscpy(wcsrchr(path, L'\\') + 1, L"ws2_32.dll");
    beside__proxy = GetModuleHandleW(path);
    real = (beside__real_fn*) (void*) GetProcAddress(beside__proxy, "wsext_real_ws2_32");
    if (real == NULL) {
        fprintf(stderr, "the ws2_32.dll that is loaded is not the forwarding one\n");
        return 2;
    }
    beside__system = real();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
