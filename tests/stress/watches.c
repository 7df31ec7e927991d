/* SPDX-License-Identifier: MIT */

/* watches NAME SECONDS: prints how many handles and threads and how much memory the program NAME
 * has, every so many seconds until it ends. It looks from outside, so that the program stays an
 * ordinary one. */

#include <windows.h>

#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <tlhelp32.h>

#define WATCHES__START_LIMIT 60000 /* Milliseconds until the program is there. */

/* SYSTEM_HANDLE_INFORMATION, as far as the table of handles is the same for all versions. */
struct watches__handle {
    ULONG process;
    UCHAR type;
    UCHAR flags;
    USHORT value;
    void* object;
    ACCESS_MASK access;
};
struct watches__handles {
    ULONG count;
    struct watches__handle handles[1];
};
#define WATCHES__HANDLES 16

typedef LONG WINAPI watches__query(ULONG kind, void* information, ULONG size, ULONG* needed);

static void watches__die(const char* what) {
    fprintf(stderr, "watches: %s fails with %lu\n", what, GetLastError());
    exit(1);
}

/* Returns 0 where no such program runs. */
static DWORD watches__find(const char* name, DWORD* threads) {
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32 entry;
    DWORD id = 0;
    BOOL more;

    if (snapshot == INVALID_HANDLE_VALUE)
        watches__die("CreateToolhelp32Snapshot");
    entry.dwSize = sizeof entry;
    for (more = Process32First(snapshot, &entry); more; more = Process32Next(snapshot, &entry)) {
        if (lstrcmpiA(entry.szExeFile, name) != 0)
            continue;
        id = entry.th32ProcessID;
        *threads = entry.cntThreads;
    }
    CloseHandle(snapshot);
    return id;
}

/* GetProcessHandleCount() tells 0 on Wine 8; the system's list of all handles is right there. */
static DWORD watches__count_handles(watches__query* query, DWORD id) {
    static struct watches__handles* list;
    static ULONG size = 1u << 16;
    DWORD count = 0;
    ULONG needed, i;
    LONG status;

    do {
        if (list == NULL)
            list = malloc(size);
        if (list == NULL)
            watches__die("malloc");
        status = query(WATCHES__HANDLES, list, size, &needed);
        if (status >= 0)
            break;
        free(list);
        list = NULL;
        size *= 2;
    } while (size < 1u << 30);
    if (status < 0)
        watches__die("NtQuerySystemInformation");
    for (i = 0; i < list->count; i++)
        count += list->handles[i].process == id;
    return count;
}

static HANDLE watches__await(const char* name, DWORD* id) {
    DWORD since = GetTickCount(), threads;
    HANDLE process;

    while ((*id = watches__find(name, &threads)) == 0) {
        if (GetTickCount() - since > WATCHES__START_LIMIT)
            watches__die("waiting for the program");
        Sleep(50);
    }
    process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ | SYNCHRONIZE, FALSE, *id);
    if (process == NULL)
        watches__die("OpenProcess");
    return process;
}

int main(int argc, char** argv) {
    watches__query* query = (watches__query*) (void*) GetProcAddress(GetModuleHandleA("ntdll.dll"),
                                                                     "NtQuerySystemInformation");
    DWORD interval, id, threads, since;
    PROCESS_MEMORY_COUNTERS memory;
    HANDLE process;

    if (argc != 3 || query == NULL || atoi(argv[2]) <= 0) {
        fprintf(stderr, "usage: watches NAME SECONDS\n");
        return 2;
    }
    interval = 1000 * (DWORD) atoi(argv[2]);
    process = watches__await(argv[1], &id);
    since = GetTickCount();
    while (WaitForSingleObject(process, interval) == WAIT_TIMEOUT) {
        if (watches__find(argv[1], &threads) != id ||
            !GetProcessMemoryInfo(process, &memory, sizeof memory))
            break;
        printf("seconds=%lu handles=%lu threads=%lu bytes=%.0f\n", (GetTickCount() - since) / 1000,
               watches__count_handles(query, id), threads, (double) memory.PagefileUsage);
        fflush(stdout);
    }
    return 0;
}
