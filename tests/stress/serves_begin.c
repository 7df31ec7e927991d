/* SPDX-License-Identifier: MIT */
#include "serves.h"

#define SERVES__NAME_SIZE (sizeof(struct sockaddr_in) + 16)

static char serves__path[2][MAX_PATH];
static LPFN_ACCEPTEX serves__acceptex;
static LPFN_DISCONNECTEX serves__disconnectex;
static LPFN_TRANSMITFILE serves__transmitfile;
static LPFN_TRANSMITPACKETS serves__transmitpackets;

static int serves__error(int is_done) {
    return is_done ? 0 : WSAGetLastError();
}

int serves_accept(struct serves_thread* self, struct serves_slot* slot,
                  struct serves_operation* operation) {
    static const DWORD rooms[] = {0, 0, 1, 4, 100};
    DWORD received;
    operation->kind = ACCEPT;
    operation->key = self->listener_key;
    slot->state = ACCEPTING;
    return serves__error(serves__acceptex(self->listener, slot->s, operation->buffer,
                                          rooms[serves_roll(self, 5)], SERVES__NAME_SIZE,
                                          SERVES__NAME_SIZE, &received, &operation->overlapped));
}

int serves_receive(struct serves_thread* self, struct serves_slot* slot,
                   struct serves_operation* operation) {
    WSABUF buffer = {sizeof operation->buffer, operation->buffer};
    DWORD received, flags = 0;
    (void) self;
    operation->kind = RECEIVE;
    return serves__error(
        WSARecv(slot->s, &buffer, 1, &received, &flags, &operation->overlapped, NULL) == 0);
}

static DWORD serves__size(struct serves_thread* self) {
    static const DWORD sizes[] = {0, 1, 1000, 30000, 100000, 1u << 20, SERVES_LARGEST};
    return sizes[serves_roll(self, 7)];
}

/* Where the next answer begins in the payload and in the file. */
static DWORD serves__start(const struct serves_slot* slot) {
    return (DWORD) (slot->asked % SERVES_PERIOD);
}

int serves_send(struct serves_thread* self, struct serves_slot* slot,
                struct serves_operation* operation) {
    WSABUF buffer = {serves__size(self), serves_payload + serves__start(slot)};
    DWORD sent;
    operation->kind = SEND;
    operation->asked = buffer.len;
    return serves__error(WSASend(slot->s, &buffer, 1, &sent, 0, &operation->overlapped, NULL) == 0);
}

static DWORD serves__flags(struct serves_thread* self, const struct serves_slot* slot) {
    static const DWORD flags[] = {0, TF_DISCONNECT, TF_DISCONNECT | TF_REUSE_SOCKET};
    return slot->answers == 0 ? flags[serves_roll(self, 3)] : 0;
}

int serves_transmit_file(struct serves_thread* self, struct serves_slot* slot,
                         struct serves_operation* operation) {
    DWORD start = serves__start(slot), size = serves__size(self);
    DWORD head = serves_roll(self, 2) ? 0 : serves_roll(self, 1000) % (size + 1);
    DWORD tail = serves_roll(self, 2) ? 0 : serves_roll(self, 1000) % (size - head + 1);
    DWORD length = size - head - tail;
    TRANSMIT_FILE_BUFFERS buffers = {serves_payload + start, head, NULL, tail};
    HANDLE file = length != 0 ? self->file : serves_roll(self, 2) ? self->empty : NULL;

    buffers.Tail = serves_payload + start + head + length;
    operation->overlapped.Offset = file == self->file ? start + head : 0;
    if (file == self->file && tail == 0 && serves_roll(self, 4) == 0) {
        length = 0; /* All the rest. */
        size = SERVES_TOTAL - start;
    }
    operation->kind = TRANSMIT;
    operation->asked = size;
    operation->flags = serves__flags(self, slot);
    return serves__error(serves__transmitfile(
        slot->s, file, length, serves_roll(self, 3) ? 0 : 1 + serves_roll(self, 30000),
        &operation->overlapped, head + tail != 0 ? &buffers : NULL, operation->flags));
}

static void serves__fill(struct serves_thread* self, TRANSMIT_PACKETS_ELEMENT* element,
                         DWORD start) {
    /* A file's length of 0 means all of it. */
    if (element->cLength != 0 && serves_roll(self, 2)) {
        element->dwElFlags = TP_ELEMENT_FILE;
        element->nFileOffset.QuadPart = start;
        element->hFile = self->file;
    } else {
        element->dwElFlags = TP_ELEMENT_MEMORY;
        element->pBuffer = serves_payload + start;
    }
    if (serves_roll(self, 4) == 0)
        element->dwElFlags |= TP_ELEMENT_EOP;
}

int serves_transmit_packets(struct serves_thread* self, struct serves_slot* slot,
                            struct serves_operation* operation) {
    TRANSMIT_PACKETS_ELEMENT elements[5] = {{0}};
    DWORD start = serves__start(slot), left = serves__size(self), count = 0;

    operation->kind = TRANSMIT;
    operation->asked = left;
    operation->flags = serves__flags(self, slot);
    do {
        TRANSMIT_PACKETS_ELEMENT* element = &elements[count++];
        element->cLength = count == 5 || serves_roll(self, 3) == 0 ? left : left / 3;
        serves__fill(self, element, start);
        start += element->cLength;
        left -= element->cLength;
    } while (left != 0);
    return serves__error(serves__transmitpackets(slot->s, elements, count,
                                                 serves_roll(self, 3) ? 0 : 10000,
                                                 &operation->overlapped, operation->flags));
}

