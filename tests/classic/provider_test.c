/* SPDX-License-Identifier: MIT */

/* The name-space provider that NSPStartup gives out, by Microsoft's pages on it, its functions, and
 * "Compatible Name Resolution for TCP/IP in the Windows Sockets 1.1 SPI". */

#include "provider.h"

#define START CLASSIC(NSPStartup)

static GUID host_by_name = SVCID_INET_HOSTADDRBYNAME;
static GUID host_by_address = SVCID_INET_HOSTADDRBYINETSTRING;
static GUID service_by_name = SVCID_INET_SERVICEBYNAME;
static GUID host_name = SVCID_HOSTNAME;
static GUID dns_a = SVCID_DNS(1), dns_aaaa = SVCID_DNS(28), dns_mx = SVCID_DNS(15);
static GUID ftp = SVCID_FTP_TCP, tftp = SVCID_TFTP_UDP, netware = SVCID_NETWARE(4);
static GUID location = {
    0x6642243A, 0x3BA8, 0x4AA6, {0xBA, 0xA5, 0x2E, 0x0B, 0xD7, 0x1F, 0xDD, 0x83}};
static GUID unknown = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};

static NSP_ROUTINE table;

static int start(void** state) {
    (void) state;
    memset(&table, 0, sizeof table);
    table.cbSize = sizeof table;
    return START(&provider_id, &table);
}

static int clean_up(void** state) {
    (void) state;
    return table.NSPCleanup(&provider_id);
}

static WSAQUERYSETW* ask(GUID* class_id, const WCHAR* name, DWORD flags) {
    int error;
    WSAQUERYSETW* result = provider_ask(&table, class_id, name, flags, &error);
    assert_int_equal(error, 0);
    assert_non_null(result);
    assert_int_equal(result->dwSize, sizeof *result);
    assert_int_equal(result->dwNameSpace, NS_DNS);
    assert_memory_equal(result->lpNSProviderId, &provider_id, sizeof(GUID));
    return result;
}

static int ask_error(GUID* class_id, const WCHAR* name, DWORD flags) {
    int error;
    assert_null(provider_ask(&table, class_id, name, flags, &error));
    return error;
}

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

static void check_loopback(const struct hostent* entry) {
    struct in_addr loopback;
    loopback.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(entry->h_addrtype, AF_INET);
    assert_int_equal(entry->h_length, 4);
    assert_non_null(entry->h_addr_list[0]);
    assert_memory_equal(entry->h_addr_list[0], &loopback, 4);
}

static void blob_of_a_host(void** state) {
    WSAQUERYSETW* result = ask(&host_by_name, L"localhost", LUP_RETURN_NAME | LUP_RETURN_BLOB);
    struct hostent* entry = provider_unpack_host(result->lpBlob);
    (void) state;
    check_loopback(entry);
    assert_string_equal(entry->h_name, "localhost");
    assert_int_equal(wcscmp(result->lpszServiceInstanceName, L"localhost"), 0);
    assert_int_equal(result->dwNumberOfCsAddrs, 0);
    assert_null(result->lpcsaBuffer);
    assert_null(result->lpServiceClassId);
}

