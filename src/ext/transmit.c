/* SPDX-License-Identifier: MIT */
#include "ext/transmit.h"

#include <stdlib.h>

#include "core/status.h"
#include "core/table.h"
#include "core/task.h"
#include "drivers/delivery.h"
#include "ext/disconnectex.h"
#include "ext/files.h"
#include "ext/turn.h"
#include "host/memory.h"

/* A step on a stream has so many parts at most: what Linux takes at once. */
#define TRANSMIT__ROOM 1024u

/* What a step maps of files at most. The fewer steps there are, the less can the program's other
 * sends come between them, and a view takes no memory but address space, which is scarce for 32
 * bits only. */
#define TRANSMIT__VIEWS (sizeof(void*) > 4 ? TRANSMIT_LIMIT : 16u << 20)

/* Of files so much is copied at most, as it is cheaper than a view. */
#define TRANSMIT__COPIES 0x10000u

struct transmit__part {
    char* memory; /* NULL for a range of a file. */
    DWORD file;
    DWORD length;
    ULONGLONG offset;
    int ends_message;
};

struct transmit__place {
    DWORD part;
    DWORD offset; /* In the part. */
};

struct transmit {
    struct task task;
    ULONGLONG serial; /* Of the record, for an operation that ends with a disconnect. */
    DWORD flags;
    DWORD send_size;
    int is_message;
    int is_begun;    /* A step was begun, and what came of it is to be taken into account. */
    int is_finished; /* The disconnect that it ends with was done, whatever came of it. */
    DWORD length;
    struct files files;
    char* copies;
    DWORD copied;
    struct transmit__part* parts;
    DWORD count;
    DWORD room;
    struct transmit__place place; /* The end of what was sent. */
    /* The step that is under way. */
    struct transmit__place end;
    DWORD step_length;
    WSABUF* buffers;
    DWORD buffer_count;
    DWORD buffer_room;
    void** views;
    DWORD view_count;
};

/* The task */

static void transmit__unmap(struct transmit* self) {
    while (self->view_count > 0)
        files_unmap(self->views[--self->view_count]);
}

static void transmit__let_go(struct task* task) {
    struct transmit* self = (struct transmit*) task;
    transmit__unmap(self);
    files_close(&self->files);
}

static void transmit__release(struct task* task) {
    struct transmit* self = (struct transmit*) task;
    transmit__let_go(task);
    free(self->copies);
    free(self->views);
    free(self->buffers);
    free(self->parts);
    free(self);
}

void transmit_discard(struct transmit* transmit) {
    transmit__release(&transmit->task);
}

static DWORD transmit__least(ULONGLONG a, ULONGLONG b) {
    return (DWORD) (a < b ? a : b);
}

/* Puts as much of a part as may be into the step; *mapped counts what it takes of files. */
static int transmit__take(struct transmit* self, const struct transmit__part* part, DWORD offset,
                          DWORD length, DWORD* mapped) {
    WSABUF* buffer = &self->buffers[self->buffer_count];
    if (length == 0)
        return 0;
    if (part->memory != NULL) {
        buffer->buf = part->memory + offset;
    } else {
        int error = files_map(&self->files, part->file, part->offset + offset, length, &buffer->buf,
                              &self->views[self->view_count]);
        if (error != 0)
            return error;
        self->view_count++;
        *mapped += length;
    }
    buffer->len = length;
    self->buffer_count++;
    self->step_length += length;
    return 0;
}

/* Makes the next step from the place that was reached on. */
static int transmit__fill(struct transmit* self) {
    struct transmit__place end = self->place;
    DWORD mapped = 0;

    self->buffer_count = 0;
    self->step_length = 0;
    while (end.part < self->count && self->buffer_count < self->buffer_room) {
        const struct transmit__part* part = &self->parts[end.part];
        DWORD left = part->length - end.offset;
        DWORD length = transmit__least(left, self->send_size - self->step_length);
        int error;
        if (part->memory == NULL)
            length = transmit__least(length, TRANSMIT__VIEWS - mapped);
        if (length == 0 && left > 0)
            break;
        error = transmit__take(self, part, end.offset, length, &mapped);
        if (error != 0)
            return error;
        end.offset += length;
        if (end.offset < part->length)
            break;
        end.part++;
        end.offset = 0;
        if (part->ends_message && self->is_message)
            break;
    }
    self->end = end;
    return 0;
}

