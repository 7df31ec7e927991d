/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_RESULT_H
#define WSEXT_CLASSIC_RESULT_H

#include "classic/answer.h"
#include "classic/pack.h"

/* Lays answers out as the functions of the name spaces return them. While a pack only counts, all
 * return NULL. */

/* An array of CSADDR_INFO, one for each protocol and address: the remote end is the address with
 * that port, the local end the one to bind to for reaching it; the other way round if `local`. */
CSADDR_INFO* result_pack_addresses(struct pack* pack, const struct answer* answer,
                                   const int* protocols, int protocol_count, int port, int local);

/* A BLOB with a hostent, or a servent, in which offsets from its beginning stand for the pointers
 * (Microsoft's "Compatible Name Resolution for TCP/IP in the Windows Sockets 1.1 SPI"). */
BLOB* result_pack_hostent(struct pack* pack, const struct answer* answer, int family);
BLOB* result_pack_servent(struct pack* pack, const struct answer* answer);

#endif
