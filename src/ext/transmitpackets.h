/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_TRANSMITPACKETS_H
#define WSEXT_EXT_TRANSMITPACKETS_H

#include "host/host.h"

/* TransmitPackets, by Microsoft's pages on LPFN_TRANSMITPACKETS and TRANSMIT_PACKETS_ELEMENT.
 *
 * The elements are copied before the call returns; the memory that they point at must live until
 * the operation has ended. Files are held, so that their handles may be closed after the call. An
 * element without TP_ELEMENT_MEMORY and TP_ELEMENT_FILE is a file's, and a file's length of 0 means
 * up to its end. On a socket that keeps messages apart a message ends with an element that has
 * TP_ELEMENT_EOP, with the last element, and after send_size bytes, unless that is 0 or 0xFFFFFFFF;
 * on a stream these mean nothing.
 *
 * Returns TRUE, or FALSE with an error; but for the last two, nothing was sent then:
 *     ERROR_IO_PENDING      it goes on, and overlapped is completed
 *     WSANOTINITIALISED     no WSAStartup is in force
 *     WSAENOTSOCK           s is no socket
 *     WSAENOTCONN           s is not connected
 *     WSAEFAULT             overlapped, the elements or the memory of one cannot be used
 *     WSAEINVAL             flags that are unknown, TF_REUSE_SOCKET without TF_DISCONNECT; an
 *                           element's flags, a handle of something else than a file, a range that
 *                           is not within its file; more than 2,147,483,646 bytes
 *     WSAEOPNOTSUPP         TF_DISCONNECT for a socket without connections, or TF_REUSE_SOCKET
 *                           where that cannot be done
 *     WSAEACCES             a file that may not be read
 *     ERROR_INVALID_HANDLE  a file's handle that is none
 *     WSAENOBUFS            memory is short
 *     WSAEMSGSIZE           a message is too long
 *     WSAESHUTDOWN, WSAECONNRESET, WSAECONNABORTED ... as for a send */
BOOL PASCAL transmitpackets_call(SOCKET s, TRANSMIT_PACKETS_ELEMENT* elements, DWORD count,
                                 DWORD send_size, OVERLAPPED* overlapped, DWORD flags);

#endif