static void check_address(const CSADDR_INFO* info, u_short port, int type, int protocol) {
    const struct sockaddr_in* remote = (struct sockaddr_in*) info->RemoteAddr.lpSockaddr;
    const struct sockaddr_in* local = (struct sockaddr_in*) info->LocalAddr.lpSockaddr;
    assert_int_equal(info->iSocketType, type);
    assert_int_equal(info->iProtocol, protocol);
    assert_int_equal(info->RemoteAddr.iSockaddrLength, sizeof *remote);
    assert_int_equal(info->LocalAddr.iSockaddrLength, sizeof *local);
    assert_int_equal(remote->sin_family, AF_INET);
    assert_int_equal(remote->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    assert_int_equal(remote->sin_port, htons(port));
    assert_int_equal(local->sin_family, AF_INET);
    assert_int_equal(local->sin_addr.s_addr, INADDR_ANY);
    assert_int_equal(local->sin_port, 0);
}

static void addresses_of_a_host(void** state) {
    WSAQUERYSETW* result = ask(&host_by_name, L"localhost", LUP_RETURN_ADDR | LUP_RETURN_TYPE);
    (void) state;
    assert_int_equal(result->dwNumberOfCsAddrs, 1);
    check_address(result->lpcsaBuffer, 0, SOCK_STREAM, IPPROTO_TCP);
    assert_memory_equal(result->lpServiceClassId, &host_by_name, sizeof(GUID));
    assert_null(result->lpszServiceInstanceName);
    assert_null(result->lpBlob);
    result = ask(&dns_a, L"localhost", LUP_RETURN_ADDR);
    check_address(result->lpcsaBuffer, 0, SOCK_STREAM, IPPROTO_TCP);
}

static void addresses_of_a_service(void** state) {
    WSAQUERYSETW* result = ask(&ftp, L"localhost", LUP_RETURN_ADDR | LUP_RETURN_NAME);
    (void) state;
    check_address(result->lpcsaBuffer, 21, SOCK_STREAM, IPPROTO_TCP);
    result = ask(&tftp, L"127.0.0.1", LUP_RETURN_ADDR);
    check_address(result->lpcsaBuffer, 69, SOCK_DGRAM, IPPROTO_UDP);
    /* With LUP_RES_SERVICE the address is the one to bind to. */
    result = ask(&ftp, L"localhost", LUP_RETURN_ADDR | LUP_RES_SERVICE);
    assert_int_equal(((struct sockaddr_in*) result->lpcsaBuffer->LocalAddr.lpSockaddr)->sin_port,
                     htons(21));
}

/* IPv6: asked for by its own class, or by a restriction to it. */
static void addresses_of_ipv6(void** state) {
    AFPROTOCOLS protocols = {AF_INET6, IPPROTO_UDP};
    WSAQUERYSETW query = provider_query(&host_by_name, L"localhost");
    WSAQUERYSETW* result = ask(&dns_aaaa, L"::1", LUP_RETURN_ADDR | LUP_RETURN_BLOB);
    struct hostent* entry = provider_unpack_host(result->lpBlob);
    HANDLE handle;
    (void) state;
    assert_int_equal(entry->h_addrtype, AF_INET6);
    assert_int_equal(entry->h_length, 16);
    assert_memory_equal(entry->h_addr_list[0], "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    assert_int_equal(result->lpcsaBuffer->RemoteAddr.iSockaddrLength, sizeof(struct sockaddr_in6));
    query.dwNumberOfProtocols = 1;
    query.lpafpProtocols = &protocols;
    assert_int_equal(
        table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_ADDR, &handle), 0);
    {
        DWORD size = 0;
        CHECK_FAILS(table.NSPLookupServiceNext(handle, 0, &size, NULL), WSANO_DATA);
    }
    assert_int_equal(table.NSPLookupServiceEnd(handle), 0);
}

static void protocols_restrict(void** state) {
    AFPROTOCOLS protocols[2] = {{AF_INET, IPPROTO_UDP}, {AF_INET, IPPROTO_TCP}};
    AFPROTOCOLS foreign = {AF_IPX, 0};
    WSAQUERYSETW query = provider_query(&host_by_name, L"localhost");
    static WSAQUERYSETW result[16];
    DWORD size = sizeof result;
    HANDLE handle;
    (void) state;
    query.dwNumberOfProtocols = 2;
    query.lpafpProtocols = protocols;
    assert_int_equal(
        table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_ADDR, &handle), 0);
    assert_int_equal(table.NSPLookupServiceNext(handle, 0, &size, result), 0);
    check_address(result->lpcsaBuffer, 0, SOCK_DGRAM, IPPROTO_UDP);
    table.NSPLookupServiceEnd(handle);
    query.dwNumberOfProtocols = 1;
    query.lpafpProtocols = &foreign;
    CHECK_FAILS(table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_ADDR, &handle),
                WSANO_DATA);
    query.lpafpProtocols = classic_noaccess();
    CHECK_FAILS(table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_ADDR, &handle),
                WSAEFAULT);
}

static void name_of_an_address(void** state) {
    WSAQUERYSETW* result =
        ask(&host_by_address, L"127.0.0.1", LUP_RETURN_NAME | LUP_RETURN_BLOB | LUP_RETURN_ADDR);
    (void) state;
    assert_int_equal(wcscmp(result->lpszServiceInstanceName, L"localhost"), 0);
    check_address(result->lpcsaBuffer, 0, SOCK_STREAM, IPPROTO_TCP);
    check_loopback(provider_unpack_host(result->lpBlob));
    assert_int_equal(ask_error(&host_by_address, L"127.0.0", LUP_RETURN_NAME), WSAEINVAL);
    assert_int_equal(ask_error(&host_by_address, L"localhost", LUP_RETURN_NAME), WSAEINVAL);
    assert_int_equal(ask_error(&host_by_address, NULL, LUP_RETURN_NAME), WSAEINVAL);
}

