/* SPDX-License-Identifier: MIT */

/* serves SEED SECONDS: threads serve clients with several AcceptEx at once, onto fresh sockets and
 * onto such as DisconnectEx, TransmitFile or TransmitPackets made reusable, answer them in all
 * ways, and cancel and close what they please, while the clients read, read slowly, reset, close or
 * say nothing. Each operation that was begun has to bring one packet, with its own key, no packet
 * comes that nobody waits for, counts of bytes are exact, and who reads to the end gets what was
 * sent, in its order. It is an ordinary program that knows nothing of wsext; see lives.c for the
 * clients' side.
 *
 * Three things are Wine's own and kept from: on Wine 8 a plain WSASend or WSARecv that is pending
 * brings no packet when its socket is closed, so these are cancelled and waited for first; it loses
 * the end of such a send when the peer resets; and what a thread began by them ends with the
 * thread, so others begin only what is wsext's, and send alone, as a transmission whose thread ends
 * loses its place in the line. */

#include "serves.h"

#include <stdio.h>
#include <stdlib.h>

#define SERVES__THREADS 3

static DWORD serves__end;

void serves_die(const char* what, const struct serves_slot* slot, long value) {
    int i;
    printf("FAIL: %s (%ld)\n", what, value);
    if (slot != NULL)
        printf("socket %#lx in state %d, life %u, client %d, %lu bytes\n", (unsigned long) slot->s,
               (int) slot->state, slot->life, slot->ticket != NULL ? (int) slot->ticket->kind : -1,
               (unsigned long) slot->asked);
    for (i = 0; slot != NULL && i < SERVES_OPERATIONS; i++) {
        const struct serves_operation* operation = &slot->operations[i];
        printf("%s of life %u, kind %d, flags %lu: %lu bytes, %#lx, %lu\n",
               operation->waits ? "pending" : "ended", operation->life, (int) operation->kind,
               operation->flags, operation->asked, (unsigned long) operation->overlapped.Internal,
               (unsigned long) operation->overlapped.InternalHigh);
    }
    fflush(stdout);
    TerminateProcess(GetCurrentProcess(), 1);
}

unsigned serves_roll(struct serves_thread* self, unsigned sides) {
    self->random = self->random * 1103515245u + 12345u;
    return (self->random >> 16) % sides;
}

/* What ends */

int serves_waits(const struct serves_slot* slot, unsigned kinds) {
    int i, count = 0;
    for (i = 0; i < SERVES_OPERATIONS; i++) {
        const struct serves_operation* operation = &slot->operations[i];
        count +=
            operation->waits && operation->life == slot->life && (kinds >> operation->kind & 1);
    }
    return count;
}

static int serves__is_undisturbed(const struct serves_slot* slot) {
    return slot->ticket != NULL && serves_reads_all(slot->ticket) && !slot->is_disturbed;
}

static void serves__failed(struct serves_slot* slot, const char* what, long error) {
    if (serves__is_undisturbed(slot))
        serves_die(what, slot, error);
    slot->whole = 0;
    slot->state = BROKEN;
}

/* The connection is at its end. */
static void serves__settle(struct serves_slot* slot) {
    struct serves_ticket* ticket = slot->ticket;
    if (serves_waits(slot, 1u << SEND | 1u << TRANSMIT))
        slot->whole = 0;
    slot->ticket = NULL;
    slot->foreign = NULL;
    if (ticket == NULL)
        return;
    ticket->whole = slot->whole;
    ticket->torn = slot->many && !slot->whole;
    ticket->asked = slot->asked;
    serves_compare(ticket);
}

void serves_be_ended(struct serves_thread* self, struct serves_slot* slot, DWORD flags) {
    serves__settle(slot);
    slot->state = flags & TF_REUSE_SOCKET ? READY : BROKEN;
    slot->is_new = 1;
    slot->life++;
    self->reuses += slot->state == READY;
}

static void serves__take_request(struct serves_slot* slot, const char* bytes, DWORD count) {
    DWORD i;
    for (i = 0; i < count && slot->got < sizeof slot->number; i++)
        ((char*) &slot->number)[slot->got++] = bytes[i];
    if (slot->got < sizeof slot->number)
        return;
    slot->ticket = serves_find_ticket(slot->number);
    if (slot->ticket == NULL)
        serves_die("a wrong request", slot, (long) slot->number);
    slot->state = SERVING;
}

