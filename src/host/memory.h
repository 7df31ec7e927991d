/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOST_MEMORY_H
#define WSEXT_HOST_MEMORY_H

#include <stddef.h>

/* Whether all of a range may be read, or written, by this process now: what Windows' kernel finds
 * out by touching it, and answers with WSAEFAULT. An empty range passes, whatever its address.
 * Another thread may unmap the range afterwards; a program that does so breaks the call's contract.
 */
int memory_is_readable(const void* start, size_t length);
int memory_is_writable(const void* start, size_t length);

/* The number of bytes from a loaded module's base on that can be read. The size in the image's
 * header is not used, since a program may have damaged the header on purpose. */
size_t memory_module_size(const void* base);

#endif
