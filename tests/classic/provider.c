/* SPDX-License-Identifier: MIT */
#include "provider.h"

GUID provider_id = {0x22059D40, 0x7E9E, 0x11CF, {0xAE, 0x5A, 0x00, 0xAA, 0x00, 0xA7, 0x11, 0x2B}};

NSP_ROUTINE provider_table;

int provider_open(void** state) {
    (void) state;
    memset(&provider_table, 0, sizeof provider_table);
    provider_table.cbSize = sizeof provider_table;
    return CLASSIC(NSPStartup)(&provider_id, &provider_table);
}

int provider_close(void** state) {
    (void) state;
    return provider_table.NSPCleanup(&provider_id);
}

WSAQUERYSETW provider_query(GUID* class_id, const WCHAR* name) {
    WSAQUERYSETW query;
    memset(&query, 0, sizeof query);
    query.dwSize = sizeof query;
    query.lpServiceClassId = class_id;
    query.lpszServiceInstanceName = (WCHAR*) name;
    query.dwNameSpace = NS_ALL;
    return query;
}

WSAQUERYSETW* provider_ask(const NSP_ROUTINE* table, GUID* class_id, const WCHAR* name, DWORD flags,
                           int* error) {
    WSAQUERYSETW query = provider_query(class_id, name);
    WSAQUERYSETW* result = NULL;
    HANDLE handle = NULL;
    DWORD size = 0;

    *error = 0;
    if (table->NSPLookupServiceBegin(&provider_id, &query, NULL, flags, &handle) != 0) {
        *error = WSAGetLastError();
        return NULL;
    }
    assert_int_equal(table->NSPLookupServiceNext(handle, 0, &size, NULL), SOCKET_ERROR);
    *error = WSAGetLastError();
    if (*error == WSAEFAULT) {
        /* A buffer one byte short is not enough, and the size said is. */
        DWORD less = size - 1;
        result = classic_block(size);
        assert_int_equal(table->NSPLookupServiceNext(handle, 0, &less, result), SOCKET_ERROR);
        assert_int_equal(WSAGetLastError(), WSAEFAULT);
        assert_int_equal(less, size);
        assert_int_equal(table->NSPLookupServiceNext(handle, 0, &size, result), 0);
        *error = 0;
    }
    assert_int_equal(table->NSPLookupServiceEnd(handle), 0);
    return result;
}

static void provider__fix(BLOB* blob, char** place) {
    ULONG_PTR offset = (ULONG_PTR) *place;
    assert_true(offset < blob->cbSize);
    *place = (char*) blob->pBlobData + offset;
}

static void provider__fix_list(BLOB* blob, char*** list) {
    size_t i;
    provider__fix(blob, (char**) list);
    for (i = 0; (*list)[i] != NULL; i++)
        provider__fix(blob, &(*list)[i]);
    assert_true((BYTE*) &(*list)[i + 1] <= blob->pBlobData + blob->cbSize);
}

struct hostent* provider_unpack_host(BLOB* blob) {
    struct hostent* entry = (struct hostent*) blob->pBlobData;
    assert_true(blob->cbSize > sizeof *entry);
    provider__fix(blob, &entry->h_name);
    provider__fix_list(blob, &entry->h_aliases);
    provider__fix_list(blob, &entry->h_addr_list);
    return entry;
}

struct servent* provider_unpack_service(BLOB* blob) {
    struct servent* entry = (struct servent*) blob->pBlobData;
    assert_true(blob->cbSize > sizeof *entry);
    provider__fix(blob, &entry->s_name);
    provider__fix(blob, &entry->s_proto);
    provider__fix_list(blob, &entry->s_aliases);
    return entry;
}