static void check_service(const WCHAR* name, int port, const char* protocol, GUID* class_id) {
    WSAQUERYSETW* result =
        ask(&service_by_name, name, LUP_RETURN_NAME | LUP_RETURN_BLOB | LUP_RETURN_TYPE);
    struct servent* entry = provider_unpack_service(result->lpBlob);
    WCHAR wide[64];
    assert_int_equal((u_short) entry->s_port, htons((u_short) port));
    assert_string_equal(entry->s_proto, protocol);
    MultiByteToWideChar(CP_ACP, 0, entry->s_name, -1, wide, 64);
    assert_int_equal(wcscmp(result->lpszServiceInstanceName, wide), 0);
    assert_memory_equal(result->lpServiceClassId, class_id, sizeof(GUID));
}

static void services(void** state) {
    (void) state;
    check_service(L"ftp/tcp", 21, "tcp", &ftp);
    check_service(L"21/tcp", 21, "tcp", &ftp);
    check_service(L"ftp", 21, "tcp", &ftp);
    check_service(L"ftp/", 21, "tcp", &ftp);
    check_service(L"tftp/udp", 69, "udp", &tftp);
    check_service(L"69/udp", 69, "udp", &tftp);
    assert_int_equal(ask_error(&service_by_name, L"tftp/none", LUP_RETURN_BLOB), WSANO_DATA);
    assert_int_equal(ask_error(&service_by_name, L"no-such-service", LUP_RETURN_BLOB), WSANO_DATA);
    assert_int_equal(ask_error(&service_by_name, L"/tcp", LUP_RETURN_BLOB), WSANO_DATA);
    assert_int_equal(ask_error(&service_by_name, NULL, LUP_RETURN_BLOB), WSAEINVAL);
}

static void name_of_this_machine(void** state) {
    WSAQUERYSETW* result = ask(&host_name, NULL, LUP_RETURN_NAME);
    char name[256];
    WCHAR wide[256];
    (void) state;
    assert_int_equal(gethostname(name, sizeof name), 0);
    MultiByteToWideChar(CP_ACP, 0, name, -1, wide, 256);
    assert_int_equal(_wcsicmp(result->lpszServiceInstanceName, wide), 0);
    assert_null(result->lpBlob);
    result = ask(&host_name, NULL, LUP_RETURN_NAME | LUP_RETURN_ADDR);
    assert_true(result->dwNumberOfCsAddrs > 0);
    /* gethostbyname(NULL) asks for a host without a name. */
    result = ask(&host_by_name, NULL, LUP_RETURN_BLOB);
    assert_non_null(provider_unpack_host(result->lpBlob)->h_addr_list[0]);
}

static void what_nobody_knows(void** state) {
    (void) state;
    assert_int_equal(ask_error(&host_by_name, L"no-such-host.invalid", LUP_RETURN_BLOB),
                     WSASERVICE_NOT_FOUND);
    assert_int_equal(ask_error(&unknown, L"localhost", LUP_RETURN_ALL), WSASERVICE_NOT_FOUND);
    assert_int_equal(ask_error(&netware, L"localhost", LUP_RETURN_ALL), WSASERVICE_NOT_FOUND);
    assert_int_equal(ask_error(&dns_mx, L"localhost", LUP_RETURN_ALL), WSAEOPNOTSUPP);
    assert_int_equal(ask_error(&host_by_name, L"localhost", LUP_CONTAINERS), WSANO_DATA);
}

/* One result, then no more, also after a result that was passed over. */
static void results_one_by_one(void** state) {
    WSAQUERYSETW query = provider_query(&host_by_name, L"localhost");
    static WSAQUERYSETW result[16];
    DWORD size = 0, room = sizeof result;
    HANDLE handle;
    (void) state;
    assert_int_equal(
        table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_BLOB, &handle), 0);
    CHECK_FAILS(table.NSPLookupServiceNext(handle, 0, &size, result), WSAEFAULT);
    assert_true(size > sizeof *result && size <= sizeof result);
    assert_int_equal(table.NSPLookupServiceNext(handle, 0, &room, result), 0);
    CHECK_FAILS(table.NSPLookupServiceNext(handle, 0, &room, result), WSA_E_NO_MORE);
    CHECK_FAILS(table.NSPLookupServiceNext(handle, LUP_FLUSHPREVIOUS, &room, result),
                WSA_E_NO_MORE);
    assert_int_equal(table.NSPLookupServiceEnd(handle), 0);
    assert_int_equal(
        table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_BLOB, &handle), 0);
    size = 0;
    CHECK_FAILS(table.NSPLookupServiceNext(handle, 0, &size, result), WSAEFAULT);
    CHECK_FAILS(table.NSPLookupServiceNext(handle, LUP_FLUSHPREVIOUS, &room, result),
                WSA_E_NO_MORE);
    assert_int_equal(table.NSPLookupServiceEnd(handle), 0);
}

