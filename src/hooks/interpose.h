/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_INTERPOSE_H
#define WSEXT_HOOKS_INTERPOSE_H

#include <stdbool.h>
#include <stddef.h>

/* Turns calls of other modules' exports to functions of ours, here called hooks. */

struct interpose_entry {
    const char* module; /* As GetModuleHandle takes it, such as "ws2_32.dll". */
    const char* name;   /* The export's name. */
    void* hook;         /* A function of the same signature. */
    /* Also for the calls of the system's own modules. The hook must not get its original by way of
     * one of them: kernel32's exports may lead through import slots of kernel32 to kernelbase. */
    bool is_for_system;
};

/* Points the named exports at the hooks for all look-ups from now on, by name or ordinal, and
 * rewrites the import slots (normal and delay-load) of all modules loaded now, except for our own
 * and, but for entries that say otherwise, those of the system below us: for these, and by pointers
 * got before, the originals stay callable. Entries whose module is not loaded or has no such export
 * are left out.
 *
 * Returns how many of the entries are interposed. Those that are already are counted and not
 * interposed again, and the modules loaded by now are gone through once more. The strings must
 * live as long as the process. To be called by one thread at a time; in DllMain, too. */
int interpose_install(const struct interpose_entry* entries, size_t count);

/* The same for the exports of one module, which is given by its base, must stay loaded, and may be
 * one of several of the name that the entries have: the name by which it is imported. */
int interpose_install_module(void* module, const struct interpose_entry* entries, size_t count);

/* Whether look-ups of that export lead to a hook. */
bool interpose_is_installed(const char* module, const char* name);

#endif
