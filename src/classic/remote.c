/* SPDX-License-Identifier: MIT */
#include "classic/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "classic/resolver.h"

#define REMOTE__PORT_LAST 1023
#define REMOTE__PORT_FIRST 512
#define REMOTE__USER_MAX 255
#define REMOTE__COMMAND_MAX 65535
#define REMOTE__COMPLAINT_MAX 1024
#define REMOTE__PATIENCE 60000

static DWORD remote__patience = REMOTE__PATIENCE;

/* One of the two protocols, under way. */
struct remote {
    SOCKET main, listener, errors;
    int reserved; /* Whether the ports have to be reserved ones. */
    int port;     /* The last reserved port tried. */
    DWORD start;  /* When the step that is being waited for began. */
};

void remote_set_patience(DWORD milliseconds) {
    remote__patience = milliseconds;
}

static void remote__set_blocking(SOCKET s, u_long blocking) {
    u_long on = !blocking;
    host.ioctlsocket(s, (long) FIONBIO, &on);
}

enum { REMOTE__READ, REMOTE__WRITE };

/* Waits until one of two sockets, of which the second may be INVALID_SOCKET, is ready or failed.
 * Returns 1 or 2 for which, 0 at the end of patience, with the last error; only readiness counts
 * for the direction. */
static int remote__wait(struct remote* remote, SOCKET one, SOCKET two, int direction) {
    DWORD spent = GetTickCount() - remote->start;
    DWORD left = spent < remote__patience ? remote__patience - spent : 0;
    struct timeval time;
    fd_set ready, failed;

    FD_ZERO(&ready);
    FD_SET(one, &ready);
    if (two != INVALID_SOCKET)
        FD_SET(two, &ready);
    failed = ready;
    time.tv_sec = (long) (left / 1000);
    time.tv_usec = (long) (left % 1000 * 1000);
    if (host.select(0, direction == REMOTE__READ ? &ready : NULL,
                    direction == REMOTE__WRITE ? &ready : NULL, &failed, &time) <= 0) {
        WSASetLastError(WSAETIMEDOUT);
        return 0;
    }
    if (two != INVALID_SOCKET && (__WSAFDIsSet(two, &ready) || __WSAFDIsSet(two, &failed)))
        return 2;
    return 1;
}

static void remote__begin_step(struct remote* remote) {
    remote->start = GetTickCount();
}

static SOCKET remote__open(int port, int* error) {
    struct sockaddr_in name;
    SOCKET s = host.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    *error = s == INVALID_SOCKET ? WSAGetLastError() : 0;
    if (*error)
        return s;
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_port = htons((u_short) port);
    if (host.bind(s, (struct sockaddr*) &name, sizeof name) == 0)
        return s;
    *error = WSAGetLastError();
    host.closesocket(s);
    return INVALID_SOCKET;
}

/* The next free port from *port downwards. */
static SOCKET remote__open_reserved(int* port, int* error) {
    for (; *port >= REMOTE__PORT_FIRST; (*port)--) {
        SOCKET s = remote__open(*port, error);
        if (s != INVALID_SOCKET || *error != WSAEADDRINUSE)
            return s;
    }
    *error = WSAEADDRINUSE;
    return INVALID_SOCKET;
}

SOCKET remote_bind_reserved(int* port) {
    int wanted, error = 0;
    SOCKET s = INVALID_SOCKET;
    if (!memory_is_writable(port, sizeof *port))
        error = WSAEFAULT;
    else if (*port < REMOTE__PORT_FIRST || *port > REMOTE__PORT_LAST)
        error = WSAEINVAL;
    if (!error) {
        wanted = *port;
        s = remote__open_reserved(&wanted, &error);
        if (s != INVALID_SOCKET)
            *port = wanted;
    }
    if (error)
        WSASetLastError(error);
    return s;
}

static SOCKET remote__open_next(struct remote* remote, int* error) {
    if (!remote->reserved)
        return remote__open(0, error);
    remote->port--;
    return remote__open_reserved(&remote->port, error);
}

