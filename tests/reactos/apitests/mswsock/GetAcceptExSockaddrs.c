/*
 * PROJECT:     ReactOS API tests
 * LICENSE:     MIT (https://spdx.org/licenses/MIT)
 * PURPOSE:     Tests for GetAcceptExSockaddrs
 * COPYRIGHT:   Copyright 2026 The wsext authors
 */

#include "mswsock.h"

START_TEST(GetAcceptExSockaddrs)
{
    GETACCEPTEXSOCKADDRS pGetAcceptExSockaddrs;
    ACCEPTEX pAcceptEx;
    struct sockaddr_in Address, ClientName;
    struct sockaddr *Local = NULL, *Remote = NULL;
    char Buffer[2 * ADDRESS_ROOM];
    OVERLAPPED Overlapped;
    SOCKET Listener, Accepted, Client;
    int LocalLength = 0, RemoteLength = 0, Length = sizeof(ClientName);
    DWORD Bytes;

    if (!StartSockets())
        return;
    Listener = CreateListener(&Address);
    Accepted = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    Client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    pGetAcceptExSockaddrs = (GETACCEPTEXSOCKADDRS)GetExtension(Listener, &GetAcceptExSockaddrsId);
    pAcceptEx = (ACCEPTEX)GetExtension(Listener, &AcceptExId);
    if (pGetAcceptExSockaddrs == NULL || pAcceptEx == NULL)
    {
        skip("No GetAcceptExSockaddrs or no AcceptEx\n");
        return;
    }

    InitOverlapped(&Overlapped);
    pAcceptEx(Listener, Accepted, Buffer, 0, ADDRESS_ROOM, ADDRESS_ROOM, NULL, &Overlapped);
    ok_int(connect(Client, (struct sockaddr *)&Address, sizeof(Address)), 0);
    ok_int(WaitOverlapped(Listener, &Overlapped, &Bytes), 0);

    pGetAcceptExSockaddrs(Buffer, 0, ADDRESS_ROOM, ADDRESS_ROOM, &Local, &LocalLength, &Remote,
                          &RemoteLength);
    ok(Local != NULL && Remote != NULL, "No addresses\n");
    if (Local != NULL && Remote != NULL)
    {
        ok_int(LocalLength, sizeof(struct sockaddr_in));
        ok_int(RemoteLength, sizeof(struct sockaddr_in));
        ok_int(getsockname(Client, (struct sockaddr *)&ClientName, &Length), 0);
        ok_int(((struct sockaddr_in *)Local)->sin_port, Address.sin_port);
        ok_int(((struct sockaddr_in *)Remote)->sin_port, ClientName.sin_port);
    }

    FreeOverlapped(&Overlapped);
    closesocket(Client);
    closesocket(Accepted);
    closesocket(Listener);
    WSACleanup();
}
