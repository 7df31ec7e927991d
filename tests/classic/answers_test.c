/* SPDX-License-Identifier: MIT */

/* What the name-space provider that NSPStartup gives out answers, by Microsoft's pages on it and
 * "Compatible Name Resolution for TCP/IP in the Windows Sockets 1.1 SPI". */

#include "provider.h"

static GUID host_by_name = SVCID_INET_HOSTADDRBYNAME;
static GUID host_by_address = SVCID_INET_HOSTADDRBYINETSTRING;
static GUID service_by_name = SVCID_INET_SERVICEBYNAME;
static GUID host_name = SVCID_HOSTNAME;
static GUID dns_a = SVCID_DNS(1), dns_aaaa = SVCID_DNS(28), dns_mx = SVCID_DNS(15);
static GUID ftp = SVCID_FTP_TCP, tftp = SVCID_TFTP_UDP, netware = SVCID_NETWARE(4);
static GUID unknown = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};

static WSAQUERYSETW* ask(GUID* class_id, const WCHAR* name, DWORD flags) {
    int error;
    WSAQUERYSETW* result = provider_ask(&provider_table, class_id, name, flags, &error);
    assert_int_equal(error, 0);
    assert_non_null(result);
    assert_int_equal(result->dwSize, sizeof *result);
    assert_int_equal(result->dwNameSpace, NS_DNS);
    assert_memory_equal(result->lpNSProviderId, &provider_id, sizeof(GUID));
    return result;
}

static int ask_error(GUID* class_id, const WCHAR* name, DWORD flags) {
    int error;
    assert_null(provider_ask(&provider_table, class_id, name, flags, &error));
    return error;
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
        provider_table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_ADDR, &handle),
        0);
    {
        DWORD size = 0;
        CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, 0, &size, NULL), WSANO_DATA);
    }
    assert_int_equal(provider_table.NSPLookupServiceEnd(handle), 0);
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
        provider_table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_ADDR, &handle),
        0);
    assert_int_equal(provider_table.NSPLookupServiceNext(handle, 0, &size, result), 0);
    check_address(result->lpcsaBuffer, 0, SOCK_DGRAM, IPPROTO_UDP);
    provider_table.NSPLookupServiceEnd(handle);
    query.dwNumberOfProtocols = 1;
    query.lpafpProtocols = &foreign;
    CHECK_FAILS(
        provider_table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_ADDR, &handle),
        WSANO_DATA);
    query.lpafpProtocols = classic_noaccess();
    CHECK_FAILS(
        provider_table.NSPLookupServiceBegin(&provider_id, &query, NULL, LUP_RETURN_ADDR, &handle),
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

/* Each alias is a result of its own; the file hosts has some. */
static void aliases(void** state) {
    WSAQUERYSETW query = provider_query(&host_by_name, L"two");
    static WSAQUERYSETW result[16];
    DWORD size = sizeof result;
    HANDLE handle;
    (void) state;
    classic_write("hosts", "192.0.2.7 one two three\n192.0.2.8 one\n");
    query.dwNameSpace = NS_TCPIP_HOSTS;
    assert_int_equal(provider_table.NSPLookupServiceBegin(
                         &provider_id, &query, NULL,
                         LUP_RETURN_NAME | LUP_RETURN_ADDR | LUP_RETURN_ALIASES, &handle),
                     0);
    assert_int_equal(provider_table.NSPLookupServiceNext(handle, 0, &size, result), 0);
    assert_int_equal(wcscmp(result->lpszServiceInstanceName, L"one"), 0);
    assert_int_equal(result->dwOutputFlags, 0);
    assert_int_equal(result->dwNumberOfCsAddrs, 1);
    assert_int_equal(provider_table.NSPLookupServiceNext(handle, 0, &size, result), 0);
    assert_int_equal(wcscmp(result->lpszServiceInstanceName, L"two"), 0);
    assert_int_equal(result->dwOutputFlags, RESULT_IS_ALIAS);
    assert_int_equal(result->dwNumberOfCsAddrs, 0);
    assert_int_equal(provider_table.NSPLookupServiceNext(handle, 0, &size, result), 0);
    assert_int_equal(wcscmp(result->lpszServiceInstanceName, L"three"), 0);
    CHECK_FAILS(provider_table.NSPLookupServiceNext(handle, 0, &size, result), WSA_E_NO_MORE);
    assert_int_equal(provider_table.NSPLookupServiceEnd(handle), 0);
}

static int put_back_hosts(void** state) {
    classic_restore("hosts");
    return provider_close(state);
}

#define WITH_PROVIDER(test) cmocka_unit_test_setup_teardown(test, provider_open, provider_close)

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(blob_of_a_host),
        WITH_PROVIDER(addresses_of_a_host),
        WITH_PROVIDER(addresses_of_a_service),
        WITH_PROVIDER(addresses_of_ipv6),
        WITH_PROVIDER(protocols_restrict),
        WITH_PROVIDER(name_of_an_address),
        WITH_PROVIDER(services),
        WITH_PROVIDER(name_of_this_machine),
        WITH_PROVIDER(what_nobody_knows),
        cmocka_unit_test_setup_teardown(aliases, provider_open, put_back_hosts),
    };
    if (!classic_start(argc, argv))
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
