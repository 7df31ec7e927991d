/* SPDX-License-Identifier: MIT */
#include "core/renewal.h"

#include "base/once.h"
#include "base/retry.h"
#include "base/status.h"

#define RENEWAL__CREATE 0x00120320u

static struct once renewal__once;
static int renewal__available;

int renewal_replace(SOCKET s, const struct renewal_kind* kind) {
    struct renewal_kind asked = *kind;
    IO_STATUS_BLOCK block;
    host_status status;
    unsigned tries = 0;
    do {
        status = host.NtDeviceIoControlFile((HANDLE) s, NULL, NULL, NULL, &block, RENEWAL__CREATE,
                                            &asked, sizeof asked, NULL, 0);
    } while (status < 0 && retry_shortage(&tries, status_to_error((uint32_t) status)));
    return status == 0 ? 0 : -1;
}

/* Returns 0 or a Winsock error. */
static int renewal__ask_listening(SOCKET s, int* listening) {
    int length = sizeof *listening;
    if (host.getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, (char*) listening, &length) == 0)
        return 0;
    return WSAGetLastError();
}

/* Whether a socket that listens does not any more after the request. Returns 0, or the error that
 * was in the way. */
static int renewal__try(SOCKET s) {
    static const struct renewal_kind kind = {AF_INET, SOCK_STREAM, IPPROTO_TCP, 0};
    struct sockaddr_in name = {0};
    int before = 0, after = 0;
    int error;

    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (host.bind(s, (struct sockaddr*) &name, sizeof name) != 0 || host.listen(s, 1) != 0)
        return WSAGetLastError();
    error = renewal__ask_listening(s, &before);
    if (error != 0 || !before || renewal_replace(s, &kind) != 0)
        return error;
    error = renewal__ask_listening(s, &after);
    renewal__available = error == 0 && !after;
    return error;
}

static int renewal__probe(void) {
    SOCKET s;
    int error;

    if (host.wine_get_version == NULL)
        return 0;
    s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    error = s != INVALID_SOCKET ? renewal__try(s) : WSAGetLastError();
    if (s != INVALID_SOCKET)
        host.closesocket(s);
    return status_is_shortage(error) ? -1 : 0;
}

int renewal_check(void) {
    int error = WSAGetLastError();
    int is_undecided = once_try(&renewal__once, renewal__probe) != 0;
    WSASetLastError(error);
    if (is_undecided)
        return WSAENOBUFS;
    return renewal__available ? 0 : WSAEOPNOTSUPP;
}

int renewal_get_kind(SOCKET s, struct renewal_kind* kind) {
    WSAPROTOCOL_INFOW info;
    int length = sizeof info;
    if (host.getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &length) != 0)
        return status_is_shortage(WSAGetLastError()) ? WSAENOBUFS : WSAEOPNOTSUPP;
    kind->family = info.iAddressFamily;
    kind->type = info.iSocketType;
    kind->protocol = info.iProtocol;
    kind->flags = 0;
    return 0;
}

/* A handle that is protected from being closed stays open, and what was remembered of it is
 * forgotten all the same. */
void renewal_forget_descriptor(SOCKET s) {
    DWORD flags = 0;
    if (!GetHandleInformation((HANDLE) s, &flags) ||
        !SetHandleInformation((HANDLE) s, HANDLE_FLAG_PROTECT_FROM_CLOSE,
                              HANDLE_FLAG_PROTECT_FROM_CLOSE))
        return;
    NtClose((HANDLE) s);
    if (!(flags & HANDLE_FLAG_PROTECT_FROM_CLOSE))
        SetHandleInformation((HANDLE) s, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0);
}
