/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_DISCONNECTEX_H
#define WSEXT_EXT_DISCONNECTEX_H

#include "core/op.h"
#include "core/reuse.h"

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

/* The program's shutdown() of a socket on which what it has sent is still to be sent by us: is done
 * behind that, as the host would do it. Returns 1, or 0 where it cannot be put off. */
int disconnectex_shut_later(SOCKET s, int how);

/* The disconnect that an operation ends with. */
struct disconnect {
    ULONGLONG serial; /* Of the socket's record, while it is being disconnected; 0 else. */
    DWORD flags;
    int is_reusing; /* reuse_begin() was called. */
    struct reuse reuse;
};

/* Whether it may: returns 0, or the error with which the operation is to be refused before it sends
 * anything. From then on the socket counts as being disconnected, until disconnect_finish() has
 * come to an end or it is given up, which leaves it as it was. Without a lock. */
int disconnect_begin(struct disconnect* self, SOCKET s, DWORD flags);

/* For the operation's advance(): all has been sent, or a send has failed with that status, after
 * which nothing can be ended in good order and the operation fails as the send did. Ends the
 * connection and the operation, which fails with WSAENOTSOCK where the socket was closed meanwhile;
 * or returns OP_LATER, and is to be called again then with success. Nothing in it waits for the
 * network. */
enum op_verdict disconnect_finish(struct disconnect* self, struct op* op, uint32_t status);

/* Gives it up, unless it is finished: under the socket's lock, or without. */
void disconnect_give_up(struct disconnect* self, struct socket* socket);
void disconnect_cancel(struct disconnect* self, SOCKET s);

#endif
