/* SPDX-License-Identifier: MIT */

/* A host whose Nth call fails, for the errors that nobody sees on a machine that is well: it takes
 * the place of src/host/host.c in a DLL that is otherwise the product. A call fails as if the host
 * were short of memory or buffers, and has done nothing then. The few functions that the core calls
 * without the table of host.h, and the allocation of memory, are counted where the DLL imports
 * them.
 *
 * What is left out, and so never fails:
 *   closesocket, CloseHandle, freeaddrinfo, WSACleanup, UnmapViewOfFile: on what is there they have
 *     no failure;
 *   CancelIo, CancelIoEx: their one failure is that there is nothing to cancel;
 *   WSAGetOverlappedResult, GetOverlappedResult, GetQueuedCompletionStatus(Ex): what they say is
 *     how an operation has ended, and the core asks the first of operations that do end only;
 *   wine_get_version, RtlIpv6StringToAddressA: they need nothing that could be short;
 *   WSAStartup, CreateProcess, bind, listen, accept, send, recv, sendto, and the look-up of names:
 *     in these scenarios only the test itself calls them, or a probe (see faults_test.c), but
 *     `bind` and `listen` of the probes are counted. */

#define host_init faults__find_functions
#include "host/host.c"
#undef host_init

#include <mswsock.h>

#include "hooks/image.h"
#include "faults.h"
#include "base/memory.h"

#define FAULTS__NO_RESOURCES ((host_status) 0xC000009A) /* STATUS_INSUFFICIENT_RESOURCES */

static struct host real;

static volatile LONG faults__kind;
static volatile LONG faults__nth;
static volatile LONG faults__count;
static const char* volatile faults__failed;
static volatile LONG faults__blocks;
static const char* volatile faults__refused; /* A function that always fails. */
static volatile LONG faults__refusal;        /* What it fails with. */

__declspec(dllexport) faults_arm_fn faults_arm;
__declspec(dllexport) faults_disarm_fn faults_disarm;
__declspec(dllexport) faults_blocks_fn faults_blocks;
__declspec(dllexport) faults_refuse_fn faults_refuse;

void faults_arm(int kind, long nth) {
    faults__failed = NULL;
    faults__nth = nth;
    faults__count = 0;
    InterlockedExchange(&faults__kind, kind);
}

const char* faults_disarm(void) {
    InterlockedExchange(&faults__kind, FAULTS_NONE);
    return faults__failed;
}

long faults_blocks(void) {
    return faults__blocks;
}

void faults_refuse(const char* name, int error) {
    faults__refusal = error;
    InterlockedExchangePointer((void* volatile*) &faults__refused, (void*) name);
}

static int faults__hits(int kind, const char* name) {
    if (faults__kind != kind || InterlockedIncrement(&faults__count) != faults__nth)
        return 0;
    faults__failed = name;
    return 1;
}

/* Whether a call fails, and sets the last error then: the given one, or that of faults_refuse(). */
static int faults__fails(const char* name, int error) {
    const char* refused = faults__refused;
    int is_refused = refused != NULL && strcmp(refused, name) == 0;
    if (!is_refused && !faults__hits(FAULTS_HOST, name))
        return 0;
    SetLastError((DWORD) (is_refused ? faults__refusal : error));
    return 1;
}

