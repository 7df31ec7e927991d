/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_ENDLESS_H
#define WSEXT_CORE_ENDLESS_H

#include "host/host.h"

/* Operations that end only by being cancelled: for notifications of what never happens on this
 * host. The host carries them, so cancelling, closing, the thread's end and the ways of
 * notification are its own. */

/* Whether this host can carry them. */
int endless_is_available(void);

/* Starts one on the socket with the program's OVERLAPPED and, or NULL, completion routine. Returns
 * WSA_IO_PENDING, or the Winsock error with which the host refused; the end is reported as
 * WSA_OPERATION_ABORTED. */
int endless_begin(SOCKET s, WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

/* Starts one and waits for its end; returns WSA_OPERATION_ABORTED or as above. */
int endless_wait(SOCKET s);

#endif
