/* SPDX-License-Identifier: MIT */

/* What the tests of TransmitFile and TransmitPackets have in common. */

#include "conformance.h"

#include <winioctl.h>

LPFN_TRANSMITFILE conf_file_pointer(SOCKET client) {
    const GUID guid = WSAID_TRANSMITFILE;

    return (LPFN_TRANSMITFILE) conf_function(client, guid);
}

LPFN_TRANSMITPACKETS conf_packets_pointer(SOCKET client) {
    const GUID guid = WSAID_TRANSMITPACKETS;

    return (LPFN_TRANSMITPACKETS) conf_function(client, guid);
}

/* The sink's members may have been set before. The pointer for packets, which some hosts do not
 * have, is asked for when it is needed. */
void conf_transmission_connect(struct conf_transmission* t, SOCKET client) {
    conf_sink_start(&t->sink);
    t->client = client;
    t->file = conf_file_pointer(client);
    CHECK_EQ(
        conf_last(connect(client, (struct sockaddr*) &t->sink.target.name, t->sink.target.length)),
        0);
}

void conf_transmission_open(struct conf_transmission* t, BOOL with_port) {
    conf_transmission_connect(t, conf_tcp(AF_INET));
    t->port = with_port ? conf_port(t->client) : NULL;
    t->overlapped.hEvent = with_port ? NULL : conf_event();
}

void conf_transmission_close(struct conf_transmission* t, uint64_t received) {
    closesocket(t->client);
    conf_sink_finish(&t->sink);
    if (!t->sink.intact)
        conf_fail(__FILE__, __LINE__, "byte %lld is wrong", (long long) t->sink.first_wrong);
    CHECK_EQ(t->sink.received, received);
    CHECK(t->sink.ended);
}

/* For a peer that resets in the middle: told once, with an error, by the packet or, where the
 * connection is gone so soon, by the call. */
void conf_transmission_broken(struct conf_transmission* t, BOOL done) {
    DWORD bytes, error = (DWORD) WSAGetLastError();
    OVERLAPPED* got;

    CHECK_EQ(done, FALSE);
    if (error == ERROR_IO_PENDING) {
        CHECK(conf_dequeue(t->port, CONF__LIMIT, &got, &error, &bytes));
        CHECK(got == &t->overlapped);
        CHECK(error == ERROR_NETNAME_DELETED || error == ERROR_CONNECTION_ABORTED);
    } else {
        CHECK_EQ(error, WSAECONNRESET);
    }
    CHECK(!conf_dequeue(t->port, 1, &got, &error, &bytes));
    closesocket(t->client);
    conf_sink_finish(&t->sink);
    CloseHandle(t->port);
}

void conf_packets_start(struct conf_transmission* t, TRANSMIT_PACKETS_ELEMENT* elements,
                        DWORD count, DWORD flags) {
    BOOL done;
    int error;

    if (t->packets == NULL)
        t->packets = conf_packets_pointer(t->client);
    WSASetLastError(0);
    done = t->packets(t->client, elements, count, 0, &t->overlapped, flags);
    error = WSAGetLastError();
    CHECK_EQ(done, FALSE);
    CHECK_EQ(error, ERROR_IO_PENDING);
}

/* A call that is refused leaves event, port and connection alone. */
void conf_packets_refused(struct conf_transmission* t, TRANSMIT_PACKETS_ELEMENT* elements,
                          DWORD count, DWORD flags, int error) {
    if (t->packets == NULL)
        t->packets = conf_packets_pointer(t->client);
    WSASetLastError(0);
    CHECK_EQ(t->packets(t->client, elements, count, 0, &t->overlapped, flags), FALSE);
    CHECK_EQ(WSAGetLastError(), error);
    if (t->port != NULL)
        conf_quiet(t->port);
}

static BOOL transmissions__file(struct conf_transmission* t, HANDLE file, uint64_t offset,
                                DWORD length, TRANSMIT_FILE_BUFFERS* buffers, DWORD flags) {
    t->overlapped.Offset = (DWORD) offset;
    t->overlapped.OffsetHigh = (DWORD) (offset >> 32);
    WSASetLastError(0);
    return t->file(t->client, file, length, 0, &t->overlapped, buffers, flags);
}

