/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_STRESS_SERVES_H
#define WSEXT_STRESS_SERVES_H

#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>

#define SERVES_SLOTS 4
#define SERVES_OPERATIONS 4 /* Of a slot at once. */
#define SERVES_LIMIT 20000  /* Milliseconds; what takes longer is taken for lost. */

/* All answers are parts of one sequence of bytes, which has this period. */
#define SERVES_PERIOD 1000003u
#define SERVES_LARGEST (3u << 20)
#define SERVES_TOTAL (SERVES_PERIOD + SERVES_LARGEST)

enum serves_client { CLIENT_READS, CLIENT_SLOW, CLIENT_RESETS, CLIENT_CLOSES, CLIENT_MUTE };

/* What a client and its server know of their connection; the last to be done compares. */
struct serves_ticket {
    volatile LONG done;
    enum serves_client kind;
    unsigned short port;
    int whole; /* All sends have succeeded. */
    int torn;  /* There were sends at once, and not all of them have. */
    int error; /* The client's. */
    ULONGLONG asked;
    ULONGLONG got;
    ULONGLONG first_wrong;
    int is_wrong;
};

enum serves_kind { ACCEPT, RECEIVE, SEND, TRANSMIT, END };
enum serves_state { NONE, READY, ACCEPTING, ACCEPTED, SERVING, ENDING, BROKEN };

struct serves_operation {
    OVERLAPPED overlapped;
    enum serves_kind kind;
    int waits;
    unsigned life; /* The slot's when it was begun. */
    DWORD asked;
    DWORD flags;
    ULONG_PTR key;
    char buffer[256];
};

/* A socket, which lives until it is closed or made reusable. */
struct serves_slot {
    SOCKET s;
    ULONG_PTR key;
    unsigned life;
    enum serves_state state;
    struct serves_operation operations[SERVES_OPERATIONS];
    struct serves_operation* foreign; /* One that another thread has begun. */
    struct serves_ticket* ticket;
    DWORD number; /* The ticket's. */
    unsigned got; /* Bytes of that. */
    unsigned answers;
    ULONGLONG asked;
    int is_new;
    int is_disturbed; /* Operations may have been cancelled. */
    int whole;
    int many;
};

struct serves_thread {
    unsigned random;
    HANDLE port;
    HANDLE file;
    HANDLE empty;
    SOCKET listener;
    ULONG_PTR listener_key;
    ULONG_PTR keys;
    unsigned short listens_at;
    struct serves_slot slots[SERVES_SLOTS];
    unsigned operations;
    unsigned accepted;
    unsigned reuses;
    unsigned completed;
    unsigned failed;
};

/* serves.c */
void serves_die(const char* what, const struct serves_slot* slot, long value);
unsigned serves_roll(struct serves_thread* self, unsigned sides);
int serves_waits(const struct serves_slot* slot, unsigned kinds);
void serves_be_ended(struct serves_thread* self, struct serves_slot* slot, DWORD flags);

/* serves_clients.c */
extern char* serves_payload;
void serves_clients_prepare(void);
void serves_add_client(struct serves_thread* self);
struct serves_ticket* serves_find_ticket(DWORD number); /* NULL for a wrong number. */
int serves_reads_all(const struct serves_ticket* ticket);
void serves_compare(struct serves_ticket* ticket);
long serves_wait_for_clients(void); /* Returns how many answers were compared. */

/* serves_begin.c: these begin an operation; they return 0, or the error with which it was refused
 * at once. The last two make the caller wait. */
typedef int serves_begin(struct serves_thread* self, struct serves_slot* slot,
                         struct serves_operation* operation);
void serves_begin_prepare(void);
serves_begin serves_accept, serves_receive, serves_send, serves_transmit_file,
    serves_transmit_packets, serves_disconnect;
int serves_transmit_and_wait(struct serves_thread* self, struct serves_slot* slot);
int serves_disconnect_and_wait(struct serves_thread* self, struct serves_slot* slot);
int serves_start(struct serves_thread* self, struct serves_slot* slot, serves_begin* begin);
void serves_open_files(struct serves_thread* self);

#endif
