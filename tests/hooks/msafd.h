/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TESTS_HOOKS_MSAFD_H
#define WSEXT_TESTS_HOOKS_MSAFD_H

/* Plays msafd and the ws2_32 above it: a provider that starts by WSPStartup, hands out wsext's
 * functions in its WSPIoctl and tells wsext of its sockets, and a ws2_32 that leads to it, for the
 * program as for wsext itself. Below it is the host's ws2_32. No hook of wsext's is installed. */

#include <winsock2.h>
#include <ws2tcpip.h>
#include <ws2spi.h>
#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Whether it tells everything, which one that sees the provider's functions only cannot; and
 * whether the host has no function that NT 5.2 has not, and is not known as Wine. */
extern int msafd_tells_all, msafd_is_old;

/* The system below; set by msafd_install(). */
extern struct msafd_below {
    int(WSAAPI* closesocket)(SOCKET);
    int(WSAAPI* setsockopt)(SOCKET, int, int, const char*, int);
    int(WSAAPI* getsockopt)(SOCKET, int, int, char*, int*);
    int(WSAAPI* shutdown)(SOCKET, int);
    int(WSAAPI* getpeername)(SOCKET, struct sockaddr*, int*);
    SOCKET(WSAAPI* socket)(int, int, int);
    SOCKET(WSAAPI* accept)(SOCKET, struct sockaddr*, int*);
    int(WSAAPI* WSAIoctl)(SOCKET, DWORD, void*, DWORD, void*, DWORD, DWORD*, WSAOVERLAPPED*,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE);
    int(WSAAPI* ioctlsocket)(SOCKET, long, u_long*);
    int(WSAAPI* WSAEventSelect)(SOCKET, WSAEVENT, long);
    int(WSAAPI* WSAAsyncSelect)(SOCKET, HWND, u_int, long);
} msafd_below;

/* The provider's functions; set by msafd_install(). */
extern WSPPROC_TABLE msafd_table;

/* How often the ws2_32 above was asked for a socket's option, by wsext or the program. */
extern volatile LONG msafd_calls_from_within;

/* Starts the provider, and leads wsext to the ws2_32 above it. */
void msafd_install(void);

/* The ws2_32 above. */
SOCKET WSAAPI ws2_socket(int family, int type, int protocol);
int WSAAPI ws2_closesocket(SOCKET s);
int WSAAPI ws2_setsockopt(SOCKET s, int level, int option, const char* value, int length);
int WSAAPI ws2_getsockopt(SOCKET s, int level, int option, char* value, int* length);
int WSAAPI ws2_shutdown(SOCKET s, int how);
int WSAAPI ws2_getpeername(SOCKET s, struct sockaddr* name, int* length);
SOCKET WSAAPI ws2_accept(SOCKET s, struct sockaddr* name, int* length);
int WSAAPI ws2_WSAIoctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                        DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                        LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSAAPI ws2_ioctlsocket(SOCKET s, long code, u_long* argument);
int WSAAPI ws2_WSAEventSelect(SOCKET s, WSAEVENT event, long events);
int WSAAPI ws2_WSAAsyncSelect(SOCKET s, HWND window, u_int message, long events);

#endif
