/* SPDX-License-Identifier: MIT */

/* What the modes share: sockets, ports, a server's side, and what the process uses. */

#include "bench.h"

#include <psapi.h>
#include <stdio.h>
#include <string.h>
#include <tlhelp32.h>

/* Linux reports CPU time in /proc in units of 1/100 s on every architecture Wine runs on. */
#define COMMON__STAT_TICK_US 10000.0

HANDLE bench_port(void) {
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);

    if (port == NULL)
        bench_die("CreateIoCompletionPort");
    return port;
}

SOCKET bench_acceptor(HANDLE port) {
    SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);

    if (s == INVALID_SOCKET)
        bench_die("WSASocketW");
    if (CreateIoCompletionPort((HANDLE) s, port, (ULONG_PTR) s, 0) == NULL)
        bench_die("CreateIoCompletionPort (socket)");
    return s;
}

SOCKET bench_socket_at(HANDLE port, u_long address) {
    struct sockaddr_in name;
    SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);

    if (s == INVALID_SOCKET)
        bench_die("WSASocketW");
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(address);
    if (bind(s, (struct sockaddr*) &name, sizeof name) != 0)
        bench_die("bind");
    if (CreateIoCompletionPort((HANDLE) s, port, (ULONG_PTR) s, 0) == NULL)
        bench_die("CreateIoCompletionPort (socket)");
    return s;
}

SOCKET bench_socket(HANDLE port) {
    return bench_socket_at(port, INADDR_ANY);
}

void* bench_function(GUID guid) {
    void* function = NULL;
    DWORD bytes;
    SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);

    if (s == INVALID_SOCKET)
        bench_die("WSASocketW");
    if (WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &function,
                 sizeof function, &bytes, NULL, NULL) != 0)
        bench_die("WSAIoctl");
    closesocket(s);
    return function;
}

LPFN_CONNECTEX bench_connectex(void) {
    static const GUID guid = WSAID_CONNECTEX;

    return (LPFN_CONNECTEX) bench_function(guid);
}

SOCKET bench_listener(HANDLE port, u_short* number) {
    SOCKET s = bench_socket_at(port, INADDR_LOOPBACK);
    struct sockaddr_in name;
    int length = sizeof name;

    if (listen(s, SOMAXCONN) != 0)
        bench_die("listen");
    if (getsockname(s, (struct sockaddr*) &name, &length) != 0)
        bench_die("getsockname");
    *number = ntohs(name.sin_port);
    return s;
}

void bench_accept(LPFN_ACCEPTEX acceptex, SOCKET listener, SOCKET acceptor, void* buffer,
                  DWORD bytes, OVERLAPPED* overlapped) {
    DWORD received;

    memset(overlapped, 0, sizeof *overlapped);
    if (!acceptex(listener, acceptor, buffer, bytes, BENCH_NAME_SIZE, BENCH_NAME_SIZE, &received,
                  overlapped) &&
        WSAGetLastError() != WSA_IO_PENDING)
        bench_die("AcceptEx");
}

SOCKET bench_ask(const struct bench_options* options, const char* line) {
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

    if (s == INVALID_SOCKET)
        bench_die("socket");
    if (connect(s, (const struct sockaddr*) &options->peer, sizeof options->peer) != 0)
        bench_die("connect (to bench-callers)");
    if (send(s, line, (int) strlen(line), 0) != (int) strlen(line))
        bench_die("send (to bench-callers)");
    return s;
}

double bench_process_us(void) {
    FILETIME created, ended, kernel, user;

    if (!GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user))
        bench_die("GetProcessTimes");
    return ((double) kernel.dwLowDateTime + (double) user.dwLowDateTime +
            4294967296.0 * ((double) kernel.dwHighDateTime + (double) user.dwHighDateTime)) /
           10.0;
}

/* Read from in here because only the client knows when its measured part begins and ends. */
double bench_server_us(const char* server_stat) {
    unsigned long user, kernel;
    char line[1024];
    char* field;
    size_t length;
    FILE* file = server_stat != NULL ? fopen(server_stat, "rb") : NULL;

    if (file == NULL)
        return -1;
    length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = '\0';
    field = strrchr(line, ')');
    if (field == NULL || sscanf(field + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                                &user, &kernel) != 2)
        return -1;
    return (double) (user + kernel) * COMMON__STAT_TICK_US;
}

DWORD bench_threads(void) {
    THREADENTRY32 entry;
    DWORD count = 0;
    BOOL more;
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);

    if (snapshot == INVALID_HANDLE_VALUE)
        bench_die("CreateToolhelp32Snapshot");
    entry.dwSize = sizeof entry;
    for (more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry))
        if (entry.th32OwnerProcessID == GetCurrentProcessId())
            count++;
    CloseHandle(snapshot);
    return count;
}

double bench_bytes(void) {
    PROCESS_MEMORY_COUNTERS counters;

    if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters))
        bench_die("GetProcessMemoryInfo");
    return (double) counters.PagefileUsage;
}

void bench_begin(struct bench_span* span, const struct bench_options* options) {
    span->server_us = bench_server_us(options->server_stat);
    span->process_us = bench_process_us();
    span->start = bench_ticks();
}

void bench_end(struct bench_span* span, const struct bench_options* options) {
    double server_us;
    span->us = bench_ticks_to_us(bench_ticks() - span->start);
    span->process_us = bench_process_us() - span->process_us;
    server_us = bench_server_us(options->server_stat);
    span->server_us = span->server_us < 0 || server_us < 0 ? -1 : server_us - span->server_us;
}

int64_t bench_deadline(const struct bench_span* span, const struct bench_options* options) {
    if (options->time_ms == 0)
        return 0;
    return span->start + (int64_t) (options->time_ms * 1000.0 / bench_ticks_to_us(1));
}
