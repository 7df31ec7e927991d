/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CONFORMANCE_CONTROLTEST_H
#define WSEXT_CONFORMANCE_CONTROLTEST_H

#include "conformance.h"

#ifndef SIO_BASE_HANDLE
#define SIO_BASE_HANDLE _WSAIOR(IOC_WS2, 34)
#endif
#ifndef SIO_IDEAL_SEND_BACKLOG_QUERY
#define SIO_IDEAL_SEND_BACKLOG_QUERY _IOR('t', 123, ULONG)
#define SIO_IDEAL_SEND_BACKLOG_CHANGE _IO('t', 122)
#endif

#define CONTROL__UNTOUCHED 0x5afe5afe
#define CONTROL__ROWS 10

/* What each code takes and gives, and which kind of socket it is for. */
struct control_row {
    DWORD code;
    int type;
    DWORD in_length, out_length;
};

extern const struct control_row control_rows[CONTROL__ROWS];

/* What control_routine() was called with, and how often. */
extern int control_calls;
extern DWORD control_call_error;
extern OVERLAPPED* control_call_overlapped;

void CALLBACK control_routine(DWORD error, DWORD bytes, LPWSAOVERLAPPED overlapped, DWORD flags);

SOCKET control_udp(int family);
SOCKET control_connected(void);
SOCKET control_socket_for(const struct control_row* row);
int control_ask(SOCKET s, DWORD code, void* in, DWORD in_length, void* out, DWORD out_length,
                DWORD* bytes);
int control_set(SOCKET s, DWORD code, DWORD value);

#endif
