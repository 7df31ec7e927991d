/* SPDX-License-Identifier: MIT */
#include "ext/kind.h"

#include "core/socket.h"
#include "core/table.h"

#define KIND__FILE_MODE 16 /* FileModeInformation */

/* Whether I/O on a handle is carried out while the caller waits; asked once of a socket that was
 * created before we were loaded. */
static int kind__is_synchronous(SOCKET s) {
    ULONG mode = 0; /* FILE_MODE_INFORMATION */
    IO_STATUS_BLOCK block;
    return host.NtQueryInformationFile((HANDLE) s, &block, &mode, sizeof mode,
                                       (FILE_INFORMATION_CLASS) KIND__FILE_MODE) == 0 &&
           (mode & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT));
}

int kind_check_stream(SOCKET s) {
    unsigned flags = table_flags(s);
    int type, length = sizeof type;

    if (flags & TABLE_STREAM)
        return 0;
    if (flags & TABLE_NOT_STREAM)
        return WSAEOPNOTSUPP;
    if (host.getsockopt(s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) != 0)
        return WSAGetLastError();
    flags = type == SOCK_DGRAM || type == SOCK_RAW ? TABLE_NOT_STREAM : TABLE_STREAM;
    socket_find(s);
    table_change_flags(s, flags | (kind__is_synchronous(s) ? TABLE_SYNCHRONOUS : 0), 0);
    socket_release(s);
    return flags == TABLE_STREAM ? 0 : WSAEOPNOTSUPP;
}

int kind_blame(SOCKET s, int error) {
    int kind = kind_check_stream(s);
    return kind == 0 || kind == WSAEOPNOTSUPP ? error : kind;
}
