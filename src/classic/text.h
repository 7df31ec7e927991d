/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CLASSIC_TEXT_H
#define WSEXT_CLASSIC_TEXT_H

#include "classic/answer.h"
#include "classic/pack.h"

/* The texts of functions that there are for both kinds of characters; inside they are narrow. */

/* Reads a name of at most ANSWER__NAME_MAX characters into a room of that and one. WSAEFAULT for
 * one that cannot be read, WSAEINVAL for one that is longer or has characters that the narrow kind
 * does not have. */
int text_read(const void* text, int wide, char* to);

/* Packs a text; returns its place, NULL while counting. */
void* text_pack(struct pack* pack, const char* text, int wide);

#endif
