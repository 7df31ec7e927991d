/* SPDX-License-Identifier: MIT */
#include "ext/transmitpackets.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/stats.h"
#include "ext/files.h"
#include "ext/transmit.h"
#include "ext/transmitcheck.h"

/* Microsoft's page has both, the one with a digit less by what looks like an error. */
#define TRANSMITPACKETS__BY_MESSAGE 0x0FFFFFFFu

#define TRANSMITPACKETS__FLAGS ((ULONG) (TP_ELEMENT_MEMORY | TP_ELEMENT_FILE | TP_ELEMENT_EOP))

static int transmitpackets__add(struct sendlist* list, const TRANSMIT_PACKETS_ELEMENT* element) {
    int ends_message = (element->dwElFlags & TP_ELEMENT_EOP) != 0;
    if (element->dwElFlags & ~TRANSMITPACKETS__FLAGS)
        return WSAEINVAL;
    switch (element->dwElFlags & (TP_ELEMENT_MEMORY | TP_ELEMENT_FILE)) {
        case TP_ELEMENT_MEMORY:
            return sendlist_add_memory(list, element->pBuffer, element->cLength, ends_message);
        case TP_ELEMENT_FILE:
        case 0:
            if (element->nFileOffset.QuadPart < -1)
                return WSAEINVAL;
            return sendlist_add_file(list, element->hFile,
                                     (ULONGLONG) element->nFileOffset.QuadPart, element->cLength,
                                     WSAEINVAL, ends_message);
        default:
            return WSAEINVAL;
    }
}

static int transmitpackets__add_all(struct sendlist* list, const TRANSMIT_PACKETS_ELEMENT* elements,
                                    DWORD count) {
    DWORD i;
    for (i = 0; i < count; i++) {
        TRANSMIT_PACKETS_ELEMENT element;
        int error;
        /* Copied, so that what is checked is what is used, and as it may be misaligned. */
        memcpy(&element, (const char*) elements + (size_t) i * sizeof element, sizeof element);
        error = transmitpackets__add(list, &element);
        if (error != 0)
            return error;
    }
    return 0;
}

static int transmitpackets__checked(SOCKET s, const TRANSMIT_PACKETS_ELEMENT* elements, DWORD count,
                                    DWORD send_size, OVERLAPPED* overlapped, DWORD flags,
                                    DWORD* length) {
    struct sendlist* list;
    ULONGLONG size;
    int is_message;
    int error = transmitcheck_call(s, overlapped, flags, &is_message);

    if (error != 0)
        return error;
    if (is_message && (flags & TF_DISCONNECT))
        return WSAEOPNOTSUPP;
    size = (ULONGLONG) count * sizeof *elements;
    if ((size_t) size != size || !memory_is_readable(elements, (size_t) size))
        return WSAEFAULT;
    list =
        sendlist_new(count, is_message, send_size == TRANSMITPACKETS__BY_MESSAGE ? 0 : send_size);
    if (list == NULL)
        return WSAENOBUFS;
    error = transmitpackets__add_all(list, elements, count);
    if (error != 0) {
        sendlist_free(list);
        return error;
    }
    *length = sendlist_length(list);
    return transmit_run(s, STATS_TRANSMITPACKETS, list, flags, overlapped);
}

BOOL PASCAL transmitpackets_call(SOCKET s, TRANSMIT_PACKETS_ELEMENT* elements, DWORD count,
                                 DWORD send_size, OVERLAPPED* overlapped, DWORD flags) {
    DWORD length = 0;
    int error = transmitpackets__checked(s, elements, count, send_size, overlapped, flags, &length);
    stats_count_call(STATS_TRANSMITPACKETS, error, length);
    log_info("socket %#Ix TransmitPackets with %lu elements, %lu bytes is answered with %s (%d)",
             (size_t) s, count, length, status_error_name(error), error);
    WSASetLastError(error);
    return error == 0;
}