static void serves__received(struct serves_slot* slot, const struct serves_operation* operation,
                             DWORD error, DWORD bytes) {
    if (slot->state != ACCEPTED)
        return;
    serves__take_request(slot, operation->buffer, bytes);
    if (slot->state == ACCEPTED && operation->kind == RECEIVE && (error != 0 || bytes == 0))
        slot->state = BROKEN;
}

static void serves__accepted(struct serves_thread* self, struct serves_slot* slot,
                             const struct serves_operation* operation, DWORD error, DWORD bytes) {
    /* Where a peer was accepted before it failed, the socket is used up. */
    slot->is_new = 0;
    if (error != 0) {
        slot->state = serves_roll(self, 2) ? BROKEN : READY;
        return;
    }
    slot->state = ACCEPTED;
    slot->is_disturbed = slot->many = 0;
    slot->got = 0;
    slot->asked = 0;
    slot->whole = 1;
    slot->answers = serves_roll(self, 4);
    self->accepted++;
    if (serves_roll(self, 4) != 0 &&
        setsockopt(slot->s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char*) &self->listener,
                   sizeof self->listener) != 0)
        slot->state = BROKEN;
    serves__received(slot, operation, error, bytes);
}

static void serves__sent(struct serves_thread* self, struct serves_slot* slot,
                         const struct serves_operation* operation, DWORD error, DWORD bytes) {
    if (error != 0)
        serves__failed(slot, operation->kind == SEND ? "WSASend fails" : "a transmission fails",
                       (long) error);
    else if (bytes != operation->asked)
        serves_die("a wrong count of bytes", slot, (long) bytes - (long) operation->asked);
    else if (operation->flags & TF_DISCONNECT)
        serves_be_ended(self, slot, operation->flags);
}

static void serves__ended(struct serves_thread* self, struct serves_slot* slot,
                          const struct serves_operation* operation, DWORD error, DWORD bytes) {
    if (slot->foreign == operation)
        slot->foreign = NULL;
    if (operation->life != slot->life)
        return;
    if (operation->kind == ACCEPT)
        serves__accepted(self, slot, operation, error, bytes);
    else if (operation->kind == RECEIVE)
        serves__received(slot, operation, error, bytes);
    else if (operation->kind != END)
        serves__sent(self, slot, operation, error, bytes);
    else if (error != 0)
        serves__failed(slot, "DisconnectEx fails", (long) error);
    else
        serves_be_ended(self, slot, operation->flags);
}

static struct serves_operation*
serves__find(struct serves_thread* self, const OVERLAPPED* overlapped, struct serves_slot** slot) {
    int i, j;
    for (i = 0; i < SERVES_SLOTS; i++) {
        *slot = &self->slots[i];
        for (j = 0; j < SERVES_OPERATIONS; j++) {
            if (overlapped == &(*slot)->operations[j].overlapped)
                return &(*slot)->operations[j];
        }
    }
    serves_die("a packet with a foreign OVERLAPPED", NULL, 0);
    return NULL;
}

/* Takes one packet, or none within the time. */
static int serves__take(struct serves_thread* self, DWORD limit) {
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* got = NULL;
    BOOL ok = GetQueuedCompletionStatus(self->port, &bytes, &key, &got, limit);
    DWORD error = ok ? 0 : GetLastError();
    struct serves_operation* operation;
    struct serves_slot* slot;

    if (got == NULL)
        return 0;
    operation = serves__find(self, got, &slot);
    if (!operation->waits)
        serves_die("a packet that nobody waits for", slot, (long) operation->kind);
    if (key != operation->key)
        serves_die("a packet with a wrong key", slot, (long) operation->kind);
    /* Of Wine's own AcceptEx the packet may come before the OVERLAPPED is written. */
    if (operation->kind != ACCEPT &&
        ((got->Internal == 0) != (ok != 0) || got->InternalHigh != bytes))
        serves_die("a packet unlike its OVERLAPPED", slot, (long) got->Internal);
    operation->waits = 0;
    self->completed++;
    self->failed += !ok;
    serves__ended(self, slot, operation, error, bytes);
    return 1;
}

