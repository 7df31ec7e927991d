/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOST_NT_H
#define WSEXT_HOST_NT_H

/* The types of ntdll that we need, by the names of Microsoft's winternl.h. ReactOS's tree has a
 * header of that name that refuses to be included there; for these few types we need not depend on
 * its NDK in its place. */

#include <windows.h>

#ifndef __REACTOS__

#include <winternl.h>

#else

typedef LONG NTSTATUS;

typedef struct {
    USHORT Length; /* In bytes, as is MaximumLength. */
    USHORT MaximumLength;
    WCHAR* Buffer;
} UNICODE_STRING;

typedef struct {
    ULONG Length;
    HANDLE RootDirectory;
    UNICODE_STRING* ObjectName;
    ULONG Attributes;
    void* SecurityDescriptor;
    void* SecurityQualityOfService;
} OBJECT_ATTRIBUTES;

#define InitializeObjectAttributes(object, name, attributes, root, security) \
    ((object)->Length = sizeof(OBJECT_ATTRIBUTES), (object)->RootDirectory = (root), \
     (object)->ObjectName = (name), (object)->Attributes = (attributes), \
     (object)->SecurityDescriptor = (security), (object)->SecurityQualityOfService = NULL)

typedef struct {
    union {
        NTSTATUS Status;
        void* Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK;

typedef VOID(NTAPI* PIO_APC_ROUTINE)(void* context, IO_STATUS_BLOCK* block, ULONG reserved);

typedef enum { FileDirectoryInformation = 1 } FILE_INFORMATION_CLASS;

typedef struct {
    void* Reserved1[2];
    LIST_ENTRY InMemoryOrderLinks;
    void* Reserved2[2];
    void* DllBase;
    void* Reserved3[2];
    UNICODE_STRING FullDllName;
} LDR_DATA_TABLE_ENTRY; /* The rest is not looked at. */

NTSYSAPI NTSTATUS NTAPI NtClose(HANDLE handle);

typedef struct {
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER EndOfFile;
    ULONG NumberOfLinks;
    BOOLEAN DeletePending;
    BOOLEAN Directory;
} FILE_STANDARD_INFORMATION;

#ifndef FILE_OPEN
#define FILE_OPEN 1
#endif
#ifndef FILE_SYNCHRONOUS_IO_ALERT
#define FILE_SYNCHRONOUS_IO_ALERT 0x10
#define FILE_SYNCHRONOUS_IO_NONALERT 0x20
#endif

#endif

/* What winternl.h leaves out, by the numbers and layouts of Microsoft's wdm.h and winnt.h. */

#define NT_FILE_COMPLETION 30
#define NT_FILE_NOTIFICATION_MODES 41
#define NT_FILE_REPLACE_COMPLETION 61

/* FILE_COMPLETION_INFORMATION */
struct nt_completion {
    HANDLE port;
    ULONG_PTR key;
};

/* TP_CALLBACK_ENVIRON: older headers have none, and newer ones one of several versions. */
struct nt_pool_environment {
    ULONG version; /* 1 or 3. */
    void* pool;
    void* cleanup_group;
    void* cleanup_callback;
    void* race_dll;
    void* activation_context;
    VOID(NTAPI* finalization)(void* instance, void* context);
    ULONG flags;
    int priority; /* From version 3 on, as is size. */
    ULONG size;
};

/* What RtlSetIoCompletionCallback, TpAllocIoCompletion and TpSimpleTryPost are given to call. An
 * instance is the pool's name of a call that is going on. */
typedef VOID WINAPI nt_callback(DWORD error, DWORD bytes, OVERLAPPED* overlapped);
typedef VOID NTAPI nt_pool_io(void* instance, void* context, void* overlapped,
                              IO_STATUS_BLOCK* block, void* io);
typedef VOID NTAPI nt_pool_simple(void* instance, void* context);

#endif
