/* SPDX-License-Identifier: MIT */

/* hookers_test served | plain: others hook the exports that we have interposed, and ask whose they
 * are. All of it works without us, too, and with "plain" that is shown. */

/* clang-format off: winsock2.h has to come before windows.h. */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
/* clang-format on */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hooker.h"

static int hookers__is_served;

/* Functions of ours that are put in the place of exports: they count the calls and go on. */
#define HOOKERS__EXPORTS(X) \
    X(0, "ws2_32.dll", connect, int, (SOCKET s, const struct sockaddr* name, int length), \
      (s, name, length)) \
    X(1, "ws2_32.dll", send, int, (SOCKET s, const char* data, int length, int flags), \
      (s, data, length, flags)) \
    X(2, "ws2_32.dll", getpeername, int, (SOCKET s, struct sockaddr * name, int* length), \
      (s, name, length)) \
    X(3, "ws2_32.dll", bind, int, (SOCKET s, const struct sockaddr* name, int length), \
      (s, name, length)) \
    X(4, "ws2_32.dll", shutdown, int, (SOCKET s, int how), (s, how)) \
    X(5, "ws2_32.dll", closesocket, int, (SOCKET s), (s)) \
    X(6, "kernel32.dll", CloseHandle, BOOL, (HANDLE handle), (handle)) \
    X(7, "kernel32.dll", CancelIo, BOOL, (HANDLE handle), (handle)) \
    X(8, "kernel32.dll", GetOverlappedResult, BOOL, \
      (HANDLE file, OVERLAPPED * overlapped, DWORD * bytes, BOOL wait), \
      (file, overlapped, bytes, wait))

#define HOOKERS__COUNT 9

static struct hooker hookers__hooks[HOOKERS__COUNT];
static volatile LONG hookers__calls[HOOKERS__COUNT];

#define HOOKERS__REPLACE(index, module, name, result, parameters, arguments) \
    typedef result WINAPI hookers__##name##_fn parameters; \
    static result WINAPI hookers__##name parameters { \
        hookers__##name##_fn* original = (hookers__##name##_fn*) hookers__hooks[index].original; \
        InterlockedIncrement(&hookers__calls[index]); \
        return original arguments; \
    }
HOOKERS__EXPORTS(HOOKERS__REPLACE)
#undef HOOKERS__REPLACE

/* The same for those who keep no copy: they put back what was there, call it, and hook again. */
#define HOOKERS__REPLACE(index, module, name, result, parameters, arguments) \
    static result WINAPI hookers__again_##name parameters { \
        hookers__##name##_fn* original = \
            (hookers__##name##_fn*) (void*) hookers__hooks[index].target; \
        result answer; \
        hookers__calls[index]++; \
        hooker_undo(&hookers__hooks[index]); \
        answer = original arguments; \
        hooker_write(&hookers__hooks[index]); \
        return answer; \
    }
HOOKERS__EXPORTS(HOOKERS__REPLACE)
#undef HOOKERS__REPLACE

struct hookers__export {
    const char* module;
    const char* name;
    void* replacement;
    void* again;
};

