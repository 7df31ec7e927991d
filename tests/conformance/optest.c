/* SPDX-License-Identifier: MIT */
#include "optest.h"

#define OPTEST__DATA 4

static struct {
    LPFN_CONNECTEX connect;
    LPFN_DISCONNECTEX disconnect;
    LPFN_TRANSMITFILE file;
    LPFN_TRANSMITPACKETS packets;
    SOCKET listener;
    struct conf_silent silent;
    struct conf_target target;
    HANDLE source;
    char* bytes;
} optest;

struct optest__thread {
    struct optest* os;
    int count;
    int error; /* Of the first that was not pending. */
    HANDLE issued;
    HANDLE go;
    HANDLE thread;
};
static struct optest__thread optest__thread;

static BOOL optest__is_connecting(enum optest_what what) {
    return what == OPTEST_CONNECT || what == OPTEST_PAYLOAD;
}

void optest_prepare(enum optest_what what) {
    SOCKET probe = conf_tcp(AF_INET);

    optest.connect = conf_pointer(probe);
    optest.disconnect = conf_disconnect_pointer(probe);
    optest.file = conf_file_pointer(probe);
    if (what == OPTEST_PACKETS)
        optest.packets = conf_packets_pointer(probe);
    conf_accept_pointer();
    closesocket(probe);
    if (optest__is_connecting(what)) {
        conf_silent_fill(&optest.silent, AF_INET);
        optest.listener = optest.silent.listener;
        optest.target = optest.silent.target;
        return;
    }
    optest.listener = conf_listen(AF_INET, OPTEST__MOST, &optest.target);
    if (what == OPTEST_FILE)
        optest.source = conf_sparse_file(OPTEST__LARGE);
    else if (what != OPTEST_ACCEPT && optest.bytes == NULL)
        optest.bytes = conf_pages(OPTEST__LARGE);
}

static void optest__send(struct optest* o) {
    WSABUF buffer = {OPTEST__LARGE, optest.bytes};

    o->sending.hEvent = (HANDLE) ((ULONG_PTR) conf_event() | 1);
    CHECK_EQ(conf_last(WSASend(o->socket, &buffer, 1, NULL, 0, &o->sending, NULL)), WSA_IO_PENDING);
}

void optest_open(struct optest* o, enum optest_what what) {
    o->what = what;
    o->peer = INVALID_SOCKET;
    o->socket = conf_tcp(AF_INET);
    if (what == OPTEST_ACCEPT)
        return;
    if (optest__is_connecting(what) || what == OPTEST_SENDING) {
        conf_bind(o->socket, AF_INET);
        return;
    }
    CHECK_EQ(connect(o->socket, (struct sockaddr*) &optest.target.name, optest.target.length), 0);
    o->peer = conf_accept(optest.listener);
    if (what == OPTEST_DISCONNECT)
        optest__send(o);
}

static BOOL optest__call(struct optest* o) {
    TRANSMIT_PACKETS_ELEMENT elements[2];
    const struct sockaddr* name = (const struct sockaddr*) &optest.target.name;
    DWORD unused;

    switch (o->what) {
        case OPTEST_FILE:
            return optest.file(o->socket, optest.source, 0, 0, &o->overlapped, NULL, 0);
        case OPTEST_PACKETS:
            elements[0] = conf_memory_element(optest.bytes, 1);
            elements[1] = conf_memory_element(optest.bytes + 1, OPTEST__LARGE - 1);
            return optest.packets(o->socket, elements, 2, 0, &o->overlapped, 0);
        case OPTEST_DISCONNECT:
            return optest.disconnect(o->socket, &o->overlapped, 0, 0);
        case OPTEST_ACCEPT:
            return conf_accept_pointer()(optest.listener, o->socket, o->addresses, 0, 32, 32,
                                         &unused, &o->overlapped);
        case OPTEST_CONNECT:
            return optest.connect(o->socket, name, optest.target.length, NULL, 0, NULL,
                                  &o->overlapped);
        case OPTEST_PAYLOAD:
            return optest.connect(o->socket, name, optest.target.length, "data", OPTEST__DATA, NULL,
                                  &o->overlapped);
        default:
            return optest.connect(o->socket, name, optest.target.length, optest.bytes,
                                  OPTEST__LARGE, NULL, &o->overlapped);
    }
}

