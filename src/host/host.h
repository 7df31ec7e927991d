/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOST_HOST_H
#define WSEXT_HOST_HOST_H

/* The host's own functions: the only way in which we call ws2_32, kernel32 or ntdll where it
 * matters whose function is called. The pointers are taken before anything is interposed, so they
 * lead to the originals. A function marked OPTIONAL may be NULL; its fallback is named beside it.
 * BASE is kernelbase, or kernel32 where kernelbase has it not: for functions whose hooks are put
 * between these two as well. */

#include "host/nt.h"
#include "host/sdk.h"

typedef NTSTATUS host_status;

/* clang-format off */
/* X(module, need, result, convention, name, parameters) */
#define HOST_FUNCTIONS(X) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSAStartup, (WORD, WSADATA*)) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSACleanup, (void)) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSAIoctl, \
      (SOCKET, DWORD, void*, DWORD, void*, DWORD, DWORD*, WSAOVERLAPPED*, \
       LPWSAOVERLAPPED_COMPLETION_ROUTINE)) \
    X(WS2_32, REQUIRED, SOCKET, WSAAPI, socket, (int, int, int)) \
    X(WS2_32, REQUIRED, SOCKET, WSAAPI, WSASocketA, \
      (int, int, int, WSAPROTOCOL_INFOA*, GROUP, DWORD)) \
    X(WS2_32, REQUIRED, SOCKET, WSAAPI, WSASocketW, \
      (int, int, int, WSAPROTOCOL_INFOW*, GROUP, DWORD)) \
    X(WS2_32, REQUIRED, int, WSAAPI, closesocket, (SOCKET)) \
    X(WS2_32, REQUIRED, int, WSAAPI, setsockopt, (SOCKET, int, int, const char*, int)) \
    X(WS2_32, REQUIRED, int, WSAAPI, getsockopt, (SOCKET, int, int, char*, int*)) \
    X(WS2_32, REQUIRED, int, WSAAPI, bind, (SOCKET, const struct sockaddr*, int)) \
    X(WS2_32, REQUIRED, int, WSAAPI, listen, (SOCKET, int)) \
    X(WS2_32, REQUIRED, int, WSAAPI, connect, (SOCKET, const struct sockaddr*, int)) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSAConnect, \
      (SOCKET, const struct sockaddr*, int, WSABUF*, WSABUF*, QOS*, QOS*)) \
    /* Without the two no program calls them. */ \
    X(WS2_32, OPTIONAL, BOOL, WSAAPI, WSAConnectByNameA, \
      (SOCKET, const char*, const char*, DWORD*, struct sockaddr*, DWORD*, struct sockaddr*, \
       const struct timeval*, WSAOVERLAPPED*)) \
    X(WS2_32, OPTIONAL, BOOL, WSAAPI, WSAConnectByNameW, \
      (SOCKET, WCHAR*, WCHAR*, DWORD*, struct sockaddr*, DWORD*, struct sockaddr*, \
       const struct timeval*, WSAOVERLAPPED*)) \
    X(WS2_32, REQUIRED, int, WSAAPI, shutdown, (SOCKET, int)) \
    X(WS2_32, REQUIRED, int, WSAAPI, getpeername, (SOCKET, struct sockaddr*, int*)) \
    X(WS2_32, REQUIRED, int, WSAAPI, getsockname, (SOCKET, struct sockaddr*, int*)) \
    X(WS2_32, REQUIRED, int, WSAAPI, ioctlsocket, (SOCKET, long, u_long*)) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSAEventSelect, (SOCKET, WSAEVENT, long)) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSAAsyncSelect, (SOCKET, HWND, u_int, long)) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSASend, \
      (SOCKET, WSABUF*, DWORD, DWORD*, DWORD, WSAOVERLAPPED*, \
       LPWSAOVERLAPPED_COMPLETION_ROUTINE)) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSARecv, \
      (SOCKET, WSABUF*, DWORD, DWORD*, DWORD*, WSAOVERLAPPED*, \
       LPWSAOVERLAPPED_COMPLETION_ROUTINE)) \
    X(WS2_32, REQUIRED, SOCKET, WSAAPI, accept, (SOCKET, struct sockaddr*, int*)) \
    X(WS2_32, REQUIRED, int, WSAAPI, select, \
      (int, fd_set*, fd_set*, fd_set*, const struct timeval*)) \
    X(WS2_32, REQUIRED, int, WSAAPI, send, (SOCKET, const char*, int, int)) \
    X(WS2_32, REQUIRED, int, WSAAPI, recv, (SOCKET, char*, int, int)) \
    X(WS2_32, REQUIRED, int, WSAAPI, recvfrom, \
      (SOCKET, char*, int, int, struct sockaddr*, int*)) \
    /* Without it no program calls it. */ \
    X(WS2_32, OPTIONAL, int, WSAAPI, WSAPoll, (struct sdk_pollfd*, ULONG, INT)) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSAEnumProtocolsW, (int*, WSAPROTOCOL_INFOW*, DWORD*)) \
    X(WS2_32, REQUIRED, struct hostent*, WSAAPI, gethostbyname, (const char*)) \
    X(WS2_32, REQUIRED, struct hostent*, WSAAPI, gethostbyaddr, (const char*, int, int)) \
    X(WS2_32, REQUIRED, struct servent*, WSAAPI, getservbyname, (const char*, const char*)) \
    X(WS2_32, REQUIRED, struct servent*, WSAAPI, getservbyport, (int, const char*)) \
    /* Without the two: IPv6 addresses from the file hosts and from DnsQuery only. */ \
    X(WS2_32, OPTIONAL, int, WSAAPI, getaddrinfo, \
      (const char*, const char*, const struct addrinfo*, struct addrinfo**)) \
    X(WS2_32, OPTIONAL, void, WSAAPI, freeaddrinfo, (struct addrinfo*)) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSASendTo, \
      (SOCKET, WSABUF*, DWORD, DWORD*, DWORD, const struct sockaddr*, int, WSAOVERLAPPED*, \
       LPWSAOVERLAPPED_COMPLETION_ROUTINE)) \
    X(WS2_32, REQUIRED, int, WSAAPI, sendto, \
      (SOCKET, const char*, int, int, const struct sockaddr*, int)) \
    /* Without it WSASendTo, which has no control data. */ \
    X(WS2_32, OPTIONAL, int, WSAAPI, WSASendMsg, \
      (SOCKET, WSAMSG*, DWORD, DWORD*, WSAOVERLAPPED*, LPWSAOVERLAPPED_COMPLETION_ROUTINE)) \
    X(WS2_32, REQUIRED, BOOL, WSAAPI, WSAGetOverlappedResult, \
      (SOCKET, WSAOVERLAPPED*, DWORD*, BOOL, DWORD*)) \
    X(WS2_32, REQUIRED, int, WSAAPI, WSARecvFrom, \
      (SOCKET, WSABUF*, DWORD, DWORD*, DWORD*, struct sockaddr*, int*, WSAOVERLAPPED*, \
       LPWSAOVERLAPPED_COMPLETION_ROUTINE)) \
    X(WS2_32, REQUIRED, SOCKET, WSAAPI, WSAAccept, \
      (SOCKET, struct sockaddr*, int*, LPCONDITIONPROC, DWORD_PTR)) \
    X(KERNEL32, REQUIRED, BOOL, WINAPI, CloseHandle, (HANDLE)) \
    X(KERNEL32, REQUIRED, BOOL, WINAPI, ReadFile, (HANDLE, void*, DWORD, DWORD*, OVERLAPPED*)) \
    X(KERNEL32, REQUIRED, BOOL, WINAPI, ReadFileEx, \
      (HANDLE, void*, DWORD, OVERLAPPED*, LPOVERLAPPED_COMPLETION_ROUTINE)) \
    X(KERNEL32, REQUIRED, BOOL, WINAPI, WriteFile, \
      (HANDLE, const void*, DWORD, DWORD*, OVERLAPPED*)) \
    X(KERNEL32, REQUIRED, BOOL, WINAPI, WriteFileEx, \
      (HANDLE, const void*, DWORD, OVERLAPPED*, LPOVERLAPPED_COMPLETION_ROUTINE)) \
    X(KERNEL32, REQUIRED, BOOL, WINAPI, GetOverlappedResult, (HANDLE, OVERLAPPED*, DWORD*, BOOL)) \
    X(KERNEL32, REQUIRED, BOOL, WINAPI, GetQueuedCompletionStatus, \
      (HANDLE, DWORD*, ULONG_PTR*, OVERLAPPED**, DWORD)) \
    /* Without the two no program calls them. */ \
    X(KERNEL32, OPTIONAL, BOOL, WINAPI, GetOverlappedResultEx, \
      (HANDLE, OVERLAPPED*, DWORD*, DWORD, BOOL)) \
    X(KERNEL32, OPTIONAL, BOOL, WINAPI, GetQueuedCompletionStatusEx, \
      (HANDLE, OVERLAPPED_ENTRY*, ULONG, ULONG*, DWORD, BOOL)) \
    /* To make a port only: see host_associate(). */ \
    X(KERNEL32, REQUIRED, HANDLE, WINAPI, CreateIoCompletionPort, \
      (HANDLE, HANDLE, ULONG_PTR, DWORD)) \
    X(KERNEL32, REQUIRED, BOOL, WINAPI, CancelIo, (HANDLE)) \
    /* Without CancelIoEx: CancelIo, which reaches the calling thread's operations only. */ \
    X(KERNEL32, OPTIONAL, BOOL, WINAPI, CancelIoEx, (HANDLE, OVERLAPPED*)) \
    X(KERNEL32, REQUIRED, BOOL, WINAPI, QueueUserWorkItem, \
      (LPTHREAD_START_ROUTINE, void*, ULONG)) \
    X(BASE, REQUIRED, BOOL, WINAPI, CreateProcessA, \
      (const char*, char*, SECURITY_ATTRIBUTES*, SECURITY_ATTRIBUTES*, BOOL, DWORD, void*, \
       const char*, STARTUPINFOA*, PROCESS_INFORMATION*)) \
    X(BASE, REQUIRED, BOOL, WINAPI, CreateProcessW, \
      (const WCHAR*, WCHAR*, SECURITY_ATTRIBUTES*, SECURITY_ATTRIBUTES*, BOOL, DWORD, void*, \
       const WCHAR*, STARTUPINFOW*, PROCESS_INFORMATION*)) \
    /* advapi32 has them on older systems, where they call CreateProcessW. */ \
    X(BASE, OPTIONAL, BOOL, WINAPI, CreateProcessAsUserA, \
      (HANDLE, const char*, char*, SECURITY_ATTRIBUTES*, SECURITY_ATTRIBUTES*, BOOL, DWORD, void*, \
       const char*, STARTUPINFOA*, PROCESS_INFORMATION*)) \
    X(BASE, OPTIONAL, BOOL, WINAPI, CreateProcessAsUserW, \
      (HANDLE, const WCHAR*, WCHAR*, SECURITY_ATTRIBUTES*, SECURITY_ATTRIBUTES*, BOOL, DWORD, \
       void*, const WCHAR*, STARTUPINFOW*, PROCESS_INFORMATION*)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtDeviceIoControlFile, \
      (HANDLE, HANDLE, PIO_APC_ROUTINE, void*, IO_STATUS_BLOCK*, ULONG, void*, ULONG, void*, \
       ULONG)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtCreateFile, \
      (HANDLE*, ACCESS_MASK, OBJECT_ATTRIBUTES*, IO_STATUS_BLOCK*, LARGE_INTEGER*, ULONG, ULONG, \
       ULONG, ULONG, void*, ULONG)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtReadFile, \
      (HANDLE, HANDLE, PIO_APC_ROUTINE, void*, IO_STATUS_BLOCK*, void*, ULONG, LARGE_INTEGER*, \
       ULONG*)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtWriteFile, \
      (HANDLE, HANDLE, PIO_APC_ROUTINE, void*, IO_STATUS_BLOCK*, const void*, ULONG, \
       LARGE_INTEGER*, ULONG*)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtQueryInformationFile, \
      (HANDLE, IO_STATUS_BLOCK*, void*, ULONG, FILE_INFORMATION_CLASS)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtSetInformationFile, \
      (HANDLE, IO_STATUS_BLOCK*, void*, ULONG, FILE_INFORMATION_CLASS)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtCreateIoCompletion, \
      (HANDLE*, ACCESS_MASK, OBJECT_ATTRIBUTES*, ULONG)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtDuplicateObject, \
      (HANDLE, HANDLE, HANDLE, HANDLE*, ACCESS_MASK, ULONG, ULONG)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, RtlSetIoCompletionCallback, \
      (HANDLE, nt_callback*, ULONG)) \
    X(NTDLL, REQUIRED, ULONG, NTAPI, RtlNtStatusToDosError, (host_status)) \
    /* Without the seven no program has an I/O object of a thread pool. */ \
    X(NTDLL, OPTIONAL, host_status, NTAPI, TpAllocIoCompletion, \
      (void**, HANDLE, nt_pool_io*, void*, struct nt_pool_environment*)) \
    X(NTDLL, OPTIONAL, void, NTAPI, TpReleaseIoCompletion, (void*)) \
    X(NTDLL, OPTIONAL, void, NTAPI, TpStartAsyncIoOperation, (void*)) \
    X(NTDLL, OPTIONAL, void, NTAPI, TpCancelAsyncIoOperation, (void*)) \
    X(NTDLL, OPTIONAL, void, NTAPI, TpWaitForIoCompletion, (void*, BOOL)) \
    X(NTDLL, OPTIONAL, void, NTAPI, TpReleaseCleanupGroupMembers, (void*, BOOL, void*)) \
    X(NTDLL, OPTIONAL, host_status, NTAPI, TpSimpleTryPost, \
      (nt_pool_simple*, void*, struct nt_pool_environment*)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtSetIoCompletion, \
      (HANDLE, ULONG_PTR, ULONG_PTR, host_status, ULONG_PTR)) \
    /* Without it lines of the file hosts that are about IPv6 are not read. */ \
    X(NTDLL, OPTIONAL, host_status, NTAPI, RtlIpv6StringToAddressA, \
      (const char*, const char**, void*)) \
    /* Without it no socket can be made reusable. */ \
    X(NTDLL, OPTIONAL, host_status, NTAPI, NtQueryObject, (HANDLE, int, void*, ULONG, ULONG*)) \
    /* Without it LdrLoadDll. */ \
    X(NTDLL, OPTIONAL, host_status, NTAPI, LdrRegisterDllNotification, \
      (ULONG, void*, void*, void**)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, LdrLoadDll, \
      (WCHAR*, ULONG*, UNICODE_STRING*, HMODULE*)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtQueryEvent, (HANDLE, int, void*, ULONG, ULONG*)) \
    X(NTDLL, REQUIRED, host_status, NTAPI, NtQueryIoCompletion, \
      (HANDLE, int, void*, ULONG, ULONG*)) \
    /* Exported by Wine only; its absence means that Wine's private ioctls are not to be tried. */ \
    X(NTDLL, OPTIONAL, const char*, CDECL, wine_get_version, (void))