/* Until none of these kinds of the slot, or of all slots for NULL, is waited for. */
static void serves__take_all(struct serves_thread* self, struct serves_slot* only, unsigned kinds) {
    DWORD since = GetTickCount();
    int i, j;
    for (i = 0; i < SERVES_SLOTS; i++) {
        struct serves_slot* slot = &self->slots[i];
        for (j = 0; j < SERVES_OPERATIONS && (only == NULL || only == slot); j++) {
            const struct serves_operation* operation = &slot->operations[j];
            while (operation->waits && (kinds >> operation->kind & 1)) {
                if (GetTickCount() - since > SERVES_LIMIT)
                    serves_die("an operation is lost", slot, (long) operation->kind);
                serves__take(self, 100);
            }
        }
    }
}

static void serves__cancel(struct serves_slot* slot, unsigned kinds) {
    int i;
    for (i = 0; i < SERVES_OPERATIONS; i++) {
        struct serves_operation* operation = &slot->operations[i];
        if (operation->waits && (kinds >> operation->kind & 1))
            CancelIoEx((HANDLE) slot->s, &operation->overlapped);
    }
}

static void serves__close(struct serves_thread* self, struct serves_slot* slot) {
    static const unsigned plain = 1u << SEND | 1u << RECEIVE;
    if (slot->state == NONE)
        return;
    slot->is_disturbed = 1;
    serves__cancel(slot, plain);
    serves__take_all(self, slot, plain);
    serves__settle(slot);
    closesocket(slot->s);
    slot->life++;
    slot->state = NONE;
}

/* What is done with a slot in its state */

static void serves__make(struct serves_thread* self, struct serves_slot* slot) {
    slot->s = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    slot->key = ++self->keys;
    if (slot->s == INVALID_SOCKET ||
        CreateIoCompletionPort((HANDLE) slot->s, self->port, slot->key, 0) == NULL)
        serves_die("a socket cannot be made", slot, WSAGetLastError());
    slot->is_new = 1;
    slot->state = READY;
}

static void serves__be_asked(struct serves_thread* self, struct serves_slot* slot) {
    int error;
    serves_add_client(self);
    error = serves_start(self, slot, serves_accept);
    if (error == WSAEINVAL && slot->is_new)
        serves_die("AcceptEx refuses a fresh socket", slot, error);
    if (error != 0)
        slot->state = BROKEN;
    else if (!serves_waits(slot, 1u << ACCEPT))
        slot->state = READY;
}

static int serves__answer_now(struct serves_thread* self, struct serves_slot* slot, int is_alone) {
    static serves_begin* const ways[] = {serves_send, serves_transmit_file,
                                         serves_transmit_packets};
    if (slot->answers == 0 && serves_roll(self, 2)) {
        slot->state = ENDING;
        return serves_roll(self, 4) ? serves_start(self, slot, serves_disconnect)
                                    : serves_disconnect_and_wait(self, slot);
    }
    if (is_alone && serves_roll(self, 8) == 0)
        return serves_transmit_and_wait(self, slot);
    if (slot->answers == 0)
        slot->state = ENDING;
    return serves_start(self, slot, ways[serves_roll(self, 3)]);
}

static void serves__answer(struct serves_thread* self, struct serves_slot* slot) {
    int sends = serves_waits(slot, 1u << SEND | 1u << TRANSMIT), error;

    if (serves_waits(slot, 1u << RECEIVE) == 0 && serves_roll(self, 4) == 0)
        serves_start(self, slot, serves_receive);
    if (sends > 1 || (sends == 1 && (slot->foreign != NULL || serves_roll(self, 4) != 0)))
        return;
    slot->many |= sends != 0;
    error = serves__answer_now(self, slot, sends == 0);
    slot->answers -= slot->answers != 0;
    if (error != 0)
        serves__failed(slot, "an operation is refused", error);
}

static void serves__step(struct serves_thread* self, struct serves_slot* slot) {
    switch (slot->state) {
        case NONE:
            serves__make(self, slot);
            break;
        case READY:
            serves__be_asked(self, slot);
            break;
        case ACCEPTED:
            if (!serves_waits(slot, 1u << RECEIVE) && serves_start(self, slot, serves_receive) != 0)
                slot->state = BROKEN;
            break;
        case SERVING:
            serves__answer(self, slot);
            break;
        case ENDING:
            if (!serves_waits(slot, 1u << SEND | 1u << TRANSMIT | 1u << END))
                slot->state = BROKEN;
            break;
        case BROKEN:
            serves__close(self, slot);
            break;
        default:
            break;
    }
}

