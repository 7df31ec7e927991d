/* SPDX-License-Identifier: MIT */
#include "ext/parts.h"

#include <stdlib.h>
#include <string.h>

#include "ext/files.h"
#include "host/memory.h"

/* A step on a stream has so many parts at most: what Linux takes at once. */
#define PARTS__ROOM 1024u

/* What a step maps of files at most. The fewer steps there are, the less can the program's other
 * sends come between them, and a view takes no memory but address space, which is scarce for 32
 * bits only. */
#define PARTS__VIEWS (sizeof(void*) > 4 ? PARTS_LIMIT : 16u << 20)

/* Of files so much is copied at most, as it is cheaper than a view. */
#define PARTS__COPIES 0x10000u

/* More parts than a step has room for are joined to one where they are no longer together. */
#define PARTS__JOINED (1u << 20)

struct parts__part {
    char* memory; /* NULL for a range of a file. */
    DWORD file;
    DWORD length;
    ULONGLONG offset;
    int ends_message;
};

struct parts__place {
    DWORD part;
    DWORD offset; /* In the part. */
};

struct parts {
    int is_message;
    DWORD send_size;
    DWORD length;
    struct files files;
    char* copies;
    DWORD copied;
    char* joined;
    struct parts__part* list;
    DWORD count;
    struct parts__place place; /* The end of what was sent. */
    /* The step that is under way. */
    struct parts__place end;
    DWORD step_length;
    WSABUF* buffers;
    DWORD buffer_count;
    DWORD buffer_room;
    void** views;
    DWORD view_count;
};

static DWORD parts__least(ULONGLONG a, ULONGLONG b) {
    return (DWORD) (a < b ? a : b);
}

void parts_drop_step(struct parts* parts) {
    while (parts->view_count > 0)
        files_unmap(parts->views[--parts->view_count]);
}

void parts_let_go(struct parts* parts) {
    parts_drop_step(parts);
    files_close(&parts->files);
}

void parts_free(struct parts* parts) {
    parts_let_go(parts);
    free(parts->copies);
    free(parts->joined);
    free(parts->views);
    free(parts->buffers);
    free(parts->list);
    free(parts);
}

/* Making the list */

/* Messages are sent as the program divides them. Of a stream nobody sees the blocks, but for the
 * program's other sends, which would come between them. */
static DWORD parts__send_size(DWORD asked, int is_message) {
    return is_message && asked != 0 ? asked : MAXDWORD;
}

struct parts* parts_new(DWORD room, int is_message, DWORD send_size) {
    struct parts* parts = calloc(1, sizeof *parts);
    DWORD buffers = is_message ? room : parts__least(room, PARTS__ROOM);

    if (parts == NULL)
        return NULL;
    parts->is_message = is_message;
    parts->send_size = parts__send_size(send_size, is_message);
    parts->buffer_room = buffers != 0 ? buffers : 1;
    parts->list = calloc(room != 0 ? room : 1, sizeof *parts->list);
    parts->buffers = calloc(parts->buffer_room, sizeof *parts->buffers);
    parts->views = calloc(parts->buffer_room, sizeof *parts->views);
    if (parts->list != NULL && parts->buffers != NULL && parts->views != NULL)
        return parts;
    parts_free(parts);
    return NULL;
}

static int parts__add(struct parts* parts, const struct parts__part* part) {
    if (part->length > PARTS_LIMIT - parts->length)
        return WSAEINVAL;
    parts->length += part->length;
    parts->list[parts->count++] = *part;
    return 0;
}

int parts_add_memory(struct parts* parts, const void* memory, DWORD length, int ends_message) {
    static char nothing;
    struct parts__part part = {0};
    if (length > PARTS_LIMIT)
        return WSAEINVAL;
    if (!memory_is_readable(memory, length))
        return WSAEFAULT;
    part.memory = length != 0 ? (char*) memory : &nothing;
    part.length = length;
    part.ends_message = ends_message;
    return parts__add(parts, &part);
}

static char* parts__copy(struct parts* parts, const struct files_range* range) {
    char* place;
    if (range->length > PARTS__COPIES - parts->copied)
        return NULL;
    if (parts->copies == NULL)
        parts->copies = malloc(PARTS__COPIES);
    place = parts->copies != NULL ? parts->copies + parts->copied : NULL;
    if (place == NULL || files_copy(&parts->files, range, place) != 0)
        return NULL;
    parts->copied += (DWORD) range->length;
    return place;
}

