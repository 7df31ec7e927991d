/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_TRANSMIT_H
#define WSEXT_EXT_TRANSMIT_H

#include "core/stats.h"
#include "host/host.h"

/* What TransmitFile and TransmitPackets have in common: sending a list of parts, each memory of the
 * program or a range of a file, as one operation. */

/* The most that one call may transmit (Microsoft's pages on both functions). */
#define TRANSMIT_LIMIT 2147483646u

/* Instead of a size of the blocks in which it is sent: messages end where the program says so. */
#define TRANSMIT_BY_MESSAGE 0xFFFFFFFFu

struct transmit;

/* An empty transmission that has room for so many parts; NULL where memory is short. is_message
 * says whether the socket keeps messages apart; send_size is the most bytes of such a message, or 0
 * for as many as the program has put into one. */
struct transmit* transmit_new(enum stats_function function, DWORD parts, int is_message,
                              DWORD send_size, DWORD flags);

/* Add a part. A part that ends a message is not sent together with the next. Memory is sent from
 * where it is, and must live until the operation has ended; for files see ext/files.h. Return 0,
 * WSAEFAULT for memory that cannot be read, WSAEINVAL where TRANSMIT_LIMIT is exceeded, or what
 * files_add() does. */
int transmit_add_memory(struct transmit* transmit, const void* memory, DWORD length,
                        int ends_message);
int transmit_add_file(struct transmit* transmit, HANDLE file, ULONGLONG offset, DWORD length,
                      int may_cut, int ends_message);

/* Whether the end of an operation with this OVERLAPPED can be told with the number of bytes: not to
 * a port that was associated with the socket before we were loaded. Then the host is to be asked
 * first, which knows the port. */
int transmit_can_count(SOCKET s, const OVERLAPPED* overlapped);

/* How many bytes were added. */
DWORD transmit_length(const struct transmit* transmit);

/* Carries the operation out, with the program's OVERLAPPED, or waiting for its end for NULL, and
 * frees it. Returns 0, ERROR_IO_PENDING where the OVERLAPPED is or will be completed, or a Winsock
 * error. */
int transmit_run(SOCKET s, struct transmit* transmit, OVERLAPPED* overlapped);

/* Frees one that is not to be carried out. */
void transmit_discard(struct transmit* transmit);

#endif
