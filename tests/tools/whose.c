/* SPDX-License-Identifier: MIT */

/* An ordinary program: asks for ConnectEx and prints the name of the DLL that it came from. */

#include <winsock2.h>
#include <mswsock.h>
#include <windows.h>

#include <stdio.h>
#include <string.h>

int main(void) {
    GUID guid = WSAID_CONNECTEX;
    void* function = NULL;
    char path[MAX_PATH] = "";
    HMODULE module;
    WSADATA data;
    DWORD bytes;
    SOCKET s;

    if (WSAStartup(0x0202, &data) != 0)
        return 1;
    s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &function,
                 sizeof function, &bytes, NULL, NULL) != 0)
        return 1;
    if (!GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, function, &module) ||
        GetModuleFileNameA(module, path, sizeof path) == 0)
        return 1;
    printf("%s\n", _strlwr(strrchr(path, '\\') + 1));
    return 0;
}
