/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TESTS_PROVIDER_H
#define WSEXT_TESTS_PROVIDER_H

#include "classic.h"

#include <svcguid.h>
#include <ws2spi.h>

/* Dealing with a name-space provider as ws2_32 does. */

#define PROVIDER__TABLE_SIZE offsetof(NSP_ROUTINE, NSPIoctl)

extern GUID provider_id;

/* The functions that NSPStartup has given out. To be set up and torn down around a test. */
extern NSP_ROUTINE provider_table;

int provider_open(void** state);
int provider_close(void** state);

/* A query of that class; the name may be NULL. */
WSAQUERYSETW provider_query(GUID* class_id, const WCHAR* name);

/* The first result of a query, in memory that ends behind it; NULL with *error. */
WSAQUERYSETW* provider_ask(const NSP_ROUTINE* table, GUID* class_id, const WCHAR* name, DWORD flags,
                           int* error);

/* Makes pointers of the offsets in a hostent or servent, and checks that all lies in the blob. */
struct hostent* provider_unpack_host(BLOB* blob);
struct servent* provider_unpack_service(BLOB* blob);

#endif
