/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOSTS_REACTOS_H
#define WSEXT_HOSTS_REACTOS_H

#include "host/host.h"

#include <ws2tcpip.h>

/* The pretend ReactOS, in two halves: reactos.c says what it is and makes, asks and changes
 * sockets; reactoscalls.c connects, sends and ends. */

/* What msafd and the I/O manager keep of a socket, by its handle. */
struct reactos_socket {
    volatile LONG nonblocking;
    volatile LONG has_port;
    volatile LONG connecting;
    volatile LONG has_failed; /* To connect. */
    volatile LONG inside;     /* How many threads are in connect() or send(). */
    volatile LONG is_shut;    /* Both sides were shut down meanwhile: such calls end. */
    volatile LONG is_ended;   /* The sending side was shut down. */
    int type;                 /* SOCK_STREAM and so on, or 0. */
    OVERLAPPED* sending;      /* Of the last send that was pending. */
    int peer_length;          /* Of a socket that msafd takes for connected; 0 otherwise. */
    struct sockaddr_storage peer;
};

/* Wine, and what is kept of a socket of it. */
extern struct host real;
struct reactos_socket* reactos_of(SOCKET s);

/* Whether the variable REACTOS_HOST names this word. */
int reactos_plays(const char* word);

/* Ends the test, as the kernel, or the process, would end. */
void reactos_go_down(const char* why);

/* Sets the error and returns SOCKET_ERROR. */
int reactos_fail(int error);

/* What Wine knows. */
int reactos_is_socket(SOCKET s);
int reactos_is_stream(SOCKET s);
int reactos_is_connected(SOCKET s);

/* Before the handle is closed, by whatever way. */
void reactos_begin_close(SOCKET s);

/* Puts the functions of reactoscalls.c into the host's table. */
void reactos_take_calls(void);

#endif
