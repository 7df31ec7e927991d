/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_BASE_MODULE_H
#define WSEXT_BASE_MODULE_H

#include <windows.h>

/* The system's module of that name, such as "ws2_32.dll", or NULL where it is not loaded. There may
 * be others of that name, our forwarding ws2_32.dll, beside the program or in the place of the
 * system's; ours exports
 *     HMODULE wsext_real_ws2_32(void);
 * by which it tells what it forwards to. */
HMODULE module_find(const char* name);

/* Loads the system's DLL of that name, whatever else of that name may lie where programs look; NULL
 * with a last error where that fails. Not to be called under the loader's lock. */
HMODULE module_load(const char* name);

/* Whether a loaded module is one of Wine's own: for the names that it knows Wine takes these,
 * whatever path was asked for, unless WINEDLLOVERRIDES tells otherwise. */
int module_is_builtin(const void* base);

#endif