int optest_issue(struct optest* o) {
    WSASetLastError(0);
    return optest__call(o) ? 0 : WSAGetLastError();
}

static void optest__settle(struct optest* o) {
    char byte;

    if (o->what == OPTEST_SENDING) {
        o->peer = conf_accept(optest.listener);
        CHECK_EQ(recv(o->peer, &byte, 1, MSG_PEEK), 1);
    }
    CHECK_EQ(o->overlapped.Internal, CONF__STATUS_PENDING);
}

void optest_start(struct optest* o) {
    CHECK_EQ(optest_issue(o), ERROR_IO_PENDING);
    optest__settle(o);
}

static DWORD WINAPI optest__run(void* parameter) {
    struct optest__thread* self = parameter;
    int i;

    for (i = 0; i < self->count && self->error == ERROR_IO_PENDING; i++)
        self->error = optest_issue(&self->os[i]);
    SetEvent(self->issued);
    WaitForSingleObject(self->go, INFINITE);
    return 0;
}

void optest_issue_in_thread(struct optest* os, int count) {
    struct optest__thread* self = &optest__thread;
    int i;

    self->os = os;
    self->count = count;
    self->error = ERROR_IO_PENDING;
    self->issued = conf_event();
    self->go = conf_event();
    self->thread = CreateThread(NULL, 0, optest__run, self, 0, NULL);
    CHECK_EQ(WaitForSingleObject(self->issued, CONF__LIMIT), WAIT_OBJECT_0);
    CHECK_EQ(self->error, ERROR_IO_PENDING);
    for (i = 0; i < count; i++)
        optest__settle(&os[i]);
}

static void optest__end_thread(void) {
    SetEvent(optest__thread.go);
    CHECK_EQ(WaitForSingleObject(optest__thread.thread, CONF__LIMIT), WAIT_OBJECT_0);
    CloseHandle(optest__thread.thread);
    CloseHandle(optest__thread.issued);
    CloseHandle(optest__thread.go);
    memset(&optest__thread, 0, sizeof optest__thread);
}

static void optest__read(struct optest* o) {
    static char sink[65536];
    DWORD limit = CONF__LIMIT, received = 0;
    int got;

    CHECK_EQ(setsockopt(o->peer, SOL_SOCKET, SO_RCVTIMEO, (char*) &limit, sizeof limit), 0);
    while (received < OPTEST__LARGE) {
        got = recv(o->peer, sink, sizeof sink, 0);
        CHECK(got > 0);
        received += (DWORD) got;
    }
}

/* The system of the client asks again after a second, and then there is nobody any more. */
static void optest__refuse(void) {
    int i;

    if (optest.silent.is_nowhere)
        conf_skip("this system's peer that does not answer cannot be made to refuse");
    closesocket(optest.silent.listener);
    for (i = 0; i < optest.silent.count; i++)
        closesocket(optest.silent.fillers[i]);
    optest.silent.count = 0;
    optest.listener = INVALID_SOCKET;
}

static void optest__answer(struct optest* os, int count) {
    int i;

    if (os->what == OPTEST_ACCEPT) {
        for (i = 0; i < count; i++) {
            os[i].peer = conf_tcp(AF_INET);
            CHECK_EQ(
                connect(os[i].peer, (struct sockaddr*) &optest.target.name, optest.target.length),
                0);
        }
        return;
    }
    CHECK_EQ(listen(optest.listener, OPTEST__MOST), 0);
    conf_silent_drain(&optest.silent);
    optest.silent.count = 0;
    for (i = 0; i < count; i++)
        os[i].peer = conf_accept(optest.listener);
}

