/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_LOOKUP_H
#define WSEXT_CLASSIC_LOOKUP_H

#include "host/host.h"

/* The queries of the name-space provider (Microsoft's pages on LPNSPLOOKUPSERVICEBEGIN and its
 * neighbours). All return a Winsock error or 0.
 *
 * The first result is the host or service, and with LUP_RETURN_ALIASES each alias is one more,
 * marked as RESULT_IS_ALIAS. Of the flags LUP_RETURN_… those count that were given to both
 * functions; where lookup_next() is given none of them, as Windows' and ReactOS' ws2_32 do, those
 * of the beginning. */

/* Copies the query; asks nobody. WSAEFAULT for what cannot be read, WSAEINVAL for a query without
 * what its class needs, WSASERVICE_NOT_FOUND for a class that is not served, WSAEOPNOTSUPP for a
 * kind of DNS record that is not, WSANO_DATA for containers, of which there are none. */
int lookup_begin(const GUID* provider, const WSAQUERYSETW* query, DWORD flags, HANDLE* handle);

/* Asks, at the first call, and lays one result into the buffer. WSAEFAULT with the size needed in
 * *size where it does not fit, and then it is the next call's result again, or is passed over by
 * LUP_FLUSHPREVIOUS. WSA_E_NO_MORE behind the last, WSASERVICE_NOT_FOUND for a name that nobody
 * knows, other errors of gethostbyname as they are, WSA_INVALID_HANDLE, and WSA_E_CANCELLED where
 * the query was ended meanwhile. */
int lookup_next(HANDLE handle, DWORD flags, DWORD* size, WSAQUERYSETW* result);

int lookup_end(HANDLE handle);
void lookup_end_all(void);

#endif
