/* SPDX-License-Identifier: MIT */

/* A socket reports to a completion port by more ways than CreateIoCompletionPort on that very
 * handle: a thread pool's, a call of ntdll, and another handle of the same socket. Each operation
 * is told of there, once and with its byte count, and in skip mode unless its call has ended it.
 *
 * Each test goes through all ways and tells of each that fails. */

#include "conformance.h"

#define ASSOCIATIONS__LARGE (4u << 20)
#define ASSOCIATIONS__PROMPT (1000 * conf_patience()) /* In milliseconds. */
#define ASSOCIATIONS__ENDS 16

/* FileCompletionInformation and what it takes. */
#define ASSOCIATIONS__CLASS 30

struct associations__info {
    HANDLE port;
    ULONG_PTR key;
};

/* What was told of the end of an operation. */
struct associations__end {
    void* overlapped;
    BOOL failed;
    ULONG_PTR bytes;
};

/* What the operations of a case name outlives the test, as they may be pending at its end. */
struct associations__places {
    OVERLAPPED overlapped[3];
    struct conf_sink sink;
};

struct associations__case {
    const struct associations__way* way;
    struct associations__places* places;
    BOOL skip;
    BOOL bad;
    SOCKET client;
    HANDLE port; /* Where a port of the test's own is used. */
    void* io;    /* Of the thread pool. */
};

struct associations__way {
    const char* name;
    BOOL (*join)(struct associations__case* c);
    /* Before each operation, and where it has ended without being told of; may be NULL. */
    void (*before)(struct associations__case* c);
    void (*undo)(struct associations__case* c);
};

static struct associations__end associations__ends[ASSOCIATIONS__ENDS];
static volatile LONG associations__count;
static LONG associations__taken;
static HANDLE associations__told;

/* Only the thread that runs the test may check, and it goes on with the next way. */
static void associations__say(struct associations__case* c, const char* format, ...) {
    va_list arguments;

    printf("WHAT: %s%s: ", c->way->name, c->skip ? ", skip mode" : "");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    c->bad = TRUE;
}

static void associations__tell(void* overlapped, BOOL failed, ULONG_PTR bytes) {
    LONG i = (InterlockedIncrement(&associations__count) - 1) % ASSOCIATIONS__ENDS;

    associations__ends[i].overlapped = overlapped;
    associations__ends[i].failed = failed;
    associations__ends[i].bytes = bytes;
    ReleaseSemaphore(associations__told, 1, NULL);
}

/* The ways */

static FARPROC associations__find(const char* module, const char* name) {
    return GetProcAddress(GetModuleHandleA(module), name);
}

static VOID CALLBACK associations__pool_told(void* instance, void* context, void* overlapped,
                                             ULONG result, ULONG_PTR bytes, void* io) {
    (void) instance;
    (void) context;
    (void) io;
    associations__tell(overlapped, result != 0, bytes);
}

static BOOL associations__join_pool(struct associations__case* c) {
    void*(WINAPI * create)(HANDLE, void*, void*, void*) =
        (void*) associations__find("kernel32.dll", "CreateThreadpoolIo");

    if (create != NULL)
        c->io = create((HANDLE) c->client, (void*) associations__pool_told, NULL, NULL);
    return c->io != NULL;
}

static void associations__before_pool(struct associations__case* c) {
    VOID(WINAPI * start)(void*) = (void*) associations__find("kernel32.dll", "StartThreadpoolIo");
    start(c->io);
}

static void associations__undo_pool(struct associations__case* c) {
    VOID(WINAPI * cancel)(void*) = (void*) associations__find("kernel32.dll", "CancelThreadpoolIo");
    cancel(c->io);
}

static VOID CALLBACK associations__tp_told(void* instance, void* context, void* overlapped,
                                           ULONG_PTR* block, void* io) {
    (void) instance;
    (void) context;
    (void) io;
    associations__tell(overlapped, (LONG) block[0] < 0, block[1]);
}

static BOOL associations__join_tp(struct associations__case* c) {
    LONG(NTAPI * allocate)
    (void**, HANDLE, void*, void*, void*) =
        (void*) associations__find("ntdll.dll", "TpAllocIoCompletion");

    return allocate != NULL &&
           allocate(&c->io, (HANDLE) c->client, (void*) associations__tp_told, NULL, NULL) == 0;
}

