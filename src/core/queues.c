/* SPDX-License-Identifier: MIT */
#include "core/queues.h"

#include "base/once.h"
#include "base/status.h"

/* The Unix below takes up to 1,024 buffers in one call, and refuses more of them before it looks at
 * the socket; Wine hands on as many as it gets. */
#define QUEUES__TOO_MANY 1025

/* An object is held once by each of its handles and once by who asks. */
#define QUEUES__ASKING 1

/* OBJECT_BASIC_INFORMATION of Microsoft's winternl.h, where it is named otherwise. */
struct queues__object {
    ULONG attributes;
    ACCESS_MASK access;
    ULONG handle_count;
    ULONG pointer_count;
    ULONG others[10];
};
#define QUEUES__OBJECT_BASIC 0

static struct once queues__once;
static int queues__available;

int queues_ask_receives(SOCKET s) {
    static WSABUF buffers[QUEUES__TOO_MANY]; /* All of them empty. */
    DWORD received = 0, flags = 0;
    int error = 0;
    if (host.WSARecv(s, buffers, QUEUES__TOO_MANY, &received, &flags, NULL, NULL) != 0)
        error = WSAGetLastError();
    return error == WSAEMSGSIZE ? 0 : error;
}

int queues_ask_sends(SOCKET s) {
    WSABUF nothing = {0, NULL};
    DWORD sent;
    return host.WSASend(s, &nothing, 1, &sent, 0, NULL, NULL) == 0 ? 0 : WSAGetLastError();
}

int queues_count(SOCKET s, unsigned* handles, unsigned* operations) {
    struct queues__object object = {0};
    ULONG length;
    if (host.NtQueryObject((HANDLE) s, QUEUES__OBJECT_BASIC, &object, sizeof object, &length) != 0)
        return WSAENOBUFS;
    *handles = object.handle_count;
    *operations = object.pointer_count - object.handle_count - QUEUES__ASKING;
    return 0;
}

/* Returns 0, or the error that was in the way; *expected becomes whether the host says so. */
static int queues__expect_receives(SOCKET s, int wanted, int* expected) {
    int error = queues_ask_receives(s);
    *expected = error == wanted;
    return *expected ? 0 : error;
}

/* Begins a receive for which there is nothing, on an OVERLAPPED that leaves no packet. */
static int queues__begin_receive(SOCKET s, HANDLE event, OVERLAPPED* overlapped, char* byte) {
    WSABUF buffer = {1, byte};
    DWORD received, flags = 0;
    overlapped->hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    if (host.WSARecv(s, &buffer, 1, &received, &flags, overlapped, NULL) == 0)
        return WSAEOPNOTSUPP;
    return WSAGetLastError() == WSA_IO_PENDING ? 0 : WSAGetLastError();
}

static void queues__end_receive(SOCKET s, OVERLAPPED* overlapped) {
    DWORD received, flags;
    host.CancelIoEx((HANDLE) s, overlapped);
    host.WSAGetOverlappedResult(s, overlapped, &received, TRUE, &flags);
}

/* A socket with a receive in its queue, and without. */
static int queues__try_receives(SOCKET s, HANDLE event) {
    OVERLAPPED overlapped = {0};
    char byte;
    int before, meanwhile = 0, after = 0;
    int error = queues__expect_receives(s, 0, &before);
    if (!before)
        return error;
    error = queues__begin_receive(s, event, &overlapped, &byte);
    if (error != 0)
        return error;
    error = queues__expect_receives(s, WSAEWOULDBLOCK, &meanwhile);
    queues__end_receive(s, &overlapped);
    if (meanwhile)
        error = queues__expect_receives(s, 0, &after);
    queues__available = meanwhile && after;
    return error;
}

/* A socket with one handle, and with two. */
static int queues__try_count(SOCKET s) {
    HANDLE process = GetCurrentProcess();
    HANDLE other;
    unsigned handles = 0, operations = 1;
    int error = queues_count(s, &handles, &operations);
    if (error != 0 || handles != 1 || operations != 0)
        return error != 0 ? error : WSAEOPNOTSUPP;
    if (!DuplicateHandle(process, (HANDLE) s, process, &other, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return (int) GetLastError();
    error = queues_count(s, &handles, &operations);
    host.CloseHandle(other);
    return error == 0 && (handles != 2 || operations != 0) ? WSAEOPNOTSUPP : error;
}

static int queues__try(SOCKET s) {
    struct sockaddr_in name = {0};
    u_long nonblocking = 1;
    HANDLE event;
    int error;

    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (host.bind(s, (struct sockaddr*) &name, sizeof name) != 0 ||
        host.ioctlsocket(s, (long) FIONBIO, &nonblocking) != 0)
        return WSAGetLastError();
    error = queues__try_count(s);
    if (error != 0)
        return error;
    event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (event == NULL)
        return WSAENOBUFS;
    error = queues__try_receives(s, event);
    host.CloseHandle(event);
    return error;
}

/* On a socket of datagrams a receive waits without a connection; both kinds share their queues'
 * code. */
static int queues__probe(void) {
    SOCKET s;
    int error;
    if (host.wine_get_version == NULL || host.CancelIoEx == NULL || host.NtQueryObject == NULL)
        return 0;
    s = host.socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    error = s != INVALID_SOCKET ? queues__try(s) : WSAGetLastError();
    if (s != INVALID_SOCKET)
        host.closesocket(s);
    return status_is_shortage(error) ? -1 : 0;
}

int queues_check(void) {
    int error = WSAGetLastError();
    int is_undecided = once_try(&queues__once, queues__probe) != 0;
    WSASetLastError(error);
    if (is_undecided)
        return WSAENOBUFS;
    return queues__available ? 0 : WSAEOPNOTSUPP;
}
