/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_SOCKET_H
#define WSEXT_CORE_SOCKET_H

#include "core/complete.h"
#include "core/lifecycle.h"
#include "core/port.h"
#include "host/host.h"

struct alias_ring;
struct op;
struct rio_queue;
struct settings_keepalive;

/* What WSAEventSelect or WSAAsyncSelect asked for. */
struct socket_selection {
    HANDLE event; /* Of the former, with window NULL. */
    HWND window;
    u_int message;
    long events;
};

/* The operation that the host carries with the program's OVERLAPPED, which the host completes: a
 * ConnectEx as a whole, its payload, or an AcceptEx. It is part of the record, so that the most
 * frequent operation allocates nothing. The OVERLAPPED is a name here, not to be followed. */
struct carried {
    OVERLAPPED* overlapped;
    DWORD owner;            /* The thread that issued it. */
    unsigned short length;  /* The bytes that it counts if it succeeds: see witness.h and ride.h. */
    unsigned char is_send;  /* It is the payload. */
    unsigned char finished; /* It is known to have ended. */
};

/* Our record of one socket. It lies in the table and is touched under the table's lock only. */
struct socket {
    SOCKET handle;
    ULONGLONG serial; /* Which of the sockets that have had the handle's value this is. */
    struct op* ops;   /* Those that wsext carries out, newest first. */
    struct carried carried;
    struct port port; /* Where the program has the socket report to, and the key of a port. */
    ULONG_PTR key;
    struct alias_ring* ring;              /* The socket's handles, where it has several. */
    LONG64 started;                       /* When ConnectEx or AcceptEx was issued: stats.h. */
    struct socket_selection* selection;   /* NULL while none is in force. */
    struct settings_keepalive* keepalive; /* What SIO_KEEPALIVE_VALS was last given, or NULL. */
    struct rio_queue* rio;                /* The request queue of registered I/O. */
    LPFN_CONNECTEX connect_ex; /* The provider's own, where it is not the process' usual. */
    struct op* worker;         /* What a worker still does with the socket, also if cancelled. */
    SOCKET listener;           /* That AcceptEx accepts from, */
    ULONGLONG listener_serial; /* and the serial number of its record. */
    unsigned number;           /* Of the ConnectEx, counted from 1 in this process; for the log. */
    unsigned peer;             /* A digest of the address that is connected to. */
    unsigned short family; /* That the socket listens with, where it is known to; 0 elsewhere. */
    unsigned short local_port; /* Of a listener, or of the one that AcceptEx accepts from. */
    struct lifecycle lifecycle;
    unsigned char fast_open;   /* TCP_FASTOPEN as set, plus one; 0 while it is not set. */
    unsigned char modes;       /* The completion notification modes that the program has set. */
    unsigned char keeps_mode;  /* A worker made the socket blocking, and will make it as it was. */
    unsigned char cancels_all; /* When it is closed, all that pends in the host is cancelled. */
    unsigned char counted;     /* The statistics wait for the end of this function, plus one. */
    unsigned char inherits;    /* Of a listener: a bit for each option to be handed on. */
    unsigned char is_usual;    /* Of a listener: its provider's AcceptEx is the process' usual. */
};

/* Locks the handle's place and returns its record; socket_find() gives NULL where there is none,
 * socket_need() makes one and gives NULL only where memory is short. Each is followed by
 * socket_release(), also after NULL. */
struct socket* socket_find(SOCKET handle);
struct socket* socket_need(SOCKET handle);

/* The same for who has held the lock before and let it go: gives NULL also where the record is not
 * the one with that serial number any more. The socket was closed then, and the handle's value may
 * be another's. No record has the number 0, and none has that of another. */
struct socket* socket_find_same(SOCKET handle, ULONGLONG serial);
void socket_release(SOCKET handle);

/* Under the lock: feeds an event to the socket's lifecycle, and notes what comes of it in log and
 * statistics. Returns 0, or -1 where it is not allowed. */
int socket_step(struct socket* socket, enum lifecycle_event event);

/* Under the lock: where the socket's operations are reported now. */
struct target socket_target(const struct socket* socket);

/* Under the lock: notes what the host carries from now on. */
void socket_carry(struct socket* socket, OVERLAPPED* overlapped, int is_send, int finished);

/* Under the lock: notes the selection that is in force from now on, which is copied; one without
 * events is none. */
void socket_select(struct socket* socket, const struct socket_selection* selection);

/* Under the lock: takes the record out of the table and frees it. Its operations have ended, or
 * were told that it is closed. */
void socket_forget(struct socket* socket);

#endif
