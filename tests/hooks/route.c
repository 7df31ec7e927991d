/* SPDX-License-Identifier: MIT */
#include "route.h"

/* The linker's name of the import slot. */
#ifdef _WIN64
extern void* route__slot __asm__("__imp_getpeername");
#else
extern void* route__slot __asm__("__imp__getpeername@12");
#endif

int route_getpeername(SOCKET socket) {
    struct sockaddr_storage name;
    int length = sizeof name;
    return getpeername(socket, (struct sockaddr*) &name, &length) == 0 ? 0 : WSAGetLastError();
}

DWORD route_cancel(HANDLE handle) {
    return CancelIoEx(handle, NULL) ? 0 : GetLastError();
}

void* route_slot(void) {
    return route__slot;
}