static const struct hookers__export hookers__exports[HOOKERS__COUNT] = {
#define HOOKERS__ROW(index, module, name, result, parameters, arguments) \
    {module, #name, (void*) hookers__##name, (void*) hookers__again_##name},
    HOOKERS__EXPORTS(HOOKERS__ROW)
#undef HOOKERS__ROW
};

static void* hookers__find(const char* module, const char* name) {
    return (void*) GetProcAddress(GetModuleHandleA(module), name);
}

/* Calls each of the exports once, by the program's imports. */
static void hookers__exercise(void) {
    struct sockaddr_in name = {0}, peer;
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    SOCKET server;
    OVERLAPPED overlapped = {0};
    DWORD bytes = 1;
    char received[8] = {0};
    int length = sizeof name;

    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr*) &name, sizeof name), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr*) &name, &length), 0);
    assert_int_equal(connect(client, (struct sockaddr*) &name, sizeof name), 0);
    server = accept(listener, NULL, NULL);
    assert_int_equal(send(client, "words", 5, 0), 5);
    assert_int_equal(recv(server, received, sizeof received, 0), 5);
    assert_string_equal(received, "words");
    length = sizeof peer;
    assert_int_equal(getpeername(client, (struct sockaddr*) &peer, &length), 0);
    assert_int_equal(peer.sin_port, name.sin_port);
    assert_true(CancelIo((HANDLE) client));
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_true(GetOverlappedResult((HANDLE) client, &overlapped, &bytes, FALSE));
    assert_int_equal(bytes, 0);
    assert_true(CloseHandle(overlapped.hEvent));
    assert_int_equal(shutdown(client, SD_SEND), 0);
    assert_int_equal(recv(server, received, sizeof received, 0), 0);
    assert_int_equal(closesocket(client), 0);
    assert_int_equal(closesocket(server), 0);
    assert_int_equal(closesocket(listener), 0);
}

static void hookers__expect_calls(LONG expected) {
    int i;
    for (i = 0; i < HOOKERS__COUNT; i++) {
        if (expected == 0 ? hookers__calls[i] != 0 : hookers__calls[i] < expected)
            print_error("%s was called %ld times\n", hookers__exports[i].name, hookers__calls[i]);
        assert_true(expected == 0 ? hookers__calls[i] == 0 : hookers__calls[i] >= expected);
        hookers__calls[i] = 0;
    }
}

static void hookers__hook_all(enum hooker_kind kind, bool again) {
    int i;
    for (i = 0; i < HOOKERS__COUNT; i++) {
        const struct hookers__export* row = &hookers__exports[i];
        void* target = hookers__find(row->module, row->name);
        bool is_made =
            hooker_make(&hookers__hooks[i], kind, target, again ? row->again : row->replacement);
        if (!is_made)
            print_error("%s cannot be hooked by kind %d\n", row->name, kind);
        assert_true(is_made);
    }
    for (i = 0; i < HOOKERS__COUNT; i++)
        hooker_write(&hookers__hooks[i]);
}

static void hookers__unhook_all(void) {
    int i;
    for (i = 0; i < HOOKERS__COUNT; i++)
        hooker_undo(&hookers__hooks[i]);
}

static void hookers__run(enum hooker_kind kind, bool again) {
    int round;
    for (round = 0; round < 2; round++) {
        hookers__hook_all(kind, again);
        hookers__exercise();
        hookers__unhook_all();
        hookers__expect_calls(1);
        hookers__exercise();
        hookers__expect_calls(0);
    }
}

static void hooked_by_5_bytes(void** state) {
    (void) state;
    hookers__run(HOOKER_NEAR, false);
}

static void hooked_by_12_bytes(void** state) {
    (void) state;
    hookers__run(HOOKER_LOAD, false);
}

static void hooked_by_14_bytes(void** state) {
    (void) state;
    hookers__run(HOOKER_FAR, false);
}

/* Not every function of the host's own has the room. */
static void hooked_by_hot_patch(void** state) {
    (void) state;
    if (!hookers__is_served)
        skip();
    hookers__run(HOOKER_HOT, false);
}

static void hooked_again_after_each_call(void** state) {
    (void) state;
    hookers__run(HOOKER_NEAR, true);
    hookers__run(HOOKER_LOAD, true);
    hookers__run(HOOKER_FAR, true);
}

/* One after the other hooks the same export and takes its hook back, the last one first. */
static void hooked_by_two(void** state) {
    struct hooker second;
    int i;
    (void) state;
    hookers__hook_all(HOOKER_NEAR, false);
    for (i = 0; i < HOOKERS__COUNT; i++) {
        struct hooker first = hookers__hooks[i];
        assert_true(hooker_make(&second, HOOKER_NEAR, first.target, first.original));
        hooker_write(&second);
        hookers__exercise();
        hooker_undo(&second);
        hookers__exercise();
    }
    hookers__unhook_all();
    hookers__expect_calls(1);
}

