/* SPDX-License-Identifier: MIT */
#include "ext/transmitfile.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/socket.h"
#include "core/stats.h"
#include "core/table.h"
#include "ext/files.h"
#include "ext/transmit.h"
#include "ext/transmitcheck.h"

/* What a call asks for. */
struct transmitfile {
    HANDLE file;
    DWORD length;
    DWORD per_send;
    OVERLAPPED* overlapped;
    TRANSMIT_FILE_BUFFERS buffers;
    DWORD flags;
};

static ULONGLONG transmitfile__offset(const OVERLAPPED* overlapped) {
    if (overlapped == NULL)
        return FILES_CURRENT;
    return (ULONGLONG) overlapped->OffsetHigh << 32 | overlapped->Offset;
}

static int transmitfile__add_all(struct sendlist* list, const struct transmitfile* call) {
    int error = sendlist_add_memory(list, call->buffers.Head, call->buffers.HeadLength, 0);
    if (error == 0 && call->file != NULL)
        error = sendlist_add_file(list, call->file, transmitfile__offset(call->overlapped),
                                  call->length, ERROR_HANDLE_EOF, 0);
    if (error == 0)
        error = sendlist_add_memory(list, call->buffers.Tail, call->buffers.TailLength, 0);
    return error;
}

/* The host can do it with the program's own OVERLAPPED; *error is then what it answered. */
static int transmitfile__hand_over(SOCKET s, const struct transmitfile* call,
                                   TRANSMIT_FILE_BUFFERS* buffers, int* error) {
    static const GUID guid = WSAID_TRANSMITFILE;
    LPFN_TRANSMITFILE function;
    if ((call->flags & TF_DISCONNECT) || transmit_can_count(s, call->overlapped))
        return 0;
    function = (LPFN_TRANSMITFILE) host_ask_function(s, &guid);
    if (function == NULL)
        return 0;
    *error = function(s, call->file, call->length, call->per_send, call->overlapped, buffers,
                      call->flags)
                 ? 0
                 : WSAGetLastError();
    return 1;
}

static int transmitfile__checked(SOCKET s, struct transmitfile* call,
                                 TRANSMIT_FILE_BUFFERS* buffers, DWORD* length) {
    struct sendlist* list;
    int is_message;
    int error = transmitcheck_call(s, call->overlapped, call->flags, &is_message);

    if (error != 0)
        return error;
    if (is_message || call->length > SENDLIST_LIMIT)
        return WSAEINVAL;
    if (buffers != NULL) {
        if (!memory_is_readable(buffers, sizeof *buffers))
            return WSAEFAULT;
        memcpy(&call->buffers, buffers, sizeof call->buffers);
    }
    list = sendlist_new(3, 0, 0);
    if (list == NULL)
        return WSAENOBUFS;
    error = transmitfile__add_all(list, call);
    if (error != 0 || transmitfile__hand_over(s, call, buffers, &error)) {
        sendlist_free(list);
        return error;
    }
    *length = sendlist_length(list);
    return transmit_run(s, STATS_TRANSMITFILE, list, call->flags, call->overlapped);
}

BOOL PASCAL transmitfile_call(SOCKET s, HANDLE file, DWORD length, DWORD per_send,
                              OVERLAPPED* overlapped, TRANSMIT_FILE_BUFFERS* buffers, DWORD flags) {
    struct transmitfile call = {0};
    DWORD total = 0;
    int error;

    call.file = file;
    call.length = length;
    call.per_send = per_send;
    call.overlapped = overlapped;
    call.flags = flags;
    error = transmitfile__checked(s, &call, buffers, &total);
    stats_count_call(STATS_TRANSMITFILE, error, total);
    log_info("socket %#Ix TransmitFile with %lu bytes, flags %#lx is answered with %s (%d)",
             (size_t) s, total, flags, status_error_name(error), error);
    WSASetLastError(error);
    return error == 0;
}
