/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_RIO_REQUEST_H
#define WSEXT_RIO_REQUEST_H

#include "ext/msgoptions.h"
#include "rio/completions.h"

/* One send or receive: from the program's arguments to the host's overlapped call and back to a
 * result. The call is made by the loop's thread, with an OVERLAPPED of ours: a request outlives
 * the thread that made it, may go to a socket with a port of the program's, and has no OVERLAPPED
 * that the program could know. */

enum rio_direction { RIO_RECEIVE, RIO_SEND, RIO_DIRECTIONS };

/* What a request has to know of its socket. */
struct rio_socket {
    SOCKET handle;
    int family;
    unsigned char is_stream;
    unsigned char tells_addresses;   /* Its datagrams come with the address they were sent to. */
    LPFN_WSARECVMSG receive_message; /* The provider's, once it was needed. */
};

/* The program's arguments, as RIOSendEx and RIOReceiveEx have them. */
struct rio_arguments {
    const RIO_BUF* data;
    ULONG count;
    const RIO_BUF* local;
    const RIO_BUF* remote;
    const RIO_BUF* control;
    const RIO_BUF* flags_out;
    DWORD flags;
    void* context;
};

enum rio_part { RIO_DATA, RIO_LOCAL, RIO_REMOTE, RIO_CONTROL, RIO_FLAGS, RIO_PARTS };

struct rio_queue;
struct sendlock;

struct rio_request {
    struct rio_completion completion;
    struct rio_request* next;    /* In the list that holds the request. */
    struct rio_queue* queue;     /* Both are for the queue. */
    unsigned char is_cancelled;  /* Its buffer is gone. */
    unsigned char is_cancelling; /* The host was told. */
    unsigned char direction;
    unsigned char is_refused; /* There is no call that has to end; error says why. */
    unsigned char waits_for_all;
    int error;
    LONG64 started; /* By stats_now(). */
    OVERLAPPED step;
    WSABUF data;         /* What is still to be sent or received. */
    ULONG bytes;         /* What was, by earlier calls. */
    DWORD message_flags; /* Of the host's receive. */
    int remote_length;   /* 0 where no address is given or wanted. */
    union rio_address remote;
    LPFN_WSARECVMSG receive_message; /* NULL where another call does. */
    WSAMSG message;
    RIO_BUF parts[RIO_PARTS]; /* Length 0 where there is none, but for the data. */
    unsigned char has_data;
    struct msgoptions* options; /* Of a send with control data; NULL without. */
    struct sendlock* sendlock;  /* For the lane, until they are restored. */
    SIZE_T control[];           /* The host's control data, as long as message says, or options. */
};

/* Checks the arguments and makes a request of them; the caller frees it. Returns 0; WSAEFAULT for
 * memory or buffers that are not there; WSAEINVAL for arguments that do not fit each other, the
 * direction or the socket; WSAENOBUFS; and what is wrong with control data: msgoptions_plan().
 * Source: RIOReceive, RIOReceiveEx, RIOSend, RIOSendEx. */
int rio_request_new(struct rio_socket* socket, enum rio_direction direction,
                    const struct rio_arguments* arguments, struct rio_request** made);

/* Begins the request or, after rio_request_finish() has said so, the rest of it; event is the
 * loop's own. The handle must be known to be the socket's. Options are changed, and it is the
 * caller's to restore them once the request is done. */
void rio_request_begin(struct rio_request* request, const struct rio_socket* socket, HANDLE event);

/* Ends the request without a call, with a Winsock error. */
void rio_request_refuse(struct rio_request* request, int error);

int rio_request_is_done(const struct rio_request* request);

/* The request is done: fills in its result, and the program's addresses, control data and flags if
 * their buffers are still registered. Addresses that only the host could tell are left out where
 * the socket is closed, as its handle may be another's. Returns 1, or 0 where more is to be
 * received. */
int rio_request_finish(struct rio_request* request, const struct rio_socket* socket, int is_closed);

#endif
