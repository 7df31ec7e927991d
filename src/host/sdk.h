/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOST_SDK_H
#define WSEXT_HOST_SDK_H

/* Microsoft's socket headers, and after them what some systems' copies lack or have wrong. The
 * names and values are those of Microsoft's documentation and of mingw-w64's headers. */

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <mswsock.h>
#include <nspapi.h>

/* An mswsock.h of ReactOS has these two the wrong way round, and the elements' kinds below. */
#undef WSAID_TRANSMITFILE
#define WSAID_TRANSMITFILE \
    { \
        0xb5367df0, 0xcbac, 0x11cf, { \
            0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 \
        } \
    }
#undef WSAID_ACCEPTEX
#define WSAID_ACCEPTEX \
    { \
        0xb5367df1, 0xcbac, 0x11cf, { \
            0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 \
        } \
    }

/* It also stops short of what came with Windows XP. Who has an identifier has the function's type,
 * too. */
#ifndef WSAID_CONNECTEX
#define WSAID_CONNECTEX \
    { \
        0x25a207b9, 0xddf3, 0x4660, { \
            0x8e, 0xe9, 0x76, 0xe5, 0x8c, 0x74, 0x06, 0x3e \
        } \
    }
typedef BOOL(PASCAL* LPFN_CONNECTEX)(SOCKET s, const struct sockaddr* name, int length,
                                     PVOID payload, DWORD payload_length, DWORD* sent,
                                     OVERLAPPED* overlapped);
#endif
#ifndef WSAID_DISCONNECTEX
#define WSAID_DISCONNECTEX \
    { \
        0x7fda2e11, 0x8630, 0x436f, { \
            0xa0, 0x31, 0xf5, 0x36, 0xa6, 0xee, 0xc1, 0x57 \
        } \
    }
typedef BOOL(PASCAL* LPFN_DISCONNECTEX)(SOCKET s, OVERLAPPED* overlapped, DWORD flags,
                                        DWORD reserved);
#endif
#ifndef WSAID_TRANSMITPACKETS
#define WSAID_TRANSMITPACKETS \
    { \
        0xd9689da0, 0x1f90, 0x11d3, { \
            0x99, 0x71, 0x00, 0xc0, 0x4f, 0x68, 0xc8, 0x76 \
        } \
    }
typedef TRANSMIT_PACKETS_ELEMENT* LPTRANSMIT_PACKETS_ELEMENT;
typedef BOOL(PASCAL* LPFN_TRANSMITPACKETS)(SOCKET s, TRANSMIT_PACKETS_ELEMENT* elements,
                                           DWORD count, DWORD send_size, OVERLAPPED* overlapped,
                                           DWORD flags);
#endif
#ifndef WSAID_WSARECVMSG
#define WSAID_WSARECVMSG \
    { \
        0xf689d7c8, 0x6f1f, 0x436b, { \
            0x8a, 0x53, 0xe5, 0x4f, 0xe3, 0x51, 0xc3, 0x22 \
        } \
    }
