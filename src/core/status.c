/* SPDX-License-Identifier: MIT */
#include "core/status.h"

#include <stddef.h>

struct status__row {
    uint32_t status;
    int error;
    const char* name;
};

static const struct status__row status__rows[] = {
    {STATUS__SUCCESS, 0, "success"},
    {STATUS__PENDING, 997, "ERROR_IO_PENDING"},
    {STATUS__CANCELLED, 995, "ERROR_OPERATION_ABORTED"},
    {0xC000000Du, 87, "ERROR_INVALID_PARAMETER"},
    {0xC0000022u, 10013, "WSAEACCES"},
    {0xC0000005u, 10014, "WSAEFAULT"},
    {0xC000000Du, 10022, "WSAEINVAL"},
    {0xC000011Fu, 10024, "WSAEMFILE"},
    {0xC00000A3u, 10035, "WSAEWOULDBLOCK"},
    {STATUS__UNSUCCESSFUL, 10037, "WSAEALREADY"},
    {0xC0000024u, 10038, "WSAENOTSOCK"},
    {0xC0000008u, 10038, "WSAENOTSOCK"},
    {0xC00000BBu, 10045, "WSAEOPNOTSUPP"},
    {0xC00000BBu, 10047, "WSAEAFNOSUPPORT"},
    {0xC0000043u, 10048, "WSAEADDRINUSE"},
    {0xC000020Au, 10048, "WSAEADDRINUSE"},
    {0xC0000141u, 10049, "WSAEADDRNOTAVAIL"},
    {0xC0000207u, 10049, "WSAEADDRNOTAVAIL"},
    {0xC00000BFu, 10050, "WSAENETDOWN"},
    {0xC000023Cu, 10051, "WSAENETUNREACH"},
    {0xC0000241u, 10053, "WSAECONNABORTED"},
    {0xC000013Bu, 10053, "WSAECONNABORTED"},
    {0xC000020Du, 10054, "WSAECONNRESET"},
    {0xC000013Cu, 10054, "WSAECONNRESET"},
    {0xC000009Au, 10055, "WSAENOBUFS"},
    {0xC0000017u, 10055, "WSAENOBUFS"},
    {0xC000023Bu, 10056, "WSAEISCONN"},
    {0xC0000140u, 10057, "WSAENOTCONN"},
    {0xC00000B0u, 10058, "WSAESHUTDOWN"},
    {0xC00000B5u, 10060, "WSAETIMEDOUT"},
    {0xC0000236u, 10061, "WSAECONNREFUSED"},
    {0xC0000237u, 10101, "WSAEDISCON"},
    {0xC0000350u, 10064, "WSAEHOSTDOWN"},
    {0xC000023Du, 10065, "WSAEHOSTUNREACH"},
    {STATUS__UNSUCCESSFUL, 10093, "WSANOTINITIALISED"},
};

#define STATUS__COUNT (sizeof status__rows / sizeof status__rows[0])

uint32_t status_from_error(int error) {
    size_t i;
    for (i = 0; i < STATUS__COUNT; i++) {
        if (status__rows[i].error == error)
            return status__rows[i].status;
    }
    return STATUS__UNSUCCESSFUL;
}

const char* status_error_name(int error) {
    size_t i;
    for (i = 0; i < STATUS__COUNT; i++) {
        if (status__rows[i].error == error)
            return status__rows[i].name;
    }
    return "error";
}