/* Each alias is a result of its own; the file hosts has some. */
static void aliases(void** state) {
    WSAQUERYSETW query = provider_query(&host_by_name, L"two");
    static WSAQUERYSETW result[16];
    DWORD size = sizeof result;
    HANDLE handle;
    (void) state;
    classic_write("hosts", "192.0.2.7 one two three\n192.0.2.8 one\n");
    query.dwNameSpace = NS_TCPIP_HOSTS;
    assert_int_equal(table.NSPLookupServiceBegin(
                         &provider_id, &query, NULL,
                         LUP_RETURN_NAME | LUP_RETURN_ADDR | LUP_RETURN_ALIASES, &handle),
                     0);
    assert_int_equal(table.NSPLookupServiceNext(handle, 0, &size, result), 0);
    assert_int_equal(wcscmp(result->lpszServiceInstanceName, L"one"), 0);
    assert_int_equal(result->dwOutputFlags, 0);
    assert_int_equal(result->dwNumberOfCsAddrs, 1);
    assert_int_equal(table.NSPLookupServiceNext(handle, 0, &size, result), 0);
    assert_int_equal(wcscmp(result->lpszServiceInstanceName, L"two"), 0);
    assert_int_equal(result->dwOutputFlags, RESULT_IS_ALIAS);
    assert_int_equal(result->dwNumberOfCsAddrs, 0);
    assert_int_equal(table.NSPLookupServiceNext(handle, 0, &size, result), 0);
    assert_int_equal(wcscmp(result->lpszServiceInstanceName, L"three"), 0);
    CHECK_FAILS(table.NSPLookupServiceNext(handle, 0, &size, result), WSA_E_NO_MORE);
    assert_int_equal(table.NSPLookupServiceEnd(handle), 0);
}

static int put_back_hosts(void** state) {
    classic_restore("hosts");
    return clean_up(state);
}

/* What is asked for behind the beginning can only be less. */
static void flags_of_both(void** state) {
    WSAQUERYSETW query = provider_query(&host_by_name, L"localhost");
    static WSAQUERYSETW result[16];
    DWORD size = sizeof result;
    HANDLE handle;
    (void) state;
    assert_int_equal(table.NSPLookupServiceBegin(&provider_id, &query, NULL,
                                                 LUP_RETURN_NAME | LUP_RETURN_ADDR, &handle),
                     0);
    assert_int_equal(
        table.NSPLookupServiceNext(handle, LUP_RETURN_NAME | LUP_RETURN_BLOB, &size, result), 0);
    assert_non_null(result->lpszServiceInstanceName);
    assert_null(result->lpcsaBuffer);
    assert_null(result->lpBlob);
    assert_int_equal(table.NSPLookupServiceEnd(handle), 0);
}