int serves_disconnect(struct serves_thread* self, struct serves_slot* slot,
                      struct serves_operation* operation) {
    operation->kind = END;
    operation->flags = serves_roll(self, 3) ? TF_REUSE_SOCKET : 0;
    return serves__error(
        serves__disconnectex(slot->s, &operation->overlapped, operation->flags, 0));
}

int serves_transmit_and_wait(struct serves_thread* self, struct serves_slot* slot) {
    DWORD start = serves__start(slot), size = serves__size(self);
    slot->asked += size;
    if (SetFilePointer(self->file, (LONG) start, NULL, FILE_BEGIN) != start)
        serves_die("the file cannot be read", slot, (long) GetLastError());
    return serves__error(serves__transmitfile(slot->s, size != 0 ? self->file : self->empty, size,
                                              0, NULL, NULL, 0));
}

int serves_disconnect_and_wait(struct serves_thread* self, struct serves_slot* slot) {
    DWORD flags = serves_roll(self, 2) ? TF_REUSE_SOCKET : 0;
    int error = serves__error(serves__disconnectex(slot->s, NULL, flags, 0));
    if (error == 0)
        serves_be_ended(self, slot, flags);
    return error;
}

/* In this thread or in another, which ends right after the call */

struct serves__call {
    struct serves_thread* self;
    struct serves_slot* slot;
    struct serves_operation* operation;
    serves_begin* begin;
    int error;
};

static DWORD WINAPI serves__call(void* parameter) {
    struct serves__call* call = parameter;
    call->error = call->begin(call->self, call->slot, call->operation);
    return 0;
}

static void serves__call_in_other_thread(struct serves__call* call) {
    HANDLE thread = CreateThread(NULL, 131072, serves__call, call, 0, NULL);
    if (thread == NULL)
        serves_die("a thread cannot be made", call->slot, (long) GetLastError());
    call->slot->is_disturbed = 1;
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static struct serves_operation* serves__free_operation(struct serves_thread* self,
                                                       struct serves_slot* slot) {
    unsigned i = serves_roll(self, SERVES_OPERATIONS), tries;
    for (tries = 0; slot->operations[i].waits && tries < SERVES_OPERATIONS; tries++)
        i = (i + 1) % SERVES_OPERATIONS;
    return slot->operations[i].waits ? NULL : &slot->operations[i];
}

int serves_start(struct serves_thread* self, struct serves_slot* slot, serves_begin* begin) {
    struct serves__call call = {self, slot, serves__free_operation(self, slot), begin, 0};
    struct serves_operation* operation = call.operation;
    int is_plain = begin == serves_send || begin == serves_receive;
    int is_foreign;

    if (operation == NULL)
        return 0;
    memset(&operation->overlapped, 0, sizeof operation->overlapped);
    operation->asked = operation->flags = 0;
    operation->life = slot->life;
    operation->key = slot->key;
    is_foreign = !is_plain && serves_roll(self, 16) == 0;
    if (is_foreign)
        serves__call_in_other_thread(&call);
    else
        serves__call(&call);
    self->operations++;
    if (call.error != 0 && call.error != ERROR_IO_PENDING)
        return call.error;
    operation->waits = 1;
    slot->asked += operation->asked;
    if (is_foreign)
        slot->foreign = operation;
    return 0;
}

static void* serves__ask_for(GUID guid) {
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    void* function = NULL;
    DWORD bytes;
    if (WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &function,
                 sizeof function, &bytes, NULL, NULL) != 0)
        serves_die("an extension function is missing", NULL, WSAGetLastError());
    closesocket(s);
    return function;
}

/* Kept open, as the file is deleted when it is closed. */
static void serves__make_file(int i, DWORD size) {
    char folder[MAX_PATH];
    DWORD written;
    HANDLE file;
    GetTempPathA(sizeof folder, folder);
    GetTempFileNameA(folder, "srv", 0, serves__path[i]);
    file = CreateFileA(serves__path[i], GENERIC_WRITE | DELETE,
                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, CREATE_ALWAYS,
                       FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (file == INVALID_HANDLE_VALUE || !WriteFile(file, serves_payload, size, &written, NULL))
        serves_die("a file cannot be made", NULL, (long) GetLastError());
}

void serves_open_files(struct serves_thread* self) {
    const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    self->file = CreateFileA(serves__path[0], GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
    self->empty = CreateFileA(serves__path[1], GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
    if (self->file == INVALID_HANDLE_VALUE || self->empty == INVALID_HANDLE_VALUE)
        serves_die("the files cannot be opened", NULL, (long) GetLastError());
}

void serves_begin_prepare(void) {
    static const GUID accept = WSAID_ACCEPTEX, disconnect = WSAID_DISCONNECTEX;
    static const GUID file = WSAID_TRANSMITFILE, packets = WSAID_TRANSMITPACKETS;
    serves__make_file(0, SERVES_TOTAL);
    serves__make_file(1, 0);
    serves__acceptex = (LPFN_ACCEPTEX) serves__ask_for(accept);
    serves__disconnectex = (LPFN_DISCONNECTEX) serves__ask_for(disconnect);
    serves__transmitfile = (LPFN_TRANSMITFILE) serves__ask_for(file);
    serves__transmitpackets = (LPFN_TRANSMITPACKETS) serves__ask_for(packets);
}