static int remote__connect_one(struct remote* remote, const struct sockaddr_in* peer) {
    int error = 0, length = sizeof error;
    remote__set_blocking(remote->main, 0);
    if (host.connect(remote->main, (const struct sockaddr*) peer, sizeof *peer) == 0)
        return 0;
    error = WSAGetLastError();
    if (error != WSAEWOULDBLOCK)
        return error;
    if (!remote__wait(remote, remote->main, INVALID_SOCKET, REMOTE__WRITE))
        return WSAGetLastError();
    if (host.getsockopt(remote->main, SOL_SOCKET, SO_ERROR, (char*) &error, &length) != 0)
        return WSAGetLastError();
    return error;
}

/* A host may have several addresses, and a local port an old connection to the peer. */
static int remote__connect(struct remote* remote, const struct answer* answer, int port) {
    int error = WSAHOST_NOT_FOUND;
    size_t i;
    for (i = 0; i < answer->address_count; i++) {
        struct sockaddr_in peer;
        memset(&peer, 0, sizeof peer);
        peer.sin_family = AF_INET;
        peer.sin_port = (u_short) port;
        memcpy(&peer.sin_addr, answer->addresses[i].bytes, 4);
        remote->port = REMOTE__PORT_LAST + 1;
        do {
            int open_error;
            remote->main = remote__open_next(remote, &open_error);
            if (remote->main == INVALID_SOCKET)
                return open_error;
            remote__begin_step(remote);
            error = remote__connect_one(remote, &peer);
            if (!error)
                return 0;
            host.closesocket(remote->main);
            remote->main = INVALID_SOCKET;
        } while (remote->reserved && error == WSAEADDRINUSE);
    }
    return error;
}

static int remote__send(struct remote* remote, const char* data, size_t length) {
    remote__begin_step(remote);
    while (length > 0) {
        int sent = host.send(remote->main, data, (int) length, 0);
        if (sent >= 0) {
            data += sent;
            length -= (size_t) sent;
            continue;
        }
        if (WSAGetLastError() != WSAEWOULDBLOCK)
            return WSAGetLastError();
        if (!remote__wait(remote, remote->main, INVALID_SOCKET, REMOTE__WRITE))
            return WSAGetLastError();
    }
    return 0;
}

static int remote__receive(struct remote* remote, char* byte) {
    for (;;) {
        int received = host.recv(remote->main, byte, 1, 0);
        if (received == 1)
            return 0;
        if (received == 0)
            return WSAECONNRESET;
        if (WSAGetLastError() != WSAEWOULDBLOCK)
            return WSAGetLastError();
        if (!remote__wait(remote, remote->main, INVALID_SOCKET, REMOTE__READ))
            return WSAGetLastError();
    }
}

/* Takes the server's connection for the errors. It must not be anybody's who is faster. */
static int remote__accept(struct remote* remote, const struct answer* answer) {
    struct sockaddr_in peer;
    int length = sizeof peer, port;
    size_t i;

    remote__begin_step(remote);
    switch (remote__wait(remote, remote->listener, remote->main, REMOTE__READ)) {
        case 0:
            return WSAGetLastError();
        case 2:
            /* The server has nothing to say yet but that it gives up. */
            return WSAECONNABORTED;
    }
    remote->errors = host.accept(remote->listener, (struct sockaddr*) &peer, &length);
    if (remote->errors == INVALID_SOCKET)
        return WSAGetLastError();
    port = htons(peer.sin_port);
    if (remote->reserved && (port < REMOTE__PORT_FIRST || port > REMOTE__PORT_LAST))
        return WSAECONNABORTED;
    for (i = 0; i < answer->address_count; i++) {
        if (memcmp(answer->addresses[i].bytes, &peer.sin_addr, 4) == 0)
            return 0;
    }
    return WSAECONNABORTED;
}

/* Tells the server the port for the errors, "" for none, and waits for it there. */
static int remote__arrange_errors(struct remote* remote, const struct answer* answer, int wanted) {
    struct sockaddr_in name;
    int error, length = sizeof name;
    char text[8];

    if (!wanted)
        return remote__send(remote, "", 1);
    remote->listener = remote__open_next(remote, &error);
    if (remote->listener == INVALID_SOCKET)
        return error;
    if (host.listen(remote->listener, 1) != 0 ||
        host.getsockname(remote->listener, (struct sockaddr*) &name, &length) != 0)
        return WSAGetLastError();
    sprintf(text, "%u", (unsigned) htons(name.sin_port));
    error = remote__send(remote, text, strlen(text) + 1);
    return error ? error : remote__accept(remote, answer);
}

