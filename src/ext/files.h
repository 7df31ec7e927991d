/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_EXT_FILES_H
#define WSEXT_EXT_FILES_H

#include "host/host.h"

/* The files of one transmission. A file is held by a mapping, so that the program may close its
 * handle as soon as the call has returned, and its data are sent from views of it: no memory is
 * needed for it, the file's pointer stays where it is, and a part that has vanished meanwhile is an
 * error of the send instead of a fault. Little ranges are copied instead where that is cheaper. */

struct files {
    struct files__file* list;
    DWORD count;
    DWORD room;
};

/* A range of one of the files. */
struct files_range {
    DWORD file;
    ULONGLONG offset;
    ULONGLONG length;
};

/* Instead of an offset: where the file's pointer stands. Microsoft's page does not say whether it
 * moves; Wine's TransmitFile leaves it behind what was sent, and so does files_move_pointers(). */
#define FILES_CURRENT ((ULONGLONG) -1)

/* Instead of a length, to which a length of 0 is equal: to the end of the file. */
#define FILES_TO_END 0

/* Adds a range of the file that the program's handle leads to. Returns 0, or
 *     ERROR_INVALID_HANDLE  no open handle
 *     beyond                a range that goes beyond the end of the file
 *     WSAEINVAL             a handle of something else than a file, or an offset below 0
 *     WSAENOBUFS            memory is short */
int files_add(struct files* files, HANDLE handle, ULONGLONG offset, DWORD length, int beyond,
              struct files_range* range);

/* Holds a file of which files_map() is to be called. Returns 0, WSAEACCES for a
 * handle that does not allow to read, WSAENOBUFS, or WSAEINVAL for a file that cannot be mapped. */
int files_hold(struct files* files, DWORD file);

/* Copies a range, where that is cheaper than a mapping; leaves the file's pointer as it was.
 * Returns 0, or -1 where nothing was copied and the file is to be held. */
int files_copy(const struct files* files, const struct files_range* range, char* buffer);

/* Moves the pointers of the files of which ranges at FILES_CURRENT were added. */
void files_move_pointers(struct files* files);

/* Makes a part of a file readable, at *data, until *view is given to files_unmap(). Returns 0 or a
 * Winsock error. */
int files_map(const struct files* files, DWORD file, ULONGLONG offset, DWORD length, char** data,
              void** view);
void files_unmap(void* view);

/* Lets go of the files, whose views are no more; files is empty then. */
void files_close(struct files* files);

#endif
