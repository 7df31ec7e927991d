/* SPDX-License-Identifier: MIT */
#include <winsock2.h>
#include <windows.h>
#include <mswsock.h>

#include "ext/database.h"
#include "ext/legacy.h"
#include "ext/protocols.h"
#include "ext/provider.h"
#include "ext/remote.h"
#include "ext/recvmsg.h"
#include "host/host.h"

/* The names that mswsock.dll itself exports and that are no extension functions; the work is done
 * elsewhere. The prototypes are those of the SDK's headers, and of BSD's for the functions that
 * come from there. */

int PASCAL classic_WSARecvEx(SOCKET s, char* buffer, int length, int* flags) {
    return recvmsg_receive(s, buffer, length, flags);
}

int WINAPI classic_EnumProtocolsA(int* list, void* buffer, DWORD* length) {
    return protocols_enumerate(list, buffer, length, 0);
}

int WINAPI classic_EnumProtocolsW(int* list, void* buffer, DWORD* length) {
    return protocols_enumerate(list, buffer, length, 1);
}

int WINAPI classic_dn_expand(const unsigned char* message, const unsigned char* end,
                             const unsigned char* name, char* text, int length) {
    return legacy_expand_name(message, end, name, text, length);
}

struct netent* WINAPI classic_getnetbyname(const char* name) {
    return database_network(name);
}

u_long WINAPI classic_inet_network(const char* text) {
    return legacy_network(text);
}

void WINAPI classic_s_perror(const char* message) {
    legacy_print_error(message);
}

int WINAPI classic_NSPStartup(GUID* id, NSP_ROUTINE* table) {
    return provider_start(id, table);
}

SOCKET WINAPI classic_rcmd(char** name, int port, const char* local_user, const char* remote_user,
                           const char* command, int* errors) {
    return remote_command(name, port, local_user, remote_user, command, errors);
}

SOCKET WINAPI classic_rexec(char** name, int port, const char* user, const char* password,
                            const char* command, int* errors) {
    return remote_execute(name, port, user, password, command, errors);
}

SOCKET WINAPI classic_rresvport(int* port) {
    return remote_bind_reserved(port);
}

static int classic__refuse(void) {
    WSASetLastError(WSAEOPNOTSUPP);
    return SOCKET_ERROR;
}

/* The names that nothing stands behind yet. Their arguments are not looked at, and only their
 * number matters: it is part of an export's calling convention on 32-bit x86. */
#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif

#define CLASSIC__0 void
#define CLASSIC__1 void* a
#define CLASSIC__2 CLASSIC__1, void* b
#define CLASSIC__3 CLASSIC__2, void* c
#define CLASSIC__5 CLASSIC__3, void *d, void *e
#define CLASSIC__6 CLASSIC__5, void* f
#define CLASSIC__7 CLASSIC__6, void* g
#define CLASSIC__10 CLASSIC__7, void *h, void *i, void *j
#define CLASSIC__19 \
    CLASSIC__10, void *k, void *l, void *m, void *n, void *o, void *p, void *q, void *r, void *s

#define CLASSIC__REFUSE(name, count) \
    int WINAPI classic_##name(CLASSIC__##count); \
    int WINAPI classic_##name(CLASSIC__##count) { \
        return classic__refuse(); \
    }

CLASSIC__REFUSE(GetAddressByNameA, 10)
CLASSIC__REFUSE(GetAddressByNameW, 10)
CLASSIC__REFUSE(GetNameByTypeA, 3)
CLASSIC__REFUSE(GetNameByTypeW, 3)
CLASSIC__REFUSE(GetServiceA, 7)
CLASSIC__REFUSE(GetServiceW, 7)
CLASSIC__REFUSE(GetTypeByNameA, 2)
CLASSIC__REFUSE(GetTypeByNameW, 2)
CLASSIC__REFUSE(MigrateWinsockConfiguration, 3)
CLASSIC__REFUSE(NPLoadNameSpaces, 3)
CLASSIC__REFUSE(ServiceMain, 2)
CLASSIC__REFUSE(SetServiceA, 6)
CLASSIC__REFUSE(SetServiceW, 6)
CLASSIC__REFUSE(StartWsdpService, 0)
CLASSIC__REFUSE(StopWsdpService, 0)
CLASSIC__REFUSE(SvchostPushServiceGlobals, 1)
CLASSIC__REFUSE(sethostname, 2)

/* A provider that cannot start returns its error instead of setting it. */
int WINAPI classic_WSPStartup(CLASSIC__19);
int WINAPI classic_WSPStartup(CLASSIC__19) {
    return WSAEPROVIDERFAILEDINIT;
}
