/* SPDX-License-Identifier: MIT */

/* GetAddressByName, GetService, SetService, GetTypeByName and GetNameByType, by Microsoft's pages
 * on them. */

#include "classic.h"

#include <svcguid.h>

static GUID ftp = SVCID_FTP_TCP, tftp = SVCID_TFTP_UDP, host_by_name = SVCID_INET_HOSTADDRBYNAME;
static GUID host_name = SVCID_HOSTNAME, netware = SVCID_NETWARE(4), no_port = SVCID_TCP(65001);

#define BY_NAME CLASSIC(GetAddressByNameA)
#define BY_NAME_W CLASSIC(GetAddressByNameW)

static CSADDR_INFO* find(DWORD name_space, GUID* type, char* name, int* protocols, DWORD resolution,
                         int* count) {
    CSADDR_INFO* found;
    DWORD size = 0;
    CHECK_FAILS(
        BY_NAME(name_space, type, name, protocols, resolution, NULL, NULL, &size, NULL, NULL),
        ERROR_INSUFFICIENT_BUFFER);
    found = classic_block(size);
    size--;
    CHECK_FAILS(
        BY_NAME(name_space, type, name, protocols, resolution, NULL, found, &size, NULL, NULL),
        ERROR_INSUFFICIENT_BUFFER);
    *count = BY_NAME(name_space, type, name, protocols, resolution, NULL, found, &size, NULL, NULL);
    return found;
}

static int find_error(DWORD name_space, GUID* type, char* name, int* protocols) {
    static char buffer[4096];
    DWORD size = sizeof buffer;
    WSASetLastError(0);
    assert_int_equal(BY_NAME(name_space, type, name, protocols, 0, NULL, buffer, &size, NULL, NULL),
                     SOCKET_ERROR);
    return WSAGetLastError();
}

static void check_name(const SOCKET_ADDRESS* named, u_long address, u_short port) {
    const struct sockaddr_in* name = (struct sockaddr_in*) named->lpSockaddr;
    assert_int_equal(named->iSockaddrLength, sizeof *name);
    assert_int_equal(name->sin_family, AF_INET);
    assert_int_equal(name->sin_addr.s_addr, address);
    assert_int_equal(name->sin_port, htons(port));
}

static void address_of_a_service(void** state) {
    int count;
    CSADDR_INFO* found = find(NS_DEFAULT, &ftp, "localhost", NULL, 0, &count);
    (void) state;
    assert_int_equal(count, 1);
    assert_int_equal(found->iSocketType, SOCK_STREAM);
    assert_int_equal(found->iProtocol, IPPROTO_TCP);
    check_name(&found->RemoteAddr, htonl(INADDR_LOOPBACK), 21);
    check_name(&found->LocalAddr, INADDR_ANY, 0);
    found = find(NS_DNS, &tftp, "localhost", NULL, RES_FIND_MULTIPLE, &count);
    assert_int_equal(count, 1);
    assert_int_equal(found->iSocketType, SOCK_DGRAM);
    assert_int_equal(found->iProtocol, IPPROTO_UDP);
    check_name(&found->RemoteAddr, htonl(INADDR_LOOPBACK), 69);
}

/* A host alone can be reached by each protocol, unless the caller names some. */
static void address_of_a_host(void** state) {
    int udp[] = {IPPROTO_UDP, 0}, both[] = {IPPROTO_UDP, IPPROTO_TCP, 0}, none[] = {0};
    int count;
    CSADDR_INFO* found = find(NS_DEFAULT, &host_by_name, "localhost", NULL, 0, &count);
    (void) state;
    assert_int_equal(count, 2);
    assert_int_equal(found[0].iProtocol, IPPROTO_TCP);
    assert_int_equal(found[1].iProtocol, IPPROTO_UDP);
    check_name(&found[0].RemoteAddr, htonl(INADDR_LOOPBACK), 0);
    check_name(&found[1].RemoteAddr, htonl(INADDR_LOOPBACK), 0);
    found = find(NS_DEFAULT, &host_name, "localhost", udp, 0, &count);
    assert_int_equal(count, 1);
    assert_int_equal(found->iProtocol, IPPROTO_UDP);
    find(NS_DEFAULT, &host_name, "localhost", both, 0, &count);
    assert_int_equal(count, 2);
    assert_int_equal(find_error(NS_DEFAULT, &host_by_name, "localhost", none),
                     ERROR_SERVICE_NOT_FOUND);
    assert_int_equal(find_error(NS_DEFAULT, &ftp, "localhost", udp), ERROR_SERVICE_NOT_FOUND);
}

