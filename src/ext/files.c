/* SPDX-License-Identifier: MIT */
#include "ext/files.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "host/caps.h"

#define FILES__STANDARD_INFORMATION 5 /* FileStandardInformation */

#define FILES__INVALID_HANDLE ((host_status) 0xC0000008) /* STATUS_INVALID_HANDLE */

/* Views begin at multiples of this, on every system. */
#define FILES__GRANULARITY 0x10000u

struct files__file {
    HANDLE handle;  /* The program's: a name, but for files_move_pointers(). */
    HANDLE mapping; /* NULL while it is not held. */
    ULONGLONG size;
    ULONGLONG pointer; /* Where the file's pointer is to be; FILES_CURRENT while not asked for. */
};

static int files__error(DWORD error) {
    if (status_is_shortage((int) error))
        return WSAENOBUFS;
    return error == ERROR_ACCESS_DENIED ? WSAEACCES : WSAEINVAL;
}

static int files__open(struct files__file* file, HANDLE handle) {
    FILE_STANDARD_INFORMATION information;
    IO_STATUS_BLOCK block;
    host_status status = FILES__INVALID_HANDLE;

    /* That value is also the current process', which is not what a failed CreateFile() means. */
    if (handle != INVALID_HANDLE_VALUE)
        status = host.NtQueryInformationFile(handle, &block, &information, sizeof information,
                                             (FILE_INFORMATION_CLASS) FILES__STANDARD_INFORMATION);
    if (status == FILES__INVALID_HANDLE)
        return ERROR_INVALID_HANDLE;
    if (status < 0 && status_is_shortage(status_to_error((uint32_t) status)))
        return WSAENOBUFS;
    if (status != 0 || GetFileType(handle) != FILE_TYPE_DISK || information.Directory)
        return WSAEINVAL;

    file->handle = handle;
    file->mapping = NULL;
    file->size = (ULONGLONG) information.EndOfFile.QuadPart;
    file->pointer = FILES_CURRENT;
    return 0;
}

static int files__grow(struct files* files) {
    DWORD room = files->room != 0 ? 2 * files->room : 1;
    struct files__file* list;
    if (files->count < files->room)
        return 0;
    list = realloc(files->list, room * sizeof *list);
    if (list == NULL)
        return WSAENOBUFS;
    files->list = list;
    files->room = room;
    return 0;
}

/* Parts of one file often follow each other, so the last file is looked at first. */
static int files__find(struct files* files, HANDLE handle, DWORD* found) {
    DWORD i = files->count;
    int error;
    while (i-- > 0) {
        if (files->list[i].handle == handle) {
            *found = i;
            return 0;
        }
    }
    error = files__grow(files);
    if (error == 0)
        error = files__open(&files->list[files->count], handle);
    if (error == 0)
        *found = files->count++;
    return error;
}

static int files__ask_pointer(struct files__file* file) {
    LARGE_INTEGER none = {{0, 0}};
    LARGE_INTEGER pointer;
    if (file->pointer != FILES_CURRENT)
        return 0;
    if (!SetFilePointerEx(file->handle, none, &pointer, FILE_CURRENT))
        return WSAEINVAL;
    file->pointer = (ULONGLONG) pointer.QuadPart;
    return 0;
}

int files_add(struct files* files, HANDLE handle, ULONGLONG offset, DWORD length, int beyond,
              struct files_range* range) {
    struct files__file* file;
    ULONGLONG left;
    int is_current = offset == FILES_CURRENT;
    int error = files__find(files, handle, &range->file);

    if (error != 0)
        return error;
    file = &files->list[range->file];
    if (is_current) {
        error = files__ask_pointer(file);
        if (error != 0)
            return error;
        offset = file->pointer;
    }
    if (offset > INT64_MAX)
        return WSAEINVAL;
    left = offset <= file->size ? file->size - offset : 0;
    if (offset > file->size || length > left)
        return beyond;
    range->offset = offset;
    range->length = length == FILES_TO_END ? left : length;
    if (is_current)
        file->pointer += range->length;
    return 0;
}

int files_hold(struct files* files, DWORD file) {
    struct files__file* held = &files->list[file];
    if (held->mapping != NULL)
        return 0;
    held->mapping = CreateFileMappingW(held->handle, NULL, PAGE_READONLY,
                                       (DWORD) (held->size >> 32), (DWORD) held->size, NULL);
    return held->mapping != NULL ? 0 : files__error(GetLastError());
}

/* A mapping takes Wine's server four turns and a read none, and Wine has no read of a file go on
 * after the call. Where the handle is synchronous the read moves the pointer, which is put back. */
int files_copy(const struct files* files, const struct files_range* range, char* buffer) {
    HANDLE handle = files->list[range->file].handle;
    LARGE_INTEGER none = {{0, 0}};
    LARGE_INTEGER pointer, offset;
    IO_STATUS_BLOCK block;
    int is_copied;

    if (!caps_has(CAP_READS_AT_ONCE) || !SetFilePointerEx(handle, none, &pointer, FILE_CURRENT))
        return -1;
    offset.QuadPart = (LONGLONG) range->offset;
    is_copied = host.NtReadFile(handle, NULL, NULL, NULL, &block, buffer, (ULONG) range->length,
                                &offset, NULL) == 0 &&
                block.Information == range->length;
    SetFilePointerEx(handle, pointer, NULL, FILE_BEGIN);
    return is_copied ? 0 : -1;
}

void files_move_pointers(struct files* files) {
    DWORD i;
    for (i = 0; i < files->count; i++) {
        LARGE_INTEGER pointer;
        pointer.QuadPart = (LONGLONG) files->list[i].pointer;
        if (files->list[i].pointer != FILES_CURRENT)
            SetFilePointerEx(files->list[i].handle, pointer, NULL, FILE_BEGIN);
    }
}

int files_map(const struct files* files, DWORD file, ULONGLONG offset, DWORD length, char** data,
              void** view) {
    DWORD before = (DWORD) (offset % FILES__GRANULARITY);
    ULONGLONG start = offset - before;
    *view = MapViewOfFile(files->list[file].mapping, FILE_MAP_READ, (DWORD) (start >> 32),
                          (DWORD) start, (SIZE_T) before + length);
    if (*view == NULL)
        return files__error(GetLastError());
    *data = (char*) *view + before;
    return 0;
}

void files_unmap(void* view) {
    UnmapViewOfFile(view);
}

void files_close(struct files* files) {
    DWORD i;
    for (i = 0; i < files->count; i++) {
        if (files->list[i].mapping != NULL)
            host.CloseHandle(files->list[i].mapping);
    }
    free(files->list);
    memset(files, 0, sizeof *files);
}