/* A stream may have taken less than it was given, when its send was cancelled. */
static void transmit__move_on(struct transmit* self, DWORD bytes) {
    self->task.bytes += bytes;
    if (self->is_message || bytes == self->step_length) {
        self->place = self->end;
        return;
    }
    while (self->place.part < self->count) {
        DWORD left = self->parts[self->place.part].length - self->place.offset;
        if (bytes < left) {
            self->place.offset += bytes;
            return;
        }
        bytes -= left;
        self->place.part++;
        self->place.offset = 0;
    }
}

/* Messages take turns with those that options are changed for. Under the record's lock nobody
 * begins to need turns between the question and the send. */
static enum task_verdict transmit__send_message(struct transmit* self) {
    struct task* task = &self->task;
    enum task_verdict verdict = TASK_LATER;
    struct turn* turn = NULL;
    int is_free = 1;

    if (task->is_waiting) {
        turn = turn_begin_plain(task->handle);
    } else {
        record_find(task->handle);
        is_free = turn_try_plain(task->handle, &turn) == 0;
    }
    if (is_free)
        verdict = task_send(task, self->buffers, self->buffer_count);
    if (turn != NULL)
        turn_end(turn, verdict == TASK_WAITS);
    if (!task->is_waiting)
        record_release(task->handle);
    return verdict;
}

/* Begins the next step; an error ends the operation. */
static enum task_verdict transmit__send(struct transmit* self) {
    enum task_verdict verdict;
    int error = transmit__fill(self);

    if (error != 0) {
        self->task.error = error;
        return task_end(&self->task, status_from_error(error), self->task.bytes);
    }
    /* An empty message, or an empty send by which to learn that all before it has been sent. */
    if (self->buffer_count == 0) {
        self->buffers[0].buf = NULL;
        self->buffers[0].len = 0;
        self->buffer_count = 1;
    }
    self->task.more = self->end.part < self->count || (self->flags & TF_DISCONNECT);
    verdict = self->is_message ? transmit__send_message(self)
                               : task_send(&self->task, self->buffers, self->buffer_count);
    self->is_begun = verdict == TASK_WAITS;
    return verdict;
}

/* Everything was sent, or a send has failed. */
static enum task_verdict transmit__end(struct transmit* self, uint32_t status) {
    struct task* task = &self->task;
    int error;
    if (!(self->flags & TF_DISCONNECT) || status == STATUS__CANCELLED)
        return task_end(task, status, task->bytes);
    self->is_finished = 1;
    error = disconnectex_finish(task->handle, self->serial, self->flags, status_to_error(status));
    task->error = error;
    return task_end(task, error == 0 ? STATUS__SUCCESS : status_from_error(error), task->bytes);
}

static int transmit__has_to_send(const struct transmit* self) {
    DWORD part;
    if (self->is_message && self->place.part < self->count)
        return 1;
    for (part = self->place.part; part < self->count; part++) {
        if (self->parts[part].length > 0)
            return 1;
    }
    return (self->flags & TF_DISCONNECT) && self->buffer_count == 0;
}

static enum task_verdict transmit__advance(struct task* task, uint32_t status, DWORD bytes) {
    struct transmit* self = (struct transmit*) task;

    transmit__unmap(self);
    if (self->is_begun) {
        self->is_begun = 0;
        transmit__move_on(self, bytes);
    }
    /* A cancelled step that nobody of the program has cancelled ended with the thread that began
     * it, and the operation goes on. */
    if (status != STATUS__SUCCESS && status != STATUS__CANCELLED)
        return transmit__end(self, status);
    return transmit__has_to_send(self) ? transmit__send(self)
                                       : transmit__end(self, STATUS__SUCCESS);
}

/* One that did not come to its end leaves the connection as it is. Once it did, the next disconnect
 * may have begun. */
static void transmit__settle(struct record* record, struct task* task) {
    const struct transmit* self = (const struct transmit*) task;
    if ((self->flags & TF_DISCONNECT) && !self->is_finished)
        record_step(record, MACHINE_DISCONNECTED);
}

static const struct task_kind transmit__file = {
    STATS_TRANSMITFILE, transmit__advance, transmit__let_go, transmit__settle, transmit__release};
