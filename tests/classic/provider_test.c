/* SPDX-License-Identifier: MIT */

/* The functions of the name-space provider that NSPStartup gives out, and their arguments, by
 * Microsoft's pages on them. What it answers is tested in answers_test.c. */

#include "provider.h"

#define START CLASSIC(NSPStartup)

static GUID host_by_name = SVCID_INET_HOSTADDRBYNAME;
static GUID ftp = SVCID_FTP_TCP;
static GUID location = {
    0x6642243A, 0x3BA8, 0x4AA6, {0xBA, 0xA5, 0x2E, 0x0B, 0xD7, 0x1F, 0xDD, 0x83}};
static GUID unknown = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};

static void table_sizes(void** state) {
    NSP_ROUTINE* room = classic_block(PROVIDER__TABLE_SIZE);
    NSP_ROUTINE whole;
    (void) state;
    room->cbSize = PROVIDER__TABLE_SIZE - 1;
    CHECK_FAILS(START(&provider_id, room), WSAEINVALIDPROCTABLE);
    room->cbSize = 0;
    CHECK_FAILS(START(&provider_id, room), WSAEINVALIDPROCTABLE);
    room->cbSize = PROVIDER__TABLE_SIZE;
    assert_int_equal(START(&provider_id, room), 0);
    assert_int_equal(room->cbSize, PROVIDER__TABLE_SIZE);
    assert_int_equal(room->dwMajorVersion, 1);
    assert_int_equal(room->dwMinorVersion, 1);
    assert_int_equal(room->NSPCleanup(&provider_id), 0);
    memset(&whole, 0, sizeof whole);
    whole.cbSize = sizeof whole;
    assert_int_equal(START(&provider_id, &whole), 0);
    assert_int_equal(whole.cbSize, PROVIDER__TABLE_SIZE);
    assert_null(whole.NSPIoctl);
    assert_int_equal(whole.NSPCleanup(&provider_id), 0);
}

static void start_bad_arguments(void** state) {
    NSP_ROUTINE whole;
    (void) state;
    whole.cbSize = sizeof whole;
    CHECK_FAILS(START(NULL, &whole), WSAEINVAL);
    CHECK_FAILS(START(&provider_id, NULL), WSAEINVAL);
    CHECK_FAILS(START(classic_noaccess(), &whole), WSAEFAULT);
    CHECK_FAILS(START(&provider_id, classic_noaccess()), WSAEFAULT);
    CHECK_FAILS(START(&unknown, &whole), WSAEINVAL);
    CHECK_FAILS(START(&location, &whole), WSAEOPNOTSUPP);
}

static void starts_are_counted(void** state) {
    NSP_ROUTINE one = {0}, two = {0};
    WSAQUERYSETW query = provider_query(&host_by_name, L"localhost");
    HANDLE handle;
    DWORD size = 0;
    (void) state;
    one.cbSize = two.cbSize = sizeof one;
    assert_int_equal(START(&provider_id, &one), 0);
    assert_int_equal(START(&provider_id, &two), 0);
    assert_int_equal(
        one.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_BLOB, &handle), 0);
    assert_int_equal(two.NSPCleanup(&provider_id), 0);
    CHECK_FAILS(one.NSPLookupServiceNext(handle, 0, &size, NULL), WSAEFAULT);
    assert_int_equal(one.NSPCleanup(&provider_id), 0);
    /* The end of the last one is the end of its queries. */
    CHECK_FAILS(one.NSPLookupServiceNext(handle, 0, &size, NULL), WSA_INVALID_HANDLE);
    CHECK_FAILS(one.NSPLookupServiceEnd(handle), WSA_INVALID_HANDLE);
    CHECK_FAILS(one.NSPCleanup(&provider_id), WSANOTINITIALISED);
    CHECK_FAILS(one.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_BLOB, &handle),
                WSANOTINITIALISED);
}

/* One result, then no more, also after a result that was passed over. */
static void results_one_by_one(void** state) {
    WSAQUERYSETW query = provider_query(&host_by_name, L"localhost");
    static WSAQUERYSETW result[16];
    DWORD size = 0, room = sizeof result;
    HANDLE handle;
    (void) state;
    assert_int_equal(
        provider_table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_BLOB, &handle),
        0);
    CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, 0, &size, result), WSAEFAULT);
    assert_true(size > sizeof *result && size <= sizeof result);
    assert_int_equal(provider_table.NSPLookupServiceNext(handle, 0, &room, result), 0);
    CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, 0, &room, result), WSA_E_NO_MORE);
    CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, LUP_FLUSHPREVIOUS, &room, result),
                WSA_E_NO_MORE);
    assert_int_equal(provider_table.NSPLookupServiceEnd(handle), 0);
    assert_int_equal(
        provider_table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_BLOB, &handle),
        0);
    size = 0;
    CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, 0, &size, result), WSAEFAULT);
    CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, LUP_FLUSHPREVIOUS, &room, result),
                WSA_E_NO_MORE);
    assert_int_equal(provider_table.NSPLookupServiceEnd(handle), 0);
}

