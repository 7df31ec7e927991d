/* SPDX-License-Identifier: MIT */
#include "classic/netdb.h"

#include <string.h>

#define NETDB__PARTS_MAX 4

/* Those of <ctype.h> ask the locale, which is the program's. */
static int netdb__is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char netdb__lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static int netdb__digit(char c, int base) {
    int digit = -1;
    c = netdb__lower(c);
    if (c >= '0' && c <= '9')
        digit = c - '0';
    else if (c >= 'a' && c <= 'f')
        digit = c - 'a' + 10;
    return digit < base ? digit : -1;
}

/* Reads an octet and moves on behind it; -1 where there is none. */
static int netdb__octet(const char** text, int base) {
    int value = 0, digit;
    const char* start;
    const char* p = *text;

    if (base == 0) {
        base = 10;
        if (p[0] == '0' && netdb__lower(p[1]) == 'x') {
            base = 16;
            p += 2;
        } else if (p[0] == '0') {
            base = 8;
        }
    }
    for (start = p; (digit = netdb__digit(*p, base)) >= 0; p++) {
        value = value * base + digit;
        if (value > 0xFF)
            return -1;
    }
    *text = p;
    return p > start ? value : -1;
}

uint32_t netdb_network(const char* text) {
    uint32_t network = 0;
    int parts;
    for (parts = 1;; parts++) {
        int octet = netdb__octet(&text, 0);
        if (octet < 0 || parts > NETDB__PARTS_MAX)
            return NETDB__NO_NETWORK;
        network = network << 8 | (uint32_t) octet;
        if (*text != '.')
            break;
        text++;
    }
    return *text == '\0' || netdb__is_space(*text) ? network : NETDB__NO_NETWORK;
}

int netdb_ipv4(const char* text, unsigned char octets[4]) {
    int i;
    for (i = 0; i < 4; i++) {
        int octet = netdb__octet(&text, 10);
        if (octet < 0 || *text != (i < 3 ? '.' : '\0'))
            return 0;
        octets[i] = (unsigned char) octet;
        text++;
    }
    return 1;
}

int netdb_port(const char* text) {
    long port = 0;
    if (*text == '\0')
        return -1;
    for (; *text != '\0'; text++) {
        int digit = netdb__digit(*text, 10);
        if (digit < 0)
            return -1;
        port = port * 10 + digit;
        if (port > 0xFFFF)
            return -1;
    }
    return (int) port;
}

size_t netdb_split(char* line, char** fields, size_t most) {
    size_t count = 0;
    char* comment = strchr(line, '#');
    if (comment != NULL)
        *comment = '\0';
    for (;;) {
        while (netdb__is_space(*line))
            line++;
        if (*line == '\0' || count == most)
            return count;
        fields[count++] = line;
        while (*line != '\0' && !netdb__is_space(*line))
            line++;
        if (*line != '\0')
            *line++ = '\0';
    }
}

char* netdb_line(char** rest) {
    char* line = *rest;
    size_t length = strcspn(line, "\r\n");
    if (*line == '\0')
        return NULL;
    *rest = line + length;
    if (line[length] != '\0') {
        line[length] = '\0';
        (*rest)++;
    }
    return line;
}

int netdb_is_same(const char* one, const char* other) {
    while (*one != '\0' && netdb__lower(*one) == netdb__lower(*other)) {
        one++;
        other++;
    }
    return netdb__lower(*one) == netdb__lower(*other);
}
