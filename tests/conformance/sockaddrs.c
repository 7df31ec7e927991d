/* SPDX-License-Identifier: MIT */
#include "conformance.h"

/* GetAcceptExSockaddrs. The page gives it no way to fail; what it makes of a buffer that no
 * AcceptEx has filled is that it gives nothing which lies outside of it. */

#define SOCKADDRS__MARK ((struct sockaddr*) (ULONG_PTR) 0x1234)

struct sockaddrs__result {
    struct sockaddr* local;
    struct sockaddr* remote;
    int local_length;
    int remote_length;
};

static struct sockaddrs__result sockaddrs__get(void* buffer, DWORD data, DWORD local,
                                               DWORD remote) {
    LPFN_GETACCEPTEXSOCKADDRS sockaddrs = conf_sockaddrs_pointer();
    struct sockaddrs__result r = {SOCKADDRS__MARK, SOCKADDRS__MARK, -77, -77};

    SetLastError(4711);
    sockaddrs(buffer, data, local, remote, &r.local, &r.local_length, &r.remote, &r.remote_length);
    CHECK_EQ(GetLastError(), 4711);
    return r;
}

static void sockaddrs__check_none(const struct sockaddrs__result* r) {
    CHECK(r->local == NULL);
    CHECK(r->remote == NULL);
    CHECK_EQ(r->local_length, 0);
    CHECK_EQ(r->remote_length, 0);
}

/* Any lengths that the page allows, odd ones included, so that nothing is aligned. */
static void sockaddrs__lengths(int family, DWORD data, DWORD local_more, DWORD remote_more) {
    struct conf_acceptance a;

    conf_acceptance_open(&a, family);
    a.receive_length = data;
    a.local_length += local_more;
    a.remote_length += remote_more;
    a.buffer = conf_before_noaccess(a.room, data + a.local_length + a.remote_length);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    if (data != 0)
        CHECK_EQ(send(a.client, "data", 4, 0), 4);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    conf_acceptance_addresses(&a);
    closesocket(a.client);
    closesocket(a.acceptor);
    closesocket(a.listener);
}

static void sockaddrs__all_lengths(int family) {
    static const DWORD data[] = {0, 1, 3, 4, 100, 255};
    size_t i;

    for (i = 0; i < sizeof data / sizeof *data; i++) {
        sockaddrs__lengths(family, data[i], 0, 0);
        sockaddrs__lengths(family, data[i], 1, 0);
        sockaddrs__lengths(family, data[i], 0, 3);
        sockaddrs__lengths(family, data[i], 13, 100);
    }
}

CONF_TEST(sockaddrs_lengths) {
    sockaddrs__all_lengths(AF_INET);
}

CONF_TEST(sockaddrs_lengths_ipv6) {
    conf_need_ipv6();
    sockaddrs__all_lengths(AF_INET6);
}

/* The same as getsockname() and getpeername() tell, to the last byte. */
static void sockaddrs__same(int family) {
    struct conf_acceptance a;
    struct sockaddrs__result r;
    struct sockaddr_storage name;
    int length = sizeof name;

    conf_acceptance_open(&a, family);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    conf_acceptance_update(&a);
    r = sockaddrs__get(a.buffer, 0, a.local_length, a.remote_length);
    CHECK_EQ(getsockname(a.acceptor, (struct sockaddr*) &name, &length), 0);
    CHECK_EQ(r.local_length, length);
    CHECK(memcmp(r.local, &name, (size_t) length) == 0);
    length = sizeof name;
    CHECK_EQ(getpeername(a.acceptor, (struct sockaddr*) &name, &length), 0);
    CHECK_EQ(r.remote_length, length);
    CHECK(memcmp(r.remote, &name, (size_t) length) == 0);
}

CONF_TEST(sockaddrs_same_names) {
    sockaddrs__same(AF_INET);
}

CONF_TEST(sockaddrs_same_names_ipv6) {
    conf_need_ipv6();
    sockaddrs__same(AF_INET6);
}

CONF_TEST(sockaddrs_null_buffer) {
    struct sockaddrs__result r = sockaddrs__get(NULL, 0, 32, 32);

    sockaddrs__check_none(&r);
}

CONF_TEST(sockaddrs_unreadable_buffer) {
    struct sockaddrs__result r = sockaddrs__get(conf_noaccess(), 0, 32, 32);

    sockaddrs__check_none(&r);
    r = sockaddrs__get(conf_before_noaccess("", 63), 0, 32, 32);
    sockaddrs__check_none(&r);
}

CONF_TEST(sockaddrs_readonly_buffer) {
    struct sockaddrs__result r = sockaddrs__get(conf_readonly(), 0, 32, 32);

    sockaddrs__check_none(&r);
}

CONF_TEST(sockaddrs_null_outputs) {
    struct conf_acceptance a;
    struct sockaddr* address = NULL;
    int length = 0;
    unsigned mask;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    conf_acceptance_connect(&a);
    CHECK_EQ(conf_acceptance_wait(&a, NULL), 0);
    for (mask = 0; mask < 16; mask++)
        conf_sockaddrs_pointer()(a.buffer, 0, 32, 32, mask & 1 ? &address : NULL,
                                 mask & 2 ? &length : NULL, mask & 4 ? &address : NULL,
                                 mask & 8 ? &length : NULL);
    CHECK(address != NULL);
    CHECK_EQ(length, sizeof(struct sockaddr_in));
}