static void serves__interrupt(struct serves_thread* self) {
    struct serves_slot* slot = &self->slots[serves_roll(self, SERVES_SLOTS)];
    struct serves_operation* operation = &slot->operations[serves_roll(self, SERVES_OPERATIONS)];
    HANDLE file = operation->kind == ACCEPT ? (HANDLE) self->listener : (HANDLE) slot->s;
    unsigned way = serves_roll(self, 6);

    if (slot->state == NONE)
        return;
    slot->is_disturbed |= way < 4;
    if (way < 2)
        CancelIoEx(file, &operation->overlapped);
    else if (way == 2)
        CancelIoEx(file, NULL);
    else if (way == 3)
        CancelIo(file);
    else if (way == 4)
        serves__close(self, slot);
    else
        Sleep(serves_roll(self, 20));
}

static void serves__listen(struct serves_thread* self) {
    struct sockaddr_in name = {0};
    int length = sizeof name;

    self->listener = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    self->listener_key = ++self->keys;
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(self->listener, (struct sockaddr*) &name, sizeof name) != 0 ||
        listen(self->listener, 100) != 0 ||
        getsockname(self->listener, (struct sockaddr*) &name, &length) != 0 ||
        CreateIoCompletionPort((HANDLE) self->listener, self->port, self->listener_key, 0) == NULL)
        serves_die("a listener cannot be made", NULL, WSAGetLastError());
    self->listens_at = name.sin_port;
}

/* What nobody cuts off has to end by itself. */
static void serves__await(struct serves_thread* self) {
    int i;
    for (i = 0; i < SERVES_SLOTS; i++) {
        if (!serves__is_undisturbed(&self->slots[i]))
            serves__cancel(&self->slots[i], 1u << SEND);
    }
    serves__take_all(self, NULL, 1u << SEND | 1u << TRANSMIT | 1u << END);
}

/* All that is served with one listener. */
static void serves__round(struct serves_thread* self) {
    unsigned turns = 20 + serves_roll(self, 400);
    int i, is_rough = serves_roll(self, 3) == 0;

    serves__listen(self);
    while (turns-- > 0) {
        for (i = 0; i < SERVES_SLOTS; i++)
            serves__step(self, &self->slots[i]);
        if (serves_roll(self, is_rough ? 4 : 16) == 0)
            serves__interrupt(self);
        while (serves__take(self, serves_roll(self, 4) ? 0 : 2))
            ;
    }
    if (!is_rough)
        serves__await(self);
    closesocket(self->listener);
    for (i = 0; i < SERVES_SLOTS; i++)
        serves__close(self, &self->slots[i]);
    serves__take_all(self, NULL, ~0u);
    if (serves__take(self, 0))
        serves_die("a packet after the end", NULL, 0);
}

static DWORD WINAPI serves__run(void* parameter) {
    struct serves_thread* self = parameter;
    self->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    serves_open_files(self);
    while ((LONG) (serves__end - GetTickCount()) > 0)
        serves__round(self);
    if (serves__take(self, 100))
        serves_die("a packet after the end", NULL, 0);
    return 0;
}

int main(int argc, char** argv) {
    static struct serves_thread threads[SERVES__THREADS];
    HANDLE handles[SERVES__THREADS];
    struct serves_thread sum = {0};
    WSADATA data;
    unsigned i;
    long compared;

    if (argc != 3 || WSAStartup(MAKEWORD(2, 2), &data) != 0) {
        fprintf(stderr, "usage: serves SEED SECONDS\n");
        return 2;
    }
    serves_clients_prepare();
    serves_begin_prepare();
    serves__end = GetTickCount() + 1000 * (DWORD) atoi(argv[2]);
    for (i = 0; i < SERVES__THREADS; i++) {
        threads[i].random = (unsigned) atoi(argv[1]) * SERVES__THREADS + i;
        handles[i] = CreateThread(NULL, 0, serves__run, &threads[i], 0, NULL);
    }
    WaitForMultipleObjects(SERVES__THREADS, handles, TRUE, INFINITE);
    for (i = 0; i < SERVES__THREADS; i++) {
        sum.operations += threads[i].operations;
        sum.accepted += threads[i].accepted;
        sum.reuses += threads[i].reuses;
        sum.completed += threads[i].completed;
        sum.failed += threads[i].failed;
    }
    compared = serves_wait_for_clients();
    printf("seed %s: %u operations, %u connections, %u sockets made reusable, %u packets, %u of "
           "them failures, %ld answers compared\n",
           argv[1], sum.operations, sum.accepted, sum.reuses, sum.completed, sum.failed, compared);
    return sum.reuses > 0 && compared > 0 ? 0 : 1;
}
