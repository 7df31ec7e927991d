/* SPDX-License-Identifier: MIT */

/* routes_test early | beside | late PROBE: whether the probe's hooks see the calls of every route.
 * "early" is run through wsext-run, which loaded the probe; "beside" has it in its folder, with our
 * ws2_32.dll; with "late" the program makes its first calls without it and then loads it from the
 * path given. */

#include "route.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "probe.h"

#define ROUTES__ORDINAL_GETPEERNAME 5

/* Not a handle, as Wine answers differently for sockets that had nothing to cancel. */
#define ROUTES__NO_HANDLE ((HANDLE) (uintptr_t) 0x7ffffff0)

static bool routes__is_beside;
static SOCKET routes__socket;
static HMODULE routes__probe;
static void* routes__old_getpeername;
static probe_calls_fn* routes__calls;

static void* routes__export(const char* name) {
    void* address = (void*) GetProcAddress(routes__probe, name);
    assert_non_null(address);
    return address;
}

/* Each call has to pass one hook once and to give the host's result. */
static void routes__check(int (*peer)(SOCKET), DWORD (*cancel)(HANDLE)) {
    for (int i = 1; i <= 3; i++) {
        int before = routes__calls("getpeername");
        assert_int_equal(peer(routes__socket), WSAENOTCONN);
        assert_int_equal(routes__calls("getpeername") - before, 1);

        before = routes__calls("CancelIoEx");
        assert_int_equal(cancel(ROUTES__NO_HANDLE), ERROR_INVALID_HANDLE);
        assert_int_equal(routes__calls("CancelIoEx") - before, 1);
    }
}

static void own_imports_pass_the_doors(void** state) {
    (void) state;
    routes__check(route_getpeername, route_cancel);
}

static void routes__check_dll(const char* name) {
    HMODULE module = LoadLibraryA(name);
    assert_non_null(module);
    routes__check((int (*)(SOCKET))(void*) GetProcAddress(module, "route_getpeername"),
                  (DWORD(*)(HANDLE))(void*) GetProcAddress(module, "route_cancel"));
    assert_true(FreeLibrary(module));
}

static void dll_loaded_later_by_name(void** state) {
    (void) state;
    routes__check_dll("route_name.dll");
}

static void dll_loaded_later_by_ordinal(void** state) {
    (void) state;
    routes__check_dll("route_ordinal.dll");
}

static void dll_loaded_later_with_delay(void** state) {
    (void) state;
    routes__check_dll("route_delay.dll");
}

static void looked_up_by_name_and_ordinal(void** state) {
    (void) state;
    typedef int(WSAAPI getpeername_fn)(SOCKET, struct sockaddr*, int*);
    HMODULE winsock = GetModuleHandleA("ws2_32.dll");
    void* by_name = (void*) GetProcAddress(winsock, "getpeername");
    void* by_ordinal =
        (void*) GetProcAddress(winsock, (const char*) (uintptr_t) ROUTES__ORDINAL_GETPEERNAME);
    assert_ptr_equal(by_name, by_ordinal);
    assert_ptr_not_equal(by_name, ((probe_original_fn*) routes__export("probe_original"))());

    int before = routes__calls("getpeername");
    struct sockaddr_storage name;
    int length = sizeof name;
    assert_int_equal(((getpeername_fn*) by_name)(routes__socket, (struct sockaddr*) &name, &length),
                     -1);
    assert_int_equal(WSAGetLastError(), WSAENOTCONN);
    assert_int_equal(routes__calls("getpeername") - before, 1);

    /* Programs compare pointers that they got in different ways. */
    route_getpeername(routes__socket);
    assert_ptr_equal(route_slot(), by_name);
}

static void both_addresses_of_one_function(void** state) {
    (void) state;
    typedef BOOL(WINAPI cancel_fn)(HANDLE, OVERLAPPED*);
    static const char* const modules[] = {"kernel32.dll", "kernelbase.dll"};
    for (int i = 0; i < 2; i++) {
        cancel_fn* cancel =
            (cancel_fn*) (void*) GetProcAddress(GetModuleHandleA(modules[i]), "CancelIoEx");
        int before = routes__calls("CancelIoEx");
        assert_non_null(cancel);
        assert_false(cancel(ROUTES__NO_HANDLE, NULL));
        assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
        assert_int_equal(routes__calls("CancelIoEx") - before, 1);
    }
}

static void pointer_got_before_reaches_the_original(void** state) {
    (void) state;
    typedef int(WSAAPI getpeername_fn)(SOCKET, struct sockaddr*, int*);
    if (routes__old_getpeername == NULL) {
        print_message("SKIP: the probe was there first, so there is no such pointer\n");
        skip();
    }
    struct sockaddr_storage name;
    int length = sizeof name;
    int before = routes__calls("getpeername");
    assert_int_equal(((getpeername_fn*) routes__old_getpeername)(routes__socket,
                                                                 (struct sockaddr*) &name, &length),
                     -1);
    assert_int_equal(WSAGetLastError(), WSAENOTCONN);
    assert_int_equal(routes__calls("getpeername") - before, 0);
}

static void probe_itself_reaches_the_originals(void** state) {
    (void) state;
    if (routes__is_beside) {
        print_message("SKIP: beside a forwarding ws2_32.dll its own imports may lead through that; "
                      "hooks-imports sees to it that the DLL imports nothing that has a hook\n");
        skip();
    }
    assert_int_equal(((probe_call_own_imports_fn*) routes__export("probe_call_own_imports"))(), 0);
}

