/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_NSP_H
#define WSEXT_CLASSIC_NSP_H

#include "host/host.h"

#include <ws2spi.h>

/* The name-space provider of TCP/IP, through NSPStartup (Microsoft's pages on NSPStartup and on the
 * functions LPNSP… of ws2spi.h). It answers from the host's resolver (classic/resolver.h) for these
 * service classes of svcguid.h:
 *     SVCID_HOSTNAME                    the name of this machine and its addresses
 *     SVCID_INET_HOSTADDRBYNAME         IPv4 addresses by name
 *     SVCID_INET_HOSTADDRBYINETSTRING   names by IPv4 or IPv6 address
 *     SVCID_INET_SERVICEBYNAME          services by "name/protocol", "port/protocol" or "name"
 *     SVCID_DNS(1), SVCID_DNS(28)       addresses by name; other records are not served
 *     SVCID_TCP(port), SVCID_UDP(port)  addresses by name, with the port
 *
 * The provider is the one that Windows registers, {22059D40-7E9E-11CF-AE5A-00AA00A7112B}; the other
 * of its mswsock.dll, for the location of networks, is not served: WSAEOPNOTSUPP.
 *
 * The table's cbSize has to cover everything up to NSPGetServiceClassInfo, else
 * WSAEINVALIDPROCTABLE. What is filled is what Windows Server 2003 fills, version 1.1 without
 * NSPIoctl, and cbSize then says so. Returns 0, or SOCKET_ERROR with the last error. */
int nsp_start(GUID* id, NSP_ROUTINE* table);

#endif
