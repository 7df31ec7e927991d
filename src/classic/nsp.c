/* SPDX-License-Identifier: MIT */
#include "classic/nsp.h"

#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "classic/class.h"
#include "classic/lookup.h"
#include "classic/pack.h"
#include "classic/text.h"

#define NSP__SIZE offsetof(NSP_ROUTINE, NSPIoctl)
#define NSP__VERSION 1

static const GUID nsp__tcpip = {
    0x22059D40, 0x7E9E, 0x11CF, {0xAE, 0x5A, 0x00, 0xAA, 0x00, 0xA7, 0x11, 0x2B}};
static const GUID nsp__location = {
    0x6642243A, 0x3BA8, 0x4AA6, {0xBA, 0xA5, 0x2E, 0x0B, 0xD7, 0x1F, 0xDD, 0x83}};

/* How many starts are not cleaned up yet. */
static volatile LONG nsp__starts;

static int nsp__return(int error) {
    if (error)
        WSASetLastError(error);
    return error ? SOCKET_ERROR : 0;
}

/* NULL is a parameter that is missing, for which all of these pages have WSAEINVAL. */
static int nsp__check_id(const GUID* id) {
    if (id == NULL)
        return WSAEINVAL;
    if (!memory_is_readable(id, sizeof *id))
        return WSAEFAULT;
    if (memcmp(id, &nsp__tcpip, sizeof *id) == 0)
        return 0;
    return memcmp(id, &nsp__location, sizeof *id) == 0 ? WSAEOPNOTSUPP : WSAEINVAL;
}

static int WSAAPI nsp__cleanup(GUID* id) {
    int error = nsp__check_id(id);
    LONG left;
    if (error)
        return nsp__return(error);
    do {
        left = nsp__starts;
        if (left == 0)
            return nsp__return(WSANOTINITIALISED);
    } while (InterlockedCompareExchange(&nsp__starts, left - 1, left) != left);
    if (left == 1)
        lookup_end_all();
    return 0;
}

static int WSAAPI nsp__begin(GUID* id, WSAQUERYSETW* query, WSASERVICECLASSINFOW* class_info,
                             DWORD flags, HANDLE* handle) {
    int error = nsp__check_id(id);
    (void) class_info;
    if (!error && (query == NULL || handle == NULL))
        error = WSAEINVAL;
    if (!error && nsp__starts == 0)
        error = WSANOTINITIALISED;
    return nsp__return(error ? error : lookup_begin(id, query, flags, handle));
}

static int WSAAPI nsp__next(HANDLE handle, DWORD flags, DWORD* size, WSAQUERYSETW* result) {
    return nsp__return(lookup_next(handle, flags, size, result));
}

static int WSAAPI nsp__end(HANDLE handle) {
    return nsp__return(lookup_end(handle));
}

/* DNS has no registration of services, and Windows' provider takes them for done; we do not say
 * that something was done that was not. */
static int WSAAPI nsp__set_service(GUID* id, WSASERVICECLASSINFOW* class_info,
                                   WSAQUERYSETW* service, WSAESETSERVICEOP operation, DWORD flags) {
    int error = nsp__check_id(id);
    (void) class_info;
    (void) flags;
    if (!error && (service == NULL || (unsigned) operation > RNRSERVICE_DELETE))
        error = WSAEINVAL;
    if (!error && !memory_is_readable(service, sizeof *service))
        error = WSAEFAULT;
    return nsp__return(error ? error : WSAEOPNOTSUPP);
}

static int WSAAPI nsp__install_class(GUID* id, WSASERVICECLASSINFOW* class_info) {
    int error = nsp__check_id(id);
    if (!error && class_info == NULL)
        error = WSAEINVAL;
    return nsp__return(error ? error : WSAEOPNOTSUPP);
}

static int WSAAPI nsp__remove_class(GUID* id, GUID* class_id) {
    int error = nsp__check_id(id);
    if (!error && class_id == NULL)
        error = WSAEINVAL;
    return nsp__return(error ? error : WSAEOPNOTSUPP);
}

