/* SPDX-License-Identifier: MIT */

/* The provider on a host whose ws2_32 asks it for all names, as ReactOS' does: what it asks the
 * host comes back to it. The host's functions are ones of ours that do so. */

#include "provider.h"

#include "classic/nsp.h"
#include "classic/resolver.h"
#include "host/host.h"

static GUID host_by_name = SVCID_INET_HOSTADDRBYNAME;
static GUID host_by_address = SVCID_INET_HOSTADDRBYINETSTRING;
static GUID service_by_name = SVCID_INET_SERVICEBYNAME;
static GUID host_name = SVCID_HOSTNAME;

static NSP_ROUTINE table;
static int depth, deepest, calls;

static BLOB* circle_ask(GUID* class_id, const char* name) {
    WCHAR wide[256];
    WSAQUERYSETW* result;
    int error;
    MultiByteToWideChar(CP_ACP, 0, name, -1, wide, 256);
    calls++;
    depth++;
    if (depth > deepest)
        deepest = depth;
    assert_true(depth < 10);
    result = provider_ask(&table, class_id, wide, LUP_RETURN_NAME | LUP_RETURN_BLOB, &error);
    depth--;
    if (error == WSASERVICE_NOT_FOUND)
        error = WSAHOST_NOT_FOUND;
    WSASetLastError(error);
    return result != NULL ? result->lpBlob : NULL;
}

static struct hostent* WSAAPI circle_gethostbyname(const char* name) {
    BLOB* blob = circle_ask(&host_by_name, name);
    return blob != NULL ? provider_unpack_host(blob) : NULL;
}

static struct hostent* WSAAPI circle_gethostbyaddr(const char* address, int length, int type) {
    BLOB* blob = circle_ask(&host_by_address, inet_ntoa(*(struct in_addr*) address));
    (void) length;
    (void) type;
    return blob != NULL ? provider_unpack_host(blob) : NULL;
}

static struct servent* WSAAPI circle_getservbyname(const char* name, const char* protocol) {
    char both[256];
    BLOB* blob;
    sprintf(both, "%s/%s", name, protocol != NULL ? protocol : "");
    blob = circle_ask(&service_by_name, both);
    return blob != NULL ? provider_unpack_service(blob) : NULL;
}

static int set_up(void** state) {
    (void) state;
    classic_write("hosts", "127.0.0.1 localhost\n192.0.2.7 one two\n2001:db8::7 one\n");
    host.gethostbyname = circle_gethostbyname;
    host.gethostbyaddr = circle_gethostbyaddr;
    host.getservbyname = circle_getservbyname;
    host.getaddrinfo = NULL;
    table.cbSize = sizeof table;
    return nsp_start(&provider_id, &table);
}

static int tear_down(void** state) {
    (void) state;
    classic_restore("hosts");
    return table.NSPCleanup(&provider_id);
}

static void check_one(void) {
    struct hostent* entry = circle_gethostbyname("two");
    struct in_addr address;
    address.s_addr = inet_addr("192.0.2.7");
    assert_non_null(entry);
    assert_string_equal(entry->h_name, "one");
    assert_string_equal(entry->h_aliases[0], "two");
    assert_memory_equal(entry->h_addr_list[0], &address, 4);
    assert_null(entry->h_addr_list[1]);
}

/* The first call goes round once, and from then on none does. */
static void the_circle_is_seen(void** state) {
    (void) state;
    assert_false(resolver_is_asked_by_host());
    check_one();
    assert_true(resolver_is_asked_by_host());
    assert_int_equal(deepest, 2);
    deepest = calls = 0;
    check_one();
    assert_int_equal(deepest, 1);
    assert_int_equal(calls, 1);
}

static void all_kinds_of_queries(void** state) {
    struct in_addr address;
    struct hostent* entry;
    struct servent* service;
    BLOB* blob;
    (void) state;
    address.s_addr = inet_addr("192.0.2.7");
    entry = circle_gethostbyaddr((char*) &address, 4, AF_INET);
    assert_non_null(entry);
    assert_string_equal(entry->h_name, "one");
    service = circle_getservbyname("ftp", "tcp");
    assert_non_null(service);
    assert_int_equal((u_short) service->s_port, htons(21));
    assert_string_equal(service->s_proto, "tcp");
    service = circle_getservbyname("69", "udp");
    assert_non_null(service);
    assert_string_equal(service->s_name, "tftp");
    assert_null(circle_getservbyname("no-such-service", NULL));
    assert_int_equal(WSAGetLastError(), WSANO_DATA);
    /* This machine's own name needs nobody. */
    blob = circle_ask(&host_by_name, "");
    assert_non_null(blob);
    assert_non_null(provider_unpack_host(blob)->h_addr_list[0]);
    assert_null(circle_ask(&host_name, ""));
    assert_int_equal(WSAGetLastError(), 0);
}