/* What is asked for behind the beginning can only be less. */
static void flags_of_both(void** state) {
    WSAQUERYSETW query = provider_query(&host_by_name, L"localhost");
    static WSAQUERYSETW result[16];
    DWORD size = sizeof result;
    HANDLE handle;
    (void) state;
    assert_int_equal(provider_table.NSPLookupServiceBegin(
                         &provider_id, &query, NULL, LUP_RETURN_NAME | LUP_RETURN_ADDR, &handle),
                     0);
    assert_int_equal(provider_table.NSPLookupServiceNext(handle, LUP_RETURN_NAME | LUP_RETURN_BLOB,
                                                         &size, result),
                     0);
    assert_non_null(result->lpszServiceInstanceName);
    assert_null(result->lpcsaBuffer);
    assert_null(result->lpBlob);
    assert_int_equal(provider_table.NSPLookupServiceEnd(handle), 0);
}

static void query_bad_arguments(void** state) {
    WSAQUERYSETW query = provider_query(&host_by_name, L"localhost");
    static WCHAR endless[5000];
    WCHAR* open_ended = classic_block(8);
    HANDLE handle;
    DWORD size = 0;
    (void) state;
#define BEGIN(id, query, handle) \
    provider_table.NSPLookupServiceBegin(id, query, NULL, LUP_RETURN_ALL, handle)
    CHECK_FAILS(BEGIN(NULL, &query, &handle), WSAEINVAL);
    CHECK_FAILS(BEGIN(&unknown, &query, &handle), WSAEINVAL);
    CHECK_FAILS(BEGIN(&provider_id, NULL, &handle), WSAEINVAL);
    CHECK_FAILS(BEGIN(&provider_id, &query, NULL), WSAEINVAL);
    CHECK_FAILS(BEGIN(&provider_id, classic_noaccess(), &handle), WSAEFAULT);
    CHECK_FAILS(BEGIN(&provider_id, &query, classic_noaccess()), WSAEFAULT);
    query.dwSize--;
    CHECK_FAILS(BEGIN(&provider_id, &query, &handle), WSAEINVAL);
    query = provider_query(NULL, L"localhost");
    CHECK_FAILS(BEGIN(&provider_id, &query, &handle), WSAEINVAL);
    query = provider_query(classic_noaccess(), L"localhost");
    CHECK_FAILS(BEGIN(&provider_id, &query, &handle), WSAEFAULT);
    query = provider_query(&host_by_name, classic_noaccess());
    CHECK_FAILS(BEGIN(&provider_id, &query, &handle), WSAEFAULT);
    open_ended[0] = open_ended[1] = open_ended[2] = open_ended[3] = L'x';
    query.lpszServiceInstanceName = open_ended;
    CHECK_FAILS(BEGIN(&provider_id, &query, &handle), WSAEFAULT);
    memset(endless, 1, sizeof endless - sizeof endless[0]);
    query.lpszServiceInstanceName = endless;
    CHECK_FAILS(BEGIN(&provider_id, &query, &handle), WSAEINVAL);
    query.lpszServiceInstanceName = (WCHAR*) L"\x4E2D\x6587.invalid";
    if (GetACP() == 1252)
        CHECK_FAILS(BEGIN(&provider_id, &query, &handle), WSAEINVAL);
    query = provider_query(&host_by_name, L"localhost");
    query.dwNameSpace = NS_SAP;
    CHECK_FAILS(BEGIN(&provider_id, &query, &handle), WSAEINVAL);
    CHECK_FAILS(provider_table.NSPLookupServiceNext(NULL, 0, &size, NULL), WSA_INVALID_HANDLE);
    CHECK_FAILS(provider_table.NSPLookupServiceNext((HANDLE) 0x12345678, 0, &size, NULL),
                WSA_INVALID_HANDLE);
    CHECK_FAILS(provider_table.NSPLookupServiceEnd(classic_noaccess()), WSA_INVALID_HANDLE);
    query = provider_query(&host_by_name, L"localhost");
    assert_int_equal(BEGIN(&provider_id, &query, &handle), 0);
    CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, 0, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, 0, classic_noaccess(), NULL),
                WSAEFAULT);
    size = 5000;
    CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, 0, &size, classic_noaccess()),
                WSAEFAULT);
    CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, 0, &size, NULL), WSAEFAULT);
    assert_int_equal(provider_table.NSPLookupServiceEnd(handle), 0);
    CHECK_FAILS(provider_table.NSPLookupServiceEnd(handle), WSA_INVALID_HANDLE);
}

