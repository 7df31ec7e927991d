/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_DUPLICATION_H
#define WSEXT_HOOKS_DUPLICATION_H

#include "host/host.h"

/* The hook of what DuplicateHandle and WSADuplicateSocket come to: the handles of one socket are
 * noted as such. One that another process has, or that comes from there, makes a socket one that we
 * have not seen: what is done by that handle is not told to us. */
host_status NTAPI hook_NtDuplicateObject(HANDLE source_process, HANDLE source,
                                         HANDLE target_process, HANDLE* target, ACCESS_MASK access,
                                         ULONG attributes, ULONG options);

#endif
