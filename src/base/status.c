/* SPDX-License-Identifier: MIT */
#include "base/status.h"

#include <stddef.h>

struct status__row {
    uint32_t status;
    int error;
    const char* status_name;
    const char* error_name;
};

static const struct status__row status__rows[] = {
    {STATUS__SUCCESS, 0, "STATUS_SUCCESS", "success"},
    {STATUS__PENDING, 997, "STATUS_PENDING", "ERROR_IO_PENDING"},
    {STATUS__CANCELLED, 995, "STATUS_CANCELLED", "ERROR_OPERATION_ABORTED"},
    {0xC000000Du, 87, "STATUS_INVALID_PARAMETER", "ERROR_INVALID_PARAMETER"},
    {0xC0000022u, 10013, "STATUS_ACCESS_DENIED", "WSAEACCES"},
    {0xC0000005u, 10014, "STATUS_ACCESS_VIOLATION", "WSAEFAULT"},
    {0x80000005u, 10040, "STATUS_BUFFER_OVERFLOW", "WSAEMSGSIZE"},
    {0xC0000206u, 10040, "STATUS_INVALID_BUFFER_SIZE", "WSAEMSGSIZE"},
    {0xC000000Du, 10022, "STATUS_INVALID_PARAMETER", "WSAEINVAL"},
    {0xC000011Fu, 10024, "STATUS_TOO_MANY_OPENED_FILES", "WSAEMFILE"},
    {0xC00000A3u, 10035, "STATUS_DEVICE_NOT_READY", "WSAEWOULDBLOCK"},
    {0x80000005u, 10040, "STATUS_BUFFER_OVERFLOW", "WSAEMSGSIZE"},
    {STATUS__UNSUCCESSFUL, 10037, "STATUS_UNSUCCESSFUL", "WSAEALREADY"},
    {0xC0000024u, 10038, "STATUS_OBJECT_TYPE_MISMATCH", "WSAENOTSOCK"},
    {STATUS__INVALID_HANDLE, 10038, "STATUS_INVALID_HANDLE", "WSAENOTSOCK"},
    {0xC00000BBu, 10045, "STATUS_NOT_SUPPORTED", "WSAEOPNOTSUPP"},
    {0xC00000BBu, 10047, "STATUS_NOT_SUPPORTED", "WSAEAFNOSUPPORT"},
    {0xC0000043u, 10048, "STATUS_SHARING_VIOLATION", "WSAEADDRINUSE"},
    {0xC000020Au, 10048, "STATUS_ADDRESS_ALREADY_EXISTS", "WSAEADDRINUSE"},
    {0xC0000141u, 10049, "STATUS_INVALID_ADDRESS", "WSAEADDRNOTAVAIL"},
    {0xC0000207u, 10049, "STATUS_INVALID_ADDRESS_COMPONENT", "WSAEADDRNOTAVAIL"},
    {0xC00000BFu, 10050, "STATUS_NETWORK_BUSY", "WSAENETDOWN"},
    {0xC000023Cu, 10051, "STATUS_NETWORK_UNREACHABLE", "WSAENETUNREACH"},
    {0xC0000241u, 10053, "STATUS_CONNECTION_ABORTED", "WSAECONNABORTED"},
    {0xC000013Bu, 10053, "STATUS_LOCAL_DISCONNECT", "WSAECONNABORTED"},
    {0xC000020Du, 10054, "STATUS_CONNECTION_RESET", "WSAECONNRESET"},
    {0xC000013Cu, 10054, "STATUS_REMOTE_DISCONNECT", "WSAECONNRESET"},
    {STATUS__INSUFFICIENT_RESOURCES, 10055, "STATUS_INSUFFICIENT_RESOURCES", "WSAENOBUFS"},
    {0xC0000017u, 10055, "STATUS_NO_MEMORY", "WSAENOBUFS"},
    {0xC000023Bu, 10056, "STATUS_CONNECTION_ACTIVE", "WSAEISCONN"},
    {0xC0000140u, 10057, "STATUS_INVALID_CONNECTION", "WSAENOTCONN"},
    {0xC00000B0u, 10058, "STATUS_PIPE_DISCONNECTED", "WSAESHUTDOWN"},
    {0xC00000B5u, 10060, "STATUS_IO_TIMEOUT", "WSAETIMEDOUT"},
    {0xC0000236u, 10061, "STATUS_CONNECTION_REFUSED", "WSAECONNREFUSED"},
    {0xC0000237u, 10101, "STATUS_GRACEFUL_DISCONNECT", "WSAEDISCON"},
    {0xC0000350u, 10064, "STATUS_HOST_DOWN", "WSAEHOSTDOWN"},
    {0xC000023Du, 10065, "STATUS_HOST_UNREACHABLE", "WSAEHOSTUNREACH"},
    {STATUS__UNSUCCESSFUL, 10093, "STATUS_UNSUCCESSFUL", "WSANOTINITIALISED"},
};

#define STATUS__NO_ERROR_KNOWN 317
#define STATUS__COUNT (sizeof status__rows / sizeof status__rows[0])

uint32_t status_from_error(int error) {
    size_t i;
    for (i = 0; i < STATUS__COUNT; i++) {
        if (status__rows[i].error == error)
            return status__rows[i].status;
    }
    return STATUS__UNSUCCESSFUL;
}

int status_to_error(uint32_t status) {
    size_t i;
    for (i = 0; i < STATUS__COUNT; i++) {
        if (status__rows[i].status == status)
            return status__rows[i].error;
    }
    return STATUS__NO_ERROR_KNOWN;
}

int status_is_shortage(int error) {
    switch (error) {
        case 8:     /* ERROR_NOT_ENOUGH_MEMORY */
        case 14:    /* ERROR_OUTOFMEMORY */
        case 1450:  /* ERROR_NO_SYSTEM_RESOURCES */
        case 1455:  /* ERROR_COMMITMENT_LIMIT */
        case 10055: /* WSAENOBUFS */
            return 1;
        default:
            return 0;
    }
}

const char* status_error_name(int error) {
    size_t i;
    for (i = 0; i < STATUS__COUNT; i++) {
        if (status__rows[i].error == error)
            return status__rows[i].error_name;
    }
    return "error";
}

const char* status_name(uint32_t status) {
    size_t i;
    for (i = 0; i < STATUS__COUNT; i++) {
        if (status__rows[i].status == status)
            return status__rows[i].status_name;
    }
    return "status";
}

const char* status_seen_as(uint32_t status) {
    size_t i;
    for (i = 0; i < STATUS__COUNT; i++) {
        if (status__rows[i].status == status)
            return status__rows[i].error_name;
    }
    return "error";
}
