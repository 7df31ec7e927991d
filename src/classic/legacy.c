/* SPDX-License-Identifier: MIT */
#include "classic/legacy.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "classic/dname.h"
#include "classic/netdb.h"

#define LEGACY__TEXT_MAX 1024
#define LEGACY__NETWORK_MAX 64 /* Four parts of some leading zeros each. */

int legacy_expand_name(const unsigned char* message, const unsigned char* end,
                       const unsigned char* name, char* text, int length) {
    char whole[DNAME__TEXT_MAX + 1];
    int taken;
    size_t size;

    if (message > end || !memory_is_readable(message, (size_t) (end - message))) {
        WSASetLastError(WSAEFAULT);
        return -1;
    }
    if (name < message || name >= end) {
        WSASetLastError(WSAEINVAL);
        return -1;
    }
    taken = dname_expand(message, (size_t) (end - message), (size_t) (name - message), whole,
                         sizeof whole);
    if (taken < 0) {
        WSASetLastError(WSAEINVAL);
        return -1;
    }
    size = strlen(whole) + 1;
    if (length < 0 || size > (size_t) length) {
        WSASetLastError(WSAEMSGSIZE);
        return -1;
    }
    if (!memory_is_writable(text, size)) {
        WSASetLastError(WSAEFAULT);
        return -1;
    }
    memcpy(text, whole, size);
    return taken;
}

u_long legacy_network(const char* text) {
    size_t length = memory_string_length(text, LEGACY__NETWORK_MAX);
    u_long network;
    if (length == MEMORY__UNREADABLE) {
        WSASetLastError(WSAEFAULT);
        return INADDR_NONE;
    }
    network = length > LEGACY__NETWORK_MAX ? NETDB__NO_NETWORK : netdb_network(text);
    if (network == NETDB__NO_NETWORK)
        WSASetLastError(WSAEINVAL);
    return network;
}

/* Returns the length; the system's texts end with a newline. */
static DWORD legacy__describe(int error, char* text, DWORD size) {
    DWORD length = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                                  (DWORD) error, 0, text, size, NULL);
    while (length > 0 && (unsigned char) text[length - 1] <= ' ')
        length--;
    if (length == 0)
        length = (DWORD) snprintf(text, size, "%s %d", status_error_name(error), error);
    return length;
}

void legacy_print_error(const char* message) {
    static const char colon[] = ": ";
    int error = WSAGetLastError();
    char line[(size_t) 2 * LEGACY__TEXT_MAX + sizeof colon + 2];
    size_t length = memory_string_length(message, LEGACY__TEXT_MAX);
    DWORD written;

    if (length == MEMORY__UNREADABLE)
        length = 0;
    if (length > LEGACY__TEXT_MAX)
        length = LEGACY__TEXT_MAX;
    memcpy(line, length > 0 ? message : "", length);
    if (length > 0) {
        memcpy(line + length, colon, sizeof colon - 1);
        length += sizeof colon - 1;
    }
    length += legacy__describe(error, line + length, LEGACY__TEXT_MAX);
    memcpy(line + length, "\r\n", 2);
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), line, (DWORD) length + 2, &written, NULL);
    WSASetLastError(error);
}
