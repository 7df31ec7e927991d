/* SPDX-License-Identifier: MIT */
#include "doors/sends.h"

#include "ext/sendmsg.h"
#include "ext/turn.h"

/* The last error of the send survives the end of the turn. */

int WSAAPI door_send(SOCKET s, const char* buffer, int length, int flags) {
    struct turn* turn = turn_begin_plain(s);
    int result = host.send(s, buffer, length, flags);
    if (turn != NULL)
        turn_end(turn, 0);
    return result;
}

int WSAAPI door_sendto(SOCKET s, const char* buffer, int length, int flags,
                       const struct sockaddr* name, int name_length) {
    struct turn* turn = turn_begin_plain(s);
    int result = host.sendto(s, buffer, length, flags, name, name_length);
    if (turn != NULL)
        turn_end(turn, 0);
    return result;
}

int WSAAPI door_WSASend(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                        WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    struct turn* turn = turn_begin_plain(s);
    int result = host.WSASend(s, buffers, count, sent, flags, overlapped, routine);
    if (turn != NULL)
        turn_end(turn, result != 0 && WSAGetLastError() == WSA_IO_PENDING);
    return result;
}

int WSAAPI door_WSASendTo(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                          const struct sockaddr* name, int name_length, WSAOVERLAPPED* overlapped,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    struct turn* turn = turn_begin_plain(s);
    int result =
        host.WSASendTo(s, buffers, count, sent, flags, name, name_length, overlapped, routine);
    if (turn != NULL)
        turn_end(turn, result != 0 && WSAGetLastError() == WSA_IO_PENDING);
    return result;
}

int WSAAPI door_WSASendMsg(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                           WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    return sendmsg_call(s, message, flags, sent, overlapped, routine);
}
