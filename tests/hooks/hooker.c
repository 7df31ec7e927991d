/* SPDX-License-Identifier: MIT */
#include "hooker.h"

#include <windows.h>

#include <string.h>

#define HOOKER__BLOCK 4096u
#define HOOKER__REACH 0x40000000u /* Nearer than a displacement of 32 bits must. */
#define HOOKER__LONGEST 16u

#ifdef _WIN64
#define HOOKER__IS_64 1
#else
#define HOOKER__IS_64 0
#endif

/* What is to be known of an instruction in order to copy it. */
struct hooker__instruction {
    size_t length;
    size_t displacement; /* Where its 32 bits that are relative to its end lie; 0 for none. */
};

static bool hooker__is_any_of(uint8_t byte, const char* list, size_t count) {
    return memchr(list, byte, count) != NULL;
}

static bool hooker__is_prefix(uint8_t byte) {
    static const char prefixes[] = {0x26, 0x2E, 0x36,        0x3E,        0x64,       0x65,
                                    0x66, 0x67, (char) 0xF0, (char) 0xF2, (char) 0xF3};
    return hooker__is_any_of(byte, prefixes, sizeof prefixes);
}

/* The opcodes of one byte that name registers and memory in a second one. */
static bool hooker__has_operand(uint8_t opcode) {
    static const char others[] = {0x62,        0x63,        0x69,        0x6B,
                                  (char) 0xC0, (char) 0xC1, (char) 0xC6, (char) 0xC7,
                                  (char) 0xF6, (char) 0xF7, (char) 0xFE, (char) 0xFF};
    return (opcode < 0x40 && (opcode & 7) < 4) || (opcode >= 0x80 && opcode <= 0x8F) ||
           (opcode >= 0xD0 && opcode <= 0xD3) || (opcode >= 0xD8 && opcode <= 0xDF) ||
           hooker__is_any_of(opcode, others, sizeof others);
}

static size_t hooker__immediate(uint8_t opcode, uint8_t operand, bool is_wide, bool is_short) {
    size_t full = is_short ? 2 : 4;
    if (opcode < 0x40)
        return (opcode & 7) == 4 ? 1 : (opcode & 7) == 5 ? full : 0;
    if (opcode >= 0xB8 && opcode <= 0xBF)
        return is_wide ? 8 : full;
    if (opcode >= 0xA0 && opcode <= 0xA3)
        return sizeof(void*);
    if ((opcode >= 0x70 && opcode <= 0x7F) || (opcode >= 0xB0 && opcode <= 0xB7) ||
        (opcode >= 0xE0 && opcode <= 0xE7))
        return 1;
    switch (opcode) {
        case 0x68:
        case 0x69:
        case 0x81:
        case 0xA9:
        case 0xC7:
            return full;
        case 0xE8:
        case 0xE9:
            return 4;
        case 0x6A:
        case 0x6B:
        case 0x80:
        case 0x82:
        case 0x83:
        case 0xA8:
        case 0xC0:
        case 0xC1:
        case 0xC6:
        case 0xCD:
        case 0xEB:
            return 1;
        case 0xC2:
            return 2;
        case 0xF6:
            return (operand & 0x38) < 0x10 ? 1 : 0;
        case 0xF7:
            return (operand & 0x38) < 0x10 ? full : 0;
        default:
            return 0;
    }
}

/* The length of an operand: its first byte, a second one, and a displacement. */
static size_t hooker__operand(const uint8_t* code, bool* is_relative) {
    uint8_t mode = code[0] >> 6, base = code[0] & 7;
    size_t length = 1;
    *is_relative = false;
    if (mode == 3)
        return length;
    if (base == 4) {
        base = code[1] & 7;
        length++;
    } else if (mode == 0 && base == 5) {
        *is_relative = HOOKER__IS_64 != 0;
    }
    if (mode == 1)
        return length + 1;
    return length + (mode == 2 || base == 5 ? 4 : 0);
}

static bool hooker__decode(const uint8_t* code, struct hooker__instruction* found) {
    bool is_wide = false, is_short = false, is_relative = false, is_second = false;
    size_t at = 0, immediate;
    uint8_t opcode, operand = 0;

    found->displacement = 0;
    while (hooker__is_prefix(code[at]))
        is_short |= code[at++] == 0x66;
    if (HOOKER__IS_64 && (code[at] & 0xF0) == 0x40)
        is_wide = (code[at++] & 8) != 0;
    opcode = code[at++];
    if (opcode == 0x0F) {
        is_second = true;
        opcode = code[at++];
    }
    /* A short branch would have to become a long one. */
    if (!is_second && ((opcode >= 0x70 && opcode <= 0x7F) || (opcode >= 0xE0 && opcode <= 0xE3) ||
                       opcode == 0xEB))
        return false;
    if (is_second ? opcode < 0x80 || opcode > 0x8F : hooker__has_operand(opcode)) {
        size_t length = hooker__operand(code + at, &is_relative);
        operand = code[at];
        at += length;
        if (is_relative)
            found->displacement = at - 4;
    }
    immediate = is_second ? (opcode >= 0x80 && opcode <= 0x8F ? 4 : 0)
                          : hooker__immediate(opcode, operand, is_wide, is_short);
    if (is_second ? immediate != 0 : opcode == 0xE8 || opcode == 0xE9)
        found->displacement = at;
    found->length = at + immediate;
    return true;
}