/* X(result, convention, name, parameters, arguments, what it returns, and the last error then) */
#define FAULTS__CALLS(X) \
    X(SOCKET, WSAAPI, socket, (int a, int b, int c), (a, b, c), INVALID_SOCKET, WSAENOBUFS) \
    X(int, WSAAPI, setsockopt, (SOCKET a, int b, int c, const char* d, int e), (a, b, c, d, e), \
      SOCKET_ERROR, WSAENOBUFS) \
    X(int, WSAAPI, getsockopt, (SOCKET a, int b, int c, char* d, int* e), (a, b, c, d, e), \
      SOCKET_ERROR, WSAENOBUFS) \
    X(int, WSAAPI, bind, (SOCKET a, const struct sockaddr* b, int c), (a, b, c), SOCKET_ERROR, \
      WSAENOBUFS) \
    X(int, WSAAPI, listen, (SOCKET a, int b), (a, b), SOCKET_ERROR, WSAENOBUFS) \
    X(int, WSAAPI, connect, (SOCKET a, const struct sockaddr* b, int c), (a, b, c), SOCKET_ERROR, \
      WSAENOBUFS) \
    X(int, WSAAPI, shutdown, (SOCKET a, int b), (a, b), SOCKET_ERROR, WSAENOBUFS) \
    X(int, WSAAPI, getpeername, (SOCKET a, struct sockaddr * b, int* c), (a, b, c), SOCKET_ERROR, \
      WSAENOBUFS) \
    X(int, WSAAPI, getsockname, (SOCKET a, struct sockaddr * b, int* c), (a, b, c), SOCKET_ERROR, \
      WSAENOBUFS) \
    X(int, WSAAPI, ioctlsocket, (SOCKET a, long b, u_long* c), (a, b, c), SOCKET_ERROR, \
      WSAENOBUFS) \
    X(int, WSAAPI, WSAEventSelect, (SOCKET a, WSAEVENT b, long c), (a, b, c), SOCKET_ERROR, \
      WSAENOBUFS) \
    X(int, WSAAPI, select, (int a, fd_set* b, fd_set* c, fd_set* d, const struct timeval* e), \
      (a, b, c, d, e), SOCKET_ERROR, WSAENOBUFS) \
    X(int, WSAAPI, WSASend, \
      (SOCKET a, WSABUF * b, DWORD c, DWORD * d, DWORD e, WSAOVERLAPPED * f, \
       LPWSAOVERLAPPED_COMPLETION_ROUTINE g), \
      (a, b, c, d, e, f, g), SOCKET_ERROR, WSAENOBUFS) \
    X(int, WSAAPI, WSASendTo, \
      (SOCKET a, WSABUF * b, DWORD c, DWORD * d, DWORD e, const struct sockaddr* f, int g, \
       WSAOVERLAPPED* h, LPWSAOVERLAPPED_COMPLETION_ROUTINE i), \
      (a, b, c, d, e, f, g, h, i), SOCKET_ERROR, WSAENOBUFS) \
    X(int, WSAAPI, WSASendMsg, \
      (SOCKET a, WSAMSG * b, DWORD c, DWORD * d, WSAOVERLAPPED * e, \
       LPWSAOVERLAPPED_COMPLETION_ROUTINE f), \
      (a, b, c, d, e, f), SOCKET_ERROR, WSAENOBUFS) \
    X(int, WSAAPI, WSARecv, \
      (SOCKET a, WSABUF * b, DWORD c, DWORD * d, DWORD * e, WSAOVERLAPPED * f, \
       LPWSAOVERLAPPED_COMPLETION_ROUTINE g), \
      (a, b, c, d, e, f, g), SOCKET_ERROR, WSAENOBUFS) \
    X(int, WSAAPI, WSARecvFrom, \
      (SOCKET a, WSABUF * b, DWORD c, DWORD * d, DWORD * e, struct sockaddr * f, int* g, \
       WSAOVERLAPPED* h, LPWSAOVERLAPPED_COMPLETION_ROUTINE i), \
      (a, b, c, d, e, f, g, h, i), SOCKET_ERROR, WSAENOBUFS) \
    X(HANDLE, WINAPI, CreateIoCompletionPort, (HANDLE a, HANDLE b, ULONG_PTR c, DWORD d), \
      (a, b, c, d), NULL, ERROR_NOT_ENOUGH_MEMORY) \
    X(BOOL, WINAPI, QueueUserWorkItem, (LPTHREAD_START_ROUTINE a, void* b, ULONG c), (a, b, c), \
      FALSE, ERROR_NOT_ENOUGH_MEMORY)

