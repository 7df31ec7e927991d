/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_ANSWER_H
#define WSEXT_CLASSIC_ANSWER_H

#include "host/host.h"

/* What is known of a host or of a service: a copy that stays when the thread asks the host for the
 * next one. What is beyond the limits is left out. */

#define ANSWER__NAME_MAX 255
#define ANSWER__ALIASES_MAX 16
#define ANSWER__ADDRESSES_MAX 64
#define ANSWER__PROTOCOL_MAX 15

struct answer_address {
    int family; /* AF_INET or AF_INET6 */
    ULONG scope;
    unsigned char bytes[16];
};

struct answer {
    char name[ANSWER__NAME_MAX + 1];
    char aliases[ANSWER__ALIASES_MAX][ANSWER__NAME_MAX + 1];
    size_t alias_count;
    struct answer_address addresses[ANSWER__ADDRESSES_MAX];
    size_t address_count;
    int port; /* Of a service; in the host's order. */
    char protocol[ANSWER__PROTOCOL_MAX + 1];
};

/* Copies a string into a room of that size, cut where it is too long. */
void answer_copy(char* to, size_t size, const char* from);

/* Adds what is not there yet; the first name becomes the name, and those after it aliases. */
void answer_add_name(struct answer* answer, const char* name);
void answer_add_address(struct answer* answer, int family, const void* bytes, ULONG scope);

/* The number of bytes of an address of that family. */
size_t answer_address_size(int family);

#endif