/* Memory that near jumps reach from the target. Each hook gets a page, as what is written there is
 * executed at once by others. */
static uint8_t* hooker__allocate(uint8_t* target) {
    uintptr_t step = 0x10000, at = (uintptr_t) target & ~(step - 1);
    uintptr_t distance;
    for (distance = step; distance < HOOKER__REACH; distance += step) {
        uintptr_t places[2] = {at - distance, at + distance};
        int i;
        for (i = 0; i < 2; i++) {
            uint8_t* block = VirtualAlloc((void*) places[i], HOOKER__BLOCK,
                                          MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
            if (block != NULL)
                return block;
        }
    }
    return NULL;
}

static uint8_t* hooker__put(uint8_t* place, const void* bytes, size_t size) {
    memcpy(place, bytes, size);
    return place + size;
}

static uint8_t* hooker__put_near(uint8_t* place, const uint8_t* from, const void* to) {
    int32_t distance = (int32_t) ((const uint8_t*) to - (from + 5));
    *place = 0xE9;
    return hooker__put(place + 1, &distance, sizeof distance);
}

/* To anywhere. */
static uint8_t* hooker__put_far(uint8_t* place, const void* to) {
#ifdef _WIN64
    place = hooker__put(place, "\xFF\x25\0\0\0\0", 6);
    return hooker__put(place, &to, sizeof to);
#else
    *place = 0x68;
    place = hooker__put(place + 1, &to, sizeof to);
    *place = 0xC3;
    return place + 1;
#endif
}

static uint8_t* hooker__put_load(uint8_t* place, const void* to) {
    if (HOOKER__IS_64)
        *place++ = 0x48;
    *place = 0xB8;
    place = hooker__put(place + 1, &to, sizeof to);
    return hooker__put(place, "\xFF\xE0", 2);
}

/* Copies whole instructions of at least that size, and a jump to what follows them. */
static bool hooker__copy(const uint8_t* target, size_t size, uint8_t* place) {
    size_t at = 0;
    while (at < size) {
        struct hooker__instruction instruction;
        if (!hooker__decode(target + at, &instruction) || instruction.length > HOOKER__LONGEST)
            return false;
        memcpy(place, target + at, instruction.length);
        if (instruction.displacement != 0) {
            int32_t distance;
            memcpy(&distance, place + instruction.displacement, sizeof distance);
            distance += (int32_t) (target + at - place);
            memcpy(place + instruction.displacement, &distance, sizeof distance);
        }
        place += instruction.length;
        at += instruction.length;
    }
    hooker__put_far(place, target + at);
    return true;
}

static bool hooker__is_filler(const uint8_t* bytes) {
    size_t i;
    for (i = 0; i < HOOKER_BEFORE; i++) {
        if (bytes[i] != 0xCC && bytes[i] != 0x90 && bytes[i] != 0)
            return false;
    }
    return true;
}

bool hooker_make(struct hooker* hooker, enum hooker_kind kind, void* target, void* replacement) {
    uint8_t* block = hooker__allocate(target);
    uint8_t* jump = hooker->jump + HOOKER_BEFORE;
    uint8_t* end = jump;

    if (block == NULL)
        return false;
    hooker->target = target;
    hooker->original = block;
    memcpy(hooker->saved, hooker->target - HOOKER_BEFORE, sizeof hooker->saved);
    memcpy(hooker->jump, hooker->saved, sizeof hooker->jump);
    /* The replacement may be out of a near jump's reach, a relay in the block is not. */
    hooker__put_far(block + HOOKER__BLOCK / 2, replacement);
    switch (kind) {
        case HOOKER_NEAR:
            end = hooker__put_near(jump, hooker->target, block + HOOKER__BLOCK / 2);
            break;
        case HOOKER_LOAD:
            end = hooker__put_load(jump, replacement);
            break;
        case HOOKER_FAR:
            end = hooker__put_far(jump, replacement);
            break;
        default:
            if (!hooker__is_filler(hooker->saved))
                return false;
            hooker__put_near(hooker->jump, hooker->target - HOOKER_BEFORE,
                             block + HOOKER__BLOCK / 2);
            end = hooker__put(jump, "\xEB\xF9", 2);
            break;
    }
    hooker->size = (size_t) (end - jump);
    return hooker__copy(hooker->target, hooker->size, block);
}

static void hooker__set(const struct hooker* hooker, const uint8_t* bytes) {
    uint8_t* place = hooker->target - HOOKER_BEFORE;
    size_t size = HOOKER_BEFORE + hooker->size;
    DWORD old;
    VirtualProtect(place, size, PAGE_EXECUTE_READWRITE, &old);
    memcpy(place, bytes, size);
    VirtualProtect(place, size, old, &old);
    FlushInstructionCache(GetCurrentProcess(), place, size);
}

void hooker_write(const struct hooker* hooker) {
    hooker__set(hooker, hooker->jump);
}

void hooker_undo(const struct hooker* hooker) {
    hooker__set(hooker, hooker->saved);
}
