/* SPDX-License-Identifier: MIT */
#include "hooks/creation.h"

#include "core/cancel.h"
#include "core/socket.h"
#include "core/table.h"
#include "core/worker.h"
#include "rio/types.h"

/* A new socket has a handle value that may have been another's; what we knew of that one ends here,
 * even if it was closed behind our back. */
void creation_note(SOCKET s, int family, int type, int synchronous, int seen) {
    unsigned flags = seen ? TABLE_SEEN : 0;
    if (type != 0)
        flags |= type == SOCK_STREAM ? TABLE_STREAM : TABLE_NOT_STREAM;
    /* Of a family that was left to the host, only the host knows which it has taken. */
    if (type != 0 && (family == AF_INET || family == AF_INET6))
        flags |= TABLE_IP;
    if (synchronous)
        flags |= TABLE_SYNCHRONOUS;
    if (table_flags(s) != 0)
        cancel_lost_handle(s);
    socket_find(s);
    table_change_flags(s, flags, 0);
    socket_release(s);
}

/* A socket of type 0 counts as not seen. */
static SOCKET creation__created(SOCKET s, int family, int type, int synchronous) {
    if (s != INVALID_SOCKET)
        creation_note(s, family, type, synchronous, type != 0);
    return s;
}

/* Sockets whose handle values a worker may still be about to name; they are kept from the program,
 * and from coming back, until another one is found. */
#define CREATION__SPARES 16
struct creation__spares {
    SOCKET sockets[CREATION__SPARES];
    unsigned count;
};

static int creation__is_spare(struct creation__spares* spares, SOCKET s) {
    if (s == INVALID_SOCKET || spares->count == CREATION__SPARES || !worker_names(s))
        return 0;
    spares->sockets[spares->count++] = s;
    return 1;
}

static void creation__close_spares(struct creation__spares* spares) {
    DWORD error;
    if (spares->count == 0)
        return;
    error = GetLastError();
    while (spares->count > 0)
        host.closesocket(spares->sockets[--spares->count]);
    SetLastError(error);
}

/* socket() makes overlapped sockets unless the thread has asked for others. */
SOCKET WSAAPI hook_socket(int family, int type, int protocol) {
    struct creation__spares spares = {{0}, 0};
    int open_type = 0, length = sizeof open_type;
    SOCKET s;
    do {
        s = host.socket(family, type, protocol);
    } while (creation__is_spare(&spares, s));
    creation__close_spares(&spares);
    if (s == INVALID_SOCKET)
        return s;
    host.getsockopt(INVALID_SOCKET, SOL_SOCKET, SO_OPENTYPE, (char*) &open_type, &length);
    return creation__created(s, family, type, open_type != 0);
}

/* A socket made from another process' description may be in any state: it counts as not seen. */
static SOCKET creation__created_from(SOCKET s, int family, int type, const WSAPROTOCOL_INFOW* info,
                                     DWORD flags) {
    int known_family = family == FROM_PROTOCOL_INFO ? info->iAddressFamily : family;
    int known_type = type == FROM_PROTOCOL_INFO ? info->iSocketType : type;
    int duplicated = info->dwServiceFlags3 != 0;
    /* The handle was made when the socket was described, by ourselves. */
    if (duplicated && (table_flags(s) & TABLE_ALIAS))
        return s;
    return creation__created(s, known_family, duplicated ? 0 : known_type,
                             !(flags & WSA_FLAG_OVERLAPPED));
}

/* Registered I/O is ours, and carried out by overlapped calls. */
static DWORD creation__host_flags(DWORD flags) {
    if (!(flags & WSA_FLAG_REGISTERED_IO))
        return flags;
    return (flags & ~(DWORD) WSA_FLAG_REGISTERED_IO) | WSA_FLAG_OVERLAPPED;
}

static SOCKET creation__registered(SOCKET s, DWORD flags) {
    if (s == INVALID_SOCKET || !(flags & WSA_FLAG_REGISTERED_IO))
        return s;
    socket_find(s);
    table_change_flags(s, TABLE_REGISTERED, 0);
    socket_release(s);
    return s;
}

/* The two kinds of description differ in the name at their end only. */
static SOCKET creation__make(int family, int type, int protocol, WSAPROTOCOL_INFOW* info,
                             GROUP group, DWORD flags, int is_wide) {
    struct creation__spares spares = {{0}, 0};
    DWORD host_flags = creation__host_flags(flags);
    SOCKET s;
    do {
        s = is_wide ? host.WSASocketW(family, type, protocol, info, group, host_flags)
                    : host.WSASocketA(family, type, protocol, (WSAPROTOCOL_INFOA*) info, group,
                                      host_flags);
    } while ((info == NULL || info->dwServiceFlags3 == 0) && creation__is_spare(&spares, s));
    creation__close_spares(&spares);
    if (s == INVALID_SOCKET || info == NULL)
        creation__created(s, family, type, !(host_flags & WSA_FLAG_OVERLAPPED));
    else
        creation__created_from(s, family, type, info, host_flags);
    return creation__registered(s, flags);
}

SOCKET WSAAPI hook_WSASocketA(int family, int type, int protocol, WSAPROTOCOL_INFOA* info,
                              GROUP group, DWORD flags) {
    return creation__make(family, type, protocol, (WSAPROTOCOL_INFOW*) info, group, flags, 0);
}

SOCKET WSAAPI hook_WSASocketW(int family, int type, int protocol, WSAPROTOCOL_INFOW* info,
                              GROUP group, DWORD flags) {
    return creation__make(family, type, protocol, info, group, flags, 1);
}

/* An accepted socket has the properties of its listener, and nothing of who had the handle's value
 * before. */
static SOCKET creation__accepted(SOCKET listener, SOCKET s) {
    if (s == INVALID_SOCKET)
        return s;
    if (table_flags(s) != 0)
        cancel_lost_handle(s);
    if (!(table_flags(listener) & TABLE_REGISTERED))
        return s;
    return creation__registered(s, WSA_FLAG_REGISTERED_IO);
}

SOCKET WSAAPI hook_accept(SOCKET s, struct sockaddr* name, int* length) {
    return creation__accepted(s, host.accept(s, name, length));
}

SOCKET WSAAPI hook_WSAAccept(SOCKET s, struct sockaddr* name, int* length,
                             LPCONDITIONPROC condition, DWORD_PTR data) {
    return creation__accepted(s, host.WSAAccept(s, name, length, condition, data));
}
