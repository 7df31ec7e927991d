/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <string.h>

#define TRANSMIT__BLOCK 30000
#define TRANSMIT__SMALL 2000
#define TRANSMIT__HEAD 500
#define TRANSMIT__LARGE (64u << 20)

static HANDLE transmit__file(void) {
    static HANDLE file;
    char directory[MAX_PATH], path[MAX_PATH];
    DWORD written;

    if (file != NULL)
        return file;
    CHECK(GetTempPathA(sizeof directory, directory) != 0);
    CHECK(GetTempFileNameA(directory, "wse", 0, path) != 0);
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE | DELETE,
                       FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, CREATE_ALWAYS,
                       FILE_FLAG_DELETE_ON_CLOSE, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    CHECK(WriteFile(file, run_pattern, RUN_PATTERN, &written, NULL) && written == RUN_PATTERN);
    return file;
}

/* The connection, whose peer has room for all of the pattern, or none. */
static SOCKET transmit__connected(void) {
    SOCKET s = run_connected();
    int room = 4 * RUN_PATTERN;
    CHECK(setsockopt(s, SOL_SOCKET, SO_SNDBUF, (const char*) &room, sizeof room) == 0);
    return s;
}

/* The pattern in a head of memory, a file and, where it is not all, no more. */
static int transmit__begin_file(SOCKET s, DWORD length, DWORD flags, OVERLAPPED* overlapped) {
    static TRANSMIT_FILE_BUFFERS buffers;
    int error;
    BOOL result;

    buffers.Head = run_pattern;
    buffers.HeadLength = TRANSMIT__HEAD;
    overlapped->Offset = TRANSMIT__HEAD;
    result = run_transmit_file(s, transmit__file(), length - TRANSMIT__HEAD, TRANSMIT__BLOCK,
                               overlapped, &buffers, flags);
    return run_is_begun(overlapped, result, &error) ? 0 : error;
}

static int transmit__run_file(DWORD length, DWORD flags) {
    SOCKET s = transmit__connected();
    SOCKET peer = run_peer(s);
    OVERLAPPED* overlapped = run_overlapped();
    DWORD bytes = 0;
    int error;

    run_arm();
    error = transmit__begin_file(s, length, flags, overlapped);
    if (error == 0)
        error = run_end(s, overlapped, &bytes);
    run_disarm();
    if (error == 0) {
        CHECK(bytes == length);
        if (!(flags & TF_DISCONNECT))
            CHECK(shutdown(s, SD_SEND) == 0);
        run_receive(peer, (int) length, 1);
        if (flags & TF_REUSE_SOCKET)
            run_use_again(s);
    } else {
        closesocket(peer);
    }
    CHECK(closesocket(s) == 0);
    return error;
}

int transmit_file(void) {
    return transmit__run_file(RUN_PATTERN, 0);
}

int transmit_small_file(void) {
    return transmit__run_file(TRANSMIT__SMALL, 0);
}

int transmit_disconnect(void) {
    return transmit__run_file(TRANSMIT__SMALL, TF_DISCONNECT);
}

int transmit_reuse(void) {
    return transmit__run_file(RUN_PATTERN, TF_DISCONNECT | TF_REUSE_SOCKET);
}

int transmit_packets(void) {
    SOCKET s = transmit__connected();
    SOCKET peer = run_peer(s);
    OVERLAPPED* overlapped = run_overlapped();
    TRANSMIT_PACKETS_ELEMENT elements[3];
    DWORD bytes = 0;
    int error;
    BOOL result;

    memset(elements, 0, sizeof elements);
    elements[0].dwElFlags = TP_ELEMENT_MEMORY;
    elements[0].cLength = TRANSMIT__HEAD;
    elements[0].pBuffer = run_pattern;
    elements[1].dwElFlags = TP_ELEMENT_FILE | TP_ELEMENT_EOP;
    elements[1].cLength = RUN_PATTERN - 2 * TRANSMIT__HEAD;
    elements[1].nFileOffset.QuadPart = TRANSMIT__HEAD;
    elements[1].hFile = transmit__file();
    elements[2].dwElFlags = TP_ELEMENT_MEMORY;
    elements[2].cLength = TRANSMIT__HEAD;
    elements[2].pBuffer = run_pattern + RUN_PATTERN - TRANSMIT__HEAD;

    run_arm();
    result = run_transmit_packets(s, elements, 3, TRANSMIT__BLOCK, overlapped, 0);
    if (run_is_begun(overlapped, result, &error))
        error = run_end(s, overlapped, &bytes);
    run_disarm();
    if (error == 0) {
        CHECK(bytes == RUN_PATTERN);
        CHECK(shutdown(s, SD_SEND) == 0);
        run_receive(peer, RUN_PATTERN, 1);
    } else {
        closesocket(peer);
    }
    CHECK(closesocket(s) == 0);
    return error;
}

/* More than any peer takes that does not read; twice, so that the second waits behind the first. */
int transmit_closed(void) {
    static char* large;
    SOCKET s = run_connected();
    SOCKET peer = run_peer(s);
    OVERLAPPED* overlapped[2];
    TRANSMIT_PACKETS_ELEMENT element;
    int i, error = 0, begun = 0, ended;

    if (large == NULL)
        large = VirtualAlloc(NULL, TRANSMIT__LARGE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    CHECK(large != NULL);
    memset(&element, 0, sizeof element);
    element.dwElFlags = TP_ELEMENT_MEMORY;
    element.cLength = TRANSMIT__LARGE;
    element.pBuffer = large;
    for (i = 0; i < 2; i++)
        overlapped[i] = run_overlapped();

    run_arm();
    while (begun < 2) {
        OVERLAPPED* next = overlapped[begun];
        BOOL result = run_transmit_packets(s, &element, 1, TRANSMIT__LARGE / 4, next, 0);
        if (!run_is_begun(next, result, &error))
            break;
        error = 0;
        begun++;
    }
    if (begun == 0)
        run_forget(overlapped[1]);
    run_step("closing");
    CHECK(closesocket(s) == 0);
    ended = run_end_all_cancelled(overlapped, begun);
    closesocket(peer);
    return error != 0 ? error : ended;
}
