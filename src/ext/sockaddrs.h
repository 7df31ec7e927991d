/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_SOCKADDRS_H
#define WSEXT_EXT_SOCKADDRS_H

#include "host/host.h"

/* GetAcceptExSockaddrs, by Microsoft's page on the function: finds the addresses in the buffer of
 * an AcceptEx that was given the same lengths. It has no way to fail, so for a buffer that cannot
 * be read, or has no address where one belongs, the address is NULL and its length 0; an address
 * that is given lies within the buffer with all of its length. Each of the four outputs may be
 * NULL. Outputs whose address has a length of 0 reserved stay as they are, as Wine's tests have
 * recorded of Windows. */
void PASCAL sockaddrs_call(PVOID buffer, DWORD receive_length, DWORD local_length,
                           DWORD remote_length, struct sockaddr** local, int* local_size,
                           struct sockaddr** remote, int* remote_size);

#endif
