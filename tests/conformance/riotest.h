/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_RIOTEST_H
#define WSEXT_RIOTEST_H

#include "conformance.h"

/* Microsoft's types, which the headers of mingw-w64 lack. */
#include "rio/types.h"

#define RIOTEST__MEMORY 65536
#define RIOTEST__LIMIT 16

/* Places in the registered buffer. */
#define RIOTEST__DATA 0
#define RIOTEST__OTHER 4096
#define RIOTEST__LOCAL 8192
#define RIOTEST__REMOTE 8256
#define RIOTEST__CONTROL 8320
#define RIOTEST__FLAGS 8960

/* Two connected sockets, each with a request queue, one completion queue for all, and a registered
 * buffer. The sockets' contexts are 1 and 2. */
struct riotest {
    SOCKET sockets[2];
    RIO_RQ queues[2];
    RIO_CQ completions;
    char* memory;
    RIO_BUFFERID buffer;
};

/* The functions; filled in by riotest_load(), which every test begins with. */
extern RIO_EXTENSION_FUNCTION_TABLE rio;

void riotest_load(void);
SOCKET riotest_socket(int family, int type);

/* Two sockets of registered I/O that are connected with each other. */
void riotest_connect(int family, int type, SOCKET sockets[2]);

/* Everything, with a completion queue that is only polled or one that notifies. */
void riotest_open(struct riotest* test, int family, int type);
void riotest_open_notifying(struct riotest* test, int family, int type,
                            RIO_NOTIFICATION_COMPLETION* notification);
void riotest_close(struct riotest* test);

/* A socket with a completion queue for what it receives and one for what it sends, the socket that
 * it is connected with, and a part of four bytes. */
struct riotest_split {
    SOCKET sockets[2];
    RIO_CQ completions[2];
    RIO_RQ queue;
    RIO_BUF part;
};

/* With NULL for queues that are only polled. */
void riotest_open_split(struct riotest_split* test, RIO_NOTIFICATION_COMPLETION notifications[2]);

RIO_BUF riotest_part(const struct riotest* test, ULONG offset, ULONG length);

/* Sends from, or receives to, a part of the buffer and checks that the call is accepted. */
void riotest_send(const struct riotest* test, int end, ULONG offset, ULONG length, DWORD flags,
                  ULONG_PTR context);
void riotest_receive(const struct riotest* test, int end, ULONG offset, ULONG length, DWORD flags,
                     ULONG_PTR context);

/* Polls until that many completions were taken. */
void riotest_take(RIO_CQ completions, RIORESULT* results, ULONG count);

/* Takes one and checks it. */
void riotest_result(const struct riotest* test, int end, ULONG_PTR context, LONG status,
                    ULONG bytes);

/* The same for two that may come in either order: what is sent and what receives it. */
void riotest_results(const struct riotest* test, int sender, ULONG_PTR sent, ULONG_PTR received,
                     ULONG bytes);

/* Checks that no completion is there, nor comes. */
void riotest_quiet(RIO_CQ completions);

#endif