void conf_file_start(struct conf_transmission* t, HANDLE file, uint64_t offset, DWORD length,
                     TRANSMIT_FILE_BUFFERS* buffers, DWORD flags) {
    BOOL done = transmissions__file(t, file, offset, length, buffers, flags);
    int error = WSAGetLastError();

    CHECK_EQ(done, FALSE);
    CHECK_EQ(error, ERROR_IO_PENDING);
}

void conf_file_refused(struct conf_transmission* t, HANDLE file, uint64_t offset, DWORD length,
                       TRANSMIT_FILE_BUFFERS* buffers, DWORD flags, int error) {
    CHECK_EQ(transmissions__file(t, file, offset, length, buffers, flags), FALSE);
    CHECK_EQ(WSAGetLastError(), error);
    if (t->port != NULL)
        conf_quiet(t->port);
}

TRANSMIT_FILE_BUFFERS conf_file_buffers(const void* head, DWORD head_length, const void* tail,
                                        DWORD tail_length) {
    TRANSMIT_FILE_BUFFERS buffers;

    buffers.Head = (void*) head;
    buffers.HeadLength = head_length;
    buffers.Tail = (void*) tail;
    buffers.TailLength = tail_length;
    return buffers;
}

TRANSMIT_PACKETS_ELEMENT conf_memory_element(const void* memory, DWORD length) {
    TRANSMIT_PACKETS_ELEMENT element;

    memset(&element, 0, sizeof element);
    element.dwElFlags = TP_ELEMENT_MEMORY;
    element.cLength = length;
    element.pBuffer = (void*) memory;
    return element;
}

TRANSMIT_PACKETS_ELEMENT conf_file_element(HANDLE file, int64_t offset, DWORD length) {
    TRANSMIT_PACKETS_ELEMENT element;

    memset(&element, 0, sizeof element);
    element.dwElFlags = TP_ELEMENT_FILE;
    element.cLength = length;
    element.hFile = file;
    element.nFileOffset.QuadPart = offset;
    return element;
}

HANDLE conf_open_file(DWORD access, DWORD flags) {
    char directory[MAX_PATH];
    char path[MAX_PATH];
    HANDLE file;

    CHECK(GetTempPathA(sizeof directory, directory) != 0);
    CHECK(GetTempFileNameA(directory, "wse", 0, path) != 0);
    file = CreateFileA(path, access | DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                       CREATE_ALWAYS, flags | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    return file;
}

static void transmissions__write(HANDLE file, const void* bytes, DWORD length) {
    DWORD written = 0;

    CHECK(WriteFile(file, bytes, length, &written, NULL));
    CHECK_EQ(written, length);
}

static void transmissions__seek(HANDLE file, uint64_t offset) {
    LARGE_INTEGER place;

    place.QuadPart = (LONGLONG) offset;
    CHECK(SetFilePointerEx(file, place, NULL, FILE_BEGIN));
}

unsigned char* conf_pattern_pages(DWORD length) {
    unsigned char* pages = conf_pages(length);

    conf_pattern_fill(pages, length);
    return pages;
}

/* One that every system has. */
HANDLE conf_directory(void) {
    HANDLE directory = CreateFileA("C:\\", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                   OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);

    CHECK(directory != INVALID_HANDLE_VALUE);
    return directory;
}

/* Its pointer stands at its beginning. */
HANDLE conf_pattern_file(uint64_t length) {
    HANDLE file = conf_open_file(GENERIC_READ | GENERIC_WRITE, 0);
    unsigned char* bytes;

    if (length == 0)
        return file;
    bytes = conf_pattern_pages((DWORD) length);
    transmissions__write(file, bytes, (DWORD) length);
    VirtualFree(bytes, 0, MEM_RELEASE);
    transmissions__seek(file, 0);
    return file;
}

/* All zeros, which take no room on the disk. */
HANDLE conf_sparse_file(uint64_t length) {
    HANDLE file = conf_open_file(GENERIC_READ | GENERIC_WRITE, 0);
    DWORD returned;

    DeviceIoControl(file, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &returned, NULL);
    transmissions__seek(file, length);
    if (!SetEndOfFile(file))
        conf_skip("no room for a large sparse file");
    transmissions__seek(file, 0);
    return file;
}

int64_t conf_file_position(HANDLE file) {
    LARGE_INTEGER none = {{0, 0}};
    LARGE_INTEGER place;

    CHECK(SetFilePointerEx(file, none, &place, FILE_CURRENT));
    return place.QuadPart;
}
