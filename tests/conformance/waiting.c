/* SPDX-License-Identifier: MIT */

/* Calls that wait, as they have no OVERLAPPED or their socket no WSA_FLAG_OVERLAPPED: to close the
 * socket wakes them. */

#include "conformance.h"

#define WAITING__LARGE (20u << 20)
#define WAITING__PROMPT 3000 /* In milliseconds. */

enum waiting__what { WAITING__FILE, WAITING__PACKETS, WAITING__DISCONNECT };

struct waiting__case {
    enum waiting__what what;
    LPFN_TRANSMITFILE file;
    LPFN_TRANSMITPACKETS packets;
    LPFN_DISCONNECTEX disconnect;
    SOCKET client;
    SOCKET server;
    HANDLE source;
    TRANSMIT_PACKETS_ELEMENT elements[2];
    OVERLAPPED sending;
    volatile LONG begun;
    BOOL done;
    int error;
};

/* Longer than what is still pending at the end. */
static struct waiting__case waiting__place;

static void waiting__open(struct waiting__case* c, enum waiting__what what, DWORD flags) {
    struct conf_target target;
    SOCKET listener = conf_listen(AF_INET, 5, &target);
    char* bytes = what != WAITING__FILE ? conf_pages(WAITING__LARGE) : NULL;
    WSABUF buffer = {WAITING__LARGE, bytes};

    c->what = what;
    c->client = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, flags);
    CHECK(c->client != INVALID_SOCKET);
    CHECK_EQ(connect(c->client, (struct sockaddr*) &target.name, target.length), 0);
    c->server = conf_accept(listener);
    c->file = conf_file_pointer(c->client);
    c->disconnect = conf_disconnect_pointer(c->client);
    if (what == WAITING__FILE)
        c->source = conf_sparse_file(WAITING__LARGE);
    if (what == WAITING__PACKETS) {
        c->packets = conf_packets_pointer(c->client);
        c->elements[0] = conf_memory_element(bytes, 1);
        c->elements[1] = conf_memory_element(bytes + 1, WAITING__LARGE - 1);
    }
    if (what == WAITING__DISCONNECT) {
        c->sending.hEvent = (HANDLE) ((ULONG_PTR) conf_event() | 1);
        CHECK_EQ(conf_last(WSASend(c->client, &buffer, 1, NULL, 0, &c->sending, NULL)),
                 WSA_IO_PENDING);
    }
}

static DWORD WINAPI waiting__run(void* parameter) {
    struct waiting__case* c = parameter;

    InterlockedExchange(&c->begun, 1);
    WSASetLastError(0);
    switch (c->what) {
        case WAITING__FILE:
            c->done = c->file(c->client, c->source, 0, 0, NULL, NULL, 0);
            break;
        case WAITING__PACKETS:
            c->done = c->packets(c->client, c->elements, 2, 0, NULL, 0);
            break;
        default:
            c->done = c->disconnect(c->client, NULL, 0, 0);
            break;
    }
    c->error = c->done ? 0 : WSAGetLastError();
    return 0;
}

/* Whichever it is says that the operation was given up with its socket. */
static BOOL waiting__is_end(int error) {
    return error == WSA_OPERATION_ABORTED || error == WSAECONNABORTED || error == WSAEINTR ||
           error == WSAENOTSOCK;
}

static void waiting__woken(enum waiting__what what, DWORD flags, BOOL by_close_handle) {
    struct waiting__case* c = &waiting__place;
    HANDLE thread;

    waiting__open(c, what, flags);
    thread = CreateThread(NULL, 0, waiting__run, c, 0, NULL);
    while (!c->begun)
        Sleep(1);
    CHECK_EQ(WaitForSingleObject(thread, 200), WAIT_TIMEOUT);
    if (by_close_handle)
        CHECK(CloseHandle((HANDLE) c->client));
    else
        CHECK_EQ(closesocket(c->client), 0);
    if (WaitForSingleObject(thread, WAITING__PROMPT) != WAIT_OBJECT_0)
        conf_hang("the waiting call does not return when the socket is closed");
    CHECK_EQ(c->done, FALSE);
    if (!waiting__is_end(c->error))
        conf_fail(__FILE__, __LINE__, "the waiting call fails with %d", c->error);
}

#define WAITING__EACH(name, what, flags) \
    CONF_TEST(waiting_##name##_closesocket) { \
        waiting__woken(what, flags, FALSE); \
    } \
    CONF_TEST(waiting_##name##_closehandle) { \
        waiting__woken(what, flags, TRUE); \
    }

WAITING__EACH(file, WAITING__FILE, WSA_FLAG_OVERLAPPED)
WAITING__EACH(packets, WAITING__PACKETS, WSA_FLAG_OVERLAPPED)
WAITING__EACH(disconnect, WAITING__DISCONNECT, WSA_FLAG_OVERLAPPED)
WAITING__EACH(plain_file, WAITING__FILE, 0)
WAITING__EACH(plain_packets, WAITING__PACKETS, 0)

/* What a thread of the program's sends meanwhile waits, too. */
static DWORD WINAPI waiting__send(void* parameter) {
    struct waiting__case* c = parameter;

    return send(c->client, c->elements[0].pBuffer, WAITING__LARGE, 0) == SOCKET_ERROR;
}

static void waiting__disconnect_behind(BOOL by_close_handle) {
    struct waiting__case* c = &waiting__place;
    HANDLE threads[2];

    waiting__open(c, WAITING__FILE, 0);
    c->what = WAITING__DISCONNECT;
    c->elements[0].pBuffer = conf_pages(WAITING__LARGE);
    threads[0] = CreateThread(NULL, 0, waiting__send, c, 0, NULL);
    CHECK_EQ(WaitForSingleObject(threads[0], 200), WAIT_TIMEOUT);
    threads[1] = CreateThread(NULL, 0, waiting__run, c, 0, NULL);
    CHECK_EQ(WaitForSingleObject(threads[1], 200), WAIT_TIMEOUT);
    if (by_close_handle)
        CHECK(CloseHandle((HANDLE) c->client));
    else
        CHECK_EQ(closesocket(c->client), 0);
    if (WaitForSingleObject(threads[1], WAITING__PROMPT) != WAIT_OBJECT_0)
        conf_hang("DisconnectEx does not return when the socket is closed");
    CHECK_EQ(c->done, FALSE);
    if (!waiting__is_end(c->error))
        conf_fail(__FILE__, __LINE__, "DisconnectEx fails with %d", c->error);
}

CONF_TEST(waiting_plain_disconnect_closesocket) {
    waiting__disconnect_behind(FALSE);
}

CONF_TEST(waiting_plain_disconnect_closehandle) {
    waiting__disconnect_behind(TRUE);
}
