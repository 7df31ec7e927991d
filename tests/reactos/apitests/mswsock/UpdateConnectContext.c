/*
 * PROJECT:     ReactOS API tests
 * LICENSE:     MIT (https://spdx.org/licenses/MIT)
 * PURPOSE:     Tests for SO_UPDATE_CONNECT_CONTEXT and SO_CONNECT_TIME
 * COPYRIGHT:   Copyright 2026 The wsext authors
 */

#include "mswsock.h"

static DWORD
ConnectTime(SOCKET s)
{
    DWORD Seconds = 0xdead;
    int Length = sizeof(Seconds);

    ok_int(getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char *)&Seconds, &Length), 0);
    return Seconds;
}

START_TEST(UpdateConnectContext)
{
    struct sockaddr_in Address, Peer;
    CONNECTEX pConnectEx;
    OVERLAPPED Overlapped;
    DWORD Bytes;
    SOCKET Listener, s;
    int Length = sizeof(Peer);

    if (!StartSockets())
        return;
    Listener = CreateListener(&Address);
    s = CreateBound();
    pConnectEx = (CONNECTEX)GetExtension(s, &ConnectExId);
    if (pConnectEx == NULL)
    {
        skip("No ConnectEx\n");
        return;
    }

    ok(ConnectTime(s) == 0xffffffff, "An unconnected socket has a time\n");
    WSASetLastError(0xdead);
    ok_int(setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), SOCKET_ERROR);
    ok_int(WSAGetLastError(), WSAENOTCONN);

    InitOverlapped(&Overlapped);
    pConnectEx(s, (struct sockaddr *)&Address, sizeof(Address), NULL, 0, NULL, &Overlapped);
    ok_int(WaitOverlapped(s, &Overlapped, &Bytes), 0);
    ok(ConnectTime(s) < 60, "A fresh connection is %lu seconds old\n", ConnectTime(s));

    WSASetLastError(0xdead);
    ok_int(getpeername(s, (struct sockaddr *)&Peer, &Length), SOCKET_ERROR);
    ok_int(WSAGetLastError(), WSAENOTCONN);
    ok_int(setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
    Length = sizeof(Peer);
    ok_int(getpeername(s, (struct sockaddr *)&Peer, &Length), 0);
    ok_int(Peer.sin_port, Address.sin_port);
    ok_int(shutdown(s, SD_SEND), 0);

    FreeOverlapped(&Overlapped);
    closesocket(s);
    closesocket(Listener);
    WSACleanup();
}