/* An export that is overwritten by what only crashes does no harm to any other. */
static void neighbours_are_left_alone(void** state) {
    uint8_t broken[HOOKER_ROOM];
    int i;
    (void) state;
    memset(broken, 0xCC, sizeof broken);
    hookers__hook_all(HOOKER_FAR, false);
    hookers__unhook_all();
    for (i = 0; i < HOOKERS__COUNT; i++) {
        struct hooker* hook = &hookers__hooks[i];
        memcpy(hook->jump + HOOKER_BEFORE, broken, sizeof broken);
        hooker_write(hook);
        /* Any of them will do: the next one in memory is another's next in the table. */
        if (i != 7)
            assert_true(CancelIo((HANDLE) 0) || GetLastError() != 0);
        if (i != 4)
            assert_int_equal(shutdown(INVALID_SOCKET, SD_SEND), SOCKET_ERROR);
        if (i != 6)
            assert_true(CloseHandle(CreateEventW(NULL, TRUE, FALSE, NULL)));
        if (i != 5)
            assert_int_equal(closesocket(INVALID_SOCKET), SOCKET_ERROR);
        hooker_undo(hook);
    }
    hookers__exercise();
}

/* What is interposed, and all that is looked up in the modules that it belongs to. */
static void addresses_belong_to_their_modules(void** state) {
    static const char* const names[][2] = {
        {"ws2_32.dll", "WSAStartup"},
        {"ws2_32.dll", "WSAIoctl"},
        {"ws2_32.dll", "WSASend"},
        {"ws2_32.dll", "WSAGetOverlappedResult"},
        {"ws2_32.dll", "setsockopt"},
        {"ws2_32.dll", "socket"},
        {"kernelbase.dll", "CloseHandle"},
        {"kernelbase.dll", "GetOverlappedResult"},
        {"kernel32.dll", "CreateIoCompletionPort"},
        {"kernel32.dll", "GetQueuedCompletionStatus"},
        {"kernel32.dll", "SetFileCompletionNotificationModes"},
        {"kernel32.dll", "CancelIoEx"},
    };
    const DWORD flags =
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    size_t i, count = sizeof names / sizeof names[0];
    (void) state;
    for (i = 0; i < count + HOOKERS__COUNT; i++) {
        const char* module = i < count ? names[i][0] : hookers__exports[i - count].module;
        const char* name = i < count ? names[i][1] : hookers__exports[i - count].name;
        void* function = hookers__find(module, name);
        MEMORY_BASIC_INFORMATION info;
        HMODULE owner = NULL;
        if (function == NULL)
            continue;
        if (!GetModuleHandleExW(flags, function, &owner) || owner != GetModuleHandleA(module))
            print_error("%s of %s is at %p in module %p\n", name, module, function, (void*) owner);
        assert_ptr_equal(owner, GetModuleHandleA(module));
        assert_true(VirtualQuery(function, &info, sizeof info) != 0);
        assert_int_equal(info.Type, MEM_IMAGE);
        assert_int_equal(info.Protect, PAGE_EXECUTE_READ);
    }
}

int main(int argc, char** argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_belong_to_their_modules),
        cmocka_unit_test(hooked_by_5_bytes),
        cmocka_unit_test(hooked_by_12_bytes),
        cmocka_unit_test(hooked_by_14_bytes),
        cmocka_unit_test(hooked_by_hot_patch),
        cmocka_unit_test(hooked_again_after_each_call),
        cmocka_unit_test(hooked_by_two),
        cmocka_unit_test(neighbours_are_left_alone),
    };
    WSADATA data;
    if (argc != 2 || WSAStartup(0x0202, &data) != 0)
        return 2;
    hookers__is_served = strcmp(argv[1], "served") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