/* A class with a port has one value, which is that; the others have none. */
static void nsp__pack_class(struct pack* pack, const GUID* guid, const char* name) {
    const struct class_info info = class_parse(guid);
    const int has_port = info.kind == CLASS_PORT;
    const DWORD port = (DWORD) info.port;
    WSASERVICECLASSINFOW* to = pack_take(pack, sizeof *to, sizeof(void*));
    WSANSCLASSINFOW* value = pack_take(pack, has_port ? sizeof *value : 0, sizeof(void*));
    WSANSCLASSINFOW filled;
    GUID* id = pack_copy(pack, guid, sizeof *guid, 4);
    WCHAR* wide = text_pack(pack, name, 1);

    if (has_port) {
        filled.dwNameSpace = NS_DNS;
        filled.dwValueType = REG_DWORD;
        filled.dwValueSize = sizeof port;
        filled.lpszName = text_pack(pack,
                                    info.protocol == IPPROTO_TCP ? SERVICE_TYPE_VALUE_TCPPORTA
                                                                 : SERVICE_TYPE_VALUE_UDPPORTA,
                                    1);
        filled.lpValue = pack_copy(pack, &port, sizeof port, sizeof port);
    }
    if (to == NULL)
        return;
    to->lpServiceClassId = id;
    to->lpszServiceClassName = wide;
    to->dwCount = has_port ? 1 : 0;
    to->lpClassInfos = has_port ? value : NULL;
    if (has_port)
        *value = filled;
}

static int nsp__find_class(DWORD* size, WSASERVICECLASSINFOW* class_info) {
    struct pack pack = {NULL, 0};
    char name[ANSWER__NAME_MAX + 1];
    GUID guid;
    int error;

    if (size == NULL || class_info == NULL)
        return WSAEINVAL;
    if (!memory_is_writable(size, sizeof *size) ||
        !memory_is_readable(class_info, sizeof *class_info))
        return WSAEFAULT;
    if (class_info->lpServiceClassId == NULL)
        return WSAEINVAL;
    if (!memory_is_readable(class_info->lpServiceClassId, sizeof guid))
        return WSAEFAULT;
    guid = *class_info->lpServiceClassId;
    error = class_name(&guid, name);
    if (error)
        return error;
    nsp__pack_class(&pack, &guid, name);
    if (pack.used > *size) {
        *size = (DWORD) pack.used;
        return WSAEFAULT;
    }
    if (!memory_is_writable(class_info, pack.used))
        return WSAEFAULT;
    pack.buffer = (char*) class_info;
    pack.used = 0;
    nsp__pack_class(&pack, &guid, name);
    return 0;
}

static int WSAAPI nsp__class_info(GUID* id, DWORD* size, WSASERVICECLASSINFOW* class_info) {
    int error = nsp__check_id(id);
    return nsp__return(error ? error : nsp__find_class(size, class_info));
}

int nsp_start(GUID* id, NSP_ROUTINE* table) {
    int error = nsp__check_id(id);
    if (!error && table == NULL)
        error = WSAEINVAL;
    if (!error && !memory_is_writable(table, sizeof table->cbSize))
        error = WSAEFAULT;
    if (!error && table->cbSize < NSP__SIZE)
        error = WSAEINVALIDPROCTABLE;
    if (!error && !memory_is_writable(table, NSP__SIZE))
        error = WSAEFAULT;
    if (error)
        return nsp__return(error);
    table->cbSize = NSP__SIZE;
    table->dwMajorVersion = NSP__VERSION;
    table->dwMinorVersion = NSP__VERSION;
    table->NSPCleanup = nsp__cleanup;
    table->NSPLookupServiceBegin = nsp__begin;
    table->NSPLookupServiceNext = nsp__next;
    table->NSPLookupServiceEnd = nsp__end;
    table->NSPSetService = nsp__set_service;
    table->NSPInstallServiceClass = nsp__install_class;
    table->NSPRemoveServiceClass = nsp__remove_class;
    table->NSPGetServiceClassInfo = nsp__class_info;
    InterlockedIncrement(&nsp__starts);
    return 0;
}
