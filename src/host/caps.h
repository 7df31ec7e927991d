/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOST_CAPS_H
#define WSEXT_HOST_CAPS_H

#include "host/host.h"

/* What the host can do, or cannot: the only place that asks. Each capability is found by the host's
 * behaviour on sockets of our own, once in a process, before any lock is taken. Two of Wine's
 * defects cannot be provoked at will, and are known by the host's name here and nowhere else. */

enum cap {
    CAP_COMPLETE = 1,     /* A request completes an OVERLAPPED with any status: request_complete. */
    CAP_POLL = 2,         /* Sockets can be polled: request_look(), request_begin_poll(). */
    CAP_CONNECT_TIME = 4, /* SO_CONNECT_TIME tells of a socket that is not connected, too. */
    CAP_ASYNC_CONNECT = 8, /* A non-blocking connect goes on by itself, also with a port. */
    CAP_STEPS = 16, /* An overlapped call of ours stays out of the program's port by the event's low
                     * bit, and can be cancelled from any thread: the loop can make the steps. */
    CAP_LOSES_RESETS = 32,   /* A send never hears of a reset that comes at the wrong moment, unless
                              * the socket is polled for writability: Wine. */
    CAP_CONNECT_INVAL = 64,  /* WSAEINVAL is said of a connect while one is in progress: Wine. */
    CAP_ACCEPT_SHORT = 128,  /* AcceptEx takes rooms for addresses that are too small: Wine. */
    CAP_ACCEPT_PREFIX = 256, /* AcceptEx puts each address behind its length, an int: Wine. */
    CAP_READS_AT_ONCE = 512, /* NtReadFile of a file never goes on after the call: Wine. */
    CAP_NO_CONTROL = 1024,   /* WSASendMsg does without control data: Wine, or there is none. */
    CAP_PEND = 2048,         /* A poll may be made on a socket's own handle: request_pend(). */
    CAP_SEND_ROOM = 4096     /* A fresh socket's send buffer is as large as Linux' usual one. */
};

/* Finds out about those wanted, any number of them; those that are known cost a test. Returns 0, or
 * -1 where that is not possible now as the host is out of memory: they count as absent then, and
 * the next call tries again. Must not be called with a lock held. Keeps the last error. */
int caps_find(unsigned wanted);

/* Whether the host has it, as far as caps_find() has found out. */
int caps_has(enum cap cap);

/* What operations of ours rely on; every extension function asks for them first. */
#define CAPS_OPERATIONS \
    (CAP_COMPLETE | CAP_POLL | CAP_CONNECT_TIME | CAP_STEPS | CAP_LOSES_RESETS | CAP_READS_AT_ONCE)

/* The name for people, such as "overlapped steps stay out of the program's port". */
const char* caps_name(enum cap cap);

/* The number of capabilities; they are the bits 1 << 0 to 1 << (CAPS_COUNT - 1). */
#define CAPS_COUNT 13

#endif
