/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_SENDLIST_H
#define WSEXT_EXT_SENDLIST_H

#include "host/host.h"

/* What one transmission sends: a list of parts, each memory of the program or a range of a file,
 * which is given to the host in steps. */

/* The most that one call may transmit (Microsoft's pages on TransmitFile and TransmitPackets). */
#define SENDLIST_LIMIT 2147483646u

struct sendlist;

/* An empty list that has room for so many parts; NULL where memory is short. is_message says
 * whether the socket keeps messages apart; send_size is the most bytes of such a message, or 0 for
 * as many as the program has put into one. */
struct sendlist* sendlist_new(DWORD room, int is_message, DWORD send_size);

/* Add a part. A message that a part ends does not go out together with the next. Memory must live
 * until the operation has ended; for files see ext/files.h. Return 0, WSAEFAULT for memory that
 * cannot be read, WSAEINVAL where PARTS_LIMIT is exceeded, or what files_add() does. */
int sendlist_add_memory(struct sendlist* list, const void* memory, DWORD length, int ends_message);
int sendlist_add_file(struct sendlist* list, HANDLE file, ULONGLONG offset, DWORD length,
                      int beyond, int ends_message);

/* How many bytes were added; whether none of them are a file's; whether they go out as messages. */
DWORD sendlist_length(const struct sendlist* list);
int sendlist_are_memory(const struct sendlist* list);
int sendlist_are_messages(const struct sendlist* list);

/* Whether all of it lies in memory, be it copied from a file. */
int sendlist_are_at_hand(const struct sendlist* list);

/* All parts were added, and are to be sent: copies many small ones into one, and moves the pointers
 * of files that are sent from where these stand. */
void sendlist_begin(struct sendlist* list);

/* What the next send is to take: at least one buffer, which is empty where there is nothing. */
struct sendlist_step {
    WSABUF* buffers;
    DWORD count;
    DWORD length;
    int is_last;
};

/* Makes the next step; what it names lives until parts_end_step(). Returns 0 or a Winsock error. */
int sendlist_make_step(struct sendlist* list, struct sendlist_step* step);

/* The step has ended, with so many bytes; of a stream these may be less than it had, when its send
 * was cancelled. A step that was not sent ends without, by parts_drop_step(). */
void sendlist_end_step(struct sendlist* list, DWORD bytes);
void sendlist_drop_step(struct sendlist* list);

/* Whether something is left to be sent, be it an empty message. */
int sendlist_are_left(const struct sendlist* list);

/* Gives back the files and what is mapped of them; nothing more can be sent. */
void sendlist_let_go(struct sendlist* list);

void sendlist_free(struct sendlist* list); /* Not NULL. */

#endif
