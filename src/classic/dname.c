/* SPDX-License-Identifier: MIT */
#include "classic/dname.h"

#define DNAME__OCTETS_MAX 255
#define DNAME__KIND 0xC0
#define DNAME__POINTER 0xC0

struct dname__text {
    char* place;
    size_t size;
    size_t used;
};

static int dname__put(struct dname__text* text, char c) {
    if (text->used >= text->size)
        return DNAME_NO_ROOM;
    text->place[text->used++] = c;
    return 0;
}

static int dname__put_octet(struct dname__text* text, unsigned char octet) {
    int error = 0;
    if (octet <= ' ' || octet >= 0x7F) {
        error = dname__put(text, '\\');
        if (!error)
            error = dname__put(text, (char) ('0' + octet / 100));
        if (!error)
            error = dname__put(text, (char) ('0' + octet / 10 % 10));
        if (!error)
            error = dname__put(text, (char) ('0' + octet % 10));
        return error;
    }
    if (octet == '.' || octet == '\\')
        error = dname__put(text, '\\');
    return error ? error : dname__put(text, (char) octet);
}

static int dname__put_label(struct dname__text* text, const unsigned char* label, size_t length) {
    int error = text->used > 0 ? dname__put(text, '.') : 0;
    size_t i;
    for (i = 0; i < length && !error; i++)
        error = dname__put_octet(text, label[i]);
    return error;
}

int dname_expand(const unsigned char* message, size_t length, size_t offset, char* text_place,
                 size_t text_size) {
    struct dname__text text = {text_place, text_size, 0};
    size_t start = offset; /* Where the part that is being read began. */
    size_t octets = 1;     /* What the whole name takes without compression; 1 is its end. */
    int taken = 0;         /* What it takes at its place; known once a pointer is met. */

    for (;;) {
        unsigned char octet;
        int error;
        if (offset >= length)
            return DNAME_MALFORMED;
        octet = message[offset];
        if (octet == 0) {
            error = dname__put(&text, '\0');
            if (error)
                return error;
            return taken ? taken : (int) (offset + 1 - start);
        }
        if ((octet & DNAME__KIND) == DNAME__POINTER) {
            size_t target;
            if (offset + 1 >= length)
                return DNAME_MALFORMED;
            target = (size_t) (octet & ~DNAME__KIND) << 8 | message[offset + 1];
            if (target >= start)
                return DNAME_MALFORMED;
            if (!taken)
                taken = (int) (offset + 2 - start);
            start = offset = target;
            continue;
        }
        /* The two other kinds were given back (RFC 6891) or never given out. */
        if ((octet & DNAME__KIND) != 0 || octet >= length - offset)
            return DNAME_MALFORMED;
        octets += octet + 1u;
        if (octets > DNAME__OCTETS_MAX)
            return DNAME_MALFORMED;
        error = dname__put_label(&text, message + offset + 1, octet);
        if (error)
            return error;
        offset += octet + 1u;
    }
}
