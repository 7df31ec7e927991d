/* SPDX-License-Identifier: MIT */
#include <winsock2.h>
#include <ws2spi.h>

#include <stdio.h>
#include <string.h>

/* nsp_test DLL provider|plain: whose name-space provider the DLL starts. The pretend one answers
 * with an error that no other gives. */
#define PRETEND_ERROR 4711

typedef INT(WINAPI* start_fn)(GUID*, NSP_ROUTINE*);

int main(int argc, char** argv) {
    GUID tcpip = {0x22059d40, 0x7e9e, 0x11cf, {0xae, 0x5a, 0x00, 0xaa, 0x00, 0xa7, 0x11, 0x2b}};
    NSP_ROUTINE routines;
    WSADATA data;
    HMODULE dll;
    start_fn start;
    int is_pretend;

    if (argc != 3 || WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return 2;
    dll = LoadLibraryA(argv[1]);
    start = dll != NULL ? (start_fn) (void*) GetProcAddress(dll, "NSPStartup") : NULL;
    if (start == NULL) {
        printf("no NSPStartup in %s, error %lu\n", argv[1], GetLastError());
        return 1;
    }
    memset(&routines, 0, sizeof routines);
    routines.cbSize = sizeof routines;
    is_pretend = start(&tcpip, &routines) == PRETEND_ERROR;
    printf("NSPStartup is %s\n", is_pretend ? "the tree's" : "ours");
    return is_pretend != (strcmp(argv[2], "provider") == 0);
}
