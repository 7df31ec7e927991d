/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_PROVIDER_H
#define WSEXT_PROVIDER_H

/* Threads: every function may be called by any number of threads at once, but for
 *   wsext_socket_closes() and wsext_socket_closed(), which belong together in one thread.
 * Last error: no function changes it but wsext_provider_init().
 * Loader's lock: wsext_provider_init() may be called under it, and so may those that only note
 *   something (created, nonblocking, port, modes, lacks_context). The others may wait for the host.
 */

#include <winsock2.h>
#include <windows.h>

#include "wsext/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For a transport service provider, such as ReactOS's msafd, that links the library and hands out
 * its extension functions: WSPIoctl answers SIO_GET_EXTENSION_FUNCTION_POINTER with
 * wsext_extension_function() of wsext/functions.h, and the provider's other functions tell the
 * library what happens to their sockets, in place of the hooks that the DLL puts before ws2_32.
 *
 * The library calls ws2_32, which calls the provider, which tells the library: what comes of the
 * library's own calls is known by the thread and left alone, so the provider need not care. No
 * function here changes the last error, and all may be called for any socket, by any thread.
 *
 * What is not told has these effects, and no others:
 *   ports        An operation that cannot be carried by a send of the host (a refused, cancelled or
 *                failed one, where the host has no real ConnectEx) reaches the socket's completion
 *                port by Wine's own request where there is one; elsewhere only the status block and
 *                the event are set, and that is said once.
 *   modes        An operation that has ended at once is reported as a success, whose packet comes,
 *                too, unless the socket skips it.
 *   blocking     The library does not take over connects by polling (WSEXT_DRIVER=poll).
 *   CancelIo     The host cancels what it carries; operations in the library's own hands go on
 *                until the socket is closed, or wsext_cancel() is called. */

/* Prepares the library, like wsext_init(); to be called at the end of WSPStartup, which may come
 * more than once. Returns 0, or -1 as wsext_init() or where no thread-local slot is left.
 *
 * A program may load a mswsock.dll that has this code in it, too. The one that comes first serves
 * the process, and the other leaves all to it: a mswsock.dll that comes later finds the provider's
 * by its export wsext_copy, which the provider therefore has to have (ReactOS's msafd.spec:
 * "@ stdcall -private wsext_copy()"); where the mswsock.dll was first, the functions below do
 * nothing. */
int wsext_provider_init(void);
struct copy;
const struct copy* WINAPI wsext_copy(void);

/* WSPSocket and WSPAccept made a socket; type is SOCK_STREAM or another. WSEXT_OVERLAPPED says that
 * it has WSA_FLAG_OVERLAPPED, WSEXT_TELLS_ALL that everything about it will be told by the
 * functions below: then nothing is assumed about what was not told. A WSPAccept that makes its
 * socket by WSPSocket, as msafd's does, has told so already; it still has to tell that the socket
 * takes over the listener's mode, by wsext_socket_nonblocking(). */
#define WSEXT_OVERLAPPED 1u
#define WSEXT_TELLS_ALL 2u
void wsext_socket_created(SOCKET s, int type, unsigned flags);

/* WSPCloseSocket is about to close the socket, and has closed it or failed to: both are called, in
 * this order and by one thread, with nothing else of this header between them. The first completes
 * with STATUS_CANCELLED what the library has in hand on the socket. */
void wsext_socket_closes(SOCKET s);
void wsext_socket_closed(SOCKET s);

/* The socket became non-blocking or blocking: FIONBIO, WSPEventSelect and WSPAsyncSelect, which
 * make it non-blocking, and WSPAccept, whose socket is what the listener was. */
void wsext_socket_nonblocking(SOCKET s, int is_nonblocking);

/* CreateIoCompletionPort associated the socket; SetFileCompletionNotificationModes set these modes.
 * A provider does not see the two, but whoever does may tell. */
void wsext_socket_port(SOCKET s, HANDLE port, ULONG_PTR key);
void wsext_socket_modes(SOCKET s, UCHAR modes);

/* CancelIoEx was called for the socket. Cancels what the library has in hand with that OVERLAPPED,
 * or all for NULL. Returns 1 where there was something, or 0; the host's own operations are for the
 * caller to cancel. */
int wsext_cancel(SOCKET s, OVERLAPPED* overlapped);

/* WSPSetSockOpt and WSPGetSockOpt first ask whether the option is the library's, with their own
 * arguments: SO_UPDATE_CONNECT_CONTEXT, SO_UPDATE_ACCEPT_CONTEXT, SO_CONNECT_TIME, TCP_FASTOPEN.
 * Returns 0 where it is not and the provider goes on as usual, or 1 with *error set to a Winsock
 * error, or to 0 for a success, which the provider returns. */
int wsext_takes_setsockopt(SOCKET s, int level, int option, const char* value, int length,
                           int* error);
int wsext_takes_getsockopt(SOCKET s, int level, int option, char* value, int* length, int* error);

/* Whether WSPShutdown and WSPGetPeerName are to fail with WSAENOTCONN, since ConnectEx or AcceptEx
 * has connected the socket and its context was not updated yet, or ConnectEx is connecting it. */
int wsext_lacks_context(SOCKET s);

#ifdef __cplusplus
}
#endif

#endif