CONF_TEST(sockaddrs_unwritable_outputs) {
    char buffer[64] = {0};

    conf_sockaddrs_pointer()(buffer, 0, 32, 32, conf_noaccess(), conf_readonly(), conf_readonly(),
                             conf_noaccess());
}

CONF_TEST(sockaddrs_overflow) {
    static const DWORD lengths[][3] = {
        {0xFFFFFFFF, 32, 32}, {0xFFFFFFC0, 32, 32},         {0, 0xFFFFFFFF, 32},
        {0, 32, 0xFFFFFFFF},  {0x80000000, 0x80000000, 32}, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}};
    char* buffer = conf_before_noaccess("", 64);
    size_t i;

    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct sockaddrs__result r =
            sockaddrs__get(buffer, lengths[i][0], lengths[i][1], lengths[i][2]);
        sockaddrs__check_none(&r);
    }
}

/* A length that is found in the buffer is never believed beyond what was reserved. */
CONF_TEST(sockaddrs_hostile) {
    char content[64];
    char* buffer;
    int i;

    for (i = 0; i < 256; i++) {
        struct sockaddrs__result r;

        memset(content, i, sizeof content);
        buffer = conf_before_noaccess(content, sizeof content);
        r = sockaddrs__get(buffer, 0, 32, 32);
        CHECK(r.local_length >= 0 && r.remote_length >= 0);
        CHECK(r.local == NULL
                  ? r.local_length == 0
                  : (char*) r.local >= buffer && (char*) r.local + r.local_length <= buffer + 32);
        CHECK(r.remote == NULL ? r.remote_length == 0
                               : (char*) r.remote >= buffer + 32 &&
                                     (char*) r.remote + r.remote_length <= buffer + 64);
        VirtualFree((void*) ((ULONG_PTR) buffer & ~(ULONG_PTR) 0xFFFF), 0, MEM_RELEASE);
    }
}

static void sockaddrs__length_field(int length, BOOL good) {
    char content[64] = {0};
    struct sockaddrs__result r;

    memcpy(content + 32, &length, sizeof length);
    r = sockaddrs__get(conf_before_noaccess(content, sizeof content), 0, 32, 32);
    CHECK_EQ(r.remote != NULL, good);
    CHECK_EQ(r.remote_length, good ? length : 0);
}

CONF_TEST(sockaddrs_length_fields) {
    sockaddrs__length_field(16, TRUE);
    sockaddrs__length_field(28, TRUE);
    sockaddrs__length_field(29, FALSE);
    sockaddrs__length_field(1, FALSE);
    sockaddrs__length_field(0, FALSE);
    sockaddrs__length_field(-1, FALSE);
    sockaddrs__length_field(INT_MAX, FALSE);
    sockaddrs__length_field(INT_MIN, FALSE);
}

CONF_TEST(sockaddrs_short_lengths) {
    char content[8] = {16};
    struct sockaddrs__result r;
    DWORD i;

    for (i = 1; i <= 4; i++) {
        r = sockaddrs__get(conf_before_noaccess(content, 2 * i), 0, i, i);
        sockaddrs__check_none(&r);
    }
    r = sockaddrs__get(content, 8, 0, 0);
    CHECK(r.local == SOCKADDRS__MARK && r.remote == SOCKADDRS__MARK);
    CHECK(r.local_length == -77 && r.remote_length == -77);
}

/* After an operation that failed or goes on, the buffer is as the program left it. */
CONF_TEST(sockaddrs_unfinished) {
    struct conf_acceptance a;
    struct sockaddrs__result r;

    conf_acceptance_open(&a, AF_INET);
    conf_acceptance_start(&a);
    r = sockaddrs__get(a.buffer, 0, 32, 32);
    sockaddrs__check_none(&r);
    CHECK(conf_cancel((HANDLE) a.listener, &a.overlapped));
    CHECK_EQ(conf_acceptance_wait(&a, NULL), WSA_OPERATION_ABORTED);
    r = sockaddrs__get(a.buffer, 0, 32, 32);
    sockaddrs__check_none(&r);
}

/* The names that mswsock.dll exports do what the pointers do that WSAIoctl gives. */
CONF_TEST(sockaddrs_exports) {
    HMODULE module = LoadLibraryW(L"mswsock.dll");
    struct sockaddrs__result r = {SOCKADDRS__MARK, SOCKADDRS__MARK, -77, -77};
    SOCKET s = conf_tcp(AF_INET);
    LPFN_GETACCEPTEXSOCKADDRS sockaddrs;
    LPFN_ACCEPTEX accept_ex;
    FARPROC functions[2];
    DWORD bytes;

    CHECK(module != NULL);
    functions[0] = GetProcAddress(module, "GetAcceptExSockaddrs");
    functions[1] = GetProcAddress(module, "AcceptEx");
    memcpy(&sockaddrs, &functions[0], sizeof sockaddrs);
    memcpy(&accept_ex, &functions[1], sizeof accept_ex);
    sockaddrs(NULL, 0, 32, 32, &r.local, &r.local_length, &r.remote, &r.remote_length);
    sockaddrs__check_none(&r);
    CHECK_EQ(accept_ex(s, s, NULL, 0, 32, 32, &bytes, NULL), FALSE);
    CHECK_EQ(WSAGetLastError(), ERROR_INVALID_PARAMETER);
    closesocket(s);
}
