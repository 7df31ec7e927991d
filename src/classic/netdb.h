/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_NETDB_H
#define WSEXT_CLASSIC_NETDB_H

#include <stddef.h>
#include <stdint.h>

/* The texts of the network database: addresses, and the lines of the files hosts, networks and
 * services, in the form that BSD gave them and Windows kept. */

/* Not a network; INADDR_NONE. */
#define NETDB__NO_NETWORK 0xFFFFFFFFu

/* inet_network(): one to four parts with dots between them, each an octet in decimal, octal (after
 * 0) or hexadecimal (after 0x). Returns the number that they make, the first part the most
 * significant: "10.1" is 0x0A01, unlike with inet_addr(). White space may follow. Anything else is
 * NETDB__NO_NETWORK. */
uint32_t netdb_network(const char* text);

/* Four decimal octets with dots between them, as in the file hosts. Returns 1 and the octets, or 0.
 */
int netdb_ipv4(const char* text, unsigned char octets[4]);

/* A decimal number of at most 65535, the whole text. Returns it, or -1. */
int netdb_port(const char* text);

/* Splits a line in place into its fields, which white space separates; what is behind # is a
 * comment. Returns how many there are, at most `most`; further fields are left out. */
size_t netdb_split(char* line, char** fields, size_t most);

/* Cuts the next line off a text that ends with a zero: returns it without its end, and lets *rest
 * point behind it; NULL at the end of the text. */
char* netdb_line(char** rest);

/* Whether two names are the same; ASCII letters of either case are equal. */
int netdb_is_same(const char* one, const char* other);

#endif