static void address_to_bind_to(void** state) {
    int count;
    CSADDR_INFO* found = find(NS_DEFAULT, &ftp, NULL, NULL, 0, &count);
    (void) state;
    assert_int_equal(count, 1);
    check_name(&found->LocalAddr, INADDR_ANY, 21);
    /* With RES_SERVICE the name is ignored. */
    found = find(NS_DEFAULT, &ftp, classic_noaccess(), NULL, RES_SERVICE, &count);
    assert_int_equal(count, 1);
    check_name(&found->LocalAddr, INADDR_ANY, 21);
}

static int put_back(void** state) {
    (void) state;
    classic_restore("hosts");
    return 0;
}

static void name_spaces(void** state) {
    int count;
    CSADDR_INFO* found;
    (void) state;
    classic_write("hosts", "192.0.2.7 one two three\n192.0.2.8 one\n2001:db8::1 one six\n");
    found = find(NS_TCPIP_HOSTS, &ftp, "ONE", NULL, 0, &count);
    assert_int_equal(count, 2);
    check_name(&found[0].RemoteAddr, inet_addr("192.0.2.7"), 21);
    check_name(&found[1].RemoteAddr, inet_addr("192.0.2.8"), 21);
    assert_int_equal(find_error(NS_TCPIP_LOCAL, &ftp, "one", NULL), ERROR_SERVICE_NOT_FOUND);
    assert_int_equal(find_error(NS_TCPIP_HOSTS, &ftp, "localhost", NULL), ERROR_SERVICE_NOT_FOUND);
    assert_int_equal(find_error(NS_TCPIP_HOSTS, &ftp, "six", NULL), ERROR_SERVICE_NOT_FOUND);
    found = find(NS_TCPIP_LOCAL, &ftp, "localhost", NULL, 0, &count);
    assert_int_equal(count, 1);
    check_name(&found->RemoteAddr, htonl(INADDR_LOOPBACK), 21);
    find(NS_TCPIP_LOCAL, &ftp, "", NULL, 0, &count);
    assert_true(count > 0);
}

