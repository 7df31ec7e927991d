/* SPDX-License-Identifier: MIT */
#include "classic/protocols.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "classic/pack.h"
#include "host/sdk.h"

/* No list of protocols is longer; more is memory that nothing ends. */
#define PROTOCOLS__LIST_MAX 4096

/* PROTOCOL_INFOA and PROTOCOL_INFOW differ in the type of the name only. */
typedef char protocols__same_layout[sizeof(PROTOCOL_INFOA) == sizeof(PROTOCOL_INFOW) ? 1 : -1];

static int protocols__is_list(const int* list) {
    size_t i;
    for (i = 0; i < PROTOCOLS__LIST_MAX; i++) {
        if (!memory_is_readable(list + i, sizeof *list))
            return 0;
        if (list[i] == 0)
            return 1;
    }
    return 0;
}

static int protocols__is_listed(const int* list, int protocol) {
    if (list == NULL)
        return 1;
    for (; *list != 0; list++) {
        if (*list == protocol)
            return 1;
    }
    return 0;
}

/* The old flags are the new ones up to the tenth bit; of the later ones two have a successor. */
static DWORD protocols__flags(const WSAPROTOCOL_INFOW* info) {
    const DWORD same = (XP_SUPPORTS_MULTICAST << 1) - 1;
    DWORD flags = info->dwServiceFlags1 & same;
    if (info->dwServiceFlags1 & XP1_QOS_SUPPORTED)
        flags |= XP_BANDWIDTH_ALLOCATION;
    /* "The size of the physical network MTU is hidden": IP cuts up what is larger. */
    if ((flags & XP_MESSAGE_ORIENTED) &&
        (info->iAddressFamily == AF_INET || info->iAddressFamily == AF_INET6))
        flags |= XP_FRAGMENTATION;
    return flags;
}

static void* protocols__pack_name(struct pack* pack, const WCHAR* name, int wide) {
    char narrow[(WSAPROTOCOL_LEN + 1) * 2];
    if (wide)
        return pack_copy(pack, name, (wcslen(name) + 1) * sizeof *name, sizeof *name);
    if (WideCharToMultiByte(CP_ACP, 0, name, -1, narrow, sizeof narrow, NULL, NULL) == 0)
        narrow[0] = '\0';
    return pack_string(pack, narrow);
}

/* Returns how many of the host's protocols it packed. */
static int protocols__pack(struct pack* pack, const WSAPROTOCOL_INFOW* all, int count,
                           const int* list, int wide) {
    PROTOCOL_INFOW* to;
    int i, listed = 0;

    for (i = 0; i < count; i++)
        listed += protocols__is_listed(list, all[i].iProtocol);
    to = pack_take(pack, (size_t) listed * sizeof *to, sizeof(void*));
    for (i = 0; i < count; i++) {
        void* name;
        if (!protocols__is_listed(list, all[i].iProtocol))
            continue;
        name = protocols__pack_name(pack, all[i].szProtocol, wide);
        if (to == NULL)
            continue;
        to->dwServiceFlags = protocols__flags(&all[i]);
        to->iAddressFamily = all[i].iAddressFamily;
        to->iMaxSockAddr = all[i].iMaxSockAddr;
        to->iMinSockAddr = all[i].iMinSockAddr;
        to->iSocketType = all[i].iSocketType;
        to->iProtocol = all[i].iProtocol;
        to->dwMessageSize = all[i].dwMessageSize;
        to->lpProtocol = name;
        to++;
    }
    return listed;
}

/* All protocols of the host, to be freed; NULL with the last error. */
static WSAPROTOCOL_INFOW* protocols__ask_host(int* count) {
    WSAPROTOCOL_INFOW* all = NULL;
    DWORD size = 0, room;
    /* The list may grow between two calls. The host has the same error for being short of memory
     * itself. */
    do {
        free(all);
        room = size;
        all = malloc(size > 0 ? size : 1);
        if (all == NULL) {
            WSASetLastError(WSA_NOT_ENOUGH_MEMORY);
            return NULL;
        }
        *count = host.WSAEnumProtocolsW(NULL, all, &size);
    } while (*count == SOCKET_ERROR && WSAGetLastError() == WSAENOBUFS && size > room);
    if (*count == SOCKET_ERROR) {
        free(all);
        return NULL;
    }
    return all;
}

int protocols_enumerate(const int* list, void* buffer, DWORD* length, int wide) {
    struct pack pack = {NULL, 0};
    WSAPROTOCOL_INFOW* all;
    int count, error = 0;

    if ((list != NULL && !protocols__is_list(list)) ||
        !memory_is_writable(length, sizeof *length)) {
        WSASetLastError(WSAEFAULT);
        return SOCKET_ERROR;
    }
    all = protocols__ask_host(&count);
    if (all == NULL)
        return SOCKET_ERROR;
    protocols__pack(&pack, all, count, list, wide);
    if (pack.used > *length) {
        error = ERROR_INSUFFICIENT_BUFFER;
    } else if (pack.used > 0 && !memory_is_writable(buffer, pack.used)) {
        error = WSAEFAULT;
    } else {
        pack.buffer = buffer;
        pack.used = 0;
        count = protocols__pack(&pack, all, count, list, wide);
    }
    if (error != WSAEFAULT)
        *length = (DWORD) pack.used;
    free(all);
    if (error) {
        WSASetLastError(error);
        return SOCKET_ERROR;
    }
    return count;
}
