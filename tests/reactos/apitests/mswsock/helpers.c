/*
 * PROJECT:     ReactOS API tests
 * LICENSE:     MIT (https://spdx.org/licenses/MIT)
 * PURPOSE:     Common parts of the tests of the Winsock extension functions
 * COPYRIGHT:   Copyright 2026 The wsext authors
 */

#include "mswsock.h"

const GUID AcceptExId = {0xb5367df1, 0xcbac, 0x11cf, {0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92}};
const GUID ConnectExId = {0x25a207b9, 0xddf3, 0x4660, {0x8e, 0xe9, 0x76, 0xe5, 0x8c, 0x74, 0x06, 0x3e}};
const GUID DisconnectExId = {0x7fda2e11, 0x8630, 0x436f, {0xa0, 0x31, 0xf5, 0x36, 0xa6, 0xee, 0xc1, 0x57}};
const GUID GetAcceptExSockaddrsId = {0xb5367df2, 0xcbac, 0x11cf, {0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92}};
const GUID TransmitFileId = {0xb5367df0, 0xcbac, 0x11cf, {0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92}};

BOOL
StartSockets(void)
{
    WSADATA Data;
    int Error = WSAStartup(MAKEWORD(2, 2), &Data);

    ok_int(Error, 0);
    return Error == 0;
}

void *
GetExtension(SOCKET s, const GUID *Id)
{
    GUID Copy = *Id;
    void *Function = NULL;
    DWORD Bytes = 0;
    int Result = WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &Copy, sizeof(Copy), &Function,
                          sizeof(Function), &Bytes, NULL, NULL);

    ok(Result == 0, "WSAIoctl failed with %d\n", WSAGetLastError());
    if (Result != 0)
        return NULL;
    ok_int(Bytes, sizeof(Function));
    ok(Function != NULL, "WSAIoctl gave no function\n");
    return Function;
}

static SOCKET
CreateOn(ULONG Host, struct sockaddr_in *Address)
{
    int Length = sizeof(*Address);
    SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);

    ok(s != INVALID_SOCKET, "WSASocketW failed with %d\n", WSAGetLastError());
    memset(Address, 0, sizeof(*Address));
    Address->sin_family = AF_INET;
    Address->sin_addr.s_addr = htonl(Host);
    ok_int(bind(s, (struct sockaddr *)Address, sizeof(*Address)), 0);
    ok_int(getsockname(s, (struct sockaddr *)Address, &Length), 0);
    return s;
}

SOCKET
CreateListener(struct sockaddr_in *Address)
{
    SOCKET s = CreateOn(INADDR_LOOPBACK, Address);

    ok_int(listen(s, 5), 0);
    return s;
}

/* Not to the loopback address: ReactOS gives the same port again while it is in TIME_WAIT. */
SOCKET
CreateBound(void)
{
    struct sockaddr_in Address;

    return CreateOn(INADDR_ANY, &Address);
}

static BOOL
IsReadable(SOCKET s)
{
    struct timeval Limit = {PATIENCE / 1000, 0};
    fd_set Readable;

    FD_ZERO(&Readable);
    FD_SET(s, &Readable);
    return select(0, &Readable, NULL, NULL, &Limit) == 1;
}

SOCKET
AcceptOne(SOCKET Listener)
{
    SOCKET s = INVALID_SOCKET;

    if (IsReadable(Listener))
        s = accept(Listener, NULL, NULL);
    ok(s != INVALID_SOCKET, "Nobody was accepted, error %d\n", WSAGetLastError());
    return s;
}

DWORD
ReceiveUpTo(SOCKET s, DWORD Length)
{
    static char Part[16384];
    DWORD Received = 0;

    while (Received < Length && IsReadable(s))
    {
        int Got = recv(s, Part, sizeof(Part), 0);

        if (Got <= 0)
            break;
        Received += Got;
    }
    return Received;
}

BOOL
CreatePair(SOCKET *Client, SOCKET *Server)
{
    struct sockaddr_in Address;
    SOCKET Listener = CreateListener(&Address);

    *Client = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    *Server = INVALID_SOCKET;
    if (connect(*Client, (struct sockaddr *)&Address, sizeof(Address)) == 0)
        *Server = AcceptOne(Listener);
    closesocket(Listener);
    ok(*Server != INVALID_SOCKET, "No pair of sockets, error %d\n", WSAGetLastError());
    return *Server != INVALID_SOCKET;
}

void
InitOverlapped(OVERLAPPED *Overlapped)
{
    memset(Overlapped, 0, sizeof(*Overlapped));
    Overlapped->hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
}

void
FreeOverlapped(OVERLAPPED *Overlapped)
{
    CloseHandle(Overlapped->hEvent);
}

int
WaitOverlapped(SOCKET s, OVERLAPPED *Overlapped, DWORD *Bytes)
{
    DWORD Flags;

    *Bytes = 0xdeadbeef;
    if (WaitForSingleObject(Overlapped->hEvent, PATIENCE) != WAIT_OBJECT_0)
        return WAIT_TIMEOUT;
    if (WSAGetOverlappedResult(s, Overlapped, Bytes, FALSE, &Flags))
        return 0;
    return WSAGetLastError();
}
