/* SPDX-License-Identifier: MIT */
#include "host/host.h"

#include <stddef.h>
#include <string.h>

#include "base/module.h"

struct host host;

enum { HOST__OPTIONAL, HOST__REQUIRED };
enum { HOST__WS2_32, HOST__KERNEL32, HOST__BASE, HOST__NTDLL, HOST__MODULE_COUNT };

struct host__row {
    unsigned char module;
    unsigned char need;
    const char* name;
    size_t offset;
};

#define HOST__ROW(module, need, result, convention, name, parameters) \
    {HOST__##module, HOST__##need, #name, offsetof(struct host, name)},

static const struct host__row host__rows[] = {HOST_FUNCTIONS(HOST__ROW)};

static FARPROC host__find(const HMODULE* modules, const struct host__row* row) {
    FARPROC function = NULL;
    if (modules[row->module] != NULL)
        function = GetProcAddress(modules[row->module], row->name);
    if (function == NULL && row->module == HOST__BASE)
        function = GetProcAddress(modules[HOST__KERNEL32], row->name);
    return function;
}

int host_init(void) {
    HMODULE modules[HOST__MODULE_COUNT];
    size_t i;

    modules[HOST__WS2_32] = module_find("ws2_32.dll");
    modules[HOST__KERNEL32] = module_find("kernel32.dll");
    modules[HOST__BASE] = module_find("kernelbase.dll");
    modules[HOST__NTDLL] = module_find("ntdll.dll");

    for (i = 0; i < sizeof host__rows / sizeof host__rows[0]; i++) {
        const struct host__row* row = &host__rows[i];
        FARPROC function = host__find(modules, row);
        if (function == NULL && row->need == HOST__REQUIRED)
            return -1;
        memcpy((char*) &host + row->offset, &function, sizeof function);
    }
    return 0;
}

static volatile LONG host__shut;

int host_is_shut(void) {
    /* A WSAStartup by a pointer that is older than us did not come our way. */
    if (host__shut)
        host_look_shut();
    return host__shut;
}

void host_look_shut(void) {
    /* The host checks for WSAStartup first, so closing no socket tells and costs nothing. */
    int error = WSAGetLastError();
    int shut = host.closesocket(INVALID_SOCKET) != 0 && WSAGetLastError() == WSANOTINITIALISED;
    InterlockedExchange(&host__shut, shut);
    WSASetLastError(error);
}

host_status host_associate(HANDLE file, HANDLE port, ULONG_PTR key) {
    struct nt_completion completion = {port, key};
    IO_STATUS_BLOCK block;
    return host.NtSetInformationFile(file, &block, &completion, sizeof completion,
                                     (FILE_INFORMATION_CLASS) NT_FILE_COMPLETION);
}

host_status host_set_modes(HANDLE file, UCHAR modes) {
    ULONG wide = modes;
    IO_STATUS_BLOCK block;
    return host.NtSetInformationFile(file, &block, &wide, sizeof wide,
                                     (FILE_INFORMATION_CLASS) NT_FILE_NOTIFICATION_MODES);
}

static const void* (*host__find_own)(const GUID*);

void host_know_own(const void* (*find)(const GUID* guid)) {
    host__find_own = find;
}

int host_is_own(const GUID* guid, const void* function) {
    return host__find_own != NULL && function != NULL && host__find_own(guid) == function;
}

void* host_ask_function(SOCKET s, const GUID* guid) {
    GUID asked = *guid;
    void* function = NULL;
    DWORD bytes;
    if (host.WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &asked, sizeof asked, &function,
                      sizeof function, &bytes, NULL, NULL) != 0)
        return NULL;
    if (host_is_own(guid, function))
        function = NULL;
    if (function == NULL)
        WSASetLastError(WSAEOPNOTSUPP);
    return function;
}
