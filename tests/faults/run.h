/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_FAULTS_RUN_H
#define WSEXT_FAULTS_RUN_H

/* For the scenarios: what one run of a scenario is made of. Whatever does not hold ends the program
 * with a message that names the run. */

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0600
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>

/* A scenario makes one run and returns 0 where all that it asked for was done, and is there, or the
 * error that it was told. Between run_arm() and run_disarm() a call may fail; the test's own calls
 * belong outside. */
typedef int run_scenario(void);

run_scenario connect_payload, connect_plain, connect_cancelled, connect_closed;
run_scenario association;
run_scenario accept_data, accept_update, accept_closed;
run_scenario disconnect_plain, disconnect_reuse, disconnect_twice, disconnect_waiting;
run_scenario transmit_file, transmit_small_file, transmit_disconnect, transmit_reuse;
run_scenario transmit_packets, transmit_closed;
run_scenario message_sent, message_sent_overlapped;
run_scenario message_received, message_received_overlapped;
run_scenario large_payload, large_transmission;
run_scenario rio_echo, rio_closed;

/* No run, as no call of it fails by its number: whether each waiting call returns the host's error.
 */
int waiting_keeps_errors(void);

void run_arm(void);
void run_disarm(void);

/* Has each call of the host's function fail with that error; NULL ends it. */
void run_refuse(const char* name, int error);

/* Whether a call has failed by intent since run_arm(). */
int run_has_failed(void);

#define CHECK(what) \
    do { \
        if (!(what)) \
            run_die("%s:%d: not true: %s, last error %d", __FILE__, __LINE__, #what, \
                    WSAGetLastError()); \
    } while (0)
void run_die(const char* format, ...);

/* What the run does from now on, for the message about one that hangs. */
void run_step(const char* what);

/* Gives what follows the time of one run. */
void run_watch_anew(void);

/* An OVERLAPPED for one operation, by the series' style with an event or for the port. Afterwards
 * nobody may write to it, and that is looked at in the end. */
OVERLAPPED* run_overlapped(void);

/* Has the socket report to the port, where the style is that. */
void run_associate(SOCKET s);

/* Whether the operation goes on, or has ended and will be told of, by what its call has returned.
 * Where it was refused, *error is the reason. */
int run_is_begun(OVERLAPPED* overlapped, BOOL result, int* error);

/* Waits for the end of an operation and returns 0 or its error. For a socket that was closed the
 * handle is INVALID_SOCKET. */
int run_end(SOCKET s, OVERLAPPED* overlapped, DWORD* bytes);

/* The same at a port of the run's own, with the key that all ports here have. */
int run_end_at(HANDLE port, OVERLAPPED* overlapped, DWORD* bytes);
#define RUN_KEY 77

/* The same for one that must have been cancelled: 0 where it was. */
int run_end_cancelled(SOCKET s, OVERLAPPED* overlapped);

/* The same for several operations of a socket that was closed, which end in any order. */
int run_end_all_cancelled(OVERLAPPED** overlapped, int count);

/* An OVERLAPPED that came to no use. */
void run_forget(OVERLAPPED* overlapped);

/* sockets.c: made before the first run, */
extern LPFN_CONNECTEX run_connect_ex;
extern LPFN_ACCEPTEX run_accept_ex;
extern LPFN_DISCONNECTEX run_disconnect_ex;
extern LPFN_TRANSMITFILE run_transmit_file;
extern LPFN_TRANSMITPACKETS run_transmit_packets;
extern SOCKET run_listener;
extern struct sockaddr_in run_target; /* Where it listens, */
extern struct sockaddr_in run_silent; /* and where nobody ever answers. */
void run_prepare(void);

/* and by the runs, unarmed. */
#define RUN_PATTERN 100000
extern char run_pattern[RUN_PATTERN];

SOCKET run_socket(int type);
SOCKET run_bound(int type, struct sockaddr_in* name);
SOCKET run_connected(void);
void run_update(SOCKET s);

/* Connects a socket that was made reusable, and sends something. */
void run_use_again(SOCKET s);

/* The other end of a connection that is up. */
SOCKET run_peer(SOCKET client);

/* Checks that the peer gets so much of the pattern, and closes it; with `ends` also that nothing
 * follows it but the end. */
void run_receive(SOCKET peer, int length, int ends);

#endif
