/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_PACK_H
#define WSEXT_CLASSIC_PACK_H

#include <stddef.h>

/* Lays a structure and all that it points to into one buffer of the program's, as the functions of
 * the name spaces do. The same code runs twice: first on a pack without a buffer, which only
 * counts, and then, where the count fits, on one with it. */
struct pack {
    char* buffer; /* NULL while counting; need not be aligned, but then what it holds is not. */
    size_t used;
};

/* The next `size` bytes, aligned; NULL while counting. */
void* pack_take(struct pack* pack, size_t size, size_t align);

/* Copies; returns the copy's place, NULL while counting. */
void* pack_copy(struct pack* pack, const void* from, size_t size, size_t align);
char* pack_string(struct pack* pack, const char* text);

#endif