static void associations__before_tp(struct associations__case* c) {
    VOID(NTAPI * start)
    (void*) = (void*) associations__find("ntdll.dll", "TpStartAsyncIoOperation");
    start(c->io);
}

static void associations__undo_tp(struct associations__case* c) {
    VOID(NTAPI * cancel)
    (void*) = (void*) associations__find("ntdll.dll", "TpCancelAsyncIoOperation");
    cancel(c->io);
}

static VOID CALLBACK associations__callback_told(DWORD error, DWORD bytes, OVERLAPPED* overlapped) {
    associations__tell(overlapped, error != 0, bytes);
}

static BOOL associations__join_callback(struct associations__case* c) {
    return BindIoCompletionCallback((HANDLE) c->client, associations__callback_told, 0);
}

static BOOL associations__make_port(struct associations__case* c) {
    c->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    return c->port != NULL;
}

static BOOL associations__join_ntdll(struct associations__case* c) {
    LONG(NTAPI * set)
    (HANDLE, void*, void*, ULONG, int) =
        (void*) associations__find("ntdll.dll", "NtSetInformationFile");
    struct associations__info info;
    ULONG_PTR block[2];

    if (!associations__make_port(c))
        return FALSE;
    info.port = c->port;
    info.key = CONF__KEY;
    return set((HANDLE) c->client, block, &info, sizeof info, ASSOCIATIONS__CLASS) == 0;
}

static BOOL associations__join_duplicate(struct associations__case* c) {
    HANDLE self = GetCurrentProcess(), other = NULL;

    return associations__make_port(c) &&
           DuplicateHandle(self, (HANDLE) c->client, self, &other, 0, FALSE,
                           DUPLICATE_SAME_ACCESS) &&
           CreateIoCompletionPort(other, c->port, CONF__KEY, 0) == c->port;
}

static BOOL associations__join_shared(struct associations__case* c) {
    WSAPROTOCOL_INFOW info;
    SOCKET other;

    if (!associations__make_port(c) ||
        WSADuplicateSocketW(c->client, GetCurrentProcessId(), &info) != 0)
        return FALSE;
    other = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                       WSA_FLAG_OVERLAPPED);
    return other != INVALID_SOCKET &&
           CreateIoCompletionPort((HANDLE) other, c->port, CONF__KEY, 0) == c->port;
}

static const struct associations__way associations__ways[] = {
    {"CreateThreadpoolIo", associations__join_pool, associations__before_pool,
     associations__undo_pool},
    {"TpAllocIoCompletion", associations__join_tp, associations__before_tp, associations__undo_tp},
    {"BindIoCompletionCallback", associations__join_callback, NULL, NULL},
    {"NtSetInformationFile", associations__join_ntdll, NULL, NULL},
    {"DuplicateHandle", associations__join_duplicate, NULL, NULL},
    {"WSADuplicateSocket", associations__join_shared, NULL, NULL},
};

/* What an operation is answered with, and told of */

static BOOL associations__take(struct associations__case* c, DWORD limit,
                               struct associations__end* end) {
    OVERLAPPED* overlapped = NULL;
    ULONG_PTR key;
    DWORD bytes = 0;
    BOOL success;

    if (c->port != NULL) {
        success = GetQueuedCompletionStatus(c->port, &bytes, &key, &overlapped, limit);
        end->overlapped = overlapped;
        end->failed = !success;
        end->bytes = bytes;
        return overlapped != NULL;
    }
    do {
        if (WaitForSingleObject(associations__told, limit) != WAIT_OBJECT_0)
            return FALSE;
        *end = associations__ends[associations__taken++ % ASSOCIATIONS__ENDS];
        /* What an earlier case has left pending may end now. */
    } while ((char*) end->overlapped < (char*) c->places ||
             (char*) end->overlapped >= (char*) (c->places + 1));
    return TRUE;
}

static void associations__before(struct associations__case* c) {
    if (c->way->before != NULL)
        c->way->before(c);
    WSASetLastError(0);
}

static void associations__quiet(struct associations__case* c, const char* what) {
    struct associations__end end;

    if (associations__take(c, CONF__QUIET, &end))
        associations__say(c, "%s is told of once too often", what);
}

