/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_CONFORMANCE_H
#define WSEXT_CONFORMANCE_H

/* The program under test is an ordinary Windows program: it knows nothing of wsext, takes
 * ConnectEx from WSAIoctl, and imports ws2_32 as everybody does. */
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0600
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <mstcpip.h>
#include <windows.h>

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEST(topic, name, where, seconds) void topic##_##name(void** state);
#include "tests.def"

/* CMocka hands every test a state that none of them needs. */
#define CONF_TEST(name) \
    static void name##__body(void); \
    void name(void** state) { \
        (void) state; \
        name##__body(); \
    } \
    static void name##__body(void)

/* Of Microsoft's headers; others' lack them. */
#ifndef SIO_UDP_NETRESET
#define SIO_UDP_NETRESET _WSAIOW(IOC_VENDOR, 15)
#endif
#ifndef TCP_FASTOPEN
#define TCP_FASTOPEN 15
#endif
#ifndef WSAID_WSASENDMSG
#define WSAID_WSASENDMSG \
    { \
        0xa441e712, 0x754f, 0x43ca, { \
            0x84, 0xa7, 0x0d, 0xee, 0x44, 0xcf, 0x60, 0x6d \
        } \
    }
#endif

/* How many times longer than on a machine of its own something may take: what the variable
 * CONFORMANCE_PATIENCE says, as an emulated processor is slow; else 1. */
int conf_patience(void);

#define CONF__KEY 0x5eed
#define CONF__LIMIT (5000 * conf_patience())
#define CONF__QUIET 40

#define CONF__STATUS_PENDING 0x00000103u
#define CONF__STATUS_CANCELLED 0xC0000120u
#define CONF__STATUS_REFUSED 0xC0000236u