static void installing_again_changes_nothing(void** state) {
    (void) state;
    probe_install_fn* install = (probe_install_fn*) routes__export("probe_install");
    /* Of two modules of that name either may be found. */
    HMODULE winsock = GetModuleHandleA("ws2_32.dll");
    void* before = (void*) GetProcAddress(winsock, "getpeername");
    int entries = ((probe_entries_fn*) routes__export("probe_entries"))();
    int possible = ((probe_possible_fn*) routes__export("probe_possible"))();
    assert_int_equal(entries, 6);
    assert_int_equal(possible, 4);
    assert_int_equal(install(), possible);
    assert_int_equal(install(), possible);
    assert_ptr_equal(GetProcAddress(winsock, "getpeername"), before);
    routes__check(route_getpeername, route_cancel);
}

static void absent_exports_are_reported(void** state) {
    (void) state;
    probe_is_installed_fn* installed =
        (probe_is_installed_fn*) routes__export("probe_is_installed");
    assert_true(installed("ws2_32.dll", "getpeername"));
    assert_true(installed("WS2_32.DLL", "closesocket"));
    assert_true(installed("kernel32.dll", "CancelIoEx"));
    assert_true(installed("kernelbase.dll", "CancelIoEx"));
    assert_false(installed("ws2_32.dll", "NoSuchExport"));
    assert_false(installed("no-such-module.dll", "CancelIoEx"));
    assert_false(installed("ws2_32.dll", "connect"));
}

static DWORD routes__protection(void* address) {
    MEMORY_BASIC_INFORMATION info;
    assert_int_not_equal(VirtualQuery(address, &info, sizeof info), 0);
    return info.Protect;
}

static void pages_are_as_protected_as_before(void** state) {
    (void) state;
    const DWORD writable =
        PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;
    void* thunk = (void*) GetProcAddress(GetModuleHandleA("ws2_32.dll"), "getpeername");
    assert_int_equal(routes__protection(thunk), PAGE_EXECUTE_READ);

    /* The export directory of ws2_32, the same as of a DLL that nobody changed. */
    static const char* const modules[] = {"ws2_32.dll", "ntdll.dll"};
    DWORD protections[2];
    for (int i = 0; i < 2; i++) {
        const char* base = (const char*) GetModuleHandleA(modules[i]);
        const IMAGE_DOS_HEADER* dos = (const IMAGE_DOS_HEADER*) base;
        const IMAGE_NT_HEADERS* nt = (const IMAGE_NT_HEADERS*) (base + dos->e_lfanew);
        protections[i] =
            routes__protection((void*) (base + nt->OptionalHeader.DataDirectory[0].VirtualAddress));
    }
    assert_int_equal(protections[0], protections[1]);
    assert_int_equal(protections[0] & writable, 0);
}

#ifdef ROUTES_ARE_DELAYED
extern const IMAGE_DELAYLOAD_DESCRIPTOR
    routes__descriptor __asm__("__DELAY_IMPORT_DESCRIPTOR_libdelay_a");

/* Visual C++'s linker puts the delay-load directory into the header; the one of binutils leaves
 * that out, so that nobody would find it. */
static void routes__declare_delay(void) {
    static IMAGE_DELAYLOAD_DESCRIPTOR table[2];
    char* base = (char*) GetModuleHandleA(NULL);
    IMAGE_NT_HEADERS* nt = (IMAGE_NT_HEADERS*) (base + ((IMAGE_DOS_HEADER*) base)->e_lfanew);
    IMAGE_DATA_DIRECTORY* directory =
        &nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT];
    DWORD old;
    table[0] = routes__descriptor;
    VirtualProtect(directory, sizeof *directory, PAGE_READWRITE, &old);
    directory->VirtualAddress = (DWORD) ((char*) table - base);
    directory->Size = sizeof table;
    VirtualProtect(directory, sizeof *directory, old, &old);
}
#else
static void routes__declare_delay(void) {
}
#endif

int main(int count, char** arguments) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_imports_pass_the_doors),
        cmocka_unit_test(dll_loaded_later_by_name),
        cmocka_unit_test(dll_loaded_later_by_ordinal),
        cmocka_unit_test(dll_loaded_later_with_delay),
        cmocka_unit_test(looked_up_by_name_and_ordinal),
        cmocka_unit_test(both_addresses_of_one_function),
        cmocka_unit_test(pointer_got_before_reaches_the_original),
        cmocka_unit_test(probe_itself_reaches_the_originals),
        cmocka_unit_test(installing_again_changes_nothing),
        cmocka_unit_test(absent_exports_are_reported),
        cmocka_unit_test(pages_are_as_protected_as_before),
    };
    WSADATA data;
    if (count < 2 || WSAStartup(0x0202, &data) != 0)
        return 2;
    routes__is_beside = strcmp(arguments[1], "beside") == 0;
    routes__declare_delay();
    routes__socket = socket(AF_INET, SOCK_STREAM, 0);
    if (strcmp(arguments[1], "late") == 0 && count == 3) {
        routes__old_getpeername =
            (void*) GetProcAddress(GetModuleHandleA("ws2_32.dll"), "getpeername");
        route_getpeername(routes__socket);
        route_cancel(ROUTES__NO_HANDLE);
        routes__probe = LoadLibraryA(arguments[2]);
    } else {
        routes__probe = GetModuleHandleA("wsext.dll");
    }
    if (routes__probe == NULL) {
        fprintf(stderr, "the probe is not loaded\n");
        return 2;
    }
    routes__calls = (probe_calls_fn*) (void*) GetProcAddress(routes__probe, "probe_calls");
    if (routes__calls == NULL) {
        fprintf(stderr, "the wsext.dll that is loaded is not the probe\n");
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