/* With what the call has returned and the last error. Returns whether all was as it must be. */
static BOOL associations__ended(struct associations__case* c, const char* what, BOOL done,
                                const OVERLAPPED* overlapped, BOOL fails, ULONG_PTR bytes) {
    int error = WSAGetLastError();
    struct associations__end end;

    if (!done && error != ERROR_IO_PENDING) {
        associations__say(c, "%s is answered with %d", what, error);
        if (c->way->undo != NULL)
            c->way->undo(c);
        return FALSE;
    }
    if (done && c->skip) {
        if (c->way->undo != NULL)
            c->way->undo(c);
        if (overlapped->InternalHigh != bytes)
            associations__say(c, "%s says %lu bytes", what,
                              (unsigned long) overlapped->InternalHigh);
    } else if (!associations__take(c, ASSOCIATIONS__PROMPT, &end)) {
        associations__say(c, "%s is not told of, status %#lx", what,
                          (unsigned long) overlapped->Internal);
    } else if (end.overlapped != overlapped) {
        associations__say(c, "%s: another one is told of", what);
    } else if (end.failed != fails) {
        associations__say(c, "%s is told of as a %s", what, fails ? "success" : "failure");
    } else if (end.bytes != bytes) {
        associations__say(c, "%s is told of with %lu bytes instead of %lu", what,
                          (unsigned long) end.bytes, (unsigned long) bytes);
    }
    if (!c->bad)
        associations__quiet(c, what);
    return !c->bad;
}

/* The operations */

static BOOL associations__call(SOCKET client, const struct conf_target* target, const void* payload,
                               DWORD length, OVERLAPPED* overlapped) {
    return conf_pointer(client)(client, (const struct sockaddr*) &target->name, target->length,
                                (void*) payload, length, NULL, overlapped);
}

static BOOL associations__connect_to(struct associations__case* c, OVERLAPPED* overlapped,
                                     DWORD length) {
    LPFN_CONNECTEX connect_ex = conf_pointer(c->client);
    void* payload = length != 0 ? conf_pattern_pages(length) : NULL;
    BOOL done;

    associations__before(c);
    done = connect_ex(c->client, (struct sockaddr*) &c->places->sink.target.name,
                      c->places->sink.target.length, payload, length, NULL, overlapped);
    return associations__ended(c, "ConnectEx", done, overlapped, FALSE, length);
}

static void associations__connect(struct associations__case* c) {
    conf_bind(c->client, AF_INET);
    conf_sink_start(&c->places->sink);
    associations__connect_to(c, &c->places->overlapped[0], 0);
}

static void associations__payload(struct associations__case* c) {
    conf_bind(c->client, AF_INET);
    conf_sink_start(&c->places->sink);
    associations__connect_to(c, &c->places->overlapped[0], ASSOCIATIONS__LARGE);
}

static void associations__refused_with(struct associations__case* c, const char* payload,
                                       DWORD length) {
    struct conf_target target;
    BOOL done;

    conf_bind(c->client, AF_INET);
    conf_refuse(AF_INET, &target);
    associations__before(c);
    done = associations__call(c->client, &target, payload, length, &c->places->overlapped[0]);
    associations__ended(c, "ConnectEx", done, &c->places->overlapped[0], TRUE, 0);
}

static void associations__refused(struct associations__case* c) {
    associations__refused_with(c, NULL, 0);
}

static void associations__refusal(struct associations__case* c) {
    associations__refused_with(c, "data", 4);
}

static void associations__connect_plainly(struct associations__case* c) {
    conf_sink_start(&c->places->sink);
    CHECK_EQ(conf_last(connect(c->client, (struct sockaddr*) &c->places->sink.target.name,
                               c->places->sink.target.length)),
             0);
}

static BOOL associations__send_file(struct associations__case* c, OVERLAPPED* overlapped,
                                    DWORD length) {
    LPFN_TRANSMITFILE function = conf_file_pointer(c->client);
    HANDLE file = conf_pattern_file(length);
    BOOL done, good;

    associations__before(c);
    done = function(c->client, file, 0, 0, overlapped, NULL, 0);
    good = associations__ended(c, "TransmitFile", done, overlapped, FALSE, length);
    CloseHandle(file);
    return good;
}

static void associations__file(struct associations__case* c) {
    associations__connect_plainly(c);
    if (associations__send_file(c, &c->places->overlapped[0], 1000))
        associations__send_file(c, &c->places->overlapped[1], ASSOCIATIONS__LARGE);
}

