/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_PATCH_H
#define WSEXT_HOOKS_PATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Changing a few bytes of a loaded module. */

/* Makes bytes of one page writable for a moment. Their page may hold code as well, and another
 * thread may be running that code, so the right to execute is kept. Returns false where that cannot
 * be done, else true with what patch_close() is to be given. */
bool patch_open(void* place, size_t size, unsigned long* restore);
void patch_close(void* place, size_t size, unsigned long restore);

#endif
