/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_ENDING_H
#define WSEXT_HOOKS_ENDING_H

/* The ends of a process that no DLL is told of, for what is to be written at the end: a program
 * that ends itself by TerminateProcess, and one that crashes. What ends it from outside cannot be
 * seen. */

/* To be called in DllMain, where there is something to write. A handler for crashes that the
 * program sets later takes the place of ours. */
void ending_install(void);

#endif
