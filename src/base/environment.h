/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_ENVIRONMENT_H
#define WSEXT_BASE_ENVIRONMENT_H

#include <stddef.h>
#include <wchar.h>

/* An environment block, as CreateProcessW takes it: strings "NAME=value", each with its zero, and
 * an empty one at the end. */

/* The number of characters, with the last zero. */
size_t environment_length(const wchar_t* block);

/* A copy of the block with those variables of the other one that begin with the prefix and that the
 * block lacks, in the order that Windows wants: by name, whatever the case. To be freed. NULL where
 * the block lacks none of them, or memory. */
wchar_t* environment_add(const wchar_t* block, const wchar_t* other, const wchar_t* prefix);

#endif
