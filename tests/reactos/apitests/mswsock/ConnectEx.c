/*
 * PROJECT:     ReactOS API tests
 * LICENSE:     MIT (https://spdx.org/licenses/MIT)
 * PURPOSE:     Tests for ConnectEx
 * COPYRIGHT:   Copyright 2026 The wsext authors
 */

#include "mswsock.h"

static CONNECTEX pConnectEx;

static void
TestArguments(void)
{
    struct sockaddr_in Address;
    OVERLAPPED Overlapped;
    SOCKET Listener = CreateListener(&Address);
    SOCKET s = CreateBound();
    SOCKET Unbound = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

    WSASetLastError(0xdead);
    ok_int(pConnectEx(s, (struct sockaddr *)&Address, sizeof(Address), NULL, 0, NULL, NULL), FALSE);
    ok_int(WSAGetLastError(), ERROR_INVALID_PARAMETER);

    InitOverlapped(&Overlapped);
    WSASetLastError(0xdead);
    ok_int(pConnectEx(s, NULL, 0, NULL, 0, NULL, &Overlapped), FALSE);
    ok_int(WSAGetLastError(), WSAEFAULT);

    WSASetLastError(0xdead);
    ok_int(pConnectEx(Unbound, (struct sockaddr *)&Address, sizeof(Address), NULL, 0, NULL,
                      &Overlapped), FALSE);
    ok_int(WSAGetLastError(), WSAEINVAL);

    WSASetLastError(0xdead);
    ok_int(pConnectEx(INVALID_SOCKET, (struct sockaddr *)&Address, sizeof(Address), NULL, 0, NULL,
                      &Overlapped), FALSE);
    ok_int(WSAGetLastError(), WSAENOTSOCK);

    FreeOverlapped(&Overlapped);
    closesocket(Unbound);
    closesocket(s);
    closesocket(Listener);
}

static void
TestPayload(DWORD Size)
{
    struct sockaddr_in Address;
    OVERLAPPED Overlapped;
    SOCKET Listener = CreateListener(&Address);
    SOCKET s = CreateBound();
    SOCKET Peer;
    DWORD Bytes;
    char *Payload = malloc(Size + 1);
    BOOL Result;

    memset(Payload, 'w', Size);
    InitOverlapped(&Overlapped);
    Bytes = 0xdead;
    Result = pConnectEx(s, (struct sockaddr *)&Address, sizeof(Address), Size > 0 ? Payload : NULL,
                        Size, &Bytes, &Overlapped);
    ok(Result || WSAGetLastError() == ERROR_IO_PENDING, "ConnectEx failed with %d\n",
       WSAGetLastError());

    Peer = AcceptOne(Listener);
    ok_int(ReceiveUpTo(Peer, Size), Size);
    ok_int(WaitOverlapped(s, &Overlapped, &Bytes), 0);
    ok_int(Bytes, Size);

    closesocket(Peer);
    closesocket(s);
    closesocket(Listener);
    FreeOverlapped(&Overlapped);
    free(Payload);
}

static void
TestPort(void)
{
    struct sockaddr_in Address;
    OVERLAPPED Overlapped;
    OVERLAPPED *Dequeued = NULL;
    ULONG_PTR Key = 0;
    DWORD Bytes = 0;
    SOCKET Listener = CreateListener(&Address);
    SOCKET s = CreateBound();
    HANDLE Port = CreateIoCompletionPort((HANDLE)s, NULL, 1234, 0);

    memset(&Overlapped, 0, sizeof(Overlapped));
    pConnectEx(s, (struct sockaddr *)&Address, sizeof(Address), (void *)"hello", 5, NULL, &Overlapped);
    ok_int(GetQueuedCompletionStatus(Port, &Bytes, &Key, &Dequeued, PATIENCE), TRUE);
    ok(Dequeued == &Overlapped, "Another OVERLAPPED %p came\n", Dequeued);
    ok_int(Key, 1234);
    ok_int(Bytes, 5);
    ok_int(GetQueuedCompletionStatus(Port, &Bytes, &Key, &Dequeued, 100), FALSE);
    ok(Dequeued == NULL, "A second packet came\n");

    closesocket(s);
    closesocket(Listener);
    CloseHandle(Port);
}

static void
TestRefused(void)
{
    struct sockaddr_in Address;
    OVERLAPPED Overlapped;
    SOCKET Listener = CreateListener(&Address);
    SOCKET s = CreateBound();
    DWORD Bytes;
    BOOL Result;

    closesocket(Listener);
    InitOverlapped(&Overlapped);
    Result = pConnectEx(s, (struct sockaddr *)&Address, sizeof(Address), NULL, 0, NULL, &Overlapped);
    ok_int(Result, FALSE);
    ok_int(WSAGetLastError(), ERROR_IO_PENDING);
    ok_int(WaitOverlapped(s, &Overlapped, &Bytes), WSAECONNREFUSED);
    ok_int(Bytes, 0);

    closesocket(s);
    FreeOverlapped(&Overlapped);
}

START_TEST(ConnectEx)
{
    SOCKET s;

    if (!StartSockets())
        return;
    s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    pConnectEx = (CONNECTEX)GetExtension(s, &ConnectExId);
    closesocket(s);
    if (pConnectEx == NULL)
    {
        skip("No ConnectEx\n");
        return;
    }

    TestArguments();
    TestPayload(0);
    TestPayload(5);
    TestPayload(8 * 1024 * 1024);
    TestPort();
    TestRefused();
    WSACleanup();
}