int parts_add_file(struct parts* parts, HANDLE file, ULONGLONG offset, DWORD length, int may_cut,
                   int ends_message) {
    struct parts__part part = {0};
    struct files_range range;
    int error = files_add(&parts->files, file, offset, length, may_cut, &range);
    if (error != 0)
        return error;
    if (range.length > PARTS_LIMIT)
        return WSAEINVAL;
    part.file = range.file;
    part.offset = range.offset;
    part.length = (DWORD) range.length;
    part.ends_message = ends_message;
    part.memory = parts__copy(parts, &range);
    if (part.memory == NULL && range.length > 0)
        error = files_hold(&parts->files, range.file);
    return error != 0 ? error : parts__add(parts, &part);
}

DWORD parts_length(const struct parts* parts) {
    return parts->length;
}

int parts_are_memory(const struct parts* parts) {
    return parts->files.count == 0;
}

int parts_are_messages(const struct parts* parts) {
    return parts->is_message;
}

static int parts__copy_part(const struct parts* parts, const struct parts__part* part,
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
    return files_copy(&parts->files, &range, place);
}

/* Many small parts of a stream become one, so that nothing comes between them. What cannot be
 * copied stays as it is. */
static void parts__join(struct parts* parts) {
    DWORD i, length = 0;

    if (parts->is_message || parts->count <= parts->buffer_room || parts->length > PARTS__JOINED)
        return;
    parts->joined = malloc(parts->length != 0 ? parts->length : 1);
    for (i = 0; i < parts->count && parts->joined != NULL; i++) {
        if (parts__copy_part(parts, &parts->list[i], parts->joined + length) != 0)
            return;
        length += parts->list[i].length;
    }
    if (parts->joined == NULL)
        return;
    parts->list[0].memory = parts->joined;
    parts->list[0].length = length;
    parts->count = 1;
}

void parts_begin(struct parts* parts) {
    parts__join(parts);
    files_move_pointers(&parts->files);
}

/* Sending it */

/* Puts as much of a part as may be into the step; *mapped counts what it takes of files. */
static int parts__take(struct parts* parts, const struct parts__part* part, DWORD offset,
                       DWORD length, DWORD* mapped) {
    WSABUF* buffer = &parts->buffers[parts->buffer_count];
    if (length == 0)
        return 0;
    if (part->memory != NULL) {
        buffer->buf = part->memory + offset;
    } else {
        int error = files_map(&parts->files, part->file, part->offset + offset, length,
                              &buffer->buf, &parts->views[parts->view_count]);
        if (error != 0)
            return error;
        parts->view_count++;
        *mapped += length;
    }
    buffer->len = length;
    parts->buffer_count++;
    parts->step_length += length;
    return 0;
}

/* From the place that was reached on. */
static int parts__fill(struct parts* parts) {
    struct parts__place end = parts->place;
    DWORD mapped = 0;

    parts->buffer_count = 0;
    parts->step_length = 0;
    while (end.part < parts->count && parts->buffer_count < parts->buffer_room) {
        const struct parts__part* part = &parts->list[end.part];
        DWORD left = part->length - end.offset;
        DWORD length = parts__least(left, parts->send_size - parts->step_length);
        int error;
        if (part->memory == NULL)
            length = parts__least(length, PARTS__VIEWS - mapped);
        if (length == 0 && left > 0)
            break;
        error = parts__take(parts, part, end.offset, length, &mapped);
        if (error != 0)
            return error;
        end.offset += length;
        if (end.offset < part->length)
            break;
        end.part++;
        end.offset = 0;
        if (part->ends_message && parts->is_message)
            break;
    }
    parts->end = end;
    return 0;
}

int parts_make_step(struct parts* parts, struct parts_step* step) {
    int error = parts__fill(parts);
    if (error != 0)
        return error;
    if (parts->buffer_count == 0) {
        parts->buffers[0].buf = NULL;
        parts->buffers[0].len = 0;
        parts->buffer_count = 1;
    }
    step->buffers = parts->buffers;
    step->count = parts->buffer_count;
    step->length = parts->step_length;
    step->is_last = parts->end.part == parts->count;
    return 0;
}

void parts_end_step(struct parts* parts, DWORD bytes) {
    parts_drop_step(parts);
    if (parts->is_message || bytes == parts->step_length) {
        parts->place = parts->end;
        return;
    }
    while (parts->place.part < parts->count) {
        DWORD left = parts->list[parts->place.part].length - parts->place.offset;
        if (bytes < left) {
            parts->place.offset += bytes;
            return;
        }
        bytes -= left;
        parts->place.part++;
        parts->place.offset = 0;
    }
}

int parts_are_left(const struct parts* parts) {
    DWORD part;
    if (parts->is_message)
        return parts->place.part < parts->count;
    for (part = parts->place.part; part < parts->count; part++) {
        if (parts->list[part].length > 0)
            return 1;
    }
    return 0;
}