static void ipv6_from_the_file(void** state) {
    GUID aaaa = SVCID_DNS(28);
    BLOB* blob = circle_ask(&aaaa, "one");
    struct hostent* entry;
    (void) state;
    assert_non_null(blob);
    entry = provider_unpack_host(blob);
    assert_int_equal(entry->h_addrtype, AF_INET6);
    assert_memory_equal(entry->h_addr_list[0], "\x20\1\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\7", 16);
    assert_null(circle_ask(&aaaa, "localhost.invalid"));
}

/* The query is ended while its answer is on the way, here by the host itself. */
static HANDLE ended_handle;

static struct hostent* WSAAPI end_instead(const char* name) {
    (void) name;
    assert_int_equal(table.NSPLookupServiceEnd(ended_handle), 0);
    WSASetLastError(WSAHOST_NOT_FOUND);
    return NULL;
}

static void ended_meanwhile(void** state) {
    WSAQUERYSETW query = provider_query(&host_by_name, L"one");
    DWORD size = 0;
    (void) state;
    host.gethostbyname = end_instead;
    assert_int_equal(
        table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_BLOB, &ended_handle), 0);
    CHECK_FAILS(table.NSPLookupServiceNext(ended_handle, 0, &size, NULL), WSA_E_CANCELLED);
    host.gethostbyname = circle_gethostbyname;
    CHECK_FAILS(table.NSPLookupServiceNext(ended_handle, 0, &size, NULL), WSA_INVALID_HANDLE);
    CHECK_FAILS(table.NSPLookupServiceEnd(ended_handle), WSA_INVALID_HANDLE);
}

/* Several threads use one query, and one of them ends it. */
static volatile LONG shared_running;

static DWORD WINAPI use_shared(void* handle) {
    static const int expected[] = {0, WSA_E_NO_MORE, WSA_E_CANCELLED, WSA_INVALID_HANDLE};
    WSAQUERYSETW result[16];
    size_t i;
    int error = 0, round;
    for (round = 0; round < 200; round++) {
        DWORD size = sizeof result;
        if (table.NSPLookupServiceNext(handle, 0, &size, result) != 0)
            error = WSAGetLastError();
        for (i = 0; i < 4 && expected[i] != error; i++)
            continue;
        if (i == 4)
            return (DWORD) error;
    }
    InterlockedDecrement(&shared_running);
    return 0;
}

static void shared_queries(void** state) {
    int round, i;
    (void) state;
    for (round = 0; round < 10; round++) {
        WSAQUERYSETW query = provider_query(&host_by_name, L"one");
        HANDLE handle, threads[4];
        assert_int_equal(
            table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_ALL, &handle), 0);
        shared_running = 4;
        for (i = 0; i < 4; i++)
            threads[i] = CreateThread(NULL, 0, use_shared, handle, 0, NULL);
        if (round % 2 == 0)
            Sleep(1);
        assert_int_equal(table.NSPLookupServiceEnd(handle), 0);
        assert_int_equal(WaitForMultipleObjects(4, threads, TRUE, 10000), WAIT_OBJECT_0);
        assert_int_equal(shared_running, 0);
        for (i = 0; i < 4; i++)
            CloseHandle(threads[i]);
    }
}

/* The name server's answer, or that there is none: but an answer. */
static void names_that_no_file_has(void** state) {
    int error;
    (void) state;
    assert_null(circle_gethostbyname("no-such-host.invalid"));
    error = WSAGetLastError();
    assert_in_range(error, WSAHOST_NOT_FOUND, WSANO_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ended_meanwhile),        cmocka_unit_test(the_circle_is_seen),
        cmocka_unit_test(all_kinds_of_queries),   cmocka_unit_test(ipv6_from_the_file),
        cmocka_unit_test(names_that_no_file_has), cmocka_unit_test(shared_queries),
    };
    WSADATA data;
    if (WSAStartup(0x0202, &data) != 0 || host_init() != 0)
        return 2;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
