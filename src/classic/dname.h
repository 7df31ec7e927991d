/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_DNAME_H
#define WSEXT_CLASSIC_DNAME_H

#include <stddef.h>

/* Domain names as DNS messages carry them (RFC 1035, 3.1 and 4.1.4). */

/* The most characters of a name as text, without the terminator: RFC 1035 allows 255 octets, and a
 * character may take four to write. */
#define DNAME__TEXT_MAX 1020

enum dname_error {
    DNAME_MALFORMED = -1, /* Ends early, loops, points forward or outside, or is too long. */
    DNAME_NO_ROOM = -2    /* The name as text does not fit. */
};

/* Expands the compressed name at an offset of a message into text, as dn_expand() of the BSD
 * resolver does: labels with dots between them and none at the end, "" for the root. Dots and
 * backslashes inside a label get a backslash, and what is no printing ASCII is written \DDD (RFC
 * 1035, 5.1), so that the text means one name only.
 *
 * Nothing outside the message is read. Every pointer has to lead to before the place where the
 * name, or the part of it being read, began, so there are no loops.
 *
 * Returns how many octets the name takes at that offset, which is what to go on by in the message;
 * or a dname_error, and then what is in text is of no meaning. */
int dname_expand(const unsigned char* message, size_t length, size_t offset, char* text,
                 size_t text_size);

#endif
