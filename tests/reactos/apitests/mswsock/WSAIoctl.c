/*
 * PROJECT:     ReactOS API tests
 * LICENSE:     MIT (https://spdx.org/licenses/MIT)
 * PURPOSE:     Tests for WSAIoctl(SIO_GET_EXTENSION_FUNCTION_POINTER)
 * COPYRIGHT:   Copyright 2026 The wsext authors
 */

#include "mswsock.h"

START_TEST(WSAIoctl)
{
    static const GUID Unknown = {0x01234567, 0x89ab, 0xcdef, {1, 2, 3, 4, 5, 6, 7, 8}};
    const GUID *const Known[] =
    {
        &AcceptExId, &ConnectExId, &DisconnectExId, &GetAcceptExSockaddrsId, &TransmitFileId
    };
    GUID Id = Unknown;
    void *Function = NULL;
    DWORD Bytes;
    SOCKET s;
    unsigned i;

    if (!StartSockets())
        return;
    s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

    for (i = 0; i < sizeof(Known) / sizeof(Known[0]); i++)
    {
        void *First = GetExtension(s, Known[i]);

        ok(First == GetExtension(s, Known[i]), "Function %u changes\n", i);
    }

    WSASetLastError(0xdead);
    ok_int(WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &Id, sizeof(Id), &Function,
                    sizeof(Function), &Bytes, NULL, NULL), SOCKET_ERROR);
    ok(WSAGetLastError() == WSAEINVAL || WSAGetLastError() == WSAEOPNOTSUPP,
       "Unknown identifier gives %d\n", WSAGetLastError());

    Id = ConnectExId;
    WSASetLastError(0xdead);
    ok_int(WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, NULL, sizeof(Id), &Function,
                    sizeof(Function), &Bytes, NULL, NULL), SOCKET_ERROR);
    ok_int(WSAGetLastError(), WSAEFAULT);

    WSASetLastError(0xdead);
    ok_int(WSAIoctl(INVALID_SOCKET, SIO_GET_EXTENSION_FUNCTION_POINTER, &Id, sizeof(Id), &Function,
                    sizeof(Function), &Bytes, NULL, NULL), SOCKET_ERROR);
    ok_int(WSAGetLastError(), WSAENOTSOCK);

    closesocket(s);
    WSACleanup();
}
