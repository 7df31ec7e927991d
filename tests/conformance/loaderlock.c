/* SPDX-License-Identifier: MIT */

/* Under the loader's lock, where no other thread begins or ends: a program's DLL may connect and
 * send when it is loaded, and wait for it. The cold tests are about the first use in a process. */

#include "conformance.h"

#define LOADERLOCK__LARGE (20u << 20)
#define LOADERLOCK__LIMIT 4000 /* In milliseconds. */

static struct {
    struct conf_sink sink;
    struct conf_target target;
    SOCKET client;
    LPFN_CONNECTEX connect;
    LPFN_DISCONNECTEX disconnect;
    LPFN_TRANSMITFILE file;
    LPFN_TRANSMITPACKETS packets;
    HANDLE source;
    unsigned char* payload;
    DWORD length;
    OVERLAPPED overlapped;
    OVERLAPPED before;
    TRANSMIT_PACKETS_ELEMENT elements[2];
    BOOL done;
    int error;
    DWORD waited;
} loaderlock;

static DWORD WINAPI loaderlock__load(void* unused) {
    (void) unused;
    return LoadLibraryA("conformance_loaded.dll") != NULL ? 0 : GetLastError();
}

static void loaderlock__call(void (*function)(void)) {
    char text[32];
    HANDLE thread;
    DWORD error = 1;

    snprintf(text, sizeof text, "%llu", (unsigned long long) (ULONG_PTR) function);
    CHECK(SetEnvironmentVariableA("CONFORMANCE_LOADED", text));
    thread = CreateThread(NULL, 0, loaderlock__load, NULL, 0, NULL);
    if (WaitForSingleObject(thread, 2 * LOADERLOCK__LIMIT) != WAIT_OBJECT_0)
        conf_hang("the call does not return while a DLL is loaded");
    CHECK(GetExitCodeThread(thread, &error));
    CHECK_EQ(error, 0);
}

/* Has the DLL made what it makes once: its threads run from then on. */
static void loaderlock__warm_up(void) {
    struct conf_target target;
    SOCKET refusing = conf_refuse(AF_INET, &target);
    SOCKET client = conf_client(AF_INET);
    OVERLAPPED overlapped = {0};

    overlapped.hEvent = conf_event();
    conf_start(client, &target, "data", 4, &overlapped);
    CHECK_EQ(conf_wait(client, &overlapped, NULL), WSAECONNREFUSED);
    closesocket(client);
    closesocket(refusing);
}

/* ConnectEx, whose event is waited for. */

static void loaderlock__connect(void) {
    loaderlock.done = loaderlock.connect(
        loaderlock.client, (struct sockaddr*) &loaderlock.target.name, loaderlock.target.length,
        loaderlock.payload, loaderlock.length, NULL, &loaderlock.overlapped);
    loaderlock.error = WSAGetLastError();
    loaderlock.waited = WaitForSingleObject(loaderlock.overlapped.hEvent, LOADERLOCK__LIMIT);
}

static void loaderlock__connects(BOOL refused, BOOL warm, DWORD length) {
    DWORD bytes = 0;

    if (warm)
        loaderlock__warm_up();
    loaderlock.client = conf_client(AF_INET);
    loaderlock.connect = conf_pointer(loaderlock.client);
    loaderlock.overlapped.hEvent = conf_event();
    loaderlock.length = length;
    loaderlock.payload = length != 0 ? conf_pattern_pages(length) : NULL;
    if (refused) {
        conf_refuse(AF_INET, &loaderlock.target);
    } else {
        conf_sink_start(&loaderlock.sink);
        loaderlock.target = loaderlock.sink.target;
        Sleep(100);
    }
    loaderlock__call(loaderlock__connect);
    CHECK_EQ(loaderlock.done, FALSE);
    CHECK_EQ(loaderlock.error, ERROR_IO_PENDING);
    CHECK_EQ(loaderlock.waited, WAIT_OBJECT_0);
    CHECK_EQ(conf_wait(loaderlock.client, &loaderlock.overlapped, &bytes),
             refused ? WSAECONNREFUSED : 0);
    CHECK_EQ(bytes, refused ? 0 : length);
}

#define LOADERLOCK__CONNECT(name, refused, warm, length) \
    CONF_TEST(connectloaderlock_##name) { \
        loaderlock__connects(refused, warm, length); \
    }

LOADERLOCK__CONNECT(cold_empty, FALSE, FALSE, 0)
LOADERLOCK__CONNECT(cold_payload, FALSE, FALSE, LOADERLOCK__LARGE)
LOADERLOCK__CONNECT(cold_refused, TRUE, FALSE, 0)
LOADERLOCK__CONNECT(cold_refused_payload, TRUE, FALSE, 4)
LOADERLOCK__CONNECT(warm_empty, FALSE, TRUE, 0)
LOADERLOCK__CONNECT(warm_payload, FALSE, TRUE, LOADERLOCK__LARGE)
LOADERLOCK__CONNECT(warm_refused, TRUE, TRUE, 0)
LOADERLOCK__CONNECT(warm_refused_payload, TRUE, TRUE, 4)

/* Calls that wait by themselves, and one whose event is waited for. */

