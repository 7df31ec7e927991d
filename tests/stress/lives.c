/* SPDX-License-Identifier: MIT */

/* lives SEED SECONDS: threads lead sockets through lives of random operations, ConnectEx with
 * payloads of all sizes, cancels, closes, disconnects, and lives after that on the same handle,
 * with peers that read, read slowly, reset, close, refuse or never answer. Each operation that was
 * pending has to bring one packet, no packet comes that nobody waits for, and what arrives is what
 * was sent. It is an ordinary program that knows nothing of wsext. */

#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIVES__THREADS 4
#define LIVES__LARGEST (4u << 20)
#define LIVES__BUSY 32
#define LIVES__LIMIT 20000 /* Milliseconds; an operation that takes longer is taken for lost. */
#define LIVES__KEY 7

enum lives__peer {
    PEER_READS,
    PEER_SLOW,
    PEER_RESETS,
    PEER_CLOSES,
    PEER_REFUSES,
    PEER_MUTE,
    PEERS
};

struct lives__thread {
    unsigned random;
    HANDLE port;
    SOCKET client;
    OVERLAPPED connecting, ending;
    int waits_connecting, waits_ending;
    unsigned operations, lives, reuses, completed, failed;
};

static struct sockaddr_in lives__targets[PEERS];
static SOCKET lives__listeners[PEERS];
static char* lives__payload;
static LPFN_CONNECTEX lives__connect;
static LPFN_DISCONNECTEX lives__disconnect;
static DWORD lives__end;
static volatile LONG lives__wrong_bytes;

static void lives__die(const char* what, const struct lives__thread* self, long value) {
    printf("FAIL: %s (%ld), thread with random %u, socket %#lx\n", what, value,
           self != NULL ? self->random : 0, self != NULL ? (unsigned long) self->client : 0);
    fflush(stdout);
    TerminateProcess(GetCurrentProcess(), 1);
}

static unsigned lives__roll(struct lives__thread* self, unsigned sides) {
    self->random = self->random * 1103515245u + 12345u;
    return (self->random >> 16) % sides;
}

static char lives__byte(unsigned offset) {
    return (char) ((offset * 2654435761u) >> 24);
}

struct lives__guest {
    SOCKET s;
    enum lives__peer kind;
};

static DWORD WINAPI lives__serve(void* parameter) {
    struct lives__guest guest = *(struct lives__guest*) parameter;
    static const struct linger hard = {1, 0};
    char buffer[16384];
    unsigned total = 0;
    int count, i;

    free(parameter);
    while (guest.kind != PEER_CLOSES) {
        if (guest.kind == PEER_SLOW)
            Sleep(1);
        count = recv(guest.s, buffer, sizeof buffer, 0);
        if (count <= 0)
            break;
        for (i = 0; i < count; i += 97) {
            if (buffer[i] != lives__byte(total + (unsigned) i))
                InterlockedIncrement(&lives__wrong_bytes);
        }
        total += (unsigned) count;
        if (guest.kind == PEER_RESETS && total > 1000)
            break;
    }
    if (guest.kind == PEER_RESETS)
        setsockopt(guest.s, SOL_SOCKET, SO_LINGER, (const char*) &hard, sizeof hard);
    closesocket(guest.s);
    return 0;
}

static DWORD WINAPI lives__accept(void* parameter) {
    enum lives__peer kind = (enum lives__peer)(size_t) parameter;
    for (;;) {
        struct lives__guest* guest = malloc(sizeof *guest);
        HANDLE thread;
        guest->kind = kind;
        guest->s = accept(lives__listeners[kind], NULL, NULL);
        if (guest->s == INVALID_SOCKET)
            return 0;
        thread = CreateThread(NULL, 65536, lives__serve, guest, 0, NULL);
        if (thread != NULL)
            CloseHandle(thread);
    }
}

