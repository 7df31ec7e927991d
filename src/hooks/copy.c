/* SPDX-License-Identifier: MIT */
#include "hooks/copy.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "ext/extensions.h"
#include "ext/recvmsg.h"
#include "hooks/hooks.h"

/* Made for this purpose, and nobody else's. */
static const GUID copy__guid = {
    0x9f2c6d3e, 0x51b7, 0x4c0a, {0x8e, 0x64, 0x2b, 0x0d, 0xa7, 0x53, 0xc1, 0x98}};

/* ReactOS's provider may have the library in it. */
static const char copy__provider[] = "msafd.dll";

static const struct copy* copy__first;
static int copy__has_looked;

static const void* WINAPI copy__extension_function(const GUID* guid) {
    return guid != NULL ? extensions_find(guid) : NULL;
}

static int PASCAL copy__receive(SOCKET s, char* buffer, int length, int* flags) {
    return recvmsg_receive(s, buffer, length, flags);
}

static const struct copy copy__own = {sizeof copy__own, WSEXT_VERSION, copy__extension_function,
                                      hook_WSAIoctl,    copy__receive, wsext_report};

/* Wine tells its user of each GUID that it does not know, so it is asked only where a copy has left
 * a mark that it is there: a mutex, which nobody waits for and which lives as long as the process.
 */
static int copy__leave_mark(void) {
    char name[64];
    snprintf(name, sizeof name, "Local\\wsext-copy-%lu", GetCurrentProcessId());
    return CreateMutexA(NULL, FALSE, name) == NULL || GetLastError() == ERROR_ALREADY_EXISTS;
}

static const struct copy* copy__ask_hook(void) {
    const struct copy* found = NULL;
    GUID guid = copy__guid;
    DWORD bytes = 0;
    DWORD error = GetLastError();
    if (copy__leave_mark() &&
        host.WSAIoctl(INVALID_SOCKET, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid,
                      &found, sizeof found, &bytes, NULL, NULL) != 0)
        found = NULL;
    SetLastError(error);
    return found;
}

static const struct copy* copy__ask_provider(void) {
    typedef const struct copy*(WINAPI * ask_fn)(void);
    HMODULE provider = GetModuleHandleA(copy__provider);
    ask_fn ask = NULL;
    if (provider != NULL)
        ask = (ask_fn) (void*) GetProcAddress(provider, "wsext_copy");
    return ask != NULL && ask != wsext_copy ? ask() : NULL;
}

void copy_look(void) {
    const struct copy* found = copy__ask_hook();
    if (found == NULL)
        found = copy__ask_provider();
    if (found != NULL && found != &copy__own && found->size >= sizeof copy__own)
        copy__first = found;
    copy__has_looked = 1;
}

const struct copy* copy_first(void) {
    return copy__first;
}

int copy_answers(DWORD code, const void* in, DWORD in_length, void* out, DWORD out_length) {
    const struct copy* own = &copy__own;
    if (code != SIO_GET_EXTENSION_FUNCTION_POINTER || in_length != sizeof copy__guid ||
        out_length != sizeof own || !memory_is_readable(in, in_length) ||
        memcmp(in, &copy__guid, sizeof copy__guid) != 0 || !memory_is_writable(out, out_length))
        return 0;
    memcpy(out, &own, sizeof own);
    return 1;
}

const struct copy* WINAPI wsext_copy(void) {
    if (!copy__has_looked)
        return NULL;
    return copy__first != NULL ? copy__first : &copy__own;
}
