/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_LEGACY_H
#define WSEXT_CLASSIC_LEGACY_H

#include "host/host.h"

/* The functions that mswsock.dll has from BSD's library, as their manual pages describe them. */

/* dn_expand(): the name at `name` in the message from `message` up to `end`, as text of at most
 * `length` characters with its terminator (classic/dname.h says how). Returns how many octets the
 * name takes in the message, or -1 with the last error: WSAEFAULT, WSAEINVAL for a name that is
 * none, WSAEMSGSIZE for a text that does not fit. Then nothing is written. */
int legacy_expand_name(const unsigned char* message, const unsigned char* end,
                       const unsigned char* name, char* text, int length);

/* inet_network(): a network's number in the host's order (classic/netdb.h says how), or INADDR_NONE
 * with the last error WSAEFAULT or WSAEINVAL. */
u_long legacy_network(const char* text);

/* s_perror(): writes the message, ": " and what the last Winsock error means to the standard error
 * output, in one line, as perror() does. A message that is NULL, empty or cannot be read is left
 * out. The last error stays. */
void legacy_print_error(const char* message);

#endif
