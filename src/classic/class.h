/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_CLASS_H
#define WSEXT_CLASSIC_CLASS_H

#include "classic/answer.h"

/* Service classes, by the GUIDs of svcguid.h: what a query for one of them asks. */

enum class_kind {
    CLASS_UNKNOWN,
    CLASS_HOSTNAME,        /* The name of this machine. */
    CLASS_HOST_BY_NAME,    /* gethostbyname */
    CLASS_HOST_BY_ADDRESS, /* gethostbyaddr, the address as text */
    CLASS_SERVICE_BY_NAME, /* getservbyname and getservbyport */
    CLASS_DNS,             /* A kind of record in DNS. */
    CLASS_PORT             /* A service with a port, on a host. */
};

struct class_info {
    enum class_kind kind;
    int record;   /* CLASS_DNS: the record's type. */
    int protocol; /* CLASS_PORT: IPPROTO_TCP or IPPROTO_UDP. */
    int port;     /* CLASS_PORT, in the host's order. */
};

struct class_info class_parse(const GUID* guid);

/* The class of a service with that protocol and port. */
void class_make(int protocol, int port, GUID* guid);

/* The name of a class and back. Names are those of the file services, of a TCP service before a UDP
 * one, and "Hostname" and the like for the classes that ask for something else. They return a
 * Winsock error or 0; WSATYPE_NOT_FOUND where there is none. The room is ANSWER__NAME_MAX + 1. */
int class_name(const GUID* guid, char* name);
int class_find(const char* name, GUID* guid);

#endif
