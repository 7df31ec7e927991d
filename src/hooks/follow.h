/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_FOLLOW_H
#define WSEXT_HOOKS_FOLLOW_H

#include <windows.h>

/* Loads this DLL into the processes that the program starts, and by WSEXT_FOLLOW=1 into those that
 * they start. */

/* Interposes the functions that make processes. Each child is created suspended, gets the DLL and
 * is then resumed, unless the program itself wanted it suspended; all that the program passes and
 * gets, last error included, is as without us. A child that cannot be served runs without the DLL,
 * and is told as a warning. The instance is that of the DLL to load. To be called in DllMain, after
 * wsext_interpose() and only where WSEXT_FOLLOW asks for it; without it nothing is interposed. */
void follow_install(HINSTANCE instance);

#endif