/* clang-format on */

#define HOST__MEMBER(module, need, result, convention, name, parameters) \
    result(convention* name) parameters;

struct host {
    HOST_FUNCTIONS(HOST__MEMBER)
};

extern struct host host;

/* Fills the table; returns 0, or -1 where a required function is missing. To be called once, first.
 */
int host_init(void);

/* Whether no WSAStartup of the program is in force. host_look_shut() finds it out, and is to be
 * called first and after each WSAStartup and WSACleanup, so that nobody has to ask while a call is
 * made. */
int host_is_shut(void);
void host_look_shut(void);

/* CreateIoCompletionPort for a file and a port, and SetFileCompletionNotificationModes, where it is
 * us who call: kernel32's own lead through the hooks of what ntdll does for them. Return a status.
 */
host_status host_associate(HANDLE file, HANDLE port, ULONG_PTR key);
host_status host_set_modes(HANDLE file, UCHAR modes);

/* The host's own extension function for the provider of a socket, by
 * WSAIoctl(SIO_GET_EXTENSION_FUNCTION_POINTER); or NULL, and why as the last error: WSAEOPNOTSUPP
 * for a success without a pointer, or with one of ours. That it is a pointer does not say that it
 * is no stub. */
void* host_ask_function(SOCKET s, const GUID* guid);

/* Says which functions are ours, NULL for a GUID of others. A provider that hands them out is part
 * of the host: to take them for the host's own would be to call ourselves for ever. To be called
 * once, before the host is asked for any. */
void host_know_own(const void* (*find)(const GUID* guid));

/* Whether what the host has handed out for this GUID is ours. */
int host_is_own(const GUID* guid, const void* function);

#endif
