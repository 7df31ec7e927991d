/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_THUNK_H
#define WSEXT_HOOKS_THUNK_H

/* A thunk is a small piece of code that goes on to a hook. It is what an export's address leads to:
 * an entry of an export table is an unsigned 32-bit offset from the module's base, which reaches
 * 4 GiB above it and no hook that happens to lie elsewhere.
 *
 * Programs look at such addresses, and write to them:
 * - Crash reporters, overlays and anti-tamper checks ask to which module an address belongs. So a
 *   thunk lies in the module whose export it is, in what the last page of a section with code has
 *   left over; only where there is no such place, in memory of no module.
 * - Others hook the same exports by writing a jump over the first 5, 12 or 14 bytes, and call what
 *   was there by a copy of the first instructions. So a thunk depends neither on where it lies nor
 *   on anything beside it, begins with instructions that do nothing and that every hooker knows as
 *   those of Wine's own functions, and has THUNK_ROOM bytes to itself, as well as the 5 before it
 *   that a hot patch takes. */
#define THUNK_ROOM 24

/* Makes a thunk for an export of the module at base, or returns NULL where there is no memory
 * within the export table's reach. Thunks stay. To be called by one thread at a time; in DllMain,
 * too. */
void* thunk_make(void* base, void* hook);

#endif
