/*
 * PROJECT:     ReactOS API tests
 * LICENSE:     MIT (https://spdx.org/licenses/MIT)
 * PURPOSE:     Tests for DisconnectEx
 * COPYRIGHT:   Copyright 2026 The wsext authors
 */

#include "mswsock.h"

START_TEST(DisconnectEx)
{
    DISCONNECTEX pDisconnectEx;
    OVERLAPPED Overlapped;
    SOCKET Client, Server;
    DWORD Bytes;
    char Byte;

    if (!StartSockets() || !CreatePair(&Client, &Server))
        return;
    pDisconnectEx = (DISCONNECTEX)GetExtension(Client, &DisconnectExId);
    if (pDisconnectEx == NULL)
    {
        skip("No DisconnectEx\n");
        return;
    }

    WSASetLastError(0xdead);
    ok_int(pDisconnectEx(Client, NULL, 0, 1), FALSE);
    ok_int(WSAGetLastError(), WSAEINVAL);
    WSASetLastError(0xdead);
    ok_int(pDisconnectEx(Client, NULL, 0x1000, 0), FALSE);
    ok_int(WSAGetLastError(), WSAEINVAL);

    ok_int(send(Client, "x", 1, 0), 1);
    InitOverlapped(&Overlapped);
    if (!pDisconnectEx(Client, &Overlapped, 0, 0))
        ok_int(WSAGetLastError(), ERROR_IO_PENDING);
    ok_int(WaitOverlapped(Client, &Overlapped, &Bytes), 0);
    ok_int(recv(Server, &Byte, 1, 0), 1);
    ok_int(recv(Server, &Byte, 1, 0), 0);

    FreeOverlapped(&Overlapped);
    closesocket(Server);
    closesocket(Client);

    Client = CreateBound();
    WSASetLastError(0xdead);
    ok_int(pDisconnectEx(Client, NULL, 0, 0), FALSE);
    ok_int(WSAGetLastError(), WSAENOTCONN);
    closesocket(Client);
    WSACleanup();
}
