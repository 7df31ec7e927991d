/* SPDX-License-Identifier: MIT */

/* The code behind each export of the forwarding ws2_32.dll: a jump through a table, which leaves
 * registers and stack as they are and so serves functions of any signature. A table of jumps cannot
 * be written in C. Until the table is filled, and for what the real DLL lacks, the jump leads to a
 * piece of code that calls proxy_lacks() with the export's index.
 *
 * For GNU as; another assembler needs a file of its own, with the same four symbols. */

#include "proxy-exports.h"

#ifdef __x86_64__
#define NAME(name) name
#define SLOT .quad
#else
#define NAME(name) _##name
#define SLOT .long
#endif

    .altmacro

    .macro THUNK index
    .globl NAME(proxy_thunk_)\index
NAME(proxy_thunk_)\index:
#ifdef __x86_64__
    jmp *NAME(proxy_table)+8*\index(%rip)
#else
    jmp *NAME(proxy_table)+4*\index
#endif
    .endm

    .macro LACK index
NAME(proxy_lack_)\index:
#ifdef __x86_64__
    movl $\index, %ecx
    jmp NAME(proxy_lacks)
#else
    pushl $\index
    call NAME(proxy_lacks)
#endif
    .endm

    .macro ENTRY index
    SLOT NAME(proxy_lack_)\index
    .endm

    .text
    .set index, 0
    .rept PROXY_COUNT
    THUNK %index
    LACK %index
    .set index, index + 1
    .endr

    .data
    .balign 8
    .globl NAME(proxy_table)
NAME(proxy_table):
    .set index, 0
    .rept PROXY_COUNT
    ENTRY %index
    .set index, index + 1
    .endr
    SLOT 0
