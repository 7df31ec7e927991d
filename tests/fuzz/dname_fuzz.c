/* SPDX-License-Identifier: MIT */
#include "classic/dname.h"

#include <stdlib.h>
#include <string.h>

/* The first two octets choose where the name is and how large the room is; the rest is the message.
 */
int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    unsigned char* message;
    char *text, *small;
    int taken, again;
    size_t offset, room;

    if (size < 2)
        return 0;
    offset = data[0];
    room = data[1];
    size -= 2;
    message = malloc(size + 1);
    memcpy(message, data + 2, size);
    /* Blocks of their own size, so that an octet too far is seen. */
    message = realloc(message, size > 0 ? size : 1);
    text = malloc(DNAME__TEXT_MAX + 1);
    small = malloc(room > 0 ? room : 1);
    taken = dname_expand(message, size, offset, text, DNAME__TEXT_MAX + 1);
    again = dname_expand(message, size, offset, small, room);
    /* The largest room is enough for any name; what fits in less is the same. */
    if (taken == DNAME_NO_ROOM || taken == 0 || (taken > 0 && offset + (size_t) taken > size))
        abort();
    if (taken > 0 && again != (strlen(text) < room ? taken : DNAME_NO_ROOM))
        abort();
    if (again > 0 && strcmp(text, small) != 0)
        abort();
    free(small);
    free(text);
    free(message);
    return 0;
}
