/* SPDX-License-Identifier: MIT */
#include "ext/options.h"

#include <string.h>

#include "core/record.h"
#include "core/stats.h"
#include "core/table.h"
#include "ext/connectex.h"
#include "host/config.h"
#include "host/memory.h"
#include "host/seconds.h"

#ifndef TCP_FASTOPEN
#define TCP_FASTOPEN 15
#endif

static int options__is_up(SOCKET s) {
    DWORD seconds;
    return seconds_connected(s, &seconds) == 0 && seconds != SECONDS_NEVER;
}

/* A socket that the program connected by a ConnectEx older than us, or by connect(). Wine 10 names
 * the peer of a connect that is still under way, too. */
static int options__update_foreign(SOCKET s, const char* value, int length) {
    struct sockaddr_storage peer;
    int peer_length = sizeof peer;
    if (host.getpeername(s, (struct sockaddr*) &peer, &peer_length) != 0)
        return WSAGetLastError();
    if (!options__is_up(s))
        return WSAENOTCONN;
    /* ReactOS takes no NULL, of whatever length. */
    if (host.setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, value != NULL ? value : "",
                        length) != 0)
        return WSAGetLastError();
    return 0;
}

int options_update_connect_context(SOCKET s, const char* value, int length) {
    struct record* record;
    int foreign, error;

    if (length < 0 || !memory_is_readable(value, (size_t) length))
        return WSAEFAULT;

    record = record_find(s);
    foreign = record == NULL || record->machine.state == MACHINE_UNCONNECTED ||
              record->machine.state == MACHINE_FAILED;
    error = WSAENOTCONN;
    if (!foreign) {
        if (record->machine.state == MACHINE_SENDING && options__is_up(s)) {
            record_step(record, MACHINE_SEEN_UP);
            stats_count_connected();
        }
        if (!(record_step(record, MACHINE_UPDATE) & MACHINE_FORBIDDEN))
            error = 0;
    }
    record_release(s);
    return foreign ? options__update_foreign(s, value, length) : error;
}

int options_get_connect_time(SOCKET s, char* value, int* length) {
    DWORD seconds;
    int error;
    if (!memory_is_writable(length, sizeof *length) || *length < (int) sizeof(DWORD) ||
        !memory_is_writable(value, sizeof(DWORD)))
        return WSAEFAULT;
    error = seconds_connected(s, &seconds);
    if (error != 0)
        return error;
    *length = sizeof seconds;
    memcpy(value, &seconds, sizeof seconds);
    return 0;
}

static int options__is_stream(SOCKET s) {
    int type, length = sizeof type;
    return host.getsockopt(s, SOL_SOCKET, SO_TYPE, (char*) &type, &length) == 0 &&
           type == SOCK_STREAM;
}

int options_set_fast_open(SOCKET s, const char* value, int length) {
    struct record* record;
    int error = 0;

    if (host.setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, value, length) == 0)
        return 0;
    error = WSAGetLastError();
    if (error != WSAENOPROTOOPT && error != WSAEINVAL && error != WSAEOPNOTSUPP)
        return error;
    if (!options__is_stream(s))
        return error;
    if (length < 1 || !memory_is_readable(value, 1))
        return WSAEFAULT;
    record = record_need(s);
    if (record != NULL)
        record->fast_open = *value != 0 ? 2 : 1;
    record_release(s);
    return record != NULL ? 0 : WSAENOBUFS;
}

int options_get_fast_open(SOCKET s, char* value, int* length) {
    struct record* record = record_find(s);
    int kept = record != NULL ? record->fast_open : 0;
    DWORD answer = kept == 2;
    record_release(s);

    if (kept == 0)
        return host.getsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, value, length) == 0
                   ? 0
                   : WSAGetLastError();
    if (!memory_is_writable(length, sizeof *length) || *length < 1 ||
        !memory_is_writable(value, (size_t) *length))
        return WSAEFAULT;
    if (*length > (int) sizeof answer)
        *length = sizeof answer;
    memcpy(value, &answer, (size_t) *length);
    return 0;
}

int options_is_default_state(SOCKET s) {
    struct sockaddr_storage peer;
    int length = sizeof peer;
    struct record* record;
    int strict = 0;

    if (config.lenient || !(table_flags(s) & TABLE_RECORD))
        return 0;
    record = record_find(s);
    /* The handle's value may have come back, with the old socket closed behind our back; a peer
     * that is not the one we connected to gives it away. */
    if (record != NULL &&
        (machine_is_default_state(&record->machine) || machine_is_connecting(&record->machine)) &&
        host.getpeername(s, (struct sockaddr*) &peer, &length) == 0) {
        strict = connectex_digest((struct sockaddr*) &peer) == record->peer;
        if (!strict && !machine_is_connecting(&record->machine))
            machine_init(&record->machine);
    }
    record_release(s);
    return strict;
}