static BOOL associations__send_packets(struct associations__case* c, OVERLAPPED* overlapped,
                                       DWORD length) {
    LPFN_TRANSMITPACKETS function = conf_packets_pointer(c->client);
    unsigned char* bytes = conf_pattern_pages(length);
    TRANSMIT_PACKETS_ELEMENT elements[2] = {conf_memory_element(bytes, 1),
                                            conf_memory_element(bytes + 1, length - 1)};
    BOOL done;

    associations__before(c);
    done = function(c->client, elements, 2, 0, overlapped, 0);
    return associations__ended(c, "TransmitPackets", done, overlapped, FALSE, length);
}

static void associations__packets(struct associations__case* c) {
    associations__connect_plainly(c);
    if (associations__send_packets(c, &c->places->overlapped[0], 1000))
        associations__send_packets(c, &c->places->overlapped[1], ASSOCIATIONS__LARGE);
}

static void associations__disconnect(struct associations__case* c) {
    LPFN_DISCONNECTEX function = conf_disconnect_pointer(c->client);
    BOOL done;

    associations__connect_plainly(c);
    associations__before(c);
    done = function(c->client, &c->places->overlapped[0], 0, 0);
    associations__ended(c, "DisconnectEx", done, &c->places->overlapped[0], FALSE, 0);
}

/* Where the association cannot be kept, the reuse is refused and the connection stays. */
static void associations__reuse(struct associations__case* c) {
    LPFN_DISCONNECTEX function = conf_disconnect_pointer(c->client);
    BOOL done;

    conf_bind(c->client, AF_INET);
    associations__connect_plainly(c);
    associations__before(c);
    done = function(c->client, &c->places->overlapped[0], TF_REUSE_SOCKET, 0);
    if (!done && WSAGetLastError() == WSAEOPNOTSUPP) {
        if (c->way->undo != NULL)
            c->way->undo(c);
        if (send(c->client, "data", 4, 0) != 4)
            associations__say(c, "the connection is gone (%d)", WSAGetLastError());
        return;
    }
    if (!associations__ended(c, "DisconnectEx", done, &c->places->overlapped[0], FALSE, 0))
        return;
    memset(&c->places->sink, 0, sizeof c->places->sink);
    conf_sink_start(&c->places->sink);
    if (associations__connect_to(c, &c->places->overlapped[1], ASSOCIATIONS__LARGE))
        associations__send_file(c, &c->places->overlapped[2], 1000);
}

static void associations__each(void (*run)(struct associations__case*), BOOL skip) {
    static struct associations__places
        places[sizeof associations__ways / sizeof *associations__ways];
    const size_t count = sizeof associations__ways / sizeof *associations__ways;
    size_t i, bad = 0;

    for (i = 0; i < count; i++) {
        struct associations__case c = {0};

        c.way = &associations__ways[i];
        c.places = &places[i];
        c.skip = skip;
        associations__told = CreateSemaphoreW(NULL, 0, ASSOCIATIONS__ENDS, NULL);
        associations__count = associations__taken = 0;
        c.client = conf_tcp(AF_INET);
        if (!c.way->join(&c)) {
            associations__say(&c, "cannot be associated (%d)", WSAGetLastError());
        } else {
            if (skip)
                CHECK(conf_set_modes((HANDLE) c.client, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
            run(&c);
        }
        bad += c.bad;
        closesocket(c.client);
    }
    if (bad > 0)
        conf_fail(__FILE__, __LINE__, "%u of %u ways fail", (unsigned) bad, (unsigned) count);
}

#define ASSOCIATIONS__TEST(topic, name) \
    CONF_TEST(topic##_##name) { \
        associations__each(associations__##name, FALSE); \
    } \
    CONF_TEST(topic##_##name##_skip) { \
        associations__each(associations__##name, TRUE); \
    }

ASSOCIATIONS__TEST(associations, file)
ASSOCIATIONS__TEST(associations, packets)
ASSOCIATIONS__TEST(associations, disconnect)
ASSOCIATIONS__TEST(associations, reuse)
ASSOCIATIONS__TEST(connectassociations, connect)
ASSOCIATIONS__TEST(connectassociations, payload)
ASSOCIATIONS__TEST(connectassociations, refused)
ASSOCIATIONS__TEST(connectassociations, refusal)