/* A queue of one that is never accepted from is soon full, and further connects get no answer. */
static void lives__make_mute(void) {
    int i;
    for (i = 0; i < 4; i++) {
        u_long on = 1;
        SOCKET filler = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        ioctlsocket(filler, FIONBIO, &on);
        connect(filler, (struct sockaddr*) &lives__targets[PEER_MUTE], sizeof lives__targets[0]);
    }
}

static void lives__make_peers(void) {
    int kind, length;
    for (kind = 0; kind < PEERS; kind++) {
        struct sockaddr_in* name = &lives__targets[kind];
        SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        name->sin_family = AF_INET;
        name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        length = sizeof *name;
        if (bind(s, (struct sockaddr*) name, sizeof *name) != 0 ||
            getsockname(s, (struct sockaddr*) name, &length) != 0 ||
            (kind != PEER_REFUSES && listen(s, kind == PEER_MUTE ? 1 : 200) != 0))
            lives__die("the peers cannot be made", NULL, WSAGetLastError());
        lives__listeners[kind] = s;
        if (kind < PEER_REFUSES)
            CloseHandle(CreateThread(NULL, 0, lives__accept, (void*) (size_t) kind, 0, NULL));
    }
    lives__make_mute();
}

/* Takes one packet, or none within the time. */
static int lives__take(struct lives__thread* self, DWORD limit) {
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* got = NULL;
    BOOL ok = GetQueuedCompletionStatus(self->port, &bytes, &key, &got, limit);

    if (got == NULL)
        return 0;
    if (key != LIVES__KEY)
        lives__die("a packet with a wrong key", self, (long) key);
    if (got == &self->connecting && self->waits_connecting)
        self->waits_connecting = 0;
    else if (got == &self->ending && self->waits_ending)
        self->waits_ending = 0;
    else
        lives__die("a packet that nobody waits for", self, got == &self->connecting);
    self->completed++;
    self->failed += !ok;
    return 1;
}

static void lives__take_all(struct lives__thread* self) {
    while (self->waits_connecting || self->waits_ending) {
        if (!lives__take(self, LIVES__LIMIT))
            lives__die(self->waits_connecting ? "ConnectEx is lost" : "DisconnectEx is lost", self,
                       0);
    }
}

static void lives__begin(struct lives__thread* self) {
    struct sockaddr_in any = {0};
    any.sin_family = AF_INET;
    self->client = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    if (self->client == INVALID_SOCKET ||
        bind(self->client, (struct sockaddr*) &any, sizeof any) != 0 ||
        CreateIoCompletionPort((HANDLE) self->client, self->port, LIVES__KEY, 0) == NULL)
        lives__die("a socket cannot be made", self, WSAGetLastError());
    self->lives++;
}

static int lives__start(struct lives__thread* self) {
    static const unsigned sizes[] = {0, 0, 1, 1000, 100000, 1u << 20, LIVES__LARGEST};
    const struct sockaddr_in* name = &lives__targets[lives__roll(self, PEERS)];
    unsigned size = sizes[lives__roll(self, 7)];

    memset(&self->connecting, 0, sizeof self->connecting);
    self->operations++;
    if (lives__connect(self->client, (const struct sockaddr*) name, sizeof *name,
                       size != 0 ? lives__payload : NULL, size, NULL, &self->connecting))
        lives__die("ConnectEx ended at once", self, 0);
    if (WSAGetLastError() != ERROR_IO_PENDING)
        return WSAGetLastError();
    self->waits_connecting = 1;
    return 0;
}

static void lives__interrupt(struct lives__thread* self) {
    switch (lives__roll(self, 8)) {
        case 0:
            CancelIoEx((HANDLE) self->client, &self->connecting);
            break;
        case 1:
            CancelIoEx((HANDLE) self->client, NULL);
            break;
        case 2:
            CancelIo((HANDLE) self->client);
            break;
        case 3:
            setsockopt(self->client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0);
            break;
        case 4:
            Sleep(lives__roll(self, 20));
            break;
        default:
            lives__take(self, LIVES__BUSY);
            break;
    }
}