/* The server says 0, or something else and a line of text. */
static int remote__read_verdict(struct remote* remote) {
    char text[REMOTE__COMPLAINT_MAX];
    DWORD length = 0, written;
    char byte;
    int error;

    remote__begin_step(remote);
    error = remote__receive(remote, &byte);
    if (error)
        return error;
    if (byte == 0)
        return 0;
    while (length < sizeof text && remote__receive(remote, &byte) == 0) {
        text[length++] = byte;
        if (byte == '\n')
            break;
    }
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), text, length, &written, NULL);
    return WSAEACCES;
}

static void remote__close(SOCKET s) {
    if (s != INVALID_SOCKET)
        host.closesocket(s);
}

static int remote__converse(struct remote* remote, const struct answer* answer, int port,
                            const char* const texts[3], int wants_errors) {
    int i, error = remote__connect(remote, answer, port);
    if (!error)
        error = remote__arrange_errors(remote, answer, wants_errors);
    for (i = 0; i < 3 && !error; i++)
        error = remote__send(remote, texts[i], strlen(texts[i]) + 1);
    return error ? error : remote__read_verdict(remote);
}

/* Official names that were handed out; a program may keep them. */
static struct remote__name {
    struct remote__name* next;
    char text[1];
}* volatile remote__names;

static char* remote__keep_name(const char* text) {
    struct remote__name *name, *first;
    for (name = remote__names; name != NULL; name = name->next) {
        if (strcmp(name->text, text) == 0)
            return name->text;
    }
    name = malloc(sizeof *name + strlen(text));
    if (name == NULL)
        return NULL;
    strcpy(name->text, text);
    do {
        first = remote__names;
        name->next = first;
    } while (InterlockedCompareExchangePointer((void* volatile*) &remote__names, name, first) !=
             first);
    return name->text;
}

static int remote__check_text(const char* text, size_t most) {
    size_t length = memory_string_length(text, most);
    if (length == MEMORY__UNREADABLE)
        return WSAEFAULT;
    return length > most ? WSAEINVAL : 0;
}

static SOCKET remote__run(int reserved, char** name, int port, const char* const texts[3],
                          int* errors) {
    struct remote remote = {INVALID_SOCKET, INVALID_SOCKET, INVALID_SOCKET, reserved, 0, 0};
    struct answer answer;
    char* official;
    int i, error = memory_is_writable(name, sizeof *name) ? 0 : WSAEFAULT;

    if (!error && errors != NULL && !memory_is_writable(errors, sizeof *errors))
        error = WSAEFAULT;
    if (!error)
        error = remote__check_text(*name, ANSWER__NAME_MAX);
    for (i = 0; i < 3 && !error; i++)
        error = remote__check_text(texts[i], i < 2 ? REMOTE__USER_MAX : REMOTE__COMMAND_MAX);
    if (!error)
        error = resolver_find_host(*name, AF_INET, RESOLVER_SYSTEM, &answer);
    if (!error)
        error = remote__converse(&remote, &answer, port, texts, errors != NULL);
    remote__close(remote.listener);
    if (error) {
        remote__close(remote.main);
        remote__close(remote.errors);
        WSASetLastError(error);
        return INVALID_SOCKET;
    }
    official = remote__keep_name(answer.name);
    if (official != NULL)
        *name = official;
    remote__set_blocking(remote.main, 1);
    if (errors != NULL) {
        remote__set_blocking(remote.errors, 1);
        *errors = (int) remote.errors;
    }
    return remote.main;
}

SOCKET remote_command(char** name, int port, const char* local_user, const char* remote_user,
                      const char* command, int* errors) {
    const char* texts[3];
    texts[0] = local_user;
    texts[1] = remote_user;
    texts[2] = command;
    return remote__run(1, name, port, texts, errors);
}

SOCKET remote_execute(char** name, int port, const char* user, const char* password,
                      const char* command, int* errors) {
    const char* texts[3];
    texts[0] = user;
    texts[1] = password;
    texts[2] = command;
    return remote__run(0, name, port, texts, errors);
}
