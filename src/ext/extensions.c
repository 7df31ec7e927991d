/* SPDX-License-Identifier: MIT */
#include "ext/extensions.h"

#include <string.h>

#include "base/memory.h"
#include "core/native.h"
#include "core/table.h"
#include "ext/acceptex.h"
#include "ext/connectex.h"
#include "ext/disconnectex.h"
#include "ext/recvmsg.h"
#include "ext/sendmsg.h"
#include "ext/sockaddrs.h"
#include "ext/transmitfile.h"
#include "ext/transmitpackets.h"
#include "rio/rio.h"

struct extensions__row {
    GUID guid;
    const void* function;
};

const void* extensions_find(const GUID* guid) {
    static const struct extensions__row rows[] = {
        {WSAID_ACCEPTEX, (const void*) acceptex_call},
        {WSAID_CONNECTEX, (const void*) connectex_call},
        {WSAID_DISCONNECTEX, (const void*) disconnectex_call},
        {WSAID_GETACCEPTEXSOCKADDRS, (const void*) sockaddrs_call},
        {WSAID_TRANSMITFILE, (const void*) transmitfile_call},
        {WSAID_TRANSMITPACKETS, (const void*) transmitpackets_call},
        {WSAID_WSARECVMSG, (const void*) recvmsg_call},
        {WSAID_WSASENDMSG, (const void*) sendmsg_call},
    };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (memcmp(guid, &rows[i].guid, sizeof *guid) == 0)
            return rows[i].function;
    }
    return NULL;
}

static int extensions__is_socket(SOCKET s) {
    int type, length = sizeof type;
    return host.getsockopt(s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) == 0;
}

/* The host answers for the socket and completes the OVERLAPPED, and writes its own pointer, if it
 * has one, to a place of ours: in the program's buffer it could be read before it is replaced. */
static int extensions__answer(SOCKET s, const GUID* guid, const void* function,
                              WSAOVERLAPPED* overlapped,
                              LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    static void* late_place; /* For an answer that comes after the call has returned. */
    void* place = NULL;
    GUID asked = *guid;
    DWORD bytes = 0;
    int error = 0;

    if (host.WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &asked, sizeof asked,
                      overlapped != NULL ? &late_place : &place, sizeof place, &bytes, overlapped,
                      routine) != 0)
        error = WSAGetLastError();
    else if (overlapped == NULL && function == (const void*) connectex_call &&
             !host_is_own(guid, place))
        native_note(s, (LPFN_CONNECTEX) place);
    if (error == WSA_IO_PENDING || error == WSAENOTSOCK || error == WSANOTINITIALISED ||
        (error != 0 && overlapped != NULL))
        return error;
    /* Either the host knows the socket and not the function, or it is Wine, which gives the
     * function for a handle that is no socket, too. */
    if ((table_flags(s) & TABLE_SEEN) || extensions__is_socket(s))
        return 0;
    return WSAENOTSOCK;
}

static int extensions__check(const void* in, DWORD in_length, void* out, DWORD out_length,
                             size_t needed, const DWORD* returned,
                             const WSAOVERLAPPED* overlapped) {
    if (in_length < sizeof(GUID) || !memory_is_readable(in, sizeof(GUID)) || out_length < needed ||
        !memory_is_writable(out, needed))
        return WSAEFAULT;
    /* Windows wants it with an OVERLAPPED, too, though its document says otherwise. */
    if (!memory_is_writable(returned, sizeof *returned))
        return WSAEFAULT;
    if (overlapped != NULL && !memory_is_writable(overlapped, sizeof *overlapped))
        return WSAEFAULT;
    return 0;
}

static void extensions__give(const void* answer, size_t size, void* out, DWORD* returned) {
    memcpy(out, answer, size);
    *returned = (DWORD) size;
}

int extensions_get_function(SOCKET s, const void* in, DWORD in_length, void* out, DWORD out_length,
                            DWORD* returned, WSAOVERLAPPED* overlapped,
                            LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    GUID guid;
    const void* function;
    int error =
        extensions__check(in, in_length, out, out_length, sizeof function, returned, overlapped);

    if (error != 0)
        return error;
    memcpy(&guid, in, sizeof guid);
    function = extensions_find(&guid);
    if (function != NULL) {
        extensions__give(&function, sizeof function, out, returned);
        return extensions__answer(s, &guid, function, overlapped, routine);
    }
    if (host.WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, out, out_length,
                      returned, overlapped, routine) != 0)
        return WSAGetLastError();
    return 0;
}

int extensions_get_functions(SOCKET s, const void* in, DWORD in_length, void* out, DWORD out_length,
                             DWORD* returned, WSAOVERLAPPED* overlapped,
                             LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    static const GUID rio = WSAID_MULTIPLE_RIO;
    static const GUID usual = WSAID_CONNECTEX;
    const RIO_EXTENSION_FUNCTION_TABLE* table = rio_table();
    int error;

    /* The host knows best what it makes of what is not ours, but not that it may be unreadable. */
    error = extensions__check(in, in_length, out, out_length, 0, returned, overlapped);
    if (error != 0)
        return error;
    if (memcmp(in, &rio, sizeof rio) != 0) {
        if (host.WSAIoctl(s, SIO_GET_MULTIPLE_EXTENSION_FUNCTION_POINTER, (void*) in, in_length,
                          out, out_length, returned, overlapped, routine) != 0)
            return WSAGetLastError();
        return 0;
    }
    error = extensions__check(in, in_length, out, out_length, sizeof *table, returned, overlapped);
    if (error != 0) {
        if (out_length < sizeof *table && memory_is_writable(returned, sizeof *returned))
            *returned = sizeof *table;
        return error;
    }
    extensions__give(table, sizeof *table, out, returned);
    return extensions__answer(s, &usual, NULL, overlapped, routine);
}