SOCKET optest_issued_on(const struct optest* o) {
    return o->what == OPTEST_ACCEPT ? optest.listener : o->socket;
}

static void optest__cancel(struct optest* o) {
    /* The listener has several. */
    BOOL done = o->what == OPTEST_ACCEPT
                    ? conf_cancel_io_ex((HANDLE) optest.listener, &o->overlapped)
                    : conf_cancel((HANDLE) o->socket, &o->overlapped);

    if (!done)
        conf_fail(__FILE__, __LINE__, "CancelIoEx fails with %lu, the status is %#lx",
                  (unsigned long) GetLastError(), (unsigned long) o->overlapped.Internal);
}

static void optest__end_one(struct optest* o, enum optest_ending ending) {
    switch (ending) {
        case OPTEST_CANCEL:
            optest__cancel(o);
            break;
        case OPTEST_CLOSE:
            if (o->what != OPTEST_ACCEPT) {
                CHECK_EQ(closesocket(o->socket), 0);
                o->socket = INVALID_SOCKET;
            } else if (optest.listener != INVALID_SOCKET) {
                CHECK_EQ(closesocket(optest.listener), 0);
                optest.listener = INVALID_SOCKET;
            }
            break;
        case OPTEST_READ:
            optest__read(o);
            break;
        case OPTEST_RESET:
            conf_reset(o->peer);
            o->peer = INVALID_SOCKET;
            break;
        default:
            break;
    }
}

void optest_end(struct optest* os, int count, enum optest_ending ending) {
    int i;

    if (ending == OPTEST_EXIT)
        optest__end_thread();
    else if (ending == OPTEST_REFUSE)
        optest__refuse();
    else if (ending == OPTEST_ANSWER)
        optest__answer(os, count);
    for (i = 0; i < count; i++)
        optest__end_one(&os[i], ending);
    if (optest__thread.thread != NULL)
        optest__end_thread();
}

void optest_wait(const struct optest* o) {
    const volatile ULONG_PTR* status = &o->overlapped.Internal;
    int i;

    for (i = 0; i < CONF__LIMIT && *status == CONF__STATUS_PENDING; i++)
        Sleep(1);
    if (*status == CONF__STATUS_PENDING)
        conf_fail(__FILE__, __LINE__, "still pending after %d ms", CONF__LIMIT);
}

DWORD optest_bytes(enum optest_what what) {
    switch (what) {
        case OPTEST_PAYLOAD:
            return OPTEST__DATA;
        case OPTEST_FILE:
        case OPTEST_PACKETS:
        case OPTEST_SENDING:
            return OPTEST__LARGE;
        default:
            return 0;
    }
}

DWORD optest_status(enum optest_ending ending) {
    switch (ending) {
        case OPTEST_CANCEL:
        case OPTEST_CLOSE:
        case OPTEST_EXIT:
            return CONF__STATUS_CANCELLED;
        case OPTEST_REFUSE:
            return CONF__STATUS_REFUSED;
        default:
            return 0;
    }
}

void optest_close(struct optest* o) {
    if (o->socket != INVALID_SOCKET)
        closesocket(o->socket);
    if (o->peer != INVALID_SOCKET)
        closesocket(o->peer);
    if (o->sending.hEvent != NULL)
        CloseHandle((HANDLE) ((ULONG_PTR) o->sending.hEvent & ~(ULONG_PTR) 1));
}

/* The pages stay: a send of the program's may still be pending. */
void optest_finish(void) {
    int i;

    if (optest.listener != INVALID_SOCKET)
        closesocket(optest.listener);
    for (i = 0; i < optest.silent.count; i++)
        closesocket(optest.silent.fillers[i]);
    if (optest.source != NULL)
        CloseHandle(optest.source);
    memset(&optest.silent, 0, sizeof optest.silent);
    optest.source = NULL;
}
