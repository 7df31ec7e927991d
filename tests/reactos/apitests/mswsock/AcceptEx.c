/*
 * PROJECT:     ReactOS API tests
 * LICENSE:     MIT (https://spdx.org/licenses/MIT)
 * PURPOSE:     Tests for AcceptEx
 * COPYRIGHT:   Copyright 2026 The wsext authors
 */

#include "mswsock.h"

static void
TestAccept(ACCEPTEX pAcceptEx, DWORD DataLength)
{
    struct sockaddr_in Address, Peer;
    char Buffer[64 + 2 * ADDRESS_ROOM];
    OVERLAPPED Overlapped;
    SOCKET Listener = CreateListener(&Address);
    SOCKET Accepted = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    SOCKET Client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    DWORD Bytes = 0;
    int Length = sizeof(Peer);

    InitOverlapped(&Overlapped);
    ok_int(pAcceptEx(Listener, Accepted, Buffer, DataLength, ADDRESS_ROOM, ADDRESS_ROOM, &Bytes,
                     &Overlapped), FALSE);
    ok_int(WSAGetLastError(), ERROR_IO_PENDING);

    ok_int(connect(Client, (struct sockaddr *)&Address, sizeof(Address)), 0);
    if (DataLength > 0)
    {
        ok_int(WaitForSingleObject(Overlapped.hEvent, 100), WAIT_TIMEOUT);
        ok_int(send(Client, "hello", 5, 0), 5);
    }
    ok_int(WaitOverlapped(Listener, &Overlapped, &Bytes), 0);
    ok_int(Bytes, DataLength > 0 ? 5 : 0);
    if (DataLength > 0)
        ok_int(memcmp(Buffer, "hello", 5), 0);

    ok_int(setsockopt(Accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char *)&Listener,
                      sizeof(Listener)), 0);
    ok_int(getpeername(Accepted, (struct sockaddr *)&Peer, &Length), 0);

    FreeOverlapped(&Overlapped);
    closesocket(Client);
    closesocket(Accepted);
    closesocket(Listener);
}

START_TEST(AcceptEx)
{
    ACCEPTEX pAcceptEx;
    SOCKET s;

    if (!StartSockets())
        return;
    s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    pAcceptEx = (ACCEPTEX)GetExtension(s, &AcceptExId);
    closesocket(s);
    if (pAcceptEx == NULL)
    {
        skip("No AcceptEx\n");
        return;
    }

    TestAccept(pAcceptEx, 0);
    TestAccept(pAcceptEx, 64);
    WSACleanup();
}
