/* SPDX-License-Identifier: MIT */

/* What the test of log and statistics is run with: on each of 8 threads some ConnectEx with a
 * payload that succeed, some that are refused and some whose arguments are wrong; prints how many
 * of each. */

#include <winsock2.h>
#include <mswsock.h>
#include <windows.h>

#include <stdio.h>

#define LOAD__THREADS 8
#define LOAD__ROUNDS 20
#define LOAD__PAYLOAD 1000
#define LOAD__LIMIT 10000

static struct sockaddr_in load__good, load__refusing;
static LPFN_CONNECTEX load__connect_ex;

static SOCKET load__bound(struct sockaddr_in* name) {
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    int length = sizeof *name;
    name->sin_family = AF_INET;
    name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name->sin_port = 0;
    if (bind(s, (struct sockaddr*) name, sizeof *name) != 0 ||
        getsockname(s, (struct sockaddr*) name, &length) != 0)
        ExitProcess(3);
    return s;
}

/* Takes every connection and reads it to its end. */
static DWORD WINAPI load__serve(void* listener) {
    char buffer[LOAD__PAYLOAD];
    for (;;) {
        SOCKET s = accept((SOCKET) listener, NULL, NULL);
        while (recv(s, buffer, sizeof buffer, 0) > 0)
            continue;
        closesocket(s);
    }
    return 0;
}

static int load__run(const struct sockaddr_in* target, int expected) {
    static char payload[LOAD__PAYLOAD];
    struct sockaddr_in local;
    SOCKET s = load__bound(&local);
    OVERLAPPED overlapped = {0};
    DWORD bytes, flags;
    int error = 0;

    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!load__connect_ex(s, (const struct sockaddr*) target, target != NULL ? sizeof *target : 0,
                          payload, LOAD__PAYLOAD, NULL, &overlapped)) {
        error = WSAGetLastError();
        if (error == ERROR_IO_PENDING) {
            if (WaitForSingleObject(overlapped.hEvent, LOAD__LIMIT) != WAIT_OBJECT_0)
                ExitProcess(4);
            error = WSAGetOverlappedResult(s, &overlapped, &bytes, FALSE, &flags)
                        ? 0
                        : WSAGetLastError();
        }
    }
    if (error == 0 && setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) != 0)
        ExitProcess(5);
    closesocket(s);
    CloseHandle(overlapped.hEvent);
    return error == expected;
}

static DWORD WINAPI load__work(void* unused) {
    DWORD good = 0;
    int i;
    (void) unused;
    for (i = 0; i < LOAD__ROUNDS; i++)
        good += load__run(&load__good, 0) && load__run(&load__refusing, WSAECONNREFUSED) &&
                load__run(NULL, WSAEFAULT);
    return good;
}

int main(void) {
    GUID guid = WSAID_CONNECTEX;
    HANDLE threads[LOAD__THREADS];
    SOCKET listener, refusing;
    WSADATA data;
    DWORD bytes, good, total = 0;
    int i;

    if (WSAStartup(0x0202, &data) != 0)
        return 1;
    listener = load__bound(&load__good);
    refusing = load__bound(&load__refusing);
    if (listen(listener, 100) != 0 ||
        WSAIoctl(refusing, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid,
                 &load__connect_ex, sizeof load__connect_ex, &bytes, NULL, NULL) != 0)
        return 1;
    CreateThread(NULL, 0, load__serve, (void*) listener, 0, NULL);
    for (i = 0; i < LOAD__THREADS; i++)
        threads[i] = CreateThread(NULL, 0, load__work, NULL, 0, NULL);
    WaitForMultipleObjects(LOAD__THREADS, threads, TRUE, INFINITE);
    for (i = 0; i < LOAD__THREADS; i++) {
        GetExitCodeThread(threads[i], &good);
        total += good;
    }
    printf("%lu\n", total);
    return total == LOAD__THREADS * LOAD__ROUNDS ? 0 : 2;
}
