/* SPDX-License-Identifier: MIT */
#include "classic/answer.h"

#include <string.h>

#include "classic/netdb.h"

void answer_copy(char* to, size_t size, const char* from) {
    size_t length = strlen(from);
    if (length >= size)
        length = size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

void answer_add_name(struct answer* answer, const char* name) {
    size_t i;
    if (answer->name[0] == '\0') {
        answer_copy(answer->name, sizeof answer->name, name);
        return;
    }
    if (netdb_is_same(answer->name, name) || answer->alias_count == ANSWER__ALIASES_MAX)
        return;
    for (i = 0; i < answer->alias_count; i++) {
        if (netdb_is_same(answer->aliases[i], name))
            return;
    }
    answer_copy(answer->aliases[answer->alias_count++], sizeof answer->aliases[0], name);
}

size_t answer_address_size(int family) {
    return family == AF_INET6 ? 16 : 4;
}

void answer_add_address(struct answer* answer, int family, const void* bytes, ULONG scope) {
    struct answer_address address;
    size_t i;
    memset(&address, 0, sizeof address);
    address.family = family;
    address.scope = scope;
    memcpy(address.bytes, bytes, answer_address_size(family));
    for (i = 0; i < answer->address_count; i++) {
        if (memcmp(&answer->addresses[i], &address, sizeof address) == 0)
            return;
    }
    if (answer->address_count < ANSWER__ADDRESSES_MAX)
        answer->addresses[answer->address_count++] = address;
}
