/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_DISCONNECTEX_H
#define WSEXT_EXT_DISCONNECTEX_H

#include "core/task.h"

/* DisconnectEx (LPFN_DISCONNECTEX of mswsock.h): the function that programs are given, and what
 * TransmitFile and TransmitPackets do for TF_DISCONNECT and TF_REUSE_SOCKET. */

/* Ends the connection once all that was sent before is on its way, and with TF_REUSE_SOCKET makes
 * the socket one that can be given to ConnectEx, or AcceptEx where it was accepted, again. Without
 * overlapped the call waits for that. Returns TRUE, or FALSE with an error (Microsoft's page on
 * LPFN_DISCONNECTEX):
 *     ERROR_IO_PENDING    it goes on, and overlapped is completed
 *     WSANOTINITIALISED   no WSAStartup is in force
 *     WSAEINVAL           reserved is not 0, or there are flags but TF_REUSE_SOCKET
 *     WSAEFAULT           overlapped cannot be written to
 *     WSAENOTSOCK         s is no socket
 *     WSAENOTCONN         s is not connected, or is being disconnected already
 *     WSAEOPNOTSUPP       TF_REUSE_SOCKET: this socket, or any on this host, cannot be used again
 *     WSAECONNRESET       TF_REUSE_SOCKET: the peer has reset the connection
 *     WSAENOBUFS          memory is short
 * or with what a send would fail with, as what was sent before did not get through. */
BOOL PASCAL disconnectex_call(SOCKET s, OVERLAPPED* overlapped, DWORD flags, DWORD reserved);

/* The two halves of it for an operation that ends with a disconnect. Whether it may: 0, or the
 * error with which the operation is to be refused before it sends anything. From then on the socket
 * counts as being disconnected, until the other is called with its record's serial number, by which
 * a socket is told from one that has got the handle's value since. */
int disconnectex_begin(SOCKET s, DWORD flags, ULONGLONG* serial);

/* All has been sent: ends the connection. send_error is 0, or what a send failed with, after which
 * nothing can be ended in good order: it is what is returned then. Returns 0 or a Winsock error:
 * WSAENOTSOCK where the socket was closed meanwhile. To be called without a lock; nothing in it
 * waits for the network. */
int disconnectex_finish(SOCKET s, ULONGLONG serial, DWORD flags, int send_error);

#endif
