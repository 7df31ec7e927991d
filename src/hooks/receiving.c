/* SPDX-License-Identifier: MIT */
#include "hooks/receiving.h"

#include <stddef.h>

#include "base/memory.h"
#include "core/gate.h"

int WSAAPI hook_recv(SOCKET s, char* buffer, int length, int flags) {
    lock_count_t* gate = gate_enter(s);
    int result = host.recv(s, buffer, length, flags);
    gate_leave(gate);
    return result;
}

int WSAAPI hook_recvfrom(SOCKET s, char* buffer, int length, int flags, struct sockaddr* name,
                         int* name_length) {
    lock_count_t* gate = gate_enter(s);
    int result = host.recvfrom(s, buffer, length, flags, name, name_length);
    gate_leave(gate);
    return result;
}

int WSAAPI hook_WSARecv(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
                        WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    lock_count_t* gate = gate_enter(s);
    int result = host.WSARecv(s, buffers, count, received, flags, overlapped, routine);
    gate_leave(gate);
    return result;
}

int WSAAPI hook_WSARecvFrom(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
                            struct sockaddr* name, int* name_length, WSAOVERLAPPED* overlapped,
                            LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    lock_count_t* gate = gate_enter(s);
    int result = host.WSARecvFrom(s, buffers, count, received, flags, name, name_length, overlapped,
                                  routine);
    gate_leave(gate);
    return result;
}

/* Wine queues a poll of several sockets on the last of them. The host takes any pointer at its own
 * risk; ours must not be to look at it first. */

static void receiving__find_last(const fd_set* set, SOCKET* last) {
    if (!memory_is_readable(set, sizeof set->fd_count) || set->fd_count == 0 ||
        !memory_is_readable(&set->fd_array[set->fd_count - 1], sizeof set->fd_array[0]))
        return;
    *last = set->fd_array[set->fd_count - 1];
}

int WSAAPI hook_select(int ignored, fd_set* reads, fd_set* writes, fd_set* exceptions,
                       const struct timeval* timeout) {
    SOCKET last = INVALID_SOCKET;
    lock_count_t* gate;
    int result;
    receiving__find_last(reads, &last);
    receiving__find_last(writes, &last);
    receiving__find_last(exceptions, &last);
    gate = gate_enter(last);
    result = host.select(ignored, reads, writes, exceptions, timeout);
    gate_leave(gate);
    return result;
}

/* What is negative is no socket, and passed over. */
static SOCKET receiving__find_last_polled(const struct sdk_pollfd* sockets, ULONG count) {
    if (count == 0 || count > (ULONG) -1 / sizeof *sockets ||
        !memory_is_readable(sockets, count * sizeof *sockets))
        return INVALID_SOCKET;
    while (count > 1 && (LONG_PTR) sockets[count - 1].fd < 0)
        count--;
    return sockets[count - 1].fd;
}

int WSAAPI hook_WSAPoll(struct sdk_pollfd* sockets, ULONG count, INT timeout) {
    lock_count_t* gate = gate_enter(receiving__find_last_polled(sockets, count));
    int result = host.WSAPoll(sockets, count, timeout);
    gate_leave(gate);
    return result;
}