typedef INT(PASCAL* LPFN_WSARECVMSG)(SOCKET s, WSAMSG* message, DWORD* received,
                                     WSAOVERLAPPED* overlapped,
                                     LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
#endif
#ifndef WSAID_WSASENDMSG
#define WSAID_WSASENDMSG \
    { \
        0xa441e712, 0x754f, 0x43ca, { \
            0x84, 0xa7, 0x0d, 0xee, 0x44, 0xcf, 0x60, 0x6d \
        } \
    }
typedef INT(PASCAL* LPFN_WSASENDMSG)(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                                     WSAOVERLAPPED* overlapped,
                                     LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
#endif

#undef TP_ELEMENT_MEMORY
#define TP_ELEMENT_MEMORY 1
#undef TP_ELEMENT_FILE
#define TP_ELEMENT_FILE 2
#ifndef TP_DISCONNECT
#define TP_DISCONNECT TF_DISCONNECT
#define TP_REUSE_SOCKET TF_REUSE_SOCKET
#define TP_USE_DEFAULT_WORKER TF_USE_DEFAULT_WORKER
#define TP_USE_SYSTEM_THREAD TF_USE_SYSTEM_THREAD
#define TP_USE_KERNEL_APC TF_USE_KERNEL_APC
#endif

#ifndef MSG_TRUNC
#define MSG_TRUNC 0x0100
#endif
#ifndef MSG_CTRUNC
#define MSG_CTRUNC 0x0200
#endif
#ifndef SO_UPDATE_CONNECT_CONTEXT
#define SO_UPDATE_CONNECT_CONTEXT 0x7010
#endif
#ifndef TCP_FASTOPEN
#define TCP_FASTOPEN 15
#endif
#ifndef FILE_SKIP_COMPLETION_PORT_ON_SUCCESS
#define FILE_SKIP_COMPLETION_PORT_ON_SUCCESS 1
#define FILE_SKIP_SET_EVENT_ON_HANDLE 2
#endif

/* svcguid.h is not everywhere. */
#ifndef SVCID_HOSTNAME
#define SDK__SERVICE(number, record) \
    { \
        number, 0, record, { \
            0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46 \
        } \
    }
#define SVCID_HOSTNAME SDK__SERVICE(0x0002a800, 0)
#define SVCID_INET_HOSTADDRBYINETSTRING SDK__SERVICE(0x0002a801, 0)
#define SVCID_INET_SERVICEBYNAME SDK__SERVICE(0x0002a802, 0)
#define SVCID_INET_HOSTADDRBYNAME SDK__SERVICE(0x0002a803, 0)
#define SVCID_TCP(port) SDK__SERVICE((0x0009 << 16) | (port), 0)
#define SVCID_UDP(port) SDK__SERVICE((0x000A << 16) | (port), 0)
#endif

/* ReactOS's nspapi.h has no more than SetService and GetAddressByName take, and not all of that. */
#ifndef NS_DEFAULT
#define NS_DEFAULT 0
#endif
#ifndef PROP_ALL
#define PROP_MACHINE 0x20
#define PROP_ADDRESSES 0x100
#define PROP_ALL 0x80000000
#endif
#ifndef SERVICE_DELETE_TYPE
#define SERVICE_DELETE_TYPE 5
#endif
#ifndef SERVICE_FLAG_DEFER
#define SERVICE_FLAG_DEFER 1
#endif
#ifndef SET_SERVICE_PARTIAL_SUCCESS
#define SET_SERVICE_PARTIAL_SUCCESS 1

/* What else comes with that name. */
typedef struct {
    DWORD dwNameSpace;
    SERVICE_INFOA ServiceInfo;
} NS_SERVICE_INFOA;
#endif
#ifndef XP_CONNECTIONLESS
#define XP_CONNECTIONLESS 0x1
#define XP_GUARANTEED_DELIVERY 0x2
#define XP_GUARANTEED_ORDER 0x4
#define XP_MESSAGE_ORIENTED 0x8
#define XP_PSEUDO_STREAM 0x10
#define XP_GRACEFUL_CLOSE 0x20
#define XP_EXPEDITED_DATA 0x40
#define XP_CONNECT_DATA 0x80
#define XP_DISCONNECT_DATA 0x100
#define XP_SUPPORTS_BROADCAST 0x200
#define XP_SUPPORTS_MULTICAST 0x400
#define XP_BANDWIDTH_ALLOCATION 0x800
#define XP_FRAGMENTATION 0x1000
#define XP_ENCRYPTS 0x2000

typedef struct {
    DWORD dwServiceFlags;
    INT iAddressFamily;
    INT iMaxSockAddr;
    INT iMinSockAddr;
    INT iSocketType;
    INT iProtocol;
    DWORD dwMessageSize;
    CHAR* lpProtocol;
} PROTOCOL_INFOA;

typedef struct {
    DWORD dwServiceFlags;
    INT iAddressFamily;
    INT iMaxSockAddr;
    INT iMinSockAddr;
    INT iSocketType;
    INT iProtocol;
    DWORD dwMessageSize;
    WCHAR* lpProtocol;
} PROTOCOL_INFOW;
#endif

/* WSAPOLLFD, which headers for systems without WSAPoll lack. */
struct sdk_pollfd {
    SOCKET fd;
    SHORT events;
    SHORT revents;
};

#endif
