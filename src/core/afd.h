/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_AFD_H
#define WSEXT_CORE_AFD_H

#include <stdint.h>

#include "core/operation.h"

/* Watching many sockets for the outcome of their connects, by polls of the socket driver that cover
 * a group of sockets each: every event in the system walks all polls, so one poll for each socket
 * would be quadratic. Only the engine's thread calls these functions, where nothing else is said.
 */

enum afd_outcome { AFD_UP, AFD_DOWN, AFD_CLOSED };

/* Whether the host can poll sockets; opens the poll device at the first call. May be called by any
 * thread. */
int afd_is_available(void);

/* Whether that cannot be found out at present, for want of memory. */
int afd_is_undecided(void);

/* What a socket can be asked for; the values are the socket driver's. */
#define AFD_EVENT_SEND 0x4u
#define AFD_EVENT_RESET 0x10u
#define AFD_EVENT_CLOSE 0x20u
#define AFD_EVENT_CONNECT 0x40u
#define AFD_EVENT_CONNECT_FAIL 0x100u

/* Looks without waiting which of the wanted events hold for each socket of a group of at most
 * AFD_GROUP_SIZE. Returns 0, or -1 where one of them is no socket any more, or 1 where the host is
 * short of memory and has not looked. May be called by any thread once afd_is_available() has said
 * so, with the handles held or under the socket's lock. */
#define AFD_GROUP_SIZE 128u
int afd_look(const SOCKET* sockets, unsigned wanted, unsigned* events, unsigned count);

/* Starts a poll on the socket's own handle that nothing ends but cancelling and closing, with the
 * arguments that NtDeviceIoControlFile() has. Returns its status. May be called by any thread. */
host_status afd_pend(SOCKET s, HANDLE event, PIO_APC_ROUTINE apc, void* context,
                     IO_STATUS_BLOCK* block);

/* Puts an operation among those to be watched; afd_submit() begins to watch it. */
void afd_add(struct operation* operation);

/* Begins the polls for what was added and is_wanted() still wants; event is set when one of them
 * ends. An operation whose socket cannot be polled is reported as AFD_CLOSED, and one for which
 * there is no memory as AFD_DOWN. The handles are to be held. */
void afd_submit(HANDLE event, int (*is_wanted)(struct operation* operation),
                void (*report)(struct operation* operation, enum afd_outcome outcome,
                               uint32_t status));

/* Reports the outcomes of the polls that have ended and puts the rest of their sockets back among
 * those to be watched, as far as is_wanted() says so. Returns how many polls had ended. */
int afd_collect(int (*is_wanted)(struct operation* operation),
                void (*report)(struct operation* operation, enum afd_outcome outcome,
                               uint32_t status));

#endif