/* main.c: only the thread that runs the test may check or skip, as both unwind its stack. */
#define CHECK(what) \
    do { \
        if (!(what)) \
            conf_fail(__FILE__, __LINE__, "not true: %s", #what); \
    } while (0)
#define CHECK_EQ(actual, expected) \
    conf_equal(__FILE__, __LINE__, #actual, (long long) (actual), (long long) (expected))

void conf_fail(const char* file, int line, const char* format, ...);
void conf_equal(const char* file, int line, const char* what, long long actual, long long expected);
void conf_skip(const char* reason);

/* Ends the process, as a test that hangs: for what leaves it in no state to end by itself. Any
 * thread may call it. */
void conf_hang(const char* what);

/* peers.c */
struct conf_target {
    struct sockaddr_storage name;
    int length;
};

#define CONF__FILLERS 16

/* A peer that does not answer: a listener whose queue is full, as most systems then drop what else
 * asks for a connection, or an address. */
struct conf_silent {
    SOCKET listener;
    SOCKET fillers[CONF__FILLERS];
    int count;
    BOOL is_nowhere;
    struct conf_target target;
};

/* A thread that accepts one connection and reads it to the end. */
struct conf_sink {
    int family;
    int receive_buffer;
    DWORD accept_delay;
    DWORD read_delay;
    DWORD chunk;
    uint64_t reset_after;
    BOOL sparse;
    BOOL shut_reading;

    struct conf_target target;
    SOCKET listener;
    HANDLE thread;
    uint64_t received;
    uint64_t first_wrong;
    BOOL intact;
    BOOL ended;
};

/* The two ends of a connection, the client's made by ConnectEx and updated. */
struct conf_pair {
    SOCKET client;
    SOCKET server;
};

SOCKET conf_listen(int family, int backlog, struct conf_target* target);
SOCKET conf_refuse(int family, struct conf_target* target);
void conf_silent_fill(struct conf_silent* silent, int family);
void conf_silent_drain(struct conf_silent* silent);
void conf_sink_start(struct conf_sink* sink);
void conf_sink_finish(struct conf_sink* sink);
unsigned char conf_pattern(uint64_t offset);
void conf_pattern_fill(void* buffer, uint64_t length);
void conf_set_port(struct conf_target* target, unsigned short port);
unsigned short conf_get_port(const struct conf_target* target);
void conf_loopback(int family, struct conf_target* target);

/* calls.c */
SOCKET conf_tcp(int family);
SOCKET conf_client(int family);
void conf_bind(SOCKET socket, int family);
void conf_need_ipv6(void);
void conf_need_space(void);
void* conf_function(SOCKET socket, GUID guid);
LPFN_CONNECTEX conf_pointer(SOCKET socket);
LPFN_DISCONNECTEX conf_disconnect_pointer(SOCKET socket);
struct conf_pair conf_pair(int family);
HANDLE conf_port(SOCKET socket);
HANDLE conf_event(void);

/* A new port that has the value of one that was closed. */
HANDLE conf_port_at(HANDLE value);

/* handles.c: how many handles the process has, and a new event that has the value of one that was
 * closed, or NULL where the system does not give it again. */
int conf_handles(void);
HANDLE conf_event_at(HANDLE value);

/* handles.c: another handle of the socket, which was a process' that nobody looks at. */
SOCKET conf_handle_by_other_process(SOCKET socket);

BOOL conf_call(SOCKET socket, const struct conf_target* target, const void* buffer, DWORD length,
               OVERLAPPED* overlapped);
void conf_start(SOCKET socket, const struct conf_target* target, const void* buffer, DWORD length,
                OVERLAPPED* overlapped);
DWORD conf_wait(SOCKET socket, OVERLAPPED* overlapped, DWORD* bytes);
void conf_connect(SOCKET socket, const struct conf_target* target);
void conf_update(SOCKET socket);
void conf_exchange(SOCKET client, SOCKET server);
SOCKET conf_accept(SOCKET listener);
BOOL conf_dequeue(HANDLE port, DWORD limit, OVERLAPPED** overlapped, DWORD* error, DWORD* bytes);
void conf_packet(HANDLE port, OVERLAPPED* overlapped, DWORD error, DWORD bytes);
void conf_quiet(HANDLE port);
int conf_last(int result);

/* DisconnectEx with TF_REUSE_SOCKET; 0 or the error. */
int conf_reuse(SOCKET client);

/* Checks that the peer has ended the connection, and closes the socket. */
void conf_ended(SOCKET server);

/* The same for one that sends so many bytes first. */
void conf_ended_after(SOCKET server, int length);

/* newer.c: what NT 5.2 does not export; a test skips where the system lacks what it calls. */
BOOL conf_cancel_io_ex(HANDLE file, OVERLAPPED* overlapped);
BOOL conf_dequeue_many(HANDLE port, OVERLAPPED_ENTRY* entries, ULONG room, ULONG* count,
                       DWORD limit);
BOOL conf_set_modes(HANDLE file, UCHAR modes);

/* CancelIoEx, or CancelIo where there is none: for an operation that this thread began and that is
 * the only one which it has on the handle. */
BOOL conf_cancel(HANDLE file, OVERLAPPED* overlapped);

/* accepts.c */

/* An AcceptEx and all that belongs to it. */
struct conf_acceptance {
    SOCKET listener;
    SOCKET acceptor;
    SOCKET client;
    struct conf_target target;
    char* buffer; /* `room` where the test gives no other. */
    DWORD receive_length;
    DWORD local_length;
    DWORD remote_length;
    OVERLAPPED overlapped;
    char room[512];
};

LPFN_ACCEPTEX conf_accept_pointer(void);
LPFN_GETACCEPTEXSOCKADDRS conf_sockaddrs_pointer(void);
void conf_acceptance_open(struct conf_acceptance* a, int family);
BOOL conf_acceptance_call(struct conf_acceptance* a);
void conf_acceptance_start(struct conf_acceptance* a);
void conf_acceptance_refused(struct conf_acceptance* a, int error);
void conf_acceptance_connect(struct conf_acceptance* a);
DWORD conf_acceptance_wait(struct conf_acceptance* a, DWORD* bytes);
void conf_acceptance_update(struct conf_acceptance* a);
void conf_acceptance_addresses(struct conf_acceptance* a);
void conf_reset(SOCKET s);

/* transmissions.c */

/* A connection whose other end reads all that comes, and the client's port or NULL. */
struct conf_transmission {
    SOCKET client;
    HANDLE port;
    struct conf_sink sink;
    LPFN_TRANSMITFILE file;
    LPFN_TRANSMITPACKETS packets;
    OVERLAPPED overlapped;
};

LPFN_TRANSMITFILE conf_file_pointer(SOCKET socket);
LPFN_TRANSMITPACKETS conf_packets_pointer(SOCKET socket);
void conf_transmission_open(struct conf_transmission* t, BOOL with_port);
void conf_transmission_connect(struct conf_transmission* t, SOCKET client);
void conf_transmission_close(struct conf_transmission* t, uint64_t received);
void conf_transmission_broken(struct conf_transmission* t, BOOL done);
void conf_packets_start(struct conf_transmission* t, TRANSMIT_PACKETS_ELEMENT* elements,
                        DWORD count, DWORD flags);
void conf_packets_refused(struct conf_transmission* t, TRANSMIT_PACKETS_ELEMENT* elements,
                          DWORD count, DWORD flags, int error);
void conf_file_start(struct conf_transmission* t, HANDLE file, uint64_t offset, DWORD length,
                     TRANSMIT_FILE_BUFFERS* buffers, DWORD flags);
void conf_file_refused(struct conf_transmission* t, HANDLE file, uint64_t offset, DWORD length,
                       TRANSMIT_FILE_BUFFERS* buffers, DWORD flags, int error);
TRANSMIT_FILE_BUFFERS conf_file_buffers(const void* head, DWORD head_length, const void* tail,
                                        DWORD tail_length);
TRANSMIT_PACKETS_ELEMENT conf_memory_element(const void* memory, DWORD length);
TRANSMIT_PACKETS_ELEMENT conf_file_element(HANDLE file, int64_t offset, DWORD length);
HANDLE conf_directory(void);
HANDLE conf_pattern_file(uint64_t length);
HANDLE conf_sparse_file(uint64_t length);
HANDLE conf_open_file(DWORD access, DWORD flags);
int64_t conf_file_position(HANDLE file);
unsigned char* conf_pattern_pages(DWORD length);

/* memory.c */
void* conf_noaccess(void);
void* conf_readonly(void);
void* conf_before_noaccess(const void* content, size_t length);
void* conf_pages(size_t length);

#endif
