/* SPDX-License-Identifier: MIT */
#include "classic/database.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "classic/netdb.h"

#define DATABASE__SIZE_MAX (16u << 20) /* Lists of unwanted hosts take a few MiB. */
#define DATABASE__NAME_MAX 255
#define DATABASE__ALIASES_MAX 8

static HANDLE database__open(const WCHAR* name) {
    static const WCHAR folder[] = L"\\drivers\\etc\\";
    WCHAR path[MAX_PATH + 64];
    UINT length = GetSystemDirectoryW(path, MAX_PATH);
    size_t room = sizeof path / sizeof path[0] - length;
    if (length == 0 || length >= MAX_PATH || wcslen(folder) + wcslen(name) >= room)
        return INVALID_HANDLE_VALUE;
    wcscpy(path + length, folder);
    wcscpy(path + length + wcslen(folder), name);
    return CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                       NULL, OPEN_EXISTING, 0, NULL);
}

char* database_read(const WCHAR* name) {
    char* text = NULL;
    DWORD size, done = 0;
    HANDLE file = database__open(name);
    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    size = GetFileSize(file, NULL);
    if (size <= DATABASE__SIZE_MAX)
        text = malloc(size + 1u);
    else
        SetLastError(ERROR_FILE_TOO_LARGE);
    if (text != NULL && !ReadFile(file, text, size, &done, NULL)) {
        free(text);
        text = NULL;
    }
    host.CloseHandle(file);
    if (text != NULL)
        text[done] = '\0';
    return text;
}

struct database__network {
    struct netent net;
    char* aliases[DATABASE__ALIASES_MAX + 1];
    struct database__network* next;
    char text[1];
};

/* What was ever returned, as programs keep pointers to it. Nothing in it changes, and it has one
 * entry for each line that was asked for, so it needs neither lock nor end. */
static struct database__network* volatile database__networks;

static int database__is_same(const struct database__network* network, char** fields, size_t count) {
    size_t i;
    if (strcmp(network->net.n_name, fields[0]) != 0 ||
        network->net.n_net != netdb_network(fields[1]))
        return 0;
    for (i = 2; i < count; i++) {
        if (network->aliases[i - 2] == NULL || strcmp(network->aliases[i - 2], fields[i]) != 0)
            return 0;
    }
    return network->aliases[count - 2] == NULL;
}

/* Fields are a name, a number and aliases. */
static struct database__network* database__add(char** fields, size_t count) {
    struct database__network *network, *first;
    size_t i, size = sizeof *network;
    char* place;

    for (i = 0; i < count; i++)
        size += strlen(fields[i]) + 1;
    network = calloc(1, size);
    if (network == NULL)
        return NULL;
    place = network->text;
    for (i = 0; i < count; i++) {
        if (i == 1)
            continue;
        strcpy(place, fields[i]);
        if (i == 0)
            network->net.n_name = place;
        else
            network->aliases[i - 2] = place;
        place += strlen(place) + 1;
    }
    network->net.n_aliases = network->aliases;
    network->net.n_addrtype = AF_INET;
    network->net.n_net = netdb_network(fields[1]);
    do {
        first = database__networks;
        network->next = first;
    } while (InterlockedCompareExchangePointer((void* volatile*) &database__networks, network,
                                               first) != first);
    return network;
}

static struct database__network* database__intern(char** fields, size_t count) {
    struct database__network* network;
    for (network = database__networks; network != NULL; network = network->next) {
        if (database__is_same(network, fields, count))
            return network;
    }
    network = database__add(fields, count);
    if (network == NULL)
        WSASetLastError(WSA_NOT_ENOUGH_MEMORY);
    return network;
}

static int database__has_name(char** fields, size_t count, const char* name) {
    size_t i;
    for (i = 0; i < count; i++) {
        if (i != 1 && netdb_is_same(fields[i], name))
            return 1;
    }
    return 0;
}

struct netent* database_network(const char* name) {
    struct database__network* network = NULL;
    char *text, *rest, *line;
    size_t length = memory_string_length(name, DATABASE__NAME_MAX);

    if (length == MEMORY__UNREADABLE) {
        WSASetLastError(WSAEFAULT);
        return NULL;
    }
    text = rest = database_read(L"networks");
    WSASetLastError(WSAHOST_NOT_FOUND);
    while (text != NULL && (line = netdb_line(&rest)) != NULL) {
        char* fields[2 + DATABASE__ALIASES_MAX];
        size_t count = netdb_split(line, fields, sizeof fields / sizeof fields[0]);
        if (count < 2 || netdb_network(fields[1]) == NETDB__NO_NETWORK ||
            !database__has_name(fields, count, name))
            continue;
        network = database__intern(fields, count);
        break;
    }
    free(text);
    return network != NULL ? &network->net : NULL;
}
