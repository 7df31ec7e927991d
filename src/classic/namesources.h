/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_NAMESOURCES_H
#define WSEXT_CLASSIC_NAMESOURCES_H

#include "classic/answer.h"

/* Where hosts and services can be looked up without the host's ws2_32, which may itself be asking
 * us. All return 0, or a Winsock error: WSAHOST_NOT_FOUND where the source does not know the name,
 * WSANO_DATA where it knows it without what was asked for. The answer is to be empty before. */

/* The name of this machine; the room is ANSWER__NAME_MAX + 1. */
int namesources_local_name(char* name);

/* Reads an IPv4 or IPv6 address; returns 1, or 0 where the text is none. */
int namesources_parse_address(const char* text, struct answer_address* address);

/* Addresses written as such, this machine's name, and localhost. */
int namesources_find_local(const char* name, int family, struct answer* answer);

/* The file hosts, by name or by address. */
int namesources_find_in_hosts(const char* name, int family, struct answer* answer);
int namesources_find_address_in_hosts(const struct answer_address* address, struct answer* answer);

/* The file services, by name or, where that is NULL, by port; a NULL or empty protocol is any. */
int namesources_find_in_services(const char* name, int port, const char* protocol,
                                 struct answer* answer);

/* DNS, by dnsapi.dll, which is loaded when first needed. WSANO_RECOVERY where it cannot be. */
int namesources_ask_dns(const char* name, int family, struct answer* answer);
int namesources_ask_dns_for_address(const struct answer_address* address, struct answer* answer);

#endif
