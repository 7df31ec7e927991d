/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_MEMORY_H
#define WSEXT_BASE_MEMORY_H

#include <stddef.h>

/* Whether all of a range may be read, or written, by this process now: what Windows' kernel finds
 * out by touching it, and answers with WSAEFAULT. An empty range passes, whatever its address.
 * Another thread may unmap the range afterwards; a program that does so breaks the call's contract.
 */
int memory_is_readable(const void* start, size_t length);
int memory_is_writable(const void* start, size_t length);

/* The length of a string, found without touching what cannot be read: at most `most` characters;
 * most + 1 for one that is longer, MEMORY__UNREADABLE where memory ends before the string does. */
#define MEMORY__UNREADABLE ((size_t) -1)
size_t memory_string_length(const char* text, size_t most);
size_t memory_wide_length(const wchar_t* text, size_t most);

/* The number of bytes from a loaded module's base on that can be read. The size in the image's
 * header is not used, since a program may have damaged the header on purpose. */
size_t memory_module_size(const void* base);

#endif
