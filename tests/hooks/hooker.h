/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_HOOKER_H
#define WSEXT_HOOKS_HOOKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A small hooker, which does to exports what overlays, profilers and anti-cheat systems do: it
 * writes a jump over a function's first bytes and keeps a copy of the instructions that were there,
 * which goes on behind them. */

enum hooker_kind {
    HOOKER_NEAR, /* jmp, 5 bytes: MinHook, Detours and most others. */
    HOOKER_LOAD, /* mov rax, address; jmp rax, 12 bytes, or 7 of 32 bits. */
    HOOKER_FAR,  /* jmp [rip + 0] with the address behind it, 14 bytes; push, ret of 32 bits, 6. */
    HOOKER_HOT,  /* A jmp of 2 bytes to one that is written before the function. */
    HOOKER_KINDS
};

#define HOOKER_BEFORE 5
#define HOOKER_ROOM 16

struct hooker {
    uint8_t* target;
    size_t size;
    uint8_t saved[HOOKER_BEFORE + HOOKER_ROOM]; /* What was there, from HOOKER_BEFORE before on. */
    uint8_t jump[HOOKER_BEFORE + HOOKER_ROOM];
    void* original; /* Calls what was there. */
};

/* Makes a hook, without writing it yet; false where the function has no room for it, or begins with
 * instructions that cannot be copied. */
bool hooker_make(struct hooker* hooker, enum hooker_kind kind, void* target, void* replacement);

/* Write the jump, and what was there before. */
void hooker_write(const struct hooker* hooker);
void hooker_undo(const struct hooker* hooker);

#endif
