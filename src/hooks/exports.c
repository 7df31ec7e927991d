/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/memory.h"
#include "classic/database.h"
#include "classic/legacy.h"
#include "classic/namespace.h"
#include "classic/nsp.h"
#include "classic/protocols.h"
#include "classic/remote.h"
#include "ext/acceptex.h"
#include "ext/recvmsg.h"
#include "ext/sockaddrs.h"
#include "ext/transmitfile.h"
#include "hooks/copy.h"
#include "hooks/hooks.h"

/* The names that mswsock.dll itself exports; the work is done elsewhere. The prototypes are those
 * of the SDK's headers, and of BSD's for the functions that come from there. */

/* The first of these know sockets, and belong to the copy of this code that was here first. */

int WSAAPI export_WSAIoctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                           DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                           LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    const struct copy* first = copy_first();
    return (first != NULL ? first->WSAIoctl : hook_WSAIoctl)(
        s, code, in, in_length, out, out_length, returned, overlapped, routine);
}

int PASCAL export_WSARecvEx(SOCKET s, char* buffer, int length, int* flags) {
    const struct copy* first = copy_first();
    return first != NULL ? first->WSARecvEx(s, buffer, length, flags)
                         : recvmsg_receive(s, buffer, length, flags);
}

BOOL PASCAL export_AcceptEx(SOCKET listener, SOCKET s, void* buffer, DWORD data, DWORD local,
                            DWORD remote, DWORD* bytes, OVERLAPPED* overlapped) {
    static const GUID guid = WSAID_ACCEPTEX;
    LPFN_ACCEPTEX function = acceptex_call;
    if (copy_first() != NULL)
        function = (LPFN_ACCEPTEX) copy_first()->extension_function(&guid);
    return function(listener, s, buffer, data, local, remote, bytes, overlapped);
}

void PASCAL export_GetAcceptExSockaddrs(void* buffer, DWORD data, DWORD local, DWORD remote,
                                        struct sockaddr** local_name, int* local_length,
                                        struct sockaddr** remote_name, int* remote_length) {
    static const GUID guid = WSAID_GETACCEPTEXSOCKADDRS;
    LPFN_GETACCEPTEXSOCKADDRS function = sockaddrs_call;
    if (copy_first() != NULL)
        function = (LPFN_GETACCEPTEXSOCKADDRS) copy_first()->extension_function(&guid);
    function(buffer, data, local, remote, local_name, local_length, remote_name, remote_length);
}

BOOL PASCAL export_TransmitFile(SOCKET s, HANDLE file, DWORD size, DWORD each,
                                OVERLAPPED* overlapped, TRANSMIT_FILE_BUFFERS* buffers,
                                DWORD flags) {
    static const GUID guid = WSAID_TRANSMITFILE;
    LPFN_TRANSMITFILE function = transmitfile_call;
    if (copy_first() != NULL)
        function = (LPFN_TRANSMITFILE) copy_first()->extension_function(&guid);
    return function(s, file, size, each, overlapped, buffers, flags);
}

/* The others know none. */

int WINAPI export_EnumProtocolsA(int* list, void* buffer, DWORD* length) {
    return protocols_enumerate(list, buffer, length, 0);
}

int WINAPI export_EnumProtocolsW(int* list, void* buffer, DWORD* length) {
    return protocols_enumerate(list, buffer, length, 1);
}

int WINAPI export_dn_expand(const unsigned char* message, const unsigned char* end,
                            const unsigned char* name, char* text, int length) {
    return legacy_expand_name(message, end, name, text, length);
}

struct netent* WINAPI export_getnetbyname(const char* name) {
    return database_network(name);
}

u_long WINAPI export_inet_network(const char* text) {
    return legacy_network(text);
}

void WINAPI export_s_perror(const char* message) {
    legacy_print_error(message);
}

int WINAPI export_NSPStartup(GUID* id, NSP_ROUTINE* table) {
    return nsp_start(id, table);
}

SOCKET WINAPI export_rcmd(char** name, int port, const char* local_user, const char* remote_user,
                          const char* command, int* errors) {
    return remote_command(name, port, local_user, remote_user, command, errors);
}

SOCKET WINAPI export_rexec(char** name, int port, const char* user, const char* password,
                           const char* command, int* errors) {
    return remote_execute(name, port, user, password, command, errors);
}

SOCKET WINAPI export_rresvport(int* port) {
    return remote_bind_reserved(port);
}

