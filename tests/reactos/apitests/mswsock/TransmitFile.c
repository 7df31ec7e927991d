/*
 * PROJECT:     ReactOS API tests
 * LICENSE:     MIT (https://spdx.org/licenses/MIT)
 * PURPOSE:     Tests for TransmitFile
 * COPYRIGHT:   Copyright 2026 The wsext authors
 */

#include "mswsock.h"

#define FILE_BYTES 100000

static HANDLE
CreateFileToSend(void)
{
    WCHAR Folder[MAX_PATH], Name[MAX_PATH];
    char Block[1000];
    DWORD Written;
    HANDLE File;
    int i;

    GetTempPathW(MAX_PATH, Folder);
    GetTempFileNameW(Folder, L"msw", 0, Name);
    File = CreateFileW(Name, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                       FILE_FLAG_DELETE_ON_CLOSE, NULL);
    memset(Block, 'f', sizeof(Block));
    for (i = 0; i < FILE_BYTES / (int)sizeof(Block); i++)
        WriteFile(File, Block, sizeof(Block), &Written, NULL);
    SetFilePointer(File, 0, NULL, FILE_BEGIN);
    return File;
}

START_TEST(TransmitFile)
{
    TRANSMITFILE pTransmitFile;
    OVERLAPPED Overlapped;
    SOCKET Client, Server;
    HANDLE File;
    DWORD Bytes;

    if (!StartSockets() || !CreatePair(&Client, &Server))
        return;
    pTransmitFile = (TRANSMITFILE)GetExtension(Client, &TransmitFileId);
    if (pTransmitFile == NULL)
    {
        skip("No TransmitFile\n");
        return;
    }

    File = CreateFileToSend();
    ok(File != INVALID_HANDLE_VALUE, "No file to send, error %lu\n", GetLastError());
    InitOverlapped(&Overlapped);
    if (!pTransmitFile(Client, File, 0, 0, &Overlapped, NULL, 0))
        ok_int(WSAGetLastError(), ERROR_IO_PENDING);
    ok_int(ReceiveUpTo(Server, FILE_BYTES), FILE_BYTES);
    ok_int(WaitOverlapped(Client, &Overlapped, &Bytes), 0);
    ok_int(Bytes, FILE_BYTES);

    FreeOverlapped(&Overlapped);
    CloseHandle(File);
    closesocket(Server);
    closesocket(Client);
    WSACleanup();
}
