/* SPDX-License-Identifier: MIT */

/* copies_test [--no-accept] FIRST [DLL…]: a program that links mswsock.dll and has several copies
 * of our code in it, of which it loads some itself, in the order given. FIRST is the end of the
 * path of the one that has to serve all of it. On a host without AcceptEx all have to refuse it
 * alike.
 *
 * Built as a program, and as a DLL that copies_late.c loads, which links nothing of Winsock. */

#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <nspapi.h>
#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <tlhelp32.h>
#include <wchar.h>

#include <cmocka.h>

#define COPIES__LIMIT 10000
#define COPIES__PATH 1024

static wchar_t copies__first[COPIES__PATH];
static int copies__has_accept = 1;

static int copies__path_ends(HMODULE module, const wchar_t* end) {
    wchar_t path[COPIES__PATH];
    DWORD length = GetModuleFileNameW(module, path, COPIES__PATH);
    size_t wanted = wcslen(end);
    print_message("%ls\n", path);
    return length >= wanted && _wcsicmp(path + length - wanted, end) == 0;
}

static void first_copy_serves(void** state) {
    GUID guid = WSAID_CONNECTEX;
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    void* function = NULL;
    HMODULE module;
    DWORD bytes;
    (void) state;
    assert_int_equal(WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &function,
                              sizeof function, &bytes, NULL, NULL),
                     0);
    assert_true(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                       GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                                   function, &module));
    assert_true(copies__path_ends(module, copies__first));
    closesocket(s);
}

static SOCKET copies__listen(struct sockaddr_in* name) {
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    int length = sizeof *name;
    memset(name, 0, sizeof *name);
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(s, (struct sockaddr*) name, sizeof *name), 0);
    assert_int_equal(getsockname(s, (struct sockaddr*) name, &length), 0);
    assert_int_equal(listen(s, 1), 0);
    return s;
}

static int copies__has_peer(SOCKET s) {
    struct sockaddr_in name;
    int length = sizeof name;
    if (getpeername(s, (struct sockaddr*) &name, &length) == 0)
        return 1;
    assert_int_equal(WSAGetLastError(), WSAENOTCONN);
    return 0;
}

/* The state that AcceptEx leaves a socket in is seen by the functions of ws2_32 only where both are
 * of one copy. */
static void copies__accept(LPFN_ACCEPTEX accept_ex) {
    struct sockaddr_in name;
    SOCKET listener = copies__listen(&name);
    SOCKET accepted = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    SOCKET client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    OVERLAPPED overlapped = {0};
    char buffer[64];
    DWORD bytes;
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_false(accept_ex(listener, accepted, buffer, 0, 32, 32, &bytes, &overlapped));
    assert_int_equal(WSAGetLastError(), copies__has_accept ? ERROR_IO_PENDING : WSAEOPNOTSUPP);
    if (copies__has_accept) {
        assert_int_equal(connect(client, (struct sockaddr*) &name, sizeof name), 0);
        assert_int_equal(WaitForSingleObject(overlapped.hEvent, COPIES__LIMIT), WAIT_OBJECT_0);
        assert_false(copies__has_peer(accepted));
        assert_int_equal(setsockopt(accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                                    (char*) &listener, sizeof listener),
                         0);
        assert_true(copies__has_peer(accepted));
    }
    CloseHandle(overlapped.hEvent);
    closesocket(client);
    closesocket(accepted);
    closesocket(listener);
}

static void what_the_program_links_leads_to_it(void** state) {
    (void) state;
    copies__accept(AcceptEx);
}

static int copies__is_of_the_name(const wchar_t* name) {
    return _wcsicmp(name, L"mswsock.dll") == 0 || _wcsicmp(name, L"wsext.dll") == 0;
}

static void every_copy_leads_to_it(void** state) {
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, 0);
    MODULEENTRY32W entry;
    int count = 0;
    (void) state;
    assert_ptr_not_equal(snapshot, INVALID_HANDLE_VALUE);
    entry.dwSize = sizeof entry;
    for (BOOL more = Module32FirstW(snapshot, &entry); more;
         more = Module32NextW(snapshot, &entry)) {
        if (!copies__is_of_the_name(entry.szModule))
            continue;
        print_message("%ls\n", entry.szExePath);
        copies__accept((LPFN_ACCEPTEX) (void*) GetProcAddress(entry.hModule, "AcceptEx"));
        count++;
    }
    CloseHandle(snapshot);
    assert_true(count >= 2);
}

/* Wine's EnumProtocols leads to WSAEnumProtocols, so both have one address there, and only one of
 * the two is ours. */
static void neighbours_are_left_alone(void** state) {
    static char buffer[65536];
    DWORD length = 0, bytes = sizeof buffer;
    int count;
    (void) state;
    assert_int_equal(WSAEnumProtocolsA(NULL, NULL, &length), SOCKET_ERROR);
    assert_int_equal(WSAGetLastError(), WSAENOBUFS);
    assert_int_equal(length % sizeof(WSAPROTOCOL_INFOA), 0);
    count = EnumProtocolsA(NULL, buffer, &bytes);
    assert_true(count > 0);
    /* The records that it is documented with: text behind them, and a name in each. */
    assert_true(bytes > (DWORD) count * sizeof(PROTOCOL_INFOA));
    assert_true(((PROTOCOL_INFOA*) buffer)->lpProtocol > buffer);
    assert_true(((PROTOCOL_INFOA*) buffer)->lpProtocol < buffer + bytes);
}

#ifdef COPIES_IS_DLL
__declspec(dllexport) int copies_main(int count, char** arguments)
#else
int main(int count, char** arguments)
#endif
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_copy_serves),
        cmocka_unit_test(what_the_program_links_leads_to_it),
        cmocka_unit_test(every_copy_leads_to_it),
        cmocka_unit_test(neighbours_are_left_alone),
    };
    int i = 1;
    WSADATA data;
    if (count > 1 && strcmp(arguments[1], "--no-accept") == 0) {
        copies__has_accept = 0;
        i++;
    }
    if (i >= count || WSAStartup(0x0202, &data) != 0)
        return 2;
    MultiByteToWideChar(CP_ACP, 0, arguments[i], -1, copies__first, COPIES__PATH);
    for (i++; i < count; i++) {
        if (LoadLibraryA(arguments[i]) == NULL) {
            fprintf(stderr, "%s cannot be loaded (error %lu)\n", arguments[i], GetLastError());
            return 2;
        }
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
