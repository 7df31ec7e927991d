/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_LOOP_H
#define WSEXT_CORE_LOOP_H

#include "core/op.h"

/* The completion core: one thread, started with the first operation that needs it. It gives a turn
 * to each operation whose step has ended, serves registered I/O, and has one list of timers. It
 * waits on events, not on a completion port of its own: a socket reports to one port, the
 * program's, and only the low bit of an event keeps our steps out of that.
 *
 * It never sleeps, holds no socket's lock across a host call that can wait, and survives a failed
 * wait.
 *
 * The locks of wsext, in the order in which one thread takes them; none is taken twice.
 *     1  a stripe of the table (table.h), for one socket: what is known of it, its operations'
 *        states. Under it: host calls that do not wait, complete(), and the locks below. The loop's
 *        thread alone takes all stripes at once, in their order and with no other lock held.
 *     2  complete()'s, while a failure is reported by a handle of our own. Under it: the same.
 *     3  the loop's inbox, the workers' queue, the list of stalled sends, the ports, the send
 *        locks: a few lines of code each, and none is taken under another of these.
 *     4  a lock of the log: a line at a time.
 * The loader's lock may be held by who calls us, in DllMain, and is taken by us only in
 * LoadLibrary: never under one of the above. No probe is made under a lock, nobody sleeps under
 * one, and no socket of the program's is closed or made ready for reuse under one. */

/* Starts the thread where it does not run. Returns 0, or -1 where it cannot be started. To be
 * called before the host is asked to begin what the loop has to see the end of. */
int loop_prepare(void);

/* Hands an operation over. The thread was started: loop_prepare(). */
void loop_add(struct op* op);

/* Has the thread look at all that it has: something was cancelled, or may go on. Does nothing where
 * it was never started. */
void loop_wake(void);

/* Whether the thread was ever started. */
int loop_is_running(void);

/* Starting an operation with an event resets the event, so an event may be shared by the operations
 * of one side only, which looks at all of them after the last start and before it waits. The first
 * is for steps that the loop's thread begins; the other for steps that threads of the program
 * begin, who hand the operation over afterwards, and so wake the thread, or call
 * loop_wake_for_foreign(). loop_count_foreign() counts the latter steps while the loop has to see
 * their end. */
HANDLE loop_own_event(void);
HANDLE loop_foreign_event(void);
void loop_count_foreign(int change);
void loop_wake_for_foreign(void);

/* A function that the thread calls, without a lock, when its time has come. It may be started again
 * meanwhile. Lives for ever. */
struct loop_timer {
    void (*run)(void);
    struct loop_timer* next; /* The rest is the loop's. */
    DWORD since;
    DWORD interval;
    unsigned char is_listed;
    unsigned char is_running;
};

/* Starts the timer, unless it is running: then it goes off when it would have. In milliseconds. Any
 * thread may call it, with a socket's lock held, too. */
void loop_start_timer(struct loop_timer* timer, DWORD interval);

/* What the thread does for registered I/O: run() begins operations with the event, which is the
 * thread's own, and returns how many it began or found ended; there is another round until it does
 * nothing. close() is told under a socket's lock that the socket is about to be closed, or is. */
struct loop_service {
    unsigned (*run)(HANDLE event);
    void (*close)(struct socket* socket, int is_closed);
};

/* Has the thread, which is started where it does not run, serve it from now on. Returns 0, or -1.
 */
int loop_serve(const struct loop_service* service);

/* For the service, on the thread: something can only be found out by looking, so that it is to be
 * run again in some milliseconds. */
void loop_retry(void);

/* Under a socket's lock: tells the service, where the socket has a request queue. */
void loop_close(struct socket* socket, int is_closed);

#endif
