/* SPDX-License-Identifier: MIT */
#include "classic/netdb.h"

#include <stdlib.h>
#include <string.h>

/* The input is a file: it is read line by line, and every field for everything that a field can be.
 */
int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    char* text = malloc(size + 1);
    char *rest = text, *line;

    memcpy(text, data, size);
    text[size] = '\0';
    while ((line = netdb_line(&rest)) != NULL) {
        char* fields[8];
        size_t i, count = netdb_split(line, fields, 8);
        if (count > 8)
            abort();
        for (i = 0; i < count; i++) {
            unsigned char octets[4];
            int port = netdb_port(fields[i]);
            if (port < -1 || port > 0xFFFF || *fields[i] == '\0')
                abort();
            /* What is an address is a network, too, where no part starts with a 0. */
            if (netdb_ipv4(fields[i], octets) && strchr(fields[i], '0') == NULL &&
                netdb_network(fields[i]) !=
                    ((uint32_t) octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3]))
                abort();
            if (!netdb_is_same(fields[i], fields[i]))
                abort();
        }
    }
    free(text);
    return 0;
}
