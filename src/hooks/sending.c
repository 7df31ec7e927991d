/* SPDX-License-Identifier: MIT */
#include "hooks/sending.h"

#include "core/gate.h"
#include "core/socket.h"
#include "core/table.h"
#include "ext/sendlock.h"
#include "ext/sendmsg.h"
#include "ext/transmit.h"

/* While a payload of ConnectEx is still to be sent, what the program sends has to wait: by an
 * operation of ours, or in the call. A send on a non-blocking socket is refused by the host. */
static int sending__is_held(SOCKET s, DWORD flags, const WSAOVERLAPPED* overlapped,
                            LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    unsigned known = table_flags(s);
    return (known & TABLE_HOLDS) && flags == 0 && routine == NULL &&
           (overlapped != NULL || !(known & TABLE_NONBLOCKING));
}

static int sending__hold(SOCKET s, const WSABUF* buffers, DWORD count, DWORD* sent,
                         WSAOVERLAPPED* overlapped) {
    DWORD bytes = 0;
    int error = transmit_hold(s, buffers, count, &bytes, overlapped);
    if (error == 0 && sent != NULL)
        *sent = bytes;
    WSASetLastError(error);
    return error == 0 ? 0 : SOCKET_ERROR;
}

/* Of a send on a socket without a connection Wine says that the connection was reset. On one that
 * was made reusable nothing was. */
static void sending__blame(SOCKET s) {
    const struct socket* socket;
    if (WSAGetLastError() != WSAECONNRESET || !(table_flags(s) & TABLE_SOCKET))
        return;
    socket = socket_find(s);
    if (socket != NULL && lifecycle_is_reusable(&socket->lifecycle))
        WSASetLastError(WSAENOTCONN);
    else
        WSASetLastError(WSAECONNRESET);
    socket_release(s);
}

/* The last error of the send survives the end of the turn. The gate comes second, as a turn may
 * have to be waited for. */

int WSAAPI hook_send(SOCKET s, const char* buffer, int length, int flags) {
    struct sendlock* sendlock;
    lock_count_t* gate;
    int result;
    if (length >= 0 && sending__is_held(s, (DWORD) flags, NULL, NULL)) {
        WSABUF all;
        all.buf = (char*) buffer;
        all.len = (ULONG) length;
        return sending__hold(s, &all, 1, NULL, NULL) == 0 ? length : SOCKET_ERROR;
    }
    sendlock = sendlock_begin_plain(s);
    gate = gate_enter(s);
    result = host.send(s, buffer, length, flags);
    gate_leave(gate);
    if (result == SOCKET_ERROR)
        sending__blame(s);
    if (sendlock != NULL)
        sendlock_end(sendlock, 0);
    return result;
}

int WSAAPI hook_sendto(SOCKET s, const char* buffer, int length, int flags,
                       const struct sockaddr* name, int name_length) {
    struct sendlock* sendlock = sendlock_begin_plain(s);
    lock_count_t* gate = gate_enter(s);
    int result = host.sendto(s, buffer, length, flags, name, name_length);
    gate_leave(gate);
    if (result == SOCKET_ERROR)
        sending__blame(s);
    if (sendlock != NULL)
        sendlock_end(sendlock, 0);
    return result;
}

int WSAAPI hook_WSASend(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                        WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    struct sendlock* sendlock;
    lock_count_t* gate;
    int result;
    if (sending__is_held(s, flags, overlapped, routine))
        return sending__hold(s, buffers, count, sent, overlapped);
    sendlock = sendlock_begin_plain(s);
    gate = gate_enter(s);
    result = host.WSASend(s, buffers, count, sent, flags, overlapped, routine);
    gate_leave(gate);
    if (result == SOCKET_ERROR)
        sending__blame(s);
    if (sendlock != NULL)
        sendlock_end(sendlock, result != 0 && WSAGetLastError() == WSA_IO_PENDING);
    return result;
}

int WSAAPI hook_WSASendTo(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
                          const struct sockaddr* name, int name_length, WSAOVERLAPPED* overlapped,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    struct sendlock* sendlock = sendlock_begin_plain(s);
    lock_count_t* gate = gate_enter(s);
    int result =
        host.WSASendTo(s, buffers, count, sent, flags, name, name_length, overlapped, routine);
    gate_leave(gate);
    if (result == SOCKET_ERROR)
        sending__blame(s);
    if (sendlock != NULL)
        sendlock_end(sendlock, result != 0 && WSAGetLastError() == WSA_IO_PENDING);
    return result;
}

int WSAAPI hook_WSASendMsg(SOCKET s, WSAMSG* message, DWORD flags, DWORD* sent,
                           WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    return sendmsg_call(s, message, flags, sent, overlapped, routine);
}
