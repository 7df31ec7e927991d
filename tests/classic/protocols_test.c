/* SPDX-License-Identifier: MIT */

/* EnumProtocols, by Microsoft's page on it. */

#include "classic.h"

static int both_tcp_udp[] = {IPPROTO_TCP, IPPROTO_UDP, 0};

static DWORD needed(int* list, int wide) {
    DWORD size = 0;
    WSASetLastError(0);
    assert_int_equal(wide ? CLASSIC(EnumProtocolsW)(list, NULL, &size)
                          : CLASSIC(EnumProtocolsA)(list, NULL, &size),
                     SOCKET_ERROR);
    assert_int_equal(WSAGetLastError(), ERROR_INSUFFICIENT_BUFFER);
    return size;
}

static void all_protocols(void** state) {
    DWORD size = needed(NULL, 0);
    PROTOCOL_INFOA* info = classic_block(size);
    int count = CLASSIC(EnumProtocolsA)(NULL, info, &size);
    int i, tcp = 0, udp = 0;
    (void) state;
    assert_true(count >= 2);
    for (i = 0; i < count; i++) {
        const char* name = info[i].lpProtocol;
        /* The name lies in the buffer, behind the structures. */
        assert_true(name >= (char*) (info + count) && name < (char*) info + size);
        assert_true(name + strlen(name) < (char*) info + size);
        if (info[i].iProtocol == IPPROTO_TCP && info[i].iAddressFamily == AF_INET) {
            tcp++;
            assert_int_equal(info[i].iSocketType, SOCK_STREAM);
            assert_int_equal(info[i].iMaxSockAddr, sizeof(struct sockaddr_in));
            assert_int_equal(info[i].dwMessageSize, 0);
            assert_true(info[i].dwServiceFlags & XP_GUARANTEED_DELIVERY);
            assert_true(info[i].dwServiceFlags & XP_GUARANTEED_ORDER);
            assert_true(info[i].dwServiceFlags & XP_GRACEFUL_CLOSE);
            assert_false(info[i].dwServiceFlags & (XP_CONNECTIONLESS | XP_MESSAGE_ORIENTED));
        }
        if (info[i].iProtocol == IPPROTO_UDP && info[i].iAddressFamily == AF_INET) {
            udp++;
            assert_int_equal(info[i].iSocketType, SOCK_DGRAM);
            assert_true(info[i].dwServiceFlags & XP_CONNECTIONLESS);
            assert_true(info[i].dwServiceFlags & XP_MESSAGE_ORIENTED);
            assert_true(info[i].dwServiceFlags & XP_FRAGMENTATION);
            assert_true(info[i].dwServiceFlags & XP_SUPPORTS_BROADCAST);
            assert_true(info[i].dwServiceFlags & XP_SUPPORTS_MULTICAST);
        }
    }
    assert_int_equal(tcp, 1);
    assert_int_equal(udp, 1);
}

/* The same records in both kinds of characters. */
static void wide_and_narrow(void** state) {
    DWORD size = needed(NULL, 0), wide_size = needed(NULL, 1);
    PROTOCOL_INFOA* narrow = classic_block(size);
    PROTOCOL_INFOW* wide = classic_block(wide_size);
    int count = CLASSIC(EnumProtocolsA)(NULL, narrow, &size);
    int i;
    (void) state;
    assert_true(wide_size > size);
    assert_int_equal(CLASSIC(EnumProtocolsW)(NULL, wide, &wide_size), count);
    for (i = 0; i < count; i++) {
        char name[256];
        assert_memory_equal(&narrow[i], &wide[i], offsetof(PROTOCOL_INFOA, lpProtocol));
        WideCharToMultiByte(CP_ACP, 0, wide[i].lpProtocol, -1, name, sizeof name, NULL, NULL);
        assert_string_equal(narrow[i].lpProtocol, name);
    }
}

static void listed_protocols(void** state) {
    int only_tcp[] = {IPPROTO_TCP, 0}, none[] = {0}, unknown[] = {12345, 0};
    DWORD size = needed(both_tcp_udp, 0);
    PROTOCOL_INFOA* info = classic_block(size);
    int i, count, streams;
    (void) state;
    assert_true(size < needed(NULL, 0));
    count = CLASSIC(EnumProtocolsA)(both_tcp_udp, info, &size);
    assert_true(count >= 2);
    for (i = 0; i < count; i++)
        assert_true(info[i].iProtocol == IPPROTO_TCP || info[i].iProtocol == IPPROTO_UDP);
    streams = CLASSIC(EnumProtocolsA)(only_tcp, info, &size);
    assert_true(streams > 0 && streams < count);
    for (i = 0; i < streams; i++)
        assert_int_equal(info[i].iProtocol, IPPROTO_TCP);
    assert_int_equal(CLASSIC(EnumProtocolsA)(none, info, &size), 0);
    assert_int_equal(CLASSIC(EnumProtocolsA)(unknown, info, &size), 0);
    size = 0;
    assert_int_equal(CLASSIC(EnumProtocolsW)(unknown, NULL, &size), 0);
}

static void buffer_too_small(void** state) {
    DWORD exact = needed(NULL, 0), size;
    char* block = classic_block(exact);
    (void) state;
    for (size = 0; size < exact; size += exact / 7 + 1) {
        DWORD given = size;
        CHECK_FAILS(CLASSIC(EnumProtocolsA)(NULL, block + exact - size, &given),
                    ERROR_INSUFFICIENT_BUFFER);
        assert_int_equal(given, exact);
    }
    size = exact - 1;
    CHECK_FAILS(CLASSIC(EnumProtocolsA)(NULL, block, &size), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(size, exact);
    assert_true(CLASSIC(EnumProtocolsA)(NULL, block, &size) >= 2);
    size = exact + 1000;
    assert_true(CLASSIC(EnumProtocolsA)(NULL, block, &size) >= 2);
    assert_int_equal(size, exact);
}

static void bad_pointers(void** state) {
    int* open_ended = classic_block(2 * sizeof(int));
    static char buffer[8192];
    DWORD size = sizeof buffer;
    (void) state;
    open_ended[0] = open_ended[1] = IPPROTO_TCP;
    CHECK_FAILS(CLASSIC(EnumProtocolsA)(NULL, buffer, NULL), WSAEFAULT);
    CHECK_FAILS(CLASSIC(EnumProtocolsA)(NULL, buffer, classic_noaccess()), WSAEFAULT);
    CHECK_FAILS(CLASSIC(EnumProtocolsA)(classic_noaccess(), buffer, &size), WSAEFAULT);
    CHECK_FAILS(CLASSIC(EnumProtocolsA)(open_ended, buffer, &size), WSAEFAULT);
    CHECK_FAILS(CLASSIC(EnumProtocolsA)(NULL, NULL, &size), WSAEFAULT);
    CHECK_FAILS(CLASSIC(EnumProtocolsW)(NULL, classic_noaccess(), &size), WSAEFAULT);
    assert_int_equal(size, sizeof buffer);
}

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_protocols),    cmocka_unit_test(wide_and_narrow),
        cmocka_unit_test(listed_protocols), cmocka_unit_test(buffer_too_small),
        cmocka_unit_test(bad_pointers),
    };
    if (!classic_start(argc, argv))
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