static const struct task_kind transmit__packets = {STATS_TRANSMITPACKETS, transmit__advance,
                                                   transmit__let_go, transmit__settle,
                                                   transmit__release};

/* Making one */

/* Messages are sent as the program divides them. Of a stream nobody sees the blocks, but for the
 * program's other sends, which would come between them. */
static DWORD transmit__send_size(DWORD asked, int is_message) {
    return is_message && asked != 0 ? asked : TRANSMIT_BY_MESSAGE;
}

struct transmit* transmit_new(enum stats_function function, DWORD parts, int is_message,
                              DWORD send_size, DWORD flags) {
    struct transmit* self = calloc(1, sizeof *self);
    DWORD buffers = is_message ? parts : transmit__least(parts, TRANSMIT__ROOM);

    if (self == NULL)
        return NULL;
    self->task.kind = function == STATS_TRANSMITFILE ? &transmit__file : &transmit__packets;
    self->flags = flags;
    self->is_message = is_message;
    self->send_size = transmit__send_size(send_size, is_message);
    self->room = parts;
    self->buffer_room = buffers != 0 ? buffers : 1;
    self->parts = calloc(parts != 0 ? parts : 1, sizeof *self->parts);
    self->buffers = calloc(self->buffer_room, sizeof *self->buffers);
    self->views = calloc(self->buffer_room, sizeof *self->views);
    if (self->parts != NULL && self->buffers != NULL && self->views != NULL)
        return self;
    transmit_discard(self);
    return NULL;
}

static int transmit__add(struct transmit* self, const struct transmit__part* part) {
    if (part->length > TRANSMIT_LIMIT - self->length)
        return WSAEINVAL;
    self->length += part->length;
    self->parts[self->count++] = *part;
    return 0;
}

int transmit_add_memory(struct transmit* transmit, const void* memory, DWORD length,
                        int ends_message) {
    static char nothing;
    struct transmit__part part = {0};
    if (length > TRANSMIT_LIMIT)
        return WSAEINVAL;
    if (!memory_is_readable(memory, length))
        return WSAEFAULT;
    part.memory = length != 0 ? (char*) memory : &nothing;
    part.length = length;
    part.ends_message = ends_message;
    return transmit__add(transmit, &part);
}

static char* transmit__copy(struct transmit* self, const struct files_range* range) {
    char* place;
    if (range->length > TRANSMIT__COPIES - self->copied)
        return NULL;
    if (self->copies == NULL)
        self->copies = malloc(TRANSMIT__COPIES);
    place = self->copies != NULL ? self->copies + self->copied : NULL;
    if (place == NULL || files_copy(&self->files, range, place) != 0)
        return NULL;
    self->copied += (DWORD) range->length;
    return place;
}

int transmit_add_file(struct transmit* transmit, HANDLE file, ULONGLONG offset, DWORD length,
                      int may_cut, int ends_message) {
    struct transmit__part part = {0};
    struct files_range range;
    int error = files_add(&transmit->files, file, offset, length, may_cut, &range);
    if (error != 0)
        return error;
    if (range.length > TRANSMIT_LIMIT)
        return WSAEINVAL;
    part.file = range.file;
    part.offset = range.offset;
    part.length = (DWORD) range.length;
    part.ends_message = ends_message;
    part.memory = transmit__copy(transmit, &range);
    if (part.memory == NULL && range.length > 0)
        error = files_hold(&transmit->files, range.file);
    return error != 0 ? error : transmit__add(transmit, &part);
}

DWORD transmit_length(const struct transmit* transmit) {
    return transmit->length;
}

/* Carrying it out */

int transmit_can_count(SOCKET s, const OVERLAPPED* overlapped) {
    struct record* record;
    int can;
    if (overlapped == NULL || (table_flags(s) & TABLE_SEEN))
        return 1;
    record = record_find(s);
    can = record != NULL ? delivery_can_count(record, overlapped)
                         : !delivery_wants_packet(overlapped);
    record_release(s);
    return can;
}

/* What is one send of memory the host can do with the program's OVERLAPPED. */
static int transmit__is_one_send(struct transmit* self) {
    return self->files.count == 0 && self->count > 0 && !(self->flags & TF_DISCONNECT) &&
           transmit__fill(self) == 0 && self->end.part == self->count && self->buffer_count > 0;
}

