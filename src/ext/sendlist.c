/* SPDX-License-Identifier: MIT */
#include "ext/sendlist.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ext/files.h"

/* A step on a stream has so many parts at most: what Linux takes at once. */
#define SENDLIST__ROOM 1024u

/* What a step maps of files at most. The fewer steps there are, the less can the program's other
 * sends come between them, and a view takes no memory but address space, which is scarce for 32
 * bits only. */
#define SENDLIST__VIEWS (sizeof(void*) > 4 ? SENDLIST_LIMIT : 16u << 20)

/* Of files so much is copied at most, as it is cheaper than a view. */
#define SENDLIST__COPIES 0x10000u

/* More parts than a step has room for are joined to one where they are no longer together. */
#define SENDLIST__JOINED (1u << 20)

struct sendlist__part {
    char* memory; /* NULL for a range of a file. */
    DWORD file;
    DWORD length;
    ULONGLONG offset;
    int ends_message;
};

struct sendlist__place {
    DWORD part;
    DWORD offset; /* In the part. */
};

struct sendlist {
    int is_message;
    DWORD send_size;
    DWORD length;
    struct files files;
    char* copies;
    DWORD copied;
    char* joined;
    struct sendlist__part* list;
    DWORD count;
    struct sendlist__place place; /* The end of what was sent. */
    /* The step that is under way. */
    struct sendlist__place end;
    DWORD step_length;
    WSABUF* buffers;
    DWORD buffer_count;
    DWORD buffer_room;
    void** views;
    DWORD view_count;
};

static DWORD sendlist__least(ULONGLONG a, ULONGLONG b) {
    return (DWORD) (a < b ? a : b);
}

void sendlist_drop_step(struct sendlist* list) {
    while (list->view_count > 0)
        files_unmap(list->views[--list->view_count]);
}

void sendlist_let_go(struct sendlist* list) {
    sendlist_drop_step(list);
    files_close(&list->files);
}

void sendlist_free(struct sendlist* list) {
    sendlist_let_go(list);
    free(list->copies);
    free(list->joined);
    free(list->views);
    free(list->buffers);
    free(list->list);
    free(list);
}

/* Making the list */

/* Messages are sent as the program divides them. Of a stream nobody sees the blocks, but for the
 * program's other sends, which would come between them. */
static DWORD sendlist__send_size(DWORD asked, int is_message) {
    return is_message && asked != 0 ? asked : MAXDWORD;
}

struct sendlist* sendlist_new(DWORD room, int is_message, DWORD send_size) {
    struct sendlist* list = calloc(1, sizeof *list);
    DWORD buffers = is_message ? room : sendlist__least(room, SENDLIST__ROOM);

    if (list == NULL)
        return NULL;
    list->is_message = is_message;
    list->send_size = sendlist__send_size(send_size, is_message);
    list->buffer_room = buffers != 0 ? buffers : 1;
    list->list = calloc(room != 0 ? room : 1, sizeof *list->list);
    list->buffers = calloc(list->buffer_room, sizeof *list->buffers);
    list->views = calloc(list->buffer_room, sizeof *list->views);
    if (list->list != NULL && list->buffers != NULL && list->views != NULL)
        return list;
    sendlist_free(list);
    return NULL;
}

static int sendlist__add(struct sendlist* list, const struct sendlist__part* part) {
    if (part->length > SENDLIST_LIMIT - list->length)
        return WSAEINVAL;
    list->length += part->length;
    list->list[list->count++] = *part;
    return 0;
}

int sendlist_add_memory(struct sendlist* list, const void* memory, DWORD length, int ends_message) {
    static char nothing;
    struct sendlist__part part = {0};
    if (length > SENDLIST_LIMIT)
        return WSAEINVAL;
    if (!memory_is_readable(memory, length))
        return WSAEFAULT;
    part.memory = length != 0 ? (char*) memory : &nothing;
    part.length = length;
    part.ends_message = ends_message;
    return sendlist__add(list, &part);
}

static char* sendlist__copy(struct sendlist* list, const struct files_range* range) {
    char* place;
    if (range->length > SENDLIST__COPIES - list->copied)
        return NULL;
    if (list->copies == NULL)
        list->copies = malloc(SENDLIST__COPIES);
    place = list->copies != NULL ? list->copies + list->copied : NULL;
    if (place == NULL || files_copy(&list->files, range, place) != 0)
        return NULL;
    list->copied += (DWORD) range->length;
    return place;
}

int sendlist_add_file(struct sendlist* list, HANDLE file, ULONGLONG offset, DWORD length,
                      int beyond, int ends_message) {
    struct sendlist__part part = {0};
    struct files_range range;
    int error = files_add(&list->files, file, offset, length, beyond, &range);
    if (error != 0)
        return error;
    if (range.length > SENDLIST_LIMIT)
        return WSAEINVAL;
    part.file = range.file;
    part.offset = range.offset;
    part.length = (DWORD) range.length;
    part.ends_message = ends_message;
    part.memory = sendlist__copy(list, &range);
    if (part.memory == NULL && range.length > 0)
        error = files_hold(&list->files, range.file);
    return error != 0 ? error : sendlist__add(list, &part);
}