static void loaderlock__send_file(void) {
    loaderlock.done = loaderlock.file(loaderlock.client, loaderlock.source, 0, 0, NULL, NULL, 0);
    loaderlock.error = WSAGetLastError();
}

static void loaderlock__send_file_by_event(void) {
    loaderlock.done = loaderlock.file(loaderlock.client, loaderlock.source, 0, 0,
                                      &loaderlock.overlapped, NULL, 0);
    if (!loaderlock.done && WSAGetLastError() == ERROR_IO_PENDING)
        loaderlock.done =
            WaitForSingleObject(loaderlock.overlapped.hEvent, LOADERLOCK__LIMIT) == WAIT_OBJECT_0 &&
            loaderlock.overlapped.Internal == 0;
    loaderlock.error = WSAGetLastError();
}

static void loaderlock__send_packets(void) {
    loaderlock.done = loaderlock.packets(loaderlock.client, loaderlock.elements, 2, 0, NULL, 0);
    loaderlock.error = WSAGetLastError();
}

static void loaderlock__disconnect(void) {
    loaderlock.done = loaderlock.disconnect(loaderlock.client, NULL, 0, 0);
    loaderlock.error = WSAGetLastError();
}

static void loaderlock__disconnect_after_file(void) {
    loaderlock.done = loaderlock.file(loaderlock.client, loaderlock.source, 0, 0,
                                      &loaderlock.overlapped, NULL, 0);
    if (loaderlock.done || WSAGetLastError() == ERROR_IO_PENDING)
        loaderlock__disconnect();
    else
        loaderlock.error = WSAGetLastError();
}

/* The peer reads from the beginning on; what it gets is checked. */
static void loaderlock__open(DWORD flags) {
    loaderlock.client = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, flags);
    CHECK(loaderlock.client != INVALID_SOCKET);
    loaderlock.disconnect = conf_disconnect_pointer(loaderlock.client);
    loaderlock.file = conf_file_pointer(loaderlock.client);
    loaderlock.source = conf_pattern_file(LOADERLOCK__LARGE);
    loaderlock.overlapped.hEvent = conf_event();
    conf_sink_start(&loaderlock.sink);
    CHECK_EQ(conf_last(connect(loaderlock.client, (struct sockaddr*) &loaderlock.sink.target.name,
                               loaderlock.sink.target.length)),
             0);
    Sleep(100);
}

static void loaderlock__transmits(DWORD flags, void (*function)(void)) {
    loaderlock__open(flags);
    if (function == loaderlock__send_packets) {
        loaderlock.payload = conf_pattern_pages(LOADERLOCK__LARGE);
        loaderlock.elements[0] = conf_memory_element(loaderlock.payload, 1);
        loaderlock.elements[1] = conf_memory_element(loaderlock.payload + 1, LOADERLOCK__LARGE - 1);
        loaderlock.packets = conf_packets_pointer(loaderlock.client);
    }
    loaderlock__call(function);
    if (!loaderlock.done)
        conf_fail(__FILE__, __LINE__, "the call fails with %d", loaderlock.error);
    closesocket(loaderlock.client);
    conf_sink_finish(&loaderlock.sink);
    CHECK(loaderlock.sink.intact && loaderlock.sink.ended);
    CHECK_EQ(loaderlock.sink.received, LOADERLOCK__LARGE);
}

CONF_TEST(loaderlock_file) {
    loaderlock__transmits(WSA_FLAG_OVERLAPPED, loaderlock__send_file);
}

CONF_TEST(loaderlock_file_event) {
    loaderlock__transmits(WSA_FLAG_OVERLAPPED, loaderlock__send_file_by_event);
}

CONF_TEST(loaderlock_file_plain) {
    loaderlock__transmits(0, loaderlock__send_file);
}

CONF_TEST(loaderlock_packets) {
    loaderlock__transmits(WSA_FLAG_OVERLAPPED, loaderlock__send_packets);
}

CONF_TEST(loaderlock_packets_plain) {
    loaderlock__transmits(0, loaderlock__send_packets);
}

CONF_TEST(loaderlock_disconnect_after_file) {
    loaderlock__transmits(WSA_FLAG_OVERLAPPED, loaderlock__disconnect_after_file);
}

/* Behind a send of the program's that was begun before. */
CONF_TEST(loaderlock_disconnect) {
    WSABUF buffer = {LOADERLOCK__LARGE, (char*) conf_pattern_pages(LOADERLOCK__LARGE)};

    loaderlock.sink.read_delay = 5;
    loaderlock__open(WSA_FLAG_OVERLAPPED);
    loaderlock.before.hEvent = (HANDLE) ((ULONG_PTR) conf_event() | 1);
    CHECK_EQ(conf_last(WSASend(loaderlock.client, &buffer, 1, NULL, 0, &loaderlock.before, NULL)),
             WSA_IO_PENDING);
    loaderlock__call(loaderlock__disconnect);
    if (!loaderlock.done)
        conf_fail(__FILE__, __LINE__, "the call fails with %d", loaderlock.error);
    conf_sink_finish(&loaderlock.sink);
    CHECK(loaderlock.sink.intact && loaderlock.sink.ended);
    CHECK_EQ(loaderlock.sink.received, LOADERLOCK__LARGE);
}