/* X(name, parameters, arguments) */
#define FAULTS__STATUS_CALLS(X) \
    X(NtDeviceIoControlFile, \
      (HANDLE a, HANDLE b, PIO_APC_ROUTINE c, void* d, IO_STATUS_BLOCK* e, ULONG f, void* g, \
       ULONG h, void* i, ULONG j), \
      (a, b, c, d, e, f, g, h, i, j)) \
    X(NtCreateFile, \
      (HANDLE * a, ACCESS_MASK b, OBJECT_ATTRIBUTES * c, IO_STATUS_BLOCK * d, LARGE_INTEGER * e, \
       ULONG f, ULONG g, ULONG h, ULONG i, void* j, ULONG k), \
      (a, b, c, d, e, f, g, h, i, j, k)) \
    X(NtReadFile, \
      (HANDLE a, HANDLE b, PIO_APC_ROUTINE c, void* d, IO_STATUS_BLOCK* e, void* f, ULONG g, \
       LARGE_INTEGER* h, ULONG* i), \
      (a, b, c, d, e, f, g, h, i)) \
    X(NtQueryInformationFile, \
      (HANDLE a, IO_STATUS_BLOCK * b, void* c, ULONG d, FILE_INFORMATION_CLASS e), \
      (a, b, c, d, e)) \
    X(NtSetInformationFile, \
      (HANDLE a, IO_STATUS_BLOCK * b, void* c, ULONG d, FILE_INFORMATION_CLASS e), \
      (a, b, c, d, e)) \
    X(NtCreateIoCompletion, (HANDLE * a, ACCESS_MASK b, OBJECT_ATTRIBUTES * c, ULONG d), \
      (a, b, c, d)) \
    X(NtDuplicateObject, \
      (HANDLE a, HANDLE b, HANDLE c, HANDLE * d, ACCESS_MASK e, ULONG f, ULONG g), \
      (a, b, c, d, e, f, g)) \
    X(RtlSetIoCompletionCallback, (HANDLE a, nt_callback * b, ULONG c), (a, b, c)) \
    X(TpAllocIoCompletion, \
      (void** a, HANDLE b, nt_pool_io* c, void* d, struct nt_pool_environment* e), \
      (a, b, c, d, e)) \
    X(TpSimpleTryPost, (nt_pool_simple * a, void* b, struct nt_pool_environment* c), (a, b, c)) \
    X(NtSetIoCompletion, (HANDLE a, ULONG_PTR b, ULONG_PTR c, host_status d, ULONG_PTR e), \
      (a, b, c, d, e)) \
    X(NtQueryEvent, (HANDLE a, int b, void* c, ULONG d, ULONG* e), (a, b, c, d, e)) \
    X(NtQueryIoCompletion, (HANDLE a, int b, void* c, ULONG d, ULONG* e), (a, b, c, d, e))

