/* SPDX-License-Identifier: MIT */

/* Links statically to a function that the system's ws2_32 lacks, with the forwarding one in its
 * folder: it starts, all else works, and only calling that function fails, by an exception that
 * tells which entry point was not found. */

#include <winsock2.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

#define LACKING__STATUS 0xC0000139u

/* Newer than the headers that this is built for. */
DWORD WSAAPI ProcessSocketNotifications(HANDLE, UINT32, void*, UINT32, UINT32, void*, UINT32*);

static LONG CALLBACK lacking__on_exception(EXCEPTION_POINTERS* exception) {
    DWORD code = exception->ExceptionRecord->ExceptionCode;
    printf("exception %08lx\n", code);
    fflush(stdout);
    ExitProcess(code == LACKING__STATUS ? 0 : 1);
}

int main(void) {
    WSADATA data;
    SOCKET s;
    if (WSAStartup(0x0202, &data) != 0)
        return 2;
    s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (s == INVALID_SOCKET || closesocket(s) != 0)
        return 3;
    AddVectoredExceptionHandler(1, lacking__on_exception);
    ProcessSocketNotifications(NULL, 0, NULL, 0, 0, NULL, NULL);
    return 4;
}
