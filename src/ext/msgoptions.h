/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_MSGOPTIONS_H
#define WSEXT_EXT_MSGOPTIONS_H

#include "host/host.h"

/* The options of a socket that are changed for one message, as its control data want it. The host
 * sends a datagram while it is called. Where there is no room it queues what is overlapped and
 * sends it later, with the options that the socket then has: so earlier sends have to be let out
 * before the options change, and this one before they change back; turn.h has what is needed. */

#define MSGOPTIONS__LIMIT 4

struct msgoptions_option {
    int level, name;
    DWORD value, mask; /* The bits of the mask become those of the value. */
    DWORD before;
    int is_changed;
};

struct msgoptions {
    struct msgoptions_option all[MSGOPTIONS__LIMIT];
    int count;
    int level;
    int is_changed; /* Any was changed, so that they have to be restored. */
};

/* Finds what has to be changed for a message of that size with these control data that goes from
 * the socket to the address, or to the socket's peer for NULL. Changes nothing yet. Returns 0, or
 *   WSAEFAULT     an address that is too short, control data that cannot be read;
 *   WSAEINVAL     malformed control data, or those of another version of IP than the destination's;
 *   WSAEOPNOTSUPP control data that cannot be honoured, or any on a socket for streams;
 *   or what the host says of the socket. cmsg.h lists the kinds, source.h says what becomes of
 *   addresses. */
int msgoptions_plan(SOCKET s, const WSABUF* control, const struct sockaddr* name, int length,
                    ULONGLONG size, struct msgoptions* options);

/* In the socket's turn, with the socket known to be there: changes them, and changes them back.
 * Returns 0; WSAEOPNOTSUPP where the host refuses an option, or WSAENOBUFS, with nothing changed.
 */
int msgoptions_set(SOCKET s, struct msgoptions* options);
void msgoptions_restore(SOCKET s, struct msgoptions* options);

#endif
