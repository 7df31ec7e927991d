/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_OPTIONS_H
#define WSEXT_EXT_OPTIONS_H

#include "host/host.h"

/* The socket options that belong to the extension functions, and the state that Windows leaves a
 * socket in until SO_UPDATE_CONNECT_CONTEXT or SO_UPDATE_ACCEPT_CONTEXT. All return a Winsock error
 * or 0. */

/* setsockopt(SO_UPDATE_CONNECT_CONTEXT): the value is of no meaning, and programs pass (NULL, 0), a
 * socket handle or a number. WSAENOTCONN on a socket that is not connected, WSAEFAULT for a value
 * that cannot be read. */
int options_update_connect_context(SOCKET s, const char* value, int length);

/* setsockopt(SO_UPDATE_ACCEPT_CONTEXT): the value is the handle of the listener that a socket was
 * accepted from, whose options the socket takes over; where it is the socket itself, its context is
 * updated and its options stay. WSAEFAULT for a value that is shorter than a handle or cannot be
 * read, WSAENOTSOCK where one of the two is no socket, WSAEINVAL where another than the socket does
 * not listen, WSAENOTCONN on a socket that is not connected. */
int options_update_accept_context(SOCKET s, const char* value, int length);

/* getsockopt(SO_CONNECT_TIME): seconds since the connection came up, 0xFFFFFFFF before. */
int options_get_connect_time(SOCKET s, char* value, int* length);

/* TCP_FASTOPEN, which the host need not know: kept, so that it can be read back. Using it is left
 * to the transport (Microsoft's page on LPFN_CONNECTEX: "may be sent during connection
 * establishment").
 */
int options_set_fast_open(SOCKET s, const char* value, int length);
int options_get_fast_open(SOCKET s, char* value, int* length);

/* Whether shutdown and getpeername are to fail with WSAENOTCONN, since ConnectEx or AcceptEx
 * connected the socket and SO_UPDATE_CONNECT_CONTEXT or SO_UPDATE_ACCEPT_CONTEXT was not set yet.
 */
int options_is_default_state(SOCKET s);

/* Whether wsext is carrying out a connect of the socket, which the host may not know to be one. */
int options_is_connecting(SOCKET s);

#endif