static int transmit__hand_over(SOCKET s, const struct transmit* self, OVERLAPPED* overlapped) {
    struct turn* turn = self->is_message ? turn_begin_plain(s) : NULL;
    int error = 0;
    DWORD sent;
    if (host.WSASend(s, self->buffers, self->buffer_count, &sent, 0, overlapped, NULL) != 0)
        error = WSAGetLastError();
    if (turn != NULL)
        turn_end(turn, error == WSA_IO_PENDING);
    return error;
}

/* The record of a socket that is to be disconnected is there already. */
static struct record* transmit__need(SOCKET s, const struct transmit* self, int* error) {
    int ends = (self->flags & TF_DISCONNECT) != 0;
    struct record* record = ends ? record_find_same(s, self->serial) : record_need(s);
    *error = ends ? WSAENOTSOCK : WSAENOBUFS;
    return record;
}

static int transmit__begin(SOCKET s, struct transmit* self, OVERLAPPED* overlapped) {
    int error;
    struct record* record = transmit__need(s, self, &error);
    self->task.overlapped = overlapped;
    if (record != NULL)
        error = task_begin(record, &self->task);
    record_release(s);
    return error;
}

/* Waits on an OVERLAPPED of ours, whose event's low bit keeps it out of the program's port. Returns
 * 0 or a Winsock error, and whether the operation is gone. */
static int transmit__begin_and_wait(SOCKET s, struct transmit* self, int* is_gone) {
    OVERLAPPED overlapped = {0};
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    int error;

    if (event == NULL)
        return WSAENOBUFS;
    overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
    error = transmit__begin(s, self, &overlapped);
    *is_gone = error == 0 || error == ERROR_IO_PENDING;
    if (*is_gone) {
        WaitForSingleObject(event, INFINITE);
        error = (uint32_t) overlapped.Internal == STATUS__SUCCESS
                    ? 0
                    : status_to_error((uint32_t) overlapped.Internal);
    }
    host.CloseHandle(event);
    return error;
}

/* On a socket whose I/O makes the caller wait, an OVERLAPPED is completed when the call returns.
 * The socket may have been closed by then. */
static int transmit__carry_out(SOCKET s, struct transmit* self, OVERLAPPED* overlapped) {
    int error;
    struct record* record = transmit__need(s, self, &error);
    ULONGLONG serial = record != NULL ? record->serial : 0;

    record_release(s);
    if (serial == 0)
        return error;
    error = task_carry_out(s, &self->task);
    if (error != 0 || overlapped == NULL)
        return error;
    record = record_find_same(s, serial);
    if (record != NULL) {
        delivery_begin(overlapped);
        delivery_complete(record, overlapped, STATUS__SUCCESS, (DWORD) self->task.bytes);
    }
    record_release(s);
    return record != NULL ? 0 : WSAENOTSOCK;
}

static void transmit__undo_disconnect(SOCKET s, ULONGLONG serial) {
    struct record* record = record_find_same(s, serial);
    if (record != NULL)
        record_step(record, MACHINE_DISCONNECTED);
    record_release(s);
}

int transmit_run(SOCKET s, struct transmit* transmit, OVERLAPPED* overlapped) {
    int ends = (transmit->flags & TF_DISCONNECT) != 0;
    int is_gone = 0;
    int error = ends ? disconnectex_begin(s, transmit->flags, &transmit->serial) : 0;

    if (error != 0) {
        transmit_discard(transmit);
        return error;
    }
    files_move_pointers(&transmit->files);
    if (table_flags(s) & TABLE_SYNCHRONOUS) {
        error = transmit__carry_out(s, transmit, overlapped);
    } else if (!transmit_can_count(s, overlapped) && transmit__is_one_send(transmit)) {
        error = transmit__hand_over(s, transmit, overlapped);
    } else if (overlapped == NULL) {
        error = transmit__begin_and_wait(s, transmit, &is_gone);
    } else {
        error = transmit__begin(s, transmit, overlapped);
        is_gone = error == 0 || error == ERROR_IO_PENDING;
    }
    if (is_gone)
        return error;
    if (ends && error != 0 && !transmit->is_finished)
        transmit__undo_disconnect(s, transmit->serial);
    transmit_discard(transmit);
    return error;
}
