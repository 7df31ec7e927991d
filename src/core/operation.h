/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_OPERATION_H
#define WSEXT_CORE_OPERATION_H

#include "host/host.h"

enum operation_watch {
    OPERATION_WATCH_CONNECT, /* The host's ConnectEx works on our own OVERLAPPED. */
    OPERATION_WATCH_POLL,    /* The socket is polled for the outcome of a non-blocking connect. */
    OPERATION_WATCH_THREAD,  /* A worker connects, and then hands the operation to the engine. */
    OPERATION_WATCH_SEND     /* The host carries the send; the guard looks after it. */
};

/* A connect that is in our hands. Whoever takes it out of its record frees nothing: the engine's
 * thread alone frees what it has adopted, since the host may still write to the OVERLAPPED. */
struct operation {
    OVERLAPPED connect;     /* Our own, for the host's ConnectEx. */
    struct operation* next; /* In the list that holds the operation. */
    SOCKET handle;
    OVERLAPPED* overlapped; /* The program's. */
    char* payload;          /* The program's buffer, used in place. */
    DWORD length;           /* In bytes. */
    unsigned number;        /* Of the ConnectEx, as in its record. */
    int error;              /* What a send that was tried early failed with, or 0. */
    enum operation_watch watch;
};

/* Returns NULL where memory is short. */
struct operation* operation_new(SOCKET handle, OVERLAPPED* overlapped, char* payload, DWORD length);

/* Whether the host has ended with the operation's own OVERLAPPED. */
int operation_is_done(const struct operation* operation);

/* Frees the operation, now or, where the host still holds its OVERLAPPED, at a later call. */
void operation_release(struct operation* operation);

#endif