static void query_bad_arguments(void** state) {
    WSAQUERYSETW query = provider_query(&host_by_name, L"localhost");
    static WCHAR endless[5000];
    WCHAR* open_ended = classic_block(8);
    HANDLE handle;
    DWORD size = 0;
    (void) state;
#define BEGIN(id, query, handle) \
    table.NSPLookupServiceBegin(id, query, NULL, LUP_RETURN_ALL, handle)
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
    CHECK_FAILS(table.NSPLookupServiceNext(NULL, 0, &size, NULL), WSA_INVALID_HANDLE);
    CHECK_FAILS(table.NSPLookupServiceNext((HANDLE) 0x12345678, 0, &size, NULL),
                WSA_INVALID_HANDLE);
    CHECK_FAILS(table.NSPLookupServiceEnd(classic_noaccess()), WSA_INVALID_HANDLE);
    query = provider_query(&host_by_name, L"localhost");
    assert_int_equal(BEGIN(&provider_id, &query, &handle), 0);
    CHECK_FAILS(table.NSPLookupServiceNext(handle, 0, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(table.NSPLookupServiceNext(handle, 0, classic_noaccess(), NULL), WSAEFAULT);
    size = 5000;
    CHECK_FAILS(table.NSPLookupServiceNext(handle, 0, &size, classic_noaccess()), WSAEFAULT);
    CHECK_FAILS(table.NSPLookupServiceNext(handle, 0, &size, NULL), WSAEFAULT);
    assert_int_equal(table.NSPLookupServiceEnd(handle), 0);
    CHECK_FAILS(table.NSPLookupServiceEnd(handle), WSA_INVALID_HANDLE);
}

static void class_information(void** state) {
    WSASERVICECLASSINFOW small = {0};
    WSASERVICECLASSINFOW* info;
    DWORD size = 0;
    (void) state;
    small.lpServiceClassId = &ftp;
    CHECK_FAILS(table.NSPGetServiceClassInfo(&provider_id, &size, &small), WSAEFAULT);
    info = classic_block(size);
    info->lpServiceClassId = &ftp;
    assert_int_equal(table.NSPGetServiceClassInfo(&provider_id, &size, info), 0);
    assert_memory_equal(info->lpServiceClassId, &ftp, sizeof ftp);
    assert_int_equal(wcscmp(info->lpszServiceClassName, L"ftp"), 0);
    assert_int_equal(info->dwCount, 1);
    assert_int_equal(wcscmp(info->lpClassInfos->lpszName, SERVICE_TYPE_VALUE_TCPPORTW), 0);
    assert_int_equal(info->lpClassInfos->dwValueType, REG_DWORD);
    assert_int_equal(info->lpClassInfos->dwValueSize, sizeof(DWORD));
    assert_int_equal(*(DWORD*) info->lpClassInfos->lpValue, 21);
    small.lpServiceClassId = &unknown;
    CHECK_FAILS(table.NSPGetServiceClassInfo(&provider_id, &size, &small), WSATYPE_NOT_FOUND);
    small.lpServiceClassId = NULL;
    CHECK_FAILS(table.NSPGetServiceClassInfo(&provider_id, &size, &small), WSAEINVAL);
    small.lpServiceClassId = classic_noaccess();
    CHECK_FAILS(table.NSPGetServiceClassInfo(&provider_id, &size, &small), WSAEFAULT);
    CHECK_FAILS(table.NSPGetServiceClassInfo(&provider_id, NULL, &small), WSAEINVAL);
    CHECK_FAILS(table.NSPGetServiceClassInfo(&provider_id, &size, NULL), WSAEINVAL);
    CHECK_FAILS(table.NSPGetServiceClassInfo(NULL, &size, &small), WSAEINVAL);
}

/* DNS has no place for what these would keep. */
static void what_is_not_served(void** state) {
    WSAQUERYSETW service = provider_query(&ftp, L"localhost");
    WSASERVICECLASSINFOW info = {0};
    (void) state;
    CHECK_FAILS(table.NSPSetService(&provider_id, NULL, &service, RNRSERVICE_REGISTER, 0),
                WSAEOPNOTSUPP);
    CHECK_FAILS(table.NSPSetService(&provider_id, NULL, NULL, RNRSERVICE_REGISTER, 0), WSAEINVAL);
    CHECK_FAILS(table.NSPSetService(&provider_id, NULL, &service, (WSAESETSERVICEOP) 17, 0),
                WSAEINVAL);
    CHECK_FAILS(table.NSPInstallServiceClass(&provider_id, &info), WSAEOPNOTSUPP);
    CHECK_FAILS(table.NSPInstallServiceClass(&provider_id, NULL), WSAEINVAL);
    CHECK_FAILS(table.NSPRemoveServiceClass(&provider_id, &ftp), WSAEOPNOTSUPP);
    CHECK_FAILS(table.NSPRemoveServiceClass(&provider_id, NULL), WSAEINVAL);
}

#define WITH_PROVIDER(test) cmocka_unit_test_setup_teardown(test, start, clean_up)

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_sizes),
        cmocka_unit_test(start_bad_arguments),
        cmocka_unit_test(starts_are_counted),
        WITH_PROVIDER(blob_of_a_host),
        WITH_PROVIDER(addresses_of_a_host),
        WITH_PROVIDER(addresses_of_a_service),
        WITH_PROVIDER(addresses_of_ipv6),
        WITH_PROVIDER(protocols_restrict),
        WITH_PROVIDER(name_of_an_address),
        WITH_PROVIDER(services),
        WITH_PROVIDER(name_of_this_machine),
        WITH_PROVIDER(what_nobody_knows),
        WITH_PROVIDER(results_one_by_one),
        cmocka_unit_test_setup_teardown(aliases, start, put_back_hosts),
        WITH_PROVIDER(flags_of_both),
        WITH_PROVIDER(query_bad_arguments),
        WITH_PROVIDER(class_information),
        WITH_PROVIDER(what_is_not_served),
    };
    if (!classic_start(argc, argv))
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