static void aliases(void** state) {
    static char addresses[4096];
    char* names;
    WCHAR* wide;
    DWORD size = sizeof addresses, length = 0, needed;
    (void) state;
    classic_write("hosts", "192.0.2.7 one two three\n");
#define ASK(names, length) \
    BY_NAME(NS_TCPIP_HOSTS, &ftp, "two", NULL, 0, NULL, addresses, &size, names, length)
    CHECK_FAILS(ASK(addresses, &length), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(length, sizeof "one\0two\0three\0");
    names = classic_block(length);
    needed = length;
    length--;
    CHECK_FAILS(ASK(names, &length), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(length, needed);
    assert_int_equal(ASK(names, &length), 1);
    assert_memory_equal(names, "one\0two\0three\0", length);
    wide = classic_block(length * sizeof *wide);
    size = sizeof addresses;
    assert_int_equal(
        BY_NAME_W(NS_TCPIP_HOSTS, &ftp, L"two", NULL, 0, NULL, addresses, &size, wide, &length), 1);
    assert_int_equal(length, needed);
    assert_memory_equal(wide, L"one\0two\0three\0", length * sizeof *wide);
    /* What has no name has two zeros. */
    length = 2;
    size = sizeof addresses;
    assert_int_equal(
        BY_NAME(NS_DEFAULT, &ftp, NULL, NULL, 0, NULL, addresses, &size, names, &length), 1);
    assert_int_equal(length, 2);
    assert_memory_equal(names, "\0\0", 2);
}

static void services_not_found(void** state) {
    (void) state;
    assert_int_equal(find_error(NS_DEFAULT, &ftp, "no-such-host.invalid", NULL),
                     ERROR_SERVICE_NOT_FOUND);
    assert_int_equal(find_error(NS_DEFAULT, &netware, "localhost", NULL), ERROR_SERVICE_NOT_FOUND);
    assert_int_equal(find_error(NS_SAP, &ftp, "localhost", NULL), ERROR_SERVICE_NOT_FOUND);
    assert_int_equal(find_error(12345, &ftp, "localhost", NULL), ERROR_SERVICE_NOT_FOUND);
}

static void addresses_bad_arguments(void** state) {
    static char buffer[4096], endless[1000];
    static SERVICE_ASYNC_INFO async;
    DWORD size = sizeof buffer, length = 100;
    char* bad = classic_noaccess();
    int* open_ended = classic_block(sizeof(int));
    (void) state;
    *open_ended = 12345;
    memset(endless, 'x', sizeof endless - 1);
#define TRY(type, name, protocols, async, buffer, size, names, length) \
    BY_NAME(NS_DEFAULT, type, name, protocols, 0, async, buffer, size, names, length)
    CHECK_FAILS(TRY(NULL, "localhost", NULL, NULL, buffer, &size, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(TRY((GUID*) bad, "localhost", NULL, NULL, buffer, &size, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(TRY(&ftp, bad, NULL, NULL, buffer, &size, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(TRY(&ftp, endless, NULL, NULL, buffer, &size, NULL, NULL), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(TRY(&ftp, "localhost", (int*) bad, NULL, buffer, &size, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(TRY(&ftp, "localhost", open_ended, NULL, buffer, &size, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(TRY(&ftp, "localhost", NULL, &async, buffer, &size, NULL, NULL),
                ERROR_INVALID_PARAMETER);
    CHECK_FAILS(TRY(&ftp, "localhost", NULL, NULL, NULL, &size, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(TRY(&ftp, "localhost", NULL, NULL, bad, &size, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(TRY(&ftp, "localhost", NULL, NULL, buffer, NULL, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(TRY(&ftp, "localhost", NULL, NULL, buffer, (DWORD*) bad, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(TRY(&ftp, "localhost", NULL, NULL, buffer, &size, bad, &length), WSAEFAULT);
    CHECK_FAILS(TRY(&ftp, "localhost", NULL, NULL, buffer, &size, buffer, NULL), WSAEFAULT);
    CHECK_FAILS(TRY(&ftp, "localhost", NULL, NULL, buffer, &size, buffer, (DWORD*) bad), WSAEFAULT);
}

static void services_are_described(void** state) {
    NS_SERVICE_INFOA* found;
    NS_SERVICE_INFOW* wide;
    SERVICE_ADDRESSES* addresses;
    DWORD size = 0, needed;
    (void) state;
    CHECK_FAILS(CLASSIC(GetServiceA)(NS_DEFAULT, &ftp, "localhost", PROP_ALL, NULL, &size, NULL),
                ERROR_INSUFFICIENT_BUFFER);
    found = classic_block(size);
    needed = size;
    size--;
    CHECK_FAILS(CLASSIC(GetServiceA)(NS_DEFAULT, &ftp, "localhost", PROP_ALL, found, &size, NULL),
                ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(size, needed);
    assert_int_equal(
        CLASSIC(GetServiceA)(NS_DEFAULT, &ftp, "localhost", PROP_ALL, found, &size, NULL), 1);
    assert_int_equal(found->dwNameSpace, NS_DNS);
    assert_memory_equal(found->ServiceInfo.lpServiceType, &ftp, sizeof ftp);
    assert_string_equal(found->ServiceInfo.lpServiceName, "localhost");
    assert_string_equal(found->ServiceInfo.lpMachineName, "localhost");
    addresses = found->ServiceInfo.lpServiceAddress;
    assert_int_equal(addresses->dwAddressCount, 1);
    assert_int_equal(addresses->Addresses[0].dwAddressType, AF_INET);
    assert_int_equal(addresses->Addresses[0].dwAddressLength, sizeof(struct sockaddr_in));
    assert_int_equal(((struct sockaddr_in*) addresses->Addresses[0].lpAddress)->sin_port,
                     htons(21));
    /* Less is asked for. */
    size = needed;
    assert_int_equal(
        CLASSIC(GetServiceA)(NS_DEFAULT, &ftp, "localhost", PROP_MACHINE, found, &size, NULL), 1);
    assert_true(size < needed);
    assert_null(found->ServiceInfo.lpServiceAddress);
    size = 0;
    CHECK_FAILS(CLASSIC(GetServiceW)(NS_DNS, &ftp, L"localhost", PROP_ALL, NULL, &size, NULL),
                ERROR_INSUFFICIENT_BUFFER);
    wide = classic_block(size);
    assert_int_equal(CLASSIC(GetServiceW)(NS_DNS, &ftp, L"localhost", PROP_ALL, wide, &size, NULL),
                     1);
    assert_int_equal(wcscmp(wide->ServiceInfo.lpServiceName, L"localhost"), 0);
    assert_int_equal(wcscmp(wide->ServiceInfo.lpMachineName, L"localhost"), 0);
}

/* "The function return value is zero in this case." */
static void services_are_not_described(void** state) {
    static char buffer[4096];
    static SERVICE_ASYNC_INFO async;
    DWORD size = sizeof buffer;
    (void) state;
    WSASetLastError(0);
    assert_int_equal(CLASSIC(GetServiceA)(NS_SAP, &ftp, "localhost", PROP_ALL, buffer, &size, NULL),
                     0);
    assert_int_equal(WSAGetLastError(), ERROR_SERVICE_NOT_FOUND);
    WSASetLastError(0);
    assert_int_equal(CLASSIC(GetServiceA)(NS_DEFAULT, &ftp, "no-such-host.invalid", PROP_ALL,
                                          buffer, &size, NULL),
                     0);
    assert_int_equal(WSAGetLastError(), ERROR_SERVICE_NOT_FOUND);
#define DESCRIBE CLASSIC(GetServiceA)
    CHECK_FAILS(DESCRIBE(NS_DNS, &ftp, NULL, PROP_ALL, buffer, &size, NULL), WSAEFAULT);
    CHECK_FAILS(DESCRIBE(NS_DNS, NULL, "localhost", PROP_ALL, buffer, &size, NULL), WSAEFAULT);
    CHECK_FAILS(DESCRIBE(NS_DNS, &ftp, classic_noaccess(), PROP_ALL, buffer, &size, NULL),
                WSAEFAULT);
    CHECK_FAILS(DESCRIBE(NS_DNS, &ftp, "localhost", PROP_ALL, classic_noaccess(), &size, NULL),
                WSAEFAULT);
    CHECK_FAILS(DESCRIBE(NS_DNS, &ftp, "localhost", PROP_ALL, buffer, NULL, NULL), WSAEFAULT);
    CHECK_FAILS(DESCRIBE(NS_DNS, &ftp, "localhost", PROP_ALL, buffer, &size, &async),
                ERROR_INVALID_PARAMETER);
}

/* No name space here keeps services, and none says that it did. */
static void services_are_not_set(void** state) {
    SERVICE_INFOA service = {0};
    SERVICE_INFOW wide = {0};
    SERVICE_ASYNC_INFO async;
    DWORD operation, status = 0;
    (void) state;
    service.lpServiceType = wide.lpServiceType = &ftp;
    for (operation = SERVICE_REGISTER; operation <= SERVICE_DELETE_TYPE; operation++) {
        status = 0;
        CHECK_FAILS(CLASSIC(SetServiceA)(NS_DEFAULT, operation, 0, &service, NULL, &status),
                    WSAEOPNOTSUPP);
        assert_int_equal(status, SET_SERVICE_PARTIAL_SUCCESS);
    }
    CHECK_FAILS(
        CLASSIC(SetServiceW)(NS_DNS, SERVICE_REGISTER, SERVICE_FLAG_HARD, &wide, NULL, &status),
        WSAEOPNOTSUPP);
#define SET CLASSIC(SetServiceA)
    CHECK_FAILS(SET(NS_DNS, 0, 0, &service, NULL, &status), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(SET(NS_DNS, 6, 0, &service, NULL, &status), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(SET(NS_DNS, SERVICE_FLUSH, SERVICE_FLAG_DEFER, &service, NULL, &status),
                ERROR_INVALID_PARAMETER);
    CHECK_FAILS(SET(NS_DNS, SERVICE_REGISTER, 4, &service, NULL, &status), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(SET(NS_DNS, SERVICE_REGISTER, 0, &service, &async, &status),
                ERROR_INVALID_PARAMETER);
    CHECK_FAILS(SET(NS_SAP, SERVICE_REGISTER, 0, &service, NULL, &status), ERROR_SERVICE_NOT_FOUND);
    CHECK_FAILS(SET(NS_DNS, SERVICE_REGISTER, 0, NULL, NULL, &status), WSAEFAULT);
    CHECK_FAILS(SET(NS_DNS, SERVICE_REGISTER, 0, classic_noaccess(), NULL, &status), WSAEFAULT);
    CHECK_FAILS(SET(NS_DNS, SERVICE_REGISTER, 0, &service, NULL, NULL), WSAEFAULT);
}

static void types_by_name(void** state) {
    GUID type;
    (void) state;
    assert_int_equal(CLASSIC(GetTypeByNameA)("ftp", &type), 0);
    assert_memory_equal(&type, &ftp, sizeof type);
    assert_int_equal(CLASSIC(GetTypeByNameW)(L"TFTP", &type), 0);
    assert_memory_equal(&type, &tftp, sizeof type);
    assert_int_equal(CLASSIC(GetTypeByNameA)("Hostname", &type), 0);
    assert_memory_equal(&type, &host_name, sizeof type);
    CHECK_FAILS(CLASSIC(GetTypeByNameA)("MY SNA SERVER", &type), ERROR_SERVICE_DOES_NOT_EXIST);
    CHECK_FAILS(CLASSIC(GetTypeByNameA)("", &type), ERROR_SERVICE_DOES_NOT_EXIST);
    CHECK_FAILS(CLASSIC(GetTypeByNameA)(NULL, &type), WSAEFAULT);
    CHECK_FAILS(CLASSIC(GetTypeByNameA)(classic_noaccess(), &type), WSAEFAULT);
    CHECK_FAILS(CLASSIC(GetTypeByNameA)("ftp", NULL), WSAEFAULT);
    CHECK_FAILS(CLASSIC(GetTypeByNameW)(L"ftp", classic_noaccess()), WSAEFAULT);
}

static void names_by_type(void** state) {
    char* name = classic_block(4);
    WCHAR* wide = classic_block(5 * sizeof(WCHAR));
    (void) state;
    assert_int_not_equal(CLASSIC(GetNameByTypeA)(&ftp, name, 4), SOCKET_ERROR);
    assert_string_equal(name, "ftp");
    assert_int_not_equal(CLASSIC(GetNameByTypeW)(&tftp, wide, 10), SOCKET_ERROR);
    assert_int_equal(wcscmp(wide, L"tftp"), 0);
    CHECK_FAILS(CLASSIC(GetNameByTypeA)(&ftp, name, 3), ERROR_INSUFFICIENT_BUFFER);
    CHECK_FAILS(CLASSIC(GetNameByTypeW)(&tftp, wide, 9), ERROR_INSUFFICIENT_BUFFER);
    CHECK_FAILS(CLASSIC(GetNameByTypeA)(&no_port, name, 4), ERROR_SERVICE_DOES_NOT_EXIST);
    CHECK_FAILS(CLASSIC(GetNameByTypeA)(&netware, name, 4), ERROR_SERVICE_DOES_NOT_EXIST);
    CHECK_FAILS(CLASSIC(GetNameByTypeA)(NULL, name, 4), WSAEFAULT);
    CHECK_FAILS(CLASSIC(GetNameByTypeA)(classic_noaccess(), name, 4), WSAEFAULT);
    CHECK_FAILS(CLASSIC(GetNameByTypeA)(&ftp, NULL, 4), WSAEFAULT);
    CHECK_FAILS(CLASSIC(GetNameByTypeW)(&ftp, classic_noaccess(), 100), WSAEFAULT);
}

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_of_a_service),
        cmocka_unit_test(address_of_a_host),
        cmocka_unit_test(address_to_bind_to),
        cmocka_unit_test_teardown(name_spaces, put_back),
        cmocka_unit_test_teardown(aliases, put_back),
        cmocka_unit_test(services_not_found),
        cmocka_unit_test(addresses_bad_arguments),
        cmocka_unit_test(services_are_described),
        cmocka_unit_test(services_are_not_described),
        cmocka_unit_test(services_are_not_set),
        cmocka_unit_test(types_by_name),
        cmocka_unit_test(names_by_type),
    };
    if (!classic_start(argc, argv))
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