static void class_information(void** state) {
    WSASERVICECLASSINFOW small = {0};
    WSASERVICECLASSINFOW* info;
    DWORD size = 0;
    (void) state;
    small.lpServiceClassId = &ftp;
    CHECK_FAILS(provider_table.NSPGetServiceClassInfo(&provider_id, &size, &small), WSAEFAULT);
    info = classic_block(size);
    info->lpServiceClassId = &ftp;
    assert_int_equal(provider_table.NSPGetServiceClassInfo(&provider_id, &size, info), 0);
    assert_memory_equal(info->lpServiceClassId, &ftp, sizeof ftp);
    assert_int_equal(wcscmp(info->lpszServiceClassName, L"ftp"), 0);
    assert_int_equal(info->dwCount, 1);
    assert_int_equal(wcscmp(info->lpClassInfos->lpszName, SERVICE_TYPE_VALUE_TCPPORTW), 0);
    assert_int_equal(info->lpClassInfos->dwValueType, REG_DWORD);
    assert_int_equal(info->lpClassInfos->dwValueSize, sizeof(DWORD));
    assert_int_equal(*(DWORD*) info->lpClassInfos->lpValue, 21);
    small.lpServiceClassId = &unknown;
    CHECK_FAILS(provider_table.NSPGetServiceClassInfo(&provider_id, &size, &small),
                WSATYPE_NOT_FOUND);
    small.lpServiceClassId = NULL;
    CHECK_FAILS(provider_table.NSPGetServiceClassInfo(&provider_id, &size, &small), WSAEINVAL);
    small.lpServiceClassId = classic_noaccess();
    CHECK_FAILS(provider_table.NSPGetServiceClassInfo(&provider_id, &size, &small), WSAEFAULT);
    CHECK_FAILS(provider_table.NSPGetServiceClassInfo(&provider_id, NULL, &small), WSAEINVAL);
    CHECK_FAILS(provider_table.NSPGetServiceClassInfo(&provider_id, &size, NULL), WSAEINVAL);
    CHECK_FAILS(provider_table.NSPGetServiceClassInfo(NULL, &size, &small), WSAEINVAL);
}

/* DNS has no place for what these would keep. */
static void what_is_not_served(void** state) {
    WSAQUERYSETW service = provider_query(&ftp, L"localhost");
    WSASERVICECLASSINFOW info = {0};
    (void) state;
    CHECK_FAILS(provider_table.NSPSetService(&provider_id, NULL, &service, RNRSERVICE_REGISTER, 0),
                WSAEOPNOTSUPP);
    CHECK_FAILS(provider_table.NSPSetService(&provider_id, NULL, NULL, RNRSERVICE_REGISTER, 0),
                WSAEINVAL);
    CHECK_FAILS(
        provider_table.NSPSetService(&provider_id, NULL, &service, (WSAESETSERVICEOP) 17, 0),
        WSAEINVAL);
    CHECK_FAILS(provider_table.NSPInstallServiceClass(&provider_id, &info), WSAEOPNOTSUPP);
    CHECK_FAILS(provider_table.NSPInstallServiceClass(&provider_id, NULL), WSAEINVAL);
    CHECK_FAILS(provider_table.NSPRemoveServiceClass(&provider_id, &ftp), WSAEOPNOTSUPP);
    CHECK_FAILS(provider_table.NSPRemoveServiceClass(&provider_id, NULL), WSAEINVAL);
}

#define WITH_PROVIDER(test) cmocka_unit_test_setup_teardown(test, provider_open, provider_close)

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_sizes),        cmocka_unit_test(start_bad_arguments),
        cmocka_unit_test(starts_are_counted), WITH_PROVIDER(results_one_by_one),
        WITH_PROVIDER(flags_of_both),         WITH_PROVIDER(query_bad_arguments),
        WITH_PROVIDER(class_information),     WITH_PROVIDER(what_is_not_served),
    };
    if (!classic_start(argc, argv))
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
