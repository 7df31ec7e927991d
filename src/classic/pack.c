/* SPDX-License-Identifier: MIT */
#include "classic/pack.h"

#include <string.h>

void* pack_take(struct pack* pack, size_t size, size_t align) {
    size_t start = (pack->used + align - 1) / align * align;
    pack->used = start + size;
    return pack->buffer != NULL ? pack->buffer + start : NULL;
}

void* pack_copy(struct pack* pack, const void* from, size_t size, size_t align) {
    void* place = pack_take(pack, size, align);
    if (place != NULL)
        memcpy(place, from, size);
    return place;
}

char* pack_string(struct pack* pack, const char* text) {
    return pack_copy(pack, text, strlen(text) + 1, 1);
}
