/* SPDX-License-Identifier: MIT */
#include "serves.h"

#include <stdlib.h>

#define SERVES__TICKETS (1u << 20)
#define SERVES__CLIENTS 40 /* At once. */

char* serves_payload;

static struct serves_ticket* serves__tickets;
static volatile LONG serves__ticket_count;
static volatile LONG serves__client_count;
static volatile LONG serves__compared;

int serves_reads_all(const struct serves_ticket* ticket) {
    return ticket->kind == CLIENT_READS || ticket->kind == CLIENT_SLOW;
}

struct serves_ticket* serves_find_ticket(DWORD number) {
    return number < (DWORD) serves__ticket_count ? &serves__tickets[number] : NULL;
}

void serves_compare(struct serves_ticket* ticket) {
    if (InterlockedIncrement(&ticket->done) == 1 || !serves_reads_all(ticket))
        return;
    InterlockedIncrement(&serves__compared);
    if (ticket->is_wrong && !ticket->torn)
        serves_die("bytes that were not sent", NULL, (long) ticket->first_wrong);
    if (ticket->got > ticket->asked)
        serves_die("more bytes than were sent", NULL, (long) (ticket->got - ticket->asked));
    if (ticket->whole && ticket->got != ticket->asked)
        serves_die("bytes of a whole answer are lost", NULL, (long) (ticket->asked - ticket->got));
    if (ticket->whole && ticket->error != 0)
        serves_die("a whole answer ends with an error", NULL, ticket->error);
}

static void serves__check(struct serves_ticket* ticket, const char* bytes, int count) {
    int i;
    for (i = 0; i < count && !ticket->is_wrong; i++) {
        if (bytes[i] == serves_payload[(ticket->got + (unsigned) i) % SERVES_PERIOD])
            continue;
        ticket->is_wrong = 1;
        ticket->first_wrong = ticket->got + (unsigned) i;
    }
    ticket->got += (unsigned) count;
}

static void serves__read(SOCKET s, struct serves_ticket* ticket) {
    char buffer[16384];
    for (;;) {
        int count = recv(s, buffer, sizeof buffer, 0);
        if (count < 0)
            ticket->error = WSAGetLastError();
        if (count <= 0)
            return;
        serves__check(ticket, buffer, count);
        if (ticket->kind == CLIENT_RESETS && ticket->got > 1000)
            return;
        if (ticket->kind == CLIENT_SLOW)
            Sleep(1);
    }
}

/* A request is the ticket's number, which may come in two parts. */
static void serves__ask(SOCKET s, const struct serves_ticket* ticket) {
    DWORD number = (DWORD) (ticket - serves__tickets);
    const char* bytes = (const char*) &number;
    int first = number % 3 == 0 ? 1 : (int) sizeof number;

    if (ticket->kind == CLIENT_MUTE) {
        Sleep(number % 100);
        return;
    }
    send(s, bytes, first, 0);
    if (first < (int) sizeof number)
        send(s, bytes + first, (int) sizeof number - first, 0);
}

static DWORD WINAPI serves__be_client(void* parameter) {
    static const struct linger hard = {1, 0};
    struct serves_ticket* ticket = parameter;
    DWORD limit = 2 * SERVES_LIMIT;
    struct sockaddr_in name = {0};
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = ticket->port;
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (const char*) &limit, sizeof limit);
    if (connect(s, (struct sockaddr*) &name, sizeof name) == 0) {
        serves__ask(s, ticket);
        if (ticket->kind != CLIENT_MUTE && ticket->kind != CLIENT_CLOSES)
            serves__read(s, ticket);
        if (ticket->kind == CLIENT_RESETS ||
            (ticket->kind == CLIENT_MUTE && (ticket - serves__tickets) % 2))
            setsockopt(s, SOL_SOCKET, SO_LINGER, (const char*) &hard, sizeof hard);
    }
    closesocket(s);
    serves_compare(ticket);
    InterlockedDecrement(&serves__client_count);
    return 0;
}

void serves_add_client(struct serves_thread* self) {
    static const enum serves_client kinds[] = {CLIENT_READS, CLIENT_READS,  CLIENT_READS,
                                               CLIENT_SLOW,  CLIENT_RESETS, CLIENT_CLOSES,
                                               CLIENT_MUTE,  CLIENT_READS};
    struct serves_ticket* ticket;
    HANDLE thread;

    if (serves__client_count >= SERVES__CLIENTS ||
        serves__ticket_count >= (LONG) SERVES__TICKETS - SERVES__CLIENTS)
        return;
    InterlockedIncrement(&serves__client_count);
    ticket = &serves__tickets[InterlockedIncrement(&serves__ticket_count) - 1];
    ticket->kind = kinds[serves_roll(self, 8)];
    ticket->port = self->listens_at;
    thread = CreateThread(NULL, 131072, serves__be_client, ticket, 0, NULL);
    if (thread == NULL)
        serves_die("a thread cannot be made", NULL, (long) GetLastError());
    CloseHandle(thread);
}

void serves_clients_prepare(void) {
    unsigned i;
    serves__tickets = calloc(SERVES__TICKETS, sizeof *serves__tickets);
    serves_payload = malloc(SERVES_TOTAL);
    if (serves__tickets == NULL || serves_payload == NULL)
        serves_die("memory is short", NULL, 0);
    for (i = 0; i < SERVES_TOTAL; i++)
        serves_payload[i] = (char) ((i % SERVES_PERIOD * 2654435761u) >> 24);
}

long serves_wait_for_clients(void) {
    int i;
    for (i = 0; serves__client_count > 0 && i < SERVES_LIMIT / 10; i++)
        Sleep(10);
    if (serves__client_count > 0)
        serves_die("clients wait for ever", NULL, serves__client_count);
    return serves__compared;
}
