/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_WAIT_H
#define WSEXT_CORE_WAIT_H

#include "host/host.h"

/* An overlapped host call that its caller waits for, or gives up: the event's low bit keeps its
 * packet out of the program's port. */
struct wait {
    OVERLAPPED overlapped; /* For the call. */
    HANDLE event;
};

/* Returns 0, or WSAENOBUFS. It may be used for one call after the other. */
int wait_init(struct wait* wait);
void wait_release(struct wait* wait);

/* The call has returned: result is 0 or SOCKET_ERROR, with its last error. Waits for the end where
 * it goes on. Returns 0 or its Winsock error; *bytes is what was transferred. */
int wait_for(struct wait* wait, SOCKET s, int result, DWORD* bytes);

/* The same without waiting: a call that would go on is cancelled, which gives WSAEWOULDBLOCK unless
 * it has ended meanwhile. Needs CancelIoEx; without it the call must not have been made. */
int wait_or_cancel(struct wait* wait, SOCKET s, int result, DWORD* bytes);

#endif
