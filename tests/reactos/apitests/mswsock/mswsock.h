/*
 * PROJECT:     ReactOS API tests
 * LICENSE:     MIT (https://spdx.org/licenses/MIT)
 * PURPOSE:     Common parts of the tests of the Winsock extension functions
 * COPYRIGHT:   Copyright 2026 The wsext authors
 */

#pragma once

#include <winsock2.h>
#include <ws2tcpip.h>
#include <stdlib.h>
#include <apitest.h>

/* Types of our own, as the SDK's header may lack the younger ones */
typedef BOOL (PASCAL *ACCEPTEX)(SOCKET, SOCKET, PVOID, DWORD, DWORD, DWORD, LPDWORD, LPOVERLAPPED);
typedef BOOL (PASCAL *CONNECTEX)(SOCKET, const struct sockaddr *, int, PVOID, DWORD, LPDWORD,
                                 LPOVERLAPPED);
typedef BOOL (PASCAL *DISCONNECTEX)(SOCKET, LPOVERLAPPED, DWORD, DWORD);
typedef VOID (PASCAL *GETACCEPTEXSOCKADDRS)(PVOID, DWORD, DWORD, DWORD, struct sockaddr **, LPINT,
                                            struct sockaddr **, LPINT);
typedef BOOL (PASCAL *TRANSMITFILE)(SOCKET, HANDLE, DWORD, DWORD, LPOVERLAPPED, PVOID, DWORD);

extern const GUID AcceptExId, ConnectExId, DisconnectExId, GetAcceptExSockaddrsId, TransmitFileId;

#ifndef SO_UPDATE_ACCEPT_CONTEXT
#define SO_UPDATE_ACCEPT_CONTEXT 0x700B
#endif
#ifndef SO_CONNECT_TIME
#define SO_CONNECT_TIME 0x700C
#endif
#ifndef SO_UPDATE_CONNECT_CONTEXT
#define SO_UPDATE_CONNECT_CONTEXT 0x7010
#endif

/* Room for one address in AcceptEx's buffer */
#define ADDRESS_ROOM (sizeof(struct sockaddr_in) + 16)

/* No test waits for longer, in milliseconds */
#define PATIENCE 10000

/* Starts Winsock; TRUE if the tests can run */
BOOL StartSockets(void);

/* The function of that identifier for this socket, or NULL */
void *GetExtension(SOCKET s, const GUID *Id);

/* A TCP socket that listens on a port of the loopback address, which Address receives */
SOCKET CreateListener(struct sockaddr_in *Address);

/* A TCP socket, bound as ConnectEx wants it */
SOCKET CreateBound(void);

/* The next connection of the listener, or INVALID_SOCKET when none comes in time */
SOCKET AcceptOne(SOCKET Listener);

/* Receives that many bytes, or fewer when the peer ends or nothing more comes in time */
DWORD ReceiveUpTo(SOCKET s, DWORD Length);

/* Two connected sockets; FALSE if they cannot be created */
BOOL CreatePair(SOCKET *Client, SOCKET *Server);

/* An OVERLAPPED with an event of its own */
void InitOverlapped(OVERLAPPED *Overlapped);
void FreeOverlapped(OVERLAPPED *Overlapped);

/* Waits for the operation; returns its Winsock error, and the bytes it moved */
int WaitOverlapped(SOCKET s, OVERLAPPED *Overlapped, DWORD *Bytes);
