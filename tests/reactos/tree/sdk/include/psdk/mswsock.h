/* SPDX-License-Identifier: MIT */
#ifndef PRETEND_MSWSOCK_H
#define PRETEND_MSWSOCK_H

/* A stand-in for an mswsock.h of ReactOS, with its mistakes and no more than it has. */

#define SO_OPENTYPE 0x7008
#define SO_SYNCHRONOUS_ALERT 0x10
#define SO_SYNCHRONOUS_NONALERT 0x20
#define SO_UPDATE_ACCEPT_CONTEXT 0x700B
#define SO_CONNECT_TIME 0x700C

#define TF_DISCONNECT 1
#define TF_REUSE_SOCKET 2
#define TF_WRITE_BEHIND 4
#define TF_USE_DEFAULT_WORKER 0
#define TF_USE_SYSTEM_THREAD 16
#define TF_USE_KERNEL_APC 32

typedef struct {
    PVOID Head;
    DWORD HeadLength;
    PVOID Tail;
    DWORD TailLength;
} TRANSMIT_FILE_BUFFERS, *PTRANSMIT_FILE_BUFFERS, *LPTRANSMIT_FILE_BUFFERS;

/* These two are swapped there, too. */
#define WSAID_ACCEPTEX \
    { \
        0xb5367df0, 0xcbac, 0x11cf, { \
            0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 \
        } \
    }
#define WSAID_TRANSMITFILE \
    { \
        0xb5367df1, 0xcbac, 0x11cf, { \
            0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 \
        } \
    }
#define WSAID_GETACCEPTEXSOCKADDRS \
    { \
        0xb5367df2, 0xcbac, 0x11cf, { \
            0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 \
        } \
    }

typedef BOOL(PASCAL* LPFN_TRANSMITFILE)(SOCKET, HANDLE, DWORD, DWORD, LPOVERLAPPED,
                                        LPTRANSMIT_FILE_BUFFERS, DWORD);
typedef BOOL(PASCAL* LPFN_ACCEPTEX)(SOCKET, SOCKET, PVOID, DWORD, DWORD, DWORD, LPDWORD,
                                    LPOVERLAPPED);
typedef VOID(PASCAL* LPFN_GETACCEPTEXSOCKADDRS)(PVOID, DWORD, DWORD, DWORD, struct sockaddr**,
                                                LPINT, struct sockaddr**, LPINT);

/* So are these. */
#define TP_ELEMENT_FILE 1
#define TP_ELEMENT_MEMORY 2
#define TP_ELEMENT_EOP 4

typedef struct {
    ULONG dwElFlags;
    ULONG cLength;
    union {
        struct {
            LARGE_INTEGER nFileOffset;
            HANDLE hFile;
        };
        PVOID pBuffer;
    };
} TRANSMIT_PACKETS_ELEMENT;

BOOL PASCAL TransmitFile(SOCKET, HANDLE, DWORD, DWORD, LPOVERLAPPED, LPTRANSMIT_FILE_BUFFERS,
                         DWORD);
BOOL PASCAL AcceptEx(SOCKET, SOCKET, PVOID, DWORD, DWORD, DWORD, LPDWORD, LPOVERLAPPED);
VOID PASCAL GetAcceptExSockaddrs(PVOID, DWORD, DWORD, DWORD, struct sockaddr**, LPINT,
                                 struct sockaddr**, LPINT);
int PASCAL WSARecvEx(SOCKET, char*, int, int*);

#endif