DWORD sendlist_length(const struct sendlist* list) {
    return list->length;
}

int sendlist_are_memory(const struct sendlist* list) {
    return list->files.count == 0;
}

int sendlist_are_at_hand(const struct sendlist* list) {
    DWORD part;
    for (part = 0; part < list->count; part++) {
        if (list->list[part].memory == NULL && list->list[part].length > 0)
            return 0;
    }
    return 1;
}

int sendlist_are_messages(const struct sendlist* list) {
    return list->is_message;
}

static int sendlist__copy_part(const struct sendlist* list, const struct sendlist__part* part,
                               char* place) {
    struct files_range range;
    if (part->memory != NULL || part->length == 0) {
        if (part->length > 0)
            memcpy(place, part->memory, part->length);
        return 0;
    }
    range.file = part->file;
    range.offset = part->offset;
    range.length = part->length;
    return files_copy(&list->files, &range, place);
}

/* Many small parts of a stream become one, so that nothing comes between them. What cannot be
 * copied stays as it is. */
static void sendlist__join(struct sendlist* list) {
    DWORD i, length = 0;

    if (list->is_message || list->count <= list->buffer_room || list->length > SENDLIST__JOINED)
        return;
    list->joined = malloc(list->length != 0 ? list->length : 1);
    for (i = 0; i < list->count && list->joined != NULL; i++) {
        if (sendlist__copy_part(list, &list->list[i], list->joined + length) != 0)
            return;
        length += list->list[i].length;
    }
    if (list->joined == NULL)
        return;
    list->list[0].memory = list->joined;
    list->list[0].length = length;
    list->count = 1;
}

void sendlist_begin(struct sendlist* list) {
    sendlist__join(list);
    files_move_pointers(&list->files);
}

/* Sending it */

/* Puts as much of a part as may be into the step; *mapped counts what it takes of files. */
static int sendlist__take(struct sendlist* list, const struct sendlist__part* part, DWORD offset,
                          DWORD length, DWORD* mapped) {
    WSABUF* buffer = &list->buffers[list->buffer_count];
    if (length == 0)
        return 0;
    if (part->memory != NULL) {
        buffer->buf = part->memory + offset;
    } else {
        int error = files_map(&list->files, part->file, part->offset + offset, length, &buffer->buf,
                              &list->views[list->view_count]);
        if (error != 0)
            return error;
        list->view_count++;
        *mapped += length;
    }
    buffer->len = length;
    list->buffer_count++;
    list->step_length += length;
    return 0;
}

/* From the place that was reached on. */
static int sendlist__fill(struct sendlist* list) {
    struct sendlist__place end = list->place;
    DWORD mapped = 0;

    list->buffer_count = 0;
    list->step_length = 0;
    while (end.part < list->count && list->buffer_count < list->buffer_room) {
        const struct sendlist__part* part = &list->list[end.part];
        DWORD left = part->length - end.offset;
        DWORD length = sendlist__least(left, list->send_size - list->step_length);
        int error;
        if (part->memory == NULL)
            length = sendlist__least(length, SENDLIST__VIEWS - mapped);
        if (length == 0 && left > 0)
            break;
        error = sendlist__take(list, part, end.offset, length, &mapped);
        if (error != 0)
            return error;
        end.offset += length;
        if (end.offset < part->length)
            break;
        end.part++;
        end.offset = 0;
        if (part->ends_message && list->is_message)
            break;
    }
    list->end = end;
    return 0;
}

int sendlist_make_step(struct sendlist* list, struct sendlist_step* step) {
    int error = sendlist__fill(list);
    if (error != 0)
        return error;
    if (list->buffer_count == 0) {
        list->buffers[0].buf = NULL;
        list->buffers[0].len = 0;
        list->buffer_count = 1;
    }
    step->buffers = list->buffers;
    step->count = list->buffer_count;
    step->length = list->step_length;
    step->is_last = list->end.part == list->count;
    return 0;
}

void sendlist_end_step(struct sendlist* list, DWORD bytes) {
    sendlist_drop_step(list);
    if (list->is_message || bytes == list->step_length) {
        list->place = list->end;
        return;
    }
    while (list->place.part < list->count) {
        DWORD left = list->list[list->place.part].length - list->place.offset;
        if (bytes < left) {
            list->place.offset += bytes;
            return;
        }
        bytes -= left;
        list->place.part++;
        list->place.offset = 0;
    }
}

int sendlist_are_left(const struct sendlist* list) {
    DWORD part;
    if (list->is_message)
        return list->place.part < list->count;
    for (part = list->place.part; part < list->count; part++) {
        if (list->list[part].length > 0)
            return 1;
    }
    return 0;
}