#define FAULTS__CALL(result, convention, name, parameters, arguments, failure, error) \
    static result convention faults__##name parameters { \
        if (!faults__fails(#name, error)) \
            return real.name arguments; \
        return failure; \
    }
FAULTS__CALLS(FAULTS__CALL)

#define FAULTS__STATUS_CALL(name, parameters, arguments) \
    static host_status NTAPI faults__##name parameters { \
        if (!faults__hits(FAULTS_HOST, #name)) \
            return real.name arguments; \
        return FAULTS__NO_RESOURCES; \
    }
FAULTS__STATUS_CALLS(FAULTS__STATUS_CALL)

/* The host's own extension functions can fail, too; WSAIoctl gives out these in their place. */

static LPFN_CONNECTEX faults__real_ConnectEx;
static LPFN_ACCEPTEX faults__real_AcceptEx;
static LPFN_WSARECVMSG faults__real_WSARecvMsg;

static BOOL PASCAL faults__ConnectEx(SOCKET s, const struct sockaddr* name, int length,
                                     void* buffer, DWORD size, DWORD* sent,
                                     OVERLAPPED* overlapped) {
    if (!faults__hits(FAULTS_HOST, "the host's ConnectEx"))
        return faults__real_ConnectEx(s, name, length, buffer, size, sent, overlapped);
    WSASetLastError(WSAENOBUFS);
    return FALSE;
}

static BOOL PASCAL faults__AcceptEx(SOCKET listener, SOCKET acceptor, void* buffer, DWORD size,
                                    DWORD local, DWORD remote, DWORD* received,
                                    OVERLAPPED* overlapped) {
    if (!faults__hits(FAULTS_HOST, "the host's AcceptEx"))
        return faults__real_AcceptEx(listener, acceptor, buffer, size, local, remote, received,
                                     overlapped);
    WSASetLastError(WSAENOBUFS);
    return FALSE;
}

static int PASCAL faults__WSARecvMsg(SOCKET s, WSAMSG* message, DWORD* received,
                                     WSAOVERLAPPED* overlapped,
                                     LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    if (!faults__hits(FAULTS_HOST, "the host's WSARecvMsg"))
        return faults__real_WSARecvMsg(s, message, received, overlapped, routine);
    WSASetLastError(WSAENOBUFS);
    return SOCKET_ERROR;
}

static void faults__replace(const GUID* guid, void** place) {
    static const struct {
        GUID guid;
        void* real;
        const void* ours;
    } rows[] = {
        {WSAID_CONNECTEX, &faults__real_ConnectEx, (const void*) faults__ConnectEx},
        {WSAID_ACCEPTEX, &faults__real_AcceptEx, (const void*) faults__AcceptEx},
        {WSAID_WSARECVMSG, &faults__real_WSARecvMsg, (const void*) faults__WSARecvMsg},
    };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (memcmp(guid, &rows[i].guid, sizeof *guid) != 0)
            continue;
        memcpy(rows[i].real, place, sizeof *place);
        memcpy(place, &rows[i].ours, sizeof *place);
    }
}

static int WSAAPI faults__WSAIoctl(SOCKET s, DWORD code, void* in, DWORD in_length, void* out,
                                   DWORD out_length, DWORD* returned, WSAOVERLAPPED* overlapped,
                                   LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    int result;
    if (faults__hits(FAULTS_HOST, "WSAIoctl")) {
        WSASetLastError(WSAENOBUFS);
        return SOCKET_ERROR;
    }
    result = real.WSAIoctl(s, code, in, in_length, out, out_length, returned, overlapped, routine);
    if (result == 0 && code == SIO_GET_EXTENSION_FUNCTION_POINTER && out_length == sizeof(void*))
        faults__replace(in, out);
    return result;
}

/* What is called without the table: found among the DLL's imports, where ours takes its place. */

/* X(result, name, parameters, arguments, what it returns with ERROR_NOT_ENOUGH_MEMORY) */
#define FAULTS__IMPORTS(X) \
    X(HANDLE, CreateEventW, (SECURITY_ATTRIBUTES * a, BOOL b, BOOL c, const WCHAR* d), \
      (a, b, c, d), NULL) \
    X(HANDLE, CreateSemaphoreW, (SECURITY_ATTRIBUTES * a, LONG b, LONG c, const WCHAR* d), \
      (a, b, c, d), NULL) \
    X(HANDLE, CreateThread, \
      (SECURITY_ATTRIBUTES * a, SIZE_T b, LPTHREAD_START_ROUTINE c, void* d, DWORD e, DWORD* f), \
      (a, b, c, d, e, f), NULL) \
    X(HANDLE, CreateFileMappingW, \
      (HANDLE a, SECURITY_ATTRIBUTES * b, DWORD c, DWORD d, DWORD e, const WCHAR* f), \
      (a, b, c, d, e, f), NULL) \
    X(void*, MapViewOfFile, (HANDLE a, DWORD b, DWORD c, DWORD d, SIZE_T e), (a, b, c, d, e), \
      NULL) \
    X(DWORD, WaitForMultipleObjects, (DWORD a, const HANDLE* b, BOOL c, DWORD d), (a, b, c, d), \
      WAIT_FAILED) \
    X(BOOL, DuplicateHandle, (HANDLE a, HANDLE b, HANDLE c, HANDLE * d, DWORD e, BOOL f, DWORD g), \
      (a, b, c, d, e, f, g), FALSE)

#define FAULTS__IMPORT(result, name, parameters, arguments, failure) \
    static result(WINAPI* faults__real_##name) parameters; \
    static result WINAPI faults__##name parameters { \
        if (!faults__hits(FAULTS_HOST, #name)) \
            return faults__real_##name arguments; \
        SetLastError(ERROR_NOT_ENOUGH_MEMORY); \
        return failure; \
    }
FAULTS__IMPORTS(FAULTS__IMPORT)

static void*(__cdecl* faults__real_malloc)(size_t size);
static void*(__cdecl* faults__real_calloc)(size_t count, size_t size);
static void*(__cdecl* faults__real_realloc)(void* block, size_t size);
static void(__cdecl* faults__real_free)(void* block);

static void* faults__count_block(void* block) {
    if (block != NULL)
        InterlockedIncrement(&faults__blocks);
    return block;
}

static void* __cdecl faults__malloc(size_t size) {
    if (faults__hits(FAULTS_MEMORY, "malloc"))
        return NULL;
    return faults__count_block(faults__real_malloc(size));
}

static void* __cdecl faults__calloc(size_t count, size_t size) {
    if (faults__hits(FAULTS_MEMORY, "calloc"))
        return NULL;
    return faults__count_block(faults__real_calloc(count, size));
}

static void* __cdecl faults__realloc(void* block, size_t size) {
    void* grown;
    if (faults__hits(FAULTS_MEMORY, "realloc"))
        return NULL;
    grown = faults__real_realloc(block, size);
    return block == NULL ? faults__count_block(grown) : grown;
}

static void __cdecl faults__free(void* block) {
    if (block != NULL)
        InterlockedDecrement(&faults__blocks);
    faults__real_free(block);
}

#define FAULTS__IMPORT_ROW(module, name) \
    { module, #name, (const void*) faults__##name, &faults__real_##name }
#define FAULTS__KERNEL_ROW(result, name, parameters, arguments, failure) \
    FAULTS__IMPORT_ROW("kernel32.dll", name),

static const struct faults__import {
    const char* module;
    const char* name;
    const void* ours;
    void* real;
} faults__imports[] = {FAULTS__IMPORTS(FAULTS__KERNEL_ROW) FAULTS__IMPORT_ROW("msvcrt.dll", malloc),
                       FAULTS__IMPORT_ROW("msvcrt.dll", calloc),
                       FAULTS__IMPORT_ROW("msvcrt.dll", realloc),
                       FAULTS__IMPORT_ROW("msvcrt.dll", free)};

#define FAULTS__IMPORT_COUNT (sizeof faults__imports / sizeof faults__imports[0])

static unsigned faults__imports_found;

static void faults__visit_import(void* base, const char* module, size_t offset) {
    void** slot = (void**) ((char*) base + offset);
    DWORD before;
    size_t i;
    (void) module;
    for (i = 0; i < FAULTS__IMPORT_COUNT; i++) {
        const struct faults__import* row = &faults__imports[i];
        if (memcmp(slot, row->real, sizeof *slot) != 0)
            continue;
        faults__imports_found++;
        VirtualProtect(slot, sizeof *slot, PAGE_READWRITE, &before);
        memcpy(slot, &row->ours, sizeof *slot);
        VirtualProtect(slot, sizeof *slot, before, &before);
        return;
    }
}

/* Returns 0 where all of them were found: one that is missing here would never fail, unnoticed. */
static int faults__take_imports(void) {
    HMODULE self = NULL;
    size_t i;
    for (i = 0; i < FAULTS__IMPORT_COUNT; i++) {
        const struct faults__import* row = &faults__imports[i];
        FARPROC function = GetProcAddress(GetModuleHandleA(row->module), row->name);
        memcpy(row->real, &function, sizeof function);
    }
    GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                           GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                       (const char*) &faults__nth, &self);
    image_each_import(self, memory_module_size(self), faults__visit_import, self);
    return faults__imports_found == FAULTS__IMPORT_COUNT ? 0 : -1;
}

int host_init(void) {
    if (faults__find_functions() != 0 || faults__take_imports() != 0)
        return -1;
    real = host;
#define FAULTS__TAKE_CALL(result, convention, name, parameters, arguments, failure, error) \
    host.name = faults__##name;
    FAULTS__CALLS(FAULTS__TAKE_CALL)
#undef FAULTS__TAKE_CALL
#define FAULTS__TAKE_STATUS_CALL(name, parameters, arguments) host.name = faults__##name;
    FAULTS__STATUS_CALLS(FAULTS__TAKE_STATUS_CALL)
#undef FAULTS__TAKE_STATUS_CALL
    host.WSAIoctl = faults__WSAIoctl;
    return 0;
}
