/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_DATABASE_H
#define WSEXT_CLASSIC_DATABASE_H

#include "host/host.h"

/* The files of the network database in the system's folder drivers\etc, and what only they hold. */

/* A whole file, such as L"hosts", with a zero behind it, to be freed; NULL with the last error
 * where it cannot be read, or is larger than any such file. */
char* database_read(const WCHAR* name);

/* getnetbyname(): the network of that name or alias from the file networks, its number in the
 * host's order. What is returned belongs to us, and stays as it is. NULL with the last error
 * WSAHOST_NOT_FOUND where no line has the name, or WSAEFAULT. */
struct netent* database_network(const char* name);

#endif
