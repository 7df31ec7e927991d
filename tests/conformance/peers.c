/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#define PEERS__CHUNK (256 * 1024)
#define PEERS__SPARSE_STEP (64ull << 20)
#define PEERS__SPARSE_RUN 64

unsigned char conf_pattern(uint64_t offset) {
    uint32_t word = (uint32_t) (offset >> 2) * 2654435761u;

    return (unsigned char) (word >> (8 * (offset & 3)));
}

void conf_pattern_fill(void* buffer, uint64_t length) {
    unsigned char* bytes = buffer;
    uint64_t i;

    for (i = 0; i < length; i++)
        bytes[i] = conf_pattern(i);
}

void conf_loopback(int family, struct conf_target* target) {
    memset(target, 0, sizeof *target);
    target->name.ss_family = (ADDRESS_FAMILY) family;
    if (family == AF_INET6) {
        ((struct sockaddr_in6*) &target->name)->sin6_addr = in6addr_loopback;
        target->length = sizeof(struct sockaddr_in6);
    } else {
        ((struct sockaddr_in*) &target->name)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        target->length = sizeof(struct sockaddr_in);
    }
}

/* The port lies at the same place in both families. */
void conf_set_port(struct conf_target* target, unsigned short port) {
    ((struct sockaddr_in*) &target->name)->sin_port = htons(port);
}

unsigned short conf_get_port(const struct conf_target* target) {
    return ntohs(((const struct sockaddr_in*) &target->name)->sin_port);
}

static SOCKET peers__bound(int family, struct conf_target* target) {
    SOCKET peer = conf_tcp(family);
    int length = sizeof target->name;

    conf_loopback(family, target);
    CHECK_EQ(bind(peer, (struct sockaddr*) &target->name, target->length), 0);
    CHECK_EQ(getsockname(peer, (struct sockaddr*) &target->name, &length), 0);
    return peer;
}

SOCKET conf_listen(int family, int backlog, struct conf_target* target) {
    SOCKET listener = peers__bound(family, target);

    CHECK_EQ(listen(listener, backlog), 0);
    return listener;
}

/* A port that is taken and does not listen refuses, and nobody else can get it meanwhile. */
SOCKET conf_refuse(int family, struct conf_target* target) {
    return peers__bound(family, target);
}

enum peers__filling { PEERS__QUEUED, PEERS__SILENT, PEERS__BLOCKED };

static enum peers__filling peers__fill_one(struct conf_silent* silent) {
    struct timeval limit = {0, 100000};
    SOCKET filler = conf_tcp(silent->target.name.ss_family);
    u_long on = 1;
    fd_set writable;

    CHECK_EQ(ioctlsocket(filler, FIONBIO, &on), 0);
    silent->fillers[silent->count++] = filler;
    if (connect(filler, (struct sockaddr*) &silent->target.name, silent->target.length) == 0)
        return PEERS__BLOCKED;
    FD_ZERO(&writable);
    FD_SET(filler, &writable);
    return select(0, NULL, &writable, NULL, &limit) == 1 ? PEERS__QUEUED : PEERS__SILENT;
}

static void peers__close_fillers(struct conf_silent* silent) {
    while (silent->count > 0)
        closesocket(silent->fillers[--silent->count]);
}

/* Where a full queue does not keep the system from connecting, nobody answers from all hosts at
 * once: ReactOS goes on asking. */
static void peers__point_nowhere(struct conf_silent* silent, int family) {
    if (family != AF_INET)
        conf_skip("this system has no peer of IPv6 that does not answer");
    peers__close_fillers(silent);
    conf_loopback(AF_INET, &silent->target);
    conf_set_port(&silent->target, 9);
    ((struct sockaddr_in*) &silent->target.name)->sin_addr.s_addr = INADDR_BROADCAST;
    silent->is_nowhere = TRUE;
}

/* A connect that blocks though it should not would wait for the full queue for long. */
void conf_silent_fill(struct conf_silent* silent, int family) {
    enum peers__filling filling;

    memset(silent, 0, sizeof *silent);
    silent->listener = conf_listen(family, 1, &silent->target);
    do {
        filling = peers__fill_one(silent);
    } while (filling == PEERS__QUEUED && silent->count < CONF__FILLERS);
    if (filling != PEERS__SILENT)
        peers__point_nowhere(silent, family);
}

/* From here on the peer answers, as soon as the system of the client asks it again. */
void conf_silent_drain(struct conf_silent* silent) {
    int i;

    if (silent->is_nowhere)
        conf_skip("this system's peer that does not answer cannot be made to");
    for (i = 0; i < silent->count - 1; i++)
        closesocket(conf_accept(silent->listener));
    peers__close_fillers(silent);
}

static void peers__check(struct conf_sink* sink, const unsigned char* bytes, DWORD length) {
    DWORD i;

    for (i = 0; i < length && sink->intact; i++) {
        uint64_t offset = sink->received + i;
        BOOL compared = !sink->sparse || offset % PEERS__SPARSE_STEP < PEERS__SPARSE_RUN;

        if (!compared) {
            uint64_t skipped = PEERS__SPARSE_STEP - offset % PEERS__SPARSE_STEP;
            if (skipped >= length - i)
                return;
            i += (DWORD) skipped - 1;
        } else if (bytes[i] != conf_pattern(offset)) {
            sink->intact = FALSE;
            sink->first_wrong = offset;
        }
    }
}

static void peers__reset(SOCKET server) {
    struct linger hard = {1, 0};

    setsockopt(server, SOL_SOCKET, SO_LINGER, (const char*) &hard, sizeof hard);
}

/* Runs on a thread of its own and so leaves its findings in the structure. */
static DWORD WINAPI peers__sink(void* parameter) {
    struct conf_sink* sink = parameter;
    DWORD chunk = sink->chunk != 0 ? sink->chunk : PEERS__CHUNK;
    unsigned char* buffer = malloc(chunk);
    SOCKET server;
    int got = -1;

    Sleep(sink->accept_delay);
    server = accept(sink->listener, NULL, NULL);
    if (server == INVALID_SOCKET || buffer == NULL)
        goto done;
    if (sink->shut_reading)
        shutdown(server, SD_RECEIVE);
    while (sink->reset_after == 0 || sink->received < sink->reset_after) {
        if (sink->shut_reading)
            break;
        Sleep(sink->read_delay);
        got = recv(server, (char*) buffer, (int) chunk, 0);
        if (got <= 0)
            break;
        peers__check(sink, buffer, (DWORD) got);
        sink->received += (unsigned) got;
    }
    sink->ended = got == 0;
    if (sink->reset_after != 0)
        peers__reset(server);
    if (sink->shut_reading)
        Sleep(500);
    closesocket(server);
done:
    free(buffer);
    return 0;
}

void conf_sink_start(struct conf_sink* sink) {
    int family = sink->family != 0 ? sink->family : AF_INET;

    sink->intact = TRUE;
    sink->listener = peers__bound(family, &sink->target);
    if (sink->receive_buffer != 0)
        CHECK_EQ(setsockopt(sink->listener, SOL_SOCKET, SO_RCVBUF,
                            (const char*) &sink->receive_buffer, sizeof(int)),
                 0);
    CHECK_EQ(listen(sink->listener, 5), 0);
    sink->thread = CreateThread(NULL, 0, peers__sink, sink, 0, NULL);
    CHECK(sink->thread != NULL);
}

/* No limit here: the limit of the test is the limit. */
void conf_sink_finish(struct conf_sink* sink) {
    WaitForSingleObject(sink->thread, INFINITE);
    CloseHandle(sink->thread);
    closesocket(sink->listener);
}
