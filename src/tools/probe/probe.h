/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TOOLS_PROBE_PROBE_H
#define WSEXT_TOOLS_PROBE_PROBE_H

#include <winsock2.h>
#include <windows.h>

#include "wsext/report.h"

#define PROBE__TEXT 48
#define PROBE__ROWS 32

/* The functions of ws2_32 as a program gets them now: before the shim is loaded they are the
 * host's, afterwards the hooks. */
struct probe_api {
    int(WSAAPI* WSAIoctl)(SOCKET, DWORD, void*, DWORD, void*, DWORD, DWORD*, WSAOVERLAPPED*,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE);
    int(WSAAPI* setsockopt)(SOCKET, int, int, const char*, int);
    int(WSAAPI* getsockopt)(SOCKET, int, int, char*, int*);
};

/* What was found for one thing that a program may ask for. */
struct probe_answer {
    const char* kind; /* "function", "ioctl" or "option" */
    const char* name;
    int is_provided;        /* 1 only where it also behaves as something real. */
    char text[PROBE__TEXT]; /* "yes", or what is wrong, in words. */
    int has_module;         /* Whether a function's pointer leads into a module, */
    int is_ours;            /* and whether that is one of wsext. */
};

struct probe_answers {
    int count;
    struct probe_answer rows[PROBE__ROWS];
};

/* A self-test's name and its result: "ok", or what went wrong. */
struct probe_test {
    const char* name;
    int is_ok;
    char text[PROBE__TEXT];
};

#define PROBE__TESTS 5

struct probe_findings {
    char host[PROBE__TEXT]; /* Such as "Wine 8.0". */
    char problem[160];      /* Why the shim is not in use; empty where it is. */
    int has_host, has_shim; /* Whether each of the two could be asked. */
    struct probe_answers from_host, from_shim;
    struct wsext_report report; /* Of the shim. */
    struct probe_test tests[PROBE__TESTS];
    int is_well;
};

void probe_take_api(struct probe_api* api);

/* What a DLL of wsext exports and no other does; NULL for another. */
typedef int(WINAPI* probe_report_fn)(struct wsext_report*);
probe_report_fn probe_find_report(HMODULE module);

/* Asks for everything. Makes sockets, but no network traffic except an empty datagram to itself. */
void probe_ask(const struct probe_api* api, struct probe_answers* answers);

/* Tries ConnectEx on the loopback; takes some seconds where it hangs. */
void probe_connect(const struct probe_api* api, struct probe_test* tests);

void probe_print_table(const struct probe_findings* findings);
void probe_print_json(const struct probe_findings* findings);

/* A Winsock error as a word and a number, in a buffer that the next call uses again. */
const char* probe_error(int error);

#endif
