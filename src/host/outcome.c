/* SPDX-License-Identifier: MIT */
#include "host/outcome.h"

#include "base/status.h"

/* The host has just read the status block, so that it can be read. */
static int outcome__error(const WSAOVERLAPPED* overlapped) {
    const uint32_t status = (uint32_t) overlapped->Internal;
    return status == STATUS__PENDING ? WSA_IO_INCOMPLETE : status_to_error(status);
}

BOOL outcome_get(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes, BOOL wait, DWORD* flags) {
    BOOL result = host.WSAGetOverlappedResult(s, overlapped, bytes, wait, flags);
    /* msafd's function does not tell ws2_32 an error, which then sets 0. */
    if (!result && overlapped != NULL && WSAGetLastError() == 0)
        WSASetLastError(outcome__error(overlapped));
    return result;
}
