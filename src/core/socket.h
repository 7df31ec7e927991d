/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_SOCKET_H
#define WSEXT_CORE_SOCKET_H

#include "core/machine.h"
#include "core/port.h"
#include "host/host.h"

struct operation;
struct task;
struct thread_job;
struct rio_queue;
struct settings_keepalive;

/* What WSAEventSelect or WSAAsyncSelect asked for. */
struct socket_selection {
    HANDLE event; /* Of the former, with window NULL. */
    HWND window;
    u_int message;
    long events;
};

/* What we know of one socket. It lies in the table and is touched under the table's lock only. */
struct socket {
    SOCKET handle;
    ULONGLONG serial; /* Which of the sockets that have had the handle's value this is. */
    struct machine machine;
    unsigned char is_send;    /* The host carries the OVERLAPPED with a send. */
    unsigned char by_engine;  /* The host carries the OVERLAPPED for the engine's thread. */
    unsigned char survives;   /* The operation outlives the thread that issued it. */
    unsigned char finished;   /* The carried operation is known to have ended. */
    unsigned char endless;    /* Operations that the host cancels by request only are pending. */
    unsigned char fast_open;  /* TCP_FASTOPEN as set, plus one; 0 while it is not set. */
    unsigned char modes;      /* The completion notification modes that the program has set. */
    unsigned char is_plain;   /* The program itself began a non-blocking connect. */
    unsigned char keeps_mode; /* The worker made the socket blocking, and will make it as it was. */
    unsigned char to_cancel;  /* The engine's thread has to cancel the carried operation. */
    unsigned char counted;    /* The statistics wait for the end of this function, plus one. */
    unsigned char inherits;   /* Of a listener: a bit for each option to be handed on. */
    unsigned short listens;   /* The family of a socket that is known to listen; 0 elsewhere. */
    unsigned short our_port;  /* Of a listener, or of the one that AcceptEx accepts from. */
    SOCKET listener;          /* That AcceptEx accepts from, */
    ULONGLONG listener_serial; /* and the serial number of its record. */
    unsigned number;           /* Of the operation, counted from 1 in this process; for the log. */
    LONG64 started;            /* When the operation was issued, in microseconds. */
    DWORD owner;               /* The thread that issued the operation. */
    unsigned peer;             /* A digest of the address that is connected to. */
    /* The program's OVERLAPPED. Once the machine owes nothing it is a name, not to be followed. */
    OVERLAPPED* overlapped;
    struct socket_selection* selection; /* NULL while none is in force. */
    struct settings_keepalive*
        keepalive;               /* What SIO_KEEPALIVE_VALS was last given; NULL where nothing. */
    struct operation* operation; /* Set while the machine is connecting. */
    /* What a worker of the thread driver still does with the socket, also after it was cancelled.
     */
    struct thread_job* worker;
    struct task* tasks;    /* The operations that are in the engine's hands step by step. */
    struct rio_queue* rio; /* The request queue of registered I/O, and what ends it. */
    void (*close_rio)(struct socket* socket, int is_closed);
    struct port port; /* The completion port that the program associated, and its key. */
    ULONG_PTR key;
    LPFN_CONNECTEX
    connect_ex; /* The provider's own function, where it is not the process' usual. */
};

/* Locks the handle's place and returns its record; record_find() gives NULL where there is none,
 * record_need() makes one and gives NULL only where memory is short. Each is followed by
 * record_release(), also after NULL. */
struct socket* socket_find(SOCKET handle);
struct socket* socket_need(SOCKET handle);

/* The same for who has held the lock before and let it go: gives NULL also where the record is not
 * the one with that serial number any more. The socket was closed then, and the handle's value may
 * be another's. No record has the number 0, and none has that of another. */
struct socket* socket_find_same(SOCKET handle, ULONGLONG serial);
void socket_release(SOCKET handle);

/* Under the lock: feeds an event to the record's state machine, as machine_step(), and notes what
 * comes of it in log and statistics. */
unsigned socket_step(struct socket* socket, enum machine_event event);

/* Under the lock: notes the selection that is in force from now on, which is copied; one without
 * events is none. */
void socket_select(struct socket* socket, const struct socket_selection* selection);

/* While the handles are held, no socket that has a record is closed: who closes one holds them,
 * too, from before the record goes until the handle is gone. The engine holds them while it names
 * sockets to the host, as Wine 8's server dies of a poll that names a handle whose value has come
 * back for a socket that is still being made. Taken before a record's lock, never under one. */
void socket_hold_handles(void);
void socket_release_handles(void);

/* Under the lock: ends the tasks and the request queue of a socket that is about to be closed, or
 * is closed already, so that its handle may be another's. */
void socket_close(struct socket* socket, int is_closed);

/* Under the lock: the same for one that is closed already, of which nothing is known from then on.
 * Frees the record. */
void socket_forget(struct socket* socket);

#endif
