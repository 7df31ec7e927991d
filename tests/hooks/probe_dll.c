/* SPDX-License-Identifier: MIT */

/* clang-format off: winsock2.h has to come before windows.h. */
#include <winsock2.h>
#include <windows.h>
/* clang-format on */

#include <string.h>

#include "hooks/interpose.h"
#include "base/module.h"
#include "probe.h"

#define PROBE__EXPORT __declspec(dllexport)

typedef int(WSAAPI probe__getpeername_fn)(SOCKET, struct sockaddr*, int*);
typedef int(WSAAPI probe__closesocket_fn)(SOCKET);
typedef BOOL(WINAPI probe__cancel_fn)(HANDLE, OVERLAPPED*);

static probe__getpeername_fn* probe__getpeername;
static probe__closesocket_fn* probe__closesocket;
static probe__cancel_fn* probe__cancel;
static volatile LONG probe__getpeername_calls;
static volatile LONG probe__closesocket_calls;
static volatile LONG probe__cancel_calls;

static int WSAAPI probe__getpeername_door(SOCKET socket, struct sockaddr* name, int* length) {
    InterlockedIncrement(&probe__getpeername_calls);
    return probe__getpeername(socket, name, length);
}

static int WSAAPI probe__closesocket_door(SOCKET socket) {
    InterlockedIncrement(&probe__closesocket_calls);
    return probe__closesocket(socket);
}

static BOOL WINAPI probe__cancel_door(HANDLE file, OVERLAPPED* overlapped) {
    InterlockedIncrement(&probe__cancel_calls);
    return probe__cancel(file, overlapped);
}

/* The last two do not exist and have to be left out without harm to the others. */
static const struct interpose_entry probe__table[] = {
    {"ws2_32.dll", "getpeername", (void*) probe__getpeername_door, false},
    {"ws2_32.dll", "closesocket", (void*) probe__closesocket_door, false},
    {"kernel32.dll", "CancelIoEx", (void*) probe__cancel_door, false},
    {"kernelbase.dll", "CancelIoEx", (void*) probe__cancel_door, false},
    {"ws2_32.dll", "NoSuchExport", (void*) probe__closesocket_door, false},
    {"no-such-module.dll", "CancelIoEx", (void*) probe__cancel_door, false},
};

#define PROBE__ENTRIES (sizeof probe__table / sizeof probe__table[0])

PROBE__EXPORT int probe_install(void) {
    return interpose_install(probe__table, PROBE__ENTRIES);
}

PROBE__EXPORT int probe_entries(void) {
    return (int) PROBE__ENTRIES;
}

PROBE__EXPORT int probe_possible(void) {
    int count = 0;
    for (size_t i = 0; i < PROBE__ENTRIES; i++) {
        HMODULE module = module_find(probe__table[i].module);
        if (module != NULL && GetProcAddress(module, probe__table[i].name) != NULL)
            count++;
    }
    return count;
}

PROBE__EXPORT int probe_is_installed(const char* module, const char* name) {
    return interpose_is_installed(module, name);
}

PROBE__EXPORT int probe_calls(const char* name) {
    if (strcmp(name, "getpeername") == 0)
        return (int) probe__getpeername_calls;
    if (strcmp(name, "closesocket") == 0)
        return (int) probe__closesocket_calls;
    if (strcmp(name, "CancelIoEx") == 0)
        return (int) probe__cancel_calls;
    return -1;
}

PROBE__EXPORT int probe_call_own_imports(void) {
    LONG before = probe__getpeername_calls + probe__cancel_calls;
    struct sockaddr_storage name;
    int length = sizeof name;
    getpeername(INVALID_SOCKET, (struct sockaddr*) &name, &length);
    CancelIoEx(INVALID_HANDLE_VALUE, NULL);
    return (int) (probe__getpeername_calls + probe__cancel_calls - before);
}

PROBE__EXPORT void* probe_original(void) {
    return (void*) probe__getpeername;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
    (void) reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        HMODULE winsock = module_find("ws2_32.dll");
        HMODULE kernel = module_find("kernel32.dll");
        DisableThreadLibraryCalls(instance);
        probe__getpeername =
            (probe__getpeername_fn*) (void*) GetProcAddress(winsock, "getpeername");
        probe__closesocket =
            (probe__closesocket_fn*) (void*) GetProcAddress(winsock, "closesocket");
        probe__cancel = (probe__cancel_fn*) (void*) GetProcAddress(kernel, "CancelIoEx");
        probe_install();
    }
    return TRUE;
}
