/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_OPTEST_H
#define WSEXT_OPTEST_H

#include "conformance.h"

/* Operations of every kind that stay pending until the test ends them, by whatever way: for what is
 * asked of all of them alike. */

#define OPTEST__LARGE (16u << 20)
#define OPTEST__MOST 8

enum optest_what {
    OPTEST_FILE,       /* TransmitFile to a peer that does not read. */
    OPTEST_PACKETS,    /* TransmitPackets to one. */
    OPTEST_DISCONNECT, /* DisconnectEx behind a send to one. */
    OPTEST_CONNECT,    /* ConnectEx to a peer that does not answer. */
    OPTEST_PAYLOAD,    /* The same with data. */
    OPTEST_SENDING,    /* ConnectEx that is up, and whose data the peer does not read. */
    OPTEST_ACCEPT      /* AcceptEx that nobody connects to. */
};

enum optest_ending {
    OPTEST_CANCEL, /* CancelIoEx. */
    OPTEST_CLOSE,  /* closesocket. */
    OPTEST_EXIT,   /* The thread that issued it ends. */
    OPTEST_READ,   /* The peer reads all. */
    OPTEST_RESET,  /* The peer resets. */
    OPTEST_REFUSE, /* The peer refuses. */
    OPTEST_ANSWER  /* The peer answers or connects. */
};

struct optest {
    enum optest_what what;
    SOCKET socket; /* Whose operation it is. */
    SOCKET peer;   /* The other end, where there is one. */
    OVERLAPPED overlapped;
    OVERLAPPED sending; /* Of what is sent before. */
    char addresses[128];
};

/* Makes what the operations of a test have in common; once, before the first is opened. */
void optest_prepare(enum optest_what what);

/* Makes the sockets of one, which is zero. Its overlapped is the test's to fill in then. */
void optest_open(struct optest* o, enum optest_what what);

/* Issues it and returns what it is answered with: 0 or a Winsock error. Any thread may. */
int optest_issue(struct optest* o);

/* The same where it must be answered with ERROR_IO_PENDING, and be pending. */
void optest_start(struct optest* o);

/* Begins the end of operations that were opened and issued together. Those that the end of their
 * thread is to end were issued by optest_issue_in_thread(). */
void optest_end(struct optest* os, int count, enum optest_ending ending);

/* Issues operations in a thread that lives on until optest_end(). */
void optest_issue_in_thread(struct optest* os, int count);

/* Waits until the operation's status block says that it has ended. */
void optest_wait(const struct optest* o);

/* What the status block says after that ending; and how many bytes it tells of a success. */
DWORD optest_status(enum optest_ending ending);
DWORD optest_bytes(enum optest_what what);

/* The socket that it was issued on: the listener, of AcceptEx. */
SOCKET optest_issued_on(const struct optest* o);

/* Closes what is still open. */
void optest_close(struct optest* o);
void optest_finish(void);

#endif
