/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_ACCEPTEX_H
#define WSEXT_EXT_ACCEPTEX_H

#include "host/host.h"

/* AcceptEx, by Microsoft's page on the function. The host's own function does the work, where it
 * has a real one, and completes the program's OVERLAPPED; what is ours is to refuse what Windows
 * refuses. Where the host has none the call fails with WSAEOPNOTSUPP: no function of Winsock puts
 * an accepted connection below a handle that exists already. Errors:
 *     ERROR_INVALID_PARAMETER  for a NULL overlapped
 *     WSANOTINITIALISED
 *     WSAEFAULT      for an overlapped, buffer or received that cannot be written, lengths whose
 *                    sum no DWORD can hold, and a remote_length of 0
 *     WSAENOTSOCK    for a listener or acceptor that is no socket
 *     WSAEINVAL      for a listener that does not listen, and an acceptor that is bound, connected,
 *                    of another family (but for the two versions of IP, which may be mixed), no
 *                    stream socket, or in use by another AcceptEx
 * Where the page is silent these are what Wine's tests have recorded of Windows, as is that the
 * OVERLAPPED shows STATUS_PENDING after a refusal, too. A length that is shorter than the page
 * demands ends the operation with STATUS_BUFFER_TOO_SMALL when a connection comes; a local_length
 * of 0 asks for no local address.
 *
 * received may be NULL and is written only before a call that ended at once returns. */
BOOL PASCAL acceptex_call(SOCKET listener, SOCKET acceptor, PVOID buffer, DWORD receive_length,
                          DWORD local_length, DWORD remote_length, DWORD* received,
                          OVERLAPPED* overlapped);

/* The host has ended an operation with STATUS_INVALID_CONNECTION. Wine does so to an AcceptEx
 * without room for data when the peer has reset the connection before it was accepted, as the
 * connection has no peer's name any more; in nearly all cases where a peer connects and resets at
 * once (measured on Wine 8.0: 992 of 1,000). The page names WSAECONNRESET, which servers take for
 * the peer's affair; of another error Go's servers end. Where the OVERLAPPED is that of an AcceptEx
 * its status is put right and 1 is returned, else 0. Any pointer may be given.
 *
 * What tells an AcceptEx from an operation for which the program has used its OVERLAPPED again is
 * whose operation it is. The listener has to be open still. It has to be the socket s that the
 * program asks about, or to accept onto that, or, where s is 0, to report with the packet's key. */
int acceptex_mend(OVERLAPPED* overlapped, SOCKET s, ULONG_PTR key);

#endif
