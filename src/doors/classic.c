/* SPDX-License-Identifier: MIT */
#include <winsock2.h>
#include <windows.h>
#include <mswsock.h>

#include "ext/database.h"
#include "ext/legacy.h"
#include "ext/namespace.h"
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

static int classic__find_addresses(DWORD name_space, GUID* type, void* name, int* protocols,
                                   DWORD resolution, void* async, void* addresses,
                                   DWORD* addresses_size, void* aliases, DWORD* aliases_length,
                                   int wide) {
    struct namespace_request request;
    request.name_space = name_space;
    request.type = type;
    request.name = name;
    request.protocols = protocols;
    request.resolution = resolution;
    request.async = async;
    request.addresses = addresses;
    request.addresses_size = addresses_size;
    request.aliases = aliases;
    request.aliases_length = aliases_length;
    request.wide = wide;
    return namespace_find_addresses(&request);
}

int WINAPI classic_GetAddressByNameA(DWORD name_space, GUID* type, char* name, int* protocols,
                                     DWORD resolution, void* async, void* addresses,
                                     DWORD* addresses_size, char* aliases, DWORD* aliases_length) {
    return classic__find_addresses(name_space, type, name, protocols, resolution, async, addresses,
                                   addresses_size, aliases, aliases_length, 0);
}

int WINAPI classic_GetServiceA(DWORD name_space, GUID* type, char* name, DWORD properties,
                               void* buffer, DWORD* size, void* async) {
    return namespace_describe(name_space, type, name, properties, buffer, size, async, 0);
}

int WINAPI classic_SetServiceA(DWORD name_space, DWORD operation, DWORD flags, void* service,
                               void* async, DWORD* status) {
    return namespace_set(name_space, operation, flags, service, async, status);
}

int WINAPI classic_GetTypeByNameA(char* name, GUID* type) {
    return namespace_find_type(name, type, 0);
}

int WINAPI classic_GetNameByTypeA(GUID* type, char* room, DWORD size) {
    return namespace_find_name(type, room, size, 0);
}

int WINAPI classic_GetAddressByNameW(DWORD name_space, GUID* type, WCHAR* name, int* protocols,
                                     DWORD resolution, void* async, void* addresses,
                                     DWORD* addresses_size, WCHAR* aliases, DWORD* aliases_length) {
    return classic__find_addresses(name_space, type, name, protocols, resolution, async, addresses,
                                   addresses_size, aliases, aliases_length, 1);
}

int WINAPI classic_GetServiceW(DWORD name_space, GUID* type, WCHAR* name, DWORD properties,
                               void* buffer, DWORD* size, void* async) {
    return namespace_describe(name_space, type, name, properties, buffer, size, async, 1);
}

int WINAPI classic_SetServiceW(DWORD name_space, DWORD operation, DWORD flags, void* service,
                               void* async, DWORD* status) {
    return namespace_set(name_space, operation, flags, service, async, status);
}

int WINAPI classic_GetTypeByNameW(WCHAR* name, GUID* type) {
    return namespace_find_type(name, type, 1);
}

int WINAPI classic_GetNameByTypeW(GUID* type, WCHAR* room, DWORD size) {
    return namespace_find_name(type, room, size, 1);
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

CLASSIC__REFUSE(MigrateWinsockConfiguration, 3)
CLASSIC__REFUSE(NPLoadNameSpaces, 3)
CLASSIC__REFUSE(ServiceMain, 2)
CLASSIC__REFUSE(StartWsdpService, 0)
CLASSIC__REFUSE(StopWsdpService, 0)
CLASSIC__REFUSE(SvchostPushServiceGlobals, 1)
CLASSIC__REFUSE(sethostname, 2)

/* A provider that cannot start returns its error instead of setting it. */
int WINAPI classic_WSPStartup(CLASSIC__19);
int WINAPI classic_WSPStartup(CLASSIC__19) {
    return WSAEPROVIDERFAILEDINIT;
}