static int export__find_addresses(DWORD name_space, GUID* type, void* name, int* protocols,
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

int WINAPI export_GetAddressByNameA(DWORD name_space, GUID* type, char* name, int* protocols,
                                    DWORD resolution, void* async, void* addresses,
                                    DWORD* addresses_size, char* aliases, DWORD* aliases_length) {
    return export__find_addresses(name_space, type, name, protocols, resolution, async, addresses,
                                  addresses_size, aliases, aliases_length, 0);
}

int WINAPI export_GetServiceA(DWORD name_space, GUID* type, char* name, DWORD properties,
                              void* buffer, DWORD* size, void* async) {
    return namespace_describe(name_space, type, name, properties, buffer, size, async, 0);
}

int WINAPI export_SetServiceA(DWORD name_space, DWORD operation, DWORD flags, void* service,
                              void* async, DWORD* status) {
    return namespace_set(name_space, operation, flags, service, async, status);
}

int WINAPI export_GetTypeByNameA(char* name, GUID* type) {
    return namespace_find_type(name, type, 0);
}

int WINAPI export_GetNameByTypeA(GUID* type, char* room, DWORD size) {
    return namespace_find_name(type, room, size, 0);
}

int WINAPI export_GetAddressByNameW(DWORD name_space, GUID* type, WCHAR* name, int* protocols,
                                    DWORD resolution, void* async, void* addresses,
                                    DWORD* addresses_size, WCHAR* aliases, DWORD* aliases_length) {
    return export__find_addresses(name_space, type, name, protocols, resolution, async, addresses,
                                  addresses_size, aliases, aliases_length, 1);
}

int WINAPI export_GetServiceW(DWORD name_space, GUID* type, WCHAR* name, DWORD properties,
                              void* buffer, DWORD* size, void* async) {
    return namespace_describe(name_space, type, name, properties, buffer, size, async, 1);
}

int WINAPI export_SetServiceW(DWORD name_space, DWORD operation, DWORD flags, void* service,
                              void* async, DWORD* status) {
    return namespace_set(name_space, operation, flags, service, async, status);
}

int WINAPI export_GetTypeByNameW(WCHAR* name, GUID* type) {
    return namespace_find_type(name, type, 1);
}

int WINAPI export_GetNameByTypeW(GUID* type, WCHAR* room, DWORD size) {
    return namespace_find_name(type, room, size, 1);
}

/* Winsock 1.1 knows name-space providers of another kind; there are none of it here, and so no
 * entries, whatever the version. */
int WINAPI export_NPLoadNameSpaces(DWORD* version, void* routines, DWORD* size) {
    (void) routines;
    if (!memory_is_readable(version, sizeof *version) || !memory_is_writable(size, sizeof *size)) {
        WSASetLastError(WSAEFAULT);
        return SOCKET_ERROR;
    }
    *size = 0;
    return 0;
}

/* A base provider is what ws2_32 calls for every socket. Wine's ws2_32 is its own and calls none,
 * and ReactOS' catalog names msafd.dll, so on neither host does anybody start this one to work by
 * it. A program that does so to get round the layers between needs a table whose functions take
 * sockets of that very table; those of ws2_32 are not such, and a success would only fail later.
 * The upcall table comes by value, which is what makes 19 words of it on 32-bit x86. An error is
 * returned instead of set. */
int WINAPI export_WSPStartup(WORD version, WSPDATA* data, WSAPROTOCOL_INFOW* protocol,
                             WSPUPCALLTABLE upcalls, WSPPROC_TABLE* table) {
    (void) version;
    (void) data;
    (void) protocol;
    (void) upcalls;
    (void) table;
    return WSAEPROVIDERFAILEDINIT;
}

static int export__refuse(void) {
    WSASetLastError(WSAEOPNOTSUPP);
    return SOCKET_ERROR;
}

/* BSD's superuser renames the machine by this. Windows' name belongs to more than Winsock, and its
 * own functions set it. */
int WINAPI export_sethostname(const char* name, int length) {
    (void) name;
    (void) length;
    return export__refuse();
}

/* What follows has no description that one could keep to. The first three belong to a network
 * card's installer and to Winsock Direct, which no host of ours has. */
int WINAPI export_MigrateWinsockConfiguration(void* first, void* second, void* third) {
    (void) first;
    (void) second;
    (void) third;
    return export__refuse();
}

int WINAPI export_StartWsdpService(void) {
    return export__refuse();
}

int WINAPI export_StopWsdpService(void) {
    return export__refuse();
}

/* These are svchost's, for a service in this DLL, of which there is none. */
void WINAPI export_ServiceMain(DWORD count, void* arguments) {
    (void) count;
    (void) arguments;
    log_warn("mswsock.dll was started as a service, and has none");
}

void WINAPI export_SvchostPushServiceGlobals(void* globals) {
    (void) globals;
}
