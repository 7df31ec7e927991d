/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CORE_DRIVER_H
#define WSEXT_CORE_DRIVER_H

#include "core/operation.h"
#include "core/socket.h"

/* A ConnectEx whose arguments were checked. */
struct driver_request {
    SOCKET handle;
    const struct sockaddr* name;
    int name_length;
    char* payload; /* NULL without a payload. */
    DWORD length;
    OVERLAPPED* overlapped;
};

enum driver_result {
    DRIVER_REFUSED,   /* The call fails with *error and the OVERLAPPED is not used. */
    DRIVER_HANDED,    /* The host carries the OVERLAPPED, and will complete it. */
    DRIVER_ENDED,     /* The same, and the host has already ended it with success. */
    DRIVER_COMPLETED, /* We have completed the OVERLAPPED, packet included. */
    DRIVER_WATCHED /* The connect is under way, and *operation is to be watched for its outcome. */
};

/* A way to carry out the connect step. */
struct driver {
    /* Whether the host offers what the driver needs for this socket, or -1 where that cannot be
     * found out at present, for want of memory; asks by behaviour, and without network traffic. */
    int (*is_available)(struct socket* socket);
    /* Starts the connect, under the record's lock. Where it was not refused, *operation is what the
     * driver made for it, which may be NULL, and is the caller's from then on. */
    enum driver_result (*start)(struct socket* socket, const struct driver_request* request,
                                struct operation** operation, int* error);
};

extern const struct driver driver_native;
extern const struct driver driver_poll;
extern const struct driver driver_thread;

/* The driver that the settings and the host allow for this socket, or NULL with the reason in
 * *error: ERROR_NOT_SUPPORTED, or WSAENOBUFS where it may be another one the next time. */
const struct driver* driver_choose(struct socket* socket, int* error);

#endif
