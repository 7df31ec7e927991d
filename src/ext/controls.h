/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_CONTROLS_H
#define WSEXT_EXT_CONTROLS_H

#include "host/host.h"

/* The control codes of WSAIoctl that programs die without and hosts refuse, or answer without a
 * look at the arguments: SIO_UDP_CONNRESET, SIO_UDP_NETRESET, SIO_BASE_HANDLE, SIO_BSP_HANDLE and
 * its _SELECT and _POLL forms, SIO_TCP_INITIAL_RTO, SIO_LOOPBACK_FAST_PATH,
 * SIO_IDEAL_SEND_BACKLOG_QUERY and _CHANGE; each by Microsoft's page of that name. */
int controls_is_ours(DWORD code);

/* Answers one of them; parameters as for WSAIoctl. Returns 0 or a Winsock error:
 *   WSAEFAULT      a buffer that is missing, too short, or not to be read or written; returned and
 *                  overlapped as well (returned may not be NULL in the overlapped forms either,
 *                  as on Windows and on Wine);
 *   WSAENOTSOCK;
 *   WSAEOPNOTSUPP  the wrong kind of socket, or what neither the host can do nor we;
 *   WSAEINVAL      an output buffer for SIO_IDEAL_SEND_BACKLOG_CHANGE;
 *   WSAENOTCONN    SIO_IDEAL_SEND_BACKLOG_* on a socket without a connection;
 *   WSAEWOULDBLOCK SIO_IDEAL_SEND_BACKLOG_CHANGE without an OVERLAPPED on a non-blocking socket;
 *   WSA_IO_PENDING.
 * An OVERLAPPED of a call that succeeds at once is completed as the host completes it, and one of a
 * call that fails is not touched; but SIO_BASE_HANDLE and SIO_BSP_HANDLE* with an OVERLAPPED are
 * the host's, which on Windows as on Wine completes it with WSAEOPNOTSUPP. */
int controls_call(SOCKET s, DWORD code, void* in, DWORD in_length, void* out, DWORD out_length,
                  DWORD* returned, WSAOVERLAPPED* overlapped,
                  LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);

#endif