/* Returns whether the handle can live on. */
static int lives__disconnect_for_reuse(struct lives__thread* self) {
    BOOL overlapped = lives__roll(self, 2) != 0;
    memset(&self->ending, 0, sizeof self->ending);
    self->operations++;
    if (lives__disconnect(self->client, overlapped ? &self->ending : NULL, TF_REUSE_SOCKET, 0))
        return !overlapped;
    if (!overlapped || WSAGetLastError() != ERROR_IO_PENDING)
        return 0;
    self->waits_ending = 1;
    if (lives__roll(self, 8) == 0)
        CancelIoEx((HANDLE) self->client, &self->ending);
    if (lives__roll(self, 8) == 0)
        return 0;
    lives__take_all(self);
    return self->ending.Internal == 0;
}

static void lives__lead(struct lives__thread* self) {
    for (;;) {
        if (lives__start(self) != 0)
            break;
        while (lives__roll(self, 3) != 0)
            lives__interrupt(self);
        /* A peer that never answers is waited for by nobody. */
        if (lives__roll(self, 4) == 0)
            break;
        lives__take(self, LIVES__BUSY);
        if (self->waits_connecting)
            break;
        if (!lives__disconnect_for_reuse(self))
            break;
        self->reuses++;
    }
    closesocket(self->client);
    lives__take_all(self);
    if (lives__take(self, 0))
        lives__die("a packet after the end", self, 0);
}

static DWORD WINAPI lives__run(void* parameter) {
    struct lives__thread* self = parameter;
    self->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    while ((LONG) (lives__end - GetTickCount()) > 0) {
        lives__begin(self);
        lives__lead(self);
    }
    return 0;
}

static void* lives__ask(GUID guid) {
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    void* function = NULL;
    DWORD bytes;
    WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &function, sizeof function,
             &bytes, NULL, NULL);
    closesocket(s);
    return function;
}

int main(int argc, char** argv) {
    static const GUID connect_guid = WSAID_CONNECTEX, disconnect_guid = WSAID_DISCONNECTEX;
    static struct lives__thread threads[LIVES__THREADS];
    HANDLE handles[LIVES__THREADS];
    struct lives__thread sum = {0};
    WSADATA data;
    unsigned i;

    if (argc != 3 || WSAStartup(MAKEWORD(2, 2), &data) != 0) {
        fprintf(stderr, "usage: lives SEED SECONDS\n");
        return 2;
    }
    lives__payload = malloc(LIVES__LARGEST);
    for (i = 0; i < LIVES__LARGEST; i++)
        lives__payload[i] = lives__byte(i);
    lives__make_peers();
    lives__connect = (LPFN_CONNECTEX) lives__ask(connect_guid);
    lives__disconnect = (LPFN_DISCONNECTEX) lives__ask(disconnect_guid);
    lives__end = GetTickCount() + 1000 * (DWORD) atoi(argv[2]);
    for (i = 0; i < LIVES__THREADS; i++) {
        threads[i].random = (unsigned) atoi(argv[1]) + i;
        handles[i] = CreateThread(NULL, 0, lives__run, &threads[i], 0, NULL);
    }
    WaitForMultipleObjects(LIVES__THREADS, handles, TRUE, INFINITE);
    for (i = 0; i < LIVES__THREADS; i++) {
        sum.operations += threads[i].operations;
        sum.lives += threads[i].lives;
        sum.reuses += threads[i].reuses;
        sum.completed += threads[i].completed;
        sum.failed += threads[i].failed;
    }
    printf("seed %s: %u operations, %u sockets, %u lives after the first, %u packets, %u of them "
           "failures\n",
           argv[1], sum.operations, sum.lives, sum.reuses, sum.completed, sum.failed);
    if (lives__wrong_bytes != 0)
        lives__die("bytes that were not sent", NULL, lives__wrong_bytes);
    return sum.operations > 0 && sum.reuses > 0 ? 0 : 1;
}
