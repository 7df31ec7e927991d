/* SPDX-License-Identifier: MIT */
#ifndef WSEXT_HOOKS_NAMESAKE_H
#define WSEXT_HOOKS_NAMESAKE_H

#include <windows.h>

/* The system's own mswsock.dll, which a program may link or load while ours is in the process under
 * another name or from another folder. Its exports are led to ours, so that whoever calls AcceptEx
 * by it gets what WSAIoctl gives. */

/* Leads the exports of a mswsock.dll of the system that is loaded already, and of one that is
 * loaded later, before its importers run. The instance is that of our own DLL, by whose export
 * table the functions are found. To be called in DllMain, after wsext_interpose(). */
void namesake_install(HINSTANCE instance);

#endif
