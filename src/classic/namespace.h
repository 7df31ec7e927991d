/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_NAMESPACE_H
#define WSEXT_CLASSIC_NAMESPACE_H

#include "host/host.h"

/* The name-space functions of Winsock 1.1 (Microsoft's pages on GetAddressByName, GetService,
 * SetService, GetTypeByName and GetNameByType). Texts are char* or, if wide, WCHAR*.
 *
 * The name spaces are NS_DEFAULT and NS_DNS, which are the host's resolver, NS_TCPIP_HOSTS and
 * NS_TCPIP_LOCAL; no others are in use. Addresses are IPv4, as of gethostbyname. All return
 * SOCKET_ERROR with the last error on failure: WSAEFAULT for what cannot be read or written,
 * ERROR_INVALID_PARAMETER for names that are too long and for asynchronous calls, which are
 * reserved, ERROR_SERVICE_NOT_FOUND where nobody knows the service, errors of the resolver. */

struct namespace_request {
    DWORD name_space;
    const GUID* type;
    const void* name; /* NULL, or RES_SERVICE, for the address that a service binds to. */
    const int* protocols;
    DWORD resolution;
    const void* async;
    void* addresses; /* CSADDR_INFO structures and what they point to. */
    DWORD* addresses_size;
    void* aliases; /* The name and its aliases, each with a zero, and a zero; may be NULL. */
    DWORD* aliases_length;
    int wide;
};

/* GetAddressByName: returns the number of CSADDR_INFO. ERROR_INSUFFICIENT_BUFFER where one of the
 * two buffers is too small; both sizes are then set to what is needed. */
int namespace_find_addresses(const struct namespace_request* request);

/* GetService: returns the number of NS_SERVICE_INFO, which is 1; where nobody knows the service 0,
 * with the last error ERROR_SERVICE_NOT_FOUND. ERROR_INSUFFICIENT_BUFFER as above. */
int namespace_describe(DWORD name_space, const GUID* type, const void* name, DWORD properties,
                       void* buffer, DWORD* size, const void* async, int wide);

/* SetService: no name space here takes registrations, so all that is well formed fails with
 * WSAEOPNOTSUPP, and *status becomes SET_SERVICE_PARTIAL_SUCCESS, the flag for a name space that
 * could not do it. The two kinds of SERVICE_INFO have one layout. */
int namespace_set(DWORD name_space, DWORD operation, DWORD flags, const SERVICE_INFOA* service,
                  const void* async, DWORD* status);

/* GetTypeByName and GetNameByType: classic/class.h tells which names there are. The room's size is
 * in bytes. ERROR_SERVICE_DOES_NOT_EXIST for an unknown one, ERROR_INSUFFICIENT_BUFFER. Return 0.
 */
int namespace_find_type(const void* name, GUID* type, int wide);
int namespace_find_name(const GUID* type, void* room, DWORD size, int wide);

#endif
