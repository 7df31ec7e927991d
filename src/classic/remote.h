/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_REMOTE_H
#define WSEXT_CLASSIC_REMOTE_H

#include "host/host.h"

/* rresvport, rcmd and rexec, as BSD's manual pages describe them and their servers rshd and rexecd
 * speak. The sockets are of IPv4, blocking, and the program's to close.
 *
 * Unlike BSD's, these never wait for ever: a peer that does not go on for a minute is given up with
 * WSAETIMEDOUT. A refused connection is not tried again. All return INVALID_SOCKET with the last
 * error on failure. */

/* A stream socket that is bound to a port below 1024, which vouches for the user on systems that
 * believe in it: the first one free from *port, which is from 512 to 1023, downwards. *port becomes
 * the one found. WSAEINVAL for another *port, WSAEADDRINUSE where none is free down to 512,
 * WSAEFAULT, WSAEACCES where the system keeps such ports to itself. */
SOCKET remote_bind_reserved(int* port);

/* rcmd: runs a command by rshd on that host, and returns the socket that is its standard input and
 * output. The port is in network byte order. Where `errors` is not NULL, *errors becomes a second
 * socket, for its standard error output, which the server connects from a reserved port. *name
 * becomes the host's official name, which stays ours.
 *
 * WSAEFAULT, WSAEINVAL for texts that are too long, errors of gethostbyname and connect; WSAEACCES
 * where the server refuses, and then its text was written to the standard error output;
 * WSAECONNABORTED where it does not keep to the protocol, WSAECONNRESET where it hangs up. */
SOCKET remote_command(char** name, int port, const char* local_user, const char* remote_user,
                      const char* command, int* errors);

/* rexec: the same by rexecd, with a password and from an ordinary port. There is no asking for what
 * is NULL. */
SOCKET remote_execute(char** name, int port, const char* user, const char* password,
                      const char* command, int* errors);

/* How long a peer may take for a step, in milliseconds; for the tests. */
void remote_set_patience(DWORD milliseconds);

#endif
