/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_TESTS_HOOKS_PROBE_H
#define WSEXT_TESTS_HOOKS_PROBE_H

/* The exports of the probe: a wsext.dll of the tests' own that has nothing in it but the
 * interposer and hooks that count the calls. Got by GetProcAddress, as the real one would be. */

/* How often the hook of that export was passed. */
typedef int probe_calls_fn(const char* name);

/* Interposes once more and returns what interpose_install returns. */
typedef int probe_install_fn(void);

/* The number of entries that interpose_install is given, and how many of them exist. */
typedef int probe_entries_fn(void);
typedef int probe_possible_fn(void);

/* Whether interpose_is_installed says so. */
typedef int probe_is_installed_fn(const char* module, const char* name);

/* Calls getpeername and CancelIoEx through the probe's own imports; returns the sum of the calls
 * that its hooks saw of that. */
typedef int probe_call_own_imports_fn(void);

/* The address that getpeername had before. */
typedef void* probe_original_fn(void);

#endif
