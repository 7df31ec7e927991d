/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_TRANSMITFILE_H
#define WSEXT_EXT_TRANSMITFILE_H

#include "host/host.h"

/* TransmitFile, by Microsoft's page on it: sends what buffers says comes first, then length bytes
 * of the file, or all that it has from there on for 0, then what comes last. The file, which may be
 * NULL, is read from the offset in overlapped on; without overlapped from where its pointer stands,
 * which is then moved behind what is sent. The file's handle may be closed after the call. per_send
 * is the most that is given to the host at once, and 0 leaves that to us.
 *
 * Of a range that goes beyond the end of the file nothing is sent. The page does not say so, and
 * Wine sends what there is; on Windows it is an error, which Python reports as the end of the file
 * (python/cpython#102898, #112341, #150142) and others avoid (crystal-lang/crystal#16665,
 * lalinsky/zio#482). That it ends the call, and before anything is sent, is our choice: Go's
 * sendFile sends the rest by itself then.
 *
 * Returns TRUE, or FALSE with an error; but for the last row, nothing was sent then:
 *     ERROR_IO_PENDING      it goes on, and overlapped is completed
 *     WSANOTINITIALISED     no WSAStartup is in force
 *     WSAENOTSOCK           s is no socket
 *     WSAENOTCONN           s is not connected
 *     WSAEFAULT             overlapped, buffers or what buffers points at cannot be used
 *     WSAEINVAL             s is not connection-oriented; flags that are unknown, TF_REUSE_SOCKET
 *                           without TF_DISCONNECT; a handle of something else than a file, an
 *                           offset below 0; more than 2,147,483,646 bytes
 *     ERROR_HANDLE_EOF      an offset, or offset and length, beyond the end of the file
 *     WSAEOPNOTSUPP         TF_REUSE_SOCKET where that cannot be done
 *     WSAEACCES             a file that may not be read
 *     ERROR_INVALID_HANDLE  a file's handle that is none, INVALID_HANDLE_VALUE as any other
 *     WSAENOBUFS            memory is short
 *     WSAESHUTDOWN, WSAECONNRESET, WSAECONNABORTED ... as for a send */
BOOL PASCAL transmitfile_call(SOCKET s, HANDLE file, DWORD length, DWORD per_send,
                              OVERLAPPED* overlapped, TRANSMIT_FILE_BUFFERS* buffers, DWORD flags);

#endif
