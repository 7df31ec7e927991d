/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_SOURCEADDRESS_H
#define WSEXT_EXT_SOURCEADDRESS_H

#include "ext/cmsg.h"

/* Whether a message that is sent from the socket to the destination goes out with the wanted source
 * address, once the wanted interface is set. Wine has no way to choose the address, so it must be
 * the one that the system takes by itself; which one that is, is found out with a socket of our own
 * that is connected to the destination, and believed for a second.
 *
 * Returns 0, or a Winsock error: WSAEINVAL where the socket is bound to another address or the
 * address is not this machine's; WSAEOPNOTSUPP where it would be another, or where an interface is
 * wanted for a multicast address, which Wine has no way to choose for one message either. */
int sourceaddress_check(SOCKET s, const struct sockaddr_storage* destination,
                        const struct cmsg_wanted* wanted);

/* An interface's index as the host's IP_UNICAST_IF and IPV6_UNICAST_IF (both 31) take it. */
#define SOURCEADDRESS_INTERFACE_OPTION 31
DWORD sourceaddress_interface(ULONG interface_index);

/* Whether the address is one of IPv6 that stands for one of IPv4. */
int sourceaddress_is_mapped(const struct sockaddr_storage* address);

int sourceaddress_is_multicast(const struct sockaddr_storage* address);

#endif
